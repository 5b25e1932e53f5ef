/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the drawn views share: the theme's colours and hatches, text that fits, a picture that is sharp on every screen, controls. */
/* exported Canvas */
/* global Words */

const Canvas = (() => {
	const HATCH_PX = 6; /* as in the style sheet */
	const FONT_PX = 12;

	/* ---- colours ------------------------------------------------------------------------------------------------------------------ */

	const hatches = {
		run_queue: "slope", throttled: "slope", stopped: "slope", loop_busy: "slope", suspended: "slope",
		interrupt: "bars", page_fault: "bars", unknown: "dots",
	};
	const names = {
		page: "--page", raised: "--raised", hover: "--hover", ink: "--ink", soft: "--soft", faint: "--faint", line: "--line", accent: "--accent",
		chosen: "--chosen", found: "--found", dot: "--dot", foundLine: "--found-line",
		python: "--frame-python", native: "--frame-native", kernel: "--frame-kernel", frameInk: "--frame-ink", plain: "--frame-plain",
		mono: "--mono", sans: "--sans",
	};

	function isDark() {
		const chosen = document.documentElement.dataset.theme;
		return chosen ? chosen === "dark" : window.matchMedia("(prefers-color-scheme: dark)").matches;
	}

	/* The style sheet's colours as they are now: by name, and by class of time in `classes`. */
	function readColours() {
		const style = getComputedStyle(document.documentElement);
		/** @type {any} */
		const colours = { classes: {}, dark: isDark() };
		Object.entries(names).forEach(([name, property]) => (colours[name] = style.getPropertyValue(property).trim()));
		const probe = document.createElement("span");
		probe.hidden = true;
		document.body.append(probe);
		Words.classes.forEach((timeClass) => {
			probe.className = "c-" + timeClass;
			colours.classes[timeClass] = getComputedStyle(probe).getPropertyValue("--class").trim();
		});
		probe.remove();
		return colours;
	}

	function paintHatch(g, kind, colours) {
		if (kind === "slope") {
			g.strokeStyle = "rgb(0 0 0 / .22)";
			g.lineWidth = 1.5;
			for (let x = -HATCH_PX; x <= HATCH_PX * 2; x += HATCH_PX) {
				g.beginPath();
				g.moveTo(x - 1, HATCH_PX + 1);
				g.lineTo(x + HATCH_PX + 1, -1);
				g.stroke();
			}
		} else if (kind === "bars") {
			g.fillStyle = "rgb(255 255 255 / .4)";
			g.fillRect(3, 0, 2, HATCH_PX);
		} else {
			g.fillStyle = colours.dot;
			g.beginPath();
			g.arc(3, 3, 1, 0, 2 * Math.PI);
			g.fill();
		}
	}

	/* A square of a class of time with its hatch, so many pixels wide: the context of a canvas. */
	function tile(timeClass, colours, size) {
		const canvas = document.createElement("canvas");
		canvas.width = canvas.height = size;
		const g = canvas.getContext("2d", { willReadFrequently: true });
		g.fillStyle = colours.classes[timeClass];
		g.fillRect(0, 0, size, size);
		if (hatches[timeClass]) {
			g.scale(size / HATCH_PX, size / HATCH_PX);
			paintHatch(g, hatches[timeClass], colours);
		}
		return g;
	}

	/* What each class of time is filled with on a picture of that scale. */
	function makeFills(context, colours, scale) {
		const size = Math.max(1, Math.round(HATCH_PX * scale));
		return Object.fromEntries(Words.classes.map((name) => {
			if (!hatches[name]) {
				return [name, colours.classes[name]];
			}
			const pattern = context.createPattern(tile(name, colours, size).canvas, "repeat");
			pattern.setTransform(new DOMMatrix().scale(HATCH_PX / size));
			return [name, pattern];
		}));
	}

	/* Of two inks the one that can be read on a class's colour. */
	function inkOn(timeClass, colours) {
		return timeClass === "network" ? "#fff" : timeClass === "unknown" ? colours.ink : "#16181d";
	}

	/* Tints for packages: the heaviest ones get hues far from each other. */
	function packageTint(rank, dark) {
		const hue = (145 + rank * 137.508) % 360;
		return dark ? `hsl(${hue.toFixed(0)} 30% 31%)` : `hsl(${hue.toFixed(0)} 46% 82%)`;
	}

	/* Words of the classes of time for where there is little room; the label where that is short itself. */
	const words = { cpu_user: "user", cpu_kernel: "kernel", interrupt: "interrupt", run_queue: "ready", throttled: "throttled", gil: "GIL", lock: "lock",
		sleep: "sleep", page_fault: "fault", child: "child", ipc: "pipe", other_wait: "other", loop_busy: "loop busy" };

	function word(timeClass) {
		return words[timeClass] || Words.labels[timeClass];
	}

	/* ---- text --------------------------------------------------------------------------------------------------------------------- */

	/* As much of a text as fits the width, in a font whose characters are as wide as each other; "" when that is too little to read. */
	function fit(text, width, characterWidth) {
		const room = Math.floor(width / characterWidth);
		if (text.length <= room) {
			return text;
		}
		return room < 4 ? "" : text.slice(0, room - 1) + "…";
	}

	/* ---- a picture ---------------------------------------------------------------------------------------------------------------- */

	/* A canvas as sharp as the screen, drawn at most once a frame, and again when the theme, its size or the screen changes. */
	class Picture {
		/** @param {HTMLCanvasElement} canvas  @param {() => void} draw */
		constructor(canvas, draw) {
			this.canvas = canvas;
			this.draw = draw;
			this.width = 0;
			this.height = 0;
			this.scale = 0;
			this.pending = 0;
			this.colours = null;
			this.fills = null;
			this.context = canvas.getContext("2d", { alpha: false });
			const themed = () => this.retheme();
			new MutationObserver(themed).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
			window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", themed);
		}

		retheme() {
			this.colours = null;
			this.request();
		}

		/* Take a size in CSS pixels. */
		resize(width, height) {
			const scale = window.devicePixelRatio || 1;
			if (width === this.width && height === this.height && scale === this.scale) {
				return;
			}
			if (scale !== this.scale) {
				this.fills = null;
			}
			Object.assign(this, { width, height, scale });
			this.canvas.width = Math.max(1, Math.round(width * scale));
			this.canvas.height = Math.max(1, Math.round(height * scale));
			this.canvas.style.width = width + "px";
			this.canvas.style.height = height + "px";
			this.font = "";
			this.request();
		}

		request() {
			if (!this.pending) {
				this.pending = requestAnimationFrame(() => {
					this.pending = 0;
					this.paint();
				});
			}
		}

		/* Draw now. */
		paint() {
			if (!this.width || !this.height) {
				return;
			}
			if (!this.colours) {
				this.colours = readColours();
				this.fills = null;
			}
			this.fills = this.fills || makeFills(this.context, this.colours, this.scale);
			this.context.setTransform(this.scale, 0, 0, this.scale, 0, 0);
			this.context.fillStyle = this.colours.page;
			this.context.fillRect(0, 0, this.width, this.height);
			this.context.font = `${FONT_PX}px ${this.colours.mono}`;
			this.characterWidth = this.context.measureText("0").width;
			this.draw();
		}

		monospaced(weight = "") {
			this.context.font = `${weight} ${FONT_PX}px ${this.colours.mono}`;
		}

		sans(weight = "", size = FONT_PX) {
			this.context.font = `${weight} ${size}px ${this.colours.sans}`;
		}
	}

	/* ---- small parts -------------------------------------------------------------------------------------------------------------- */

	/* Make an element: properties that begin with aria- or are no properties of elements become attributes. */
	function make(tag, properties = {}, ...children) {
		const e = document.createElement(tag);
		Object.entries(properties).forEach(([name, value]) => {
			if (name in e) {
				e[name] = value;
			} else {
				e.setAttribute(name, value);
			}
		});
		e.append(...children);
		return e;
	}

	/* Buttons of which one is chosen: radio buttons in the page's style. chosen is called with the value. */
	function choice(name, label, options, chosen) {
		const field = make("fieldset", { className: "choice" }, make("legend", { className: "hidden", textContent: label }));
		Object.entries(options).forEach(([value, text]) => {
			const input = make("input", { type: "radio", name, value });
			field.append(make("label", {}, input, make("span", { textContent: text })));
		});
		field.addEventListener("change", (event) => chosen(/** @type {HTMLInputElement} */ (event.target).value));
		return {
			field,
			set: (value) => field.querySelectorAll("input").forEach((input) => (input.checked = input.value === value)),
		};
	}

	function button(text, title, click) {
		const b = make("button", { type: "button", textContent: text, title });
		b.addEventListener("click", click);
		return b;
	}

	function calm() {
		return window.matchMedia("(prefers-reduced-motion: reduce)").matches;
	}

	/* Calls step with 0 … 1 over some time, or at once with 1 for who does not want things to move. Returns a function that stops it. */
	function animate(step, milliseconds = 180) {
		if (calm()) {
			step(1);
			return () => {};
		}
		const begin = performance.now();
		let frame = 0;
		const next = (now) => {
			const part = Math.max(0, Math.min(1, (now - begin) / milliseconds));
			frame = part < 1 ? requestAnimationFrame(next) : 0;
			step(1 - (1 - part) ** 3);
		};
		frame = requestAnimationFrame(next);
		return () => cancelAnimationFrame(frame);
	}

	return { Picture, make, choice, button, animate, fit, word, inkOn, packageTint, hatches, HATCH_PX, tile };
})();
