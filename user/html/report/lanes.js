/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What threads, tasks and the whole request did, each in the order of time, for formats that are read along a time axis: as user/format/lanes.h. */
/* exported Lanes */
/* global Weights, Words */

/**
 * @typedef {object} Span never empty
 * @property {number} begin ns since the request's begin
 * @property {number} end
 * @property {number} class index in Words.classes
 * @property {?string} object what was waited for
 * @property {number} thread −1 = none
 * @property {number} task
 * @property {number} stack
 * @property {boolean} await
 *
 * @typedef {object} Work threads, samples and waits: of the request, or of what came after it
 * @property {any[]} threads
 * @property {Samples} samples
 * @property {Waits} waits
 * @property {string[]} objects
 */

const Lanes = (() => {
	const { classIndex } = Weights;

	class Lane {
		constructor() {
			/** @type {Span[]} */
			this.list = [];
		}

		get end() {
			return this.list.length ? this.list[this.list.length - 1].end : 0;
		}

		add(span) {
			if (span.begin < span.end) {
				this.list.push({ object: null, thread: -1, task: -1, stack: -1, await: false, ...span });
			}
		}
	}

	/* The rows of a thread, in their order. */
	function rowsOf(column, thread) {
		const rows = [];
		column.forEach((value, i) => value === thread && rows.push(i));
		return rows;
	}

	/* Where the time of sample i begins, not before `at`: usually there, as the thread ran on. If its tick is too far away for that, the time ends
	 * half way to the next tick of the run, at the next wait, or at the tick; that of an edge begins there. next: of the same run, −1 = none. */
	function place({ t, weight, edge }, i, next, at, limit) {
		if (t[i] <= at + weight[i]) {
			return at;
		}
		const end = next >= 0 && !edge[next] ? t[i] + Math.floor((t[next] - t[i]) / 2) : limit;
		return (end - weight[i] <= t[i] ? end : edge[i] ? t[i] + weight[i] : t[i]) - weight[i];
	}

	function addWait(lane, work, i, at) {
		const { t, duration, runnable, cause, object, thread, task, stack } = work.waits;
		const woken = t[i] + duration[i];
		const span = { thread: thread[i], task: task[i], stack: stack[i] };
		const name = (what) => (what < 0 ? null : work.objects[what]);
		const ready = { class: Weights.readyClass(cause[i]), object: name(Weights.readyObject(work.waits, i)) };
		lane.add({ ...span, begin: Math.max(t[i], at), end: woken, class: cause[i], object: name(object[i]) });
		lane.add({ ...span, begin: Math.max(woken, at), end: woken + runnable[i], ...ready });
	}

	/**
	 * @param {ReportData} report
	 * @param {Work} work
	 * @param {number} thread
	 */
	function ofThread(report, work, thread) {
		const lane = new Lane();
		const { t, weight, task, stack } = work.samples;
		const samples = rowsOf(work.samples.thread, thread);
		let next = 0;
		const run = (limit) => {
			for (; next < samples.length && t[samples[next]] <= limit; next++) {
				const i = samples[next];
				const after = next + 1 < samples.length && t[samples[next + 1]] <= limit ? samples[next + 1] : -1;
				const begin = place(work.samples, i, after, lane.end, limit);
				const inKernel = stack[i] >= 0 && report.frames[report.stacks.frame[stack[i]]].kind === "kernel";
				const timeClass = inKernel ? classIndex.cpu_kernel : classIndex.cpu_user;
				lane.add({ begin, end: begin + weight[i], class: timeClass, thread, task: task[i], stack: stack[i] });
			}
		};
		for (const i of rowsOf(work.waits.thread, thread)) {
			run(work.waits.t[i]);
			addWait(lane, work, i, lane.end);
		}
		run(Number.MAX_SAFE_INTEGER);
		return lane;
	}

	function addAwait(lane, row, at) {
		const { t, duration_ns: duration, cause, object, task, stack } = row;
		lane.add({ begin: Math.max(t, at), end: t + duration, class: classIndex[cause], object, task, stack, await: true });
	}

	/* What a task awaited. */
	function ofTask(report, task) {
		const lane = new Lane();
		report.awaits.filter((row) => row.task === task).forEach((row) => addAwait(lane, row, lane.end));
		return lane;
	}

	/* Of two awaits the one for something outside of the program, then the one that ends last. */
	function isFirst(a, b) {
		if (!b || a.await !== b.await) {
			return !b || b.await;
		}
		if (!a.await) {
			return a.class < b.class;
		}
		const other = classIndex.other_wait;
		return (a.class === other) !== (b.class === other) ? b.class === other : a.end > b.end;
	}

	function continues(a, b) {
		return a && a.end === b.begin && ["class", "object", "stack", "thread", "task", "await"].every((name) => a[name] === b[name]);
	}

	/* All spans, by their begin; of those that begin together waking threads before awaits. */
	function allSpans(report) {
		const all = new Lane();
		report.threads.forEach((_, thread) => all.list.push(...ofThread(report, report, thread).list));
		report.awaits.forEach((row) => addAwait(all, row, 0));
		return all.list.sort((a, b) => a.begin - b.begin || Number(a.await) - Number(b.await) || a.thread - b.thread);
	}

	/**
	 * From 0 to the wall time without a gap. At each instant what counts first: threads that run, threads that wait, awaits. Of which class an instant
	 * is that none of them has can be told only if one class alone has such time; else the others are named.
	 * @param {ReportData} report
	 * @param {number[]} placeless classes with time that nothing recorded shows, the last first
	 */
	function ofRequest(report, placeless) {
		const spans = allSpans(report);
		const { wall_ns: wall } = report.time;
		const others = placeless.slice(1).map((c) => "or " + Words.classes[c]).join(" ");
		const rest = { class: placeless.length ? placeless[0] : classIndex.unknown, object: others || null, thread: -1, task: -1, stack: -1, await: false };
		const lane = new Lane();
		let open = [];
		let next = 0;
		for (let at = 0, until = 0; at < wall; at = until) {
			for (; next < spans.length && spans[next].begin <= at; next++) {
				open.push(spans[next]);
			}
			open = open.filter((span) => span.end > at);
			const first = open.reduce((best, span) => (isFirst(span, best) ? span : best), null);
			until = Math.min(wall, next < spans.length ? spans[next].begin : wall, first ? first.end : wall);
			const span = { ...(first || rest), begin: at, end: until };
			if (continues(lane.list.at(-1), span)) {
				lane.list.at(-1).end = until;
			} else {
				lane.add(span);
			}
		}
		return lane;
	}

	return { ofThread, ofTask, ofRequest };
})();
