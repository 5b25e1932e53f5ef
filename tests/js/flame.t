#!/usr/bin/env -S node --test-reporter=tap
/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where the cells of the flame graph stand, what is drawn of a row, how keys go from one to the next, and the picture that is saved. */
"use strict";

const assert = require("node:assert/strict");
const test = require("node:test");
const { Canvas, FlameLayout, FlamePaint, FlameSvg, TreeRow, tree, view } = require("./views");

const time = (node) => node.time;
const SHOP = ["root", 0, [["small", 10], ["big", 20, [["a", 30], ["b", 10, [["c", 30]]]]]]]; /* 100: small 10, big 90 */

function names(cells, row) {
	return [...row].map((i) => cells.nodes[i].name);
}

test("cells: the heaviest first, widths as parts of the whole, rows from left to right", () => {
	const cells = FlameLayout.layout(tree(SHOP), time);
	const at = (name) => cells.nodes.findIndex((node) => node.name === name);
	assert.deepEqual(cells.rows.map((row) => names(cells, row)), [["root"], ["big", "small"], ["b", "a"], ["c"]]);
	const about = (value) => Math.round(value * 1000) / 1000;
	assert.deepEqual(["big", "small", "b", "a", "c"].map((name) => [about(cells.x[at(name)]), about(cells.width[at(name)])]),
		[[0, 0.9], [0.9, 0.1], [0, 0.4], [0.4, 0.3], [0, 0.3]]);
});

test("the children of a node lie within it, in every fixture, and none over another", () => {
	for (const fixture of ["orders", "shop", "coroutines", "hostile"]) {
		for (const state of [{}, { mode: "wait" }, { invert: true }, { lib: "off" }]) {
			const v = view(fixture, state);
			const cells = FlameLayout.layout(v.root, v.value);
			cells.nodes.forEach((node, i) => {
				const up = cells.index.get(node.parent);
				assert.ok(up === undefined || (cells.x[i] >= cells.x[up] - 1e-9 && cells.x[i] + cells.width[i] <= cells.x[up] + cells.width[up] + 1e-9));
			});
			cells.rows.forEach((row) => row.forEach((i, k) => assert.ok(!k || cells.x[i] >= cells.x[row[k - 1]] + cells.width[row[k - 1]] - 1e-9)));
			assert.ok(!cells.nodes.length || cells.width[0] === 1);
		}
	}
});

test("nothing to show, and a stack of ten thousand frames", () => {
	assert.equal(FlameLayout.layout(tree(["root", 0]), time).nodes.length, 0);
	let node = { id: 10000, name: "leaf", kind: "frame", children: [], time: 5 };
	const leaf = node;
	for (let i = 0; i < 10000; i++) {
		const parent = { id: i, name: "f", kind: "frame", children: [node], time: 5, parent: null };
		node.parent = parent;
		node = parent;
	}
	const cells = FlameLayout.layout(node, time);
	assert.equal(cells.rows.length, 10001);
	assert.equal(FlameLayout.path(leaf).length, 10001);
	assert.equal(FlameLayout.hit(cells, 10000, 0.5), cells.index.get(leaf));
});

test("hits: cells by place, nothing beside them", () => {
	const cells = FlameLayout.layout(tree(SHOP), time);
	const name = (depth, x) => (FlameLayout.hit(cells, depth, x) < 0 ? null : cells.nodes[FlameLayout.hit(cells, depth, x)].name);
	assert.deepEqual([name(0, 0.99), name(1, 0.89), name(1, 0.91), name(2, 0.5), name(2, 0.8), name(3, 0.31), name(9, 0)],
		["root", "big", "small", "a", null, null, null]);
});

test("what is drawn: wide cells one by one, narrow ones together, nothing out of sight", () => {
	const many = ["root", 0, [["wide", 1000], ...Array.from({ length: 500 }, (_, i) => [`n${i}`, 1])]];
	const cells = FlameLayout.layout(tree(many), time);
	const drawn = (x0, x1, pixels) => {
		const [wide, crowds] = [[], []];
		FlameLayout.drawn(cells, 1, { x0, x1, pixels }, (i) => wide.push(cells.nodes[i].name),
			(left, right) => crowds.push([Math.round(left), Math.round(right)]));
		return [wide, crowds];
	};
	assert.deepEqual(drawn(0, 1, 150), [["wide"], [[100, 150]]]);
	const [wide, crowds] = drawn(1000.5 / 1500, 1010.5 / 1500, 100);
	assert.deepEqual([wide.length, crowds], [11, []]);
	assert.equal(drawn(0, 0.5, 100)[0].length, 1);
});

test("what is too narrow of an inverted graph is not gone into", () => {
	const cells = FlameLayout.layout(tree(["root", 0, [["big", 90, [["x", 9]]], ["small", 0, [["y", 1]]]]]), time, 0.05);
	assert.deepEqual(cells.nodes.map((node) => node.name), ["root", "big", "x", "small"]);
});

