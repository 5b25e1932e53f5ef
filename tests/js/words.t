#!/usr/bin/env -S node --test-reporter=tap
/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Names and numbers as the formats in C write them; exports. */
"use strict";

const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const test = require("node:test");
const zlib = require("node:zlib");
const { packed } = require("../browser/large");
const { document, formats, inPage, load, pageElement, render } = require("./page");

const { Data, Exports, Frames, Groups, Model, Pairs, Speedscope, State, Words } = load();

test("names of the target: nothing that moves or hides text, and not too long", () => {
	assert.equal(Words.clean("a\u202eb\n"), "a\\xe2\\x80\\xaeb\\x0a");
	assert.equal(Words.clean("😀".repeat(80)), "😀".repeat(80));
	assert.equal(Words.clean("x".repeat(100000)), "x".repeat(79) + "…");
	assert.equal(Words.clean("x".repeat(78) + "\n"), "x".repeat(78) + "…");
	assert.equal(Words.clean("<b>&"), "<b>&");
	assert.equal(Words.clean("שלום עולם"), "שלום עולם");
});

test("times", () => {
	assert.deepEqual([0, 49e3, 123456789].map((ns) => Words.ms(ns, 1)), ["–", "<0.1", "123.5"]);
	assert.deepEqual([5e5, 5e6, 5e8, 2e11].map(Words.decimals), [3, 2, 1, 0]);
	assert.deepEqual([0, 1, 500].map((ns) => Words.percent(ns, 1000)), ["–", "0.1", "50.0"]);
	assert.deepEqual([3.96e6, 10.2e6, 0.4e6].map((ns) => Words.error(ns, 1)), ["4", "10", "0.4"]);
});

