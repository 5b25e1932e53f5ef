/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What hands do on a drawn view: wheel, drag, two fingers, a click that is no drag; told in the view's own pixels. */
/* exported Gestures */

const Gestures = (() => {
	const STILL_PX = 4; /* a pointer that moved less has clicked */
	const LINE_PX = 16; /* of wheels that count in lines */

	/* A wheel's turn, in pixels. */
	function turned(event) {
		const unit = event.deltaMode === 1 ? LINE_PX : event.deltaMode === 2 ? window.innerHeight : 1;
		return { x: event.deltaX * unit, y: event.deltaY * unit };
	}

	class Hands {
		/* does: {wheel(x, turned, event) → taken?, dragStart(x, y, event) → taken?, drag(dx, dy, x, y, event), dragEnd(x, y),
		 * pinch(centre, ratio, dx), click(x, y, event), hover(x, y, event), leave()}, all but hover may be missing. */
		constructor(element, does) {
			this.element = element;
			this.does = does;
			this.pointers = new Map();
			this.start = null;
			this.dragging = false;
			element.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
			element.addEventListener("pointerdown", (event) => this.down(event));
			element.addEventListener("pointermove", (event) => this.move(event));
			element.addEventListener("pointerup", (event) => this.up(event, true));
			element.addEventListener("pointercancel", (event) => this.up(event, false));
			element.addEventListener("pointerleave", () => does.leave && does.leave());
		}

		at(event) {
			const { left, top } = this.element.getBoundingClientRect();
			return { x: event.clientX - left, y: event.clientY - top };
		}

		wheel(event) {
			if (this.does.wheel && this.does.wheel(this.at(event).x, turned(event), event)) {
				event.preventDefault();
			}
		}

		down(event) {
			if (event.pointerType === "mouse" && event.button !== 0) {
				return;
			}
			const at = this.at(event);
			this.pointers.set(event.pointerId, at);
			if (this.pointers.size === 1) {
				this.start = at;
				this.dragging = false;
				this.button = event;
			} else {
				this.stop(at);
				this.start = null; /* two fingers do not click */
			}
		}

		move(event) {
			const before = this.pointers.get(event.pointerId);
			const at = this.at(event);
			if (!before) {
				this.does.hover(at.x, at.y, event);
			} else if (this.pointers.size === 2) {
				this.pinch(event.pointerId, before, at);
			} else if (this.start) {
				this.drag(event, before, at);
			}
		}

		drag(event, before, at) {
			if (!this.dragging && Math.hypot(at.x - this.start.x, at.y - this.start.y) >= STILL_PX) {
				this.dragging = !this.does.dragStart || this.does.dragStart(this.start.x, this.start.y, this.button) !== false;
				this.element.setPointerCapture(event.pointerId);
			}
			if (this.dragging && this.does.drag) {
				this.does.drag(at.x - before.x, at.y - before.y, at.x, at.y, event);
				this.pointers.set(event.pointerId, at);
			}
		}

		pinch(id, before, at) {
			const other = [...this.pointers].find(([key]) => key !== id)[1];
			const [was, is] = [Math.abs(before.x - other.x), Math.abs(at.x - other.x)];
			this.pointers.set(id, at);
			if (this.does.pinch) {
				this.does.pinch((at.x + other.x) / 2, was > 8 && is > 8 ? is / was : 1, (at.x - before.x) / 2);
			}
		}

		stop(at) {
			if (this.dragging && this.does.dragEnd) {
				this.does.dragEnd(at.x, at.y);
			}
			this.dragging = false;
		}

		up(event, done) {
			if (!this.pointers.delete(event.pointerId)) {
				return;
			}
			const at = this.at(event);
			const clicked = done && this.start && !this.dragging && Math.hypot(at.x - this.start.x, at.y - this.start.y) < STILL_PX;
			this.stop(at);
			this.start = null;
			if (clicked && this.does.click) {
				this.does.click(at.x, at.y, event);
			}
		}
	}

	return { Hands };
})();
