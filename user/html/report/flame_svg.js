/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The flame graph as a picture to save: drawn from the layout, as what is seen now, with each cell's numbers to hover. */
/* exported FlameSvg */
/* global Canvas, FlameLayout, FlamePaint */

const FlameSvg = (() => {
	const WIDTH_PX = 1400;
	const HEAD_PX = 56;
	const MARGIN_PX = 16;
	const ROWS_MAX = 500;
	const CHARACTER_PX = 7.23; /* of the font at 12 px */
	const NARROW_PX = 0.3; /* less is not in the picture */

	/* Text for XML: what is markup is escaped, what XML cannot hold is replaced. */
	function escape(text) {
		const entities = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;" };
		// eslint-disable-next-line no-control-regex
		const unwanted = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;
		const alone = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g; /* halves of characters */
		return String(text).replace(unwanted, "\ufffd").replace(alone, "\ufffd").replace(/[&<>"']/g, (c) => entities[c]);
	}

	/* The hatches of the classes of time, as patterns with the class's name. */
	function patterns(colours) {
		const marks = {
			slope: '<path d="M-1 7 7-1M-4 4 4-4M2 10 10 2" stroke="#000" stroke-opacity=".22" stroke-width="1.5"/>',
			bars: '<path d="M3 0h2v6h-2z" fill="#fff" fill-opacity=".4"/>',
			dots: `<circle cx="3" cy="3" r="1" fill="${escape(colours.dot)}"/>`,
		};
		return Object.entries(Canvas.hatches).map(([name, kind]) =>
			`<pattern id="${name}" width="${Canvas.HATCH_PX}" height="${Canvas.HATCH_PX}" patternUnits="userSpaceOnUse">` +
			`<rect width="${Canvas.HATCH_PX}" height="${Canvas.HATCH_PX}" fill="${escape(colours.classes[name])}"/>${marks[kind]}</pattern>`).join("");
	}

	function fillOf(tint, colours) {
		return tint.class ? (Canvas.hatches[tint.class] ? `url(#${tint.class})` : colours.classes[tint.class]) : tint.fill || colours.plain;
	}

	class Writer {
		constructor({ cells, scheme, names, colours, viewport, flip, title, depths }) {
			this.cells = cells;
			this.scheme = scheme;
			this.names = names;
			this.colours = colours;
			this.viewport = viewport;
			this.flip = flip;
			this.title = title;
			this.parts = [];
			this.rows = Math.min(depths, ROWS_MAX);
			this.height = HEAD_PX + this.rows * FlamePaint.ROW_PX + MARGIN_PX;
		}

		y(depth) {
			return HEAD_PX + FlamePaint.ROW_PX * (this.flip ? this.rows - 1 - depth : depth);
		}

		cell(i, left, right) {
			const node = this.cells.nodes[i];
			const tint = this.scheme.tint(node);
			const [from, to] = [Math.max(0, left), Math.min(WIDTH_PX - 2 * MARGIN_PX, right)];
			const [x, width, y] = [MARGIN_PX + from, Math.max(0.3, to - from - 0.7), this.y(this.cells.depth[i])];
			const room = width - 2 * FlamePaint.PAD_PX;
			const name = room > 20 ? Canvas.fit(this.names.short(node), room, CHARACTER_PX) : "";
			const ink = tint.class ? Canvas.inkOn(tint.class, this.colours) : this.colours.frameInk;
			this.parts.push(`<g><title>${escape(this.names.text(node))}</title>` +
				`<rect x="${x.toFixed(2)}" y="${y}" width="${width.toFixed(2)}" height="${FlamePaint.ROW_PX - 1}" fill="${escape(fillOf(tint, this.colours))}"` +
				`${tint.thin ? ' fill-opacity=".5"' : ""}/>` +
				(name ? `<text x="${(x + FlamePaint.PAD_PX).toFixed(2)}" y="${y + 14}" fill="${escape(ink)}">${escape(name)}</text>` : "") + "</g>");
		}

		write() {
			const { x0, x1 } = this.viewport;
			for (let depth = 0; depth < this.rows; depth++) {
				FlameLayout.drawn(this.cells, depth, { x0, x1, pixels: WIDTH_PX - 2 * MARGIN_PX, least: NARROW_PX }, (i, left, right) =>
					this.cell(i, left, right), () => {});
			}
			const more = this.cells.rows.length - this.rows;
			return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH_PX}" height="${this.height}" viewBox="0 0 ${WIDTH_PX} ${this.height}">` +
				`<defs>${patterns(this.colours)}</defs><rect width="100%" height="100%" fill="${escape(this.colours.page)}"/>` +
				`<g font-family="ui-monospace, Menlo, Consolas, DejaVu Sans Mono, monospace" font-size="12">` +
				this.title.map((line, i) => `<text x="${MARGIN_PX}" y="${24 + 18 * i}" fill="${escape(i ? this.colours.soft : this.colours.ink)}"` +
					`${i ? "" : ' font-weight="600" font-size="14"'}>${escape(line)}</text>`).join("") +
				this.parts.join("") + (more > 0 && this.rows === ROWS_MAX ? `<text x="${MARGIN_PX}" y="${this.height - 4}">${more} more rows</text>` : "") +
				"</g></svg>\n";
		}
	}

	/**
	 * @param {{cells: FlameCells, scheme: any, names: any, colours: any, viewport: {x0: number, x1: number}, flip: boolean, title: string[],
	 *   depths: number}} what to draw, of the part of the whole between x0 and x1, so many rows
	 * @returns {string} an SVG document
	 */
	function write(what) {
		return new Writer(what).write();
	}

	return { write, escape };
})();