test("classes of time are those of the profile, in its order", () => {
	const header = fs.readFileSync(path.join(__dirname, "../../user/profile/profile.h"), "utf8");
	const inC = [...header.split("TIME_CLASSES(X) \\")[1].split("\n\n")[0].matchAll(/X\((\w+), "([^"]+)"/g)].map(([, name, label]) => [name, label]);
	assert.deepEqual(Words.classes.map((name) => [name, Words.labels[name]]), inC);
});

test("own code: the same rule as in C", () => {
	const own = (frame) => Frames.isOwn({ function: "f", line: 1, ...frame });
	assert.ok(own({ kind: "python", file: "/srv/app/views.py", module: "app" }));
	assert.ok(!own({ kind: "python", file: "/venv/lib/python3.11/site-packages/fastapi/routing.py", module: "fastapi" }));
	assert.ok(!own({ kind: "python", file: "<frozen importlib._bootstrap>", module: null }));
	assert.ok(own({ kind: "native", file: null, module: "/usr/sbin/nginx" }));
	assert.ok(!own({ kind: "native", file: null, module: "/lib/x86_64-linux-gnu/libc.so.6" }));
	assert.ok(!own({ kind: "native", file: null, module: "/usr/lib/python3/dist-packages/uvloop/loop.cpython-311-x86_64-linux-gnu.so" }));
	assert.ok(!own({ kind: "native", file: null, module: "/usr/bin/python3.11" }));
	assert.ok(own({ kind: "native", file: null, module: "/srv/app/fast.cpython-311-x86_64-linux-gnu.so" }));
	assert.ok(own({ kind: "native", file: null, module: "/srv/pythonic" }));
	assert.ok(!own({ kind: "native", file: null, module: null }));
	assert.ok(!own({ kind: "kernel", file: null, module: "kernel" }));
});

test("the document of the page gives back the JSON format", () => {
	for (const fixture of ["orders", "shop", "loop", "coroutines", "upload", "ready", "hostile"]) {
		assert.deepEqual(Data.withRows(inPage(document(fixture))), document(fixture), fixture);
	}
});

test("what the page holds is what this test reads", async () => {
	const element = pageElement("orders");
	assert.equal(element.dataset.encoding, undefined);
	assert.deepEqual(Data.withRows(await Data.open(element)), document("orders"));
});

test("a large report has its columns packed in the page, and gives back the JSON format too", async () => {
	const element = pageElement("many");
	assert.equal(element.dataset.encoding, "deflate");
	const opened = await Data.open(element);
	assert.deepEqual(Data.withRows(opened), document("many"));
	assert.deepEqual(Data.read(opened).samples.begin, Data.read(inPage(document("many"))).samples.begin);
});

/* An element as in the page, of a document. */
function packedElement(json) {
	const { text, columns } = packed(json);
	const textContent = zlib.deflateSync(Buffer.concat([text, columns])).toString("base64");
	return { textContent, dataset: { encoding: "deflate", text: String(text.length) } };
}

test("packed columns: of any sign and size, all alike, without rows", async () => {
	const json = inPage(document("orders"));
	const values = [[], [7], [-1, -1], [-1, 254], [-1, 255, 3], [0, 2 ** 24 - 1], [0, 2 ** 24], [2 ** 40, 2 ** 40 + 1], [5e9, 5e9],
		[-(2 ** 52), 2 ** 52]];
	for (const column of values) {
		const samples = { n: column.length, dt: column, thread: column, task: column, stack: column, weight_ns: column, bound: column, edge: column };
		const opened = await Data.open(packedElement({ ...json, samples }));
		assert.deepEqual(Array.from(opened.samples.weight_ns), column);
		assert.deepEqual(Array.from(opened.waits.dt), json.waits.dt, "the next table");
	}
});

test("a page that was cut or changed is told, not guessed", async () => {
	const element = packedElement(inPage(document("orders")));
	await assert.rejects(Data.open({ ...element, textContent: element.textContent.slice(0, 400) }));
	await assert.rejects(Data.open({ ...element, textContent: "?" + element.textContent }));
	await assert.rejects(Data.open({ ...element, dataset: { encoding: "deflate", text: "10" } }));
});

test("samples stand for the time around them, without overlap on a thread", () => {
	for (const fixture of ["orders", "shop", "loop", "coroutines", "upload"]) {
		const { samples } = Data.read(inPage(document(fixture)));
		const upto = new Map();
		for (let i = 0; i < samples.n; i++) {
			assert.ok(samples.begin[i] >= (upto.get(samples.thread[i]) || 0), `${fixture} ${i}`);
			upto.set(samples.thread[i], samples.begin[i]);
		}
	}
});

test("folded stacks are the folded format", () => {
	for (const fixture of ["orders", "shop", "loop", "coroutines", "upload", "ready"]) {
		assert.equal(Exports.folded(Data.read(inPage(document(fixture)))), render(fixture, "folded"), fixture);
	}
});

test("speedscope's file is the speedscope format", { skip: !formats().includes("speedscope") }, async () => {
	for (const fixture of ["orders", "shop", "loop", "coroutines", "upload", "ready"]) {
		const expected = JSON.parse(render(fixture, "speedscope"));
		const model = new Model.Model(Data.read(await Data.open(pageElement(fixture))));
		const made = JSON.parse(Speedscope.make(model.view(State.defaults), [expected.comment.split(". Not in this file")[0]], expected.name));
		assert.deepEqual(made.shared, expected.shared, fixture);
		assert.deepEqual(made, expected, fixture);
	}
});

test("pairs are numbered as they come", () => {
	const index = new Pairs.Index();
	const numbers = new Map();
	for (let i = 0; i < 20000; i++) {
		const [a, b] = [i * 7919 % 331, i * 104729 % 977];
		const key = `${a} ${b}`;
		if (!numbers.has(key)) {
			numbers.set(key, numbers.size);
		}
		assert.equal(index.add(a, b), numbers.get(key));
	}
	assert.equal(index.n, numbers.size);
});

test("rows of groups stand in their order, those of none are left out", () => {
	const of = [2, -1, 0, 2, 2, -1, 0];
	const { first, rows } = Groups.by(Int32Array.from(of), 4);
	const members = (g) => [...rows.subarray(first[g], first[g + 1])];
	assert.deepEqual([0, 1, 2, 3].map(members), [[2, 6], [], [0, 3, 4], []]);
	assert.equal(rows.length, 5);
	assert.equal(Groups.by(new Int32Array(0), 0).rows.length, 0);
});
