/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reports of any size: a page whose data are replaced, and a profile as of a large service. */
"use strict";

const zlib = require("node:zlib");

const CLASSES = ["cpu_user", "cpu_kernel", "interrupt", "run_queue", "throttled", "stopped", "gil", "lock", "disk", "network", "sleep",
	"page_fault", "child", "ipc", "other_wait", "loop_busy", "suspended", "unknown"];

/* A number for each different value, −1 for null. */
function number(values, key) {
	const table = [];
	const index = new Map();
	const numbers = values.map((value) => {
		if (value === null) {
			return -1;
		}
		if (!index.has(key(value))) {
			index.set(key(value), table.push(value) - 1);
		}
		return index.get(key(value));
	});
	return { table, numbers };
}

function stepsOf(times) {
	return times.map((t, i) => t - (i ? times[i - 1] : 0));
}

/* The stacks, the samples and the waits of a JSON document as tables of columns. Which samples are edges JSON does not say. */
function sampleTable({ t, ...columns }) {
	return { n: t.length, dt: stepsOf(t), ...columns, edge: t.map(() => 0) };
}

function waitTable(rows) {
	const waits = [...rows].sort((a, b) => a.t - b.t);
	const objects = number(waits.map((w) => w.object), String);
	const wakers = number(waits.map((w) => w.waker), JSON.stringify);
	const column = (name) => waits.map((w) => w[name]);
	return {
		n: waits.length, dt: stepsOf(column("t")), duration_ns: column("duration_ns"), runnable_ns: column("runnable_ns"), thread: column("thread"),
		task: column("task"), stack: column("stack"), cause: waits.map((w) => CLASSES.indexOf(w.cause)), object: objects.numbers, waker: wakers.numbers,
		objects: objects.table, wakers: wakers.table,
	};
}

/* A JSON document as it stands in the page. */
function inPage(profile) {
	const work = ({ samples, waits }) => ({ samples: sampleTable(samples), waits: waitTable(waits) });
	const { stacks, after } = profile;
	return {
		...profile, stacks: { n: stacks.length, parent: stacks.map(([parent]) => parent), frame: stacks.map(([, frame]) => frame) },
		...work(profile), after: after && { ...after, ...work(after) },
	};
}

/* A column's place among the bytes of all, which it is added to. */
function pack(column, parts) {
	const min = column.reduce((least, value) => Math.min(least, value), column.length ? column[0] : 0);
	const span = column.reduce((most, value) => Math.max(most, value - min), 0);
	const bytes = span ? Math.floor(Math.log2(span) / 8) + 1 : 0;
	const at = parts.reduce((sum, part) => sum + part.length, 0);
	for (let byte = 0; byte < bytes; byte++) {
		parts.push(Uint8Array.from(column, (value) => Math.floor((value - min) / 256 ** byte) % 256));
	}
	return { at, min, bytes };
}

/* A document with its columns apart. */
function packed(document) {
	const parts = [];
	const table = (columns) => Object.fromEntries(Object.entries(columns).map(([name, column]) =>
		[name, Array.isArray(column) && typeof (column[0] || 0) === "number" ? pack(column, parts) : column]));
	const work = ({ samples, waits }) => ({ samples: table(samples), waits: { ...table(waits), objects: waits.objects, wakers: waits.wakers } });
	const { after } = document;
	const text = { ...document, stacks: table(document.stacks), ...work(document), after: after && { ...after, ...work(after) } };
	return { text: Buffer.from(JSON.stringify(text)), columns: Buffer.concat(parts) };
}

/* The page with a profile as its data, packed as those of a large one are. */
function pageOf(page, profile) {
	const { text, columns } = packed(inPage(profile));
	const data = zlib.deflateSync(Buffer.concat([text, columns]), { level: 1 }).toString("base64");

	return page.replace(/<script type="application\/(json|octet-stream)" id="data".*?<\/script>/s,
		() => `<script type="application/octet-stream" id="data" data-text="${text.length}" data-encoding="deflate">${data}</script>`);
}

/* The same numbers each time. */
function dice(seed) {
	let state = seed;
	return (n) => {
		state = (Math.imul(state, 1103515245) + 12345) >>> 0;
		return Math.floor(state / 4294967296 * n);
	};
}

function growStacks(profile, roll, n) {
	const kinds = ["python", "python", "python", "native", "kernel"];
	for (let i = 0; i < 3000; i++) {
		const kind = kinds[roll(kinds.length)];
		const file = kind === "python" ? `/srv/app/package_${i % 40}/module_${i % 200}.py` : null;
		profile.frames.push({ function: `function_${i}`, file, line: 1 + roll(500),
			module: kind === "kernel" ? "kernel" : kind === "native" ? `/usr/lib/libnative${i % 30}.so.1` : `package_${i % 40}`, kind, inlined: false });
	}
	const first = profile.stacks.length;
	for (let i = 0; i < n; i++) {
		const parent = i < 20 ? -1 : first + Math.max(0, i - 1 - roll(Math.min(i, 60)));
		profile.stacks.push([parent, roll(3000)]);
	}
	return first;
}

/* A profile of so many samples and waits, on eight threads, made of that of a fixture. */
function large(fixture, samples, waits) {
	const roll = dice(7);
	const profile = structuredClone(fixture);
	const wall = 60e9;
	const nStacks = 20000;
	const first = growStacks(profile, roll, nStacks);
	const columns = { t: [], thread: [], task: [], stack: [], weight_ns: [], bound: [] };
	Object.assign(profile, { samples: columns, waits: [] });
	profile.time = { ...profile.time, wall_ns: wall, classes_ns: { ...profile.time.classes_ns, unknown: 0 } };
	profile.request = { ...profile.request, duration_ns: wall };
	profile.threads = Array.from({ length: 8 }, (_, i) => ({ ...profile.threads[0], tid: 5000 + i, name: `worker ${i}` }));
	for (let i = 0; i < samples; i++) {
		const row = { t: Math.floor(i * wall / samples), thread: i % 8, task: -1, stack: first + roll(nStacks), bound: 1,
			weight_ns: 200000 + roll(300000) };
		Object.entries(row).forEach(([name, value]) => columns[name].push(value));
	}
	for (let i = 0; i < waits; i++) {
		const waker = roll(3) ? { pid: 900 + roll(20), tid: 900 + roll(20), comm: "postgres", stack: -1 } : null;
		profile.waits.push({ t: Math.floor(i * wall / waits), duration_ns: roll(1000000), runnable_ns: roll(4) ? 0 : roll(50000),
			thread: i % 8, task: -1, stack: first + roll(nStacks), cause: ["network", "lock", "gil", "disk"][roll(4)],
			object: roll(5) ? `10.0.0.${roll(20)}:${roll(30)}` : null, waker });
	}
	return profile;
}

module.exports = { CLASSES, inPage, packed, pageOf, large };
