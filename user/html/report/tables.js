/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Tables: all rows in place of the heaviest, sorted by any column, filtered by the search, some of them to be opened. */
/* exported Tables */
/* global TreeRow, Words */

/**
 * @typedef {object} Column one for each header cell
 * @property {(item: any) => number|string} [value] to sort by; none = the column does not sort
 * @property {(item: any) => string} [text]
 * @property {(item: any) => HTMLElement} [cell] in place of text
 * @property {string} [class]
 *
 * @typedef {object} TableOptions
 * @property {(n: number, shown: number) => string} describe for the note: items, and how many of them are in the page
 * @property {(item: any) => HTMLElement} [detail] what a row opens to
 * @property {(item: any) => string} [key] names an item over changes of the filters: what is open stays open
 * @property {(item: any) => void} [choose] a row was clicked, or its button pressed
 * @property {(item: any) => boolean} [chosen]
 */

const Tables = (() => {
	const ROWS_FIRST = 100; /* of a long table: the layout of rows takes a browser longer than what is computed for them */
	const ROWS_STEP = 300;
	const { element } = TreeRow;

	function cell(text, className) {
		return element("td", className || "", text);
	}

	function keyCell(timeClass) {
		const td = cell("");
		td.append(element("span", "key c-" + timeClass), Words.labels[timeClass]);
		return td;
	}

	class Sorted {
		/**
		 * @param {HTMLTableElement} table
		 * @param {HTMLElement} note
		 * @param {TableOptions} options
		 */
		constructor(table, note, options) {
			this.table = table;
			this.note = note;
			this.options = options;
			this.items = [];
			this.columns = [];
			this.by = -1;
			this.down = true;
			this.max = ROWS_FIRST;
			this.whole = ROWS_STEP; /* a table of no more rows is shown whole */
			this.open = new Set();
			this.more = element("button", "more", "");
			this.more.type = "button";
			this.more.addEventListener("click", () => {
				this.max += ROWS_STEP;
				this.render();
			});
			table.parentElement.after(this.more);
			table.tBodies[0].addEventListener("click", (event) => this.click(event));
		}

		/**
		 * @param {any} items in the order that they have unless sorted: an array, or what has its length, slice and iterator
		 * @param {Column[]} columns
		 */
		show(items, columns) {
			const first = !this.columns.length;
			this.items = items;
			this.columns = columns;
			if (first) {
				this.startSorting();
			}
			this.render();
		}

		startSorting() {
			this.table.tHead.rows[0].querySelectorAll("th").forEach((th, i) => {
				if (th.textContent && this.columns[i].value) {
					const button = element("button", "", th.textContent);
					button.type = "button";
					button.addEventListener("click", () => this.sort(i));
					th.replaceChildren(button);
				}
			});
		}

		sort(column) {
			const [first] = this.items;
			const numeric = first !== undefined && typeof this.columns[column].value(first) === "number";
			this.down = this.by === column ? !this.down : Boolean(numeric);
			this.by = column;
			this.render();
		}

		order() {
			if (this.by < 0) {
				return this.items;
			}
			const { value } = this.columns[this.by];
			const sign = this.down ? -1 : 1;
			return [...this.items].sort((a, b) => sign * (value(a) < value(b) ? -1 : value(a) > value(b) ? 1 : 0));
		}

		render() {
			const items = this.order();
			this.shown = items.slice(0, items.length <= this.whole ? this.whole : this.max);
			this.table.tBodies[0].replaceChildren(...this.shown.flatMap((item, i) => this.rows(item, i)));
			this.table.tHead.rows[0].querySelectorAll("th").forEach((th, i) => {
				th.removeAttribute("aria-sort");
				if (i === this.by) {
					th.setAttribute("aria-sort", this.down ? "descending" : "ascending");
				}
			});
			this.note.textContent = this.options.describe(items.length, this.shown.length);
			this.more.hidden = this.shown.length === items.length;
			this.more.textContent = `Show ${Math.min(ROWS_STEP, items.length - this.shown.length)} more`;
		}

		rows(item, i) {
			const { detail, key, chosen } = this.options;
			const row = element("tr", chosen && chosen(item) ? "chosen" : "");
			const isOpen = Boolean(detail) && this.open.has(key(item));
			row.dataset.index = String(i);
			row.append(...this.columns.map((c) => (c.cell ? c.cell(item) : cell(c.text(item), c.class))));
			if (detail) {
				row.classList.add("opens");
				row.cells[0].prepend(this.opener(isOpen));
			}
			if (!isOpen) {
				return [row];
			}
			const opened = element("tr", "detail");
			const td = cell("");
			td.colSpan = this.columns.length;
			td.append(detail(item));
			opened.append(td);
			return [row, opened];
		}

		opener(isOpen) {
			const button = element("button", "opener", isOpen ? "▼" : "▶");
			button.type = "button";
			button.setAttribute("aria-expanded", String(isOpen));
			button.setAttribute("aria-label", "details");
			return button;
		}

		click(event) {
			const row = event.target.closest("tr");
			const item = row && row.parentElement === this.table.tBodies[0] && row.dataset.index ? this.shown[Number(row.dataset.index)] : null;
			if (!item || window.getSelection().toString() || (event.target.closest("button, a") && !event.target.closest(".opener, .chooser"))) {
				return;
			}
			if (this.options.choose) {
				this.options.choose(item);
			} else if (this.options.detail) {
				this.toggle(item, row.dataset.index);
			}
		}

		toggle(item, index) {
			const key = this.options.key(item);
			if (!this.open.delete(key)) {
				this.open.add(key);
			}
			this.render();
			/** @type {HTMLElement} */ (this.table.tBodies[0].querySelector(`tr[data-index="${index}"] .opener`)).focus();
		}
	}

	/* A new table with a header of these names; the first `numbers` of them are of numbers. */
	function make(className, numbers, names) {
		const scroll = element("div", "scroll");
		const table = element("table", className);
		const row = element("tr", "");
		const head = element("thead", "");
		names.forEach((name, i) => {
			const th = element("th", i < numbers ? "num" : "", name);
			th.scope = "col";
			row.append(th);
		});
		head.append(row);
		table.append(head, element("tbody", ""));
		scroll.append(table);
		return { scroll, table };
	}

	return { Sorted, cell, keyCell, make };
})();
