#!/usr/bin/env -S node --test-reporter=tap
/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What filters leave of a report: by time, thread, task, class, library, focus; call trees the right way up and upside down; functions; search. */
"use strict";

const assert = require("node:assert/strict");
const test = require("node:test");
const { document, inPage, load } = require("./page");

const page = load();

function modelOf(fixture, change = (d) => d) {
	return new page.Model.Model(page.Data.read(inPage(change(document(fixture)))));
}

function viewOf(model, changes = {}) {
	return model.view({ ...page.State.defaults, ...changes });
}

function ms(ns) {
	return Math.round(ns / 1e4) / 100;
}

function all(root) {
	return [root, ...root.children.flatMap(all)];
}

/* A line for each node: level, name, CPU and waiting time. */
function outline(view, node = view.root, level = 0) {
	const { report } = view;
	const name = node.kind === "frame" ? report.frames[node.frame].function : `${node.kind} ${node.class}`.trim();
	return [`${"  ".repeat(level)}${name} ${ms(node.cpu)} ${ms(node.wait)}`, ...view.children(node).flatMap((child) => outline(view, child, level + 1))];
}

test("a tree has all the time of the request's threads, whatever is folded", () => {
	for (const fixture of ["orders", "shop", "loop", "coroutines", "upload", "ready", "hostile"]) {
		const { samples, waits, awaits, loop_busy: busy } = document(fixture);
		const cpu = samples.weight_ns.reduce((sum, ns) => sum + ns, 0);
		const recorded = waits.reduce((sum, w) => sum + w.duration_ns + w.runnable_ns, 0) + awaits.reduce((sum, a) => sum + a.suspended_ns, 0) +
			busy.reduce((sum, b) => sum + b.duration_ns, 0);
		const model = modelOf(fixture);
		for (const lib of ["", "off"]) {
			const { root } = viewOf(model, { lib });
			assert.equal(root.cpu, cpu, fixture);
			assert.ok(root.wait >= recorded, fixture);
			assert.equal(root.wait, viewOf(model).root.wait, fixture);
		}
	}
});

test("a node has the time of its children and its own, of each class too", () => {
	for (const fixture of ["orders", "shop", "coroutines", "hostile"]) {
		for (const node of all(viewOf(modelOf(fixture)).root)) {
			const sum = (name) => node.children.reduce((total, child) => total + child[name], 0);
			if (node.children.length) {
				assert.equal(node.cpu, sum("cpu") + node.self);
				assert.equal(node.wait, sum("wait"));
			}
			assert.equal([...node.byClass.values()].reduce((total, ns) => total + ns, 0), node.cpu + node.wait);
		}
	}
});

test("a node is the same object each time, and those of the table are its children's", () => {
	for (const fixture of ["orders", "shop", "coroutines", "hostile"]) {
		const { root, filtered: { calls } } = viewOf(modelOf(fixture));
		const seen = all(root).filter((n) => n.tree);
		seen.forEach((n) => assert.equal(calls.node(n.id), n, fixture));
		assert.equal(calls.nodes.filter((n) => !seen.includes(n) && n.kind !== "run").length, 0, fixture);
		for (const { id, parent, calls: below, cpu, wait } of seen) {
			assert.ok(!parent || parent.id < id, fixture);
			assert.deepEqual(below.map((n) => n.parent.id), below.map(() => id), fixture);
			assert.deepEqual([calls.table.cpu[id], calls.table.wait[id]], [cpu, wait], fixture);
		}
	}
});

test("library frames are folded: what they call stands in their place", () => {
	const view = viewOf(modelOf("orders"), { hide: 0 });
	assert.deepEqual(outline(view), [
		"root 119.4 64", "  list_orders 117 59.1", "    serialize 113.7 10.2", "      encode_decimal 68.2 3.2", "        unicode_format 26.9 0",
		"        wait gil 0 3.2", "      run 33.1 0", "        JSONEncoder.encode 33.1 0", "          _make_iterencode.<locals>._iterencode 33.1 0",
		"            _make_iterencode.<locals>._iterencode_list 33.1 0", "      wait run_queue 0 7", "    fetch_orders 3 48.9", "      wait network 0 47.7",
		"      run 3 0", "        PQgetResult 3 0", "          __poll 3 0", "            do_sys_poll 3 0", "      wait gil 0 1.2",
		"  run_endpoint_function 2.4 0", "  class loop_busy 0 2.4", "  wait run_queue 0 2.2", "  class unknown 0 0.3",
	]);
});

