/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The nodes of a call tree as columns, a caller before what it calls: a tree has as many as there are stacks, and a view shows some dozens of them.
 * These become objects. */
/* exported NodeTable */
/* global Groups, Nodes, Words */

const NodeTable = (() => {
	const KINDS = ["root", "frame", "run", "no-stack", "await", "busy", "class", "ambiguous"];
	const [ROOT, FRAME, RUN, NO_STACK] = KINDS.keys();
	const CLASSES = Words.classes.length;

	class Table {
		/** @param {number} max nodes that there may be */
		constructor(max) {
			this.n = 0;
			this.parent = new Int32Array(max);
			this.kind = new Uint8Array(max); /* index in KINDS */
			this.frame = new Int32Array(max);
			this.line = new Int32Array(max);
			this.own = new Float64Array(max); /* ns that it has itself, apart from waits of its stack */
			this.ofClass = new Int8Array(max).fill(-1); /* the class of these */
			this.count = new Uint32Array(max);
			this.names = new Map(); /* of the few kinds that are no functions: {class, what} */
			this.gone = new Uint8Array(max); /* replaced by what is below it */
		}

		add(parent, kind, frame) {
			this.parent[this.n] = parent;
			this.kind[this.n] = kind;
			this.frame[this.n] = frame;
			return this.n++;
		}

		/**
		 * Sums from the last to the first to their callers: cpu, wait, and times by class in ns; waits, their number; counts of samples.
		 * @param {any} waits Weights.WaitPieces
		 * @param {Int32Array} nodeOf of each of them, −1 = none
		 */
		sumUp({ n, cause, ns }, nodeOf) {
			const times = new Float64Array(this.n * CLASSES);
			const there = new Uint8Array(CLASSES);
			this.times = times;
			this.waits = new Uint32Array(this.n);
			for (let i = 0; i < this.n; i++) {
				if (this.ofClass[i] >= 0) {
					times[i * CLASSES + this.ofClass[i]] = this.own[i];
					there[this.ofClass[i]] = 1;
				}
			}
			for (let i = 0; i < n; i++) {
				const at = nodeOf[i];
				if (at >= 0) {
					times[at * CLASSES + cause[i]] += ns[i];
					there[cause[i]] = 1;
					this.waits[at]++;
				}
			}
			const classes = Uint8Array.from(there.keys()).filter((c) => there[c]); /* most requests have time of a few */
			for (let i = this.n - 1; i > 0; i--) {
				this.addToParent(i, this.parent[i], classes);
			}
			this.splitTimes(classes);
		}

		addToParent(i, parent, classes) {
			for (let k = 0; k < classes.length; k++) {
				this.times[parent * CLASSES + classes[k]] += this.times[i * CLASSES + classes[k]];
			}
			this.waits[parent] += this.waits[i];
			if (this.kind[i] === FRAME || this.kind[i] === RUN || this.kind[i] === NO_STACK) {
				this.count[parent] += this.count[i];
			}
		}

		splitTimes(classes) {
			const isCpu = Words.classes.map((name) => name.startsWith("cpu_"));
			this.cpu = new Float64Array(this.n);
			this.wait = new Float64Array(this.n);
			for (let i = 0; i < this.n; i++) {
				for (let k = 0; k < classes.length; k++) {
					(isCpu[classes[k]] ? this.cpu : this.wait)[i] += this.times[i * CLASSES + classes[k]];
				}
			}
		}

		/* A folded frame alone is shown rather than a row that says so. */
		openShortRuns() {
			const calls = new Int32Array(this.n);
			const last = new Int32Array(this.n);
			for (let i = 1; i < this.n; i++) {
				calls[this.parent[i]]++;
				last[this.parent[i]] = i;
			}
			for (let i = 1; i < this.n; i++) {
				if (this.kind[i] === RUN && calls[i] === 1 && !calls[last[i]]) {
					this.parent[last[i]] = this.parent[i];
					this.gone[i] = 1;
				}
			}
		}

		/* What each node calls: nothing changes from now on. */
		index() {
			this.calls = Groups.by(this.parent.subarray(0, this.n).map((parent, i) => (this.gone[i] ? -1 : parent)), this.n);
			this.made = new Array(this.n);
		}

		/**
		 * A node, the same object each time.
		 * @param {any} tree that it is of
		 * @param {number} id
		 * @returns {TreeNode}
		 */
		node(tree, id) {
			const way = [];
			for (let up = id; up >= 0 && !this.made[up]; up = this.parent[up]) {
				way.push(up);
			}
			while (way.length) {
				this.make(tree, way.pop());
			}
			return this.made[id];
		}

		make(tree, id) {
			const node = new Nodes.Node(tree, id, id ? this.made[this.parent[id]] : null, KINDS[this.kind[id]], this.frame[id]);
			const isCpu = this.kind[id] === FRAME || this.kind[id] === NO_STACK;
			node.line = this.line[id];
			node.cpu = this.cpu[id];
			node.wait = this.wait[id];
			node.self = isCpu ? this.own[id] : 0;
			node.count = this.count[id];
			node.waits = this.waits[id];
			node.ofClass = this.ofClass[id];
			Object.assign(node, this.names.get(id));
			this.made[id] = node;
		}

		timesOf(id) {
			return this.times.subarray(id * CLASSES, (id + 1) * CLASSES);
		}
	}

	return { Table, ROOT, FRAME, RUN, NO_STACK, kindOf: (name) => KINDS.indexOf(name) };
})();
