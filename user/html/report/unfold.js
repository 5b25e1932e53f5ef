/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is open in a call tree, in another one of the same calls. */
/* exported Unfold */
/* global Model */

const Unfold = (() => {
	/**
	 * Where both trees have the same nodes: paths that differ in nothing are the same place.
	 * @param {TreeNode} from root of a tree
	 * @param {TreeNode} to root of the other
	 * @param {Set<TreeNode>} open of the first
	 * @param {TreeNode} active of the first
	 * @returns {{open: Set<TreeNode>, active: TreeNode}} of the other
	 */
	function samePaths(from, to, open, active) {
		const result = { open: new Set(), active: to };
		const pending = [[from, to]];
		while (pending.length) {
			const [before, now] = pending.pop();
			result.open.add(now);
			result.active = before === active ? now : result.active;
			const same = new Map(now.children.map((child) => [Model.keyOf(child), child]));
			for (const child of before.children) {
				const next = same.get(Model.keyOf(child));
				if (next && open.has(child)) {
					pending.push([child, next]);
				} else if (next && child === active) {
					result.active = next;
				}
			}
		}
		return result;
	}

	/* Numbers for places in either tree: a frame that one of them folds is where its caller is. */
	class Places {
		constructor(before, after) {
			this.table = before.table;
			this.folds = [before.filtered.fold, after.filtered.fold];
			this.numbers = new Map();
		}

		isFolded(node) {
			return node.kind === "run" || (node.kind === "frame" && this.folds.some((fold) => fold[this.table.packageOf[node.frame]]));
		}

		of(nodes) {
			const places = new Int32Array(nodes.length);
			nodes.forEach((node, i) => {
				const above = node.parent ? places[node.parent.id] : 0;
				const key = `${above} ${Model.keyOf(node)}`;
				if (!node.parent || this.isFolded(node)) {
					places[i] = above;
				} else {
					this.numbers.set(key, this.numbers.get(key) || this.numbers.size + 1);
					places[i] = this.numbers.get(key);
				}
			});
			return places;
		}
	}

	/**
	 * Where the trees fold other libraries.
	 * @param {any} before Model.View, not inverted
	 * @param {any} after likewise
	 * @param {Set<TreeNode>} open
	 * @param {TreeNode} active
	 * @returns {{open: Set<TreeNode>, active: TreeNode}}
	 */
	function otherFolding(before, after, open, active) {
		const [old, now] = [before.filtered.calls.nodes, after.filtered.calls.nodes];
		const places = new Places(before, after);
		const oldPlaces = places.of(old);
		const newPlaces = places.of(now);
		const openPlaces = new Set(old.filter((node) => open.has(node) && !places.isFolded(node)).map((node) => oldPlaces[node.id]));
		const result = { open: new Set([after.root]), active: after.root };
		for (let i = now.length - 1; i > 0; i--) {
			const node = now[i];
			if ((openPlaces.has(newPlaces[i]) && !places.isFolded(node)) || result.open.has(node)) {
				result.open.add(node);
				result.open.add(node.parent);
			}
			if (active.id < old.length && newPlaces[i] === oldPlaces[active.id] && Model.keyOf(node) === Model.keyOf(active)) {
				result.active = node;
			}
		}
		return result;
	}

	return { samePaths, otherFolding };
})();
