/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The call tree: rows of an ARIA tree, of which only the open ones are in the page. */
/* exported TreeView */
/* global Model, Words */

const TreeView = (() => {
	const ROWS_MAX = 3000;
	const SUBTREE_MAX = 500; /* rows that one Alt-click opens */
	const values = { cpu: (n) => n.cpu, wait: (n) => n.wait, both: (n) => n.cpu + n.wait };

	function element(tag, className, text) {
		const e = document.createElement(tag);
		if (className) {
			e.className = className;
		}
		if (text !== undefined) {
			e.textContent = text;
		}
		return e;
	}

	class View {
		constructor(panel, model) {
			this.model = model;
			this.open = new Set();
			this.active = model.root;
			this.hits = null;
			this.mode = "both";
			this.unit = "ms";
			this.rows = [];
			this.head = element("div", "head");
			["Total", "CPU", "Wait", "", "Function"].forEach((name) => this.head.append(element("span", "", name)));
			this.head.setAttribute("aria-hidden", "true");
			this.box = element("div", "tree");
			this.box.setAttribute("role", "tree");
			this.box.setAttribute("aria-label", "Call tree");
			this.note = element("p", "note");
			panel.append(this.note, this.head, this.box);
			this.box.addEventListener("click", (event) => this.click(event));
			this.box.addEventListener("keydown", (event) => this.key(event));
			this.openHeaviest();
		}

		value(node) {
			return values[this.mode](node);
		}

		/* The children that have time of the chosen mode, the heaviest first. */
		children(node) {
			return node.children.filter((c) => this.value(c) > 0).sort((a, b) => this.value(b) - this.value(a) || a.id - b.id);
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
				if (node.self * 2 > this.value(node)) {
					return;
				}
			}
		}

		show(mode, unit, hits) {
			const searched = hits !== this.hits;
			this.mode = mode;
			this.unit = unit;
			this.hits = hits;
			if (hits && searched) {
				hits.list.slice(0, 100).forEach((node) => this.reveal(node));
			}
			this.render();
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
			while (pending.length && rows.length < ROWS_MAX) {
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
			this.cut = pending.length > 0;
			return rows;
		}

		render() {
			const focused = this.box.contains(document.activeElement);
			const rows = this.flatten();
			if (!rows.some((row) => row.node === this.active)) {
				this.active = this.model.root;
			}
			this.rows = rows;
			this.box.replaceChildren(...rows.map((row, i) => this.row(row, i)));
			this.box.classList.toggle("searching", Boolean(this.hits));
			this.note.textContent = this.noteText();
			this.note.hidden = !this.note.textContent;
			if (focused) {
				this.focus();
			}
		}

		noteText() {
			const { root, wall } = this.model;
			const overlap = root.cpu + root.wait > wall ? "Threads of the request overlap: their times add up to more than its duration. " : "";
			return overlap + (this.cut ? `Only the first ${ROWS_MAX} rows are shown: close some, or search.` : "");
		}

		time(ns, main) {
			const text = this.unit === "ms" ? Words.ms(ns, this.model.decimals) : Words.percent(ns, this.model.wall);
			return element("span", "time" + (main ? " main" : "") + (ns ? "" : " zero"), text);
		}

		/* The node's share of all, by class. */
		strip(node) {
			const strip = element("span", "strip");
			const whole = this.value(this.model.root);
			for (const timeClass of Words.classes) {
				const ns = node.byClass.get(timeClass) || 0;
				const onCpu = timeClass.startsWith("cpu_");
				if (ns && (this.mode === "both" || (this.mode === "cpu") === onCpu)) {
					const part = element("i", "c-" + timeClass);
					part.style.width = 100 * ns / whole + "%";
					strip.append(part);
				}
			}
			return strip;
		}

		row({ node, level, position, size, expanded }, index) {
			const row = element("div", "row");
			const attributes = { role: "treeitem", "aria-level": level, "aria-posinset": position, "aria-setsize": size,
				"aria-selected": node === this.active, tabindex: node === this.active ? 0 : -1 };
			if (expanded !== null) {
				attributes["aria-expanded"] = expanded;
			}
			Object.entries(attributes).forEach(([name, value]) => row.setAttribute(name, value));
			row.dataset.index = index;
			row.classList.toggle("found", Boolean(this.hits && this.hits.found.has(node)));
			row.classList.toggle("leads", Boolean(this.hits && this.hits.leads.has(node)));
			row.append(this.time(node.cpu + node.wait, this.mode === "both"), this.time(node.cpu, this.mode === "cpu"),
				this.time(node.wait, this.mode === "wait"), this.strip(node), this.what(node, level, expanded));
			row.setAttribute("aria-label", this.label(node));
			return row;
		}

		what(node, level, expanded) {
			const what = element("span", "what");
			const twist = element("span", "twist", expanded === null ? "" : expanded ? "▼" : "▶");
			const deep = Math.max(0, level - 15); /* very deep stacks must not run out of the page */
			what.style.setProperty("--indent", 14 * Math.min(level - 1, 14) + 4 * Math.min(deep, 60) + "px");
			twist.setAttribute("aria-hidden", "true");
			what.append(twist, ...this.names(node));
			return what;
		}

		names(node) {
			if (node.kind === "frame") {
				const frame = this.model.report.frames[node.frame];
				const own = Model.isOwn(frame);
				const name = element("span", `name ${frame.kind}${own ? "" : " library"}`, Words.clean(frame.function));
				name.title = Words.clean([frame.function, frame.file, frame.module].filter(Boolean).join(" · "), 500);
				const parts = [name, element("span", "place", Words.place(frame, node.line))];
				if (node.self && node.children.length) {
					parts.push(element("span", "aside", "self " + (this.unit === "ms" ? Words.ms(node.self, this.model.decimals) :
						Words.percent(node.self, this.model.wall) + " %")));
				}
				return parts;
			}
			if (node.kind === "root") {
				return [element("span", "name", this.title())];
			}
			const key = element("span", "key " + (node.kind === "no-stack" ? "c-cpu_user" : "c-" + node.class));
			const parts = [key, element("span", "name plain", this.waitName(node))];
			if (node.kind === "wait") {
				parts.push(element("span", "aside", Words.count(node.count, "wait", "waits")));
			}
			return parts;
		}

		title() {
			const { method, target } = this.model.report.request;
			return `${Words.clean(method || "?")} ${Words.clean(target || "?")}`;
		}

		waitName(node) {
			if (node.kind === "no-stack") {
				return "on CPU, stack unknown";
			}
			if (node.kind === "ambiguous") {
				return "ambiguous";
			}
			const label = Words.labels[node.class];
			if (node.kind === "wait") {
				return node.object ? `${label} ${Words.clean(node.object)}` : label;
			}
			if (node.class === "network" && this.model.report.time.estimated.includes("network")) {
				return label + ", before the request was recognised";
			}
			return ["loop_busy", "suspended", "unknown"].includes(node.class) ? label : label + ", not recorded one by one";
		}

		nodeName(node) {
			if (node.kind === "root") {
				return this.title();
			}
			if (node.kind !== "frame") {
				return this.waitName(node);
			}
			const frame = this.model.report.frames[node.frame];
			return [Words.clean(frame.function), Words.place(frame, node.line)].filter(Boolean).join(", ");
		}

		label(node) {
			const { decimals, wall } = this.model;
			const total = node.cpu + node.wait;
			return `${this.nodeName(node)}: ${Words.ms(total, decimals)} ms, ${Words.percent(total, wall)} %`;
		}

		/* ---- moving about ------------------------------------------------------------------------------------------------------- */

		index() {
			return this.rows.findIndex((row) => row.node === this.active);
		}

		focus() {
			const row = this.box.children[this.index()];
			if (row) {
				row.focus({ preventScroll: true });
				row.scrollIntoView({ block: "nearest" });
			}
		}

		select(node, focus = true) {
			this.active = node;
			for (const row of this.box.children) {
				const chosen = this.rows[row.dataset.index].node === node;
				row.setAttribute("aria-selected", chosen);
				row.tabIndex = chosen ? 0 : -1;
			}
			if (focus) {
				this.focus();
			} else {
				this.box.children[this.index()].scrollIntoView({ block: "center" });
			}
		}

		/* Bring a node into view, as the search does. */
		go(node) {
			this.reveal(node);
			this.render();
			this.select(node, false);
		}

		toggle(node, all) {
			const opening = !this.open.has(node);
			let n = 0;
			const pending = [node];
			while (pending.length && n++ < (all ? SUBTREE_MAX : 1)) {
				const next = pending.shift();
				this.open[opening ? "add" : "delete"](next);
				pending.push(...this.children(next));
			}
			this.render();
		}

		click(event) {
			const row = event.target.closest(".row");
			if (!row || window.getSelection().toString()) {
				return;
			}
			const { node } = this.rows[row.dataset.index];
			this.active = node;
			this.toggle(node, event.altKey);
			this.focus();
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

		copyPath(node) {
			const path = [];
			for (let up = node; up; up = up.parent) {
				path.unshift(this.nodeName(up));
			}
			navigator.clipboard.writeText(path.join("\n"));
		}
	}

	return { View, values };
})();
