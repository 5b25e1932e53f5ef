/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A row of the call tree: times, their classes, what the node is. */
/* exported TreeRow */
/* global Frames, Words */

const TreeRow = (() => {
	const RUN_PACKAGES = 3; /* named in a row of folded frames */

	function element(tag, className, text) {
		const e = document.createElement(tag);
		if (className) {
			e.className = className;
		}
		if (text !== undefined) {
			e.textContent = text;
		}
		return e;
	}

	/* Folded frames: how many functions, and the packages of most of their time. */
	function foldedOf(view, run) {
		const byPackage = new Map();
		const functions = new Set();
		const pending = [run];
		while (pending.length) {
			const node = pending.pop();
			node.children.forEach((child) => pending.push(child));
			if (node !== run) {
				const { name } = view.table.packages[view.table.packageOf[node.frame]];
				functions.add(node.frame);
				byPackage.set(name, (byPackage.get(name) || 0) + node.self);
			}
		}
		const names = [...byPackage].sort((a, b) => b[1] - a[1]).map(([name]) => Words.clean(name));
		return { count: functions.size, packages: names.slice(0, RUN_PACKAGES).join(", ") + (names.length > RUN_PACKAGES ? ", …" : "") };
	}

	/* How the nodes of a view are shown. */
	class Maker {
		/** @param {any} view Model.View */
		constructor(view) {
			this.view = view;
		}

		make({ node, level, position, size, expanded }) {
			const { mode, unit } = this.view.state;
			const row = element("div", "row");
			const attributes = { role: "treeitem", "aria-level": level, "aria-posinset": position, "aria-setsize": size,
				"aria-description": this.description(node) };
			if (expanded !== null) {
				attributes["aria-expanded"] = expanded;
			}
			Object.entries(attributes).forEach(([name, value]) => row.setAttribute(name, value));
			const columns = unit === "samples" ? [this.samples(node) + node.waits, this.samples(node), node.waits] :
				[node.cpu + node.wait, node.cpu, node.wait];
			row.append(...columns.map((value, i) => this.time(value, ["both", "cpu", "wait"][i] === mode)), this.strip(node),
				this.what(node, level, expanded));
			return row;
		}

		samples(node) {
			return ["root", "frame", "run", "no-stack"].includes(node.kind) ? node.count : 0;
		}

		time(value, main) {
			const text = this.view.state.unit === "samples" ? String(value || "–") : this.view.time(value);
			return element("span", "time" + (main ? " main" : "") + (value ? "" : " zero"), text);
		}

		/* The node's share of all, by class. */
		strip(node) {
			const { mode } = this.view.state;
			const strip = element("span", "strip");
			const whole = this.view.value(this.view.root);
			for (const [timeClass, ns] of node.byClass) {
				if (mode === "both" || (mode === "cpu") === timeClass.startsWith("cpu_")) {
					const part = element("i", "c-" + timeClass);
					part.style.width = 100 * ns / whole + "%";
					strip.append(part);
				}
			}
			return strip;
		}

		what(node, level, expanded) {
			const what = element("span", "what");
			const twist = element("span", "twist", expanded === null ? "" : expanded ? "▼" : "▶");
			const deep = Math.max(0, level - 15); /* very deep stacks must not run out of the page */
			what.style.setProperty("--indent", 14 * Math.min(level - 1, 14) + 4 * Math.min(deep, 60) + "px");
			twist.setAttribute("aria-hidden", "true");
			what.append(twist, ...this.names(node));
			return what;
		}

		names(node) {
			if (node.kind === "frame") {
				return this.frameNames(node);
			}
			if (node.kind === "root") {
				return [element("span", "name", this.title())];
			}
			if (node.kind === "rest" || node.kind === "run") {
				return [element("span", "aside folded", this.nodeName(node))];
			}
			const key = element("span", "key " + (node.kind === "no-stack" ? "c-cpu_user" : "c-" + (node.kind === "await" ? "suspended" : node.class)));
			const parts = [key, element("span", "name plain", this.waitName(node))];
			if (node.kind === "wait") {
				parts.push(element("span", "aside", Words.count(node.count, "wait", "waits")));
			} else if (node.kind === "await") {
				parts.push(element("span", "aside", Words.count(node.count, "await", "awaits")));
			}
			return parts;
		}

		frameNames(node) {
			const frame = this.view.report.frames[node.frame];
			const own = Frames.isOwn(frame);
			const name = element("span", `name ${frame.kind}${own ? "" : " library"}`, Words.clean(frame.function));
			const parts = [name, element("span", "place", Words.place(frame, node.line))];
			if (node.self && node.children.length && !this.view.state.invert) {
				const percent = this.view.state.unit === "percent";
				const error = this.view.error(node);
				const half = error ? " ± " + (percent ? Words.percent(error, this.view.wall) : Words.error(error, this.view.decimals)) : "";
				parts.push(element("span", "aside", `self ${this.view.time(node.self)}${half}${percent ? " %" : ""}`));
			}
			return parts;
		}

		title() {
			const { request: { method, target }, merged } = this.view.report;
			if (merged) { /* the target is that of one of them: the page's title names what they have in common */
				return Words.clean(document.querySelector("h1").textContent);
			}
			return `${Words.clean(method || "?")} ${Words.clean(target || "?")}`;
		}

		waitName(node) {
			if (node.kind === "no-stack") {
				return "on CPU, stack unknown";
			}
			if (node.kind === "ambiguous") {
				return "ambiguous";
			}
			const label = Words.labels[node.class];
			if (node.kind === "wait" || node.kind === "await") {
				const object = Words.objectOf(this.view.report, node);
				const name = object ? `${label} ${Words.clean(object)}` : label;
				return node.kind === "await" ? `awaiting: ${name}` : name;
			}
			if (node.kind === "busy") {
				return `${label}: ${Words.loopBusy(node.what)}`;
			}
			if (node.class === "network" && this.view.report.time.estimated.includes("network")) {
				return label + ", before the request was recognised";
			}
			return ["loop_busy", "suspended", "unknown"].includes(node.class) ? label : label + ", not recorded one by one";
		}

		nodeName(node) {
			if (node.kind === "root") {
				return this.title();
			}
			if (node.kind === "run") {
				const { count, packages } = foldedOf(this.view, node);
				return `${Words.count(count, "frame", "frames")} folded (${packages})`;
			}
			if (node.kind === "rest") {
				return `${node.count} more, each under ${this.view.state.hide} %`;
			}
			if (node.kind !== "frame") {
				return this.waitName(node);
			}
			const frame = this.view.report.frames[node.frame];
			return [Words.clean(frame.function), Words.place(frame, node.line)].filter(Boolean).join(", ");
		}

		/* What the columns' numbers are, to who hears them. */
		description(node) {
			const { decimals, wall } = this.view;
			const total = node.cpu + node.wait;
			return `total ${Words.ms(total, decimals)} ms, ${Words.percent(total, wall)} %`;
		}

		/* All that is known of a node, a line each. */
		tip(node) {
			const { report, decimals, wall } = this.view;
			const time = (ns) => `${Words.ms(ns, decimals)} ms (${Words.percent(ns, wall)} %)`;
			const lines = [this.nodeName(node)];
			if (node.kind === "frame") {
				const frame = report.frames[node.frame];
				lines[0] = Words.clean(frame.function, 300);
				lines.push([frame.file && Words.clean(frame.file, 300) + (node.line ? ":" + node.line : ""), frame.module && Words.clean(frame.module, 300),
					frame.kind + (frame.inlined ? ", inlined" : "")].filter(Boolean).join(" · "));
			}
			lines.push(`total ${time(node.cpu + node.wait)} · CPU ${time(node.cpu)} · waiting ${time(node.wait)}`);
			if (node.kind === "frame") {
				const error = this.view.error(node);
				const half = error ? ` ± ${Words.error(error, decimals)} ms` : "";
				lines.push(`self ${time(node.self)}${half} · ${Words.count(node.count, "sample", "samples")}`);
			}
			return lines.concat([...node.byClass].map(([name, ns]) => `${Words.labels[name]}: ${time(ns)}`));
		}
	}

	return { Maker, element };
})();
