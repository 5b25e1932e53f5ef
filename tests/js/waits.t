#!/usr/bin/env -S node --test-reporter=tap
/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Groups of waits against sums of the single waits, and their order. */
"use strict";

const assert = require("node:assert/strict");
const test = require("node:test");
const { document, inPage, load } = require("./page");

const { Data, Frames, Model, State, WaitGroups } = load();
const FIXTURES = ["orders", "shop", "coroutines", "hostile", "many"];

function viewOf(fixture, changes = {}) {
	return new Model.Model(Data.read(inPage(document(fixture)))).view({ ...State.defaults, ...changes });
}

/* What each wait has in which group, as rows [key, row, ns]. */
function pieces({ report: { waits }, waits: rows }) {
	return [...rows].flatMap((row) => {
		const { cause, object, duration, runnable } = waits;
		const ready = cause[row] === 4 ? 4 : 3; /* throttled, else no CPU */
		if (cause[row] === ready) {
			return [[`${ready} ${object[row]}`, row, duration[row] + runnable[row]]];
		}
		return [[`${cause[row]} ${object[row]}`, row, duration[row]], [`${ready} -1`, row, runnable[row]]];
	}).filter(([, , ns]) => ns);
}

/* The first of the keys with the most. */
function heaviest(list) {
	const sums = new Map();
	list.forEach(([key, ns]) => sums.set(key, (sums.get(key) || 0) + ns));
	return [...sums].reduce((best, one) => (one[1] > best[1] ? one : best), [-1, 0])[0];
}

test("each group has its waits, the longest first, and what they say together", () => {
	for (const fixture of FIXTURES) {
		const view = viewOf(fixture);
		const { report } = view;
		const all = pieces(view);
		const groups = WaitGroups.group(report, view.waits);
		assert.equal(groups.length, new Set(all.map(([key]) => key)).size, fixture);
		for (const g of groups) {
			const of = all.filter(([key]) => key === `${g.cause} ${g.object}`).sort((a, b) => b[2] - a[2] || a[1] - b[1]);
			const ns = of.map(([, , time]) => time);
			const n = of.length;
			assert.deepEqual(g.rows.slice(0, n), of.map(([, row]) => row), fixture);
			assert.equal(g.rows.length, n);
			assert.equal(g.total, ns.reduce((sum, time) => sum + time, 0));
			assert.deepEqual([g.longest, g.median], [ns[0], Math.floor((ns[n - 1 - Math.floor(n / 2)] + ns[n - 1 - Math.floor((n - 1) / 2)]) / 2)], fixture);
			const byTime = [...of].sort((a, b) => a[1] - b[1]);
			assert.equal(g.from, heaviest(byTime.map(([, row, time]) => [Frames.ownFrame(report, report.waits.stack[row]), time])), fixture);
			const woken = byTime.filter(([, row]) => report.waits.waker[row] >= 0 && report.waits.cause[row] === g.cause);
			assert.equal(g.waker, heaviest(woken.map(([, row, time]) => [report.waits.waker[row], time])), fixture);
		}
		assert.ok(groups.every((g, i) => !i || groups[i - 1].total >= g.total));
	}
});

test("a range and a focus leave their waits alone", () => {
	const whole = viewOf("orders");
	const focus = "f" + whole.report.frames.findIndex((f) => f.function === "serialize");
	const rows = (view) => WaitGroups.group(view.report, view.waits).reduce((sum, g) => sum + g.rows.length, 0);
	assert.ok(rows(viewOf("orders", { focus })) < rows(whole));
	assert.ok(rows(viewOf("orders", { to: 60000000 })) < rows(whole));
});

test("the longest of many: in their order, however many are asked for, equal ones by time", () => {
	const ns = Float64Array.from({ length: 5000 }, (_, i) => i * 7919 % 97);
	const rows = Int32Array.from(ns, (_, i) => 2 * i);
	const expected = [...ns.keys()].sort((a, b) => ns[b] - ns[a] || a - b).map((i) => 2 * i);
	const list = new WaitGroups.Longest(rows, ns);
	for (const [from, to] of [[0, 1], [0, 20], [40, 100], [0, 5000], [4990, 6000], [0, 0]]) {
		assert.deepEqual(list.slice(from, to), expected.slice(from, to), `${from} to ${to}`);
	}
	assert.deepEqual([...list], [...rows]);
	const odd = list.filter((row) => row % 4);
	assert.deepEqual([odd.length, odd.slice(0, 9)], [2500, expected.filter((row) => row % 4).slice(0, 9)]);
	assert.deepEqual(new WaitGroups.Longest(new Int32Array(0), new Float64Array(0)).slice(0, 9), []);
});

test("a stack's own frame, else that outside of the kernel, else the innermost", () => {
	for (const fixture of FIXTURES) {
		const { report } = viewOf(fixture);
		for (let stack = 0; stack < report.stacks.n; stack++) {
			const way = [];
			for (let s = stack; s >= 0; s = report.stacks.parent[s]) {
				way.push(report.stacks.frame[s]);
			}
			const expected = way.find((f) => Frames.isOwn(report.frames[f])) ?? way.find((f) => report.frames[f].kind !== "kernel") ?? way[0];
			assert.equal(Frames.ownFrame(report, stack), expected, fixture);
		}
		assert.equal(Frames.ownFrame(report, -1), -1);
	}
});
