/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Numbers pairs of integers in the order in which they come: a hash table without an object for each entry. */
/* exported Pairs */

const Pairs = (() => {
	class Index {
		/** @param {number} [expected] pairs, for which there is room from the first on */
		constructor(expected = 0) {
			const slots = 2 ** Math.max(10, Math.ceil(Math.log2(2 * expected + 2)));
			this.n = 0;
			this.first = new Int32Array(slots / 2);
			this.second = new Int32Array(slots / 2);
			this.slots = new Int32Array(slots); /* 1 + the pair's number, 0 = free; a power of two, at most half of it used */
		}

		slotOf(a, b) {
			const mask = this.slots.length - 1;
			let hash = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b);
			hash ^= hash >>> 15;
			let slot = Math.imul(hash, 0x2c1b3c6d) >>> 7 & mask;
			for (;;) {
				const i = this.slots[slot] - 1;
				if (i < 0 || (this.first[i] === a && this.second[i] === b)) {
					return slot;
				}
				slot = (slot + 1) & mask;
			}
		}

		grow() {
			const wider = (array) => {
				const next = new Int32Array(2 * array.length);
				next.set(array);
				return next;
			};
			this.first = wider(this.first);
			this.second = wider(this.second);
			this.slots = new Int32Array(2 * this.slots.length);
			for (let i = 0; i < this.n; i++) {
				this.slots[this.slotOf(this.first[i], this.second[i])] = i + 1;
			}
		}

		/* The number of a pair: a new one is `n` before the call. */
		add(a, b) {
			const slot = this.slotOf(a, b);
			if (this.slots[slot]) {
				return this.slots[slot] - 1;
			}
			this.first[this.n] = a;
			this.second[this.n] = b;
			this.slots[slot] = ++this.n;
			if (2 * this.n >= this.slots.length) {
				this.grow();
			}
			return this.n - 1;
		}
	}

	return { Index };
})();
