#!/usr/bin/env node
/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What axe-core finds: roles, names, contrast, landmarks, in every tab, light and dark; motion that was asked not to be. */
"use strict";

const { execFileSync } = require("node:child_process");
const fs = require("node:fs");
const { pathToFileURL } = require("node:url");
const { close, main, open, ROOT, scratch, visit } = require("./browser");
const { none, ok } = require("./tap");

const AXE = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const FRAGMENTS = ["#tab=tree&sel=f3&q=serialize&classes=cpu_user,network", "#tab=flame", "#tab=timeline", "#tab=functions&sel=f3", "#tab=waits",
	"#tab=about"];
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"];

/* Violations, each with what it is of. */
async function violations(page) {
	await page.evaluate(AXE);
	const { violations: found } = await page.evaluate((tags) => window.axe.run(document, { runOnly: tags }), TAGS);
	const tell = (id, help, { html, any }) => `${id}: ${help}: ${html.slice(0, 160)} ${any.map((check) => check.message).join("; ")}`;
	return found.flatMap(({ id, help, nodes }) => nodes.map((node) => tell(id, help, node)));
}

async function tabs() {
	for (const theme of ["light", "dark"]) {
		for (const fragment of FRAGMENTS) {
			const page = await open("orders", { theme, fragment });
			none(await violations(page), `${theme} ${fragment}: nothing found`);
			none(page.faults, `${theme} ${fragment}: silent`);
			await close(page);
		}
	}
}

async function menus() {
	const page = await open("orders");
	await page.click("#libraries summary");
	none(await violations(page), "libraries: nothing found");
	await page.click("#download summary");
	none(await violations(page), "download: nothing found");
	await page.keyboard.press("Escape");
	await page.click("#help");
	none(await violations(page), "help: nothing found");
	await page.keyboard.press("Escape");
	await page.click("#tab-waits");
	await page.locator(".opener").first().click();
	await page.locator(".singles .opener").first().click();
	none(await violations(page), "an open wait: nothing found");
	await close(page);
}

async function withoutScript() {
	for (const fixture of ["orders", "loop", "upload"]) {
		const page = await open(fixture, { change: function withoutScript(text) {
			return text.replace(/<script>(?!.*<script>).*<\/script>/s, "").replace(/<meta http-equiv[^>]*>/, "");
		}, wait: false });
		none(await violations(page), `${fixture} without its script: nothing found`);
		await close(page);
	}
}

/* Everything can be reached by Tab, and where the focus is can be seen. */
async function keyboard() {
	const page = await open("orders");
	const reached = new Set();
	const hidden = [];
	for (let i = 0; i < 60; i++) {
		await page.keyboard.press("Tab");
		const at = await page.evaluate(() => {
			const e = document.activeElement;
			if (e === document.body) {
				return { what: "", seen: true };
			}
			const style = getComputedStyle(e.matches(".choice input") ? e.nextElementSibling : e);
			const row = e.matches('[role="tree"]') ? e.querySelector('[aria-selected="true"]') : null;
			const outline = row ? getComputedStyle(row) : style;
			const seen = parseFloat(outline.outlineWidth) > 0 && outline.outlineStyle !== "none";
			return { what: e.id || e.className || e.textContent.slice(0, 30) || e.tagName, seen };
		});
		reached.add(at.what);
		if (!at.seen) {
			hidden.push(at.what);
		}
	}
	const expected = ["theme", "copy", "help", "part-cpu_user", "tab-tree", "search", "thread", "hide", "invert", "tree"];
	none(expected.filter((what) => !reached.has(what)), "all controls are reached by Tab");
	none(hidden, "the focus is always to be seen");
	await close(page);
}

async function motion() {
	const page = await open("orders", { motion: "reduce" });
	const moving = await page.evaluate(() => [...document.querySelectorAll("*")].filter((e) => {
		const { transitionDuration, animationName } = getComputedStyle(e);
		return parseFloat(transitionDuration) > 0 || animationName !== "none";
	}).length);
	ok(moving === 0, "nothing moves where motion is to be reduced", moving);
	await close(page);
}

/* The list of reports: whole, of one route, with an entry of each control, and before its script has run. */
async function list() {
	const where = scratch("list");
	execFileSync(`${ROOT}/build/tests/make_reports`, [where, "45"]);
	const url = pathToFileURL(`${where}/index.html`).href;
	for (const theme of ["light", "dark"]) {
		for (const fragment of ["", "#q=orders&sort=duration"]) {
			const page = await visit(url + fragment, { theme });
			none(await violations(page), `list, ${theme} ${fragment}: nothing found`);
			none(page.faults, `list, ${theme} ${fragment}: silent`);
			await close(page);
		}
	}
}

async function listByKeyboard() {
	const where = scratch("list");
	execFileSync(`${ROOT}/build/tests/make_reports`, [where, "9"]);
	const page = await visit(pathToFileURL(`${where}/index.html`).href);
	const controls = await page.evaluate(() => {
		const all = [...document.querySelectorAll("button, input, select, a[href]")].filter((e) => e.offsetParent && e.tabIndex >= 0);
		all.forEach((e, i) => (e.dataset.number = i));
		return all.map((e) => e.outerHTML.slice(0, 80));
	});
	const hidden = [];
	for (let i = 0; i < 2 * controls.length; i++) {
		await page.keyboard.press("Tab");
		const at = await page.evaluate(() => {
			const e = document.activeElement;
			const { outlineWidth, outlineStyle } = getComputedStyle(e);
			const seen = e === document.body || (parseFloat(outlineWidth) > 0 && outlineStyle !== "none");
			e.dataset.reached = "yes";
			return { what: e.outerHTML.slice(0, 80), seen };
		});
		if (!at.seen) {
			hidden.push(at.what);
		}
	}
	const missed = await page.evaluate(() => [...document.querySelectorAll("[data-number]:not([data-reached])")].map((e) => e.outerHTML.slice(0, 80)));
	ok(controls.length > 20, "list: has its controls", controls.length);
	none(missed, "list: all of them are reached by Tab");
	none(hidden, "list: the focus is always to be seen");
	await close(page);
}

main(tabs, menus, withoutScript, keyboard, motion, list, listByKeyboard);
