/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is shown of the report: search, mode, unit, threads, libraries, classes; and a chip for each filter that is on. */
/* exported Filters */
/* global Frames, State, TreeRow, Words */

const Filters = (() => {
	const find = (id) => /** @type {any} */ (document.getElementById(id));
	const { element } = TreeRow;
	const THREADS_MAX = 500;
	const PACKAGES_MAX = 300;
	const kinds = { python: "Python", native: "native", kernel: "kernel", go: "Go", jit: "JIT" };

	function option(value, text) {
		const e = element("option", "", text);
		e.value = String(value);
		return e;
	}

	/* Threads or tasks, the busiest first; nothing to choose among one. */
	function fill(select, all, names) {
		const list = names.map((name, i) => ({ name, i })).slice(0, THREADS_MAX);
		select.replaceChildren(option(-1, all), ...list.map(({ name, i }) => option(i, name)));
		select.parentElement.hidden = names.length < 2;
	}

	/* ---- libraries ------------------------------------------------------------------------------------------------------------------------- */

	/* The rule that makes exactly these packages folded. */
	function ruleFor(packages, fold) {
		const exceptions = packages.map(({ own }, i) => (fold[i] === own ? (fold[i] ? "-" : "+") + i : "")).filter(Boolean);
		return exceptions.join(",");
	}

	class Libraries {
		constructor(table, times) {
			this.packages = table.packages;
			this.order = table.packages.map((_, i) => i).sort((a, b) => times[b] - times[a]).slice(0, PACKAGES_MAX);
			this.boxes = new Map();
			this.groups = [];
			this.all = this.box("fold library frames", (on) => State.set({ lib: on ? "" : "off" }, true));
			find("packages").append(this.all.parentElement, element("p", "note", "Folded frames are one row of their caller. Untick to show them:"));
			for (const kind of Object.keys(kinds)) {
				this.addKind(kind);
			}
		}

		box(text, change, title) {
			const label = element("label", "");
			const box = element("input", "");
			box.type = "checkbox";
			box.addEventListener("change", () => change(box.checked));
			label.append(box, " " + text);
			label.title = title || "";
			return box;
		}

		addKind(kind) {
			const members = this.order.filter((i) => this.packages[i].kind === kind);
			if (!members.length) {
				return;
			}
			const group = element("fieldset", "");
			const whole = this.box(`all ${kinds[kind]} frames`, (on) => this.set(members, on));
			group.append(element("legend", "", kinds[kind]));
			if (members.length > 1) {
				group.append(whole.parentElement);
			}
			for (const i of members) {
				const { name, own } = this.packages[i];
				const box = this.box(Words.clean(name) + (own ? " (own)" : ""), (on) => this.set([i], on), own ? "not a library, by the rule" : "");
				this.boxes.set(i, box);
				group.append(box.parentElement);
			}
			this.groups.push({ box: whole, members });
			find("packages").append(group);
		}

		/* Fold packages or show them, with other changes of the state. */
		set(members, on, changes = {}) {
			const fold = Frames.folded(this.packages, State.get().lib);
			members.forEach((i) => (fold[i] = on));
			if (fold.every(Boolean)) {
				this.show(State.get().lib);
				find("hits").textContent = "not folded: no frame would be left";
				return;
			}
			State.set({ ...changes, lib: fold.some(Boolean) ? ruleFor(this.packages, fold) : "off" }, true);
		}

		show(lib) {
			const fold = Frames.folded(this.packages, lib);
			this.all.checked = lib !== "off";
			this.boxes.forEach((box, i) => (box.checked = fold[i]));
			for (const { box, members } of this.groups) {
				box.checked = members.every((i) => fold[i]);
				box.indeterminate = !box.checked && members.some((i) => fold[i]);
			}
			find("libraries").classList.toggle("on", lib !== "");
		}
	}

	/* ---- classes: the parts of the bar and the items of the legend --------------------------------------------------------------------------- */

	function chooseClass(timeClass, more) {
		const { classes } = State.get();
		const alone = classes.length === 1 && classes[0] === timeClass;
		const others = classes.filter((name) => name !== timeClass);
		const next = more ? (others.length < classes.length ? others : [...classes, timeClass]) : alone ? [] : [timeClass];
		State.set({ classes: next }, true);
	}

	function parts() {
		return /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".bar .part"));
	}

	function startClasses() {
		for (const part of parts()) {
			const timeClass = part.id.slice("part-".length);
			part.setAttribute("role", "button");
			part.setAttribute("tabindex", "0");
			part.addEventListener("click", (event) => chooseClass(timeClass, event.ctrlKey || event.metaKey));
			part.addEventListener("keydown", (event) => {
				if (event.key === "Enter" || event.key === " ") {
					event.preventDefault();
					chooseClass(timeClass, event.ctrlKey || event.metaKey);
				}
			});
		}
	}

	function showClasses(classes) {
		for (const part of parts()) {
			const on = classes.includes(part.id.slice("part-".length));
			part.setAttribute("aria-pressed", String(on));
			part.classList.toggle("off", classes.length > 0 && !on);
		}
	}

	/* ---- chips ------------------------------------------------------------------------------------------------------------------------------- */

	function chip(text, changes) {
		const button = element("button", "chip", text + " ×");
		button.type = "button";
		button.setAttribute("aria-label", `${text}: show all again`);
		button.addEventListener("click", () => State.set(changes, true));
		return button;
	}

	function chips(view, state) {
		const { report, decimals } = view;
		const list = [];
		const ms = (ns) => (ns / 1e6).toFixed(decimals);
		if (state.from || state.to) {
			list.push(chip(`range ${ms(view.range[0])}–${ms(view.range[1])} ms`, { from: 0, to: 0 }));
		}
		if (state.focus) {
			list.push(chip(`focus ${Words.clean((report.frames[Number(state.focus.slice(1))] || { function: "?" }).function)}`, { focus: "" }));
		}
		if (state.classes.length) {
			list.push(chip(state.classes.map((name) => Words.labels[name]).join(", "), { classes: [] }));
		}
		if (state.thread >= 0) {
			list.push(chip("thread " + Words.thread(report.threads[state.thread]), { thread: -1 }));
		}
		if (state.task >= 0) {
			list.push(chip("task " + Words.task(report.tasks[state.task]), { task: -1 }));
		}
		if (list.length && !view.filtered.sums.isWhole()) {
			const note = element("span", "note", "What has no place there (event loop busy, unknown) is left out.");
			list.push(note);
		}
		return list;
	}

	/* ---- all of them ------------------------------------------------------------------------------------------------------------------------- */

	class Bar {
		constructor(model) {
			const { report, table } = model;
			const times = new Float64Array(table.packages.length);
			report.samples.stack.forEach((stack, i) => stack >= 0 && (times[table.packageOf[report.stacks.frame[stack]]] += report.samples.weight[i]));
			this.libraries = new Libraries(table, times);
			fill(find("thread"), "all threads", report.threads.map(Words.thread));
			fill(find("task"), "all tasks", report.tasks.map(Words.task));
			["mode", "unit"].forEach((name) => find(name).addEventListener("change", (event) => State.set({ [name]: event.target.value })));
			["thread", "task"].forEach((name) => find(name).addEventListener("change", (event) => State.set({ [name]: Number(event.target.value) }, true)));
			find("hide").addEventListener("change", (event) => State.set({ hide: Math.min(50, Math.max(0, Number(event.target.value) || 0)) }));
			find("invert").addEventListener("change", (event) => State.set({ invert: event.target.checked }, true));
			startClasses();
		}

		showSearch(view, state) {
			const search = find("search");
			if (search.value !== state.q) {
				search.value = state.q;
			}
			if (state.q.trim() && !view.test) {
				search.setAttribute("aria-invalid", "true");
			} else {
				search.removeAttribute("aria-invalid");
			}
		}

		show(view, state, tab) {
			this.showSearch(view, state);
			["mode", "unit"].forEach((name) => (find(name).querySelector(`[value="${state[name]}"]`).checked = true));
			["thread", "task"].forEach((name) => (find(name).value = String(state[name])));
			find("hide").value = String(state.hide);
			find("invert").checked = state.invert;
			find("filters").hidden = tab === "about";
			this.libraries.show(view.state.lib);
			showClasses(state.classes);
			const list = chips(view, state);
			find("chips").replaceChildren(...list);
			find("chips").hidden = !list.length;
		}
	}

	return { Bar };
})();
