#!/usr/bin/env node
/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Exports in the programs that they are for: speedscope's page in a browser, the Firefox Profiler's importer; both read folded stacks, too. pprof's:
 * tests/golden/pprof.t. */
"use strict";

const { execFileSync, spawn } = require("node:child_process");
const fs = require("node:fs");
const http = require("node:http");
const os = require("node:os");
const path = require("node:path");
const { browserOf, fixtures, main, render } = require("./browser");
const { equal, none, ok, within } = require("./tap");

const SPEEDSCOPE = path.join(path.dirname(require.resolve("speedscope/package.json")), "dist/release");
const PROFILER = require.resolve("@firefox-devtools/profiler-cli");
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".json": "application/json" };
const MS = { ns: 1e-6, µs: 1e-3, ms: 1, s: 1000 };

/* ---- speedscope -------------------------------------------------------------------------------------------------- */

/* Its files, and below /profiles/ the fixtures; to nobody but this machine. */
function serve() {
	const server = http.createServer((request, response) => {
		const name = new URL(request.url, "http://localhost").pathname;
		const profile = /^\/profiles\/(\w+)\.(speedscope|folded)/.exec(name);

		response.setHeader("Content-Type", TYPES[path.extname(name)] || "application/octet-stream");
		try {
			response.end(profile ? render(profile[1], profile[2]) : fs.readFileSync(path.join(SPEEDSCOPE, path.normalize(name))));
		} catch (e) {
			response.statusCode = 404;
			response.end();
		}
	});
	return new Promise((done) => {
		server.listen(0, "127.0.0.1", () => done(server));
	});
}

async function openInSpeedscope(port, fixture, ending = ".speedscope.json") {
	const page = await browserOf().newPage();
	const profile = `http://127.0.0.1:${port}/profiles/${fixture}${ending}`;

	page.faults = [];
	page.on("pageerror", (error) => page.faults.push(error.message));
	page.on("dialog", (dialog) => {
		page.faults.push(dialog.message());
		dialog.dismiss();
	});
	await page.goto(`http://127.0.0.1:${port}/index.html#profileURL=${encodeURIComponent(profile)}`);
	await page.getByText("Sandwich").waitFor();
	return page;
}

/* "71.40ms (39%)"; of folded stacks "71,400 (40%)", in µs */
function inMs(text) {
	const found = /^([\d.,]+)(ns|µs|ms|s)?/.exec(text);
	return found ? found[1].replaceAll(",", "") * MS[found[2] || "µs"] : NaN;
}

/* Its table of functions: name → { total, self }. Only what can be seen is in the page. */
async function sandwich(page) {
	await page.keyboard.press("3");
	await page.locator("tr", { hasText: "Symbol Name" }).waitFor();
	await page.locator("tr:has(td)", { hasText: /\d.*%\)/ }).first().waitFor(); /* they come after their heading */
	const rows = await page.locator("tr:has(td)").allInnerTexts();
	return Object.fromEntries(rows.map((row) => row.split(/[\t\n]+/)).filter((cells) => cells.length >= 3)
		.map(([total, self, name]) => [name.trim(), { total: inMs(total), self: inMs(self) }]));
}

async function inSpeedscope() {
	const server = await serve();

	try {
		const page = await openInSpeedscope(server.address().port, "orders");
		const functions = await sandwich(page);
		equal(await page.title(), "GET /orders?id=…&profile=1 - speedscope", "speedscope: the request is what is shown first");
		ok((await page.innerText("body")).includes("GET /orders?id=…&profile=1 (1/3)"), "speedscope: with a profile for each thread");
		within(functions.encode_decimal.self, 41.3, 0.01, "speedscope: a function has its own time");
		within(functions.serialize.total, 123.9, 0.01, "speedscope: and that of what it called, waits too");
		within(functions["[network 127.0.0.1:5432]"].self, 47.7, 0.01, "speedscope: a wait is a leaf");
		await page.keyboard.press("n");
		await page.keyboard.press("n");
		ok((await page.innerText("body")).includes("AnyIO worker thread 4251 (3/3)"), "speedscope: the next profiles are the threads");
		within((await sandwich(page)).fetch_orders.total, 51.9, 0.01, "speedscope: with their functions");
		none(page.faults, "speedscope: no error");
		await page.close();
		for (const fixture of fixtures()) {
			const other = await openInSpeedscope(server.address().port, fixture);
			ok(Object.keys(await sandwich(other)).length > 0, `speedscope reads ${fixture}`);
			none(other.faults, `speedscope: ${fixture}: no error`);
			await other.close();
		}
		const folded = await openInSpeedscope(server.address().port, "orders", ".folded");
		const stacks = await sandwich(folded);
		within(stacks.encode_decimal.self, 41.3, 0.001, "speedscope reads folded stacks: a function's own time");
		within(stacks["AnyIO worker thread"].total, 176.1, 0.001, "speedscope reads folded stacks: the thread's time");
		within(stacks["[network 127.0.0.1:5432]"].self, 47.7, 0.001, "speedscope reads folded stacks: waits");
	} finally {
		server.close();
	}
}

