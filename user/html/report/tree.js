/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The call tree: what is open, chosen and in sight. Of its rows only those near the viewport are in the page, however many there are. */
/* exported TreeView */
/* global TreeRow */

const TreeView = (() => {
	const ROW_PX = 24; /* the style sheet's height of a row */
	const SPARE = 40; /* rows above and below those in sight */
	const PRINTED_MAX = 2000;
	const REVEALED_MAX = 100; /* matches of a search */

	class View {
		/* copy: called with the text to put on the clipboard. */
		constructor(panel, model, copy) {
			const { element } = TreeRow;

			Object.assign(this, { model, copy, active: model.root, open: new Set(), openBefore: null, hits: null, rows: [], first: 0, last: 0 });
			this.maker = new TreeRow.Maker(model, "both", "ms");
			this.head = element("div", "head");
			["Total", "CPU", "Wait", "", "Function"].forEach((name) => this.head.append(element("span", "", name)));
			this.head.setAttribute("aria-hidden", "true");
			this.box = element("div", "tree");
			Object.entries({ role: "tree", "aria-label": "Call tree", tabindex: 0 }).forEach(([name, value]) => this.box.setAttribute(name, value));
			const overlap = model.root.cpu + model.root.wait > model.wall;
			this.note = element("p", "note", overlap ? "Threads of the request overlap: their times add up to more than its duration." : "");
			this.note.hidden = !overlap;
			panel.append(this.note, this.head, this.box);
			this.listen();
			this.openHeaviest();
		}

		listen() {
			this.box.addEventListener("click", (event) => this.click(event));
			this.box.addEventListener("keydown", (event) => this.key(event));
			window.addEventListener("scroll", () => this.follow(), { passive: true });
			window.addEventListener("resize", () => this.follow());
			window.addEventListener("beforeprint", () => this.fill(0, PRINTED_MAX));
			window.addEventListener("afterprint", () => this.refill());
		}

		/* The children that have time of the chosen mode, the heaviest first. */
		children(node) {
			const value = (n) => this.maker.value(n);

			return node.children.filter((c) => value(c) > 0).sort((a, b) => value(b) - value(a) || a.id - b.id);
		}

		/* Down the heaviest way, to where most of the time is the function's own. */
		openHeaviest() {
			let node = this.model.root;
			for (;;) {
				const children = this.children(node);
				if (!children.length) {
					return;
				}
				this.open.add(node);
				node = children[0];
				if (node.self * 2 > this.maker.value(node)) {
					return;
				}
			}
		}

		show(mode, unit, hits) {
			this.maker = new TreeRow.Maker(this.model, mode, unit);
			if (hits !== this.hits) {
				this.searchFor(hits);
			}
			this.render();
		}

		/* A search opens the way to its matches, and closes it again when it is over or another one. */
		searchFor(hits) {
			if (this.openBefore) {
				this.open = new Set(this.openBefore);
				this.reveal(this.active);
			}
			this.openBefore = hits ? new Set(this.open) : null;
			this.hits = hits;
			if (hits) {
				hits.list.slice(0, REVEALED_MAX).forEach((node) => this.reveal(node));
			}
		}

		reveal(node) {
			for (let up = node.parent; up; up = up.parent) {
				this.open.add(up);
			}
		}

		/* Open rows from the top to the bottom, with their place among their siblings. */
		flatten() {
			const rows = [];
			const pending = [{ node: this.model.root, level: 1, position: 1, size: 1 }];
			while (pending.length) {
				const row = pending.pop();
				const children = this.children(row.node);
				row.expanded = children.length ? this.open.has(row.node) : null;
				rows.push(row);
				if (row.expanded) {
					for (let i = children.length - 1; i >= 0; i--) {
						pending.push({ node: children[i], level: row.level + 1, position: i + 1, size: children.length });
					}
				}
			}
			return rows;
		}

		render() {
			this.rows = this.flatten();
			if (this.index() < 0) {
				this.active = this.model.root;
			}
			this.box.classList.toggle("searching", Boolean(this.hits));
			this.refill();
		}

		/* ---- the rows in the page --------------------------------------------------------------------------------------------- */

		inSight() {
			const { top } = this.box.getBoundingClientRect();

			return [Math.floor(-top / ROW_PX), Math.ceil((window.innerHeight - top) / ROW_PX)];
		}

		refill() {
			const [first, last] = this.inSight();

			this.fill(first - SPARE, last + SPARE);
		}

		/* After scrolling: nothing to do as long as the rows in sight are there. */
		follow() {
			const [first, last] = this.inSight();

			if (Math.max(0, first) < this.first || Math.min(this.rows.length, last) > this.last) {
				this.refill();
			}
		}

		fill(first, last) {
			this.first = Math.max(0, Math.min(first, this.rows.length - SPARE));
			this.last = Math.min(this.rows.length, Math.max(last, SPARE));
			this.box.style.paddingTop = ROW_PX * this.first + "px";
			this.box.style.paddingBottom = ROW_PX * (this.rows.length - this.last) + "px";
			this.box.replaceChildren(...this.rows.slice(this.first, this.last).map((row, i) => this.row(row, this.first + i)));
			this.mark();
		}

		row(row, index) {
			const element = this.maker.make(row);

			element.id = "row-" + index;
			element.dataset.index = index;
			element.classList.toggle("found", Boolean(this.hits && this.hits.found.has(row.node)));
			element.classList.toggle("leads", Boolean(this.hits && this.hits.leads.has(row.node)));
			return element;
		}

		mark() {
			this.box.removeAttribute("aria-activedescendant");
			for (const element of this.box.children) {
				const chosen = this.rows[element.dataset.index].node === this.active;

				element.setAttribute("aria-selected", chosen);
				if (chosen) {
					this.box.setAttribute("aria-activedescendant", element.id);
				}
			}
		}

		/* ---- moving about ------------------------------------------------------------------------------------------------------- */

		index() {
			return this.rows.findIndex((row) => row.node === this.active);
		}

		/* Choose a row, and bring it into sight. */
		select(node, block = "nearest") {
			this.active = node;
			const at = this.index();

			if (at < this.first || at >= this.last) {
				this.fill(at - SPARE, at + SPARE);
			}
			this.mark();
			this.box.children[at - this.first].scrollIntoView({ block });
			this.follow();
		}

		/* Choose a node, wherever it is. */
		go(node) {
			this.reveal(node);
			this.render();
			this.select(node, "center");
		}

		toggle(node, all) {
			const opening = !this.open.has(node);
			const pending = [node];
			while (pending.length) {
				const next = pending.pop();
				this.open[opening ? "add" : "delete"](next);
				if (all) {
					pending.push(...this.children(next));
				}
			}
			this.render();
		}

		click(event) {
			const row = event.target.closest(".row");
			if (!row || window.getSelection().toString()) {
				return;
			}
			this.active = this.rows[row.dataset.index].node;
			this.toggle(this.active, event.altKey);
		}

		key(event) {
			const at = this.index();
			const { node, expanded } = this.rows[at];
			const step = (i) => this.rows[i] && this.select(this.rows[i].node);
			const keys = {
				ArrowDown: () => step(at + 1),
				ArrowUp: () => step(at - 1),
				Home: () => step(0),
				End: () => step(this.rows.length - 1),
				ArrowRight: () => (expanded === false ? this.toggle(node) : expanded && step(at + 1)),
				ArrowLeft: () => (expanded ? this.toggle(node) : node.parent && this.select(node.parent)),
				Enter: () => this.toggle(node),
				" ": () => this.toggle(node),
				"*": () => this.openSiblings(node),
				c: () => this.copyPath(node),
			};
			if (!keys[event.key] || event.ctrlKey || event.metaKey || event.altKey) {
				return;
			}
			event.preventDefault();
			event.stopPropagation();
			keys[event.key]();
		}

		openSiblings(node) {
			(node.parent ? node.parent.children : [node]).forEach((sibling) => this.open.add(sibling));
			this.render();
		}

		/* The caller of all first. */
		copyPath(node) {
			const path = [];
			for (let up = node; up; up = up.parent) {
				path.unshift(this.maker.nodeName(up));
			}
			this.copy(path.join("\n"));
		}
	}

	return { View };
})();
