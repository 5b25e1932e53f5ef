/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The page's script without a page: its files in their order, those that need no document, and a report as they read it. */
"use strict";

const { execFileSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const vm = require("node:vm");

const ROOT = path.resolve(__dirname, "../..");
const RENDER = process.env.RENDER || `${ROOT}/build/golden/render`;
const { inPage } = require("../browser/large");

/* Those that compute. */
const FILES = ["words", "state", "data", "frames", "pairs", "groups", "weights", "nodes", "node_table", "calls", "inverted", "functions", "search",
	"model", "lanes", "wait_groups", "speedscope", "exports"];

function load(globals = {}) {
	const sources = FILES.map((name) => fs.readFileSync(`${ROOT}/user/html/report/${name}.js`, "utf8"));
	const names = "Words, State, Data, Frames, Pairs, Groups, Weights, Calls, Inverted, Functions, Search, Model, Speedscope, Exports, WaitGroups";
	const body = `(${Object.keys(globals)}) => { ${sources.join("\n")}\nreturn { ${names} }; }`;
	return vm.runInThisContext(body, { filename: "report.js" })(...Object.values(globals));
}

function render(fixture, format) {
	return execFileSync(RENDER, [fixture, format], { encoding: "utf8", maxBuffer: 1 << 28 });
}

/* A fixture's JSON document. */
function document(fixture) {
	return JSON.parse(render(fixture, "json"));
}

/* The element of its page that has the document. */
function pageElement(fixture) {
	const [, attributes, textContent] = /<script type="application\/[a-z-]*" id="data"([^>]*)>(.*?)<\/script>/s.exec(render(fixture, "html"));
	return { textContent, dataset: Object.fromEntries([...attributes.matchAll(/data-(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value])) };
}

/* The formats that there are. */
function formats() {
	return execFileSync(RENDER, { encoding: "utf8" }).trim().split("\n").map((line) => line.split(" ")[1]);
}

module.exports = { FILES, load, render, document, formats, inPage, pageElement };
