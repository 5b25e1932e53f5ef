/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Functions and packages: which frames are one function, whose code they are, which of them are folded away. */
/* exported Frames */
/* global Words */

/**
 * @typedef {object} Package
 * @property {string} name "fastapi", "libc.so.6", "kernel"
 * @property {string} kind of its frames
 * @property {boolean} own the reader's code, as far as can be told
 *
 * @typedef {object} FrameTable
 * @property {Int32Array} merged of each frame the first one that differs from it in nothing but the line: the function
 * @property {Int32Array} packageOf of each frame
 * @property {Package[]} packages
 */

const Frames = (() => {
	const installed = /\/site-packages\/|\/dist-packages\/|\/lib\/python3|<frozen/;

	/* Code of the server itself rather than of the system or of a library: the same rule as in the page without script. */
	function isOwn(frame) {
		if (frame.kind === "kernel") {
			return false;
		}
		if (frame.kind === "native") {
			const base = Words.tail(frame.module || "[", 1);
			const library = base.startsWith("[") || base.startsWith("ld-") || (base.startsWith("lib") && base.includes(".so"));
			return !library && !installed.test(frame.module) && !/^python[\d.]*$/.test(base);
		}
		return !installed.test(frame.file || "");
	}

	function packageName(frame) {
		if (frame.kind === "kernel") {
			return "kernel";
		}
		return frame.module ? Words.tail(frame.module, 1) : frame.file ? Words.tail(frame.file, 1) : "?";
	}

	/* A number for each different key. */
	function number(keys, make) {
		const seen = new Map();
		return Int32Array.from(keys, (key, i) => {
			if (!seen.has(key)) {
				seen.set(key, make(i, seen.size));
			}
			return seen.get(key);
		});
	}

	/**
	 * @param {Frame[]} frames
	 * @returns {FrameTable}
	 */
	function tabulate(frames) {
		const packages = [];
		const merged = number(frames.map((f) => JSON.stringify([f.function, f.file, f.module, f.kind])), (i) => i);
		const packageOf = number(frames.map((f) => JSON.stringify([packageName(f), f.kind, isOwn(f)])), (i, next) => {
			packages.push({ name: packageName(frames[i]), kind: frames[i].kind, own: isOwn(frames[i]) });
			return next;
		});
		return { merged, packageOf, packages };
	}

	/**
	 * Which packages are folded.
	 * @param {Package[]} packages
	 * @param {string} rule state.lib
	 * @returns {boolean[]} all false where folding is off, or nothing would be left
	 */
	function folded(packages, rule) {
		const fold = packages.map(({ own }) => rule !== "off" && !own);
		if (rule !== "off" && rule) {
			rule.split(",").filter((item) => Number(item.slice(1)) < packages.length)
				.forEach((item) => (fold[Number(item.slice(1))] = item[0] === "-"));
		}
		return fold.every(Boolean) ? fold.fill(false) : fold;
	}

	/* Of each stack its innermost own frame, else the innermost outside of the kernel, else the innermost. */
	function findOwnFrames({ frames, stacks: { n, parent, frame } }) {
		const own = Uint8Array.from(frames, (frame) => Number(isOwn(frame)));
		const isUser = Uint8Array.from(frames, ({ kind }) => Number(kind !== "kernel"));
		const [ownOf, userOf] = [new Int32Array(n), new Int32Array(n)];
		for (let s = 0; s < n; s++) {
			const f = frame[s];
			ownOf[s] = own[f] ? f : parent[s] < 0 ? -1 : ownOf[parent[s]];
			userOf[s] = isUser[f] ? f : parent[s] < 0 ? -1 : userOf[parent[s]];
		}
		return ownOf.map((f, s) => (f >= 0 ? f : userOf[s] >= 0 ? userOf[s] : frame[s]));
	}

	const known = new WeakMap();

	/**
	 * @param {ReportData} report
	 * @returns {Int32Array} by stack
	 */
	function ownFrames(report) {
		if (!known.has(report)) {
			known.set(report, findOwnFrames(report));
		}
		return known.get(report);
	}

	/* That of one stack; −1 = no stack. */
	function ownFrame(report, stack) {
		return stack < 0 ? -1 : ownFrames(report)[stack];
	}

	return { isOwn, ownFrame, ownFrames, tabulate, folded };
})();
