/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The tables of functions and waits: all rows in place of the heaviest, sorted by any column, filtered by the search. */
/* exported Tables */
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

	function functions(panel, model) {
		const { report, decimals } = model;
		const frame = (f) => report.frames[f.frame] || { function: "stack unknown", file: null, module: null };
		const time = (name) => ({ value: (f) => f[name], text: (f) => Words.ms(f[name], decimals), class: "num" });
		const columns = [
			time("self"), { text: (f) => (f.error ? "± " + Words.error(f.error, decimals) : ""), class: "num error" },
			time("total"), time("wait"), { value: (f) => f.samples, text: (f) => String(f.samples), class: "num" },
			{ value: (f) => frame(f).function, text: (f) => Words.clean(frame(f).function), class: "name" },
			{ value: (f) => Words.place(frame(f), f.line), text: (f) => Words.place(frame(f), f.line), class: "place" },
			{ value: (f) => frame(f).module || "", class: "module",
				text: (f) => (frame(f).file && frame(f).module ? Words.clean(Words.tail(frame(f).module, 1)) : "") },
		];
		const table = panel.querySelector("table");
		const describe = (n, shown) => `${Words.count(n, "function", "functions")}${shown < n ? `, ${shown} shown` : ""}. Times in ms.`;
		const view = table && new Sorted(table, panel.querySelector(".note"), model.functions, columns, describe);
		return (test) => view && view.filter(test && ((f) => Search.matchesFrame(test, frame(f), f.line)));
	}

	function waits(panel, model) {
		const { report, decimals } = model;
		const from = (w) => {
			const index = Model.ownFrame(report, w.stack);
			const frame = report.frames[index];
			return frame ? [Words.clean(frame.function), Words.place(frame, frame.line)].filter(Boolean).join(", ") : "";
		};
		const waker = (w) => (w.waker ? Words.process(w.waker.comm, w.waker.pid) : "");
		const time = (name) => ({ value: (w) => w[name], text: (w) => Words.ms(w[name], decimals), class: "num" });
		const columns = [
			{ value: (w) => w.t, text: (w) => (w.t / 1e6).toFixed(decimals), class: "num" }, time("duration_ns"), time("runnable_ns"),
			{ value: (w) => Words.labels[w.cause], cell: (w) => keyCell(w.cause) },
			{ value: (w) => w.object || "", text: (w) => Words.clean(w.object || ""), class: "object" },
			{ value: from, text: from, class: "name" }, { value: waker, text: waker },
		];
		const table = panel.querySelector(".longest");
		const items = [...report.waits].sort((a, b) => b.duration_ns + b.runnable_ns - a.duration_ns - a.runnable_ns || a.t - b.t);
		const describe = (n, shown) => (shown < n ? `${n} waits, ${shown} shown` : Words.count(n, "wait", "waits"));
		const view = table && new Sorted(table, panel.querySelector("h3"), items, columns, describe);
		const texts = (w) => [Words.labels[w.cause], w.object || "", from(w), waker(w)];
		return (test) => {
			if (!view) {
				return;
			}
			view.filter(test && ((w) => test.texts(texts(w))));
			for (const row of panel.querySelectorAll(".groups tbody tr")) {
				row.classList.toggle("missed", Boolean(test) && !test.texts([...row.cells].map((c) => c.textContent)));
			}
		};
	}

	return { functions, waits };
})();
