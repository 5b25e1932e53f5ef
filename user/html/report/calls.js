/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The call tree: callees below their callers, waits and awaits as leaves, library frames folded away. */
/* exported Calls */
/* global Nodes, Pairs, Weights, Words */

const Calls = (() => {
	const { Node, NONE } = Nodes;

	/* Of each stack whether anything is left in it or in a stack that continues it. */
	function findUsed(report, sums) {
		const { n, parent } = report.stacks;
		const used = new Uint8Array(n + 1);
		const { waits } = sums;
		for (let s = 0; s <= n; s++) {
			used[s] = Number(sums.cpu[s] > 0);
		}
		for (let i = 0; i < waits.n; i++) {
			used[waits.stack[i]] = 1;
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
		 * @param {FrameTable} table
		 * @param {any} sums Weights.Sums
		 * @param {boolean[]} fold of each package
		 * @param {number} focus a function, −1 = all
		 */
		constructor(report, table, sums, fold, focus) {
			this.report = report;
			this.table = table;
			this.sums = sums;
			this.fold = fold;
			this.nodes = [];
			this.pairs = new Pairs.Index();
			this.codes = new Map();
			this.leaves = 0;
			this.codeOfRun = report.frames.length; /* codes of what a child is: see child() */
			this.firstOther = report.frames.length + 1;
			this.above = findCallers(report, table, focus);
			this.used = findUsed(report, sums);
			this.shownAt = new Int32Array(report.stacks.n + 1).fill(-1); /* of each stack the node of its innermost frame that is not folded */
			this.exactAt = new Int32Array(report.stacks.n + 1).fill(-1); /* and that of its innermost frame */
			this.root = this.node(null, "root", -1);
			this.placeStacks();
			this.addSamples();
			this.addAwaits();
			if (sums.isWhole() && focus < 0) {
				this.addBusy();
				this.addRest();
			}
			this.chooseLines();
			this.indexWaits();
			this.sumUp();
			this.openShortRuns();
		}

		node(parent, kind, frame) {
			const node = new Node(this, this.nodes.length, parent, kind, frame);
			this.nodes.push(node);
			if (parent) {
				parent.adopt(node);
			}
			return node;
		}

		/* A node's child with a code: a function's number, then folded frames, then what has a name. */
		child(parent, kind, code, frame = -1) {
			const i = this.pairs.add(parent.id, code) + 1; /* the root is of no pair */
			return i < this.nodes.length ? this.nodes[i] : this.node(parent, kind, frame);
		}

		call(parent, frame) {
			return this.child(parent, "frame", frame, frame);
		}

		/* A child of the kinds of which there are few. */
		named(parent, kind, name) {
			const key = `${kind} ${name}`;
			if (!this.codes.has(key)) {
				this.codes.set(key, this.firstOther + this.codes.size);
			}
			return this.child(parent, kind, this.codes.get(key));
		}

		function(stack) {
			return this.table.merged[this.report.stacks.frame[stack]];
		}

		isFolded(stack) {
			return this.fold[this.table.packageOf[this.report.stacks.frame[stack]]];
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
				this.shownAt[s] = this.isFolded(s) ? caller : this.call(this.nodes[caller], this.function(s)).id;
				this.exactAt[s] = this.isFolded(s) ? -1 : this.shownAt[s];
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
					const run = this.child(this.nodes[this.shownAt[s]], "run", this.codeOfRun);
					this.exactAt[s] = this.call(run, this.function(s)).id;
					pending.pop();
					break;
				}
				s = this.above[s];
			}
			while (pending.length) {
				const next = pending.pop();
				this.exactAt[next] = this.call(this.nodes[this.exactAt[this.above[next]]], this.function(next)).id;
			}
			return this.nodes[this.exactAt[stack]];
		}

		addSamples() {
			const { n } = this.report.stacks;
			const { cpu, samples } = this.sums;
			for (let s = 0; s <= n; s++) {
				if (cpu[s] > 0 && this.shownAt[s] >= 0) {
					const node = s === n ? this.named(this.root, "no-stack", "") : this.exact(s);
					node.cpu += cpu[s];
					node.self += cpu[s];
					node.count += samples[s];
					node.ofClass = this.sums.cpuClass(s); /* of its own time: a function is in the kernel or not */
				}
			}
		}

		/* The sums of waits by the node that they are of: those of node i are rows[first[i]] to rows[first[i + 1] - 1]. */
		indexWaits() {
			const { n, stack } = this.sums.waits;
			const nNodes = this.nodes.length;
			const first = new Int32Array(nNodes + 2);
			const rows = new Int32Array(n);
			for (let i = 0; i < n; i++) {
				first[this.shownAt[stack[i]] + 2]++; /* at 1: those of no node */
			}
			for (let i = 1; i < first.length; i++) {
				first[i] += first[i - 1];
			}
			for (let i = 0; i < n; i++) {
				rows[first[this.shownAt[stack[i]] + 1]++] = i;
			}
			this.waitRows = rows;
			this.firstWait = first;
			this.waitNodes = nNodes;
		}

		/* The waits of a node, as nodes: one for each class and object. */
		waitsOf(node) {
			if (node.id >= this.waitNodes) {
				return NONE;
			}
			const { cause, object, ns, count } = this.sums.waits;
			const byWhat = new Map();
			for (let k = this.firstWait[node.id]; k < this.firstWait[node.id + 1]; k++) {
				const i = this.waitRows[k];
				const key = cause[i] * (this.report.objects.length + 1) + object[i] + 1;
				let wait = byWhat.get(key);
				if (!wait) {
					wait = new Node(null, this.nodes.length + this.leaves++, node, "wait", -1);
					Object.assign(wait, { class: Words.classes[cause[i]], ofClass: cause[i], object: object[i] });
					byWhat.set(key, wait);
				}
				wait.wait += ns[i];
				wait.count += count[i];
				wait.waits += count[i];
			}
			return [...byWhat.values()];
		}

		addAwaits() {
			for (const row of this.sums.awaits) {
				if (this.shownAt[row.stack] >= 0) {
					const node = this.named(this.nodes[this.shownAt[row.stack]], "await", `${row.cause} ${row.object}`);
					node.class = row.cause;
					node.ofClass = Weights.classIndex.suspended;
					node.what = row;
					node.wait += row.ns;
					node.count++;
				}
			}
		}

		/* What its event loop did for others. */
		addBusy() {
			this.report.loop_busy.forEach((busy, i) => {
				const node = this.named(this.root, "busy", i);
				node.what = busy;
				this.addClassTime(node, "loop_busy", busy.duration_ns);
			});
		}

		addClassTime(node, timeClass, ns) {
			if (this.sums.allowed[Weights.classIndex[timeClass]]) {
				node.class = timeClass;
				node.wait = ns;
				node.ofClass = Weights.classIndex[timeClass];
			}
		}

		/* Wall time of waiting classes that no recorded wait shows. */
		addRest() {
			const recorded = new Float64Array(Words.classes.length);
			const { classIndex } = Weights;
			const { classes_ns: ns, ambiguous_ns: ambiguous } = this.report.time;
			const { waits } = this.sums;
			for (let i = 0; i < waits.n; i++) {
				recorded[waits.cause[i]] += waits.ns[i];
			}
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
				this.addClassTime(this.named(this.root, kind, timeClass), timeClass, ns);
			}
		}

		/* The line of a node is that of the stack with the most time there. */
		chooseLines() {
			const { n, frame } = this.report.stacks;
			const times = Float64Array.from(this.sums.cpu);
			const most = new Float64Array(this.nodes.length).fill(-1);
			const { waits } = this.sums;
			for (let i = 0; i < waits.n; i++) {
				times[waits.stack[i]] += waits.ns[i];
			}
			this.sums.awaits.forEach(({ stack, ns }) => (times[stack] += ns));
			for (let s = n - 1; s >= 0; s--) {
				const node = this.exactAt[s];
				if (this.above[s] >= 0) {
					times[this.above[s]] += times[s];
				}
				if (node >= 0 && times[s] >= most[node]) {
					most[node] = times[s];
					this.nodes[node].line = this.report.frames[frame[s]].line;
				}
			}
		}

		/* What nodes have themselves, and then from the last to the first to their callers. */
		sumUp() {
			const { nodes } = this;
			const classes = Words.classes.length;
			const times = new Float64Array(nodes.length * classes);
			const { n, stack, cause, ns, count } = this.sums.waits;
			const waits = new Float64Array(nodes.length);
			nodes.forEach((node, i) => node.ofClass >= 0 && (times[i * classes + node.ofClass] = node.kind === "frame" ? node.self : node.cpu + node.wait));
			for (let i = 0; i < n; i++) {
				const at = this.shownAt[stack[i]];
				if (at >= 0) {
					times[at * classes + cause[i]] += ns[i];
					waits[at] += count[i];
				}
			}
			for (let i = nodes.length - 1; i > 0; i--) {
				const at = nodes[i].parent.id;
				for (let c = 0; c < classes; c++) {
					times[at * classes + c] += times[i * classes + c];
				}
				waits[at] += waits[i];
			}
			this.times = times;
			this.settle(waits);
		}

		/* The sums into the nodes. */
		settle(waits) {
			const classes = Words.classes.length;
			const { cpu_user: user, cpu_kernel: kernel } = Weights.classIndex;
			const { nodes, times } = this;
			for (let i = nodes.length - 1; i >= 0; i--) {
				const node = nodes[i];
				let all = 0;
				for (let c = 0; c < classes; c++) {
					all += times[i * classes + c];
				}
				node.cpu = times[i * classes + user] + times[i * classes + kernel];
				node.wait = all - node.cpu;
				node.waits = waits[i];
				if (i && (node.kind === "frame" || node.kind === "no-stack" || node.kind === "run")) {
					node.parent.count += node.count;
				}
			}
		}

		/* One frame is shown, not hidden. */
		openShortRuns() {
			for (const run of this.nodes) {
				if (run.kind === "run" && run.calls.length === 1 && !run.calls[0].calls.length) {
					const [frame] = run.calls;
					run.parent.calls[run.parent.calls.indexOf(run)] = frame;
					frame.parent = run.parent;
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
					parents.add(this.nodes[this.shownAt[stack[i]]]);
				}
			}
			return [...parents].flatMap(({ children }) => children.filter((node) => node.kind === "wait" && test(node.ofClass, node.object)));
		}
	}

	return { Tree };
})();
