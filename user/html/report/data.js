/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The report as it stands in the page, and as the views read it: its large tables as columns of typed arrays, an object for no row of them. */
/* exported Data */
/* global Words */

/**
 * @typedef {object} Frame
 * @property {string} function
 * @property {?string} file
 * @property {number} line
 * @property {?string} module
 * @property {"kernel"|"native"|"python"|"go"|"jit"} kind
 *
 * @typedef {object} Samples on the CPU, by t
 * @property {number} n
 * @property {Float64Array} t ns since the request's begin: when it was taken
 * @property {Float64Array} begin what it stands for is [begin, begin + weight)
 * @property {Float64Array} weight ns
 * @property {Int32Array} thread
 * @property {Int32Array} task −1 = none
 * @property {Int32Array} stack −1 = unknown
 * @property {Uint8Array} bound the rung by which it was bound
 * @property {Uint8Array} edge 1: it stands for a slice without a tick, and t is that slice's begin
 *
 * @typedef {object} Waits by t: [t, t + duration) waited, then ready until t + duration + runnable
 * @property {number} n
 * @property {Float64Array} t
 * @property {Float64Array} duration
 * @property {Float64Array} runnable
 * @property {Int32Array} thread
 * @property {Int32Array} task
 * @property {Int32Array} stack
 * @property {Uint8Array} cause index in Words.classes
 * @property {Int32Array} object index in report.objects, −1 = none
 * @property {Int32Array} waker index in report.wakers, −1 = none
 *
 * @typedef {object} ReportData the JSON document, version 1, but for:
 * @property {{n: number, parent: Int32Array, frame: Int32Array}} stacks a parent stands before its children
 * @property {Samples} samples
 * @property {Waits} waits
 * @property {string[]} objects what was waited for, each once
 * @property {{pid: number, tid: number, comm: string, stack: number}[]} wakers each once
 * @property {Frame[]} frames
 * @property {any} request
 * @property {any} time
 * @property {any[]} threads
 * @property {any[]} tasks
 * @property {any[]} awaits rows as in JSON
 * @property {any[]} loop_busy likewise
 * @property {any} about
 * @property {any} lost
 * @property {any} after
 * @property {number[]} edges_after samples of it that are edges
 * @property {{file: string, first_line: number, lines: string[]}[]} [sources]
 */

