/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Rows of a table by a small number: counted, then put in their places, without an object for a group or a row. */
/* exported Groups */

const Groups = (() => {
	/**
	 * The rows of group g are rows[first[g]] to rows[first[g + 1] - 1], in their order.
	 * @param {Int32Array} of each row's group, −1 = none
	 * @param {number} groups
	 * @returns {{first: Int32Array, rows: Int32Array}}
	 */
	function by(of, groups) {
		const n = of.length;
		const first = new Int32Array(groups + 2);
		for (let i = 0; i < n; i++) {
			first[of[i] + 2]++; /* at 1: those of no group */
		}
		const none = first[1];
		first[1] = 0;
		for (let g = 1; g < first.length; g++) {
			first[g] += first[g - 1];
		}
		const rows = new Int32Array(n - none);
		for (let i = 0; i < n; i++) {
			if (of[i] >= 0) {
				rows[first[of[i] + 1]++] = i;
			}
		}
		return { first, rows };
	}

	return { by };
})();
