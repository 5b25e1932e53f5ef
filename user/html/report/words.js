/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Labels and numbers, as the page without script writes them. What comes from the target goes through Words.clean and into textContent. */
"use strict";
/* exported Words */

const Words = (() => {
	/* The classes of time, in their order: the same as in the profile. */
	const labels = {
		cpu_user: "on CPU (user)", cpu_kernel: "on CPU (kernel)", interrupt: "interrupted", run_queue: "ready but no CPU",
		throttled: "throttled by cgroup", stopped: "stopped", gil: "waiting for the GIL", lock: "waiting for a lock", disk: "disk",
		network: "network", sleep: "sleeping", page_fault: "page fault", child: "child process", ipc: "pipe or signal",
		other_wait: "other wait", loop_busy: "event loop busy", suspended: "awaiting", unknown: "unknown",
	};
	const classes = Object.keys(labels);
	const longest = 80; /* of a name, in characters */

	/* Nothing that moves, reorders or hides text: the bytes of control characters and of those of bidirectional text become visible. */
	// eslint-disable-next-line no-control-regex
	const unwanted = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/;

	function escaped(c) {
		return [...new TextEncoder().encode(c)].map((b) => "\\x" + b.toString(16).padStart(2, "0"));
	}

	/**
	 * A text of the target as it may be shown.
	 * @param {string} text
	 * @param {number} [max] columns; what is longer ends in "…"
	 */
	function clean(text, max = longest) {
		let shown = "";
		let cut = ""; /* what is left of it if it does not fit: there is a column for the "…" */
		let columns = 0;
		for (const c of String(text).slice(0, 2 * max + 2)) {
			for (const part of unwanted.test(c) ? escaped(c) : [c]) {
				columns += [...part].length;
				if (columns > max) {
					return cut + "…";
				}
				shown += part;
				cut = columns < max ? shown : cut;
			}
		}
		return shown;
	}

	function decimals(wallNs) {
		return wallNs < 1e6 ? 3 : wallNs < 1e7 ? 2 : wallNs < 1e11 ? 1 : 0;
	}

	/* "12.3", "–" for nothing, "<0.1" for what rounds to nothing. */
	function ms(ns, digits) {
		if (!ns) {
			return "–";
		}
		const text = (ns / 1e6).toFixed(digits);
		return Number(text) ? text : "<" + (10 ** -digits).toFixed(digits);
	}

	function percent(ns, wholeNs) {
		if (!ns) {
			return "–";
		}
		const text = (100 * ns / wholeNs).toFixed(1);
		return Number(text) ? text : "<0.1";
	}

	/* Half-width of an interval: as many digits as it is worth. */
	function error(ns, digits) {
		const value = ns / 1e6;
		const worth = value >= 0.95 ? 0 : value >= 0.095 ? 1 : value >= 0.0095 ? 2 : 3;
		return value.toFixed(Math.min(worth, digits));
	}

	function count(n, one, many) {
		return `${n} ${n === 1 ? one : many}`;
	}

	function tail(path, components) {
		return path.split("/").slice(-components).join("/");
	}

	/* Where a frame is: "app/views.py:41", else its module; "" = unknown. */
	function place(frame, line) {
		if (frame.file) {
			return clean(tail(frame.file, 2)) + (line ? ":" + line : "");
		}
		return frame.module ? clean(tail(frame.module, 1)) : "";
	}

	/* What an event loop did: "GET /health in health, app/main.py:12", as far as it is known. */
	function loopBusy({ request, function: name, file, line, gil }) {
		const frame = name ? [clean(name), place({ file }, line)].filter(Boolean).join(", ") : "";
		return (gil ? "waiting for the GIL, held by " : "") + [request ? clean(request) : "", frame].filter(Boolean).join(" in ");
	}

	/* What a wait or an await of the tree was for, or null. */
	function objectOf(report, node) {
		return node.kind === "await" ? node.what.object : node.object >= 0 ? report.objects[node.object] : null;
	}

	/* "MainThread 4242" */
	function thread({ name, comm, tid }) {
		return `${clean(name || comm || "?")} ${tid}`;
	}

	function task({ id, name }) {
		return name ? `${clean(name)} ${clean(id)}` : clean(id);
	}

	function process(comm, pid) {
		return pid ? `${clean(comm || "?")}[${pid}]` : `interrupt ${clean(comm || "?")}`;
	}

	return { classes, labels, clean, decimals, ms, percent, error, count, tail, place, loopBusy, objectOf, thread, task, process };
})();
