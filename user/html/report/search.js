/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The search box: part of a name, file:line, or /regex/. */
/* exported Search */
/* global Words */

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

	/* The matches of the tree, the heaviest first, and how much time lies in or below any of them. */
	function tree(test, report, root, value) {
		const found = new Set();
		const leads = new Set(); /* what has a match below it */
		let time = 0;
		const pending = [[root, false]];
		while (pending.length) {
			const [node, inside] = pending.pop();
			const hit = value(node) > 0 && matchesNode(test, report, node);
			if (hit) {
				found.add(node);
				time += inside ? 0 : value(node);
				for (let up = node.parent; up && !leads.has(up); up = up.parent) {
					leads.add(up);
				}
			}
			node.children.forEach((child) => pending.push([child, inside || hit]));
		}
		return { found, leads, time, list: [...found].sort((a, b) => value(b) - value(a) || a.id - b.id) };
	}

	return { compile, compileOrNull, matchesFrame, matchesNode, tree };
})();
