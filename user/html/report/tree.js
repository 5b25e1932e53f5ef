/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The call tree: what is open, chosen and in sight. Of its rows only those near the viewport are in the page, however many there are. */
/* exported TreeView */
/* global Model, TreeRow, Unfold, Words */

const TreeView = (() => {
	const ROW_PX = 24; /* the style sheet's height of a row */
	const SPARE = 40; /* rows above and below those in sight */
	const PRINTED_MAX = 2000;
	const REVEALED_MAX = 100; /* matches of a search */
	const OVERLAP = "Threads of the request overlap: their times add up to more than its duration.";

	class View {
		/**
		 * @param {HTMLElement} panel
		 * @param {any} api of the page
		 */
		constructor(panel, api) {
			const { element } = TreeRow;

			this.api = api;
			this.view = null;
			this.active = null;
			this.open = new Set();
			this.openBefore = null;
			this.left = new WeakMap(); /* of trees that were shown: what was open and chosen */
			this.hits = null;
			this.rows = [];
			this.first = 0;
			this.last = 0;
			panel.querySelectorAll(".note, .scroll").forEach((e) => e.remove());
			this.head = element("div", "head");
			["Total", "CPU", "Wait", "", "Function"].forEach((name) => this.head.append(element("span", "", name)));
			this.head.setAttribute("aria-hidden", "true");
			this.box = element("div", "tree");
			Object.entries({ role: "tree", "aria-label": "Call tree", tabindex: 0 }).forEach(([name, value]) => this.box.setAttribute(name, value));
			this.note = element("p", "note");
			panel.append(this.note, this.head, this.box);
			this.listen();
		}

		listen() {
			this.box.addEventListener("click", (event) => this.click(event));
			this.box.addEventListener("keydown", (event) => this.key(event));
			this.api.tip.attach(this.box, ".row", (row) => this.maker.tip(this.rows[row.dataset.index].node));
			window.addEventListener("scroll", () => this.follow(), { passive: true });
			window.addEventListener("resize", () => this.follow());
			window.addEventListener("beforeprint", () => this.fill(0, PRINTED_MAX));
			window.addEventListener("afterprint", () => this.refill());
		}

		/* Down the heaviest way, to where most of the time is the function's own. */
		openHeaviest() {
			let node = this.view.root;
			for (;;) {
				const [heaviest] = this.view.children(node);
				if (!heaviest) {
					return;
				}
				this.open.add(node);
				node = heaviest;
				if (node.self * 2 > this.view.value(node) || this.view.state.invert) {
					return;
				}
			}
		}

		show(view, state) {
			const before = this.view;

			this.view = view;
			this.maker = new TreeRow.Maker(view);
			if (!before || before.root !== view.root) {
				this.replant(before, state);
			}
			if (view.hits !== this.hits) {
				this.searchFor(view.hits);
			}
			this.note.textContent = view.root.cpu + view.root.wait > view.wall ? OVERLAP : "";
			this.note.hidden = !this.note.textContent;
			this.render();
			if (state.sel && state.sel !== Model.keyOf(this.active)) {
				this.goToKey(state.sel);
			}
		}

		/* Another tree: what was open and chosen is so again, if it is of the same calls. */
		replant(before, state) {
			const { view } = this;
			const open = this.openBefore || this.open;
			const sameKind = before && before.state.invert === state.invert && before.state.focus === state.focus && open.has(before.root);
			this.openBefore = null;
			this.hits = null;
			if (before) {
				this.left.set(before.root, { open, active: this.active });
			}
			if (this.left.has(view.root)) {
				Object.assign(this, this.left.get(view.root)); /* the way back leads to what it was */
				return;
			}
			if (!sameKind) {
				this.active = view.root;
				this.open = new Set();
				this.openHeaviest();
				return;
			}
			const folded = before.state.lib !== view.state.lib && !state.invert;
			Object.assign(this, folded ? Unfold.otherFolding(before, view, open, this.active) : Unfold.samePaths(before.root, view.root, open, this.active));
		}

		/* A search opens the way to its matches, and closes it again when it is over or another one. */
		searchFor(hits) {
			if (this.openBefore) {
				this.open = new Set(this.openBefore);
				this.reveal(this.active);
			}
			this.openBefore = hits ? new Set(this.open) : null;
			this.hits = hits;
			if (hits && !this.view.state.invert) {
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
			const pending = [{ node: this.view.root, level: 1, position: 1, size: 1 }];
			while (pending.length) {
				const row = pending.pop();
				const open = this.open.has(row.node);
				const children = open ? this.view.children(row.node) : [];
				const rest = open ? this.view.rest(row.node) : null;
				const all = rest ? [...children, rest] : children;
				row.expanded = open ? (all.length ? true : null) : this.hasChildren(row.node) ? false : null;
				rows.push(row);
				for (let i = all.length - 1; i >= 0; i--) {
					pending.push({ node: all[i], level: row.level + 1, position: i + 1, size: all.length });
				}
			}
			return rows;
		}

		hasChildren(node) {
			return node.children.some((child) => this.view.value(child) > 0);
		}

		render() {
			this.rows = this.flatten();
			if (this.index() < 0) {
				this.active = this.view.root;
			}
			this.box.classList.toggle("searching", Boolean(this.view.test));
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
			element.classList.toggle("found", this.view.matches(row.node));
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
			this.api.select(Model.keyOf(node));
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

		nextHit(view) {
			const list = view.state.invert ? view.root.children.filter((node) => view.matches(node)) : view.hits.list;
			if (list.length) {
				this.next = this.hit === view.hits ? this.next + 1 : 0;
				this.hit = view.hits;
				this.go(list[this.next % list.length]);
			}
		}

		/* The heaviest node with a key. */
		goToKey(key) {
			const { value } = this.view;
			const { calls } = this.view.filtered;
			const wait = /^w:([a-z_]+):(-?\d+)$/.exec(key);
			const candidates = this.view.state.invert ? this.view.root.children :
				wait ? calls.findWaits((cause, object) => Words.classes[cause] === wait[1] && object === Number(wait[2])) : calls.nodes;
			const found = candidates.filter((node) => Model.keyOf(node) === key && value(node) > 0);
			if (found.length) {
				this.active = found.reduce((best, node) => (value(node) > value(best) ? node : best));
				this.reveal(this.active);
				this.render();
			}
		}

		toggle(node, all) {
			const opening = !this.open.has(node);
			const pending = [node];
			while (pending.length) {
				const next = pending.pop();
				this.open[opening ? "add" : "delete"](next);
				if (all) {
					pending.push(...this.view.children(next));
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
			this.api.select(Model.keyOf(this.active));
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
			if (!Object.hasOwn(keys, event.key) || event.ctrlKey || event.metaKey || event.altKey) {
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
			this.api.copy(path.join("\n"), "path copied");
		}
	}

	return { id: "tree", make: (panel, api) => new View(panel, api) };
})();
