#!/usr/bin/env node
/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who calls a function and what it calls; waits that open; source lines. */
"use strict";

const { close, main, open, render } = require("./browser");
const { pageOf } = require("./large");
const { equal, none, ok } = require("./tap");

function edges(page, side) {
	return page.locator(`.sandwich > :nth-child(${side}) .edge`).evaluateAll((all) =>
		all.map((e) => [...e.querySelectorAll(".time, .name")].map((part) => part.textContent).join(" ")));
}

async function sandwich() {
	const page = await open("orders");

	await page.click("#tab-functions");
	ok(!(await page.locator(".sandwich").isVisible()), "nothing chosen at first");
	await page.locator(".functions .chooser").getByText("serialize", { exact: true }).click();
	equal(await page.locator(".sandwich .middle h3").innerText(), "serialize", "the chosen function");
	equal(await edges(page, 1), ["123.9 list_orders"], "its caller to the left");
	equal(await edges(page, 3), ["12.4 itself", "71.4 encode_decimal", "33.1 JSONEncoder.encode", "7.0 ready but no CPU"], "what it calls to the right");
	await page.locator(".edge").getByText("encode_decimal").dblclick();
	equal([await page.locator(".sandwich .middle h3").innerText(), await edges(page, 1)], ["encode_decimal", ["71.4 serialize"]],
		"a double click looks at another");
	await page.locator(".sandwich > :nth-child(1) .edge").focus();
	await page.keyboard.press("Enter");
	equal(await page.locator(".sandwich .middle h3").innerText(), "serialize", "Enter too");
	await page.click("#tab-tree");
	equal(await page.locator('.row[aria-selected="true"] .name').innerText(), "serialize", "it is chosen in the call tree as well");
	await page.click("#tab-functions");
	await page.click(".sandwich .middle button");
	equal(await page.locator("#chips .chip").allInnerTexts(), ["focus serialize ×"], "and can be focused");
	none(page.faults, "sandwich: silent");
	await close(page);
}

async function waits() {
	const page = await open("orders");

	await page.click("#tab-waits");
	equal(await page.locator(".groups canvas").count(), 3, "each group shows when its waits were");
	await page.locator(".groups .opener").first().click();
	equal(await page.locator(".singles tbody tr").count(), 11, "a group opens to its waits");
	equal((await page.locator(".singles tbody td:nth-child(2)").allInnerTexts()).slice(0, 3), ["9.8", "8.4", "4.7"], "the longest first");
	await page.locator(".singles .opener").first().focus();
	await page.keyboard.press("Enter");
	const stacks = await page.locator(".singles .stack").allInnerTexts();
	ok(stacks[0].startsWith("AnyIO worker thread 4251 waited in") && stacks[0].includes("fetch_orders app/db.py:88"),
		"a wait opens to its stack", stacks);
	ok(stacks[1].startsWith("postgres[913] woke it"), "and to who ended it", stacks);
	await page.locator(".longest .opener").nth(4).click();
	ok((await page.locator(".longest .stack").innerText()).includes("serialize"), "so does one of all waits");
	await page.locator(".stacks button").first().click();
	equal(await page.locator(".panel:visible").getAttribute("id"), "timeline", "it leads to the timeline");
	equal((await page.locator("#chips .chip").allInnerTexts()).length, 1, "to its range");
	await page.goBack();
	await page.waitForSelector(".groups canvas");
	await page.locator(".groups canvas").first().click({ position: { x: 6, y: 8 } });
	equal(await page.locator(".panel:visible").getAttribute("id"), "timeline", "a dot does, too");
	none(page.faults, "waits: silent");
	await close(page);
}

/* The page as with --source. */
function withSource(page) {
	const lines = Array.from({ length: 40 }, (_, i) => (i === 21 ? "\treturn [encode_decimal(o) for o in orders] # </script><b>" : `line ${20 + i}`));
	return pageOf(page, { ...JSON.parse(render("orders", "json")), sources: [{ file: "/srv/orders/app/views.py", first_line: 20, lines }] });
}

async function source() {
	const page = await open("orders", { change: withSource });

	ok(!(await page.locator(".source").isVisible()), "no source before a function is chosen");
	await page.locator(".row").filter({ hasText: "serialize" }).first().click();
	equal(await page.locator(".line.heavy").innerText(), "123.9\n12.4\n41\n    return [encode_decimal(o) for o in orders] # </script><b>",
		"the line, with its time");
	equal(await page.locator(".source .line").count(), 40, "among those around it");
	await page.locator(".row").filter({ hasText: "fetch_orders" }).first().click();
	ok(!(await page.locator(".source").isVisible()), "none where none was recorded");
	none(page.faults, "source: silent");
	await close(page);
}

main(sandwich, waits, source);
