/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* speedscope's own file format, as `reqprof report -f speedscope` writes it. */
/* exported Speedscope */
/* global Data, Lanes, Words */

const Speedscope = (() => {
	const LEFT_OUT = "Not in this file: who woke waiting threads, marks, which times are exact and which estimated from samples, what the event loop " +
		"was busy with, modules and kinds of frames, lines but one of each function; borders between samples of one run are estimates";

	class Frames {
		/** @param {any} view Model.View of all of the report */
		constructor(view) {
			const { report, table } = view;
			const lines = new Map(view.functions.map(({ frame, line }) => [frame, line]));
			this.list = [];
			this.ofFunction = new Map();
			this.others = new Map();
			report.frames.forEach((f, i) => {
				if (table.merged[i] === i) {
					const line = lines.get(i) || f.line;
					this.ofFunction.set(i, this.list.length);
					this.list.push({ name: f.function, ...(f.file || f.module ? { file: f.file || f.module } : {}), ...(f.file && line ? { line } : {}) });
				}
			});
		}

		/* What is no function. */
		other(name) {
			if (!this.others.has(name)) {
				this.others.set(name, this.list.length);
				this.list.push({ name });
			}
			return this.others.get(name);
		}
	}

	class Writer {
		constructor(view) {
			this.report = view.report;
			this.merged = view.table.merged;
			this.frames = new Frames(view);
			this.profiles = [];
		}

		stack(span) {
			const { parent, frame } = this.report.stacks;
			const path = [];
			for (let s = span.stack; s >= 0; s = parent[s]) {
				path.push(this.frames.ofFunction.get(this.merged[frame[s]]));
			}
			path.reverse();
			if (span.class >= Words.classes.indexOf("run_queue")) {
				path.push(this.frames.other(`[${Words.classes[span.class]}${span.object === null ? "" : " " + Words.clean(span.object)}]`));
			} else if (span.stack < 0) {
				path.push(this.frames.other("[no stack]"));
			}
			return path;
		}

		/* Where a thread or task did nothing for the request the stack is empty. */
		add(name, lane, from, to) {
			const end = Math.max(to, lane.end);
			const samples = [];
			const weights = [];
			let at = from;
			const put = (stack, ns) => {
				samples.push(stack);
				weights.push(ns);
			};
			for (const span of lane.list) {
				if (span.begin > at) {
					put([], span.begin - at);
				}
				put(this.stack(span), span.end - span.begin);
				at = span.end;
			}
			if (at < end) {
				put([], end - at);
			}
			this.profiles.push({ type: "sampled", name, unit: "nanoseconds", startValue: from, endValue: end, samples, weights });
		}

		threads(work, from, to, suffix) {
			work.threads.forEach((thread, i) =>
				this.add(`${Words.clean(thread.name || thread.comm || "?")} ${thread.tid}${suffix}`, Lanes.ofThread(this.report, work, i), from, to));
		}
	}

	/* Classes with time that nothing recorded shows, the last first. */
	function placeless(view) {
		const { calls } = view.filtered.plain.root;
		const names = calls.filter(({ kind }) => kind === "class" || kind === "ambiguous").map((node) => node.class);
		return [...Words.classes.keys()].filter((i) => names.includes(Words.classes[i])).reverse();
	}

	/**
	 * @param {any} view Model.View of all of the report
	 * @param {string[]} facts that stand in its header, for the comment
	 * @param {string} request "GET /orders"
	 */
	function make(view, facts, request) {
		const { report } = view;
		const { wall_ns: wall } = report.time;
		const writer = new Writer(view);
		writer.add(request, Lanes.ofRequest(report, placeless(view)), 0, wall);
		writer.threads(report, 0, wall, "");
		report.tasks.forEach((task, i) => {
			const lane = Lanes.ofTask(report, i);
			if (lane.list.length) {
				writer.add(`${Words.clean(task.name)} awaits`, lane, 0, wall);
			}
		});
		if (report.after) {
			writer.threads(Data.readWork(report.after), wall, wall, ", after the response");
		}
		return JSON.stringify({
			$schema: "https://www.speedscope.app/file-format-schema.json", exporter: "reqprof", name: request, comment: [...facts, LEFT_OUT].join(". "),
			activeProfileIndex: 0, shared: { frames: writer.frames.list }, profiles: writer.profiles,
		}) + "\n";
	}

	return { make };
})();