const Data = (() => {
	async function inflate(base64) {
		const binary = atob(base64);
		const bytes = new Uint8Array(binary.length);
		for (let i = 0; i < bytes.length; i++) {
			bytes[i] = binary.charCodeAt(i);
		}
		const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
		return new Response(stream).text();
	}

	/* The document as text. Throws where the browser cannot inflate. */
	async function text() {
		const element = document.getElementById("data");
		return element.dataset.encoding === "deflate" ? inflate(element.textContent) : element.textContent;
	}

	function readStacks(rows) {
		const n = rows.length;
		const stacks = { n, parent: new Int32Array(n), frame: new Int32Array(n) };
		rows.forEach(([parent, frame], i) => {
			stacks.parent[i] = parent;
			stacks.frame[i] = frame;
		});
		return stacks;
	}

	function readWaits(columns) {
		const waits = {
			n: columns.dt.length, t: Float64Array.from(columns.dt), duration: Float64Array.from(columns.duration_ns),
			runnable: Float64Array.from(columns.runnable_ns), thread: Int32Array.from(columns.thread), task: Int32Array.from(columns.task),
			stack: Int32Array.from(columns.stack), cause: Uint8Array.from(columns.cause), object: Int32Array.from(columns.object),
			waker: Int32Array.from(columns.waker),
		};
		for (let i = 1; i < waits.n; i++) {
			waits.t[i] += waits.t[i - 1];
		}
		return waits;
	}

	/* Of each sample when its time must have ended: at its thread's next sample or wait, or the request's end. */
	function endSamples({ n, t, thread }, waits, threads, wall) {
		const end = new Float64Array(n);
		const next = new Float64Array(threads).fill(wall);
		let wait = waits.n - 1;
		for (let i = n - 1; i >= 0; i--) {
			for (; wait >= 0 && waits.t[wait] > t[i]; wait--) {
				next[waits.thread[wait]] = waits.t[wait];
			}
			end[i] = next[thread[i]];
			next[thread[i]] = t[i];
		}
		return end;
	}

	/* Where the time begins that a sample stands for: the samples between two waits of a thread fill the time between them. Where it did
	 * something else in between, or has not waited before, an edge begins at its time, and a tick stands for the time around it. */
	function beginSamples(samples, waits, threads, wall) {
		const { n, t, weight, thread, edge } = samples;
		const begin = new Float64Array(n);
		const end = endSamples(samples, waits, threads, wall);
		const upto = new Float64Array(threads).fill(-1);
		let wait = 0;
		for (let i = 0; i < n; i++) {
			for (; wait < waits.n && waits.t[wait] <= t[i]; wait++) {
				upto[waits.thread[wait]] = waits.t[wait] + waits.duration[wait] + waits.runnable[wait];
			}
			const before = upto[thread[i]];
			const apart = Math.min(edge[i] ? t[i] : t[i] - weight[i] / 2, end[i] - weight[i]);
			begin[i] = before >= 0 && before <= t[i] && t[i] <= before + weight[i] ? before : Math.max(before, 0, apart);
			upto[thread[i]] = begin[i] + weight[i];
		}
		return begin;
	}

	function readSamples(columns, waits, { threads, edges, wall }) {
		const samples = {
			n: columns.t.length, t: Float64Array.from(columns.t), weight: Float64Array.from(columns.weight_ns),
			thread: Int32Array.from(columns.thread), task: Int32Array.from(columns.task), stack: Int32Array.from(columns.stack),
			bound: Uint8Array.from(columns.bound), edge: new Uint8Array(columns.t.length),
		};
		edges.forEach((i) => (samples.edge[i] = 1));
		return { ...samples, begin: beginSamples(samples, waits, threads, wall) };
	}

	/**
	 * @param {any} document as it stands in the page: the JSON document with its waits as columns
	 * @returns {ReportData}
	 */
	function read(document) {
		const waits = readWaits(document.waits);
		return {
			...document, stacks: readStacks(document.stacks), waits,
			samples: readSamples(document.samples, waits, { threads: document.threads.length, edges: document.edges, wall: document.time.wall_ns }),
			objects: document.waits.objects, wakers: document.waits.wakers,
		};
	}

	/**
	 * Threads, samples and waits of what came after the request, which stand as rows in the page.
	 * @param {any} after
	 * @param {number[]} edges which samples are
	 * @returns {Work}
	 */
	function readWork({ threads, samples, waits: rows }, edges) {
		const column = (name) => rows.map((row) => row[name]);
		const objects = [...new Set(column("object"))].filter((object) => object !== null);
		const waits = readWaits({
			dt: rows.map(({ t }, i) => t - (i ? rows[i - 1].t : 0)), duration_ns: column("duration_ns"), runnable_ns: column("runnable_ns"),
			thread: column("thread"), task: column("task"), stack: column("stack"), cause: column("cause").map((name) => Words.classes.indexOf(name)),
			object: column("object").map((object) => objects.indexOf(object)), waker: rows.map(() => -1),
		});
		return { threads, objects, waits, samples: readSamples(samples, waits, { threads: threads.length, edges, wall: Infinity }) };
	}

	/**
	 * @param {any} document likewise
	 * @returns {any} the JSON document, version 1
	 */
	function withRows(document) {
		const { objects, wakers, dt, duration_ns: durations, runnable_ns: runnable, thread, task, stack, cause, object, waker } = document.waits;
		let t = 0;
		const waits = dt.map((step, i) => {
			t += step;
			return {
				t, duration_ns: durations[i], runnable_ns: runnable[i], thread: thread[i], task: task[i], stack: stack[i],
				cause: Words.classes[cause[i]], object: object[i] < 0 ? null : objects[object[i]], waker: waker[i] < 0 ? null : wakers[waker[i]],
			};
		});
		const { edges, edges_after: edgesAfter, ...rest } = document;
		return { ...rest, waits };
	}

	return { text, read, readWork, withRows };
})();
