/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where the lanes of the timeline stand, what of stacks they show, and what their pixels are. */
/* exported TimelineLanes */
/* global Pixels, TimelineData, Words */

const TimelineLanes = (() => {
	const HEAD_PX = 22; /* a lane's name */
	const STRIP_PX = 24; /* its slices */
	const CHART_ROW_PX = 16; /* a frame of the stacks below */
	const GAP_PX = 12;
	const CHART_ROWS_MAX = 40;
	const PALE = 0.25; /* of what a filter leaves out */
	const FOLDED = -1; /* code of frames that are folded */

	/* ---- stacks as codes ---------------------------------------------------------------------------------------------------------- */

	/* Of each stack the functions from the outermost on, folded ones as one code; kept, as the same stacks are drawn again and again. What a loop
	 * does to run a task, and what is outside of the focus, is left out as in the call tree. */
	class Codes {
		/** filtered: Model's; its tree says where stacks begin */
		constructor(report, table, filtered) {
			const { above } = filtered.calls;
			this.report = report;
			this.table = table;
			this.above = above;
			this.fold = filtered.fold;
			this.focus = filtered.focus;
			this.known = new Map();
			this.of = (stack) => this.get(stack);
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

		/* How many rows the stacks of a lane need in a part of the time, as far as they are drawn on so many pixels. */
		depth(lane, [from, to], pixels) {
			let deepest = 0;
			TimelineData.chart(lane, { from, to, pixels, wide: Infinity }, this.of, (left, right, stack) => {
				deepest = Math.max(deepest, this.get(stack).length);
			}, () => {});
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

	/* Each lane with its place: {lane, y, rows, height, open}. depth(lane): rows of its stacks; open(lane): whether they are shown. */
	function place(lanes, depth, open) {
		let y = 0;
		return lanes.map((lane) => {
			const rows = open(lane) ? Math.min(depth(lane), CHART_ROWS_MAX) : 0;
			const placed = { lane, y, rows, height: HEAD_PX + STRIP_PX + rows * CHART_ROW_PX + GAP_PX, open: open(lane), canOpen: lane.hasStacks };
			y += placed.height;
			return placed;
		});
	}

	/* ---- pixels -------------------------------------------------------------------------------------------------------------------- */

	/* What strips and charts are written with, for a picture's colours and scale. */
	class Ink {
		constructor({ colours, scale }) {
			this.colours = colours;
			this.scale = scale;
			this.raised = Pixels.pixel(colours.raised);
			this.page = Pixels.pixel(colours.page);
			this.tiles = Pixels.tiles(colours, scale);
			this.buffer = new Pixels.Buffer();
			this.shown = this.tiles;
		}

		/* What is known of the pixels of functions and stacks, as long as the codes and the search stay the same. */
		cells(codes, search) {
			if (!this.kept || this.kept.codes !== codes || this.kept.search !== search) {
				this.kept = { codes, search, inks: new Map(), stacks: new Map() };
			}
			return { inks: this.kept.inks, stacks: this.kept.stacks };
		}

		/* A column of a buffer: the shares of classes, the first at the bottom. */
		column(pixels, x, width, height, kinds, shares) {
			let upto = 0;
			let bottom = height;
			for (let k = 0; k < kinds.length; k++) {
				upto += shares[k];
				const top = Math.max(0, Math.round(height * (1 - upto)));
				if (top < bottom) {
					this.run(pixels, x, width, kinds[k], top, bottom);
					bottom = top;
				}
			}
		}

		/* Which classes the filters leave out: they are pale from now on. */
		choose(pale) {
			this.shown = this.tiles.map((tile, kind) => (pale.has(kind) ? this.paleTile(kind) : tile));
		}

		paleTile(kind) {
			const { size, pixels } = this.tiles[kind];
			return { size, pixels: pixels.map((pixel) => Pixels.mix(pixel, this.raised, PALE)) };
		}

		/* Pixels of a class in a column, from top to bottom. */
		run(pixels, x, width, kind, top, bottom) {
			const { size, pixels: tile } = this.shown[kind];
			for (let y = top, at = top % size; y < bottom; y++, at = at + 1 === size ? 0 : at + 1) {
				pixels[y * width + x] = tile[at * size + x % size];
			}
		}
	}

	/* The classes of time that a state of the page leaves out. */
	function paleOf({ mode, classes }) {
		return new Set(Words.classes.map((name, kind) => kind).filter((kind) => {
			const onCpu = kind < Words.classes.indexOf("run_queue");
			return (classes.length && !classes.includes(Words.classes[kind])) || (mode !== "both" && onCpu !== (mode === "cpu"));
		}));
	}

	const inks = new WeakMap();

	/* The one of a picture, as long as the theme and the screen stay the same. */
	function inkOf(picture) {
		const known = inks.get(picture);
		if (known && known.colours === picture.colours && known.scale === picture.scale) {
			return known;
		}
		const ink = new Ink(picture);
		inks.set(picture, ink);
		return ink;
	}

	return { HEAD_PX, STRIP_PX, CHART_ROW_PX, FOLDED, PALE, Codes, place, paleOf, inkOf };
})();
