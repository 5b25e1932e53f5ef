/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Waits by what was waited for, and the longest of them: without an object or a comparison for each, as there may be hundreds of thousands. */
/* exported WaitGroups */
/* global Frames, Groups, Pairs, Weights */

/**
 * @typedef {object} WaitGroup
 * @property {number} cause index in Words.classes
 * @property {number} object index in report.objects, −1 = none
 * @property {number} total ns
 * @property {number} median ns
 * @property {number} longest ns
 * @property {any} rows WaitGroups.Longest: rows of report.waits, and what they have in this group
 * @property {number} from frame that most of the time was spent in, −1 = unknown
 * @property {number} waker who ended most of the time, index in report.wakers, −1 = unknown
 */

const WaitGroups = (() => {
	/* Rows of waits, the longest first, of the same length in the order of time. Only those that are asked for are put in that order. */
	class Longest {
		/**
		 * @param {Int32Array} rows of report.waits, by t
		 * @param {Float64Array} ns of each of them
		 */
		constructor(rows, ns) {
			this.rows = rows;
			this.ns = ns;
			this.lengths = /** @type {?Float64Array} */ (null);
		}

		get length() {
			return this.rows.length;
		}

		*[Symbol.iterator]() {
			yield* this.rows;
		}

		/* In ascending order. */
		get sorted() {
			this.lengths = this.lengths || this.ns.slice().sort();
			return this.lengths;
		}

		/** @returns {number[]} rows, as Array.slice(from, to) */
		slice(from, to) {
			const { sorted, ns } = this;
			const least = sorted[Math.max(0, sorted.length - to)];
			const places = [];
			for (let i = 0; i < ns.length; i++) {
				if (ns[i] >= least) {
					places.push(i);
				}
			}
			return places.sort((a, b) => ns[b] - ns[a] || a - b).slice(from, to).map((i) => this.rows[i]);
		}

		/** Those that a test of a row keeps. */
		filter(test) {
			const kept = this.rows.map((row, i) => (test(row) ? i : -1)).filter((i) => i >= 0);
			return new Longest(kept.map((i) => this.rows[i]), Float64Array.from(kept, (i) => this.ns[i]));
		}
	}

	/* Sums by a small number, which is −1 where there is none. */
	class Most {
		constructor(n) {
			this.sums = new Float64Array(n + 1);
			this.seen = [];
		}

		add(key, ns) {
			if (!this.sums[key + 1]) {
				this.seen.push(key);
			}
			this.sums[key + 1] += ns;
		}

		/* The key with the most; forgets all sums. */
		take() {
			const best = this.seen.reduce((most, key) => (this.sums[key + 1] > this.sums[most + 1] ? key : most), this.seen.length ? this.seen[0] : -1);
			this.seen.forEach((key) => (this.sums[key + 1] = 0));
			this.seen = [];
			return best;
		}
	}

	/* What rows have in their groups, as columns: waiting and ready time, which are of one group where both are ready time. */
	function split(report, rows) {
		const { cause, object, duration, runnable } = report.waits;
		const groups = new Pairs.Index();
		const pieces = { n: 0, row: new Int32Array(2 * rows.length), group: new Int32Array(2 * rows.length), ns: new Float64Array(2 * rows.length) };
		const add = (row, timeClass, what, ns) => {
			if (ns) {
				pieces.row[pieces.n] = row;
				pieces.group[pieces.n] = groups.add(timeClass, what);
				pieces.ns[pieces.n++] = ns;
			}
		};
		for (const row of rows) {
			const ready = Weights.readyClass(cause[row]);
			const isReady = cause[row] === ready; /* of one thing then: Weights.readyObject */
			add(row, cause[row], object[row], duration[row] + (isReady ? runnable[row] : 0));
			add(row, ready, -1, isReady ? 0 : runnable[row]);
		}
		return { groups, pieces };
	}

	/* Those of a column's values that stand at some places, written to `to`. */
	function gather(to, column, places) {
		for (let i = 0; i < places.length; i++) {
			to[i] = column[places[i]];
		}
		return to;
	}

	function median(sorted) {
		const n = sorted.length;
		return Math.floor((sorted[Math.floor((n - 1) / 2)] + sorted[Math.floor(n / 2)]) / 2);
	}

	/**
	 * @param {ReportData} report
	 * @param {Int32Array} rows of report.waits, by t
	 * @returns {WaitGroup[]} the heaviest first
	 */
	function group(report, rows) {
		const { waits } = report;
		const own = Frames.ownFrames(report);
		const { groups, pieces } = split(report, rows);
		const { first, rows: places } = Groups.by(pieces.group.subarray(0, pieces.n), groups.n);
		const from = new Most(report.frames.length);
		const woken = new Most(report.wakers.length);
		return Array.from({ length: groups.n }, (_, g) => {
			const [cause, object] = [groups.first[g], groups.second[g]];
			const of = places.subarray(first[g], first[g + 1]);
			const members = new Longest(gather(new Int32Array(of.length), pieces.row, of), gather(new Float64Array(of.length), pieces.ns, of));
			const { sorted } = members;
			let total = 0;
			for (const i of of) {
				const [row, ns] = [pieces.row[i], pieces.ns[i]];
				total += ns;
				from.add(waits.stack[row] < 0 ? -1 : own[waits.stack[row]], ns);
				if (waits.waker[row] >= 0 && waits.cause[row] === cause) {
					woken.add(waits.waker[row], ns);
				}
			}
			return { cause, object, total, median: median(sorted), longest: sorted[sorted.length - 1], rows: members, from: from.take(), waker: woken.take() };
		}).sort((a, b) => b.total - a.total || a.cause - b.cause || a.object - b.object);
	}

	/**
	 * Rows of waits by how long they waited and were ready.
	 * @param {ReportData} report
	 * @param {Int32Array} rows by t
	 */
	function longest({ waits: { duration, runnable } }, rows) {
		const ns = new Float64Array(rows.length);
		for (let i = 0; i < rows.length; i++) {
			ns[i] = duration[rows[i]] + runnable[rows[i]];
		}
		return new Longest(rows, ns);
	}

	return { Longest, group, longest };
})();
