/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A browser with a new and empty profile, reports in it, and a record of what a report must never do. All files of a run are in one
 * directory that is gone at the end.
 */
"use strict";

const { execFileSync } = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { pathToFileURL } = require("node:url");
const { chromium } = require("playwright-core");
const tap = require("./tap");

const ROOT = path.resolve(__dirname, "../..");
const RENDER = process.env.RENDER || `${ROOT}/build/golden/render`;
const CHROMIUM = process.env.CHROMIUM || "/usr/bin/chromium";
const FLAGS = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
	"--disable-sync"];
const SCREEN = { width: 1280, height: 800 };
const TIMEOUT_MS = 10000;

const directory = fs.mkdtempSync(path.join(os.tmpdir(), "reqprof-browser-"));
let browser = null;

function render(fixture, format) {
	return execFileSync(RENDER, fixture ? [fixture, format] : [], { encoding: "utf8", maxBuffer: 1 << 28 });
}

function fixtures() {
	return [...new Set(render().trim().split("\n").map((line) => line.split(" ")[0]))];
}

function formats() {
	return [...new Set(render().trim().split("\n").map((line) => line.split(" ")[1]))];
}

/* The page of a fixture, or of two sides that are compared. */
function pageOf(fixture) {
	return Array.isArray(fixture) ? execFileSync(RENDER, ["diff", ...fixture, "html"], { encoding: "utf8" }) : render(fixture, "html");
}

/* A file with the fixture's report; change, if given, makes another text of it. */
function reportFile(fixture, change) {
	const file = path.join(directory, `${fixture}${change ? "-" + change.name : ""}.html`);
	if (!fs.existsSync(file)) {
		fs.writeFileSync(file, change ? change(pageOf(fixture)) : pageOf(fixture));
	}
	return file;
}

/* What the page did that no report may do: messages of the browser, of its policy too, exceptions, dialogs, windows, and requests for
 * anything but the file itself and its empty icon. What the page makes itself, for a download, is no request to anybody. */
function watch(page, url, allowed = /^(data:,$|blob:null\/)/) {
	const faults = [];

	page.on("console", (message) => faults.push(`console: ${message.type()}: ${message.text()}`));
	page.on("pageerror", (error) => faults.push(`exception: ${error.message}`));
	page.on("popup", (popup) => faults.push(`window: ${popup.url()}`));
	page.on("dialog", (dialog) => {
		faults.push(`dialog: ${dialog.message()}`);
		dialog.dismiss();
	});
	page.on("request", (request) => {
		if (request.url().split("#")[0] !== url && !allowed.test(request.url())) {
			faults.push(`request: ${request.url()}`);
		}
	});
	return faults;
}

/* Opens a report of a fixture, or [A, B]: the page that compares them. options: script (true), wait (for the script), theme ("light"),
 * motion ("reduce"), viewport, change, fragment. The page has the list `faults`. */
async function open(fixture, options = {}) {
	const { script = true, wait = script, theme = "light", motion = null, viewport = SCREEN, change, fragment = "" } = options;
	const url = pathToFileURL(reportFile(fixture, change)).href;
	const context = await browser.newContext({ javaScriptEnabled: script, colorScheme: theme, reducedMotion: motion, viewport, acceptDownloads: true,
		permissions: ["clipboard-read", "clipboard-write"] });
	const page = await context.newPage();

	page.setDefaultTimeout(TIMEOUT_MS);
	page.faults = watch(page, url);
	await page.goto(url + fragment);
	if (wait) {
		await page.waitForSelector("html.scripted");
	}
	return page;
}

/* Opens any page. options as of open(), and `allowed`: a pattern of what it may ask for beside itself. */
async function visit(url, options = {}) {
	const { script = true, theme = "light", viewport = SCREEN, allowed } = options;
	const context = await browser.newContext({ javaScriptEnabled: script, colorScheme: theme, viewport });
	const page = await context.newPage();

	page.setDefaultTimeout(TIMEOUT_MS);
	page.faults = watch(page, url.split("#")[0], allowed);
	await page.goto(url);
	if (script) {
		await page.waitForSelector("html.scripted");
	}
	return page;
}

/* A directory that is gone at the end. */
function scratch(name) {
	return fs.mkdtempSync(path.join(directory, name + "-"));
}

async function close(page) {
	await page.context().close();
}

async function stop() {
	if (browser) {
		await browser.close();
	}
	fs.rmSync(directory, { recursive: true, force: true });
}

/* Runs the parts of a test file with a browser around them. */
async function main(...parts) {
	process.on("SIGTERM", () => stop().then(() => process.exit(143)));
	try {
		/* The browser puts its profile and what it downloads below TMPDIR, and whatever it thinks the user has below HOME. */
		const env = { ...process.env, HOME: directory, TMPDIR: directory };
		process.env.TMPDIR = directory;
		browser = await chromium.launch({ executablePath: CHROMIUM, headless: true, args: FLAGS, env, chromiumSandbox: process.getuid() !== 0 });
		await tap.run(...parts);
	} finally {
		await stop();
	}
}

/* For pages that are no reports. */
function browserOf() {
	return browser;
}

module.exports = { browserOf, main, open, visit, close, render, fixtures, formats, scratch, ROOT, SCREEN };
