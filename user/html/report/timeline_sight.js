/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which part of the time the timeline's lanes show, and how it moves. */
/* exported TimelineSight */
/* global Canvas */

const TimelineSight = (() => {
	const LEAST_NS = 100; /* in sight, the closest zoom */
	const SETTLED_MS = 250; /* without moving */

	/**
	 * Zoom by a factor around a time that stays where it is.
	 * @param {[number, number]} range
	 * @returns {[number, number]}
	 */
	function zoomed(range, wall, at, factor) {
		const [from, to] = range;
		const width = Math.max(Math.min(LEAST_NS, wall), Math.min(wall, (to - from) * factor));
		return panned([at - (at - from) * width / (to - from), at + (to - at) * width / (to - from)], wall, 0);
	}

	/**
	 * Move, and stop at the ends.
	 * @param {[number, number]} range
	 * @returns {[number, number]}
	 */
	function panned(range, wall, by) {
		const [from, to] = range;
		const width = Math.min(wall, to - from);
		const left = Math.max(0, Math.min(wall - width, from + by));
		return [left, left + width];
	}

	/* As the address says it: "1000-2500", in ns; "" = all. */
	function parse(span, wall) {
		const [from, to] = span ? span.split("-").map(Number) : [0, wall];
		return panned([from, Math.max(to, from + Math.min(LEAST_NS, wall))], wall, 0);
	}

	function format([from, to], wall) {
		return from <= 0 && to >= wall ? "" : `${Math.round(from)}-${Math.round(to)}`;
	}

	class Sight {
		/* moved: called at each step; settled(span): when it has come to rest. */
		constructor(wall, moved, settled) {
			this.wall = wall;
			this.moved = moved;
			this.settled = settled;
			/** @type {[number, number]} */
			this.range = [0, wall];
			this.said = "";
			this.timer = 0;
			this.stop = () => {};
		}

		/* What the address says, when it says something new. */
		follow(span) {
			if (span !== this.said) {
				this.said = span;
				this.stop();
				this.range = parse(span, this.wall);
			}
		}

		get width() {
			return this.range[1] - this.range[0];
		}

		get isAll() {
			return this.width >= this.wall;
		}

		set(range) {
			this.range = range;
			clearTimeout(this.timer);
			this.timer = setTimeout(() => this.rest(), SETTLED_MS);
			this.moved();
		}

		rest() {
			const span = format(this.range, this.wall);
			if (span !== this.said) {
				this.said = span;
				this.settled(span);
			}
		}

		/* Go there in small steps. */
		moveTo(target) {
			const from = this.range;
			this.stop();
			this.stop = Canvas.animate((part) => this.set([from[0] + (target[0] - from[0]) * part, from[1] + (target[1] - from[1]) * part]));
		}

		zoom(at, factor) {
			this.stop();
			this.set(zoomed(this.range, this.wall, at, factor));
		}

		pan(ns) {
			this.stop();
			this.set(panned(this.range, this.wall, ns));
		}

		centre(t) {
			this.moveTo(panned(this.range, this.wall, t - (this.range[0] + this.range[1]) / 2));
		}
	}

	return { Sight, zoomed, panned, parse, format };
})();
