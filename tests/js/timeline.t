#!/usr/bin/env -S node --test-reporter=tap
/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The timeline's lanes against the report, what a pixel shows of them, its axis, its words, its range. */
"use strict";

const assert = require("node:assert/strict");
const test = require("node:test");
const { TimelineData, TimelineLanes, TimelineOverview, TimelineSight, TimelineWords, Words, view } = require("./views");

const FIXTURES = ["orders", "shop", "coroutines", "hostile", "loop", "upload"];
const kind = (name) => Words.classes.indexOf(name);

/* A lane by hand: [begin, end, class, stack] each. */
function lane(slices) {
	const column = (Type, make) => Type.from(slices, make);
	const kinds = [...new Set(slices.map(([, , name]) => kind(name)))].sort((a, b) => a - b);
	const sums = kinds.map((k) => {
		let sum = 0;
		return [0, ...slices.map(([begin, end, name]) => (sum += kind(name) === k ? end - begin : 0))];
	});
	return {
		type: "thread", index: 0, n: slices.length, begin: column(Float64Array, ([begin]) => begin), end: column(Float64Array, ([, end]) => end),
		kind: column(Uint8Array, ([, , name]) => kind(name)), stack: column(Int32Array, ([, , , stack = -1]) => stack), kinds, sums,
	};
}

test("lanes have all of the report's time, by thread and class", () => {
	for (const fixture of FIXTURES) {
		const { report } = view(fixture);
		for (const l of TimelineData.lanes(report).filter(({ type }) => type === "thread")) {
			const { cpu_ns: cpu, wait_ns: wait } = report.threads[l.index];
			const of = (name) => (l.kinds.includes(kind(name)) ? l.sums[l.kinds.indexOf(kind(name))][l.n] : 0);
			const runnable = report.waits.runnable.reduce((sum, ns, i) => sum + (report.waits.thread[i] === l.index ? ns : 0), 0);
			assert.ok(Math.abs(of("cpu_user") + of("cpu_kernel") - cpu) <= 0.02 * cpu + 1, `${fixture}: on CPU`);
			const all = l.kinds.reduce((sum, k, n) => sum + l.sums[n][l.n], 0);
			assert.ok(Math.abs(all - cpu - wait - runnable) <= 0.02 * all + 1, `${fixture}: all`);
		}
	}
});

test("slices are in their order, and none lies over another", () => {
	for (const fixture of FIXTURES) {
		for (const l of TimelineData.lanes(view(fixture).report)) {
			for (let i = 0; i < l.n; i++) {
				assert.ok(l.begin[i] < l.end[i] && (!i || l.end[i - 1] <= l.begin[i]), `${fixture} ${l.type} ${i}`);
			}
		}
	}
});

test("a wait is a slice, and so is its ready time; a preemption is one", () => {
	const { report } = view("shop");
	const [l] = TimelineData.lanes(report);
	const slices = [...l.of.keys()].filter((i) => TimelineData.isWait(l, i) && l.of[i] === 0)
		.map((i) => [l.begin[i], l.end[i], Words.classes[l.kind[i]]]);
	assert.deepEqual(slices, [[900000, 10000000, "network"], [10000000, 10040000, "run_queue"]]);
});

test("tasks: what they await, and from then on to their next run its loop is busy", () => {
	const change = (json) => {
		json.samples.task = json.samples.task.map(() => 0);
		return json;
	};
	const [thread, task] = TimelineData.lanes(view("coroutines", {}, change).report);
	const of = (l) => [...l.of.keys()].filter((i) => l.from[i] !== TimelineData.SAMPLE)
		.map((i) => [l.begin[i] / 1e6, l.end[i] / 1e6, Words.classes[l.kind[i]]]);
	assert.deepEqual([thread.type, of(thread)], ["thread", []]);
	assert.deepEqual([task.type, of(task)[0]], ["task", [5.4, 36.4, "suspended"]]);
	const busy = of(task).filter(([, , name]) => name === "loop_busy");
	assert.equal(busy.length, 2);
	assert.ok(busy.every(([begin, end]) => end > begin));
	assert.equal(busy[0][0], 36.4);
	assert.deepEqual(thread.shades.map((shade) => shade.map((ns) => ns / 1e6)), busy.map(([begin, end]) => [begin, end]));
	assert.deepEqual([36, 37, 39.6].map((ms) => Boolean(TimelineData.shadeAt(thread, ms * 1e6))), [false, true, false]);
});

