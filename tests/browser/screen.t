#!/usr/bin/env node
/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The first screen of every report, with and without script, light and dark: it says what its profile says, can be read, and is silent. */
"use strict";

const { close, fixtures, main, open, render } = require("./browser");
const { contrasts, parse, ratio, ENOUGH } = require("./contrast");
const { equal, none, ok, within } = require("./tap");

const THEMES = ["light", "dark"];
const ROWS = 20;

function decimals(wallNs) {
	return wallNs < 1e6 ? 3 : wallNs < 1e7 ? 2 : wallNs < 1e11 ? 1 : 0;
}

/* Bar, legend, header: against the profile, not against each other. */
async function checkTimes(page, fixture, profile, variant) {
	const { wall_ns: wall, classes_ns: classes } = profile.time;
	const present = Object.keys(classes).filter((c) => classes[c]);
	const bar = await page.locator(".bar").boundingBox();
	const parts = await page.locator(".part").evaluateAll((all) => all.map((e) => [
		e.id.replace("part-", ""), e.getBoundingClientRect().width]));
	const legend = await page.locator(".legend li:not(.sum)").evaluateAll((all) => all.map((li) => [
		li.querySelector(".key").className.replace("key c-", ""), Number(li.querySelector("b").textContent)]));
	const is = `${fixture} ${variant}:`;
	const step = 10 ** -decimals(wall);

	equal(parts.map((p) => p[0]).sort(), present.sort(), `${is} the bar has a part for each class with time`);
	equal(legend.map((l) => l[0]), parts.map((p) => p[0]), `${is} the legend has the parts of the bar, in their order`);
	none(legend.filter(([c, ms]) => Math.abs(ms - classes[c] / 1e6) > 0.51 * step), `${is} the legend has the times of the profile`);
	within(legend.reduce((sum, l) => sum + l[1], 0), wall / 1e6, 0.51 * step * legend.length, `${is} the legend adds up to the wall time`);
	within(parts.reduce((sum, p) => sum + p[1], parts.length - 1), bar.width, 1, `${is} the parts fill the bar`);
	/* Each has 3 px at least; they and the gaps are taken from the others, by their shares. */
	none(parts.filter(([c, width]) => Math.abs(width - Math.max(3, bar.width * classes[c] / wall)) > 1 + 4 * parts.length * classes[c] / wall),
		`${is} the parts have the widths of their times`);
}

async function checkWords(page, fixture, profile, variant) {
	const header = await page.locator("header").innerText();
	/* Of several requests in one profile the header is about the median one: its times are their sums. */
	const wall = profile.merged ? profile.merged.find((r) => r.id === profile.request.id).duration_ns : profile.time.wall_ns;
	const duration = `${(wall / 1e6).toFixed(decimals(wall))} ms`;
	const is = `${fixture} ${variant}:`;
	const shares = await page.locator(".answers strong").allInnerTexts();

	ok(header.includes(duration), `${is} the header has the duration`, header);
	within(shares.reduce((sum, text) => sum + Number(text.match(/[\d.]+/)), 0), 100, 0.05 * shares.length + 0.05,
		`${is} the sentences account for everything`);
}

/* Without script all panels but those that are drawn stand below each other, with the heaviest functions and the longest waits. */
async function checkPanels(page, fixture, profile, variant) {
	const boxes = await page.locator(".panel:not([hidden])").evaluateAll((all) =>
		all.map((e) => e.getBoundingClientRect()).map((r) => [r.top, r.height]));
	const controls = await page.locator(".toolbar, .tools").evaluateAll((all) => all.filter((e) => e.offsetHeight).map((e) => e.id));
	const rows = (selector) => page.locator(`${selector} tbody tr`).count();
	const is = `${fixture} ${variant}:`;
	const functions = new Set(profile.samples.stack.map((s) => (s < 0 ? "" : JSON.stringify(profile.stacks[s]))));

	ok(boxes.every(([top, height], i) => height > 20 && (!i || top > boxes[i - 1][0])), `${is} all panels stand below each other`, boxes);
	equal(await rows(".longest"), Math.min(ROWS, profile.waits.length), `${is} the longest waits`);
	ok(await rows(".functions") >= Math.min(ROWS, functions.size), `${is} the heaviest functions`);
	ok(await rows(".outline") > 1, `${is} the call tree`);
	none(controls, `${is} no control that would not work`);
}

async function checkContrast(page, fixture, variant) {
	const list = await contrasts(page);
	const is = `${fixture} ${variant}:`;

	ok(list.length > 20, `${is} the screen has text`, list.length);
	none(list.filter((seen) => seen.contrast < ENOUGH).map((seen) => `${seen.contrast.toFixed(2)} ${seen.text}`),
		`${is} all its text has enough contrast`);
}

async function checkReport(fixture, script) {
	const profile = JSON.parse(render(fixture, "json"));
	const page = await open(fixture, { script });

	for (const theme of THEMES) {
		const variant = `${script ? "" : "without script, "}${theme}`;

		await page.emulateMedia({ colorScheme: theme });
		await checkTimes(page, fixture, profile, variant);
		await checkWords(page, fixture, profile, variant);
		await checkContrast(page, fixture, variant);
		if (!script) {
			await checkPanels(page, fixture, profile, variant);
		}
		none(page.faults, `${fixture} ${variant}: silent`);
	}
	await close(page);
}

async function everyReport() {
	for (const fixture of fixtures()) {
		await checkReport(fixture, true);
		await checkReport(fixture, false);
	}
}

/* The measures themselves: known contrasts; and faults that are planted and must be noticed. */
async function measures() {
	within(ratio(parse("rgb(255, 255, 255)"), parse("rgb(0, 0, 0)")), 21, 0.01, "black on white has contrast 21");
	within(ratio(parse("rgb(118, 118, 118)"), parse("rgb(255, 255, 255)")), 4.54, 0.01, "grey on white has contrast 4.54");
	const page = await open("orders");

	await page.evaluate(() => {
		document.querySelector("h1").style.color = "#aaa";
		console.log("planted");
		const image = new Image();
		image.src = "file:///planted.png";
		document.body.append(image);
	});
	await page.waitForFunction(() => document.images[0].complete);
	ok((await contrasts(page)).some((seen) => seen.contrast < ENOUGH), "faint text is noticed");
	ok(page.faults.some((fault) => fault.includes("planted")), "a message is noticed");
	ok(page.faults.some((fault) => /Content Security Policy/.test(fault)), "an image is refused by the policy, and noticed",
		page.faults.join("\n"));
	await close(page);
}

main(measures, everyReport);
