/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How long the requests of each route took: a dot for each report, on one logarithmic scale. A click opens it. */
/* exported Plot */
/* global Reports */

const Plot = (() => {
	const HEIGHT = 42;
	const BIN = 4; /* px: dots that are nearer stand above each other */
	const STEP = 6;
	const NEAR = 14;
	const TICK_PX = 64;
	const SVG = "http://www.w3.org/2000/svg";

	function element(name, attributes, ...children) {
		const e = document.createElementNS(SVG, name);
		Object.entries(attributes).forEach(([key, value]) => e.setAttribute(key, value));
		e.append(...children);
		return e;
	}

	function cell(tag, className, text) {
		const e = document.createElement(tag);
		e.className = className;
		e.textContent = text;
		return e;
	}

	function group(items) {
		const routes = new Map();
		items.forEach((item) => routes.get(item.route)?.push(item) || routes.set(item.route, [item]));
		return [...routes].map(([name, list]) => ({ name, list: list.sort((a, b) => a.wall - b.wall) }))
			.sort((a, b) => b.list.length - a.list.length || (a.name < b.name ? -1 : 1));
	}

	const rank = (list, share) => list[Math.min(list.length - 1, Math.ceil(list.length * share) - 1)].wall;

	/* Milliseconds to pixels. */
	function scaleOf(items, width) {
		const [least, most] = items.reduce(([a, b], { wall }) => [Math.min(a, wall), Math.max(b, wall)], [Infinity, 0]);
		const low = Math.log10(Math.max(least, 1e-3) * 0.9);
		const high = Math.max(Math.log10(Math.max(most, 1e-3) * 1.1), low + 0.3);
		const inner = Math.max(width - 16, 1);
		return { low, high, x: (ms) => 8 + inner * (Math.log10(Math.max(ms, 1e-3)) - low) / (high - low) };
	}

	/* 1, 2, 5, 10 …, or powers of ten alone, as there is room for their labels. */
	function ticks(scale) {
		const room = scale.x(10) - scale.x(1);
		const digits = room >= 3 * TICK_PX ? [1, 2, 5] : room >= 2 * TICK_PX ? [1, 3] : [1];
		const every = Math.max(1, Math.ceil(TICK_PX / room));
		const found = [];
		for (let power = Math.floor(scale.low); power <= scale.high; power++) {
			if (power % every === 0) {
				found.push(...digits.map((digit) => digit * 10 ** power));
			}
		}
		return found.filter((ms) => Math.log10(ms) >= scale.low && Math.log10(ms) <= scale.high);
	}

	const tickLabel = (ms) => (ms < 0.999 ? `${Math.round(ms * 1000)} µs` : ms < 1000 ? `${Math.round(ms)} ms` : `${ms / 1000} s`);

	/* Where the dots are: those of one place stand above and below each other. */
	function place(list, scale) {
		const bins = new Map();
		const dots = list.map((report) => {
			const x = scale.x(report.wall);
			const bin = Math.round(x / BIN);
			const above = bins.get(bin) || 0;
			bins.set(bin, above + 1);
			return { report, x, above };
		});
		const tallest = Math.max(...bins.values());
		const step = Math.min(STEP, (HEIGHT - 10) / Math.max(tallest - 1, 1));
		dots.forEach((dot) => (dot.y = HEIGHT / 2 + Math.ceil(dot.above / 2) * step * (dot.above % 2 ? -1 : 1)));
		return dots;
	}

	const kindOf = ({ status }) => (!status ? "cut" : status >= 400 ? "failed" : "");

	const shapes = { "": "h0", failed: "m-3 -3l6 6m0 -6l-6 6", cut: "m-3 0a3 3 0 1 0 6 0a3 3 0 1 0 -6 0" };

	function paths(dots) {
		const drawn = { "": "", cut: "", failed: "" };
		dots.forEach(({ report, x, y }) => {
			const kind = kindOf(report);
			const at = `M${x.toFixed(1)} ${y.toFixed(1)}`;
			drawn[kind] += at + shapes[kind];
		});
		return Object.entries(drawn).filter(([, d]) => d).map(([kind, d]) => element("path", { class: `dots ${kind}`, d }));
	}

	/* One route's dots: the pointer finds the nearest, the arrow keys walk from the fastest to the slowest. */
	class Strip {
		constructor(route, dots, tip, open) {
			Object.assign(this, { route, dots, tip, open, chosen: -1, ring: element("circle", { class: "at", r: 5, visibility: "hidden" }) });
		}

		nearest(event) {
			const box = this.svg.getBoundingClientRect();
			const [x, y] = [event.clientX - box.left, event.clientY - box.top];
			let best = -1;
			let least = NEAR ** 2;
			this.dots.forEach((dot, i) => {
				const far = (dot.x - x) ** 2 + (dot.y - y) ** 2;
				if (far < least) {
					[least, best] = [far, i];
				}
			});
			return best;
		}

		choose(i) {
			this.chosen = i;
			const dot = this.dots[i];
			this.ring.setAttribute("visibility", dot ? "visible" : "hidden");
			if (!dot) {
				this.tip.hide();
				return;
			}
			this.ring.setAttribute("cx", dot.x);
			this.ring.setAttribute("cy", dot.y);
			this.svg.setAttribute("aria-valuenow", i + 1);
			this.svg.setAttribute("aria-valuetext", this.words(dot.report));
			const box = this.svg.getBoundingClientRect();
			this.tip.show(dot.report, box.left + dot.x, box.top + dot.y);
		}

		words(report) {
			return `${Reports.duration(report.wall)}, ${report.status || "no response"}, ${Reports.date(report)} ${Reports.clock(report)}`;
		}

		key(event) {
			const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10 }[event.key];
			const last = this.dots.length - 1;
			if (event.key === "Enter" && this.dots[this.chosen]) {
				this.open(this.dots[this.chosen].report, event);
			} else if (event.key === "Escape") {
				this.choose(-1);
			} else if (event.key === "Home" || event.key === "End") {
				this.choose(event.key === "Home" ? 0 : last);
			} else if (step) {
				this.choose(Math.max(0, Math.min(last, this.chosen + step)));
			} else {
				return;
			}
			event.preventDefault();
		}

		make(scale, marks) {
			const median = scale.x(rank(this.route.list, 0.5)).toFixed(1);
			const rules = marks.map((ms) => `M${scale.x(ms).toFixed(1)} 0v${HEIGHT}`).join("");
			this.svg = element("svg", { height: HEIGHT, tabindex: 0, role: "slider", "aria-label": `Reports of ${this.route.name}, by duration`,
				"aria-valuemin": 1, "aria-valuemax": this.dots.length, "aria-valuenow": 1,
				"aria-valuetext": this.words(this.dots[0].report) },
			element("path", { class: "rule", d: rules }), ...paths(this.dots),
			element("path", { class: "median", d: `M${median} 4v${HEIGHT - 8}` }), this.ring);
			this.svg.addEventListener("pointermove", (event) => this.choose(this.nearest(event)));
			this.svg.addEventListener("pointerleave", () => this.choose(-1));
			this.svg.addEventListener("focus", () => this.svg.matches(":focus-visible") && this.choose(Math.max(this.chosen, 0)));
			this.svg.addEventListener("blur", () => this.choose(-1));
			this.svg.addEventListener("keydown", (event) => this.key(event));
			this.svg.addEventListener("click", (event) => {
				const dot = this.dots[this.nearest(event)];
				if (dot) {
					this.open(dot.report, event);
				}
			});
			return this.svg;
		}
	}

	function axis(scale, marks) {
		const row = document.createElement("div");
		row.className = "axis";
		row.append(cell("span", "", ""), cell("span", "num", "reports"), cell("span", "num", "median"), cell("span", "num high", "95 %"),
			element("svg", { height: 22, "aria-hidden": "true" },
				...marks.map((ms) => element("text", { x: scale.x(ms).toFixed(1), y: 15 }, tickLabel(ms)))));
		return row;
	}

	function rowOf(route, scale, marks, view) {
		const row = document.createElement("div");
		const pick = cell("button", "pick", route.name);
		const picked = view.picked === route.name;
		row.className = picked ? "route picked" : "route";
		pick.type = "button";
		pick.title = route.name;
		pick.setAttribute("aria-pressed", picked);
		pick.addEventListener("click", () => view.pick(picked ? "" : route.name));
		row.append(pick, cell("span", "num", route.list.length.toLocaleString("en")), cell("span", "num", Reports.duration(rank(route.list, 0.5))),
			cell("span", "num high", route.list.length < 20 ? "–" : Reports.duration(rank(route.list, 0.95))),
			new Strip(route, place(route.list, scale), view.tip, view.open).make(scale, marks));
		return row;
	}

	/* Draws into the box the routes of the items, at most `max`; view: {picked, pick(route), open(report, event), tip}. Returns how many there are. */
	function draw(box, items, max, view) {
		const routes = group(items);
		const focused = box.contains(document.activeElement) && document.activeElement.textContent;
		const width = box.clientWidth && (window.matchMedia("(max-width: 700px)").matches ? box.clientWidth
			: box.clientWidth - Math.max(160, box.clientWidth * 0.26) - 56 - 2 * 76 - 4 * 12);
		const scale = scaleOf(items, Math.max(width, 60));
		const marks = ticks(scale);
		box.classList.toggle("chosen", routes.some((route) => route.name === view.picked));
		box.replaceChildren(axis(scale, marks), ...routes.slice(0, max).map((route) => rowOf(route, scale, marks, view)));
		if (focused) {
			[...box.querySelectorAll(".pick")].find((pick) => pick.textContent === focused)?.focus();
		}
		return routes.length;
	}

	return { draw };
})();
