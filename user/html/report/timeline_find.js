/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is where in the timeline: the slice or the frame at a point, what it is called, and what a selection of it selects in all views. */
/* exported TimelineFind */
/* global Frames, Model, Search, TimelineData, TimelineLanes, Words */

const TimelineFind = (() => {
	const { HEAD_PX, STRIP_PX, CHART_ROW_PX } = TimelineLanes;
	const SCAN_MAX = 50000; /* slices looked at for the length of one call */

	/* The functions that a view's search finds. */
	function functions({ test, report, table }) {
		const found = new Set();
		if (test) {
			report.frames.forEach((frame, i) => Search.matchesFrame(test, frame, frame.line) && found.add(table.merged[i]));
		}
		return found;
	}

	class Finder {
		/** view: Model.View; names: TimelineWords.Names; codes: TimelineLanes.Codes; placed: as TimelineLanes.place says */
		constructor(view, names, codes, placed) {
			this.view = view;
			this.names = names;
			this.codes = codes;
			this.placed = placed;
		}

		/* What is at a time, so many pixels below the first lane's top: {placed, i, depth, head}; i a slice, −1 = none; depth of a frame of the
		 * stacks below it, −1 = the slice itself; head: in the lane's name. null = no lane. */
		at(t, top) {
			const placed = this.placed.find((p) => top >= p.y && top < p.y + p.height);
			if (!placed) {
				return null;
			}
			const within = top - placed.y;
			if (within < HEAD_PX) {
				return { placed, i: -1, depth: -1, head: true };
			}
			const depth = within < HEAD_PX + STRIP_PX ? -1 : Math.floor((within - HEAD_PX - STRIP_PX - 2) / CHART_ROW_PX);
			const i = depth < placed.rows ? TimelineData.at(placed.lane, t) : -1;
			const stack = i >= 0 ? placed.lane.stack[i] : -1;
			const empty = depth >= 0 && (stack < 0 || depth >= this.codes.get(stack).length);
			return { placed, i: empty ? -1 : i, depth, head: false };
		}

		/* A frame of the chart: its function, and how long it is there without interruption, or not as long as `apart` ns. */
		chartLines({ lane }, i, depth, apart) {
			const code = this.codes.get(lane.stack[i])[depth];
			const same = (k) => lane.stack[k] >= 0 && this.codes.get(lane.stack[k])[depth] === code;
			let [first, last] = [i, i];
			while (first > 0 && i - first < SCAN_MAX && lane.begin[first] - lane.end[first - 1] <= apart && same(first - 1)) {
				first--;
			}
			while (last + 1 < lane.n && last - i < SCAN_MAX && lane.begin[last + 1] - lane.end[last] <= apart && same(last + 1)) {
				last++;
			}
			const frame = this.codes.frameAt(lane.stack[i], depth);
			const name = frame >= 0 ? this.names.frame(frame) : "library frames, folded";
			return [name, `≈ ${this.names.ms(lane.end[last] - lane.begin[first])} ms in one go, from ${this.names.ms(lane.begin[first])} ms on`,
				...this.names.lines(lane, i).slice(0, 1)];
		}

		/* Who ended the wait that a slice is: {t, label, lane}, the lane of the waker if it is one of the request's threads. null = nobody known. */
		wakeup({ lane, i }) {
			const { waits, wakers, threads } = this.view.report;
			const waker = TimelineData.isWait(lane, i) ? waits.waker[lane.of[i]] : -1;
			if (waker < 0) {
				return null;
			}
			const { tid, comm, pid } = wakers[waker];
			const from = this.placed.find(({ lane: other }) => other !== lane && other.type === "thread" && threads[other.index].tid === tid);
			return { t: waits.t[lane.of[i]] + waits.duration[lane.of[i]], label: (pid ? "woken by " : "") + Words.process(comm, pid),
				lane: from ? from.lane : null };
		}

		/* What is to be said of what is at a point; [] = nothing. apart: ns that cannot be seen. */
		lines({ placed, i, depth, head }, t, apart) {
			if (i < 0) {
				const shade = depth < 0 && !head ? TimelineData.shadeAt(placed.lane, t) : undefined;
				return shade ? this.names.shade(shade) : [];
			}
			return depth < 0 ? this.names.lines(placed.lane, i) : this.chartLines(placed, i, depth, apart);
		}

		/* The key, for all views, of a slice, or of a frame of the stacks below it. */
		keyOf({ lane, i }, depth) {
			const { report, table } = this.view;
			if (depth >= 0) {
				const frame = this.codes.frameAt(lane.stack[i], depth);
				return frame >= 0 ? "f" + table.merged[frame] : "";
			}
			const name = Words.classes[lane.kind[i]];
			if (lane.from[i] === TimelineData.WAIT || lane.from[i] === TimelineData.READY) {
				return `w:${name}:${lane.from[i] === TimelineData.WAIT && report.waits.duration[lane.of[i]] ? report.waits.object[lane.of[i]] : -1}`;
			}
			if (lane.from[i] === TimelineData.AWAIT) {
				const row = report.awaits[lane.of[i]];
				return Model.keyOf({ kind: "await", class: row.cause, what: row });
			}
			const own = lane.from[i] === TimelineData.SAMPLE ? Frames.ownFrame(report, lane.stack[i]) : -1;
			return own >= 0 ? "f" + table.merged[own] : "";
		}
	}

	return { Finder, functions };
})();
