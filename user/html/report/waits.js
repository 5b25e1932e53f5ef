/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The waits: by what was waited for, each group open to its single waits, each of these open to its stack and to that of who ended it. */
/* exported WaitsView */
/* global Frames, Tables, TreeRow, WaitGroups, Words */

const WaitsView = (() => {
	const { element } = TreeRow;
	const STRIP_PX = 120;
	const STRIP_HEIGHT_PX = 16;
	const SINGLE_STEP = 50;
	const STACK_MAX = 200; /* frames of a stack that is shown */

	/* ---- cells -------------------------------------------------------------------------------------------------------------------------------- */

	function frameText(report, index, line) {
		const frame = report.frames[index];
		return frame ? [Words.clean(frame.function), Words.place(frame, line === undefined ? frame.line : line)].filter(Boolean).join(", ") : "";
	}

	function wakerText(report, waker) {
		return waker < 0 ? "" : Words.process(report.wakers[waker].comm, report.wakers[waker].pid);
	}

	/* Strips are drawn when they come into sight: there may be hundreds. */
	const strips = new WeakMap();
	const inSight = new window.IntersectionObserver((entries) => {
		for (const { isIntersecting, target } of entries) {
			if (isIntersecting) {
				inSight.unobserve(target);
				strips.get(target)();
			}
		}
	});

	/* When the waits of a group were and how long: a dot each, higher where longer. A click leads to the nearest in the timeline. */
	function strip(g, view, api) {
		const td = Tables.cell("", "dots");
		const canvas = element("canvas", "");
		const scale = window.devicePixelRatio || 1;
		const { t } = view.report.waits;
		canvas.width = STRIP_PX * scale;
		canvas.height = STRIP_HEIGHT_PX * scale;
		canvas.setAttribute("role", "img");
		canvas.setAttribute("aria-label", `when the ${Words.count(g.rows.length, "wait", "waits")} were, and how long`);
		td.append(canvas);
		const at = (row) => (STRIP_PX - 4) * t[row] / view.wall + 2;
		strips.set(canvas, () => drawStrip(canvas, g, at, scale));
		inSight.observe(canvas);
		canvas.addEventListener("click", (event) => {
			event.stopPropagation();
			const { rows } = g.rows;
			const nearest = rows.reduce((best, row) => (Math.abs(at(row) - event.offsetX) < Math.abs(at(best) - event.offsetX) ? row : best), rows[0]);
			goToTimeline(view, api, nearest);
		});
		return td;
	}

	function drawStrip(canvas, g, at, scale) {
		const context = canvas.getContext("2d");
		const color = window.getComputedStyle(canvas).color;
		const taken = new Uint8Array((STRIP_PX + 1) * STRIP_HEIGHT_PX);
		const { rows, ns } = g.rows;
		context.scale(scale, scale);
		context.fillStyle = color;
		for (let i = 0; i < rows.length; i++) {
			const x = Math.round(at(rows[i]));
			const y = Math.round((STRIP_HEIGHT_PX - 5) * (1 - Math.sqrt(ns[i] / g.longest)));
			if (!taken[x * STRIP_HEIGHT_PX + y]) {
				taken[x * STRIP_HEIGHT_PX + y] = 1;
				context.fillRect(x - 1, y + 1, 2.5, 2.5);
			}
		}
	}

	function goToTimeline(view, api, row) {
		const { t, duration, runnable, cause, object } = view.report.waits;
		const around = Math.max(duration[row] + runnable[row], 1000);
		api.state.set({
			tab: "timeline", from: Math.max(0, Math.floor(t[row] - around)), to: Math.ceil(t[row] + 2 * around),
			sel: `w:${Words.classes[cause[row]]}:${object[row]}`,
		}, true);
	}

	/* ---- what a wait opens to ------------------------------------------------------------------------------------------------------------------ */

	function stackList(report, stack, title) {
		const box = element("div", "stack");
		const { parent, frame } = report.stacks;
		box.append(element("p", "title", title));
		const list = element("ol", "");
		let n = 0;
		for (let s = stack; s >= 0 && n < STACK_MAX; s = parent[s], n++) {
			const f = report.frames[frame[s]];
			const item = element("li", "");
			item.append(element("span", `name ${f.kind}${Frames.isOwn(f) ? "" : " library"}`, Words.clean(f.function)), " ",
				element("span", "place", Words.place(f, f.line)));
			list.append(item);
		}
		box.append(n ? list : element("p", "note", "no stack was taken"));
		if (n === STACK_MAX) {
			box.append(element("p", "note", `the innermost ${STACK_MAX} frames`));
		}
		return box;
	}

	function waitDetail(view, api, row) {
		const { report } = view;
		const { stack, waker, thread, task } = report.waits;
		const box = element("div", "stacks");
		const who = `${Words.thread(report.threads[thread[row]])}${task[row] >= 0 ? ", task " + Words.task(report.tasks[task[row]]) : ""} waited in`;
		box.append(stackList(report, stack[row], who));
		if (waker[row] >= 0) {
			const w = report.wakers[waker[row]];
			box.append(stackList(report, w.stack, `${Words.process(w.comm, w.pid)} woke it${w.tid && w.tid !== w.pid ? `, thread ${w.tid},` : ""} in`));
		}
		const show = element("button", "", "Show in the timeline");
		show.type = "button";
		show.addEventListener("click", () => goToTimeline(view, api, row));
		box.append(show);
		return box;
	}

	function singleColumns(view) {
		const { report, decimals } = view;
		const { t, duration, runnable, cause, object, stack, waker } = report.waits;
		const from = (row) => frameText(report, Frames.ownFrame(report, stack[row]));
		const time = (column) => ({ value: (row) => column[row], text: (row) => view.time(column[row]), class: "num" });
		const text = (make, className) => ({ value: make, text: make, class: className });
		return [
			{ value: (row) => t[row], text: (row) => (t[row] / 1e6).toFixed(decimals), class: "num" }, time(duration), time(runnable),
			{ value: (row) => Words.labels[Words.classes[cause[row]]], cell: (row) => Tables.keyCell(Words.classes[cause[row]]) },
			text((row) => (object[row] < 0 ? "" : Words.clean(report.objects[object[row]])), "object"), text(from, "name"),
			text((row) => wakerText(report, waker[row])),
		];
	}

	/* The single waits of a group. */
	function groupDetail(g, view, api) {
		const { scroll, table } = Tables.make("singles", 3, ["At", "Waited", "Ready", "Cause", "Object", "From", "Woken by"]);
		const box = element("div", "");
		const note = element("p", "note");
		box.append(note, scroll);
		const sorted = new Tables.Sorted(table, note, {
			describe: (n, shown) => `${shown < n ? `The ${shown} longest of ${n}` : Words.count(n, "wait", "waits")}. Open one to see its stack ` +
				"and who ended it.",
			detail: (row) => waitDetail(view, api, row), key: String,
		});
		sorted.max = SINGLE_STEP;
		sorted.whole = SINGLE_STEP;
		sorted.show(g.rows, singleColumns(view));
		return box;
	}

	function groupColumns(view, api) {
		const { report } = view;
		const time = (name) => ({ value: (g) => g[name], text: (g) => view.time(g[name]), class: "num" });
		const text = (make, className) => ({ value: make, text: make, class: className });
		return [
			time("total"), { value: (g) => g.rows.length, text: (g) => String(g.rows.length), class: "num" }, time("median"), time("longest"),
			{ value: (g) => Words.labels[Words.classes[g.cause]], cell: (g) => Tables.keyCell(Words.classes[g.cause]) },
			text((g) => (g.object < 0 ? "" : Words.clean(report.objects[g.object])), "object"), text((g) => frameText(report, g.from), "name"),
			text((g) => wakerText(report, g.waker)), { cell: (g) => strip(g, view, api) },
		];
	}

	/* ---- the view -------------------------------------------------------------------------------------------------------------------------------- */

	class View {
		constructor(panel, api) {
			const groups = panel.querySelector(".groups");
			const unit = () => (this.view.state.unit === "percent" ? "% of the request" : "ms");
			this.api = api;
			this.known = null;
			if (!groups) {
				return;
			}
			const th = element("th", "", "When");
			th.scope = "col";
			groups.tHead.rows[0].append(th);
			this.groups = new Tables.Sorted(groups, panel.querySelector(".note"), {
				describe: (n) => `By what was waited for, ${Words.count(n, "group", "groups")}; open one to see its waits. Times in ${unit()}.`,
				detail: (g) => groupDetail(g, this.view, api), key: (g) => `${g.cause} ${g.object}`,
			});
			this.singles = new Tables.Sorted(panel.querySelector(".longest"), panel.querySelector("h3"), {
				describe: (n, shown) => (shown < n ? `${n} waits, ${shown} shown` : Words.count(n, "wait", "waits")),
				detail: (row) => waitDetail(this.view, api, row), key: String,
			});
			this.singles.max = SINGLE_STEP; /* below the groups, which have them all */
		}

		/* Grouped once for each set of waits. */
		prepare(view) {
			if (!this.known || this.known.waits !== view.waits) {
				const { report, waits } = view;
				this.known = { waits, groups: WaitGroups.group(report, waits), longest: WaitGroups.longest(report, waits) };
			}
			return this.known;
		}

		show(view) {
			if (!this.groups) {
				return;
			}
			this.view = view;
			const { groups, longest } = this.prepare(view);
			const singles = singleColumns(view);
			const grouped = groupColumns(view, this.api);
			const text = (columns, item) => columns.map((c) => (c.value ? String(c.value(item)) : ""));
			const { test } = view;
			this.groups.show(test ? groups.filter((g) => test.texts(text(grouped, g).slice(4, 8))) : groups, grouped);
			this.singles.show(test ? longest.filter((row) => test.texts(text(singles, row).slice(3))) : longest, singles);
		}
	}

	return { id: "waits", make: (panel, api) => new View(panel, api) };
})();
