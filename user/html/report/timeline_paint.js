/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How the timeline looks: overview, axis, marks, lanes with their slices and stacks, wake-ups. */
/* exported TimelinePaint */
/* global Canvas, Frames, TimelineData, TimelineWords, Words */

const TimelinePaint = (() => {
	const AXIS_PX = 24;
	const MARK_ROW_PX = 15; /* of the labels of marks */
	const MARKS_PX = 2 * MARK_ROW_PX + 2;
	const HEAD_PX = 22; /* a lane's name */
	const STRIP_PX = 24; /* its slices */
	const CHART_ROW_PX = 16; /* a frame of the stacks below */
	const GAP_PX = 12;
	const CHART_ROWS_MAX = 40;
	const FOLDED = -1; /* code of frames that are folded */

	/* ---- stacks as codes ---------------------------------------------------------------------------------------------------------- */

	/* Of each stack the functions from the outermost on, folded ones as one code; kept, as the same stacks are drawn again and again. What a loop
	 * does to run a task, and what is outside of the focus, is left out as in the call tree. */
	class Codes {
		/** filtered: Model's; its tree says where stacks begin */
		constructor(report, table, filtered) {
			const { above } = filtered.calls;
			Object.assign(this, { report, table, above, fold: filtered.fold, focus: filtered.focus, known: new Map(), of: (stack) => this.get(stack) });
		}

		/* Whether they are those of a view, too. */
		isOf(filtered) {
			return this.fold === filtered.fold && this.focus === filtered.focus;
		}

		get(stack) {
			let codes = this.known.get(stack);
			if (!codes) {
				codes = [];
				for (let s = this.above[stack] === -2 ? -1 : stack; s >= 0; s = this.above[s]) {
					const frame = this.report.stacks.frame[s];
					const code = this.fold[this.table.packageOf[frame]] ? FOLDED : this.table.merged[frame];
					if (code !== FOLDED || codes[codes.length - 1] !== FOLDED) {
						codes.push(code);
					}
				}
				codes = Int32Array.from(codes.reverse());
				this.known.set(stack, codes);
			}
			return codes;
		}

		/* How many rows the stacks of a lane need. */
		depth(lane) {
			let deepest = 0;
			new Set(lane.stack).forEach((stack) => (deepest = Math.max(deepest, stack < 0 ? 0 : this.get(stack).length)));
			return deepest;
		}

		/* The frame of a stack that a row of the chart shows: its exact line is the stack's. −1 = folded or none. */
		frameAt(stack, depth) {
			const code = stack < 0 ? FOLDED : this.get(stack)[depth];
			for (let s = stack; s >= 0; s = this.above[s]) {
				if (this.table.merged[this.report.stacks.frame[s]] === code) {
					return this.report.stacks.frame[s];
				}
			}
			return -1;
		}
	}

	/* ---- where lanes stand -------------------------------------------------------------------------------------------------------- */

	/* Each lane with its place: {lane, y, rows, height, open}; open(lane) says whether its stacks are shown. */
	function place(lanes, codes, open) {
		let y = 0;
		return lanes.map((lane) => {
			const depth = lane.deep === undefined || lane.codes !== codes ? codes.depth(lane) : lane.deep;
			Object.assign(lane, { deep: depth, codes });
			const rows = open(lane) ? Math.min(depth, CHART_ROWS_MAX) : 0;
			const placed = { lane, y, rows, height: HEAD_PX + STRIP_PX + rows * CHART_ROW_PX + GAP_PX, open: open(lane), canOpen: depth > 0 };
			y += placed.height;
			return placed;
		});
	}

	/* ---- painting ----------------------------------------------------------------------------------------------------------------- */

	class Painter {
		/** view: Model.View; names: TimelineWords.Names; codes: Codes; found: functions that the search finds */
		constructor(picture, view, names, codes, found = new Set()) {
			Object.assign(this, { picture, view, names, codes, found, g: picture.context });
		}

		/* Look at [from, to), which fills the width. */
		look(from, to) {
			Object.assign(this, { from, to, pixels: this.picture.width });
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

		strip({ lane, y }) {
			const { g, picture } = this;
			const fills = lane.kinds.map((kind) => picture.fills[Words.classes[kind]]);
			const top = y + HEAD_PX;
			g.fillStyle = picture.colours.raised;
			g.fillRect(0, top, this.pixels, STRIP_PX);
			TimelineData.drawn(lane, this, (i, left, right) => this.slice(lane, i, left, right, top), (x, shares) => {
				let bottom = top + STRIP_PX;
				for (let k = 0; k < shares.length; k++) {
					if (shares[k] > 0) {
						const height = shares[k] * STRIP_PX;
						g.fillStyle = fills[k];
						g.fillRect(x, bottom - height, 1, height);
						bottom -= height;
					}
				}
			});
		}

		slice(lane, i, left, right, top) {
			const { g, picture } = this;
			const name = Words.classes[lane.kind[i]];
			const isWait = lane.from[i] !== TimelineData.SAMPLE;
			const [from, to] = [this.snap(left), this.snap(right)];
			g.fillStyle = picture.fills[name];
			g.fillRect(from, top, Math.max(1 / picture.scale, to - from - (isWait && to - from > 4 ? 1 : 0)), STRIP_PX);
			if (lane.from[i] === TimelineData.AWAIT) { /* what was awaited, in its colour */
				g.fillStyle = picture.colours.classes[this.view.report.awaits[lane.of[i]].cause];
				g.fillRect(from, top + STRIP_PX - 4, Math.max(1 / picture.scale, to - from - 1), 4);
			}
			const [begin, end] = [Math.max(0, left), Math.min(this.pixels, right)];
			if (isWait && end - begin > 34) {
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

		chart({ lane, y, rows }) {
			if (!rows) {
				return;
			}
			const top = y + HEAD_PX + STRIP_PX + 2;
			const searching = Boolean(this.view.test);
			TimelineData.chart(lane, this, this.codes.of, (depth, left, right, code) => {
				if (depth < rows && right > 0) {
					this.chartCell(code, left, right, top + depth * CHART_ROW_PX, searching && !this.isFound(code));
				}
			});
		}

		isFound(code) {
			return code >= 0 && this.found.has(code);
		}

		chartCell(code, left, right, y, dim) {
			const { g, picture } = this;
			const { colours } = picture;
			const frame = code >= 0 ? this.view.report.frames[code] : null;
			const own = frame && Frames.isOwn(frame);
			g.globalAlpha = (frame && (own || frame.kind === "kernel") ? 1 : 0.5) * (dim ? 0.3 : 1);
			g.fillStyle = frame ? colours[frame.kind] || colours.native : colours.plain;
			g.fillRect(left, y, Math.max(0.6, right - left - (right - left > 3 ? 1 : 0)), CHART_ROW_PX - 1);
			g.globalAlpha = dim ? 0.4 : 1;
			const [begin, end] = [Math.max(0, left), Math.min(this.pixels, right)];
			if (end - begin > 26) {
				picture.monospaced(own ? "600" : "");
				const text = Canvas.fit(frame ? Words.clean(frame.function) : "⋯", end - begin - 8, picture.characterWidth);
				g.fillStyle = frame ? colours.frameInk : colours.faint;
				g.fillText(text, begin + 4, y + 12);
			}
			g.globalAlpha = 1;
			if (frame && (this.view.test ? !dim : this.view.state.sel === "f" + code)) {
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
		overview(lanes, height) {
			const { g, picture } = this;
			const { pixels } = this;
			const sums = Words.classes.map(() => new Float64Array(pixels));
			lanes.forEach((lane) => {
				const ns = new Float64Array(lane.kinds.length);
				for (let x = 0; x < pixels; x++) {
					TimelineData.shares(lane, this.from + x * (this.to - this.from) / pixels, this.from + (x + 1) * (this.to - this.from) / pixels, ns);
					lane.kinds.forEach((kind, k) => (sums[kind][x] = Math.max(sums[kind][x], ns[k] * pixels / (this.to - this.from))));
				}
			});
			g.fillStyle = picture.colours.raised;
			g.fillRect(0, 0, pixels, height);
			for (let x = 0; x < pixels; x++) {
				let bottom = height;
				for (let kind = 0; kind < sums.length && bottom > 0; kind++) {
					const part = Math.min(sums[kind][x] * height, bottom);
					if (part > 0) {
						g.fillStyle = picture.fills[Words.classes[kind]];
						g.fillRect(x, bottom - part, 1, part);
						bottom -= part;
					}
				}
			}
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

	return { AXIS_PX, MARKS_PX, HEAD_PX, STRIP_PX, CHART_ROW_PX, GAP_PX, FOLDED, Codes, place, Painter };
})();
