/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The nodes that call trees are of. */
/* exported Nodes */
/* global Words */

/**
 * @typedef {object} TreeNode
 * @property {number} id of a node in its tree
 * @property {?TreeNode} parent
 * @property {"root"|"frame"|"run"|"no-stack"|"wait"|"await"|"busy"|"class"|"ambiguous"} kind "run": library frames that are folded away
 * @property {number} frame the function (FrameTable.merged); −1 = none
 * @property {number} line the one with most time, 0 = unknown
 * @property {string} class of time, of what is not on the CPU
 * @property {number} object index in report.objects, of waits; −1 = none
 * @property {number} ofClass index in Words.classes: the class of all of its own time; −1 = none, or of several
 * @property {any} what its row of report.awaits or report.loop_busy
 * @property {number} cpu ns, here and below
 * @property {number} wait ns, here and below
 * @property {number} self ns on the CPU, here
 * @property {number} count samples here and below; of waits and awaits their number
 * @property {number} waits their number, here and below
 * @property {TreeNode[]} children
 * @property {TreeNode[]} calls the children that are no waits
 * @property {Map<string, number>} byClass ns, here and below
 */

const Nodes = (() => {
	const NONE = /** @type {TreeNode[]} */ (/** @type {unknown} */ (Object.freeze([])));

	/* There may be as many calls as stacks, and as many waits as moments: they become nodes only where somebody looks. */
	class Node {
		constructor(tree, id, parent, kind, frame) {
			this.tree = tree;
			this.id = id;
			this.parent = parent;
			this.kind = kind;
			this.frame = frame;
			this.line = 0;
			this.class = "";
			this.object = -1;
			this.what = null;
			this.cpu = 0;
			this.wait = 0;
			this.self = 0;
			this.count = 0;
			this.waits = 0;
			this.below = /** @type {?TreeNode[]} */ (null);
			this.all = /** @type {?TreeNode[]} */ (null);
			this.ofClass = -1; /* the class of all of its time; −1: see classTimes() */
			this.times = /** @type {?Float64Array} */ (null);
		}

		/* Its time by class, ns. */
		classTimes() {
			if (this.times) {
				return this.times;
			}
			if (this.tree) {
				return this.tree.table.timesOf(this.id);
			}
			this.times = new Float64Array(Words.classes.length);
			if (this.ofClass >= 0) {
				this.times[this.ofClass] = this.cpu + this.wait;
			}
			return this.times;
		}

		/* Takes in another's time by class. Only of nodes outside of a call tree. */
		addTimes(times) {
			const own = this.classTimes();
			for (let c = 0; c < own.length; c++) {
				own[c] += times[c];
			}
		}

		/* All of another's time. Likewise. */
		addTimesOf(node) {
			if (node.times || node.tree) {
				this.addTimes(node.classTimes());
			} else if (node.ofClass >= 0) { /* a wait: there may be many */
				this.classTimes()[node.ofClass] += node.cpu + node.wait;
			}
		}

		get calls() {
			if (!this.below) {
				this.below = this.tree ? this.tree.callsOf(this) : NONE;
			}
			return this.below;
		}

		get children() {
			if (!this.all) {
				const waits = this.tree ? this.tree.waitsOf(this) : NONE;
				this.all = waits.length ? [...this.calls, ...waits] : this.calls;
			}
			return this.all;
		}

		get byClass() {
			const map = new Map();
			this.classTimes().forEach((ns, timeClass) => ns > 0 && map.set(Words.classes[timeClass], ns));
			return map;
		}
	}

	return { Node, NONE };
})();
