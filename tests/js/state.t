#!/usr/bin/env -S node --test-reporter=tap
/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The URL's fragment: what is no value is no state. */
"use strict";

const assert = require("node:assert/strict");
const test = require("node:test");
const { load } = require("./page");

const { State } = load();

test("nothing said: the defaults", () => {
	assert.deepEqual(State.parse(""), State.defaults);
	assert.deepEqual(State.parse("#"), State.defaults);
	assert.equal(State.format(State.defaults), "#");
});

test("a panel alone, as the page without script links it", () => {
	assert.equal(State.parse("#waits").tab, "waits");
	assert.equal(State.parse("#<script>").tab, "tree");
});

test("there and back", () => {
	const state = { ...State.defaults, tab: "flame", q: "a&b=/ü+ 😀#/", mode: "cpu", unit: "samples", from: 17, to: 4200, thread: 2, task: 0,
		classes: ["gil", "network"], lib: "+3,-7", hide: 2.5, invert: true, sel: "w:network:-1", focus: "f3", zoom: "f2.w:gil:0.r", flip: true,
		color: "class" };
	assert.deepEqual(State.parse(State.format(state)), state);
});

test("what is no value is left out, the rest stands", () => {
	const refused = { mode: "x", unit: "", from: "-1", to: "1e3", thread: "1.5", task: "x", classes: "nonsense,unknown", lib: "+x", hide: "51",
		invert: "true", sel: "f-1", focus: "w:gil:0", zoom: "<b>", flip: "2", color: "red", tab: "a b", nonsense: "1", __proto__: "x" };
	const state = State.parse("#" + new URLSearchParams(refused) + "&q=kept");
	assert.deepEqual(state, { ...State.defaults, classes: ["unknown"], q: "kept" });
});

test("a range with nothing in it is none", () => {
	assert.deepEqual([State.parse("#from=5&to=5").from, State.parse("#from=5&to=5").to], [0, 0]);
	assert.deepEqual([State.parse("#from=5").from, State.parse("#from=5").to], [5, 0]);
});

test("too long a search is none", () => {
	assert.equal(State.parse("#q=" + "x".repeat(1001)).q, "");
});
