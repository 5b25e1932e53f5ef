/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Source lines beside the chosen function, where they were recorded (--source), with the time of each line. */
/* exported Source */
/* global Words, TreeRow */

const Source = (() => {
	const { element } = TreeRow;
	const LINES_MAX = 400; /* of a file, around the heaviest */

	/* A function's time by line: {self, total} in ns on the CPU and wait, of the outermost of its frames in each stack. */
	function timesByLine(view, frame) {
		const { report, table } = view;
		const { parent, frame: frameOf, n } = report.stacks;
		const { cpu, waiting } = view.filtered.sums;
		const { above } = view.filtered.plain;
		const total = cpu.map((ns, s) => ns + waiting[s]);
		const self = new Map();
		const lines = new Map();
		const inside = new Uint8Array(n);
		for (let s = 0; s < n; s++) {
			const is = table.merged[frameOf[s]] === frame;
			const within = parent[s] >= 0 && inside[parent[s]];
			inside[s] = Number(is || within);
			if (is && above[s] !== -2 && cpu[s]) {
				const { line } = report.frames[frameOf[s]];
				self.set(line, (self.get(line) || 0) + cpu[s]);
			}
		}
		for (let s = n - 1; s >= 0; s--) {
			if (parent[s] >= 0) {
				total[parent[s]] += total[s];
			}
		}
		for (let s = 0; s < n; s++) {
			const outermost = table.merged[frameOf[s]] === frame && !(parent[s] >= 0 && inside[parent[s]]);
			if (outermost && above[s] !== -2 && total[s]) {
				const { line } = report.frames[frameOf[s]];
				lines.set(line, { total: (lines.get(line) || { total: 0 }).total + total[s], self: 0 });
			}
		}
		self.forEach((ns, line) => lines.set(line, { total: 0, ...lines.get(line), self: ns }));
		return lines;
	}

	/* The part of a file that is shown: all of what was recorded, or around the heaviest line. */
	function excerpt({ first_line: first, lines }, times) {
		if (lines.length <= LINES_MAX) {
			return [first, lines];
		}
		const [heaviest] = [...times].sort((a, b) => b[1].total - a[1].total)[0] || [first];
		const begin = Math.max(0, Math.min(lines.length - LINES_MAX, heaviest - first - LINES_MAX / 2));
		return [first + begin, lines.slice(begin, begin + LINES_MAX)];
	}

	class Panel {
		/** @param {HTMLElement} panels that the source stands beside */
		constructor(panels) {
			this.panels = panels;
			this.box = element("aside", "source");
			this.box.hidden = true;
			this.box.setAttribute("aria-label", "Source");
			panels.append(this.box);
			this.shown = "";
		}

		/* The recorded source of a frame that is chosen, or undefined. */
		find(view, state) {
			const frame = /^f\d/.test(state.sel) ? view.report.frames[Number(state.sel.slice(1))] : null;
			const { line, file } = frame || { line: 0, file: null };
			const ofFile = file ? (view.report.sources || []).filter((source) => source.file === file) : [];
			return ofFile.find(({ first_line: first, lines }) => first <= line && line < first + lines.length) || ofFile[0];
		}

		show(view, state, tab) {
			const source = ["tree", "flame", "timeline", "functions"].includes(tab) ? this.find(view, state) : undefined;
			this.box.hidden = !source;
			this.panels.classList.toggle("with-source", Boolean(source));
			if (source) {
				this.fill(view, source, Number(state.sel.slice(1)));
			}
		}

		fill(view, source, selected) {
			const frame = view.table.merged[selected];
			const times = timesByLine(view, frame);
			const [first, lines] = excerpt(source, times);
			const most = Math.max(1, ...[...times.values()].map(({ total }) => total));
			const head = element("p", "place", Words.clean(source.file, 300));
			const list = element("div", "lines");
			lines.forEach((text, i) => list.append(this.line(view, first + i, text, times.get(first + i), most)));
			this.box.replaceChildren(element("h3", "", Words.clean(view.report.frames[frame].function)), head, list);
			const heavy = list.querySelector(".heavy");
			if (heavy) {
				list.scrollTop = Math.max(0, /** @type {HTMLElement} */ (heavy).offsetTop - list.clientHeight / 3);
			}
		}

		line(view, number, text, times, most) {
			const row = element("div", times ? (times.total === most ? "line timed heavy" : "line timed") : "line");
			const bar = element("i", "");
			bar.style.width = `${times ? 100 * times.total / most : 0}%`;
			row.append(element("span", "time", times && times.total ? view.time(times.total) : ""),
				element("span", "time self", times && times.self ? view.time(times.self) : ""), element("span", "number", String(number)),
				element("code", "", Words.clean(text.replaceAll("\t", "    "), 500)));
			row.title = times ? `line ${number}: total ${view.time(times.total)}, self ${view.time(times.self)}` : "";
			row.prepend(bar);
			return row;
		}
	}

	return { Panel, timesByLine };
})();
