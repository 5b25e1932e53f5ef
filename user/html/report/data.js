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
 * @typedef {object} ReportData the JSON document, version 1, but for its large tables:
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
 * @property {{file: string, first_line: number, lines: string[]}[]} [sources]
 */

const Data = (() => {
	/* ---- from the page: user/format/html_data.c ------------------------------------------------------------------------------------------- */

	function fromBase64(text) {
		const native = /** @type {any} */ (Uint8Array).fromBase64;
		return native ? native.call(Uint8Array, text) : Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
	}

	async function inflate(bytes) {
		const packed = new ReadableStream({
			start(controller) {
				controller.enqueue(bytes);
				controller.close();
			},
		});
		return new Uint8Array(await new Response(packed.pipeThrough(new DecompressionStream("deflate"))).arrayBuffer());
	}

	/* A column of n numbers that stands apart (user/format/page_columns.h). */
	function unpack(bytes, { at, min, bytes: width }, n) {
		if (width > 3 || Math.abs(min) >= 2 ** 30) {
			return unpackLong(bytes, { at, min, width }, n);
		}
		const column = new Int32Array(n).fill(min);
		for (let byte = 0, next = at; byte < width; byte++) {
			for (let i = 0; i < n; i++) {
				column[i] += bytes[next++] << 8 * byte;
			}
		}
		return column;
	}

	function unpackLong(bytes, { at, min, width }, n) {
		const column = new Float64Array(n).fill(min);
		for (let byte = 0, next = at; byte < width; byte++) {
			const scale = 256 ** byte;
			for (let i = 0; i < n; i++) {
				column[i] += bytes[next++] * scale;
			}
		}
		return column;
	}

	function unpackTable(table, bytes) {
		for (const [name, column] of Object.entries(table)) {
			if (column && column.bytes >= 0) {
				table[name] = unpack(bytes, column, table.n);
			}
		}
	}

	/**
	 * The document as user/format/json.c has put it in the page: the JSON document, version 1, but that stacks, samples and waits are tables of
	 * columns (user/format/page_tables.h). Throws where the browser cannot inflate.
	 * @param {{textContent: string, dataset: any}} element
	 * @returns {Promise<any>}
	 */
	async function open({ textContent, dataset }) {
		if (dataset.encoding !== "deflate") {
			return JSON.parse(textContent);
		}
		const bytes = await inflate(fromBase64(textContent));
		const textEnd = Number(dataset.text);
		const document = JSON.parse(new TextDecoder().decode(bytes.subarray(0, textEnd)));
		const columns = bytes.subarray(textEnd);
		[document, document.after].filter(Boolean).forEach(({ samples, waits }) => [samples, waits].forEach((table) => unpackTable(table, columns)));
		unpackTable(document.stacks, columns);
		return document;
	}

	/* ---- as the views read it --------------------------------------------------------------------------------------------------------------- */

	function sumUp(steps) {
		const t = new Float64Array(steps);
		for (let i = 1; i < t.length; i++) {
			t[i] += t[i - 1];
		}
		return t;
	}

	function readStacks({ n, parent, frame }) {
		return { n, parent: new Int32Array(parent), frame: new Int32Array(frame) };
	}

	function readWaits(columns) {
		return {
			n: columns.n, t: sumUp(columns.dt), duration: new Float64Array(columns.duration_ns), runnable: new Float64Array(columns.runnable_ns),
			thread: new Int32Array(columns.thread), task: new Int32Array(columns.task), stack: new Int32Array(columns.stack),
			cause: new Uint8Array(columns.cause), object: new Int32Array(columns.object), waker: new Int32Array(columns.waker),
		};
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

	/* Where samples begin is asked for by ranges and by the timeline alone. */
	class Samples {
		constructor(columns, waits, threads, wall) {
			this.n = columns.n;
			this.t = sumUp(columns.dt);
			this.weight = new Float64Array(columns.weight_ns);
			this.thread = new Int32Array(columns.thread);
			this.task = new Int32Array(columns.task);
			this.stack = new Int32Array(columns.stack);
			this.bound = new Uint8Array(columns.bound);
			this.edge = new Uint8Array(columns.edge);
			this.makeBegin = () => beginSamples(this, waits, threads, wall);
			this.known = /** @type {?Float64Array} */ (null);
		}

		get begin() {
			this.known = this.known || this.makeBegin();
			return this.known;
		}
	}

	/**
	 * @param {any} document as it stands in the page (open)
	 * @returns {ReportData}
	 */
	function read(document) {
		const waits = readWaits(document.waits);
		return {
			...document, stacks: readStacks(document.stacks), waits,
			samples: new Samples(document.samples, waits, document.threads.length, document.time.wall_ns),
			objects: document.waits.objects, wakers: document.waits.wakers,
		};
	}

	/**
	 * Threads, samples and waits of what came after the request.
	 * @param {any} after of the document
	 * @returns {Work}
	 */
	function readWork({ threads, samples, waits: columns }) {
		const waits = readWaits(columns);
		return { threads, objects: columns.objects, waits, samples: new Samples(samples, waits, threads.length, Infinity) };
	}

	/* ---- as other tools read it --------------------------------------------------------------------------------------------------------------- */

	function sampleColumns({ dt, thread, task, stack, weight_ns: weight, bound }) {
		const columns = { t: sumUp(dt), thread, task, stack, weight_ns: weight, bound };
		return Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, Array.from(column)]));
	}

	function waitRows({ objects, wakers, dt, duration_ns: durations, runnable_ns: runnable, thread, task, stack, cause, object, waker }) {
		return Array.from(sumUp(dt), (t, i) => ({
			t, duration_ns: durations[i], runnable_ns: runnable[i], thread: thread[i], task: task[i], stack: stack[i],
			cause: Words.classes[cause[i]], object: object[i] < 0 ? null : objects[object[i]], waker: waker[i] < 0 ? null : wakers[waker[i]],
		}));
	}

	/**
	 * @param {any} document as it stands in the page (open)
	 * @returns {any} the JSON document, version 1
	 */
	function withRows(document) {
		const work = ({ samples, waits }) => ({ samples: sampleColumns(samples), waits: waitRows(waits) });
		const { parent, frame } = document.stacks;
		return {
			...document, stacks: Array.from(parent, (up, i) => [up, frame[i]]), ...work(document),
			after: document.after && { ...document.after, ...work(document.after) },
		};
	}

	return { open, read, readWork, withRows };
})();
