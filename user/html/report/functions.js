/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Functions: time in themselves and in all that they call, who calls them, whom they call. */
/* exported Functions */

/**
 * @typedef {object} FunctionRow
 * @property {number} frame the function; −1 = stack unknown
 * @property {number} line the one with most CPU time of its own
 * @property {number} self ns on the CPU
 * @property {number} total ns on the CPU, with what it calls
 * @property {number} wait ns, with what it calls
 * @property {number} samples
 * @property {number} error half the width of the 95 % interval of self, ns
 *
 * @typedef {object} Edge to a caller or a callee
 * @property {TreeNode} node one of those that it stands for
 * @property {number} cpu ns
 * @property {number} wait ns
 */

const Functions = (() => {
	const Z_95 = 1.959964;

	/* Half the width of the 95 % interval (Wilson) of what the samples of each thread put at one place. */
	function samplingError(threads, hits) {
		let variance = 0;
		threads.forEach(({ weight, squares }, thread) => {
			if (!weight) {
				return;
			}
			const n = weight * weight / squares;
			const share = (hits.get(thread) || 0) / weight;
			const half = Z_95 / (1 + Z_95 * Z_95 / n) * Math.sqrt(Math.max(0, share * (1 - share)) / n + Z_95 * Z_95 / (4 * n * n));
			variance += (half * weight) ** 2;
		});
		return Math.sqrt(variance);
	}

	/* Of each place (what `place` says of a stack) its time by thread. */
	function hitsBy(sums, place) {
		const hits = new Map();
		for (let i = 0; i < sums.hits.n; i++) {
			const at = place(sums.hits.first[i]);
			const thread = sums.hits.second[i];
			if (!hits.has(at)) {
				hits.set(at, new Map());
			}
			hits.get(at).set(thread, (hits.get(at).get(thread) || 0) + sums.hitTimes[i]);
		}
		return hits;
	}

	/* Depth first: enter(node, outermost) before its children, outermost: no caller of it is the same function. */
	function walk(root, enter) {
		const inside = new Map();
		const pending = [root];
		while (pending.length) {
			const node = pending.pop();
			if (node === null) {
				const { frame } = pending.pop();
				inside.set(frame, inside.get(frame) - 1);
				continue;
			}
			const within = inside.get(node.frame) || 0;
			enter(node, !within);
			if (node.kind === "frame") {
				inside.set(node.frame, within + 1);
				pending.push(node, null);
			}
			for (const child of node.calls) {
				pending.push(child);
			}
		}
	}

	function chooseLines(report, table, sums, rows) {
		const { n, frame } = report.stacks;
		const own = new Float64Array(report.frames.length);
		for (let s = 0; s < n; s++) {
			own[frame[s]] += sums.cpu[s];
		}
		const most = new Float64Array(report.frames.length).fill(-1);
		report.frames.forEach(({ line }, i) => {
			const row = rows.get(table.merged[i]);
			if (row && own[i] > most[table.merged[i]]) {
				most[table.merged[i]] = own[i];
				row.line = line;
			}
		});
	}

	/**
	 * @param {ReportData} report
	 * @param {FrameTable} table
	 * @param {any} sums Weights.Sums
	 * @param {TreeNode} root of a call tree without folding
	 * @returns {FunctionRow[]} by CPU time in themselves
	 */
	function list(report, table, sums, root) {
		const rows = new Map();
		const of = (frame) => {
			if (!rows.has(frame)) {
				rows.set(frame, { frame, line: 0, self: 0, total: 0, wait: 0, samples: 0, error: 0 });
			}
			return rows.get(frame);
		};
		walk(root, (node, outermost) => {
			if (node.kind !== "frame" && node.kind !== "no-stack") {
				return;
			}
			const row = of(node.frame);
			row.self += node.self;
			if (outermost || node.kind === "no-stack") {
				row.total += node.cpu;
				row.wait += node.wait;
				row.samples += node.count;
			}
		});
		chooseLines(report, table, sums, rows);
		const hits = hitsBy(sums, (stack) => (stack < report.stacks.n ? table.merged[report.stacks.frame[stack]] : -1));
		rows.forEach((row) => (row.error = row.self && row.frame >= 0 ? samplingError(sums.threads, hits.get(row.frame) || new Map()) : 0));
		return [...rows.values()].sort((a, b) => b.self - a.self || b.total - a.total || b.wait - a.wait || a.frame - b.frame);
	}

	function addTo(edges, node, from) {
		const key = `${node.kind} ${node.frame} ${node.class} ${node.object}`;
		if (!edges.has(key)) {
			edges.set(key, { node, cpu: 0, wait: 0 });
		}
		const edge = edges.get(key);
		edge.cpu += from.cpu;
		edge.wait += from.wait;
	}

	/**
	 * Who calls a function, and what it calls or waits for: each with the time of the function's that went this way.
	 * @param {TreeNode} root of a call tree without folding
	 * @param {number} frame the function
	 * @returns {{cpu: number, wait: number, self: number, callers: Edge[], callees: Edge[]}}
	 */
	function around(root, frame) {
		const callers = new Map();
		const callees = new Map();
		const sum = { cpu: 0, wait: 0, self: 0 };
		walk(root, (node, outermost) => {
			if (node.kind !== "frame" || node.frame !== frame || !outermost) {
				return;
			}
			sum.cpu += node.cpu;
			sum.wait += node.wait;
			sum.self += node.self;
			addTo(callers, node.parent, node);
			node.children.forEach((child) => addTo(callees, child, child));
		});
		const sorted = (edges) => [...edges.values()].sort((a, b) => b.cpu + b.wait - a.cpu - a.wait);
		return { ...sum, callers: sorted(callers), callees: sorted(callees) };
	}

	return { list, around, hitsBy, samplingError };
})();