test("keys: in and out, along a row, and no further than its ends", () => {
	const cells = FlameLayout.layout(tree(SHOP), time);
	const from = (name, ...steps) => {
		const end = steps.reduce((i, step) => FlameLayout.step(cells, i, step), cells.nodes.findIndex((node) => node.name === name));
		return cells.nodes[end].name;
	};
	assert.deepEqual([from("root", "in"), from("root", "in", "in", "in", "in"), from("c", "out", "out"), from("root", "out")],
		["big", "c", "big", "root"]);
	assert.deepEqual([from("big", "next"), from("small", "next"), from("small", "previous"), from("b", "next", "next"), from("small", "in")],
		["small", "small", "big", "a", "small"]);
});

test("zoom stays at its place and within the whole", () => {
	const { x0, x1 } = FlameLayout.zoomed({ x0: 0, x1: 1 }, 0.25, 0.5, 1e-9);
	assert.deepEqual([x0, x1], [0.125, 0.625]);
	assert.deepEqual(FlameLayout.zoomed({ x0, x1 }, 0.3, 100, 1e-9), { x0: 0, x1: 1 });
	assert.deepEqual(FlameLayout.moved({ x0: 0.2, x1: 0.6 }, -1), { x0: 0, x1: 0.39999999999999997 });
	assert.equal(FlameLayout.zoomed({ x0: 0.5, x1: 0.5 + 1e-9 }, 0.5, 0.1, 1e-9).x1 - 0.5 > 0, true);
});

test("hover texts: total, CPU, self, samples; waits by their number", () => {
	const v = view("orders");
	const words = new FlamePaint.Names(v, new TreeRow.Maker(v));
	const cells = FlameLayout.layout(v.root, v.value);
	const text = (name) => words.text(cells.nodes.find((node) => words.short(node).startsWith(name)));
	assert.equal(text("serialize"), "serialize app/views.py:41 · total 123.9 ms (67.6 %) · CPU 113.7 · self 12.4 · waiting 10.2 · 114 samples");
	assert.equal(text("network"), "network 127.0.0.1:5432 · total 47.7 ms (26.0 %) · 11 waits");
	assert.equal(text("GET"), "GET /orders?id=…&profile=1 · total 183.4 ms (100.0 %) · CPU 119.4 · waiting 64.0 · 121 samples");
});

test("packages: those with most time of their own first", () => {
	const v = view("orders", { lib: "off" });
	const cells = FlameLayout.layout(v.root, v.value);
	assert.deepEqual(FlameLayout.packages(v.table, cells).slice(0, 3).map((at) => v.table.packages[at].name), ["app", "kernel", "json"]);
});

test("text that fits", () => {
	assert.deepEqual([Canvas.fit("serialize", 100, 7), Canvas.fit("serialize", 40, 7), Canvas.fit("serialize", 20, 7)], ["serialize", "seri…", ""]);
});

const COLOURS = new Proxy({ classes: new Proxy({}, { get: () => "#123456" }) }, { get: (target, name) => target[name] || "#abcdef" });

function svgOf(fixture, state = {}) {
	const v = view(fixture, state);
	const cells = FlameLayout.layout(v.root, v.value);
	const scheme = new FlamePaint.Scheme(v, cells, "kind", COLOURS);
	const words = new FlamePaint.Names(v, new TreeRow.Maker(v));
	return FlameSvg.write({ cells, scheme, names: words, colours: COLOURS, viewport: { x0: 0, x1: 1 }, flip: false,
		title: [words.short(v.root), "183.4 ms"], depths: cells.rows.length });
}

test("the saved picture: all cells with their numbers, hatches for waits", () => {
	const svg = svgOf("orders");
	assert.match(svg, /^<svg xmlns="http:\/\/www.w3.org\/2000\/svg"/);
	assert.match(svg, /<title>serialize app\/views.py:41 · total 123.9 ms/);
	assert.match(svg, /fill="url\(#run_queue\)"/);
	assert.equal([...svg.matchAll(/<rect[^>]*><\/g>|<rect[^>]*\/>(<text|<\/g>)/g)].length, [...svg.matchAll(/<g><title>/g)].length);
});

test("the saved picture: names of the target are text, whatever is in them", () => {
	const svg = svgOf("hostile");
	assert.ok(!/<(script|img|b|svg\/)/i.test(svg.slice(5)), "no markup from names");
	assert.ok(svg.includes("&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;"));
	assert.equal(FlameSvg.escape("a\u0000b\ud800c&<>\"'\ufffe😀"), "a\ufffdb\ufffdc&amp;&lt;&gt;&quot;&apos;\ufffd😀");
});
