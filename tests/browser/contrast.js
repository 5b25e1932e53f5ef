/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Contrast of text as the Web Content Accessibility Guidelines define it, computed from what the browser shows. */
"use strict";

const ENOUGH = 4.5; /* level AA, text of any size */

/* Runs in the page: [{text, color, layers}] of each text in the viewport; layers are the element and what it is in, the innermost first. */
function collect() {
	const seen = [];

	const layers = (element) => {
		const list = [];
		for (let e = element; e; e = e.parentElement) {
			const style = getComputedStyle(e);
			list.push({ background: style.backgroundColor, opacity: Number(style.opacity) });
		}
		return list;
	};
	const visible = (rect, element) => rect.width > 1 && rect.height > 1 && rect.top < innerHeight && rect.bottom > 0 &&
		rect.left < innerWidth && element.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && !element.closest(".hidden");
	const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	const range = document.createRange();
	for (let node = walker.nextNode(); node; node = walker.nextNode()) {
		range.selectNodeContents(node);
		if (node.data.trim() && visible(range.getBoundingClientRect(), node.parentElement)) {
			const { color } = getComputedStyle(node.parentElement);
			seen.push({ text: node.data.trim().slice(0, 60), color, layers: layers(node.parentElement) });
		}
	}
	for (const element of document.querySelectorAll("body *")) {
		const before = getComputedStyle(element, "::before");
		if (!["none", "normal", '""'].includes(before.content) && visible(element.getBoundingClientRect(), element)) {
			seen.push({ text: before.content, color: before.color, layers: layers(element) });
		}
	}
	const input = document.querySelector("input[placeholder]");
	if (input && visible(input.getBoundingClientRect(), input)) {
		seen.push({ text: input.placeholder, color: getComputedStyle(input, "::placeholder").color, layers: layers(input) });
	}
	return seen;
}

/* [red, green, blue, alpha] of a computed colour, 0 to 1. */
function parse(color) {
	const numbers = color.match(/[\d.]+(?:e-?\d+)?/g).map(Number);
	if (color.startsWith("rgb")) {
		return [...numbers.slice(0, 3).map((n) => n / 255), numbers[3] ?? 1];
	}
	if (color.startsWith("color(srgb ")) {
		return [...numbers.slice(0, 3), numbers[3] ?? 1];
	}
	throw new Error(`a colour of another kind: ${color}`);
}

function over(top, below, opacity = 1) {
	const alpha = top[3] * opacity;
	return [0, 1, 2].map((i) => top[i] * alpha + below[i] * (1 - alpha)).concat(1);
}

function luminance(color) {
	const [r, g, b] = color.slice(0, 3).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
	return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function ratio(a, b) {
	const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
	return (high + 0.05) / (low + 0.05);
}

/* The text's colour and what is behind it, painted from the page's background inwards; a layer's opacity acts on all in it. */
function paint({ color, layers }) {
	const outermost = [1, 1, 1, 1];
	const behind = layers.reduceRight((below, layer) => over(parse(layer.background), below, layer.opacity), outermost);
	const opacity = layers.reduce((product, layer) => product * layer.opacity, 1);
	return [over(parse(color), behind, opacity), behind];
}

/* The texts in the viewport, each with its contrast. */
async function contrasts(page) {
	return (await page.evaluate(collect)).map((seen) => ({ text: seen.text, contrast: ratio(...paint(seen)) }));
}

module.exports = { contrasts, ratio, parse, ENOUGH };
