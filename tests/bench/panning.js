#!/usr/bin/env node
/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How fast a large report moves in Chromium: opens it, turns the wheel with Shift in every frame, and prints a line of JSON for each view. */
"use strict";

const { close, main, open, render } = require("../browser/browser");
const { large, pageOf } = require("../browser/large");
const { none, ok } = require("../browser/tap");

const [samples, waits, seconds] = process.argv.slice(2).map(Number);
const SCREEN = { width: 1440, height: 900 };

function largePage(page) {
	return pageOf(page, large(JSON.parse(render("orders", "json")), samples, waits));
}

/* In the page. Zooms in by that many turns of the wheel, then pans for so many seconds, and counts the frames. */
async function pan([selector, turns, forSeconds]) {
	const canvas = document.querySelector(selector);
	canvas.scrollIntoView({ block: "center" });
	const { left, top, width } = canvas.getBoundingClientRect();
	const wheel = (deltaY, shiftKey) => canvas.dispatchEvent(new WheelEvent("wheel", { deltaY, shiftKey, clientX: left + width / 2, clientY: top + 80,
		bubbles: true, cancelable: true }));
	const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
	for (let i = 0; i < turns; i++) {
		wheel(-100, false);
	}
	await frame();
	const times = [performance.now()];
	while (times.at(-1) - times[0] < forSeconds * 1000) {
		wheel(Math.floor(times.length / 40) % 2 ? -30 : 30, true);
		await frame();
		times.push(performance.now());
	}
	const took = times.slice(1).map((t, i) => t - times[i]).sort((a, b) => a - b);
	const seconds = (times.at(-1) - times[0]) / 1000;
	return { perSecond: (times.length - 1) / seconds, median: took[took.length >> 1], worst: took[Math.floor(took.length * 0.99)] };
}

async function measure() {
	for (const tab of ["timeline", "flame"]) {
		const begin = Date.now();
		const page = await open("orders", { fragment: `#tab=${tab}`, viewport: SCREEN, change: largePage });
		const opened = Date.now() - begin;
		await page.waitForTimeout(1000);
		for (const turns of [3, 15]) {
			const seen = await page.evaluate(pan, [`#${tab} .${tab}-box canvas`, turns, seconds]);
			console.log(JSON.stringify({ tab, turns, opened, ...seen }));
			ok(seen.perSecond > 0, `${tab}, ${turns} turns`);
		}
		none(page.faults, `${tab}: silent`);
		await close(page);
	}
}

main(measure);