test("rules of folding: exceptions by package, none, nothing left", () => {
	const model = modelOf("orders");
	const { packages } = model.table;
	const at = (name) => packages.findIndex((p) => p.name === name);
	const within = (node, kind) => node.parent && (node.parent.kind === kind || within(node.parent, kind));
	const names = (lib) => all(viewOf(model, { lib }).root).filter((n) => n.frame >= 0 && !within(n, "run"))
		.map((n) => model.report.frames[n.frame].function);
	assert.ok(!names("").includes("WorkerThread.run"));
	assert.ok(names(`+${at("anyio")}`).includes("WorkerThread.run"));
	assert.ok(!names(`+${at("anyio")},-${at("app")}`).includes("serialize"));
	assert.ok(names("off").includes("PQgetResult"));
	const everything = packages.map((_, i) => "-" + i).join(",");
	assert.ok(names(everything).includes("serialize"), "what would leave nothing folds nothing");
});

test("a range cuts samples and waits at its ends", () => {
	const model = modelOf("orders");
	const whole = viewOf(model);
	const cut = 60000000;
	const [before, after] = [viewOf(model, { to: cut }), viewOf(model, { from: cut })];
	assert.equal(before.root.cpu + after.root.cpu, whole.root.cpu);
	const recorded = (view) => view.report.waits.n && [...view.filtered.sums.waits.ns].reduce((sum, ns) => sum + ns, 0);
	assert.equal(recorded(before) + recorded(after), recorded(whole));
	assert.ok(before.waits.every((i) => whole.report.waits.t[i] < cut));
	assert.ok(!all(after.root).some((n) => n.kind === "class"), "what has no place in time is not in a range");
	assert.deepEqual(before.range, [0, cut]);
});

test("threads, tasks and classes", () => {
	const model = modelOf("orders");
	const { threads } = model.report;
	threads.forEach((thread, i) => assert.equal(viewOf(model, { thread: i }).root.cpu, thread.cpu_ns));
	const kernel = viewOf(model, { classes: ["cpu_kernel"] }).root;
	assert.deepEqual([ms(kernel.cpu), kernel.wait], [3, 0]);
	const gil = viewOf(model, { classes: ["gil"] });
	assert.deepEqual([gil.root.cpu, ms(gil.root.wait), gil.waits.length], [0, 4.4, 3]);
	const task = viewOf(modelOf("coroutines"), { task: 0 }).root;
	assert.deepEqual([task.cpu, ms(task.wait)], [0, 48]);
});

test("focus: what goes through a function, the callers of all left out", () => {
	const model = modelOf("orders");
	const frame = model.report.frames.findIndex((f) => f.function === "serialize");
	const view = viewOf(model, { focus: "f" + frame });
	assert.deepEqual(outline(view).slice(0, 3), ["root 113.7 10.2", "  serialize 113.7 10.2", "    encode_decimal 68.2 3.2"]);
	assert.deepEqual(new Set([...view.waits].map((i) => view.report.waits.stack[i])), new Set([3, 4]));
});

test("upside down: the same time, by where it was spent, the callers below", () => {
	for (const fixture of ["orders", "shop", "coroutines", "hostile"]) {
		const model = modelOf(fixture);
		for (const lib of ["", "off"]) {
			const [up, down] = [viewOf(model, { lib }), viewOf(model, { lib, invert: true })];
			assert.deepEqual([down.root.cpu, down.root.wait, [...down.root.byClass]], [up.root.cpu, up.root.wait, [...up.root.byClass]], fixture);
			for (const node of all(down.root).filter((n) => n.parent && n.children.length)) {
				assert.ok(node.children.reduce((sum, child) => sum + child.cpu + child.wait, 0) <= node.cpu + node.wait, fixture);
			}
		}
	}
	const view = viewOf(modelOf("orders"), { invert: true, lib: "off", mode: "cpu" });
	assert.deepEqual(outline(view).slice(1, 5),
		["  encode_decimal 41.3 0", "    serialize 41.3 0", "      list_orders 41.3 0", "        WorkerThread.run 41.3 0"]);
});

