/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The timeline: which time and which lanes are in sight, what is pointed at, and what hands and keys do there. */
/* exported TimelineView */
/* global Canvas, Frames, Gestures, Model, TimelineData, TimelineOverview, TimelinePaint, TimelineWords, Words */

const TimelineView = (() => {
	const { AXIS_PX, MARKS_PX, HEAD_PX, STRIP_PX, CHART_ROW_PX } = TimelinePaint;
	const TOP_PX = AXIS_PX + MARKS_PX + 4;
	const LEAST_NS = 100; /* in sight, the closest zoom */
	const WHEEL = 0.0022; /* zoom per pixel of a wheel's turn */
	const OPEN_LANES = 3; /* whose stacks are shown at first: those with most samples */
	const SETTLED_MS = 250; /* without moving: then the address says what is in sight */
	const SCAN_MAX = 50000; /* slices looked at for the length of one call */

	/* Zoom by a factor around a time that stays where it is. */
	function zoomed([from, to], wall, at, factor) {
		const width = Math.max(Math.min(LEAST_NS, wall), Math.min(wall, (to - from) * factor));
		return panned([at - (at - from) * width / (to - from), at + (to - at) * width / (to - from)], wall, 0);
	}

	/* Move, and stop at the ends. */
	function panned([from, to], wall, by) {
		const width = Math.min(wall, to - from);
		const left = Math.max(0, Math.min(wall - width, from + by));
		return [left, left + width];
	}

	class View {
		constructor(panel, api) {
			Object.assign(this, { panel, api, view: null, state: null, lanes: null, placed: [], sight: null, closed: new Map(), active: null, pointed: null,
				brush: null, stop: () => {}, settle: 0 });
			this.canvas = Canvas.make("canvas", { className: "drawing", tabIndex: 0, role: "listbox", "aria-label": "Timeline" });
			this.spacer = Canvas.make("div", { className: "spacer" }, this.canvas);
			this.box = Canvas.make("div", { className: "timeline-box" }, this.spacer);
			this.overview = new TimelineOverview.Strip({
				brush: (range) => this.draft(range), brushed: (range) => this.select(range), look: (t) => this.centre(t),
				wheel: (t, turned, event) => this.wheelAt(t, turned, event),
			});
			this.tools();
			panel.append(this.bar, this.overview.canvas, this.box, this.note);
			this.picture = new Canvas.Picture(this.canvas, () => this.draw());
			this.listen();
		}

		tools() {
			this.toRange = Canvas.button("Zoom to range", "Look at the selected range only (z)", () => this.moveTo(this.view.range));
			this.noRange = Canvas.button("Clear range", "All of the time for all views", () => this.select(null));
			this.out = Canvas.button("Zoom out", "Look at all of the time (0)", () => this.moveTo([0, this.view.wall]));
			this.told = Canvas.make("output", { className: "told" });
			this.bar = Canvas.make("div", { className: "flame-tools" }, this.out, this.toRange, this.noRange, this.told);
			this.note = Canvas.make("p", { className: "note hint",
				textContent: "Drag selects a range for all views · wheel zooms · Shift-wheel pans · W A S D, 0 · click selects" });
		}

		listen() {
			new Gestures.Hands(this.canvas, {
				wheel: (x, turned, event) => this.wheelAt(this.time(x), turned, event),
				dragStart: (x, y, event) => this.dragStart(x, y, event),
				drag: (dx, dy, x) => this.drag(dx, x),
				dragEnd: () => this.dragEnd(),
				pinch: (x, ratio, dx) => this.look(panned(zoomed(this.sight, this.view.wall, this.time(x), 1 / ratio), this.view.wall,
					-dx * this.perPixel())),
				click: (x, y, event) => this.click(x, y, event),
				hover: (x, y, event) => this.hover(x, y, event),
				leave: () => this.leave(),
			});
			this.canvas.addEventListener("keydown", (event) => this.keydown(event));
			this.canvas.addEventListener("focus", () => this.picture.request());
			this.canvas.addEventListener("blur", () => this.picture.request());
			this.box.addEventListener("scroll", () => this.picture.request(), { passive: true });
			new ResizeObserver(() => this.measure()).observe(this.box);
			window.addEventListener("resize", () => this.measure());
		}

		/* ---- what is shown ---------------------------------------------------------------------------------------------------- */

		/**
		 * @param {any} view Model's view of the state
		 * @param {ViewState} state
		 */
		show(view, state) {
			this.view = view;
			this.state = state;
			this.names = new TimelineWords.Names(view);
			if (!this.lanes) {
				this.begin();
			}
			const [from, to] = state.span ? state.span.split("-").map(Number) : [0, view.wall];
			if (state.span !== this.saidSpan) {
				this.saidSpan = state.span;
				this.sight = panned([from, Math.max(to, from + 1)], view.wall, 0);
			}
			if (!this.codes || this.fold !== view.filtered.fold) {
				this.fold = view.filtered.fold;
				this.codes = new TimelinePaint.Codes(view.report, view.table, this.fold);
			}
			this.findFunctions();
			this.chooseLanes();
			this.measure();
			this.brush = null;
			const ranged = this.isRanged(view.range);
			this.toRange.hidden = this.noRange.hidden = !ranged;
			this.request();
		}

		/* Which functions the search finds. */
		findFunctions() {
			const { test, report, table } = this.view;
			this.found = new Set();
			if (test) {
				report.frames.forEach((frame, i) => Search.matchesFrame(test, frame, frame.line) && this.found.add(table.merged[i]));
			}
		}

		begin() {
			this.lanes = TimelineData.lanes(this.view.report);
			this.sight = [0, this.view.wall];
			const samples = (lane) => lane.from.reduce((n, from) => n + Number(from === TimelineData.SAMPLE), 0);
			const most = this.lanes.map((lane) => [lane, samples(lane)]).filter(([, n]) => n).sort((a, b) => b[1] - a[1]).slice(0, OPEN_LANES);
			this.lanes.forEach((lane) => this.closed.set(lane, !most.some(([open]) => open === lane)));
			this.marks = TimelineWords.marksOf(this.view.report);
		}

		/* The lanes of the thread or task that the filter leaves. */
		chooseLanes() {
			const { thread, task } = this.state;
			this.placed = TimelinePaint.place(this.lanes.filter(({ type, index }) => (type === "thread" ? thread < 0 || index === thread :
				task < 0 || index === task)), this.codes, (lane) => !this.closed.get(lane));
			if (this.active && !this.placed.some(({ lane }) => lane === this.active.lane)) {
				this.active = null;
			}
			this.tell();
		}

		height() {
			const last = this.placed[this.placed.length - 1];
			return TOP_PX + (last ? last.y + last.height : STRIP_PX);
		}

		measure() {
			if (!this.placed.length || !this.panel.offsetParent) {
				return;
			}
			const room = Math.max(240, Math.round(window.innerHeight * 0.78));
			const height = Math.min(this.height(), room);
			this.spacer.style.height = this.height() + "px";
			this.box.style.height = height + "px";
			this.picture.resize(this.box.clientWidth, height);
			this.overview.resize(this.box.clientWidth);
			this.request();
		}

		request() {
			this.picture.request();
			if (this.view) {
				this.overview.show({ view: this.view, lanes: this.lanes, names: this.names, range: this.brush || this.view.range, sight: this.sight });
			}
		}

		isRanged(range) {
			return range[0] > 0 || range[1] < this.view.wall;
		}

		perPixel() {
			return (this.sight[1] - this.sight[0]) / this.picture.width;
		}

		time(x) {
			return this.sight[0] + x * this.perPixel();
		}

		/* ---- drawing ---------------------------------------------------------------------------------------------------------- */

		draw() {
			if (!this.view) {
				return;
			}
			const painter = new TimelinePaint.Painter(this.picture, this.view, this.names, this.codes).look(...this.sight);
			const { width, height, context: g, colours } = this.picture;
			painter.found = this.found;
			const lanesTop = TOP_PX - this.box.scrollTop;
			this.placed.filter(({ y, height: h }) => y + h + lanesTop > TOP_PX && y + lanesTop < height).forEach((placed) => {
				const at = { ...placed, y: placed.y + lanesTop };
				painter.head(at);
				painter.strip(at);
				painter.chart(at);
			});
			this.drawPointed(painter, lanesTop);
			const range = this.brush || this.view.range;
			if (this.isRanged(range)) {
				painter.range(range, TOP_PX, height - TOP_PX);
			}
			g.fillStyle = colours.page;
			g.fillRect(0, 0, width, TOP_PX);
			painter.grid(painter.axis(), AXIS_PX, 2);
			painter.marks(this.marks, height);
			this.drawPointer(g, height, colours);
		}

		yOf(lane) {
			const placed = this.placed.find((p) => p.lane === lane);
			return placed ? placed.y + TOP_PX - this.box.scrollTop : null;
		}

		drawPointed(painter, lanesTop) {
			for (const [at, thick] of [[this.pointed, 1], [document.activeElement === this.canvas || this.chosen ? this.active : null, 2]]) {
				const placed = at && this.placed.find(({ lane }) => lane === at.lane);
				if (placed) {
					painter.mark(at.lane, at.i, placed.y + lanesTop, thick);
					this.drawWakeup(painter, at);
				}
			}
		}

		/* Who woke it: from the lane of the waker, if it is one of the request's threads. */
		drawWakeup(painter, { lane, i }) {
			const { waits, wakers, threads } = this.view.report;
			const isWait = lane.from[i] === TimelineData.WAIT || lane.from[i] === TimelineData.READY;
			const waker = isWait ? waits.waker[lane.of[i]] : -1;
			if (waker < 0) {
				return;
			}
			const x = painter.x(waits.t[lane.of[i]] + waits.duration[lane.of[i]]);
			const from = this.placed.find(({ lane: other }) => other.type === "thread" && threads[other.index].tid === wakers[waker].tid);
			const fromY = from && from.lane !== lane ? this.yOf(from.lane) + HEAD_PX : null;
			const toY = this.yOf(lane) + HEAD_PX;
			const upwards = fromY !== null && fromY > toY;
			painter.wakeup(x, fromY === null ? null : fromY + (upwards ? 0 : STRIP_PX), toY + (upwards ? STRIP_PX : 0),
				"woken by " + Words.process(wakers[waker].comm, wakers[waker].pid));
		}

		/* A hair line at the pointer, with its time. */
		drawPointer(g, height, colours) {
			if (this.pointerX === undefined) {
				return;
			}
			const { step } = TimelineWords.ticks(...this.sight, this.picture.width);
			const text = TimelineWords.time(this.time(this.pointerX), step / 100);
			this.picture.sans("600", 11);
			const width = g.measureText(text).width + 10;
			const left = Math.max(0, Math.min(this.picture.width - width, this.pointerX - width / 2));
			g.globalAlpha = 0.35;
			g.fillStyle = colours.ink;
			g.fillRect(Math.round(this.pointerX), AXIS_PX, 1, height - AXIS_PX);
			g.globalAlpha = 1;
			g.fillRect(left, 1, width, 18);
			g.fillStyle = colours.page;
			g.fillText(text, left + 5, 14);
		}

		/* ---- time in sight ----------------------------------------------------------------------------------------------------- */

		look(sight) {
			this.stop();
			this.sight = sight;
			clearTimeout(this.settle);
			this.settle = setTimeout(() => this.settled(), SETTLED_MS);
			this.request();
		}

		settled() {
			const [from, to] = this.sight.map(Math.round);
			const span = from <= 0 && to >= this.view.wall ? "" : `${from}-${to}`;
			if (span !== this.saidSpan) {
				this.saidSpan = span;
				this.api.state.set({ span });
			}
		}

		moveTo(target) {
			const from = this.sight;
			this.stop();
			this.stop = Canvas.animate((part) => {
				const stop = this.stop;
				this.look([0, 1].map((k) => from[k] + (target[k] - from[k]) * part));
				this.stop = stop;
			});
		}

		zoom(at, factor) {
			this.look(zoomed(this.sight, this.view.wall, at, factor));
		}

		pan(ns) {
			this.look(panned(this.sight, this.view.wall, ns));
		}

		centre(t) {
			this.moveTo(panned(this.sight, this.view.wall, t - (this.sight[0] + this.sight[1]) / 2));
		}

		wheelAt(t, turned, event) {
			if (event.shiftKey || Math.abs(turned.x) > Math.abs(turned.y)) {
				this.pan((turned.x || turned.y) * this.perPixel());
				return true;
			}
			if (turned.y > 0 && this.sight[1] - this.sight[0] >= this.view.wall && !event.ctrlKey) {
				return false; /* there is nothing to zoom out of: the page scrolls */
			}
			this.zoom(t, Math.exp(turned.y * WHEEL * (event.ctrlKey ? 3 : 1)));
			return true;
		}

		/* ---- a range for all views ---------------------------------------------------------------------------------------------- */

		/* While it is being drawn. */
		draft(range) {
			this.brush = range;
			this.told.textContent = `${this.names.ms(range[0])} – ${this.names.ms(range[1])} ms: ${this.names.ms(range[1] - range[0])} ms`;
			this.request();
		}

		select(range) {
			this.brush = null;
			this.told.textContent = "";
			this.api.state.set(range ? { from: Math.round(range[0]), to: Math.round(range[1]) } : { from: 0, to: 0 }, true);
		}

		/* With the mouse a drag selects; a finger, or Shift, moves. */
		dragStart(x, y, event) {
			this.api.tip.hide();
			this.dragged = event.pointerType === "mouse" && !event.shiftKey ? { from: this.time(x) } : null;
		}

		drag(dx, x) {
			if (this.dragged) {
				this.draft(TimelineOverview.brushed([0, 0], this.view.wall, "new", this.dragged.from, this.time(Math.max(0, Math.min(this.picture.width, x)))));
			} else {
				this.pan(-dx * this.perPixel());
			}
		}

		dragEnd() {
			if (this.dragged && this.brush) {
				this.select(this.brush);
			}
			this.dragged = null;
		}

		/* ---- pointing ------------------------------------------------------------------------------------------------------------ */

		/* What is at a point: {placed}, with {i} a slice, with {depth} a frame of the stacks below it. */
		at(x, y) {
			const top = y - TOP_PX + this.box.scrollTop;
			const placed = y >= TOP_PX ? this.placed.find((p) => top >= p.y && top < p.y + p.height) : undefined;
			if (!placed) {
				return null;
			}
			const within = top - placed.y;
			if (within < HEAD_PX) {
				return { placed, i: -1, depth: -1, head: true };
			}
			const depth = within < HEAD_PX + STRIP_PX ? -1 : Math.floor((within - HEAD_PX - STRIP_PX - 2) / CHART_ROW_PX);
			const i = depth < placed.rows ? TimelineData.at(placed.lane, this.time(x)) : -1;
			const stack = i >= 0 ? placed.lane.stack[i] : -1;
			const empty = depth >= 0 && (stack < 0 || depth >= this.codes.get(stack).length);
			return { placed, i: empty ? -1 : i, depth, head: false };
		}

		/* A frame of the chart: its function, and how long it is there without interruption. */
		chartLines({ lane }, i, depth) {
			const code = this.codes.get(lane.stack[i])[depth];
			const same = (k) => lane.stack[k] >= 0 && this.codes.get(lane.stack[k])[depth] === code;
			let [first, last] = [i, i];
			while (first > 0 && i - first < SCAN_MAX && lane.end[first - 1] >= lane.begin[first] - 1 && same(first - 1)) {
				first--;
			}
			while (last + 1 < lane.n && last - i < SCAN_MAX && lane.begin[last + 1] <= lane.end[last] + 1 && same(last + 1)) {
				last++;
			}
			const frame = this.codes.frameAt(lane.stack[i], depth);
			const name = frame >= 0 ? this.names.frame(frame) : "library frames, folded";
			return [name, `≈ ${this.names.ms(lane.end[last] - lane.begin[first])} ms in one go, from ${this.names.ms(lane.begin[first])} ms on`,
				...this.names.lines(lane, i).slice(0, 1)];
		}

		hover(x, y, event) {
			if (event.pointerType === "touch") {
				return;
			}
			const at = this.at(x, y);
			this.pointerX = x;
			this.pointed = at && at.i >= 0 && at.depth < 0 ? { lane: at.placed.lane, i: at.i } : null;
			this.canvas.style.cursor = at && (at.i >= 0 || (at.head && at.placed.canOpen)) ? "pointer" : "crosshair";
			this.tip(at, event);
			this.picture.request();
		}

		tip(at, event) {
			if (at && at.i >= 0) {
				const lines = at.depth < 0 ? this.names.lines(at.placed.lane, at.i) : this.chartLines(at.placed, at.i, at.depth);
				this.api.tip.show(lines, event.clientX, event.clientY);
			} else {
				this.api.tip.hide();
			}
		}

		leave() {
			this.pointerX = undefined;
			this.pointed = null;
			this.api.tip.hide();
			this.picture.request();
		}

		click(x, y, event) {
			const at = this.at(x, y);
			if (at && at.head && at.placed.canOpen) {
				this.toggle(at.placed.lane);
			} else if (at && at.i >= 0) {
				this.active = { lane: at.placed.lane, i: at.i };
				this.choose(at.depth);
				if (event.pointerType === "touch") {
					this.tip(at, event);
				}
			}
		}

		toggle(lane) {
			this.closed.set(lane, !this.closed.get(lane));
			this.chooseLanes();
			this.measure();
			this.request();
		}

		/* ---- choosing ------------------------------------------------------------------------------------------------------------ */

		/* The key, for all views, of a slice, or of a frame of the stacks below it. */
		keyOf({ lane, i }, depth) {
			const { report, table } = this.view;
			if (depth >= 0) {
				const frame = this.codes.frameAt(lane.stack[i], depth);
				return frame >= 0 ? "f" + table.merged[frame] : "";
			}
			const name = Words.classes[lane.kind[i]];
			if (lane.from[i] === TimelineData.WAIT || lane.from[i] === TimelineData.READY) {
				return `w:${name}:${lane.from[i] === TimelineData.WAIT && report.waits.duration[lane.of[i]] ? report.waits.object[lane.of[i]] : -1}`;
			}
			if (lane.from[i] === TimelineData.AWAIT) {
				const row = report.awaits[lane.of[i]];
				return Model.keyOf({ kind: "await", class: row.cause, what: row });
			}
			const own = lane.from[i] === TimelineData.SAMPLE ? Frames.ownFrame(report, lane.stack[i]) : -1;
			return own >= 0 ? "f" + table.merged[own] : "";
		}

		choose(depth = -1) {
			this.chosen = true;
			this.tell();
			this.api.state.set({ sel: this.keyOf(this.active, depth) }, true);
			this.request();
		}

		/* The slice that the keys are at, for those who cannot see it. */
		tell() {
			const { active } = this;
			const text = active ? [this.names.lane(active.lane)[0], ...this.names.lines(active.lane, active.i)].join(", ") :
				`${Words.count(this.placed.length, "lane", "lanes")}: ${this.placed.map(({ lane }) => this.names.lane(lane).filter(Boolean).join(", ")).join("; ")}`;
			this.canvas.replaceChildren(Canvas.make("div", { id: "timeline-active", role: "option", "aria-selected": String(Boolean(active)),
				"aria-label": text }));
			this.canvas.setAttribute("aria-activedescendant", "timeline-active");
		}

		/* ---- keys ----------------------------------------------------------------------------------------------------------------- */

		/* Bring the slice into sight. */
		go(lane, i) {
			this.active = { lane, i };
			this.chosen = false;
			const [from, to] = this.sight;
			if (lane.end[i] <= from || lane.begin[i] >= to) {
				this.look(panned(this.sight, this.view.wall, (lane.begin[i] + lane.end[i]) / 2 - (from + to) / 2));
			}
			const top = this.yOf(lane);
			this.box.scrollTop += top < TOP_PX ? top - TOP_PX : Math.max(0, top + HEAD_PX + STRIP_PX - this.picture.height);
			this.tell();
			this.request();
		}

		/* From a slice to one beside it that can be seen, or to the first one in sight. */
		step(by) {
			if (!this.active) {
				const [{ lane }] = this.placed;
				this.go(lane, Math.min(lane.n - 1, TimelineData.after(lane, this.sight[0])));
				return;
			}
			const { lane, i } = this.active;
			const t = by > 0 ? Math.max(lane.end[i], lane.begin[i] + this.perPixel()) : lane.begin[i] - this.perPixel();
			const next = by > 0 ? TimelineData.after(lane, t) : Math.min(i - 1, TimelineData.after(lane, t));
			this.go(lane, Math.max(0, Math.min(lane.n - 1, next)));
		}

		/* To the same time in the lane above or below. */
		stepLane(by) {
			const at = this.active ? this.placed.findIndex(({ lane }) => lane === this.active.lane) + by : 0;
			if (this.placed[at]) {
				const { lane } = this.placed[at];
				const t = this.active ? this.active.lane.begin[this.active.i] : this.sight[0];
				this.go(lane, Math.min(lane.n - 1, TimelineData.after(lane, t)));
			}
		}

		/* Begin or end the range at the active slice. */
		edge(isEnd) {
			if (this.active) {
				const { lane, i } = this.active;
				const [from, to] = this.view.range;
				this.select(isEnd ? [Math.min(from, lane.begin[i]), lane.end[i]] : [lane.begin[i], Math.max(to, lane.end[i])]);
			}
		}

		keydown(event) {
			const keys = {
				ArrowLeft: () => this.step(-1), ArrowRight: () => this.step(1), ArrowUp: () => this.stepLane(-1), ArrowDown: () => this.stepLane(1),
				Enter: () => this.active && this.choose(), " ": () => this.active && this.toggle(this.active.lane),
				"[": () => this.edge(false), "]": () => this.edge(true), Escape: () => this.isRanged(this.view.range) && this.select(null),
			};
			if (keys[event.key] && !event.ctrlKey && !event.metaKey && !event.altKey) {
				event.preventDefault();
				event.stopPropagation();
				keys[event.key]();
			}
		}

		/* Keys that count wherever the focus is. */
		key(key) {
			const width = this.sight[1] - this.sight[0];
			const at = this.pointerX === undefined ? this.sight[0] + width / 2 : this.time(this.pointerX);
			const keys = {
				w: () => this.zoom(at, 1 / 1.4), s: () => this.zoom(at, 1.4), a: () => this.pan(-width / 6), d: () => this.pan(width / 6),
				0: () => this.moveTo([0, this.view.wall]), z: () => this.moveTo(this.view.range),
			};
			if (keys[key]) {
				keys[key]();
			}
			return Boolean(keys[key]);
		}
	}

	return { id: "timeline", make: (panel, api) => new View(panel, api), zoomed, panned };
})();
