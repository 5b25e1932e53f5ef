/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How the timeline looks: overview, axis, marks, lanes with their slices and stacks, wake-ups. */
/* exported TimelinePaint */
/* global Canvas, Frames, TimelineData, TimelineWords, Weights, Words */

const TimelinePaint = (() => {
	const AXIS_PX = 24;
	const MARKS_PX = 18;
	const HEAD_PX = 22; /* a lane's name */
	const STRIP_PX = 24; /* its slices */
	const CHART_ROW_PX = 16; /* a frame of the stacks below */
	const GAP_PX = 12;
	const CHART_ROWS_MAX = 40;
	const FOLDED = -1; /* code of frames that are folded */

	/* ---- stacks as codes ---------------------------------------------------------------------------------------------------------- */

	/* Of each stack the functions from the outermost on, folded ones as one code; kept, as the same stacks are drawn again and again. */
	class Codes {
		constructor(report, table, fold) {
			Object.assign(this, { report, table, fold, known: new Map(), of: (stack) => this.get(stack) });
		}

		get(stack) {
			let codes = this.known.get(stack);
			if (!codes) {
				codes = [];
				for (let s = stack; s >= 0; s = this.report.stacks.parent[s]) {
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
			for (let s = stack; s >= 0; s = this.report.stacks.parent[s]) {
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
		/** view: Model.View; names: TimelineWords.Names; codes: Codes */
		constructor(picture, view, names, codes) {
			Object.assign(this, { picture, view, names, codes, g: picture.context });
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
			return times;
		}

		grid(times, top, height) {
			times.forEach((t) => this.line(this.x(t), top, height, this.picture.colours.line));
		}

		/* Marks as labelled verticals; a label that would lie over another one is left out, its line is not. */
		marks(marks, height) {
			const { g, picture: { colours } } = this;
			let free = -Infinity;
			this.picture.sans("", 11);
			const labels = marks.filter(({ t }) => t >= this.from && t <= this.to).map(({ t, label }) => {
				const text = `${Words.ms(t, this.view.decimals).replace("–", "0")} ${label}`;
				return { x: this.x(t), text, width: g.measureText(text).width };
			});
			const last = labels[labels.length - 1];
			labels.forEach((mark) => {
				const left = mark.x + 5 + mark.width > this.pixels ? mark.x - 5 - mark.width : mark.x + 5;
				const clear = left > free && (mark === last || !last || left + mark.width < last.x - last.width - 10 || last.x + last.width + 5 < this.pixels);
				g.setLineDash([3, 3]);
				g.strokeStyle = colours.faint;
				g.lineWidth = 1;
				g.beginPath();
				g.moveTo(Math.min(this.pixels - 0.5, Math.round(mark.x) + 0.5), AXIS_PX + 2);
				g.lineTo(Math.min(this.pixels - 0.5, Math.round(mark.x) + 0.5), height);
				g.stroke();
				g.setLineDash([]);
				if (clear) {
					g.fillStyle = colours.ink;
					g.fillText(mark.text, left, AXIS_PX + 13);
					free = left + mark.width + 8;
				}
			});
		}

		/* ---- a lane ---- */

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
			const gap = isWait && right - left > 4 ? 1 : 0;
			g.fillStyle = picture.fills[name];
			g.fillRect(left, top, Math.max(0.5, right - left - gap), STRIP_PX);
			const [begin, end] = [Math.max(0, left), Math.min(this.pixels, right)];
			if (isWait && end - begin > 44) {
				picture.sans("", 12);
				const text = this.fitted(this.names.short(lane, i), end - begin - 14);
				if (text) {
					const width = g.measureText(text).width;
					if (Canvas.hatches[name]) {
						g.fillStyle = picture.colours.classes[name];
						g.fillRect(begin + 3, top + 3, width + 8, STRIP_PX - 6);
					}
					g.fillStyle = Canvas.inkOn(name, picture.colours);
					g.fillText(text, begin + 7, top + 16);
				}
			}
		}

		/* As much of a text as fits, in the font that is set. */
		fitted(text, width) {
			const whole = this.g.measureText(text).width;
			return whole <= width ? text : Canvas.fit(text, width, whole / text.length);
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

		/* Around a slice; thick where the keys are. */
		mark(lane, i, y, thick) {
			const { g, picture: { colours } } = this;
			const [left, right] = [Math.max(0, this.x(lane.begin[i])), Math.min(this.pixels, this.x(lane.end[i]))];
			g.strokeStyle = colours.ink;
			g.lineWidth = thick;
			g.strokeRect(left - thick / 2, y + HEAD_PX - thick / 2, Math.max(2, right - left) + thick, STRIP_PX + thick);
		}

		/* From who woke it, in another lane or outside, to the end of the wait. */
		wakeup(x, fromY, toY, label) {
			const { g, picture: { colours } } = this;
			const [from, to] = [fromY === null ? toY - HEAD_PX + 4 : fromY, toY];
			const down = to > from ? 1 : -1;
			g.strokeStyle = g.fillStyle = colours.ink;
			g.lineWidth = 1.5;
			g.beginPath();
			g.moveTo(x, from);
			g.lineTo(x, to - 5 * down);
			g.stroke();
			g.beginPath();
			g.moveTo(x, to);
			g.lineTo(x - 4, to - 7 * down);
			g.lineTo(x + 4, to - 7 * down);
			g.fill();
			this.picture.sans("600", 11);
			const width = g.measureText(label).width;
			const left = x + 8 + width > this.pixels ? x - 8 - width : x + 8;
			const y = fromY === null ? from : (from + to) / 2;
			g.fillStyle = colours.page;
			g.fillRect(left - 3, y - 3, width + 6, 15);
			g.fillStyle = colours.ink;
			g.fillText(label, left, y + 9);
		}

		/* ---- overview ---- */

		/* All threads in one strip. Where several have time, the class that comes first counts, as in the wall time's partition. */
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

	return { AXIS_PX, MARKS_PX, HEAD_PX, STRIP_PX, CHART_ROW_PX, GAP_PX, FOLDED, Codes, place, Painter, classIndex: Weights.classIndex };
})();
