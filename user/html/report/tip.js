/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The box beside the pointer that says all of what is below it. */
/* exported Tip */

const Tip = (() => {
	const DELAY_MS = 250;
	const AWAY_PX = 14;

	class Box {
		constructor() {
			this.box = document.createElement("div");
			this.box.className = "tip";
			this.box.setAttribute("role", "tooltip");
			this.box.hidden = true;
			this.timer = 0;
			document.body.append(this.box);
			window.addEventListener("scroll", () => this.hide(), { passive: true, capture: true });
			window.addEventListener("keydown", () => this.hide());
		}

		/**
		 * At once.
		 * @param {string[]} lines the first stands out
		 * @param {number} x of the pointer in the window, px
		 * @param {number} y
		 */
		show(lines, x, y) {
			clearTimeout(this.timer);
			this.box.replaceChildren(...lines.map((line, i) => {
				const element = document.createElement(i ? "div" : "strong");
				element.textContent = line;
				return element;
			}));
			this.box.hidden = false;
			const { width, height } = this.box.getBoundingClientRect();
			const left = x + AWAY_PX + width < window.innerWidth ? x + AWAY_PX : Math.max(4, x - AWAY_PX - width);
			const top = y + AWAY_PX + height < window.innerHeight ? y + AWAY_PX : Math.max(4, y - AWAY_PX - height);
			this.box.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
		}

		hide() {
			clearTimeout(this.timer);
			this.box.hidden = true;
		}

		/**
		 * Of elements below one, a moment after the pointer has come to rest on them.
		 * @param {HTMLElement} container
		 * @param {string} selector
		 * @param {(element: HTMLElement) => string[]} describe
		 */
		attach(container, selector, describe) {
			container.addEventListener("pointermove", (event) => {
				const element = /** @type {HTMLElement} */ (/** @type {HTMLElement} */ (event.target).closest(selector));
				clearTimeout(this.timer);
				this.box.hidden = true;
				if (element && event.pointerType === "mouse" && !event.buttons) {
					this.timer = window.setTimeout(() => element.isConnected && this.show(describe(element), event.clientX, event.clientY), DELAY_MS);
				}
			});
			container.addEventListener("pointerleave", () => this.hide());
			container.addEventListener("pointerdown", () => this.hide());
		}
	}

	return { Box };
})();
