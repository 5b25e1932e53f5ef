/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The search box: part of a name, file:line, or /regex/. */
/* exported Search */
/* global NodeTable, Words */

const Search = (() => {
	/* A test of texts and lines; null = search for nothing. Throws a SyntaxError for a bad regex. */
	function compile(query) {
		const text = query.trim();
		if (!text) {
			return null;
		}
		const regex = /^\/(.+)\/(i?)$/.exec(text);
		if (regex) {
			const pattern = new RegExp(regex[1], regex[2]);
			return { texts: (texts) => texts.some((t) => pattern.test(t)), line: () => false };
		}
		const lower = text.toLowerCase();
		const place = /^(.+):(\d+)$/.exec(lower);
		return {
			texts: (texts) => texts.some((t) => t.toLowerCase().includes(lower)),
			line: (file, line) => Boolean(place && file && file.toLowerCase().endsWith(place[1]) && line === Number(place[2])),
		};
	}

	/* null also for a bad regex: it finds nothing, and the search box says so. */
	function compileOrNull(query) {
		try {
			return compile(query);
		} catch (e) {
			return null;
		}
	}

	function matchesFrame(test, frame, line) {
		return test.texts([frame.function, frame.file || "", frame.module || ""]) || test.line(frame.file, line);
	}

	function matchesNode(test, report, node) {
		if (node.kind === "frame") {
			return matchesFrame(test, report.frames[node.frame], node.line);
		}
		return node.kind !== "root" && node.kind !== "run" && test.texts([Words.labels[node.class] || "", Words.objectOf(report, node) || ""]);
	}

	/* Whether a test finds a node of a tree; each function is looked at once for each of its lines. */
	function tester(test, report, calls) {
		const known = new Map();
		const { kind, frame, line } = calls.table;
		return (id) => {
			if (kind[id] !== NodeTable.FRAME) {
				return matchesNode(test, report, calls.node(id));
			}
			const key = frame[id] * 65536 + line[id] % 65536;
			if (!known.has(key)) {
				known.set(key, matchesFrame(test, report.frames[frame[id]], line[id]));
			}
			return known.get(key);
		};
	}

	/**
	 * The matches of a call tree, the heaviest first, and how much time lies in or below any of them.
	 * @returns {{found: Set<TreeNode>, leads: Set<TreeNode>, time: number, list: TreeNode[]}} leads: what has a match below it
	 */
	function tree(test, report, calls, value) {
		const found = new Set();
		const leads = new Set();
		const matches = tester(test, report, calls);
		const { parent, cpu, wait } = calls.table;
		let time = 0;
		const lead = (node) => {
			for (let up = node.parent; up && !leads.has(up); up = up.parent) {
				leads.add(up);
			}
		};
		const inside = new Uint8Array(calls.n);
		for (let id = 0; id < calls.n; id++) { /* callers before callees */
			const ns = value({ cpu: cpu[id], wait: wait[id] });
			const hit = ns > 0 && matches(id);
			const within = id ? inside[parent[id]] : 0;
			inside[id] = Number(within || hit);
			if (hit) {
				found.add(calls.node(id));
				time += within ? 0 : ns;
				lead(calls.node(id));
			}
		}
		const waits = calls.findWaits((cause, object) =>
			test.texts([Words.labels[Words.classes[cause]], object < 0 ? "" : report.objects[object]]));
		for (const node of waits.filter((wait) => value(wait) > 0)) {
			found.add(node);
			time += inside[node.parent.id] ? 0 : value(node);
			lead(node);
		}
		return { found, leads, time, list: [...found].sort((a, b) => value(b) - value(a) || a.id - b.id) };
	}

	return { compile, compileOrNull, matchesFrame, matchesNode, tree };
})();
