#!/usr/bin/env node
/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The page of reqprof diff, as somebody reads it who compares two reports: it has no script. */
"use strict";

const { close, main, open, SCREEN } = require("./browser");
const { contrasts, parse, ratio, ENOUGH } = require("./contrast");
const { equal, none, ok, within } = require("./tap");

const PAIRS = [["orders", "slower"], ["six", "six-slower"], ["mixed", "mixed-slower"], ["hostile", "hostile-slower"], ["ready", "ready"]];
const NARROW = { width: 390, height: 800 };
const TALL = { width: 1440, height: 4000 };

const show = (sides, options) => open(sides, { script: false, ...options });

async function answer() {
	const page = await show(["orders", "slower"], { viewport: TALL });

	equal(await page.locator(".verdict").innerText(), "slower by 81.8 ms, +44.6 %", "the answer comes first");
	const row = page.locator("tr", { hasText: "network" }).first();
	ok(/47\.7\s+95\.4\s+\+47\.7/.test(await row.innerText()), "how much of it was waiting for the network", await row.innerText());
	const slow = page.locator("tr", { hasText: "encode_decimal" }).first();
	ok(/41\.3\s+62\.0\s+\+20\.6/.test(await slow.innerText()), "and how much in which function", await slow.innerText());
	const [a, b] = await page.locator(".pair .bar").evaluateAll((bars) => bars.map((bar) =>
		[...bar.querySelectorAll(".part")].reduce((sum, part) => sum + part.getBoundingClientRect().width, 0)));
	within(b / a, 265.2 / 183.4, 0.03, "the bars are of one scale");
	await close(page);
}

async function flames() {
	const page = await show(["orders", "slower"], { viewport: TALL });
	const frames = await page.locator(".icicle g").evaluateAll((all) => all.map((g) => ({
		title: g.querySelector("title").textContent, fill: getComputedStyle(g.querySelector("rect")).fill, text: g.querySelector("text")?.textContent,
		box: g.querySelector("rect").getBoundingClientRect().toJSON(), label: g.querySelector("text")?.getBoundingClientRect().toJSON(),
	})));
	const named = (name) => frames.find((frame) => frame.title.startsWith(name));

	ok(named("encode_decimal").title.includes("71.4 → 105.5 ms, +34.1"), "pointing at a frame tells its times", named("encode_decimal").title);
	within(named("encode_decimal").box.width / named("GET /orders").box.width, 105.5 / 265.2, 0.02, "it is as wide as the larger side");
	ok(named("encode_decimal").fill !== named("_make_iterencode").fill, "what is slower has another colour than what is the same");
	none(frames.filter(({ label, box }) => label && label.right > box.right + 1).map((frame) => frame.text), "names stay inside of their frames");
	await close(page);
}

async function looks() {
	for (const sides of PAIRS) {
		for (const theme of ["light", "dark"]) {
			const page = await show(sides, { theme, viewport: TALL });
			const where = `${sides.join(" against ")}, ${theme}`;
			const inPicture = new Set(await page.locator(".icicle text").allTextContents());
			const list = (await contrasts(page)).filter((seen) => !inPicture.has(seen.text));
			const fills = await page.locator(".icicle g:has(text)").evaluateAll((all) => all.map((g) =>
				[getComputedStyle(g.querySelector("text")).fill, getComputedStyle(g.querySelector("rect")).fill]));

			none(list.filter((seen) => seen.contrast < ENOUGH).map((seen) => `${seen.contrast.toFixed(2)} ${seen.text}`), `${where}: enough contrast`);
			none(fills.filter(([text, rect]) => ratio(parse(text), parse(rect)) < ENOUGH), `${where}: in the flame graph, too`);
			none(page.faults, `${where}: silent`);
			await close(page);
		}
	}
}

async function widths() {
	for (const sides of PAIRS) {
		for (const viewport of [SCREEN, NARROW]) {
			const page = await show(sides, { viewport });
			const [scroll, client] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);

			equal(scroll, client, `${sides.join(" against ")} at ${viewport.width} px: no scrolling to the side`);
			await close(page);
		}
	}
}

main(answer, flames, looks, widths);
