/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The tables of functions and waits: all rows in place of the heaviest, sorted by any column, filtered by the search. */
/* exported FunctionsView, WaitsView */
/* global Model, Search, Words */

const Tables = (() => {
	const ROWS_MAX = 300;

	function cell(text, className) {
		const td = document.createElement("td");
		td.className = className || "";
		td.textContent = text;
		return td;
	}

	function keyCell(timeClass) {
		const td = cell("");
		const key = document.createElement("span");
		key.className = "key c-" + timeClass;
		td.append(key, Words.labels[timeClass]);
		return td;
	}

	/* A table whose rows are made of `items` by `columns`: [{value, text, class}], one for each of its header cells. */
	class Sorted {
		constructor(table, note, items, columns, describe) {
			Object.assign(this, { table, note, items, columns, describe, by: -1, down: true, matches: null });
			table.tHead.rows[0].querySelectorAll("th").forEach((th, i) => {
				if (th.textContent && columns[i].value) {
					const button = document.createElement("button");
					button.type = "button";
					button.textContent = th.textContent;
					button.addEventListener("click", () => this.sort(i));
					th.replaceChildren(button);
				}
			});
			this.render();
		}

		sort(column) {
			const numeric = this.items.length && typeof this.columns[column].value(this.items[0]) === "number";
			this.down = this.by === column ? !this.down : numeric;
			this.by = column;
			this.render();
		}

		filter(matches) {
			this.matches = matches;
			this.render();
		}

		order(items) {
			if (this.by < 0) {
				return items;
			}
			const { value } = this.columns[this.by];
			const sign = this.down ? -1 : 1;
			return [...items].sort((a, b) => sign * (value(a) < value(b) ? -1 : value(a) > value(b) ? 1 : 0));
		}

		render() {
			const items = this.order(this.matches ? this.items.filter(this.matches) : this.items);
			this.table.tBodies[0].replaceChildren(...items.slice(0, ROWS_MAX).map((item) => {
				const tr = document.createElement("tr");
				tr.append(...this.columns.map((c) => c.cell ? c.cell(item) : cell(c.text(item), c.class)));
				return tr;
			}));
			this.table.tHead.rows[0].querySelectorAll("th").forEach((th, i) => {
				th.removeAttribute("aria-sort");
				if (i === this.by) {
					th.setAttribute("aria-sort", this.down ? "descending" : "ascending");
				}
			});
			this.note.textContent = this.describe(items.length, Math.min(items.length, ROWS_MAX));
		}
	}

	return { Sorted, cell, keyCell };
})();

/* ---- functions ------------------------------------------------------------------------------------------------------------------------ */

const FunctionsView = (() => {
	const unknown = { function: "stack unknown", file: null, module: null };

	class View {
		constructor(panel, api) {
			this.panel = panel;
			this.api = api;
			this.table = null;
		}

		columns(view) {
			const { report, decimals } = view;
			const frame = (f) => report.frames[f.frame] || unknown;
			const time = (name) => ({ value: (f) => f[name], text: (f) => view.time(f[name]), class: "num" });
			return [
				time("self"), { text: (f) => (f.error ? "± " + Words.error(f.error, decimals) : ""), class: "num error" },
				time("total"), time("wait"), { value: (f) => f.samples, text: (f) => String(f.samples), class: "num" },
				{ value: (f) => frame(f).function, text: (f) => Words.clean(frame(f).function), class: "name" },
				{ value: (f) => Words.place(frame(f), f.line), text: (f) => Words.place(frame(f), f.line), class: "place" },
				{ value: (f) => frame(f).module || "", class: "module",
					text: (f) => (frame(f).file && frame(f).module ? Words.clean(Words.tail(frame(f).module, 1)) : "") },
			];
		}

		show(view) {
			const table = this.panel.querySelector("table");
			const { report, test } = view;
			if (!table) {
				return;
			}
			const describe = (n, shown) => `${Words.count(n, "function", "functions")}${shown < n ? `, ${shown} shown` : ""}. Times in ms.`;
			this.table = this.table || new Tables.Sorted(table, this.panel.querySelector(".note"), [], this.columns(view), describe);
			this.table.columns = this.columns(view);
			this.table.items = view.functions;
			this.table.filter(test && ((f) => Search.matchesFrame(test, report.frames[f.frame] || unknown, f.line)));
		}
	}

	return { id: "functions", make: (panel, api) => new View(panel, api) };
})();

/* ---- waits ------------------------------------------------------------------------------------------------------------------------------ */

const WaitsView = (() => {
	return { id: "waits", make: () => ({ show() {} }) };
})();
