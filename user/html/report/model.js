/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the views show: the report as a state of the page filters it. The same state gives the same view, so that views can compare. */
/* exported Model */
/* global Calls, Frames, Functions, Inverted, Nodes, Search, Weights, Words */

const Model = (() => {
	const VIEWS_MAX = 6; /* kept, for the way back */
	const values = { cpu: (n) => n.cpu, wait: (n) => n.wait, both: (n) => n.cpu + n.wait };

	/* Keeps the last few results of a function of plain values. */
	function memo(make) {
		const kept = new Map();
		return (...parameters) => {
			const key = JSON.stringify(parameters);
			const found = kept.has(key) ? kept.get(key) : make(...parameters);
			kept.delete(key);
			kept.set(key, found);
			if (kept.size > VIEWS_MAX) {
				kept.delete(kept.keys().next().value);
			}
			return found;
		};
	}

	/* What a selection names: the same function, wait or class wherever it is in a tree. "" = nothing that can be selected. */
	function keyOf(node) {
		switch (node.kind) {
		case "frame":
			return "f" + node.frame;
		case "wait":
			return `w:${node.class}:${node.object}`;
		case "await":
			return `a:${node.class}:${node.what.objectIndex}`;
		case "busy":
			return "b:" + node.what.index;
		case "no-stack":
			return "n";
		case "class":
		case "ambiguous":
			return "c:" + (node.kind === "class" ? node.class : "ambiguous");
		default:
			return "";
		}
	}

	/* The report by range, thread, task, classes, folding and focus. Its parts are made when they are first asked for. */
	class Filtered {
		constructor(report, table, sums, fold, focus) {
			this.report = report;
			this.table = table;
			this.sums = sums;
			this.fold = fold;
			this.focus = focus;
			this.made = new Map();
		}

		once(name, make) {
			if (!this.made.has(name)) {
				this.made.set(name, make());
			}
			return this.made.get(name);
		}

		tree(fold) {
			return new Calls.Tree(this.report, this.table, this.sums, fold, this.focus);
		}

		/* The call tree, neither inverted nor folded. */
		get plain() {
			return this.once("plain", () => this.tree(this.fold.map(() => false)));
		}

		get calls() {
			return this.fold.includes(true) ? this.once("calls", () => this.tree(this.fold)) : this.plain;
		}

		get inverted() {
			return this.once("inverted", () => new Inverted.Tree(this.calls));
		}

		get functions() {
			return this.once("functions", () => Functions.list(this.report, this.table, this.sums, this.plain));
		}

		get waits() {
			return this.focus < 0 ? this.sums.waitRows : this.once("waits", () => {
				const { above } = this.plain;
				const { stack } = this.report.waits;
				return this.sums.waitRows.filter((i) => stack[i] >= 0 && above[stack[i]] !== -2);
			});
		}

		around(frame) {
			return this.once("around " + frame, () => Functions.around(this.plain, frame));
		}

		error(node) {
			const { n, exactAt } = this.calls;
			const hits = this.once("hits", () => Functions.hitsBy(this.sums, n, exactAt));
			return Functions.samplingError(this.sums.threads, hits(node.id));
		}
	}

	class View {
		/**
		 * What a state shows.
		 * @param {Filtered} filtered
		 * @param {ViewState} state
		 */
		constructor(filtered, state) {
			this.filtered = filtered;
			this.state = state;
			/** @type {ReportData} unfiltered */
			this.report = filtered.report;
			/** @type {FrameTable} */
			this.table = filtered.table;
			/** ns: of the whole request, that percentages are of */
			this.wall = this.report.time.wall_ns;
			/** digits after the point, of times in ms */
			this.decimals = Words.decimals(this.wall);
			/** @type {[number, number]} the selected range, ns */
			this.range = [state.from, state.to || this.wall];
			/** @type {(node: TreeNode) => number} a node's time of the mode, ns */
			this.value = values[state.mode];
			this.test = Search.compileOrNull(state.q);
			this.found = null;
			this.rests = new Map();
		}

		/** @type {TreeNode} The tree to show: folded and inverted as the state says. The same object as long as no filter changes. */
		get root() {
			return this.state.invert ? this.filtered.inverted.root : this.filtered.calls.root;
		}

		/** @type {FunctionRow[]} by self time */
		get functions() {
			return this.filtered.functions;
		}

		/** @type {Int32Array} rows of report.waits that the filters leave */
		get waits() {
			return this.filtered.waits;
		}

		/** Who calls a function and what it calls (Functions.around). */
		around(frame) {
			return this.filtered.around(frame);
		}

		/** Half the width of the 95 % interval of a node's own CPU time, ns; 0 = it has none. */
		error(node) {
			return node.self && node.kind === "frame" && !this.state.invert ? this.filtered.error(node) : 0;
		}

		/** What is less is hidden, ns. */
		get least() {
			return this.value(this.root) * this.state.hide / 100;
		}

		/** The children to show, the heaviest first: with time of the mode, and not less than the state hides. */
		children(node) {
			const { least } = this;
			const shown = node.children.filter((child) => this.value(child) > 0 && this.value(child) >= least);
			return shown.sort((a, b) => this.value(b) - this.value(a) || a.id - b.id);
		}

		/** What `children` leaves out for being small, as a node of kind "rest"; null = nothing. Its count is that of the nodes. */
		rest(node) {
			const { least } = this;
			const small = node.children.filter((child) => this.value(child) > 0 && this.value(child) < least);
			if (!small.length) {
				return null;
			}
			if (!this.rests.has(node)) {
				const rest = new Nodes.Node(null, -1, node, "rest", -1);
				small.forEach((child) => {
					rest.cpu += child.cpu;
					rest.wait += child.wait;
					rest.count++;
					rest.waits += child.waits;
					rest.addTimesOf(child);
				});
				this.rests.set(node, rest);
			}
			return this.rests.get(node);
		}

		/** A time in the unit of the state ("samples": in ms), without the unit. */
		time(ns) {
			return this.state.unit === "percent" ? Words.percent(ns, this.wall) : Words.ms(ns, this.decimals);
		}

		/** Where a node is, for State's zoom: "f2.f13": keys from the root's child on, "r" = folded frames. */
		path(node) {
			const keys = [];
			for (let up = node; up.parent; up = up.parent) {
				keys.push(keyOf(up) || "r");
			}
			return keys.reverse().join(".");
		}

		/** The node at a path, or the nearest to it that there is. */
		find(path) {
			let node = this.root;
			for (const key of path ? path.split(".") : []) {
				const next = node.children.find((child) => (keyOf(child) || "r") === key);
				if (!next) {
					break;
				}
				node = next;
			}
			return node;
		}

		/** What the search finds in the call tree, or null: {found: Set of nodes, leads, time, list}. Never of the inverted one. */
		get hits() {
			if (this.test && !this.found) {
				this.found = Search.tree(this.test, this.report, this.filtered.calls, this.value);
			}
			return this.found;
		}

		/** Whether the search finds a node of whatever tree. */
		matches(node) {
			return Boolean(this.test) && Search.matchesNode(this.test, this.report, node);
		}
	}

	class Model {
		/** @param {ReportData} report */
		constructor(report) {
			this.report = report;
			this.table = Frames.tabulate(report.frames);
			this.sums = memo((filter) => new Weights.Sums(report, filter));
			this.filtered = memo((filter, lib, focus) =>
				new Filtered(report, this.table, this.sums(filter), Frames.folded(this.table.packages, lib), focus));
			this.views = memo((state) => this.make(state));
			report.awaits.forEach((row) => (row.objectIndex = report.objects.indexOf(row.object)));
			report.loop_busy.forEach((row, index) => (row.index = index));
		}

		make(state) {
			const { from, to, thread, task, classes, lib, focus } = state;
			/* a range that is all of the request cuts nothing */
			const filter = { from: from || Number.MIN_SAFE_INTEGER, to: to || Number.MAX_SAFE_INTEGER, thread, task, classes };
			return new View(this.filtered(filter, lib, focus ? Number(focus.slice(1)) : -1), state);
		}

		/**
		 * What a state shows. The same state gives the same view.
		 * @param {ViewState} state
		 * @returns {View}
		 */
		view(state) {
			const { from, to, thread, task, classes, invert, focus, mode, unit, hide, q } = state;
			const lib = state.lib !== "off" && this.findsFolded(state) ? "off" : state.lib;
			return this.views({ from, to, thread, task, classes, lib, invert, focus, mode, unit, hide, q });
		}

		/* A search for what is folded away shows it. */
		findsFolded({ q, lib }) {
			const test = Search.compileOrNull(q);
			const fold = test && Frames.folded(this.table.packages, lib);
			return Boolean(test) && this.report.frames.some((frame, i) => fold[this.table.packageOf[i]] && Search.matchesFrame(test, frame, frame.line));
		}
	}

	return { Model, keyOf, values };
})();
