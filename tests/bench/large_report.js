/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A report as large as they get: a page of a fixture whose data are those of a long request with many stacks, samples and waits. */
"use strict";

const zlib = require("node:zlib");

const SAMPLES = 100000;
const WAITS = 200000;
const THREADS = 4;
const FUNCTIONS = 2000;
const STACKS = 20000;
const DEPTH = 60;
const STEP_NS = 100000; /* from one sample to the next, of a thread */

/* Numbers that look random and are the same in each run. */
function random(seed) {
	let state = seed;
	return (below) => {
		state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
		return Math.floor(state / 4294967296 * below);
	};
}

function makeFrames(pick) {
	const packages = ["app", "json", "fastapi", "starlette", "sqlalchemy", "psycopg"];
	return Array.from({ length: FUNCTIONS }, (_, i) => {
		const name = packages[pick(packages.length)];
		return { function: `function_${i}`, file: name === "app" ? `/srv/app/f${i % 50}.py` : `/usr/lib/python3/dist-packages/${name}/f${i % 50}.py`,
			line: 1 + pick(900), module: name, kind: "python", inlined: false };
	});
}

/* Chains that share their outer parts, as those of a server do. */
function makeStacks(pick) {
	const stacks = [[-1, 0]];
	const depths = [1];
	while (stacks.length < STACKS) {
		const last = stacks.length - 1;
		const near = last - pick(Math.min(stacks.length, 400));
		const parent = depths[last] < DEPTH && pick(10) ? last : depths[near] < DEPTH ? near : pick(Math.min(stacks.length, DEPTH / 2));
		depths.push(depths[parent] + 1);
		stacks.push([parent, pick(FUNCTIONS)]);
	}
	return stacks;
}

/* In each thread samples at equal steps; after some of them two waits. */
function makeTimes(pick) {
	const samples = { t: [], thread: [], task: [], stack: [], weight_ns: [], bound: [] };
	const waits = [];
	let stack = 0;
	for (let i = 0; i < SAMPLES; i++) {
		const thread = i % THREADS;
		const t = Math.floor(i / THREADS) * STEP_NS;
		stack = pick(3) ? stack : pick(STACKS);
		Object.entries({ t, thread, task: -1, stack, weight_ns: STEP_NS / 2, bound: 1 }).forEach(([name, value]) => samples[name].push(value));
		for (let k = 0; k < WAITS / SAMPLES; k++) {
			waits.push({ t: t + STEP_NS / 2 + k * STEP_NS / 4, duration: STEP_NS / 8 + pick(STEP_NS / 16), runnable: pick(STEP_NS / 16), thread, stack });
		}
	}
	waits.sort((a, b) => a.t - b.t);
	return { samples, waits, wall: SAMPLES / THREADS * STEP_NS };
}

function waitColumns(rows, pick, causes) {
	const objects = Array.from({ length: 50 }, (_, i) => `10.0.0.${i}:5432`);
	const column = (make) => rows.map(make);
	return {
		objects, wakers: [{ pid: 913, tid: 913, comm: "postgres", stack: -1 }], dt: column((row, i) => row.t - (i ? rows[i - 1].t : 0)),
		duration_ns: column((row) => row.duration), runnable_ns: column((row) => row.runnable), thread: column((row) => row.thread), task: column(() => -1),
		stack: column((row) => row.stack), cause: column(() => causes[pick(causes.length)]), object: column(() => pick(objects.length)), waker: column(() => 0),
	};
}

function enlarge(document) {
	const pick = random(7);
	const { samples, waits, wall } = makeTimes(pick);
	const classes = Object.keys(document.time.classes_ns);
	const causes = ["network", "lock", "disk", "gil"].map((name) => classes.indexOf(name));
	const ofThread = (rows, thread, value) => rows.reduce((sum, row) => sum + (row.thread === thread ? value(row) : 0), 0);
	const threads = Array.from({ length: THREADS }, (_, i) => ({ pid: 4242, tid: 4242 + i, comm: "server", name: `worker ${i}`,
		cpu_ns: SAMPLES / THREADS * STEP_NS / 2, wait_ns: ofThread(waits, i, (row) => row.duration) }));
	document.time.wall_ns = document.request.duration_ns = wall;
	return { ...document, threads, frames: makeFrames(pick), stacks: makeStacks(pick), samples, waits: waitColumns(waits, pick, causes), tasks: [],
		awaits: [], loop_busy: [] };
}

/* The page with such data, deflated as large ones are. */
function largePage(page) {
	return page.replace(/<script type="application\/json" id="data">(.*?)<\/script>/s, (all, json) => {
		const data = zlib.deflateSync(JSON.stringify(enlarge(JSON.parse(json)))).toString("base64");
		return `<script type="application/octet-stream" id="data" data-encoding="deflate">${data}</script>`;
	});
}

module.exports = { largePage, SAMPLES, WAITS };
