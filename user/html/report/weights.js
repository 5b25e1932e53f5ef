/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the filters leave of the report's time, by stack: what trees and tables are made of. */
/* exported Weights */
/* global Words */

/**
 * @typedef {object} Filter
 * @property {number} from ns
 * @property {number} to ns
 * @property {number} thread −1 = all
 * @property {number} task −1 = all
 * @property {string[]} classes empty = all
 *
 * @typedef {object} Ticks what is left of samples, as columns
 * @property {number} n
 * @property {Int32Array} stack the number of stacks = unknown
 * @property {Int32Array} thread
 * @property {Float64Array} ns
 *
 * @typedef {object} WaitPieces what is left of waits: of each one piece or two, waiting and then ready
 * @property {number} n
 * @property {Int32Array} stack the number of stacks = unknown
 * @property {Uint8Array} cause index in Words.classes
 * @property {Int32Array} object index in report.objects, −1 = none
 * @property {Float64Array} ns
 */

const Weights = (() => {
	const classIndex = Object.fromEntries(Words.classes.map((name, i) => [name, i]));
	const { cpu_user: USER, cpu_kernel: KERNEL, run_queue: RUN_QUEUE, throttled: THROTTLED, suspended: SUSPENDED } = classIndex;

	/* Of each stack whether its innermost frame is the kernel's. */
	function inKernel(report) {
		const { stacks, frames } = report;
		return Uint8Array.from(stacks.frame, (frame) => Number(frames[frame].kind === "kernel"));
	}

	/* The class that ready time after a wait counts in. */
	function readyClass(cause) {
		return cause === THROTTLED ? THROTTLED : RUN_QUEUE;
	}

	/* Who had the CPU meanwhile, −1 = unknown: the object of a wait that was for nothing else. */
	function readyObject({ cause, object }, row) {
		return cause[row] === readyClass(cause[row]) ? object[row] : -1;
	}

	/* Columns of at most so many rows, and the row that is written next. */
	class Pieces {
		constructor(max) {
			this.n = 0;
			this.stack = new Int32Array(max);
			this.cause = new Uint8Array(max);
			this.object = new Int32Array(max);
			this.ns = new Float64Array(max);
		}

		add(stack, cause, object, ns) {
			const i = this.n++;
			this.stack[i] = stack;
			this.cause[i] = cause;
			this.object[i] = object;
			this.ns[i] = ns;
		}
	}

	class Sums {
		/**
		 * @param {ReportData} report
		 * @param {Filter} filter
		 */
		constructor(report, filter) {
			const n = report.stacks.n + 1; /* the last is that of time without a stack */

			this.report = report;
			this.filter = filter;
			this.isCut = filter.from > 0 || filter.to < Number.MAX_SAFE_INTEGER; /* by a range; else it does not matter where a sample's time begins */
			this.threads = report.threads.map(() => ({ weight: 0, squares: 0 }));
			this.allowed = Words.classes.map((name) => !filter.classes.length || filter.classes.includes(name));
			this.cpu = new Float64Array(n);
			this.samples = new Uint32Array(n);
			this.waiting = new Float64Array(n); /* of each stack what its waits have, ns */
			this.waitTimes = new Float64Array(Words.classes.length); /* and of each class */
			this.waitRows = new Int32Array(report.waits.n);
			this.kernel = inKernel(report);
			/** @type {Ticks} */
			this.ticks = this.addSamples();
			/** @type {WaitPieces} */
			this.waits = this.addWaits();
			this.addAwaits();
		}

		/* What of [begin, begin + ns) is in the range. */
		within(begin, ns) {
			const { from, to } = this.filter;
			return begin >= from && begin + ns <= to ? ns : Math.max(0, Math.min(begin + ns, to) - Math.max(begin, from));
		}

		cpuClass(stack) {
			return stack >= 0 && stack < this.kernel.length && this.kernel[stack] ? KERNEL : USER;
		}

		addSamples() {
			const { samples, stacks } = this.report;
			const { thread: onlyThread, task: onlyTask } = this.filter;
			const ticks = { n: 0, stack: new Int32Array(samples.n), thread: new Int32Array(samples.n), ns: new Float64Array(samples.n) };
			const begin = this.isCut ? samples.begin : samples.t;
			for (let i = 0; i < samples.n; i++) {
				const stack = samples.stack[i] < 0 ? stacks.n : samples.stack[i];
				const thread = samples.thread[i];
				if ((onlyThread >= 0 && thread !== onlyThread) || (onlyTask >= 0 && samples.task[i] !== onlyTask) || !this.allowed[this.cpuClass(stack)]) {
					continue;
				}
				const ns = this.within(begin[i], samples.weight[i]);
				if (ns) {
					ticks.stack[ticks.n] = stack;
					ticks.thread[ticks.n] = thread;
					ticks.ns[ticks.n++] = ns;
					this.addTick(stack, this.threads[thread], ns);
				}
			}
			return ticks;
		}

		addTick(stack, thread, ns) {
			this.cpu[stack] += ns;
			this.samples[stack]++;
			thread.weight += ns;
			thread.squares += ns * ns;
		}

		/* A wait is one or two pieces: waiting, and then ready. */
		addWaits() {
			const { waits, stacks } = this.report;
			const { thread, task } = this.filter;
			const pieces = new Pieces(2 * waits.n);
			let n = 0;
			for (let i = 0; i < waits.n; i++) {
				if ((thread >= 0 && waits.thread[i] !== thread) || (task >= 0 && waits.task[i] !== task)) {
					continue;
				}
				const cause = waits.cause[i];
				const ready = readyClass(cause);
				const stack = waits.stack[i] < 0 ? stacks.n : waits.stack[i];
				const waited = this.allowed[cause] ? this.within(waits.t[i], waits.duration[i]) : 0;
				const runnable = this.allowed[ready] ? this.within(waits.t[i] + waits.duration[i], waits.runnable[i]) : 0;
				if (waited) {
					pieces.add(stack, cause, waits.object[i], waited);
					this.waitTimes[cause] += waited;
				}
				if (runnable) {
					pieces.add(stack, ready, readyObject(waits, i), runnable);
					this.waitTimes[ready] += runnable;
				}
				if (waited || runnable) {
					this.waiting[stack] += waited + runnable;
					this.waitRows[n++] = i;
				}
			}
			this.waitRows = this.waitRows.subarray(0, n);
			return pieces;
		}

		/* What the request was suspended for. An await is a task's, on no thread. */
		addAwaits() {
			const { awaits, stacks } = this.report;
			this.awaits = [];
			if (this.filter.thread >= 0 || !this.allowed[SUSPENDED]) {
				return;
			}
			for (const row of awaits) {
				const share = row.duration_ns ? this.within(row.t, row.duration_ns) / row.duration_ns : 0;
				if (row.suspended_ns * share && (this.filter.task < 0 || row.task === this.filter.task)) {
					this.awaits.push({ ...row, stack: row.stack < 0 ? stacks.n : row.stack, ns: row.suspended_ns * share });
				}
			}
		}

		/* Whether all of the request is there: only then what stands at no place in time is shown. */
		isWhole() {
			const { from, to, thread, task } = this.filter;
			return from <= 0 && to >= this.report.time.wall_ns && thread < 0 && task < 0;
		}
	}

	return { Sums, readyClass, readyObject, inKernel, classIndex };
})();
