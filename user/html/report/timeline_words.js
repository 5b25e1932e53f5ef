/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the timeline says: its axis, its lanes, the marks of the request, and each slice. */
/* exported TimelineWords */
/* global Canvas, Frames, TimelineData, Words */

const TimelineWords = (() => {
	const marks = { handler_entry: "handler", first_response_byte: "first response byte", body_read: "body read", head_read: "head read" };
	const OTHERS_MAX = 4; /* told of a busy loop */
	const TICK_PX = 90; /* at least, from one to the next */

	/* ---- axis --------------------------------------------------------------------------------------------------------------------- */

	/* A time for people, with as many digits as steps of that size need: "52.5 ms", "3.25 s", "812.5 µs". */
	function time(ns, step) {
		const [unit, name] = step >= 1e9 ? [1e9, "s"] : step >= 1e3 ? [1e6, "ms"] : [1e3, "µs"];
		const digits = Math.max(0, Math.min(3, Math.ceil(-Math.log10(step / unit) - 1e-9)));
		return `${(ns / unit).toFixed(digits)} ${name}`;
	}

	/**
	 * Round times between from and to, not closer than TICK_PX.
	 * @returns {{step: number, times: number[]}} ns
	 */
	function ticks(from, to, pixels) {
		const least = (to - from) / Math.max(1, Math.floor(pixels / TICK_PX));
		const power = 10 ** Math.floor(Math.log10(least));
		const step = Math.max(1, [1, 2, 5, 10].map((n) => n * power).find((n) => n >= least * 0.999));
		const times = [];
		for (let k = Math.ceil(from / step); k * step <= to; k++) {
			times.push(k * step);
		}
		return { step, times };
	}

	/* From the first byte to the last: [{t, label, rank}], by time; those of a low rank are the first to get a label. */
	function marksOf(report) {
		const names = Object.keys(marks);
		const wall = report.time.wall_ns;
		const told = report.request.marks.filter(({ name }) => marks[name])
			.map(({ t, name }) => ({ t, label: marks[name], rank: 1 + names.indexOf(name) }));
		const last = { t: wall, label: report.request.end === "cut_off" ? "cut off" : "last byte", rank: 0 };
		return [{ t: 0, label: "first byte", rank: 0 }, ...told, last].sort((a, b) => a.t - b.t);
	}

	/* ---- words of a report -------------------------------------------------------------------------------------------------------- */

	class Names {
		/** @param {any} view Model.View */
		constructor(view) {
			this.view = view;
			this.report = view.report;
		}

		ms(ns) {
			return Words.ms(ns, this.view.decimals + 1);
		}

		frame(index) {
			const frame = this.report.frames[index];
			return [Words.clean(frame.function), Words.place(frame, frame.line)].filter(Boolean).join(" ");
		}

		/* ["MainThread 4242", "on CPU 2.4 ms · waited 1.2 ms"] */
		lane({ type, index }) {
			const { threads, tasks } = this.report;
			if (type === "task") {
				return [`task ${Words.clean(tasks[index].name || tasks[index].id)}`, ""];
			}
			const { name, comm, tid, cpu_ns: cpu, wait_ns: wait } = threads[index];
			const times = [cpu && `on CPU ${Words.ms(cpu, this.view.decimals)} ms`, wait && `waiting ${Words.ms(wait, this.view.decimals)} ms`];
			return [`${Words.clean(name || comm || "thread")} ${tid}`, times.filter(Boolean).join(" · ")];
		}

		/* What a slice is, in a few words: "network db:5432". */
		short(lane, i) {
			const label = Words.labels[Words.classes[lane.kind[i]]];
			const { waits, awaits, objects } = this.report;
			if (lane.from[i] === TimelineData.WAIT && waits.object[lane.of[i]] >= 0) {
				return `${label} ${Words.clean(objects[waits.object[lane.of[i]]])}`;
			}
			if (lane.from[i] === TimelineData.AWAIT) {
				const { cause, object } = awaits[lane.of[i]];
				return `awaiting: ${Words.labels[cause]}${object ? " " + Words.clean(object) : ""}`;
			}
			return label;
		}

		/* What may be written into a slice, the longest first. */
		choices(lane, i) {
			const full = this.short(lane, i);
			const name = Words.classes[lane.kind[i]];
			const cause = lane.from[i] === TimelineData.AWAIT ? [`awaiting: ${Words.labels[this.report.awaits[lane.of[i]].cause]}`] : [];
			return [full, Canvas.fit(full, 40, 1), ...cause, Words.labels[name], Canvas.word(name)].filter((text, k, all) => all.indexOf(text) === k);
		}

		/* All that is known of a slice, a line each, the first of them short. */
		lines(lane, i) {
			const { SAMPLE, AWAIT, LOOP } = TimelineData;
			const from = lane.from[i];
			return from === SAMPLE ? this.sample(lane, i) : from === AWAIT ? this.await(lane, i) : from === LOOP ? this.loop(lane, i) : this.wait(lane, i);
		}

		sample(lane, i) {
			const { weight } = this.report.samples;
			const own = Frames.ownFrame(this.report, lane.stack[i]);
			return [this.short(lane, i), `≈ ${this.ms(weight[lane.of[i]])} ms at ${this.ms(lane.begin[i])} ms, from one sample`,
				...this.within(lane.stack[i]), ...(own >= 0 ? ["in " + this.frame(own)] : [])];
		}

		wait(lane, i) {
			const { waits } = this.report;
			const w = lane.of[i];
			const [waited, ready] = [waits.duration[w], waits.runnable[w]];
			const lasted = waited ? `${this.ms(waited)} ms${ready ? ` + ${this.ms(ready)} ready` : ""}` : `${this.ms(ready)} ms ready`;
			const what = lane.from[i] === TimelineData.READY ? `${this.short(lane, i)}, after ${Words.labels[Words.classes[waits.cause[w]]]}` :
				this.short(lane, i);
			const own = Frames.ownFrame(this.report, waits.stack[w]);
			return [what, `${lasted} · at ${this.ms(waits.t[w])} ms`, ...this.within(waits.stack[w]),
				...(own >= 0 ? ["from " + this.frame(own)] : []), ...this.waker(w)];
		}

		/* The innermost frame, where it is not the function that is named anyway. */
		within(stack) {
			const leaf = stack >= 0 ? this.report.stacks.frame[stack] : -1;
			return leaf >= 0 && leaf !== Frames.ownFrame(this.report, stack) ? ["in " + this.frame(leaf)] : [];
		}

		waker(w) {
			const { waits, wakers, stacks } = this.report;
			if (waits.waker[w] < 0) {
				return [];
			}
			const { comm, pid, stack } = wakers[waits.waker[w]];
			const own = stack >= 0 ? Frames.ownFrame(this.report, stack) : -1;
			return [`woken by ${Words.process(comm, pid)}${own >= 0 ? " in " + this.frame(own) : stack >= 0 ? " in " + this.frame(stacks.frame[stack]) : ""}`];
		}

		await(lane, i) {
			const row = this.report.awaits[lane.of[i]];
			const own = Frames.ownFrame(this.report, row.stack);
			return [this.short(lane, i), `${this.ms(row.duration_ns)} ms at ${this.ms(row.t)} ms` +
				(row.suspended_ns < row.duration_ns ? ` · ${this.ms(row.suspended_ns)} of it with nothing else of the request going on` : ""),
			...(own >= 0 ? ["from " + this.frame(own)] : [])];
		}

		loop(lane, i) {
			return [this.short(lane, i), `≈ ${this.ms(lane.end[i] - lane.begin[i])} ms at ${this.ms(lane.begin[i])} ms`,
				"what it awaited had happened, it had not run yet", ...this.others()];
		}

		/* What its thread did for others while something of the request could go on. */
		shade([begin, end]) {
			return ["event loop busy with others", `≈ ${this.ms(end - begin)} ms at ${this.ms(begin)} ms, while a task of the request could go on`,
				...this.others()];
		}

		/* Whom it worked for, of which only the sums are known. */
		others() {
			const known = this.report.loop_busy.slice(0, OTHERS_MAX);
			return known.length ? ["in the whole request:", ...known.map((busy) => `${this.ms(busy.duration_ns)} ms ${Words.loopBusy(busy)}`)] : [];
		}
	}

	return { time, ticks, marksOf, Names };
})();
