/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Functions: time in themselves and in all that they call, who calls them, whom they call. */
/* exported Functions */
/* global Groups, NodeTable */

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
	const { FRAME, NO_STACK } = NodeTable;
	const Z_95 = 1.959964;

	/* Half the width of the 95 % interval (Wilson) of what the samples of each thread put at one place: hits, ns by thread. */
	function samplingError(threads, hits) {
		let variance = 0;
		threads.forEach(({ weight, squares }, thread) => {
			if (!weight) {
				return;
			}
			const n = weight * weight / squares;
			const share = hits[thread] / weight;
			const half = Z_95 / (1 + Z_95 * Z_95 / n) * Math.sqrt(Math.max(0, share * (1 - share)) / n + Z_95 * Z_95 / (4 * n * n));
			variance += (half * weight) ** 2;
		});
		return Math.sqrt(variance);
	}

	/**
	 * Of each place its time by thread.
	 * @param {any} sums Weights.Sums
	 * @param {number} places
	 * @param {Int32Array} placeOf by stack, −1 = none
	 * @returns {(place: number) => Float64Array}
	 */
	function hitsBy(sums, places, placeOf) {
		const { n, stack, thread, ns } = sums.ticks;
		const of = new Int32Array(n);
		for (let i = 0; i < n; i++) {
			of[i] = placeOf[stack[i]];
		}
		const { first, rows } = Groups.by(of, places);
		return (place) => {
			const hits = new Float64Array(sums.threads.length);
			for (let k = first[place]; k < first[place + 1]; k++) {
				hits[thread[rows[k]]] += ns[rows[k]];
			}
			return hits;
		};
	}

	/* Depth first: enter(id, outermost) before what it calls, outermost: no caller of it is the same function. */
	function walk({ frame, kind, calls: { first, rows } }, functions, enter) {
		const inside = new Int32Array(functions);
		const pending = [0];
		while (pending.length) {
			const id = pending.pop();
			if (id < 0) { /* all that ~id calls is done */
				inside[frame[~id]]--;
				continue;
			}
			const isFrame = kind[id] === FRAME;
			enter(id, !(isFrame && inside[frame[id]]));
			if (isFrame) {
				inside[frame[id]]++;
				pending.push(~id);
			}
			for (let k = first[id]; k < first[id + 1]; k++) {
				pending.push(rows[k]);
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
	 * @param {any} calls Calls.Tree, without folding
	 * @returns {FunctionRow[]} by CPU time in themselves
	 */
	function list(report, table, sums, calls) {
		const nodes = calls.table;
		const rows = new Map();
		const of = (frame) => {
			if (!rows.has(frame)) {
				rows.set(frame, { frame, line: 0, self: 0, total: 0, wait: 0, samples: 0, error: 0 });
			}
			return rows.get(frame);
		};
		walk(nodes, report.frames.length, (id, outermost) => {
			if (nodes.kind[id] !== FRAME && nodes.kind[id] !== NO_STACK) {
				return;
			}
			const row = of(nodes.frame[id]);
			row.self += nodes.own[id];
			if (outermost) {
				row.total += nodes.cpu[id];
				row.wait += nodes.wait[id];
				row.samples += nodes.count[id];
			}
		});
		chooseLines(report, table, sums, rows);
		const functionOf = new Int32Array(report.stacks.n + 1).fill(-1);
		functionOf.set(report.stacks.frame.map((frame) => table.merged[frame]));
		const hits = hitsBy(sums, report.frames.length, functionOf);
		rows.forEach((row) => (row.error = row.self && row.frame >= 0 ? samplingError(sums.threads, hits(row.frame)) : 0));
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
	 * @param {any} calls Calls.Tree, without folding
	 * @param {number} frame the function
	 * @returns {{cpu: number, wait: number, self: number, callers: Edge[], callees: Edge[]}}
	 */
	function around(calls, frame) {
		const callers = new Map();
		const callees = new Map();
		const sum = { cpu: 0, wait: 0, self: 0 };
		walk(calls.table, calls.report.frames.length, (id, outermost) => {
			if (calls.table.kind[id] !== FRAME || calls.table.frame[id] !== frame || !outermost) {
				return;
			}
			const node = calls.node(id);
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
