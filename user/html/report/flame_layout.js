/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where each node of a call tree stands in the flame graph. Nothing here draws, and nothing recurses: stacks may be ten thousand frames deep. */
/* exported FlameLayout */

/**
 * A call tree's node, as the model makes it.
 * @typedef {{id: number, parent: FlameNode|null, kind: string, frame: number, line: number, class: string, object: string|null, cpu: number,
 *   wait: number, self: number, count: number, children: FlameNode[], byClass: Map<string, number>}} FlameNode
 *
 * Cells in the order of a walk from callers to callees, the heaviest first. Positions and widths are parts of the whole: 0 … 1. rows[d] are the
 * cells of depth d, from left to right.
 * @typedef {{nodes: FlameNode[], x: Float64Array, width: Float64Array, depth: Int32Array, rows: Int32Array[], total: number,
 *   index: Map<FlameNode, number>}} FlameCells
 */

const FlameLayout = (() => {
	/* The children that have time, the heaviest first. */
	function heaviest(node, value) {
		return node.children.filter((c) => value(c) > 0).sort((a, b) => value(b) - value(a) || a.id - b.id);
	}

	/**
	 * @param {FlameNode} root
	 * @param {(node: FlameNode) => number} value ns
	 * @param {number} [least] part of the whole: what is narrower gets no callees
	 * @returns {FlameCells}
	 */
	function layout(root, value, least = 0) {
		const total = value(root);
		const nodes = [];
		const x = [];
		const depth = [];
		const pending = total > 0 ? [{ node: root, at: 0, deep: 0 }] : [];
		while (pending.length) {
			const { node, at, deep } = pending.pop();
			nodes.push(node);
			x.push(at / total);
			depth.push(deep);
			const children = value(node) >= least * total ? heaviest(node, value) : [];
			let end = at + children.reduce((sum, child) => sum + value(child), 0);
			for (let i = children.length - 1; i >= 0; i--) {
				end -= value(children[i]);
				pending.push({ node: children[i], at: Math.max(at, end), deep: deep + 1 });
			}
		}
		const rows = [];
		depth.forEach((deep, i) => (rows[deep] = rows[deep] || []).push(i));
		return {
			nodes, total, x: Float64Array.from(x), width: Float64Array.from(nodes, (node) => value(node) / total), depth: Int32Array.from(depth),
			rows: rows.map((row) => Int32Array.from(row)), index: new Map(nodes.map((node, i) => [node, i])),
		};
	}

	/* The place in a row of the first cell that ends right of x. */
	function firstEndingAfter(cells, row, x) {
		let [low, high] = [0, row.length];
		while (low < high) {
			const middle = (low + high) >> 1;
			if (cells.x[row[middle]] + cells.width[row[middle]] > x) {
				high = middle;
			} else {
				low = middle + 1;
			}
		}
		return low;
	}

	/* The cell at x in a row, −1 = none. */
	function hit(cells, deep, x) {
		const row = cells.rows[deep];
		const i = row ? row[firstEndingAfter(cells, row, x)] : undefined;
		return i !== undefined && cells.x[i] <= x ? i : -1;
	}

	/*
	 * What is to be drawn of a row between x0 and x1 on so many pixels: put(cell, left, right) for each cell of at least `least` pixels, and
	 * crowd(left, right, cell) for what stands closer together, with the widest cell of it; all in pixels from x0, not clipped.
	 */
	function drawn(cells, deep, { x0, x1, pixels, least = 1 }, put, crowd) {
		const row = cells.rows[deep];
		const scale = pixels / (x1 - x0);
		let [from, to, widest] = [0, -1, -1];
		const flush = () => {
			if (to >= from) {
				crowd(from, to, widest);
			}
			to = -1;
			from = 0;
			widest = -1;
		};
		for (let k = firstEndingAfter(cells, row, x0); k < row.length && cells.x[row[k]] < x1; k++) {
			const i = row[k];
			const left = (cells.x[i] - x0) * scale;
			const right = left + cells.width[i] * scale;
			if (right - left >= least) {
				flush();
				put(i, left, right);
				continue;
			}
			if (to < from || left - to > least) {
				flush();
				from = left;
			}
			to = right;
			widest = widest < 0 || cells.width[i] > cells.width[widest] ? i : widest;
		}
		flush();
	}

	/* From a cell to its neighbour: "out" its caller, "in" its heaviest callee, "next" and "previous" in its row; the cell itself at an end. */
	function step(cells, i, direction) {
		const row = cells.rows[cells.depth[i]];
		const place = row.indexOf(i);
		const { parent } = cells.nodes[i];
		const child = cells.rows[cells.depth[i] + 1] ? hit(cells, cells.depth[i] + 1, cells.x[i]) : -1;
		const to = {
			out: cells.index.get(parent), next: row[place + 1], previous: row[place - 1],
			in: child >= 0 && cells.nodes[child].parent === cells.nodes[i] ? child : undefined,
		}[direction];
		return to === undefined ? i : to;
	}

	/* From the root to the node, both included. */
	function path(node) {
		const nodes = [];
		for (let up = node; up; up = up.parent) {
			nodes.push(up);
		}
		return nodes.reverse();
	}

	/* Zoom by a factor at a place that stays where it is; never out of the whole, never closer than `least` of it. */
	function zoomed({ x0, x1 }, at, factor, least) {
		const width = Math.max(least, Math.min(1, (x1 - x0) * factor));
		const left = at - (at - x0) * (width / (x1 - x0));
		return moved({ x0: left, x1: left + width }, 0);
	}

	/* Move by a part of the whole, and stop at its ends. */
	function moved({ x0, x1 }, by) {
		const width = Math.min(1, x1 - x0);
		const left = Math.max(0, Math.min(1 - width, x0 + by));
		return { x0: left, x1: left + width };
	}

	/* Packages (indices in FrameTable.packages) by the time of their own frames, the heaviest first. */
	function packages(table, cells) {
		const times = new Map();
		cells.nodes.forEach((node) => {
			if (node.kind === "frame") {
				const own = node.children.reduce((rest, c) => rest - (c.kind === "frame" ? c.cpu + c.wait : 0), node.cpu + node.wait);
				const at = table.packageOf[node.frame];
				times.set(at, (times.get(at) || 0) + own);
			}
		});
		return [...times].sort((a, b) => b[1] - a[1] || a[0] - b[0]).map(([at]) => at);
	}

	return { layout, hit, drawn, step, path, zoomed, moved, packages };
})();
