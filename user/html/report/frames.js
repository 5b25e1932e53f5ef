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

	/* The innermost own frame of a stack, else the innermost outside of the kernel, else the innermost; −1 = no stack. */
	function ownFrame(report, stack) {
		const { parent, frame } = report.stacks;
		let user = -1;
		for (let s = stack; s >= 0; s = parent[s]) {
			if (isOwn(report.frames[frame[s]])) {
				return frame[s];
			}
			if (user < 0 && report.frames[frame[s]].kind !== "kernel") {
				user = frame[s];
			}
		}
		return user >= 0 || stack < 0 ? user : frame[stack];
	}

	return { isOwn, ownFrame, tabulate, folded };
})();