/* ---- the Firefox Profiler ---------------------------------------------------------------------------------------- */

/* Its importer and its views behind a command line: one process loads a profile and answers, others ask it. */
class Profiler {
	constructor(directory, fixture, format = "gecko") {
		const file = path.join(directory, `${fixture}.${format}.${format === "gecko" ? "json" : "txt"}`);

		fs.writeFileSync(file, render(fixture, format));
		this.directory = directory;
		this.fixture = `${fixture}-${format}`;
		this.env = { ...process.env, HOME: directory, PROFILER_CLI_SESSION_DIR: directory, PROFILER_CLI_NO_SYMBOLICATE: "1" };
		this.child = spawn(process.execPath, [PROFILER, "--daemon", file, "--session", this.fixture], { env: this.env, stdio: "ignore" });
	}

	ask(...args) {
		return execFileSync(process.execPath, [PROFILER, ...args, "--session", this.fixture],
			{ encoding: "utf8", env: this.env, timeout: 60000, maxBuffer: 1 << 26, stdio: ["ignore", "pipe", "pipe"] });
	}

	/* Not to be asked before it says so: who finds it silent takes its files away. */
	async loaded() {
		const log = path.join(this.directory, `${this.fixture}.log`);

		for (let i = 0; i < 300 && this.child.exitCode === null; i++) {
			const text = fs.existsSync(log) ? fs.readFileSync(log, "utf8") : "";
			if (/Profile loaded|rror/.test(text)) {
				return text;
			}
			await new Promise((later) => {
				setTimeout(later, 100);
			});
		}
		return "it has ended, or loads for too long";
	}

	threads() {
		return JSON.parse(this.ask("thread", "list", "--json")).threads;
	}

	samples(thread) {
		return JSON.parse(this.ask("thread", "samples", "--json", "--include-idle", "--limit", "100", "--thread", thread));
	}

	markers(thread) {
		return this.ask("thread", "markers", "--list", "--thread", thread);
	}

	end() {
		this.child.kill();
	}
}

function checkOrders(profiler) {
	const worker = profiler.samples("t-2");
	const self = Object.fromEntries(worker.topFunctionsBySelf.map((f) => [f.name, f.selfSamples]));
	const network = worker.categoryBreakdown.categories.find((c) => c.name === "network");
	const request = profiler.markers("t-0");

	within(self["app!encode_decimal"], 41.3, 0.01, "Firefox Profiler: a function has its own time");
	within(self["[network 127.0.0.1:5432]"], 47.7, 0.01, "Firefox Profiler: a wait is a leaf");
	within(network.samples, 47.7, 0.01, "Firefox Profiler: in the category of its class");
	equal(profiler.markers("t-2").match(/127\.0\.0\.1:5432/g).length, 11, "Firefox Profiler: each wait is a marker");
	ok(/request .*183\.4/.test(request) && request.includes("first_response_byte"), "Firefox Profiler: the request and its marks, too", request);
}

async function inProfiler() {
	const directory = fs.mkdtempSync(path.join(os.tmpdir(), "reqprof-profiler-"));

	for (const fixture of fixtures()) {
		const profiler = new Profiler(directory, fixture);
		const report = JSON.parse(render(fixture, "json"));

		try {
			const log = await profiler.loaded();
			if (!ok(log.includes("Profile loaded successfully"), `Firefox Profiler loads ${fixture}`, log)) {
				continue;
			}
			const threads = profiler.threads();
			ok(threads.length > report.threads.length, `Firefox Profiler shows ${fixture}: the request and its threads`, JSON.stringify(threads));
			if (fixture === "orders") {
				checkOrders(profiler);
			}
		} finally {
			profiler.end();
		}
	}
	const folded = new Profiler(directory, "orders", "folded");
	try {
		const log = await folded.loaded();
		if (ok(log.includes("Profile loaded successfully"), "Firefox Profiler reads folded stacks", log)) {
			const self = folded.samples("t-0").topFunctionsBySelf.find((f) => f.name === "encode_decimal");
			equal(self.selfSamples, 41300, "Firefox Profiler reads folded stacks: a function's own time");
		}
	} finally {
		folded.end();
	}
	fs.rmSync(directory, { recursive: true, force: true });
}

main(inSpeedscope, inProfiler);
