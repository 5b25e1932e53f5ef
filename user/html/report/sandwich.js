/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The functions: self and total time; of the chosen one who calls it, to its left, and what it calls, to its right. */
/* exported FunctionsView */
/* global Search, Tables, TreeRow, Words */

const FunctionsView = (() => {
	const { element } = TreeRow;
	const EDGES_MAX = 40;
	const unknown = { function: "stack unknown", file: null, module: null, kind: "native" };

	function columns(view) {
		const { report, decimals } = view;
		const frame = (f) => report.frames[f.frame] || unknown;
		const time = (name) => ({ value: (f) => f[name], text: (f) => view.time(f[name]), class: "num" });
		const name = (f) => {
			const td = Tables.cell("", "name");
			const button = element("button", "chooser", Words.clean(frame(f).function));
			button.type = "button";
			td.append(button);
			return td;
		};
		return [
			time("self"), { text: (f) => (f.error ? "± " + Words.error(f.error, decimals) : ""), class: "num error" },
			time("total"), time("wait"), { value: (f) => f.samples, text: (f) => String(f.samples), class: "num" },
			{ value: (f) => frame(f).function, cell: name },
			{ value: (f) => Words.place(frame(f), f.line), text: (f) => Words.place(frame(f), f.line), class: "place" },
			{ value: (f) => frame(f).module || "", class: "module",
				text: (f) => (frame(f).file && frame(f).module ? Words.clean(Words.tail(frame(f).module, 1)) : "") },
		];
	}

	/* Callers, the function, callees. */
	class Sandwich {
		constructor(api) {
			this.api = api;
			this.box = element("div", "sandwich");
			this.box.hidden = true;
		}

		show(view, frame) {
			this.box.hidden = frame < 0;
			if (frame < 0) {
				return;
			}
			const maker = new TreeRow.Maker(view);
			const around = view.around(frame);
			const value = view.value(around);
			const inside = around.callees.filter(({ cpu, wait }) => view.value({ cpu, wait }) > 0);
			const itself = view.state.mode === "wait" ? 0 : around.self;
			this.box.replaceChildren(
				this.side("Callers", around.callers, value, view, maker), this.middle(view, frame, around),
				this.side("Callees", inside, value, view, maker, itself));
		}

		side(title, edges, whole, view, maker, itself = 0) {
			const side = element("section", "");
			const shown = edges.slice(0, EDGES_MAX);
			side.append(element("h3", "", title));
			if (itself) {
				side.append(this.row("itself", "", itself, whole, view, ""));
			}
			for (const edge of shown) {
				const { node } = edge;
				const key = node.kind === "frame" ? "f" + node.frame : "";
				const frame = node.kind === "frame" ? view.report.frames[node.frame] : null;
				const name = frame ? Words.clean(frame.function) : maker.nodeName(node);
				side.append(this.row(name, frame ? Words.place(frame, node.line) : "", view.value(edge), whole, view, key));
			}
			if (edges.length > shown.length) {
				side.append(element("p", "note", `and ${edges.length - shown.length} more`));
			}
			if (!edges.length && !itself) {
				side.append(element("p", "note", "none"));
			}
			return side;
		}

		row(name, place, ns, whole, view, key) {
			const row = element(key ? "button" : "div", "edge" + (key ? "" : " plain"));
			const bar = element("i", "");
			bar.style.width = `${whole ? 100 * ns / whole : 0}%`;
			row.append(element("span", "time", view.time(ns)), element("span", "share", ""), element("span", "name", name), element("span", "place", place));
			row.children[1].append(bar);
			if (key) {
				row.type = "button";
				row.title = "double-click or Enter: look at this function";
				row.addEventListener("dblclick", () => this.api.select(key));
				row.addEventListener("click", (event) => event.detail === 0 && this.api.select(key)); /* by keyboard */
			}
			return row;
		}

		middle(view, frame, { cpu, wait, self }) {
			const { function: name, file, module } = view.report.frames[frame];
			const middle = element("section", "middle");
			const time = (ns) => view.time(ns) + (view.state.unit === "percent" ? " %" : " ms");
			const focus = element("button", "", view.state.focus === "f" + frame ? "Show all again" : "Focus");
			focus.type = "button";
			focus.addEventListener("click", () => this.api.state.set({ focus: view.state.focus === "f" + frame ? "" : "f" + frame }, true));
			middle.append(element("h3", "", Words.clean(name)), element("p", "place", Words.clean(file || module || "", 300)),
				element("p", "", `total ${time(cpu + wait)} · CPU ${time(cpu)} · self ${time(self)} · waiting ${time(wait)}`), focus);
			return middle;
		}
	}

	class View {
		constructor(panel, api) {
			const table = panel.querySelector("table");
			const describe = (n, shown) => `${Words.count(n, "function", "functions")}${shown < n ? `, ${shown} shown` : ""}. ` +
				`Times in ${this.state.unit === "percent" ? "% of the request" : "ms"}; choose one to see who calls it and what it calls.`;
			this.api = api;
			this.sandwich = new Sandwich(api);
			panel.querySelector("h2").after(this.sandwich.box);
			this.sorted = table && new Tables.Sorted(table, panel.querySelector(".note"), {
				describe, choose: (f) => f.frame >= 0 && api.select("f" + f.frame), chosen: (f) => f.frame >= 0 && this.state.sel === "f" + f.frame,
			});
		}

		show(view, state) {
			const { report, test } = view;
			this.state = state;
			this.sandwich.show(view, /^f\d/.test(state.sel) && Number(state.sel.slice(1)) < report.frames.length ? Number(state.sel.slice(1)) : -1);
			if (this.sorted) {
				const found = test ? view.functions.filter((f) => Search.matchesFrame(test, report.frames[f.frame] || unknown, f.line)) : view.functions;
				this.sorted.show(found, columns(view));
			}
		}
	}

	return { id: "functions", make: (panel, api) => new View(panel, api) };
})();
