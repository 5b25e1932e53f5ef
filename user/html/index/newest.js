/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The newest report in a frame, and the next one in its place as it lands. */
/* global Live, Reports, Theme */

const Newest = (() => {
	const find = (id) => document.getElementById(id);
	const READABLE = [".html", ".txt", ".json", ".folded"];
	let data = null;
	let shown = null;
	let following = true;
	let lost = false;
	const waiting = new Map(); /* name → report: came while not following */

	function readable(report) {
		return READABLE.find((extension) => report.files.includes(extension));
	}

	function facts() {
		const newer = waiting.size ? ` · ${Reports.count(waiting.size, "newer one", "newer ones")}` : "";
		const what = shown
			? `${shown.status || "no response"} · ${Reports.duration(shown.wall)} · ${Reports.date(shown)} ${Reports.clock(shown)}${newer}` : "";
		find("facts").textContent = [what, lost ? "connection lost" : ""].filter(Boolean).join(" · ");
	}

	function show(report) {
		const extension = readable(report);
		if (!extension || (shown && (report.name === shown.name || report.time < shown.time))) {
			return;
		}
		shown = report;
		find("request").firstChild.textContent = report.request;
		document.title = `${Reports.duration(report.wall)} ${report.request.slice(0, 120)}`;
		find("alone").href = report.name + extension;
		find("alone").hidden = false;
		find("empty").hidden = true;
		find("report").hidden = false;
		/* In place of what is there: the back button leaves this page. */
		const frame = find("report").cloneNode();
		frame.src = report.name + extension;
		find("report").replaceWith(frame);
		facts();
	}

	function come(row) {
		const report = Reports.make(row, data.extensions);
		if (report && following) {
			show(report);
		} else if (report && report.name !== shown?.name && readable(report)) {
			waiting.set(report.name, report);
			facts();
		}
	}

	function toggle() {
		following = !following;
		find("follow").setAttribute("aria-pressed", following);
		find("follow").textContent = following ? "Following" : "Follow";
		if (following) {
			[...waiting.values()].sort((a, b) => (a.time < b.time ? -1 : 1)).slice(-1).forEach(show);
			waiting.clear();
			facts();
		}
	}

	function start() {
		data = JSON.parse(find("data").textContent);
		Theme.start(find("theme"));
		find("follow").addEventListener("click", toggle);
		const first = data.rows.map((row) => Reports.make(row, data.extensions)).find((report) => report && readable(report));
		if (first) {
			show(first);
		}
		Live.start(data.sequence, {
			row: come,
			gone: (name) => waiting.delete(name) && facts(),
			state: (state) => {
				lost = state !== "live";
				facts();
			},
		});
		document.documentElement.classList.add("scripted");
	}

	return { start };
})();

Newest.start();
