/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The strip above the timeline: the whole request at once, with a brush that selects a range of time for all views. */
/* exported TimelineOverview */
/* global Canvas, Gestures, TimelinePaint */

const TimelineOverview = (() => {
	const HEIGHT_PX = 40;
	const EDGE_PX = 7; /* that close to an edge of the range the brush moves this edge */
	const LEAST_PX = 3; /* a range that is narrower is none */

	/* What a brush makes of a range: edge "left" or "right" or the whole of it moves by ns, or a new one goes from one time to another. */
	function brushed(range, wall, what, from, to) {
		const by = to - from;
		const [left, right] = range;
		if (what === "left") {
			return [Math.max(0, Math.min(left + by, right)), right];
		}
		if (what === "right") {
			return [left, Math.min(wall, Math.max(right + by, left))];
		}
		if (what === "move") {
			const within = Math.max(-left, Math.min(wall - right, by));
			return [left + within, right + within];
		}
		return [Math.max(0, Math.min(from, to)), Math.min(wall, Math.max(from, to))];
	}

	class Strip {
		/* does: {brush(range), brushed(range or null), look(centre)}: a range while it changes, and when it is chosen; a place to go to. */
		constructor(does) {
			this.does = does;
			this.lanes = [];
			this.base = document.createElement("canvas");
			this.drawnFor = "";
			this.held = null;
			this.canvas = Canvas.make("canvas", { className: "drawing overview", "aria-hidden": "true" });
			this.picture = new Canvas.Picture(this.canvas, () => this.draw());
			new Gestures.Hands(this.canvas, {
				dragStart: (x) => this.hold(x),
				drag: (dx, dy, x) => this.does.brush(this.move(x)),
				dragEnd: (x) => this.release(x),
				click: (x) => this.does.look(this.time(x)),
				hover: (x) => (this.canvas.style.cursor = { left: "ew-resize", right: "ew-resize", move: "grab", new: "crosshair" }[this.what(x)]),
				wheel: (x, turned, event) => this.does.wheel(this.time(x), turned, event),
			});
		}

		/* range: [from, to], the whole when nothing is selected; sight: what the lanes show. */
		show({ view, lanes, names, range, sight }) {
			this.view = view;
			this.lanes = lanes;
			this.names = names;
			this.range = range;
			this.sight = sight;
			this.wall = view.wall;
			this.picture.request();
		}

		resize(width) {
			this.picture.resize(width, HEIGHT_PX);
		}

		time(x) {
			return Math.max(0, Math.min(1, x / this.picture.width)) * this.wall;
		}

		isAll(range) {
			return range[0] <= 0 && range[1] >= this.wall;
		}

		/* What a drag from x would do. */
		what(x) {
			if (!this.wall || this.isAll(this.range)) {
				return "new";
			}
			const [left, right] = this.range.map((t) => t / this.wall * this.picture.width);
			return Math.abs(x - left) <= EDGE_PX ? "left" : Math.abs(x - right) <= EDGE_PX ? "right" : x > left && x < right ? "move" : "new";
		}

		hold(x) {
			this.held = { what: this.what(x), range: this.range, from: this.time(x) };
		}

		move(x) {
			const { what, range, from } = this.held;
			return brushed(range, this.wall, what, from, this.time(x));
		}

		release(x) {
			const range = this.move(x);
			const wide = (range[1] - range[0]) / this.wall * this.picture.width >= LEAST_PX;
			this.held = null;
			this.does.brushed(wide && !this.isAll(range) ? range : null);
		}

		/* The strip without what moves over it: drawn again only when the lanes, the size or the theme change. */
		paintBase(painter) {
			const { width, scale, colours } = this.picture;
			const key = `${width} ${scale} ${colours.page} ${[...painter.pale]}`;
			if (this.drawnFor === key && this.basedOn === this.lanes) {
				return;
			}
			this.drawnFor = key;
			this.basedOn = this.lanes;
			painter.overview(this.lanes);
			this.base.width = this.canvas.width;
			this.base.height = this.canvas.height;
			this.base.getContext("2d").drawImage(this.canvas, 0, 0);
		}

		draw() {
			if (!this.view) {
				return;
			}
			const { width, height } = this.picture;
			const painter = new TimelinePaint.Painter(this.picture, this.view, this.names, null).look(0, this.wall);
			this.paintBase(painter);
			this.picture.context.drawImage(this.base, 0, 0, width, height);
			if (this.sight[0] > 0 || this.sight[1] < this.wall) {
				painter.sight(this.sight[0], this.sight[1], height);
			}
			if (!this.isAll(this.range)) {
				painter.range(this.range, 0, height);
			}
		}
	}

	return { Strip, brushed };
})();
