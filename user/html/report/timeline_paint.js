/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How the timeline looks: overview, axis, marks, lanes with their slices and stacks, wake-ups. */
/* exported TimelinePaint */
/* global Canvas, Frames, Pixels, TimelineData, TimelineLanes, TimelineWords, Words */

const TimelinePaint = (() => {
	const { HEAD_PX, STRIP_PX, CHART_ROW_PX } = TimelineLanes;
	const AXIS_PX = 24;
	const MARK_ROW_PX = 15; /* of the labels of marks */
	const MARKS_PX = 2 * MARK_ROW_PX + 2;
	const SHADE_PART = 0.35; /* of the height of slices */
	const BUSY = Words.classes.indexOf("loop_busy");
	const WIDE_PX = 6; /* a cell that stands by itself */

	/* ---- painting ----------------------------------------------------------------------------------------------------------------- */

	class Painter {
		/** view: Model.View; names: TimelineWords.Names; codes: Codes; found: functions that the search finds */
		constructor(picture, view, names, codes, found = new Set()) {
			this.picture = picture;
			this.view = view;
			this.names = names;
			this.codes = codes;
			this.found = found;
			this.g = picture.context;
			this.ink = TimelineLanes.inkOf(picture);
			const { inks, stacks } = this.ink.cells(codes, view.test ? view : null);
			this.inks = inks;
			this.stacks = stacks;
			this.pale = TimelineLanes.paleOf(view.state);
			this.ink.choose(this.pale);
		}

		/* Look at [from, to), which fills the width. */
		look(from, to) {
			this.from = from;
			this.to = to;
			this.pixels = this.picture.width;
			return this;
		}

		x(t) {
			return (t - this.from) / (this.to - this.from) * this.pixels;
		}

		line(x, y, height, colour, width = 1) {
			this.g.fillStyle = colour;
			this.g.fillRect(Math.round(x), y, width, height);
		}

		/* ---- axis and marks ---- */

		axis() {
			const { g, picture: { colours } } = this;
			const { step, times } = TimelineWords.ticks(this.from, this.to, this.pixels);
			this.picture.sans("", 11);
			times.forEach((t) => {
				const text = TimelineWords.time(t, step);
				const width = g.measureText(text).width;
				const x = this.x(t);
				this.line(x, AXIS_PX - 5, 5, colours.faint);
				g.fillStyle = colours.soft;
				g.fillText(text, Math.max(2, Math.min(this.pixels - width - 2, x - width / 2)), AXIS_PX - 9);
			});
		}

		/* A hair line at the pointer, with its time. */
		pointer(x, height) {
			const { g, picture: { colours } } = this;
			const { step } = TimelineWords.ticks(this.from, this.to, this.pixels);
			const text = TimelineWords.time(this.from + x / this.pixels * (this.to - this.from), step / 100);
			this.picture.sans("600", 11);
			const width = g.measureText(text).width + 10;
			const left = Math.max(0, Math.min(this.pixels - width, x - width / 2));
			g.globalAlpha = 0.35;
			this.line(x, AXIS_PX, height - AXIS_PX, colours.ink);
			g.globalAlpha = 1;
			g.fillRect(left, 1, width, 18);
			g.fillStyle = colours.page;
			g.fillText(text, left + 5, 14);
		}

		/* Marks as labelled verticals, their labels in two rows; one that would lie over others is left out, its line is not. */
		marks(marks, height) {
			const { g, picture: { colours } } = this;
			const taken = [[], []]; /* of each row [left, right] */
			const inSight = marks.filter(({ t }) => t >= this.from && t <= this.to);
			this.picture.sans("", 11);
			[...inSight].sort((a, b) => a.rank - b.rank).forEach(({ t, label }) => {
				const text = `${Words.ms(t, this.view.decimals).replace("–", "0")} ${label}`;
				const width = g.measureText(text).width;
				const x = Math.min(this.pixels - 0.5, Math.round(this.x(t)) + 0.5);
				const left = x + 5 + width > this.pixels ? x - 5 - width : x + 5;
				const row = taken.findIndex((spans) => spans.every(([from, to]) => left > to + 8 || left + width < from - 8));
				this.dashed(x, AXIS_PX + 2 + Math.max(0, row) * MARK_ROW_PX, height);
				if (row >= 0) {
					taken[row].push([left, left + width]);
					g.fillStyle = colours.ink;
					g.fillText(text, left, AXIS_PX + 12 + row * MARK_ROW_PX);
				}
			});
		}

		dashed(x, top, bottom) {
			const { g } = this;
			g.setLineDash([3, 3]);
			g.strokeStyle = this.picture.colours.faint;
			g.lineWidth = 1;
			g.beginPath();
			g.moveTo(x, top);
			g.lineTo(x, bottom);
			g.stroke();
			g.setLineDash([]);
		}

		/* ---- a lane ---- */

		lane(placed) {
			this.strip(placed);
			this.chart(placed);
		}

		head({ lane, y, open, canOpen }) {
			const { g, picture: { colours } } = this;
			const [name, facts] = this.names.lane(lane);
			if (canOpen) {
				g.fillStyle = colours.faint;
				g.beginPath();
				const [x, middle] = [2, y + 11];
				(open ? [[x, middle - 3], [x + 9, middle - 3], [x + 4.5, middle + 4]] : [[x + 1, middle - 5], [x + 8, middle], [x + 1, middle + 5]])
					.forEach(([px, py], i) => (i ? g.lineTo(px, py) : g.moveTo(px, py)));
				g.fill();
			}
			this.picture.sans("600", 12.5);
			g.fillStyle = colours.ink;
			g.fillText(name, 16, y + 15);
			const used = 16 + g.measureText(name).width;
			this.picture.sans("", 12);
			g.fillStyle = colours.faint;
			if (facts && used + 10 + g.measureText(facts).width < this.pixels) {
				g.fillText(facts, used + 10, y + 15);
			}
		}

		/* Slices that are too narrow to be seen one by one are columns of their classes' shares, in pixels of the screen. */
		strip({ lane, y }) {
			const { g, picture, ink } = this;
			const top = y + HEAD_PX;
			const height = Math.round(STRIP_PX * picture.scale);
			const width = picture.canvas.width;
			const pixels = ink.buffer.begin(width, height, ink.raised);
			const wide = [];
			this.shade(lane, pixels, width, height);
			TimelineData.drawn(lane, { from: this.from, to: this.to, pixels: width, wide: 1.5 * picture.scale },
				(i, left, right) => wide.push([i, left, right]), (x, shares) => ink.column(pixels, x, width, height, lane.kinds, shares));
			ink.buffer.put(g, 0, Math.round(top * picture.scale) / picture.scale, this.pixels, height / picture.scale);
			wide.forEach(([i, left, right]) => this.slice(lane, i, left / picture.scale, right / picture.scale, top));
		}

		/* A low band where the thread works for others although the request could go on. */
		shade(lane, pixels, width, height) {
			const scale = width / (this.to - this.from);
			const bottom = Math.round(height * (1 - SHADE_PART));
			for (const [begin, end] of lane.shades) {
				const [left, right] = [Math.max(0, Math.floor((begin - this.from) * scale)), Math.min(width, Math.ceil((end - this.from) * scale))];
				for (let x = left; x < right; x++) {
					this.ink.run(pixels, x, width, BUSY, bottom, height);
				}
			}
		}

		slice(lane, i, left, right, top) {
			const { g, picture } = this;
			const name = Words.classes[lane.kind[i]];
			const isWait = lane.from[i] !== TimelineData.SAMPLE;
			const [from, to] = [this.snap(left), this.snap(right)];
			g.globalAlpha = this.pale.has(lane.kind[i]) ? TimelineLanes.PALE : 1;
			g.fillStyle = picture.fills[name];
			g.fillRect(from, top, Math.max(1 / picture.scale, to - from - (isWait && to - from > 4 ? 1 : 0)), STRIP_PX);
			if (lane.from[i] === TimelineData.AWAIT) { /* what was awaited, in its colour */
				g.fillStyle = picture.colours.classes[this.view.report.awaits[lane.of[i]].cause];
				g.fillRect(from, top + STRIP_PX - 4, Math.max(1 / picture.scale, to - from - 1), 4);
			}
			g.globalAlpha = 1;
			const [begin, end] = [Math.max(0, left), Math.min(this.pixels, right)];
			if (isWait && end - begin > 34 && !this.pale.has(lane.kind[i])) {
				picture.sans("", 12);
				const text = this.longest(this.names.choices(lane, i), end - begin - 14);
				if (text) {
					const width = g.measureText(text).width;
					if (Canvas.hatches[name]) {
						g.fillStyle = picture.colours.classes[name];
						g.fillRect(begin + 3, top + 3, width + 8, STRIP_PX - 7);
					}
					g.fillStyle = Canvas.inkOn(name, picture.colours);
					g.fillText(text, begin + 7, top + 16);
				}
			}
		}

		/* Whole pixels of the screen: neighbours leave no seam. */
		snap(x) {
			return Math.round(x * this.picture.scale) / this.picture.scale;
		}

		/* The first of some texts that fits, in the font that is set. */
		longest(texts, width) {
			return texts.find((text) => this.g.measureText(text).width <= width) || "";
		}

		/* ---- the stacks below ---- */

		/* One line of pixels for each row of cells, drawn as high as a row; then lines between rows, and texts. */
		chart({ lane, y, rows }) {
			const { g, picture, ink } = this;
			if (!rows) {
				return;
			}
			const top = y + HEAD_PX + STRIP_PX + 2;
			const width = this.pixels;
			const pixels = ink.buffer.begin(width, rows, ink.page);
			const wide = [];
			const column = (left, right, stack) => {
				const inks = this.stackInks(stack);
				for (let depth = Math.min(rows, inks.length) - 1; depth >= 0; depth--) {
					for (let x = left; x < right; x++) {
						pixels[depth * width + x] = inks[depth];
					}
				}
			};
			TimelineData.chart(lane, { from: this.from, to: this.to, pixels: width, wide: WIDE_PX }, this.codes.of, column,
				(depth, left, right, code) => {
					if (depth < rows) {
						pixels[depth * width + right - 1] = ink.page;
						wide.push([code, left, right, top + depth * CHART_ROW_PX]);
					}
				});
			ink.buffer.put(g, 0, top, this.pixels, rows * CHART_ROW_PX);
			g.fillStyle = picture.colours.page;
			for (let row = 1; row <= rows; row++) {
				g.fillRect(0, top + row * CHART_ROW_PX - 1, this.pixels, 1);
			}
			wide.forEach((cell) => this.chartText(...cell));
		}

		frame(code) {
			return code >= 0 ? this.view.report.frames[code] : null;
		}

		/* The pixels of a stack's cells. */
		stackInks(stack) {
			let inks = this.stacks.get(stack);
			if (!inks) {
				inks = Uint32Array.from(this.codes.get(stack), (code) => this.cellInk(code));
				this.stacks.set(stack, inks);
			}
			return inks;
		}

		/* Whether it is searched for, or selected. */
		stands(code) {
			return this.view.test ? this.found.has(code) : code >= 0 && this.view.state.sel === "f" + code;
		}

		/* The pixel of a function's cells. */
		cellInk(code) {
			let pixel = this.inks.get(code);
			if (pixel === undefined) {
				const { colours } = this.picture;
				const frame = this.frame(code);
				const strong = frame && (Frames.isOwn(frame) || frame.kind === "kernel") ? 1 : 0.5;
				const part = strong * (this.view.test && !this.found.has(code) ? 0.3 : 1);
				pixel = Pixels.mix(Pixels.pixel(frame ? colours[frame.kind] || colours.native : colours.plain), this.ink.page, part);
				this.inks.set(code, pixel);
			}
			return pixel;
		}

		chartText(code, begin, right, y) {
			const { g, picture } = this;
			const { colours } = picture;
			const end = Math.min(this.pixels, right);
			const frame = this.frame(code);
			if (end - begin > 26) {
				picture.monospaced(frame && Frames.isOwn(frame) ? "600" : "");
				g.fillStyle = frame ? colours.frameInk : colours.faint;
				g.globalAlpha = this.view.test && !this.found.has(code) ? 0.4 : 1;
				g.fillText(Canvas.fit(frame ? Words.clean(frame.function) : "⋯", end - begin - 8, picture.characterWidth), begin + 4, y + 12);
				g.globalAlpha = 1;
			}
			if (this.stands(code)) {
				g.strokeStyle = this.view.test ? colours.foundLine : colours.accent;
				g.lineWidth = 1.5;
				g.strokeRect(begin + 0.75, y + 0.75, Math.max(1, end - begin - 2.5), CHART_ROW_PX - 2.5);
			}
		}

		/* ---- what lies over the lanes ---- */

		/* Outside of the selected range all is pale; its edges are lines. */
		range(range, top, height) {
			const { g, picture: { colours } } = this;
			const [left, right] = [this.x(range[0]), this.x(range[1])];
			g.globalAlpha = 0.66;
			g.fillStyle = colours.page;
			g.fillRect(0, top, Math.max(0, left), height);
			g.fillRect(right, top, Math.max(0, this.pixels - right), height);
			g.globalAlpha = 0.1;
			g.fillStyle = colours.accent;
			g.fillRect(left, top, right - left, height);
			g.globalAlpha = 1;
			this.line(left, top, height, colours.accent, 2);
			this.line(right - 2, top, height, colours.accent, 2);
		}

		/* Around a slice whose lane has its slices at y. */
		mark(lane, i, y, thick) {
			const { g, picture: { colours } } = this;
			const [left, right] = [Math.max(0, this.x(lane.begin[i])), Math.min(this.pixels, this.x(lane.end[i]))];
			g.strokeStyle = colours.ink;
			g.lineWidth = thick;
			g.strokeRect(left - thick / 2, y - thick / 2, Math.max(2, right - left) + thick, STRIP_PX + thick);
		}

		/* From who woke it, in another lane or outside (null), to the end of the wait at t. */
		wakeup(t, fromY, toY, label) {
			const { g, picture: { colours } } = this;
			const x = this.x(t);
			const from = fromY === null ? toY - HEAD_PX + 4 : fromY;
			const down = toY > from ? 1 : -1;
			g.strokeStyle = g.fillStyle = colours.ink;
			g.lineWidth = 1.5;
			g.beginPath();
			g.moveTo(x, from);
			g.lineTo(x, toY - 5 * down);
			g.stroke();
			g.beginPath();
			g.moveTo(x, toY);
			g.lineTo(x - 4, toY - 7 * down);
			g.lineTo(x + 4, toY - 7 * down);
			g.fill();
			this.picture.sans("600", 11);
			const width = g.measureText(label).width;
			const left = x + 8 + width > this.pixels ? x - 8 - width : x + 8;
			const y = fromY === null ? from : (from + toY) / 2;
			g.fillStyle = colours.page;
			g.fillRect(left - 3, y - 3, width + 6, 15);
			g.fillStyle = colours.ink;
			g.fillText(label, left, y + 9);
		}

		/* ---- overview ---- */

		/* All lanes in one strip. Where several have time, the class that comes first counts, as in the wall time's partition. */
		overview(lanes) {
			const { width: pixels, height } = this.picture.canvas;
			const sums = Words.classes.map(() => new Float64Array(pixels));
			lanes.forEach((lane) => {
				const ns = new Float64Array(lane.kinds.length);
				for (let x = 0; x < pixels; x++) {
					TimelineData.shares(lane, this.from + x * (this.to - this.from) / pixels, this.from + (x + 1) * (this.to - this.from) / pixels, ns);
					lane.kinds.forEach((kind, k) => (sums[kind][x] = Math.max(sums[kind][x], ns[k] * pixels / (this.to - this.from))));
				}
			});
			const buffer = this.ink.buffer.begin(pixels, height, this.ink.raised);
			const [kinds, shares] = [Words.classes.map((name, kind) => kind), new Float64Array(Words.classes.length)];
			for (let x = 0; x < pixels; x++) {
				let rest = 1;
				kinds.forEach((kind) => {
					shares[kind] = Math.min(sums[kind][x], rest);
					rest -= shares[kind];
				});
				this.ink.column(buffer, x, pixels, height, kinds, shares);
			}
			this.ink.buffer.put(this.g, 0, 0, this.pixels, height / this.picture.scale);
		}

		/* The part that the lanes show, when it is not all. */
		sight(from, to, height) {
			const { g, picture: { colours } } = this;
			const [left, right] = [Math.round(this.x(from)), Math.round(this.x(to))];
			g.globalAlpha = 0.55;
			g.fillStyle = colours.page;
			g.fillRect(0, 0, left, height);
			g.fillRect(right, 0, this.pixels - right, height);
			g.globalAlpha = 1;
			g.strokeStyle = colours.ink;
			g.lineWidth = 1.5;
			g.strokeRect(left + 0.75, 0.75, Math.max(2, right - left - 1.5), height - 1.5);
		}
	}

	return { AXIS_PX, MARKS_PX, Painter };
})();
