/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the timeline shows, in lanes: sorted columns, with sums in front so that any pixel's share of each class is two look-ups away. */
/* exported TimelineData */
/* global Weights, Words */

/**
 * A lane's slices, by time; they do not overlap. slice i is [begin[i], end[i]) of class kind[i] at stack[i], and stands for row of[i] of the
 * report's samples, waits or awaits, as from[i] says.
 * @typedef {object} Lane
 * @property {"thread"|"task"} type
 * @property {number} index in report.threads or report.tasks
 * @property {number} n
 * @property {Float64Array} begin
 * @property {Float64Array} end
 * @property {Uint8Array} kind index in Words.classes
 * @property {Int32Array} stack −1 = unknown
 * @property {Uint8Array} from SAMPLE, WAIT, READY, AWAIT or LOOP
 * @property {Int32Array} of
 * @property {boolean} hasStacks
 * @property {[number, number][]} shades of a thread: when it worked for others although a task of the request could have gone on
 * @property {number[]} kinds the classes that it has
 * @property {Float64Array[]} sums of each of kinds: ns before slice i
 */

const TimelineData = (() => {
	const SAMPLE = 0;
	const WAIT = 1;
	const READY = 2; /* what follows a wait */
	const AWAIT = 3;
	const LOOP = 4; /* from what a task awaited to its next run, as far as its loop was busy */

	/* ---- lanes -------------------------------------------------------------------------------------------------------------------- */

	/* A lane while it is filled; it never gets more than `room` slices. */
	class Filling {
		constructor(type, index, room) {
			this.type = type;
			this.index = index;
			this.n = 0;
			this.upto = 0;
			this.shades = [];
			this.ready = -1; /* of a task the await that is over while it does not run yet */
			this.begin = new Float64Array(room);
			this.end = new Float64Array(room);
			this.kind = new Uint8Array(room);
			this.stack = new Int32Array(room);
			this.from = new Uint8Array(room);
			this.of = new Int32Array(room);
		}

		/* A slice after those that are there: what another one has already is not told twice. */
		put(begin, end, kind, stack, from, of) {
			const { n } = this;
			const first = Math.max(begin, this.upto);
			if (end <= first) {
				return;
			}
			this.begin[n] = first;
			this.end[n] = end;
			this.kind[n] = kind;
			this.stack[n] = stack;
			this.from[n] = from;
			this.of[n] = of;
			this.upto = end;
			this.n++;
		}

		/* Its thread works for others while something of the request could go on. */
		shade(begin, end) {
			this.shades.push([begin, end]);
		}

		/* Shades by time, those that touch as one. */
		mergeShades() {
			const merged = [];
			this.shades.sort((a, b) => a[0] - b[0]).forEach(([begin, end]) => {
				const last = merged[merged.length - 1];
				if (last && begin <= last[1]) {
					last[1] = Math.max(last[1], end);
				} else {
					merged.push([begin, end]);
				}
			});
			return merged;
		}

		finish() {
			const { n } = this;
			this.shades = this.mergeShades();
			["begin", "end", "kind", "stack", "from", "of"].forEach((name) => (this[name] = this[name].subarray(0, n)));
			this.hasStacks = this.stack.some((stack) => stack >= 0);
			this.kinds = [...new Set(this.kind)].sort((a, b) => a - b);
			this.sums = this.kinds.map((kind) => {
				const sums = new Float64Array(n + 1);
				for (let i = 0; i < n; i++) {
					sums[i + 1] = sums[i] + (this.kind[i] === kind ? this.end[i] - this.begin[i] : 0);
				}
				return sums;
			});
			return this;
		}
	}

	/* How many slices each lane can have. */
	function count(report, column) {
		const room = new Map();
		const add = (index, n) => index >= 0 && room.set(index, (room.get(index) || 0) + n);
		for (let i = 0; i < report.samples.n; i++) {
			add(report.samples[column][i], 1);
		}
		for (let i = 0; i < report.waits.n; i++) {
			add(report.waits[column][i], 2);
		}
		if (column === "task") {
			report.awaits.forEach(({ task }) => add(task, 2));
		}
		return room;
	}

	function putSample(report, lane, i, kernel) {
		const { begin, weight, stack } = report.samples;
		const kind = stack[i] >= 0 && kernel[stack[i]] ? Weights.classIndex.cpu_kernel : Weights.classIndex.cpu_user;
		lane.put(begin[i], begin[i] + weight[i], kind, stack[i], SAMPLE, i);
	}

	function putWait(report, lane, i) {
		const { t, duration, runnable, cause, stack } = report.waits;
		const woken = t[i] + duration[i];
		lane.put(t[i], woken, cause[i], stack[i], WAIT, i);
		lane.put(woken, woken + runnable[i], Weights.readyClass(cause[i]), stack[i], duration[i] ? READY : WAIT, i);
	}

	function putAwait(report, lane, i) {
		const { t, duration_ns: ns, stack } = report.awaits[i];
		lane.put(t, t + ns, Weights.classIndex.suspended, stack, AWAIT, i);
		lane.ready = report.time.classes_ns.loop_busy && t + ns < report.time.wall_ns ? i : -1;
	}

	/* A task runs: what it awaited had happened, its loop was busy until now. */
	function putRun(report, task, thread, i) {
		const t = report.samples.begin[i];
		if (task.ready >= 0 && t > task.upto) {
			thread.shade(task.upto, t);
			task.put(task.upto, t, Weights.classIndex.loop_busy, -1, LOOP, task.ready);
		}
		task.ready = -1;
	}

	/* Samples, waits and awaits are sorted by time each, and so is what of them is a lane's: one walk over all fills all lanes. */
	function fill(report, threads, tasks) {
		const { samples, waits, awaits } = report;
		const kernel = Weights.inKernel(report);
		const both = (columns, i, put) => {
			const [thread, task] = [threads.get(columns.thread[i]), tasks.get(columns.task[i])];
			if (thread) {
				put(thread);
			}
			if (task) {
				put(task);
			}
		};
		for (let [s, w, a] = [0, 0, 0]; s < samples.n || w < waits.n || a < awaits.length;) {
			const at = [s < samples.n ? samples.t[s] : Infinity, w < waits.n ? waits.t[w] : Infinity, a < awaits.length ? awaits[a].t : Infinity];
			if (at[1] <= at[0] && at[1] <= at[2]) {
				both(waits, w, (lane) => putWait(report, lane, w));
				w++;
			} else if (at[0] <= at[2]) {
				if (tasks.has(samples.task[s])) {
					putRun(report, tasks.get(samples.task[s]), threads.get(samples.thread[s]), s);
				}
				both(samples, s, (lane) => putSample(report, lane, s, kernel));
				s++;
			} else {
				if (tasks.has(awaits[a].task)) {
					putAwait(report, tasks.get(awaits[a].task), a);
				}
				a++;
			}
		}
	}

	/**
	 * @param {Report} report
	 * @returns {Lane[]} threads, then tasks, each in the report's order; those with nothing in them are left out
	 */
	function lanes(report) {
		const make = (type, column) => {
			const filling = new Map();
			[...count(report, column)].sort((a, b) => a[0] - b[0])
				.forEach(([index, room]) => filling.set(index, new Filling(type, index, room)));
			return filling;
		};
		const [threads, tasks] = [make("thread", "thread"), make("task", "task")];
		fill(report, threads, tasks);
		return [...threads.values(), ...tasks.values()].filter((lane) => lane.n).map((lane) => lane.finish());
	}

	/* ---- looking things up -------------------------------------------------------------------------------------------------------- */

	/* The first slice that ends after t. */
	function after(lane, t) {
		let [low, high] = [0, lane.n];
		while (low < high) {
			const middle = (low + high) >> 1;
			if (lane.end[middle] > t) {
				high = middle;
			} else {
				low = middle + 1;
			}
		}
		return low;
	}

	/* The slice at t, −1 = none. */
	function at(lane, t) {
		const i = after(lane, t);
		return i < lane.n && lane.begin[i] <= t ? i : -1;
	}

	/* The shade at t, or undefined. */
	function shadeAt({ shades }, t) {
		let [low, high] = [0, shades.length];
		while (low < high) {
			const middle = (low + high) >> 1;
			if (shades[middle][1] > t) {
				high = middle;
			} else {
				low = middle + 1;
			}
		}
		return shades[low] && shades[low][0] <= t ? shades[low] : undefined;
	}

	/* Whether a slice is one of a row of waits: waiting, or ready after it. */
	function isWait(lane, i) {
		return lane.from[i] === WAIT || lane.from[i] === READY;
	}

	/* ns of each of lane.kinds before t, where i = after(lane, t). */
	function before(lane, t, i, k) {
		const within = i < lane.n && lane.begin[i] < t && lane.kind[i] === lane.kinds[k] ? t - lane.begin[i] : 0;
		return lane.sums[k][i] + within;
	}

	/* ns of each of lane.kinds in [from, to), into `ns`. */
	function shares(lane, from, to, ns) {
		const [first, last] = [after(lane, from), after(lane, to)];
		for (let k = 0; k < lane.kinds.length; k++) {
			ns[k] = before(lane, to, last, k) - before(lane, from, first, k);
		}
		return ns;
	}

	/*
	 * What is to be drawn of [from, to) on so many pixels: put(slice, left, right) for slices that are wider than `wide` pixels, and
	 * column(pixel, shares) for each pixel of those that are not; shares: part of the pixel's time of each of lane.kinds.
	 */
	function drawn(lane, { from, to, pixels, wide = 1.5 }, put, column) {
		const perPixel = (to - from) / pixels;
		const ns = new Float64Array(lane.kinds.length);
		let x = 0; /* up to here it is drawn */
		for (let i = after(lane, from); x < pixels && i < lane.n;) {
			const left = (lane.begin[i] - from) / perPixel;
			const right = (lane.end[i] - from) / perPixel;
			if (left >= pixels) {
				return;
			}
			if (right - left >= wide) {
				put(i, Math.max(left, x), right);
				x = right;
				i++;
			} else {
				const pixel = Math.floor(Math.max(left, x));
				const end = from + (pixel + 1) * perPixel;
				shares(lane, end - perPixel, end, ns);
				for (let k = 0; k < ns.length; k++) {
					ns[k] /= perPixel;
				}
				column(pixel, ns);
				x = pixel + 1;
				i = after(lane, end);
			}
		}
	}

	/* What is the same at one depth over neighbouring pixels; kept in columns, as there is one for each depth and pixel at worst. */
	class Runs {
		constructor(cell, wide) {
			this.cell = cell;
			this.wide = wide;
			this.n = 0;
			this.code = new Int32Array(64);
			this.left = new Int32Array(64);
			this.slice = new Int32Array(64);
		}

		grow(n) {
			["code", "left", "slice"].forEach((name) => {
				const larger = new Int32Array(2 * n);
				larger.set(this[name]);
				this[name] = larger;
			});
		}

		/* From x on there is another stack; what it has in common with the one before goes on. */
		next(x, codes, slice) {
			let same = 0;
			while (same < this.n && same < codes.length && this.code[same] === codes[same]) {
				same++;
			}
			this.close(x, same);
			if (codes.length > this.code.length) {
				this.grow(codes.length);
			}
			for (let depth = same; depth < codes.length; depth++) {
				this.code[depth] = codes[depth];
				this.left[depth] = x;
				this.slice[depth] = slice;
			}
			this.n = codes.length;
		}

		close(x, from) {
			for (let depth = from; depth < this.n; depth++) {
				if (x - this.left[depth] >= this.wide) {
					this.cell(depth, this.left[depth], x, this.code[depth], this.slice[depth]);
				}
			}
			this.n = Math.min(this.n, from);
		}
	}

	const nothing = new Int32Array(0);

	/*
	 * The stacks over time, in whole pixels; a pixel shows the slice in its middle. column(left, right, stack) is called for each slice, and
	 * cell(depth, left, right, code, slice) for what is the same at one depth over at least `wide` pixels. codes(stack) are the numbers of its
	 * frames from the outermost on.
	 */
	function chart(lane, { from, to, pixels, wide }, codes, column, cell) {
		const perPixel = (to - from) / pixels;
		const runs = new Runs(cell, wide);
		for (let x = 0; x < pixels;) {
			const middle = from + (x + 0.5) * perPixel;
			const i = after(lane, middle);
			const isThere = i < lane.n && lane.begin[i] <= middle;
			const until = i === lane.n ? to : isThere ? lane.end[i] : lane.begin[i];
			const right = Math.min(pixels, Math.max(x + 1, Math.ceil((until - from) / perPixel - 0.5)));
			const stack = isThere ? lane.stack[i] : -1;
			runs.next(x, stack < 0 ? nothing : codes(stack), i);
			if (stack >= 0) {
				column(x, right, stack);
			}
			x = right;
		}
		runs.close(pixels, 0);
	}

	return { SAMPLE, WAIT, READY, AWAIT, LOOP, lanes, after, at, shadeAt, isWait, shares, drawn, chart };
})();
