/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The call tree upside down: where time was spent, and below that who called. Nodes are made when they are asked for: the whole tree would
 * have as many as all stacks are deep. */
/* exported Inverted */
/* global Nodes, Words */

const Inverted = (() => {
	class Node extends Nodes.Node {
		constructor(tree, parent, kind, frame) {
			super(null, tree.count++, parent, kind, frame);
			this.callersOf = tree;
			this.items = [];
			this.most = -1;
		}

		get children() {
			if (!this.all) {
				this.all = this.callersOf.expand(this);
			}
			return this.all;
		}

		/* Take in what a leaf has of its own; at: where on the way from it to its callers this node is. */
		take(leaf, at) {
			const ns = leaf.self + leaf.wait;
			this.items.push({ leaf, at });
			this.cpu += leaf.self;
			this.wait += leaf.wait;
			this.count += leaf.count;
			this.waits += leaf.waits;
			this.addTimes(leaf.times);
			if (at.line && ns > this.most) {
				this.most = ns;
				this.line = at.line;
			}
		}
	}

	/* What a node of the call tree has itself, rather than below it. */
	function ownOf(node) {
		if (node.kind !== "frame") {
			const { self, wait, count, waits } = node;
			return { self, wait, count, waits, times: node.classTimes() };
		}
		const times = new Float64Array(Words.classes.length);
		times[node.ofClass] = node.self;
		const below = node.calls.reduce((sum, { kind, count }) => sum + (kind === "frame" || kind === "run" ? count : 0), 0);
		return { self: node.self, wait: 0, count: node.count - below, waits: 0, times };
	}

	function sameness(node) {
		if (node.kind === "frame") {
			return node.frame;
		}
		const what = node.kind === "await" ? node.what.object : node.kind === "busy" ? node.id : node.object;
		return `${node.kind} ${node.class} ${what}`;
	}

	class Tree {
		constructor(calls) {
			this.count = 0;
			this.root = new Node(this, null, "root", -1);
			this.start(calls);
		}

		start(calls) {
			const tops = new Map();
			for (const node of calls.nodes.flatMap((parent) => [parent, ...parent.children.filter(({ kind }) => kind === "wait")])) {
				if (node.kind === "root" || node.kind === "run" || (node.kind === "frame" && !node.self)) {
					continue;
				}
				const key = sameness(node);
				if (!tops.has(key)) {
					const { kind, frame, object, what } = node;
					tops.set(key, Object.assign(new Node(this, this.root, kind, frame), { object, what, class: node.class }));
				}
				const leaf = ownOf(node);
				tops.get(key).take(leaf, node);
				tops.get(key).self += leaf.self;
				this.root.take(leaf, node);
			}
			this.root.all = [...tops.values()];
		}

		/* Below a node its callers. */
		expand(node) {
			const callers = new Map();
			for (const { leaf, at } of node.items) {
				let up = at.parent;
				while (up && up.kind === "run") {
					up = up.parent;
				}
				if (up && up.kind === "frame") {
					if (!callers.has(up.frame)) {
						callers.set(up.frame, new Node(this, node, "frame", up.frame));
					}
					callers.get(up.frame).take(leaf, up);
				}
			}
			return [...callers.values()];
		}
	}

	return { Tree };
})();
