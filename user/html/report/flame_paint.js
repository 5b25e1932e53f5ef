/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How the cells of the flame graph look: on the screen, and in the legend and the picture that is saved. */
/* exported FlamePaint */
/* global Canvas, FlameLayout, Frames, Model, Words */

const FlamePaint = (() => {
	const ROW_PX = 20;
	const PAD_PX = 6;
	const TEXT_FROM_PX = 24; /* cells under this have no text */
	const PLACE_FROM_PX = 110;
	const PACKAGES_SHOWN = 7;
	const kinds = { python: "Python", native: "native", kernel: "kernel", go: "Go", jit: "JIT" };

	const isFrame = (node) => node.kind === "frame";

	/* The class of time of a node that is no frame; "" = it is not of one class. */
	function classOf(node) {
		return node.kind === "await" ? "suspended" : node.kind === "no-stack" ? "cpu_user" : node.class || "";
	}

	/* What a flame graph of a view is coloured by. tint(node) is {fill: a colour}, {class: of time, as the bar has it} or {shares: true}, its own
	 * classes side by side; thin: at half strength. */
	class Scheme {
		/** view: Model.View */
		constructor(view, cells, by, colours) {
			this.report = view.report;
			this.table = view.table;
			this.by = by;
			this.colours = colours;
			this.ranks = new Map();
			this.packages = [];
			if (by === "package") {
				this.packages = FlameLayout.packages(this.table, cells);
				this.packages.forEach((at, rank) => this.ranks.set(at, rank));
			}
		}

		frameFill(frame, at) {
			if (this.by === "package") {
				return Canvas.packageTint(this.ranks.get(this.table.packageOf[at]) || 0, this.colours.dark);
			}
			return this.colours[frame.kind] || this.colours.native;
		}

		tint(node) {
			if (isFrame(node)) {
				const frame = this.report.frames[node.frame];
				const thin = this.by === "kind" && !Frames.isOwn(frame) && frame.kind !== "kernel";
				return this.by === "class" ? { shares: true } : { fill: this.frameFill(frame, node.frame), thin };
			}
			return classOf(node) ? { class: classOf(node) } : { fill: this.colours.plain, thin: node.kind === "run" };
		}

		/* The legend: [label, {fill} or {class}]. Classes of waits are in the page's own legend, with their times. */
		legend(cells) {
			if (this.by === "package") {
				const more = this.packages.length - PACKAGES_SHOWN;
				const tint = (rank) => ({ fill: Canvas.packageTint(rank, this.colours.dark) });
				return [...this.packages.slice(0, PACKAGES_SHOWN).map((at, rank) => [this.table.packages[at].name, tint(rank)]),
					...(more > 0 ? [[`and ${more} more`, null]] : [])];
			}
			if (this.by === "class") {
				const present = cells.nodes.length ? cells.nodes[0].byClass : new Map();
				return Words.classes.filter((name) => present.get(name)).map((name) => [Words.labels[name], { class: name }]);
			}
			const present = new Set(cells.nodes.filter(isFrame).map((node) => this.report.frames[node.frame].kind));
			const library = cells.nodes.some((node) => isFrame(node) && this.tint(node).thin);
			const fill = (kind) => ({ fill: this.colours[kind] || this.colours.native });
			return [...Object.keys(kinds).filter((kind) => present.has(kind)).map((kind) => [kinds[kind], fill(kind)]),
				...(library ? [["library: paler", null]] : []), ["waits: as in the bar above", null]];
		}
	}

	/* ---- a cell ------------------------------------------------------------------------------------------------------------------- */

	/* Paints cells on a picture, of which one is `height` high with a gap of one pixel around it. */
	class Painter {
		constructor(picture, scheme, view, names) {
			this.picture = picture;
			this.scheme = scheme;
			this.view = view;
			this.names = names;
			this.g = picture.context;
		}

		/* state: {dim}. */
		cell(node, left, right, y, { dim }) {
			const width = Math.max(0.75, right - left - 1);
			this.g.globalAlpha = dim ? 0.28 : 1;
			this.fill(node, left, width, y);
			const text = Math.min(right, this.picture.width) - Math.max(left, 0);
			if (text >= TEXT_FROM_PX) {
				this.label(node, Math.max(left, 0), text, y, dim);
			}
			this.g.globalAlpha = 1;
		}

		fill(node, left, width, y) {
			const tint = this.scheme.tint(node);
			const alpha = this.g.globalAlpha;
			if (tint.shares) {
				this.shares(node, left, width, y);
				return;
			}
			this.g.globalAlpha = alpha * (tint.thin ? 0.5 : 1);
			this.g.fillStyle = tint.class ? this.picture.fills[tint.class] : tint.fill;
			this.g.fillRect(left, y, width, ROW_PX - 1);
			this.g.globalAlpha = alpha;
		}

		/* The classes of a frame's time, side by side. */
		shares(node, left, width, y) {
			const total = this.view.value(node);
			const alpha = this.g.globalAlpha;
			let at = left;
			this.g.fillStyle = this.picture.colours.raised;
			this.g.fillRect(left, y, width, ROW_PX - 1);
			this.g.globalAlpha = alpha * 0.5;
			for (const name of Words.classes) {
				const part = (node.byClass.get(name) || 0) / total * width;
				if (part && this.counts(name)) {
					this.g.fillStyle = this.picture.fills[name];
					this.g.fillRect(at, y, part, ROW_PX - 1);
					at += part;
				}
			}
			this.g.globalAlpha = alpha;
		}

		counts(name) {
			const onCpu = ["cpu_user", "cpu_kernel", "interrupt"].includes(name);
			return this.view.state.mode === "both" || onCpu === (this.view.state.mode === "cpu");
		}

		ink(node) {
			const tint = this.scheme.tint(node);
			return tint.class ? Canvas.inkOn(tint.class, this.picture.colours) : this.picture.colours.frameInk;
		}

		label(node, left, width, y, dim) {
			const { g, picture } = this;
			const room = width - 2 * PAD_PX;
			const own = isFrame(node) && Frames.isOwn(this.view.report.frames[node.frame]);
			const baseline = y + ROW_PX / 2 + 4;
			const name = this.names.fitted(node, room, picture.characterWidth);
			picture.monospaced(own ? "600" : "");
			this.plate(node, left, name, y);
			g.fillStyle = this.ink(node);
			g.fillText(name, left + PAD_PX, baseline);
			if (dim || width < PLACE_FROM_PX) {
				return;
			}
			const time = this.names.time(node);
			const used = (name.length + 1) * picture.characterWidth;
			const place = Canvas.fit(this.names.place(node), room - used - (time.length + 1) * picture.characterWidth, picture.characterWidth);
			picture.monospaced();
			g.globalAlpha = 0.72;
			g.fillText(place, left + PAD_PX + used, baseline);
			if (room - used >= time.length * picture.characterWidth) {
				this.plate(node, left + width - 2 * PAD_PX - time.length * picture.characterWidth, time, y);
				g.globalAlpha = 0.72;
				g.fillStyle = this.ink(node);
				g.fillText(time, left + width - PAD_PX - time.length * picture.characterWidth, baseline);
			}
		}

		/* Text on a hatch stands on a plate of the class's plain colour. */
		plate(node, left, text, y) {
			const { class: name } = this.scheme.tint(node);
			if (name && Canvas.hatches[name] && text) {
				const alpha = this.g.globalAlpha;
				this.g.globalAlpha = 1;
				this.g.fillStyle = this.picture.colours.classes[name];
				this.g.fillRect(left + PAD_PX - 3, y + 2, text.length * this.picture.characterWidth + 6, ROW_PX - 5);
				this.g.globalAlpha = alpha;
			}
		}

		/* Cells that are too narrow to be seen one by one. */
		crowd(node, left, right, y, { dim }) {
			this.g.globalAlpha = dim ? 0.15 : 0.55;
			const tint = this.scheme.tint(node);
			this.g.fillStyle = tint.class ? this.picture.colours.classes[tint.class] : tint.fill || this.picture.colours.plain;
			this.g.fillRect(left, y, Math.max(0.75, right - left), ROW_PX - 1);
			this.g.globalAlpha = 1;
		}

		outline(left, right, y, colour, thick) {
			this.g.strokeStyle = colour;
			this.g.lineWidth = thick;
			this.g.strokeRect(left + thick / 2, y + thick / 2, Math.max(1, right - left - 1 - thick), ROW_PX - 1 - thick);
		}
	}

	/* ---- words -------------------------------------------------------------------------------------------------------------------- */

	/* What is said of a node, in the cell and beside the pointer. maker names nodes as the call tree does. */
	class Names {
		constructor(view, maker) {
			this.view = view;
			this.maker = maker;
			this.known = new Map();
		}

		short(node) {
			if (!this.known.has(node)) {
				this.known.set(node, isFrame(node) ? Words.clean(this.view.report.frames[node.frame].function) : this.maker.nodeName(node));
			}
			return this.known.get(node);
		}

		/* As much of it as fits; of a wait its object is left out first, and then it is one word or none. */
		fitted(node, width, characterWidth) {
			const whole = this.short(node);
			const timeClass = isFrame(node) ? "" : classOf(node);
			if (!timeClass || whole.length * characterWidth <= width) {
				return Canvas.fit(whole, width, characterWidth);
			}
			const fits = (text) => text.length * characterWidth <= width;
			const cut = `${whole.slice(0, Math.max(24, Math.floor(width / characterWidth) - 1))}…`;
			return [cut, Words.labels[timeClass], Canvas.word(timeClass)].find(fits) || "";
		}

		place(node) {
			return isFrame(node) ? Words.place(this.view.report.frames[node.frame], node.line) : "";
		}

		time(node) {
			const { view } = this;
			const ns = view.value(node);
			return view.state.unit === "percent" ? Words.percent(ns, view.wall) + " %" : Words.ms(ns, view.decimals);
		}

		/* "serialize app/views.py:41 · total 123.9 ms (67.6 %) · CPU 113.7 · self 12.4 · 113 samples", in two lines. */
		lines(node) {
			const { view } = this;
			const ms = (ns) => Words.ms(ns, view.decimals);
			const total = node.cpu + node.wait;
			const facts = [`total ${ms(total)} ms (${Words.percent(total, view.wall)} %)`];
			if (isFrame(node) || node.kind === "run" || node.kind === "root") {
				facts.push(...(node.cpu ? ["CPU " + ms(node.cpu)] : []), ...(node.self ? ["self " + ms(node.self)] : []),
					...(node.wait && node.cpu ? ["waiting " + ms(node.wait)] : []), ...(node.count ? [Words.count(node.count, "sample", "samples")] : []));
			} else if (node.count) {
				facts.push(node.kind === "await" ? Words.count(node.count, "await", "awaits") :
					node.kind === "wait" ? Words.count(node.count, "wait", "waits") : Words.count(node.count, "sample", "samples"));
			}
			return [[this.short(node), this.place(node)].filter(Boolean).join(" "), facts.join(" · ")];
		}

		text(node) {
			return this.lines(node).join(" · ");
		}
	}

	return { ROW_PX, PAD_PX, TEXT_FROM_PX, Scheme, Painter, Names, classOf, keyOf: (node) => Model.keyOf(node) };
})();
