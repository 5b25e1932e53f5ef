/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The timeline: lanes of threads and tasks over time, what is pointed at, and what hands and keys do there. */
/* exported TimelineView */
/* global Canvas, Gestures, TimelineData, TimelineFind, TimelineLanes, TimelineOverview, TimelinePaint, TimelineSight, TimelineWords, Words */

const TimelineView = (() => {
	const { AXIS_PX, MARKS_PX } = TimelinePaint;
	const { HEAD_PX, STRIP_PX } = TimelineLanes;
	const TOP_PX = AXIS_PX + MARKS_PX + 2;
	const WHEEL = 0.0022; /* zoom per pixel of a wheel's turn */
	const OPEN_LANES = 3; /* whose stacks are shown at first: those with most samples */
	const WINDOW_PART = 0.78; /* as much of the window's height lanes may take */

	class View {
		constructor(panel, api) {
			this.panel = panel;
			this.api = api;
			this.view = this.state = this.names = null;
			this.lanes = this.finder = null;
			this.closed = new Set(); /* lanes whose stacks are not shown */
			this.active = this.pointed = null; /* slices: {lane, i} */
			this.brush = this.dragged = null;
			this.pointerX = -1;
			this.canvas = Canvas.make("canvas", { className: "drawing", tabIndex: 0, role: "listbox", "aria-label": "Timeline" });
			this.spacer = Canvas.make("div", { className: "spacer" }, this.canvas);
			this.box = Canvas.make("div", { className: "timeline-box" }, this.spacer);
			this.overview = new TimelineOverview.Strip({
				brush: (range) => this.draft(range), brushed: (range) => this.select(range), look: (t) => this.sight.centre(t),
				wheel: (t, turned, event) => this.wheel(t, turned, event),
			});
			this.tools();
			panel.append(this.bar, this.overview.canvas, this.box, this.note);
			this.picture = new Canvas.Picture(this.canvas, () => this.draw());
			this.listen();
		}

		tools() {
			this.toRange = Canvas.button("Zoom to range", "Look at the selected range only (Z)", () => this.sight.moveTo(this.view.range));
			this.noRange = Canvas.button("Clear range", "All of the time for all views (Esc)", () => this.select(null));
			this.out = Canvas.button("Zoom out", "Look at all of the time (0)", () => this.sight.moveTo([0, this.view.wall]));
			this.told = Canvas.make("output", { className: "told" });
			this.bar = Canvas.make("div", { className: "flame-tools" }, this.out, this.toRange, this.noRange, this.told);
			this.note = Canvas.make("p", { className: "note hint",
				textContent: "Drag selects a range for all views · wheel zooms · Shift-wheel pans · W A S D, 0 · click selects" });
		}

		listen() {
			new Gestures.Hands(this.canvas, {
				wheel: (x, turned, event) => this.wheel(this.time(x), turned, event),
				dragStart: (x, y, event) => this.dragStart(x, event),
				drag: (dx, dy, x) => this.drag(dx, x),
				dragEnd: () => this.dragEnd(),
				pinch: (x, ratio, dx) => {
					this.sight.zoom(this.time(x), 1 / ratio);
					this.sight.pan(-dx * this.perPixel());
				},
				click: (x, y, event) => this.click(x, y, event),
				hover: (x, y, event) => this.hover(x, y, event),
				leave: () => this.leave(),
			});
			this.canvas.addEventListener("keydown", (event) => this.keydown(event));
			["focus", "blur"].forEach((type) => this.canvas.addEventListener(type, () => this.picture.request()));
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
			this.brush = null;
			if (!this.lanes) {
				this.begin();
			}
			this.sight.follow(state.span);
			if (!this.codes || !this.codes.isOf(view.filtered)) {
				this.codes = new TimelineLanes.Codes(view.report, view.table, view.filtered);
			}
			this.found = TimelineFind.functions(view);
			this.chooseLanes();
			this.measure();
			this.toRange.hidden = this.noRange.hidden = !this.isRanged(view.range);
			this.request();
		}

		begin() {
			const samples = (lane) => lane.from.reduce((n, from) => n + Number(from === TimelineData.SAMPLE), 0);
			this.lanes = TimelineData.lanes(this.view.report);
			this.sight = new TimelineSight.Sight(this.view.wall, () => this.request(), (span) => this.settled(span));
			const open = this.lanes.filter(({ type }) => type === "thread").sort((a, b) => samples(b) - samples(a)).slice(0, OPEN_LANES);
			this.closed = new Set(this.lanes.filter((lane) => !open.includes(lane)));
			this.marks = TimelineWords.marksOf(this.view.report);
		}

		/* The lanes of the thread or task that the filter leaves. */
		chooseLanes() {
			const { thread, task } = this.state;
			const shown = this.lanes.filter(({ type, index }) => (type === "thread" ? thread < 0 || index === thread : task < 0 || index === task));
			const depth = (lane) => this.codes.depth(lane, this.sight.range, this.picture.width || window.innerWidth);
			this.placed = TimelineLanes.place(shown, depth, (lane) => !this.closed.has(lane));
			this.finder = new TimelineFind.Finder(this.view, this.names, this.codes, this.placed);
			if (this.active && !shown.includes(this.active.lane)) {
				this.active = null;
			}
			this.tell();
		}

		/* What is in sight has come to rest: the address says it, and lanes become as high as it needs. */
		settled(span) {
			this.api.state.set({ span });
			this.chooseLanes();
			this.measure();
		}

		height() {
			const last = this.placed[this.placed.length - 1];
			return TOP_PX + (last ? last.y + last.height : STRIP_PX);
		}

		measure() {
			if (!this.finder || !this.panel.offsetParent) {
				return;
			}
			const height = Math.min(this.height(), Math.max(240, Math.round(window.innerHeight * WINDOW_PART)));
			this.spacer.style.height = this.height() + "px";
			this.box.style.height = height + "px";
			this.picture.resize(this.box.clientWidth, height);
			this.overview.resize(this.box.clientWidth);
			this.request();
		}

		request() {
			this.picture.request();
			this.out.disabled = this.sight.isAll;
			this.overview.show({ view: this.view, lanes: this.lanes, names: this.names, range: this.brush || this.view.range, sight: this.sight.range });
		}

		isRanged(range) {
			return range[0] > 0 || range[1] < this.view.wall;
		}

		perPixel() {
			return this.sight.width / this.picture.width;
		}

		time(x) {
			return this.sight.range[0] + x * this.perPixel();
		}

		/* ---- drawing ---------------------------------------------------------------------------------------------------------- */

		draw() {
			if (!this.view) {
				return;
			}
			const { width, height, context: g, colours } = this.picture;
			const painter = new TimelinePaint.Painter(this.picture, this.view, this.names, this.codes, this.found).look(...this.sight.range);
			const lanesTop = TOP_PX - this.box.scrollTop;
			const inSight = this.placed.map((placed) => ({ ...placed, y: placed.y + lanesTop })).filter(({ y, height: h }) => y + h > TOP_PX && y < height);
			inSight.forEach((placed) => painter.lane(placed));
			this.drawSlice(painter, this.pointed, 1);
			this.drawSlice(painter, this.active, 2);
			const range = this.brush || this.view.range;
			if (this.isRanged(range)) {
				painter.range(range, TOP_PX, height - TOP_PX);
			}
			inSight.forEach((placed) => painter.head(placed));
			g.fillStyle = colours.page;
			g.fillRect(0, 0, width, TOP_PX);
			painter.axis();
			painter.marks(this.marks, height);
			if (this.pointerX >= 0) {
				painter.pointer(this.pointerX, height);
			}
		}

		/* Where a lane's slices stand in the picture. */
		yOf(lane) {
			return this.placed.find((placed) => placed.lane === lane).y + TOP_PX - this.box.scrollTop + HEAD_PX;
		}

		/* A slice that stands out, and who woke it. */
		drawSlice(painter, slice, thick) {
			if (!slice) {
				return;
			}
			const y = this.yOf(slice.lane);
			const wakeup = this.finder.wakeup(slice);
			painter.mark(slice.lane, slice.i, y, thick);
			if (wakeup) {
				const fromY = wakeup.lane ? this.yOf(wakeup.lane) : null;
				const upwards = fromY !== null && fromY > y;
				painter.wakeup(wakeup.t, fromY === null ? null : fromY + (upwards ? 0 : STRIP_PX), y + (upwards ? STRIP_PX : 0), wakeup.label);
			}
		}

		/* ---- hands ------------------------------------------------------------------------------------------------------------- */

		wheel(t, turned, event) {
			if (event.shiftKey || Math.abs(turned.x) > Math.abs(turned.y)) {
				this.sight.pan((turned.x || turned.y) * this.perPixel());
				return true;
			}
			if (turned.y > 0 && this.sight.isAll && !event.ctrlKey) {
				return false; /* there is nothing to zoom out of: the page scrolls */
			}
			this.sight.zoom(t, Math.exp(turned.y * WHEEL * (event.ctrlKey ? 3 : 1)));
			return true;
		}

		/* With the mouse a drag selects; a finger, or Shift, moves. */
		dragStart(x, event) {
			this.api.tip.hide();
			this.dragged = event.pointerType === "mouse" && !event.shiftKey ? { from: this.time(x) } : null;
		}

		drag(dx, x) {
			if (this.dragged) {
				const to = this.time(Math.max(0, Math.min(this.picture.width, x)));
				this.draft(TimelineOverview.brushed([0, 0], this.view.wall, "new", this.dragged.from, to));
			} else {
				this.sight.pan(-dx * this.perPixel());
			}
		}

		dragEnd() {
			if (this.dragged && this.brush) {
				this.select(this.brush);
			}
			this.dragged = null;
		}

		/* A range while it is drawn. */
		draft(range) {
			this.brush = range;
			this.told.textContent = `${this.names.ms(range[0])} – ${this.names.ms(range[1])} ms: ${this.names.ms(range[1] - range[0])} ms`;
			this.request();
		}

		/* A range for all views; null = all. */
		select(range) {
			this.brush = null;
			this.told.textContent = "";
			this.api.state.set(range ? { from: Math.round(range[0]), to: Math.round(range[1]) } : { from: 0, to: 0 }, true);
		}

		at(x, y) {
			return y < TOP_PX ? null : this.finder.at(this.time(x), y - TOP_PX + this.box.scrollTop);
		}

		hover(x, y, event) {
			if (event.pointerType === "touch" || !this.finder) {
				return;
			}
			const at = this.at(x, y);
			this.pointerX = x;
			this.pointed = at && at.i >= 0 && at.depth < 0 ? { lane: at.placed.lane, i: at.i } : null;
			this.canvas.style.cursor = at && (at.i >= 0 || (at.head && at.placed.canOpen)) ? "pointer" : "crosshair";
			this.tip(at, x, event);
			this.picture.request();
		}

		tip(at, x, event) {
			const lines = at ? this.finder.lines(at, this.time(x), this.perPixel()) : [];
			if (lines.length) {
				this.api.tip.show(lines, event.clientX, event.clientY);
			} else {
				this.api.tip.hide();
			}
		}

		leave() {
			this.pointerX = -1;
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
					this.tip(at, x, event);
				}
			}
		}

		/* Show or hide the stacks of a lane. */
		toggle(lane) {
			this.closed[this.closed.has(lane) ? "delete" : "add"](lane);
			this.chooseLanes();
			this.measure();
		}

		/* Select the active slice, or a frame of its stack, in all views. */
		choose(depth = -1) {
			this.tell();
			this.api.state.set({ sel: this.finder.keyOf(this.active, depth) }, true);
			this.request();
		}

		/* The slice that the keys are at, for those who cannot see it. */
		tell() {
			const { active } = this;
			const lanes = this.placed.map(({ lane }) => this.names.lane(lane).filter(Boolean).join(", "));
			const text = active ? [this.names.lane(active.lane)[0], ...this.names.lines(active.lane, active.i)].join(", ") :
				`${Words.count(lanes.length, "lane", "lanes")}: ${lanes.join("; ")}`;
			this.canvas.replaceChildren(Canvas.make("div", { id: "timeline-active", role: "option", "aria-selected": String(Boolean(active)),
				"aria-label": text }));
			this.canvas.setAttribute("aria-activedescendant", "timeline-active");
		}

		/* ---- keys ----------------------------------------------------------------------------------------------------------------- */

		/* Make a slice the active one, in sight. */
		go(lane, i) {
			this.active = { lane, i };
			const [from, to] = this.sight.range;
			if (lane.end[i] <= from || lane.begin[i] >= to) {
				this.sight.pan((lane.begin[i] + lane.end[i]) / 2 - (from + to) / 2);
			}
			const top = this.yOf(lane) - HEAD_PX;
			this.box.scrollTop += top < TOP_PX ? top - TOP_PX : Math.max(0, top + HEAD_PX + STRIP_PX - this.picture.height);
			this.tell();
			this.request();
		}

		nearest(lane, t) {
			this.go(lane, Math.max(0, Math.min(lane.n - 1, TimelineData.after(lane, t))));
		}

		/* From a slice to one beside it that can be told from it, or to the first one in sight. */
		step(by) {
			if (!this.active) {
				this.nearest(this.placed[0].lane, this.sight.range[0]);
				return;
			}
			const { lane, i } = this.active;
			const t = by > 0 ? Math.max(lane.end[i], lane.begin[i] + this.perPixel()) : lane.begin[i] - this.perPixel();
			const next = TimelineData.after(lane, t);
			this.go(lane, Math.max(0, Math.min(lane.n - 1, by > 0 ? next : Math.min(i - 1, next))));
		}

		/* To the same time in the lane above or below. */
		stepLane(by) {
			const at = this.active ? this.placed.findIndex(({ lane }) => lane === this.active.lane) + by : 0;
			if (this.placed[at]) {
				this.nearest(this.placed[at].lane, this.active ? this.active.lane.begin[this.active.i] : this.sight.range[0]);
			}
		}

		/* Begin or end the range at the active slice. */
		edge(isEnd) {
			const { lane, i } = this.active;
			const [from, to] = this.view.range;
			this.select(isEnd ? [Math.min(from, lane.begin[i]), lane.end[i]] : [lane.begin[i], Math.max(to, lane.end[i])]);
		}

		keydown(event) {
			const keys = {
				ArrowLeft: () => this.step(-1), ArrowRight: () => this.step(1), ArrowUp: () => this.stepLane(-1), ArrowDown: () => this.stepLane(1),
				Enter: () => this.active && this.choose(), " ": () => this.active && this.toggle(this.active.lane),
				"[": () => this.active && this.edge(false), "]": () => this.active && this.edge(true),
				Escape: () => this.isRanged(this.view.range) && this.select(null),
			};
			if (keys[event.key] && this.placed.length && !event.ctrlKey && !event.metaKey && !event.altKey) {
				event.preventDefault();
				event.stopPropagation();
				keys[event.key]();
			}
		}

		/* Keys that count wherever the focus is. */
		key(key) {
			const { sight } = this;
			const at = this.pointerX < 0 ? (sight.range[0] + sight.range[1]) / 2 : this.time(this.pointerX);
			const keys = {
				w: () => sight.zoom(at, 1 / 1.4), s: () => sight.zoom(at, 1.4), a: () => sight.pan(-sight.width / 6), d: () => sight.pan(sight.width / 6),
				0: () => sight.moveTo([0, this.view.wall]), z: () => sight.moveTo(this.view.range),
			};
			if (keys[key]) {
				keys[key]();
			}
			return Boolean(keys[key]);
		}
	}

	return { id: "timeline", make: (panel, api) => new View(panel, api) };
})();
