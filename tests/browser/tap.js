/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Test Anything Protocol: ok(), equal() …, and main() that runs the parts of a test file. */
"use strict";

let count = 0;
let failed = 0;

function note(text) {
	String(text).split("\n").slice(0, 60).forEach((line) => console.log("# " + line));
}

/* One test; the detail is shown if it failed. */
function ok(good, name, detail = "") {
	count++;
	console.log(`${good ? "ok" : "not ok"} ${count} - ${name.replaceAll("#", "\\#")}`);
	if (!good) {
		failed++;
		note(detail);
	}
	return Boolean(good);
}

function equal(got, expected, name) {
	const [g, e] = [JSON.stringify(got), JSON.stringify(expected)];
	return ok(g === e, name, `     got: ${g}\nexpected: ${e}`);
}

function within(got, expected, slack, name) {
	return ok(Math.abs(got - expected) <= slack, name, `     got: ${got}\nexpected: ${expected} ± ${slack}`);
}

/* No fault in the list. */
function none(faults, name) {
	return ok(!faults.length, name, faults.slice(0, 20).map((f) => (typeof f === "string" ? f : JSON.stringify(f))).join("\n"));
}

/* Runs the parts one after the other; one that throws counts as a failed test and the others go on. */
async function run(...parts) {
	for (const part of parts) {
		try {
			await part();
		} catch (e) {
			ok(false, `${part.name} ran to its end`, e.stack);
		}
	}
	console.log(`1..${count}`);
	process.exitCode = failed || !count ? 1 : 0;
}

module.exports = { ok, equal, within, none, note, run };