test("functions: each once a stack, however often it is in it", () => {
	const recursive = (d) => {
		const serialize = d.frames.findIndex((f) => f.function === "serialize");
		d.stacks.push([3, serialize], [d.stacks.length, serialize]);
		d.samples.stack = d.samples.stack.map((s) => (s === 4 ? d.stacks.length - 1 : s));
		return d;
	};
	const row = (model, name) => viewOf(model).functions.find((f) => f.frame >= 0 && model.report.frames[f.frame].function === name);
	const [plain, nested] = [modelOf("orders"), modelOf("orders", recursive)];
	assert.equal(row(nested, "serialize").total, row(plain, "serialize").total);
	assert.equal(row(nested, "serialize").samples, row(plain, "serialize").samples);
	assert.equal(ms(row(nested, "serialize").self), 53.7);
	const around = viewOf(nested).around(row(nested, "serialize").frame);
	assert.equal(around.cpu, row(nested, "serialize").total);
	const edges = (list) => list.reduce((sum, edge) => sum + edge.cpu + edge.wait, 0);
	assert.equal(edges(around.callers), around.cpu + around.wait);
	assert.equal(edges(around.callees) + around.self, around.cpu + around.wait);
});

test("a search counts nested matches once, and finds what is folded", () => {
	const model = modelOf("orders");
	const found = (q) => {
		const { found: nodes, time } = viewOf(model, { q }).hits;
		return [nodes.size, ms(time)];
	};
	assert.deepEqual(found("iterencode"), [2, 33.1]);
	assert.deepEqual(found("/^(serialize|encode_decimal)$/"), [2, 123.9]);
	assert.deepEqual(found("app/db.py:88"), [1, 51.9]);
	assert.deepEqual(found("libpq"), [1, 50.7]);
	assert.deepEqual(found("5432"), [1, 47.7]);
	assert.deepEqual(found("no such thing"), [0, 0]);
	assert.equal(viewOf(model, { q: "/(/" }).hits, null);
});

test("the same state is the same view; what is no filter leaves the tree as it is", () => {
	const model = modelOf("orders");
	assert.equal(viewOf(model), viewOf(model));
	assert.equal(viewOf(model).root, viewOf(model, { q: "serialize", mode: "cpu", unit: "percent", sel: "f1", zoom: "f1" }).root);
	assert.notEqual(viewOf(model).root, viewOf(model, { from: 1 }).root);
});

test("paths lead to nodes, and as far as there are any", () => {
	const view = viewOf(modelOf("orders"));
	all(view.root).filter((n) => n.kind !== "run").forEach((node) => assert.equal(view.find(view.path(node)), node));
	assert.equal(view.find("f99.f98"), view.root);
	assert.equal(view.find(""), view.root);
});

test("what is too small is one node, and nothing is lost", () => {
	const view = viewOf(modelOf("orders"), { hide: 5 });
	for (const node of all(view.root)) {
		const shown = view.children(node).reduce((sum, child) => sum + view.value(child), 0);
		const rest = view.rest(node);
		const every = node.children.reduce((sum, child) => sum + view.value(child), 0);
		assert.equal(shown + (rest ? view.value(rest) : 0), every);
	}
});

test("a stack ten thousand frames deep", () => {
	const deep = (d) => {
		for (let i = 0; i < 10000; i++) {
			d.frames.push({ ...d.frames[2], function: `level_${i}`, line: i });
			d.stacks.push([d.stacks.length - 1, d.frames.length - 1]);
		}
		d.samples.stack[10] = d.stacks.length - 1;
		d.waits[3].stack = d.stacks.length - 1;
		return d;
	};
	const model = modelOf("orders", deep);
	assert.equal(viewOf(model).root.cpu, viewOf(modelOf("orders")).root.cpu);
	assert.equal(viewOf(model, { invert: true }).root.cpu, viewOf(model).root.cpu);
	assert.equal(viewOf(model).functions.length, 13 + 10000);
	assert.equal(viewOf(model, { q: "level_9999" }).hits.found.size, 1);
});

test("a request of which nothing is known", () => {
	const samples = { t: [], thread: [], task: [], stack: [], weight_ns: [], bound: [] };
	const empty = (d) => ({ ...d, threads: [], frames: [], stacks: [], waits: [], samples });
	const view = viewOf(modelOf("orders", empty));
	assert.deepEqual([view.root.cpu, view.functions, view.waits.length], [0, [], 0]);
	assert.ok(view.root.children.every((n) => n.kind === "class" || n.kind === "ambiguous"));
});
