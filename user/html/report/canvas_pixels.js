/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Pictures of very many small things, written pixel by pixel: a hundred thousand rectangles would be too slow for a frame. */
/* exported Pixels */
/* global Canvas, Words */

const Pixels = (() => {
	const probe = document.createElement("canvas").getContext("2d", { willReadFrequently: true });

	/* A colour of the style sheet as [red, green, blue]. */
	function rgb(colour) {
		probe.fillStyle = "#000";
		probe.fillStyle = colour;
		probe.fillRect(0, 0, 1, 1);
		return [...probe.getImageData(0, 0, 1, 1).data].slice(0, 3);
	}

	/* As a pixel. */
	function pixel(colour) {
		const [r, g, b] = rgb(colour);
		return (255 << 24 | b << 16 | g << 8 | r) >>> 0; /* all that browsers run on is little-endian */
	}

	/* So much of one pixel on another. */
	function mix(over, under, part) {
		let mixed = 0;
		for (let shift = 0; shift < 32; shift += 8) {
			mixed |= Math.round((over >>> shift & 255) * part + (under >>> shift & 255) * (1 - part)) << shift;
		}
		return mixed >>> 0;
	}

	/* Of each class of time its hatch as a square tile of pixels: {size, pixels}. */
	function tiles(colours, scale) {
		const size = Math.max(1, Math.round(Canvas.HATCH_PX * scale));
		const pixels = (name) => new Uint32Array(Canvas.tile(name, colours, size).getImageData(0, 0, size, size).data.buffer);
		return Words.classes.map((name) => ({ size, pixels: pixels(name) }));
	}

	/* A buffer to write into, and to put on a picture. */
	class Buffer {
		constructor() {
			this.canvas = document.createElement("canvas");
			this.context = this.canvas.getContext("2d");
		}

		/* Of so many pixels, all of one colour; 0 = transparent. */
		begin(width, height, colour) {
			if (!this.image || this.image.width !== width || this.image.height !== height) {
				this.canvas.width = width;
				this.canvas.height = height;
				this.image = this.context.createImageData(width, height);
				this.pixels = new Uint32Array(this.image.data.buffer);
			}
			this.pixels.fill(colour);
			return this.pixels;
		}

		/* On a picture, scaled to a place in its own pixels. */
		put(g, x, y, width, height) {
			this.context.putImageData(this.image, 0, 0);
			g.imageSmoothingEnabled = false;
			g.drawImage(this.canvas, x, y, width, height);
		}
	}

	return { pixel, mix, tiles, Buffer };
})();