test("shares of any stretch of time are those of its slices", () => {
	const l = lane([[0, 10, "cpu_user"], [10, 30, "network"], [40, 50, "cpu_user"]]);
	const shares = (from, to) => [...TimelineData.shares(l, from, to, new Float64Array(2))];
	assert.deepEqual([shares(0, 50), shares(5, 15), shares(30, 40), shares(45, 99), shares(12, 12)], [[20, 20], [5, 5], [0, 0], [5, 0], [0, 0]]);
	assert.deepEqual([0, 9, 10, 35, 50].map((t) => TimelineData.at(l, t)), [0, 0, 1, -1, -1]);
});

test("what is drawn has all of the time that is in sight, however far it is zoomed", () => {
	const slices = [];
	for (let t = 0; t < 100000; t += 10) {
		slices.push([t, t + 4, "cpu_user"], [t + 4, t + 8, "network"]);
	}
	slices.push([100000, 200000, "disk"]);
	const l = lane(slices);
	for (const [from, to, pixels] of [[0, 200000, 1000], [0, 100000, 333], [99000, 101000, 700], [12345, 12399, 500], [0, 200000, 7]]) {
		const drawn = new Float64Array(3);
		let calls = 0;
		TimelineData.drawn(l, { from, to, pixels, wide: 1.5 }, (i, left, right) => {
			drawn[l.kinds.indexOf(l.kind[i])] += Math.min(right, pixels) - left;
			calls++;
		}, (x, shares) => {
			shares.forEach((part, k) => (drawn[k] += part));
			calls++;
		});
		const expected = [...TimelineData.shares(l, from, to, new Float64Array(3))].map((ns) => ns * pixels / (to - from));
		drawn.forEach((part, k) => assert.ok(Math.abs(part - expected[k]) <= 2, `${from}–${to}: ${part} of ${expected[k]} pixels`));
		assert.ok(calls <= 2 * pixels + 2, "as many calls as there are pixels");
	}
});

test("stacks over time: what is the same beside each other is one cell, over waits too; what is narrow has none", () => {
	const codes = [[1], [1, 2], [1, 2, 3], [1, 4]].map((stack) => Int32Array.from(stack));
	const l = lane([[0, 10, "cpu_user", 1], [10, 20, "network", 2], [20, 30, "cpu_user", 1], [40, 50, "cpu_user", 3], [50, 51, "cpu_user", 2],
		[51, 60, "cpu_user", 3]]);
	const draw = (wide) => {
		const [columns, cells] = [[], []];
		TimelineData.chart(l, { from: 0, to: 100, pixels: 100, wide }, (stack) => codes[stack], (...column) => columns.push(column),
			(depth, left, right, code) => cells.push([depth, left, right, code]));
		return { columns, cells: cells.sort((a, b) => a[0] - b[0] || a[1] - b[1]) };
	};
	assert.deepEqual(draw(5).cells, [[0, 0, 30, 1], [0, 40, 60, 1], [1, 0, 30, 2], [1, 40, 50, 4], [1, 51, 60, 4], [2, 10, 20, 3]]);
	assert.deepEqual(draw(1).cells.filter(([, left]) => left === 50), [[1, 50, 51, 2], [2, 50, 51, 3]]);
	assert.deepEqual(draw(5).columns, [[0, 10, 1], [10, 20, 2], [20, 30, 1], [40, 50, 3], [50, 51, 2], [51, 60, 3]]);
});

test("stacks: folded libraries are one row, a task's loop is left out", () => {
	const v = view("orders");
	const codes = new TimelineLanes.Codes(v.report, v.table, v.filtered);
	const name = (code) => (code === TimelineLanes.FOLDED ? "…" : v.report.frames[code].function);
	assert.deepEqual([...codes.get(8)].map(name), ["…", "list_orders", "serialize", "…"]);
	const open = view("orders", { lib: "off" });
	const all = new TimelineLanes.Codes(open.report, open.table, open.filtered);
	assert.deepEqual([...all.get(12)].map(name), ["WorkerThread.run", "list_orders", "fetch_orders", "PQgetResult", "__poll", "do_sys_poll"]);
	assert.equal(open.report.frames[all.frameAt(12, 2)].function, "fetch_orders");
	assert.equal(codes.frameAt(12, 0), -1);
});

