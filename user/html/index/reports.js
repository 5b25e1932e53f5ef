/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The rows of the page's data as objects, and how their values are written. Texts of the server only ever become textContent. */
/* exported Reports */

const Reports = (() => {
	/* Nothing that moves, reorders or hides text: the bytes of control characters and of those of bidirectional text become visible. */
	// eslint-disable-next-line no-control-regex
	const unwanted = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;
	const NAME = /^(\d{8}T\d{6}\.\d{3})-([A-Za-z0-9._-]+)-(\d+)-(\d+)ms-([0-9a-f]{6})$/;

	function clean(text) {
		return String(text).replace(unwanted, (c) => [...new TextEncoder().encode(c)].map((b) => "\\x" + b.toString(16).padStart(2, "0")).join(""));
	}

	/* Requests that differ in a number or an id only are of one route. */
	function routeOf(method, target) {
		const path = target.replace(/^[a-z]+:\/\/[^/?#]*/, "").split(/[?#]/)[0] || "/";
		const parts = path.split("/").map((part) => (/^(\d+|[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{16,})$/i.test(part) ? "{id}" : part));
		return `${method} ${parts.join("/")}`;
	}

	/* null: not a row. */
	function make(row, extensions) {
		const [name, method, target, wallNs, cpuNs, classes, files] = row;
		const parts = NAME.exec(name);
		if (!parts) {
			return null;
		}
		const known = wallNs !== null;
		const request = known ? `${method || "CALL"} ${target || ""}`.trim() : parts[2];
		const wall = known ? wallNs / 1e6 : Number(parts[4]) || 0.5; /* a name tells whole ones only */
		return {
			name, known, wall, request: clean(request), id: parts[5], time: parts[1], status: Number(parts[3]),
			route: clean(known ? routeOf(method || "CALL", target || "") : parts[2]),
			cpu: known ? cpuNs / 1e6 : -1, wait: known ? wall - cpuNs / 1e6 : -1,
			classes: classes.flatMap((c, i) => (i % 2 ? [] : [[c, classes[i + 1]]])).sort((a, b) => b[1] - a[1]),
			files: extensions.filter((_, bit) => files >> bit & 1).sort((a, b) => (a === ".rp") - (b === ".rp")),
		};
	}

	/* What opens it: the page, else what a browser can show, else the profile. */
	function link(report) {
		const shown = report.files[0] || ".rp";
		return report.name + shown;
	}

	function ms(value) {
		return value.toFixed(value < 1 ? 3 : value < 10 ? 2 : value < 1e5 ? 1 : 0);
	}

	function duration(value) {
		return value < 1000 ? `${ms(value)} ms` : `${(value / 1000).toFixed(value < 1e4 ? 2 : 1)} s`;
	}

	function date(report) {
		return report.time.replace(/^(....)(..)(..)T.*/, "$1-$2-$3");
	}

	function clock(report) {
		return report.time.replace(/^.*T(..)(..)(..)(\..*)/, "$1:$2:$3$4");
	}

	function count(n, one, many) {
		return `${n.toLocaleString("en")} ${n === 1 ? one : many}`;
	}

	return { make, link, ms, duration, date, clock, count };
})();
