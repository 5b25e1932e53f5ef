#!/usr/bin/env node
/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is shown of a report: range, thread, classes, libraries, what is small, upside down, focus; chips, the URL and the back button. */
"use strict";

const { close, main, open } = require("./browser");
const { equal, none, ok } = require("./tap");

const REQUEST = "GET /orders?id=…&profile=1";

function names(page) {
	return page.locator(".row .name, .row .folded").allInnerTexts();
}

function row(page, name) {
	return page.locator(".row").filter({ has: page.getByText(name, { exact: true }) }).first();
}

async function times(page, name) {
	return (await row(page, name).locator(".time").allInnerTexts()).join(" ");
}

function chips(page) {
	return page.locator("#chips .chip").allInnerTexts();
}

async function folding() {
	const page = await open("orders");
	const box = (text) => page.locator("#packages label").filter({ hasText: text }).locator("input");

	equal((await names(page)).slice(0, 6), [REQUEST, "list_orders", "serialize", "encode_decimal", "3 frames folded (json)", "ready but no CPU"],
		"library frames are one row at first");
	await page.click("#libraries summary");
	await box("fold library frames").uncheck();
	ok((await names(page)).includes("WorkerThread.run"), "all of them shown");
	await box("fold library frames").check();
	await box("json").uncheck();
	ok((await names(page)).includes("JSONEncoder.encode"), "one package shown");
	ok(!(await names(page)).includes("WorkerThread.run"), "and no other");
	await box("app (own)").check();
	ok(!(await row(page, "serialize").count()), "one's own package folded");
	await page.goBack();
	await page.goBack();
	equal((await names(page)).slice(0, 5), [REQUEST, "list_orders", "serialize", "encode_decimal", "3 frames folded (json)"], "back undoes both");
	ok(await box("json").isChecked(), "in the menu, too");
	await page.keyboard.press("Escape");
	ok(!(await page.locator("#libraries").evaluate((e) => e.open)), "Escape closes the menu");
	await row(page, "serialize").click();
	await page.focus(".tree");
	await page.keyboard.press("h");
	ok(await row(page, "serialize").count(), "what would leave no frame is not folded");
	equal(await page.locator("#hits").innerText(), "not folded: no frame would be left", "and that is said");
	await page.click("#libraries summary");
	await box("anyio").uncheck();
	await page.focus(".tree");
	await page.keyboard.press("h");
	ok(!(await row(page, "serialize").count()), "h folds the package of the chosen function");
	none(page.faults, "folding: silent");
	await close(page);
}

async function classes() {
	const page = await open("orders");

	await page.click("#part-gil");
	equal(await times(page, REQUEST), "4.4 – 4.4", "a click on the bar shows that class alone");
	equal([await chips(page), await page.getAttribute("#part-gil", "aria-pressed")], [["waiting for the GIL ×"], "true"], "and says so");
	await page.click("#part-network", { modifiers: ["Control"] });
	equal(await times(page, REQUEST), "52.1 – 52.1", "Ctrl adds another");
	await page.click("#tab-waits");
	equal(await page.locator(".groups tbody tr.opens").count(), 2, "in all views");
	await page.click("#chips .chip");
	equal([await chips(page), await page.locator(".groups tbody tr.opens").count()], [[], 3], "its chip shows all again");
	await page.goBack();
	equal(await page.locator(".groups tbody tr.opens").count(), 2, "back");
	await page.focus("#part-cpu_user");
	await page.keyboard.press("Enter");
	equal(await chips(page), ["on CPU (user) ×"], "by keyboard");
	none(page.faults, "classes: silent");
	await close(page);
}

async function rangeAndThread() {
	const page = await open("orders", { fragment: "#from=52000000&to=178000000" });

	equal(await chips(page), ["range 52.0–178.0 ms ×"], "a link with a range");
	const [cpu, wait] = (await times(page, REQUEST)).split(" ").slice(1).map(Number);
	ok(cpu > 100 && cpu < 119.4 && wait > 10 && wait < 30, "cuts the tree", [cpu, wait]);
	ok(!(await names(page)).includes("unknown"), "what has no place in time is not there");
	ok((await page.locator("#chips .note").innerText()).includes("left out"), "and that is said");
	await page.selectOption("#thread", { label: "MainThread 4242" });
	equal(await chips(page), ["range 52.0–178.0 ms ×", "thread MainThread 4242 ×"], "a thread");
	await page.locator("#chips .chip").first().click();
	equal(await times(page, REQUEST), "4.6 2.4 2.2", "the thread alone");
	await page.goBack();
	await page.goBack();
	equal(await page.inputValue("#thread"), "-1", "back");
	none(page.faults, "range and thread: silent");
	await close(page);
}

async function focusAndInvert() {
	const page = await open("orders");

	await row(page, "serialize").click();
	await page.focus(".tree");
	await page.keyboard.press("f");
	equal([await chips(page), (await names(page)).slice(0, 2)], [["focus serialize ×"], [REQUEST, "serialize"]], "f focuses the chosen function");
	equal(await times(page, REQUEST), "123.9 113.7 10.2", "with its time");
	await page.keyboard.press("f");
	equal([await chips(page), await times(page, REQUEST)], [[], "183.4 119.4 64.0"], "f again shows all");
	await page.check("#invert");
	equal((await names(page))[1], "network 127.0.0.1:5432", "upside down: the heaviest leaf first");
	await row(page, "encode_decimal").click();
	ok((await names(page)).includes("serialize"), "and who called it below");
	await page.goBack();
	equal((await names(page))[1], "list_orders", "back");
	none(page.faults, "focus and inversion: silent");
	await close(page);
}

async function smallAndUnit() {
	const page = await open("orders");

	await page.fill("#hide", "5");
	await page.press("#hide", "Enter");
	ok((await names(page)).includes("4 more, each under 5 %"), "what is small is one row", await names(page));
	await page.locator("#unit span").getByText("samples", { exact: true }).click();
	equal(await times(page, "encode_decimal"), "70 68 2", "in samples and waits");
	await page.reload();
	await page.waitForSelector("html.scripted");
	equal([await page.inputValue("#hide"), await times(page, "encode_decimal")], ["5", "70 68 2"], "the URL has it all");
	none(page.faults, "small and unit: silent");
	await close(page);
}

async function badFragments() {
	const bad = ["#tab=nonsense", "#sel=f999999&focus=f999999", "#thread=77&task=3&from=999999999999", "#zoom=f1.f2.f99&lib=%2B99", "#q=%00%ff"];
	for (const fragment of bad) {
		const page = await open("orders", { fragment });
		ok((await page.locator(".panel:visible").count()) === 1, `${fragment}: one panel is shown`);
		none(page.faults, `${fragment}: silent`);
		await close(page);
	}
}

async function tips() {
	const page = await open("orders");

	await row(page, "serialize").hover();
	await page.waitForSelector(".tip:visible");
	const text = await page.locator(".tip").innerText();
	const parts = ["/srv/orders/app/views.py:41", "total 123.9 ms (67.6 %)", "self 12.4 ms", "114 samples", "ready but no CPU"];
	ok(parts.every((part) => text.includes(part)), "the pointer on a row tells all of it", text);
	await page.mouse.move(5, 5);
	equal(await page.locator(".tip:visible").count(), 0, "and no more once it is gone");
	none(page.faults, "tips: silent");
	await close(page);
}

main(folding, classes, rangeAndThread, focusAndInvert, smallAndUnit, badFragments, tips);
