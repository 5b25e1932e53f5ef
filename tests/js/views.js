/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The drawn views without a page, and reports for them. */
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const vm = require("node:vm");
const { FILES, document, inPage } = require("./page");

const REPORT = path.resolve(__dirname, "../../user/html/report");
const DRAWN = ["row", "canvas", "flame_layout", "flame_paint", "flame_svg", "timeline_data", "timeline_words", "timeline_lanes", "timeline_sight",
	"timeline_overview"];
const NAMES = ["Words", "State", "Data", "Model", "TreeRow", "Canvas", "FlameLayout", "FlamePaint", "FlameSvg", "TimelineData", "TimelineWords",
	"TimelineLanes", "TimelineSight", "TimelineOverview"];

/* In what order the page has its files. */
function embedded() {
	return [...fs.readFileSync(path.join(REPORT, "../embed.S"), "utf8").matchAll(/report\/(\w+)\.js/g)].map(([, name]) => name);
}

function loadViews() {
	const wanted = [...FILES, ...DRAWN];
	const sources = embedded().filter((name) => wanted.includes(name)).map((name) => fs.readFileSync(`${REPORT}/${name}.js`, "utf8"));
	return vm.runInThisContext(`(() => { ${sources.join("\n")}\nreturn { ${NAMES} }; })`, { filename: "report.js" })();
}

const page = loadViews();

/* A fixture's view for a state; change, if given, makes another document of it. */
function view(fixture, state = {}, change = (json) => json) {
	const model = new page.Model.Model(page.Data.read(inPage(change(document(fixture)))));
	return model.view({ ...page.State.defaults, ...state });
}

/* A node of a call tree by hand: [name, own time, children]. */
function tree([name, own, children = []], parent = null, counter = { n: 0 }) {
	const node = { id: counter.n++, name, parent, kind: "frame", frame: 0, children: [] };
	node.children = children.map((child) => tree(child, node, counter));
	node.time = own + node.children.reduce((sum, child) => sum + child.time, 0);
	return node;
}

module.exports = { ...page, view, tree };
