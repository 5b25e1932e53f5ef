/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The call tree: callees below their callers, waits and awaits as leaves, library frames folded away. */
/* exported Calls */
/* global Groups, NodeTable, Nodes, Pairs, Weights, Words */

const Calls = (() => {
	const { Node, NONE } = Nodes;
	const { ROOT, FRAME, RUN, NO_STACK } = NodeTable;

	/* Of each stack whether anything is left in it or in a stack that continues it. */
	function findUsed(report, sums) {
		const { n, parent } = report.stacks;
		const used = new Uint8Array(n + 1);
		for (let s = 0; s <= n; s++) {
			used[s] = Number(sums.cpu[s] > 0 || sums.waiting[s] > 0);
		}
		sums.awaits.forEach(({ stack }) => (used[stack] = 1));
		for (let s = n - 1; s >= 0; s--) {
			if (used[s] && parent[s] >= 0) {
				used[parent[s]] = 1;
			}
		}
		return used;
	}

	/* Functions that tasks begin with: what a loop calls there is not the loop's business. */
	function taskEntries(report, merged) {
		const { parent, frame } = report.stacks;
		const entries = new Set();
		for (const { stack } of report.awaits) {
			let s = stack;
			while (s >= 0 && parent[s] >= 0) {
				s = parent[s];
			}
			if (s >= 0) {
				entries.add(merged[frame[s]]);
			}
		}
		return entries;
	}

	/**
	 * Where stacks begin and go on in a tree: within a focus, from a task's entry on.
	 * @returns {Int32Array} of each stack its caller's; −1 = none, the tree's root; −2 = not in the tree
	 */
	function findCallers(report, table, focus) {
		const { n, parent, frame } = report.stacks;
		const entries = taskEntries(report, table.merged);
		const above = new Int32Array(n + 1);
		const inTask = new Uint8Array(n);
		for (let s = 0; s < n; s++) {
			const up = parent[s];
			const at = table.merged[frame[s]];
			const within = up >= 0 && inTask[up];
			const begins = !within && entries.has(at);
			inTask[s] = Number(within || begins);
			above[s] = begins ? -1 : up;
			if (focus >= 0 && (up < 0 || above[up] === -2)) {
				above[s] = at === focus ? -1 : -2;
			}
		}
		above[n] = focus >= 0 ? -2 : -1;
		return above;
	}

	class Tree {
		/**
		 * @param {ReportData} report
		 * @param {FrameTable} functions
		 * @param {any} sums Weights.Sums
		 * @param {boolean[]} fold of each package
		 * @param {number} focus a function, −1 = all
		 */
		constructor(report, functions, sums, fold, focus) {
			const { n } = report.stacks;
			/* of each stack its function and perhaps the run that it is in; time without a stack; awaits, what loops did, classes, ambiguous */
			const most = 2 * n + 2 + report.awaits.length + report.loop_busy.length + Words.classes.length + 1;
			this.report = report;
			this.functions = functions;
			this.sums = sums;
			this.folded = Uint8Array.from(report.frames, (_, frame) => Number(fold[functions.packageOf[frame]]));
			this.table = new NodeTable.Table(most);
			this.pairs = new Pairs.Index(n);
			this.codes = new Map();
			this.leaves = 0;
			this.codeOfRun = report.frames.length; /* codes of what a child is: see child() */
			this.codeOfNone = report.frames.length + 1;
			this.firstOther = report.frames.length + 2;
			this.above = findCallers(report, functions, focus);
			this.used = findUsed(report, sums);
			this.shownAt = new Int32Array(n + 1).fill(-1); /* of each stack the node of its innermost frame that is not folded */
			this.exactAt = new Int32Array(n + 1).fill(-1); /* and that of its innermost frame */
			this.table.add(-1, ROOT, -1);
			this.placeStacks();
			this.addSamples();
			this.addAwaits();
			if (sums.isWhole() && focus < 0) {
				this.addBusy();
				this.addRest();
			}
			this.chooseLines();
			const waitNodes = this.placeWaits();
			this.table.sumUp(sums.waits, waitNodes);
			this.table.openShortRuns();
			this.table.index();
			this.waitsAt = Groups.by(waitNodes, this.n);
		}

		/* How many nodes there are, without the waits. */
		get n() {
			return this.table.n;
		}

		node(id) {
			return this.table.node(this, id);
		}

		get root() {
			return this.node(0);
		}

		/** @type {TreeNode[]} all without the waits, by their ids: also runs that a single frame has replaced */
		get nodes() {
			return Array.from({ length: this.n }, (_, id) => this.node(id));
		}

		callsOf({ id }) {
			const { first, rows } = this.table.calls;
			return Array.from(rows.subarray(first[id], first[id + 1]), (call) => this.node(call));
		}

		/* A node's child with a code: a function's number, then folded frames, then what has a name. */
		child(parent, kind, code, frame = -1) {
			const i = this.pairs.add(parent, code) + 1; /* the root is of no pair */
			return i < this.table.n ? i : this.table.add(parent, kind, frame);
		}

		call(parent, frame) {
			return this.child(parent, FRAME, frame, frame);
		}

		/* A child of the kinds of which there are few. */
		named(parent, kind, name, { what = null, timeClass = "" } = {}) {
			const key = `${kind} ${name}`;
			if (!this.codes.has(key)) {
				this.codes.set(key, this.firstOther + this.codes.size);
			}
			const id = this.child(parent, NodeTable.kindOf(kind), this.codes.get(key));
			this.table.names.set(id, { what, class: timeClass });
			return id;
		}

		function(stack) {
			return this.functions.merged[this.report.stacks.frame[stack]];
		}

		isFolded(stack) {
			return this.folded[this.report.stacks.frame[stack]] === 1;
		}

		/* Frames that are not folded; the others get theirs when there is time in them. */
		placeStacks() {
			const { n } = this.report.stacks;
			for (let s = 0; s < n; s++) {
				const up = this.above[s];
				if (!this.used[s] || up === -2) {
					continue;
				}
				const caller = up < 0 ? 0 : this.shownAt[up];
				const folded = this.isFolded(s);
				this.shownAt[s] = folded ? caller : this.call(caller, this.function(s));
				this.exactAt[s] = folded ? -1 : this.shownAt[s];
			}
			this.shownAt[n] = this.above[n] === -2 ? -1 : 0;
		}

		/* The node of a stack's innermost frame. */
		exact(stack) {
			const pending = [];
			let s = stack;
			while (this.exactAt[s] < 0) {
				pending.push(s);
				if (this.above[s] < 0 || !this.isFolded(this.above[s])) {
					const run = this.child(this.shownAt[s], RUN, this.codeOfRun);
					this.exactAt[s] = this.call(run, this.function(s));
					pending.pop();
					break;
				}
				s = this.above[s];
			}
			while (pending.length) {
				const next = pending.pop();
				this.exactAt[next] = this.call(this.exactAt[this.above[next]], this.function(next));
			}
			return this.exactAt[stack];
		}

		/* The node of each piece of a wait, −1 = none. */
		placeWaits() {
			const { n, stack } = this.sums.waits;
			const nodes = new Int32Array(n);
			for (let i = 0; i < n; i++) {
				nodes[i] = this.shownAt[stack[i]];
			}
			return nodes;
		}

		addSamples() {
			const { n } = this.report.stacks;
			const { cpu, samples } = this.sums;
			const { own, count, ofClass } = this.table;
			for (let s = 0; s <= n; s++) {
				if (cpu[s] > 0 && this.shownAt[s] >= 0) {
					const at = s === n ? this.child(0, NO_STACK, this.codeOfNone) : this.exact(s);
					own[at] += cpu[s];
					count[at] += samples[s];
					ofClass[at] = this.sums.cpuClass(s); /* of its own time: a function is in the kernel or not */
				}
			}
		}

		/* The waits of a node, as nodes: one for each class and object. */
		waitsOf(node) {
			const { cause, object, ns } = this.sums.waits;
			const { first, rows } = this.waitsAt;
			const byWhat = new Map();
			for (let k = first[node.id]; k < first[node.id + 1]; k++) {
				const i = rows[k];
				const key = cause[i] * (this.report.objects.length + 1) + object[i] + 1;
				let wait = byWhat.get(key);
				if (!wait) {
					wait = new Node(null, this.n + this.leaves++, node, "wait", -1);
					Object.assign(wait, { class: Words.classes[cause[i]], ofClass: cause[i], object: object[i] });
					byWhat.set(key, wait);
				}
				wait.wait += ns[i];
				wait.count++;
				wait.waits++;
			}
			return byWhat.size ? [...byWhat.values()] : NONE;
		}

		addAwaits() {
			const { own, count, ofClass } = this.table;
			for (const row of this.sums.awaits) {
				const at = this.shownAt[row.stack];
				if (at >= 0) {
					const id = this.named(at, "await", `${row.cause} ${row.object}`, { what: row, timeClass: row.cause });
					own[id] += row.ns;
					ofClass[id] = Weights.classIndex.suspended;
					count[id]++;
				}
			}
		}

		/* What its event loop did for others. */
		addBusy() {
			this.report.loop_busy.forEach((busy, i) => this.addClassTime("busy", i, "loop_busy", busy.duration_ns, busy));
		}

		/* Below the root, all time of a class or a part of it. */
		addClassTime(kind, name, timeClass, ns, what = null) {
			const id = this.named(0, kind, name, { what, timeClass });
			if (this.sums.allowed[Weights.classIndex[timeClass]]) {
				this.table.own[id] = ns;
				this.table.ofClass[id] = Weights.classIndex[timeClass];
			}
		}

		/* Wall time of waiting classes that no recorded wait shows. */
		addRest() {
			const recorded = Float64Array.from(this.sums.waitTimes);
			const { classIndex } = Weights;
			const { classes_ns: ns, ambiguous_ns: ambiguous } = this.report.time;
			this.sums.awaits.forEach((row) => (recorded[classIndex.suspended] += row.ns));
			this.report.loop_busy.forEach((busy) => (recorded[classIndex.loop_busy] += busy.duration_ns));
			for (const timeClass of Words.classes.slice(classIndex.run_queue, -1)) {
				this.addClass("class", timeClass, ns[timeClass] - recorded[classIndex[timeClass]]);
			}
			this.addClass("ambiguous", "unknown", Math.min(ambiguous, ns.unknown));
			this.addClass("class", "unknown", ns.unknown - Math.min(ambiguous, ns.unknown));
		}

		addClass(kind, timeClass, ns) {
			if (ns > 0) {
				this.addClassTime(kind, timeClass, timeClass, ns);
			}
		}

		/* The line of a node is that of the stack with the most time there. */
		chooseLines() {
			const { n, frame } = this.report.stacks;
			const { cpu, waiting } = this.sums;
			const times = cpu.map((ns, s) => ns + waiting[s]);
			const most = new Float64Array(this.n).fill(-1);
			this.sums.awaits.forEach(({ stack, ns }) => (times[stack] += ns));
			for (let s = n - 1; s >= 0; s--) {
				const node = this.exactAt[s];
				if (this.above[s] >= 0) {
					times[this.above[s]] += times[s];
				}
				if (node >= 0 && times[s] >= most[node]) {
					most[node] = times[s];
					this.table.line[node] = this.report.frames[frame[s]].line;
				}
			}
		}

		/* Waits that a test of their class and object finds, as nodes. */
		findWaits(test) {
			const { n, stack, cause, object } = this.sums.waits;
			const known = new Map();
			const parents = new Set();
			const tested = (i) => {
				const key = cause[i] * (this.report.objects.length + 1) + object[i] + 1;
				if (!known.has(key)) {
					known.set(key, test(cause[i], object[i]));
				}
				return known.get(key);
			};
			for (let i = 0; i < n; i++) {
				if (this.shownAt[stack[i]] >= 0 && tested(i)) {
					parents.add(this.shownAt[stack[i]]);
				}
			}
			return [...parents].flatMap((id) => this.node(id).children.filter((node) => node.kind === "wait" && test(node.ofClass, node.object)));
		}
	}

	return { Tree };
})();