test("axis: round times, not too close, with the digits that they need", () => {
	for (const [from, to, pixels] of [[0, 183.4e6, 1400], [52e6, 52.3e6, 360], [0, 3e5, 1400], [0, 60e9, 1400], [1000, 1100, 700]]) {
		const { step, times } = TimelineWords.ticks(from, to, pixels);
		assert.ok([1, 2, 5].some((n) => Math.abs(Math.log10(step / n) % 1) < 1e-9), `round: ${step}`);
		assert.ok(times.length >= 2 && step / (to - from) * pixels >= 89, `${times.length} of ${step}`);
		assert.equal(new Set(times.map((t) => TimelineWords.time(t, step))).size, times.length, "each tick has a text of its own");
	}
	assert.deepEqual([TimelineWords.time(52.5e6, 5e5), TimelineWords.time(20e6, 20e6), TimelineWords.time(3e9, 1e9), TimelineWords.time(1250, 50)],
		["52.5 ms", "20 ms", "3 s", "1.25 µs"]);
});

test("marks: the request's, between the first and the last byte", () => {
	const labels = (fixture) => TimelineWords.marksOf(view(fixture).report).map(({ t, label }) => `${t / 1e6} ${label}`);
	assert.deepEqual(labels("orders"), ["0 first byte", "0.06 head read", "2.9 handler", "181.9 first response byte", "183.4 last byte"]);
});

test("words of slices: how long, in what, from where, woken by whom", () => {
	const v = view("orders");
	const words = new TimelineWords.Names(v);
	const [, worker] = TimelineData.lanes(v.report);
	const at = (ms) => words.lines(worker, TimelineData.at(worker, ms * 1e6));
	assert.deepEqual(words.lane(worker), ["AnyIO worker thread 4251", "on CPU 117.0 ms · waiting 52.1 ms"]);
	assert.deepEqual(at(8), ["network 127.0.0.1:5432", "9.80 ms · at 7.60 ms", "in do_sys_poll kernel",
		"from fetch_orders app/db.py:88", "woken by postgres[913]"]);
	assert.deepEqual(at(60), ["ready but no CPU", "4.00 ms ready · at 59.60 ms", "from serialize app/views.py:41"]);
	assert.equal(at(70)[0], "on CPU (user)");
	assert.match(at(70)[1], /^≈ 1\.00 ms at .* ms, from one sample$/);
});

test("a busy loop: whom it worked for, in all", () => {
	const words = new TimelineWords.Names(view("coroutines"));
	assert.deepEqual(words.shade([36400000, 39000000]), ["event loop busy with others", "≈ 2.60 ms at 36.40 ms, while a task of the request could go on",
		"in the whole request:", "1.70 ms GET /health in health, app/main.py:12", "0.60 ms waiting for the GIL, held by digest, app/main.py:12"]);
});

test("what the filters leave out is pale: by class, and by mode", () => {
	const pale = (state) => [...TimelineLanes.paleOf({ mode: "both", classes: [], ...state })].map((k) => Words.classes[k]);
	assert.deepEqual(pale({}), []);
	assert.deepEqual(pale({ mode: "wait" }), ["cpu_user", "cpu_kernel", "interrupt"]);
	assert.ok(pale({ mode: "cpu" }).includes("network") && !pale({ mode: "cpu" }).includes("cpu_user"));
	assert.deepEqual(pale({ classes: Words.classes.filter((name) => name !== "disk") }), ["disk"]);
});

test("the part of the time in sight: zoom, pan, what the address says", () => {
	const { zoomed, panned, parse, format } = TimelineSight;
	assert.deepEqual([zoomed([0, 1000], 1000, 500, 0.5), zoomed([250, 750], 1000, 500, 9), panned([0, 500], 1000, 900), panned([0, 500], 1000, -5)],
		[[250, 750], [0, 1000], [500, 1000], [0, 500]]);
	assert.deepEqual(zoomed([400, 600], 1e6, 500, 1e-9).map(Math.round), [450, 550]);
	assert.deepEqual([parse("", 1000), parse("200-400", 1000), parse("900-5000", 1000), parse("7-7", 1000)],
		[[0, 1000], [200, 400], [0, 1000], [7, 107]]);
	assert.deepEqual([format([0, 1000], 1000), format([1.4, 99.6], 1000)], ["", "1-100"]);
});

test("brush: a new range in any direction, edges that do not cross, all of it within the request", () => {
	const { brushed } = TimelineOverview;
	assert.deepEqual([brushed([0, 100], 100, "new", 60, 20), brushed([0, 100], 100, "new", 60, 120)], [[20, 60], [60, 100]]);
	assert.deepEqual([brushed([20, 60], 100, "left", 20, 90), brushed([20, 60], 100, "right", 60, 10), brushed([20, 60], 100, "left", 20, -9)],
		[[60, 60], [20, 20], [0, 60]]);
	assert.deepEqual([brushed([20, 60], 100, "move", 30, 90), brushed([20, 60], 100, "move", 30, 0)], [[60, 100], [0, 40]]);
});
