/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The flame graph: what is in sight of it, what is pointed at, and what hands and keys do there. */
/* exported FlameView */
/* global Canvas, FlameLayout, FlamePaint, FlameSvg, Gestures, Model, TreeRow, Words */

const FlameView = (() => {
	const { ROW_PX } = FlamePaint;
	const LEAST = 1e-9; /* of the whole, the closest zoom */
	const NARROW = 0.0004; /* of what is in sight: what an inverted graph does not go into */
	const CRUMBS = 5;
	const HEIGHT_MIN_PX = 160;
	const WHEEL = 0.0022; /* zoom per pixel of a wheel's turn */

	class View {
		constructor(panel, api) {
			this.panel = panel;
			this.api = api;
			this.view = null;
			this.state = null;
			this.cells = null;
			this.viewport = { x0: 0, x1: 1 };
			this.active = null;
			this.hovered = -1;
			this.stop = () => {};
			this.laidOutFor = null;
			this.tools();
			this.canvas = Canvas.make("canvas", { className: "drawing", tabIndex: 0, role: "tree", "aria-label": "Flame graph" });
			this.spacer = Canvas.make("div", { className: "spacer" }, this.canvas);
			this.box = Canvas.make("div", { className: "flame-box" }, this.spacer);
			this.note = Canvas.make("p", { className: "empty", hidden: true });
			panel.append(this.bar, this.crumbs, this.box, this.note, this.legend);
			this.picture = new Canvas.Picture(this.canvas, () => this.draw());
			this.listen();
		}

		tools() {
			this.flip = Canvas.choice("flame-flip", "Direction", { 0: "icicle", 1: "flame" }, (value) => this.api.state.set({ flip: value === "1" }));
			this.color = Canvas.choice("flame-color", "Colour by", { kind: "kind", package: "package", class: "class of time" },
				(value) => this.api.state.set({ color: value }));
			this.out = Canvas.button("Zoom out", "Show all of it (Esc)", () => this.zoomTo(null));
			this.bar = Canvas.make("div", { className: "flame-tools" }, this.flip.field, this.color.field, this.out,
				Canvas.button("Save SVG", "What is seen now, as a picture that can be scaled", () => this.saveSvg()),
				Canvas.button("Save PNG", "What is seen now, as a picture", () => this.savePng()));
			this.crumbs = Canvas.make("nav", { className: "crumbs", "aria-label": "Zoomed to" });
			this.legend = Canvas.make("ul", { className: "keys", "aria-label": "Colours" });
		}

		listen() {
			this.hands = new Gestures.Hands(this.canvas, {
				wheel: (x, turned, event) => this.wheel(x, turned, event),
				drag: (dx, dy) => this.drag(dx, dy),
				pinch: (x, ratio, dx) => this.pinch(x, ratio, dx),
				click: (x, y) => this.click(x, y),
				hover: (x, y, event) => this.hover(x, y, event),
				leave: () => this.hover(-1, -1, null),
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
			const before = this.state;
			const same = this.view && this.view.root === view.root && before.mode === state.mode;
			Object.assign(this, { view, state });
			this.names = new FlamePaint.Names(view, new TreeRow.Maker(view));
			if (!same) {
				this.layOut();
				this.viewport = this.extent(this.zoomed());
			} else if (before.zoom !== state.zoom) {
				this.moveTo(this.extent(this.zoomed()));
			}
			this.flip.set(state.flip ? "1" : "0");
			this.color.set(state.color);
			this.scheme = null;
			this.showCrumbs();
			this.measure();
			if (before && before.flip !== state.flip) {
				this.box.scrollTop = state.flip ? this.box.scrollHeight : 0;
			}
			this.picture.request();
		}

		/* An inverted graph is as large as all stacks are deep: narrow cells are left closed, until the zoom makes them wide. */
		layOut() {
			const sight = this.viewport.x1 - this.viewport.x0;
			this.laidOutFor = this.view.state.invert ? sight : 0;
			this.cells = FlameLayout.layout(this.view.root, this.view.value, this.view.state.invert ? NARROW * sight : 0);
			if (!this.cells.index.has(this.active)) {
				this.active = this.cells.nodes[0] || null;
			}
			this.hovered = -1;
			this.tell();
			this.note.hidden = this.cells.nodes.length > 0;
			this.note.textContent = "Nothing is left to show: " + (this.state.mode === "both" ? "no time passes the filters." :
				`there is no time ${this.state.mode === "cpu" ? "on the CPU" : "of waiting"} that passes the filters.`);
			this.box.hidden = this.legend.hidden = !this.cells.nodes.length;
			this.scheme = null;
		}

		zoomed() {
			return this.view.find(this.state.zoom);
		}

		/* What is in sight when a node fills the width. */
		extent(node) {
			const i = node ? this.cells.index.get(node) : undefined;
			return i === undefined ? { x0: 0, x1: 1 } : { x0: this.cells.x[i], x1: Math.min(1, this.cells.x[i] + this.cells.width[i]) };
		}

		/* Fit the picture to its box, and the box to what it has to show. */
		measure() {
			if (!this.cells || !this.panel.offsetParent) {
				return;
			}
			const whole = this.cells.rows.length * ROW_PX;
			const room = Math.max(HEIGHT_MIN_PX, Math.round(window.innerHeight * 0.78));
			this.spacer.style.height = whole + "px";
			this.box.style.height = Math.min(whole, room) + "px";
			this.picture.resize(this.box.clientWidth, Math.min(whole, room));
			this.picture.request();
		}

		y(depth) {
			return (this.state.flip ? this.cells.rows.length - 1 - depth : depth) * ROW_PX - this.box.scrollTop;
		}

		depthAt(y) {
			const row = Math.floor((y + this.box.scrollTop) / ROW_PX);
			return this.state.flip ? this.cells.rows.length - 1 - row : row;
		}

		/* ---- drawing ---------------------------------------------------------------------------------------------------------- */

		draw() {
			if (!this.cells || !this.cells.nodes.length) {
				return;
			}
			if (this.laidOutFor && this.viewport.x1 - this.viewport.x0 < this.laidOutFor / 4) {
				this.layOut();
			}
			if (!this.scheme || this.scheme.colours !== this.picture.colours) {
				this.scheme = new FlamePaint.Scheme(this.view, this.cells, this.state.color, this.picture.colours);
				this.showLegend();
			}
			this.painter = new FlamePaint.Painter(this.picture, this.scheme, this.view, this.names);
			const [first, last] = [this.depthAt(0), this.depthAt(this.picture.height)].sort((a, b) => a - b);
			for (let depth = Math.max(0, first); depth <= Math.min(last, this.cells.rows.length - 1); depth++) {
				this.drawRow(depth);
			}
			this.drawMarks();
		}

		drawRow(depth) {
			const { x0, x1 } = this.viewport;
			const y = this.y(depth);
			const searching = Boolean(this.view.test);
			const { colours } = this.picture;
			FlameLayout.drawn(this.cells, depth, { x0, x1, pixels: this.picture.width }, (i, left, right) => {
				const node = this.cells.nodes[i];
				const found = searching && this.view.matches(node);
				this.painter.cell(node, left, right, y, { dim: searching && !found });
				if (found) {
					this.painter.outline(Math.max(left, 0), Math.min(right, this.picture.width + 1), y, colours.foundLine, 2);
				} else if (this.state.sel && Model.keyOf(node) === this.state.sel) {
					this.painter.outline(Math.max(left, 0), Math.min(right, this.picture.width + 1), y, colours.accent, 2);
				}
			}, (left, right, i) => this.painter.crowd(this.cells.nodes[i], left, right, y, { dim: searching }));
		}

		/* What is pointed at, and where the keys are. */
		drawMarks() {
			const mark = (i, colour, thick) => {
				const { x0, x1 } = this.viewport;
				const scale = this.picture.width / (x1 - x0);
				const left = Math.max(0, (this.cells.x[i] - x0) * scale);
				const right = Math.min(this.picture.width + 1, (this.cells.x[i] + this.cells.width[i] - x0) * scale);
				if (right > 0 && left < this.picture.width) {
					this.painter.outline(left, Math.max(right, left + 3), this.y(this.cells.depth[i]), colour, thick);
				}
			};
			if (this.hovered >= 0) {
				mark(this.hovered, this.picture.colours.ink, 1);
			}
			if (document.activeElement === this.canvas && this.active) {
				mark(this.cells.index.get(this.active), this.picture.colours.ink, 2);
			}
		}

		showLegend() {
			this.legend.replaceChildren(...this.scheme.legend(this.cells).map(([label, look]) => {
				const key = Canvas.make("i", { className: "key" + (look && look.class ? " c-" + look.class : "") });
				if (look && look.fill) {
					key.style.backgroundColor = look.fill;
				}
				return Canvas.make("li", {}, ...(look ? [key] : []), Words.clean(label));
			}));
		}

		/* ---- zoom ------------------------------------------------------------------------------------------------------------- */

		showCrumbs() {
			const way = FlameLayout.path(this.zoomed());
			const shown = way.length > CRUMBS ? [way[0], null, ...way.slice(2 - CRUMBS)] : way;
			this.crumbs.hidden = way.length < 2;
			this.out.disabled = way.length < 2;
			this.crumbs.replaceChildren(...shown.flatMap((node, i) => {
				const separator = i ? [Canvas.make("span", { textContent: "›", "aria-hidden": "true" })] : [];
				if (!node) {
					return [...separator, Canvas.make("span", { textContent: `… ${way.length - CRUMBS + 1} frames …` })];
				}
				if (i === shown.length - 1) {
					return [...separator, Canvas.make("b", { textContent: this.names.short(node), "aria-current": "true" })];
				}
				return [...separator, Canvas.button(this.names.short(node), "Zoom to this", () => this.zoomTo(node))];
			}));
		}

		/* Fill the width with a node; null = all. Back undoes it. */
		zoomTo(node, more = {}) {
			this.api.state.set({ zoom: node && node.parent ? this.view.path(node) : "", ...more }, true);
			this.moveTo(this.extent(node));
		}

		moveTo(target) {
			const from = this.viewport;
			this.stop();
			this.stop = Canvas.animate((part) => {
				this.viewport = { x0: from.x0 + (target.x0 - from.x0) * part, x1: from.x1 + (target.x1 - from.x1) * part };
				this.picture.request();
			});
		}

		look(viewport) {
			this.stop();
			this.viewport = viewport;
			this.picture.request();
			this.out.disabled = false;
		}

		place(x) {
			return this.viewport.x0 + (this.viewport.x1 - this.viewport.x0) * x / this.picture.width;
		}

		wheel(x, turned, event) {
			const { x0, x1 } = this.viewport;
			if (event.shiftKey || Math.abs(turned.x) > Math.abs(turned.y)) {
				this.look(FlameLayout.moved(this.viewport, (turned.x || turned.y) / this.picture.width * (x1 - x0)));
				return true;
			}
			if (turned.y > 0 && x1 - x0 >= 1 && !event.ctrlKey) {
				return false; /* there is nothing to zoom out of: the page scrolls */
			}
			this.look(FlameLayout.zoomed(this.viewport, this.place(x), Math.exp(turned.y * WHEEL * (event.ctrlKey ? 3 : 1)), LEAST));
			return true;
		}

		drag(dx, dy) {
			this.look(FlameLayout.moved(this.viewport, -dx / this.picture.width * (this.viewport.x1 - this.viewport.x0)));
			this.box.scrollTop -= dy;
			this.api.tip.hide();
		}

		pinch(x, ratio, dx) {
			const zoomed = FlameLayout.zoomed(this.viewport, this.place(x), 1 / ratio, LEAST);
			this.look(FlameLayout.moved(zoomed, -dx / this.picture.width * (zoomed.x1 - zoomed.x0)));
		}

		/* ---- pointing at a cell ------------------------------------------------------------------------------------------------ */

		cellAt(x, y) {
			return this.cells && x >= 0 && x < this.picture.width ? FlameLayout.hit(this.cells, this.depthAt(y), this.place(x)) : -1;
		}

		hover(x, y, event) {
			const i = event && event.pointerType !== "touch" ? this.cellAt(x, y) : -1;
			if (i !== this.hovered) {
				this.hovered = i;
				this.canvas.style.cursor = i >= 0 ? "pointer" : "";
				this.picture.request();
			}
			if (i >= 0) {
				this.api.tip.show(this.names.lines(this.cells.nodes[i]), event.clientX, event.clientY);
			} else {
				this.api.tip.hide();
			}
		}

		click(x, y) {
			const i = this.cellAt(x, y);
			if (i >= 0) {
				this.api.tip.hide();
				this.choose(this.cells.nodes[i]);
			}
		}

		/* Select a node for all views and zoom to it. */
		choose(node) {
			this.active = node;
			this.zoomTo(node, { sel: Model.keyOf(node) });
			this.tell();
		}

		/* ---- keys -------------------------------------------------------------------------------------------------------------- */

		/* The node that the keys are at, for those who cannot see it. */
		tell() {
			const { active: node } = this;
			if (!node) {
				this.canvas.replaceChildren();
				return;
			}
			const siblings = node && node.parent ? [...node.parent.children].filter((n) => this.view.value(n) > 0).sort((a, b) =>
				this.view.value(b) - this.view.value(a) || a.id - b.id) : [node];
			const item = Canvas.make("div", { id: "flame-active", role: "treeitem", "aria-level": this.cells.depth[this.cells.index.get(node)] + 1,
				"aria-setsize": siblings.length, "aria-posinset": siblings.indexOf(node) + 1, "aria-selected": "true",
				"aria-label": this.names.text(node) });
			this.canvas.replaceChildren(item);
			this.canvas.setAttribute("aria-activedescendant", item.id);
		}

		go(node) {
			this.active = node;
			const i = this.cells.index.get(node);
			const { x0, x1 } = this.viewport;
			const [left, right] = [this.cells.x[i], this.cells.x[i] + this.cells.width[i]];
			if (right <= x0 || left >= x1) {
				this.look(FlameLayout.moved(this.viewport, (left + right) / 2 - (x0 + x1) / 2));
			}
			const y = this.y(this.cells.depth[i]);
			this.box.scrollTop += y < 0 ? y : Math.max(0, y + ROW_PX - this.picture.height);
			this.tell();
			this.picture.request();
		}

		keydown(event) {
			if (event.ctrlKey || event.metaKey || event.altKey || !this.active) {
				return;
			}
			const step = (direction) => this.go(this.cells.nodes[FlameLayout.step(this.cells, this.cells.index.get(this.active), direction)]);
			const [up, down] = this.state.flip ? ["in", "out"] : ["out", "in"];
			const middle = (this.viewport.x0 + this.viewport.x1) / 2;
			const keys = {
				ArrowUp: () => step(up), ArrowDown: () => step(down), ArrowLeft: () => step("previous"), ArrowRight: () => step("next"),
				Home: () => this.go(this.cells.nodes[0]), Enter: () => this.choose(this.active), " ": () => this.choose(this.active),
				Escape: () => this.zoomTo(null), 0: () => this.zoomTo(null),
				"+": () => this.look(FlameLayout.zoomed(this.viewport, middle, 1 / 1.5, LEAST)),
				"-": () => this.look(FlameLayout.zoomed(this.viewport, middle, 1.5, LEAST)),
			};
			if (keys[event.key]) {
				event.preventDefault();
				event.stopPropagation();
				keys[event.key]();
			}
		}

		/* Keys that count wherever the focus is. */
		key(key) {
			const isOut = key === "Escape" && Boolean(this.state.zoom);
			if (isOut) {
				this.zoomTo(null);
			}
			return isOut;
		}

		/* To what the search finds, one after the other, the heaviest first. */
		nextHit() {
			const hits = this.cells.nodes.filter((node) => this.view.matches(node)).sort((a, b) => this.view.value(b) - this.view.value(a));
			if (hits.length) {
				this.go(hits[(hits.indexOf(this.active) + 1) % hits.length]);
			}
		}

		/* ---- files ------------------------------------------------------------------------------------------------------------- */

		saveSvg() {
			const { view } = this;
			const node = this.zoomed();
			const facts = `${Words.ms(view.wall, view.decimals)} ms of wall time` + (node.parent ? " · zoomed to " + this.names.text(node) : "");
			const svg = FlameSvg.write({ cells: this.cells, scheme: this.scheme, names: this.names, colours: this.picture.colours, flip: this.state.flip,
				viewport: this.viewport, title: [this.names.short(view.root), facts], depths: this.cells.rows.length });
			this.api.download("-flame.svg", "image/svg+xml", svg);
		}

		savePng() {
			this.picture.paint();
			this.canvas.toBlob((blob) => this.api.download("-flame.png", "image/png", blob), "image/png");
		}
	}

	return { id: "flame", make: (panel, api) => new View(panel, api) };
})();
