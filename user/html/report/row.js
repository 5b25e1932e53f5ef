/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A row of the call tree: times, their classes, what the node is. */
/* exported TreeRow */
/* global Model, Words */

const TreeRow = (() => {
	const values = { cpu: (n) => n.cpu, wait: (n) => n.wait, both: (n) => n.cpu + n.wait };

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

	/* How nodes of a model are shown: times in a unit, those of a mode stand out. */
	class Maker {
		constructor(model, mode, unit) {
			Object.assign(this, { model, mode, unit });
		}

		value(node) {
			return values[this.mode](node);
		}

		make({ node, level, position, size, expanded }) {
			const row = element("div", "row");
			const attributes = { role: "treeitem", "aria-level": level, "aria-posinset": position, "aria-setsize": size,
				"aria-label": this.label(node) };
			if (expanded !== null) {
				attributes["aria-expanded"] = expanded;
			}
			Object.entries(attributes).forEach(([name, value]) => row.setAttribute(name, value));
			row.append(this.time(node.cpu + node.wait, this.mode === "both"), this.time(node.cpu, this.mode === "cpu"),
				this.time(node.wait, this.mode === "wait"), this.strip(node), this.what(node, level, expanded));
			return row;
		}

		time(ns, main) {
			const text = this.unit === "ms" ? Words.ms(ns, this.model.decimals) : Words.percent(ns, this.model.wall);
			return element("span", "time" + (main ? " main" : "") + (ns ? "" : " zero"), text);
		}

		/* The node's share of all, by class. */
		strip(node) {
			const strip = element("span", "strip");
			const whole = this.value(this.model.root);
			const told = [];
			for (const timeClass of Words.classes) {
				const ns = node.byClass.get(timeClass) || 0;
				const onCpu = timeClass.startsWith("cpu_");
				if (ns && (this.mode === "both" || (this.mode === "cpu") === onCpu)) {
					const part = element("i", "c-" + timeClass);
					part.style.width = 100 * ns / whole + "%";
					strip.append(part);
					told.push(`${Words.labels[timeClass]}: ${Words.ms(ns, this.model.decimals)} ms`);
				}
			}
			strip.title = told.join("\n");
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
				const frame = this.model.report.frames[node.frame];
				const own = Model.isOwn(frame);
				const name = element("span", `name ${frame.kind}${own ? "" : " library"}`, Words.clean(frame.function));
				name.title = Words.clean([frame.function, frame.file, frame.module].filter(Boolean).join(" · "), 500);
				const parts = [name, element("span", "place", Words.place(frame, node.line))];
				if (node.self && node.children.length) {
					parts.push(element("span", "aside", "self " + (this.unit === "ms" ? Words.ms(node.self, this.model.decimals) :
						Words.percent(node.self, this.model.wall) + " %")));
				}
				return parts;
			}
			if (node.kind === "root") {
				return [element("span", "name", this.title())];
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

		title() {
			const { method, target } = this.model.report.request;
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
				const name = node.object ? `${label} ${Words.clean(node.object)}` : label;
				return node.kind === "await" ? `awaiting: ${name}` : name;
			}
			if (node.kind === "busy") {
				return `${label}: ${Words.loopBusy(node.busy)}`;
			}
			if (node.class === "network" && this.model.report.time.estimated.includes("network")) {
				return label + ", before the request was recognised";
			}
			return ["loop_busy", "suspended", "unknown"].includes(node.class) ? label : label + ", not recorded one by one";
		}

		nodeName(node) {
			if (node.kind === "root") {
				return this.title();
			}
			if (node.kind !== "frame") {
				return this.waitName(node);
			}
			const frame = this.model.report.frames[node.frame];
			return [Words.clean(frame.function), Words.place(frame, node.line)].filter(Boolean).join(", ");
		}

		label(node) {
			const { decimals, wall } = this.model;
			const total = node.cpu + node.wait;
			return `${this.nodeName(node)}: ${Words.ms(total, decimals)} ms, ${Words.percent(total, wall)} %`;
		}
	}

	return { Maker, element, values };
})();
