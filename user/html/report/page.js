/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Puts the pieces together. Should anything here fail, the page stays what it is without script. */
/* global Data, Filters, FunctionsView, Model, Source, State, Tip, Toolbar, TreeView, WaitsView, Words */

/**
 * A view: what a panel shows. One row of VIEWS each.
 * @typedef {object} ViewKind
 * @property {string} id of its panel in report.html
 * @property {(panel: HTMLElement, api: Api) => Shown} make called once
 *
 * @typedef {object} Shown
 * @property {(view: any, state: ViewState) => void} show called with Model.View whenever the state has changed and the panel is in sight
 * @property {(key: string) => boolean} [key] a key that was pressed outside of input fields while the panel is in sight; true = it was for this view
 * @property {(view: any) => void} [nextHit] Enter in the search box
 *
 * @typedef {object} Api what a view may use of the page
 * @property {any} state State: get(), set(changes, remember)
 * @property {(key: string) => void} select choose a node in all views
 * @property {(text: string, done: string) => void} copy to the clipboard; done is told to the user
 * @property {(name: string, type: string, content: BlobPart) => void} download as a file; the name gets the request's id before it
 * @property {(text: string) => void} announce beside the search box, to screen readers too
 * @property {any} tip Tip.Box
 * @property {() => any} view the current Model.View
 */

const Page = (() => {
	const VIEWS = [TreeView, FlameView, TimelineView, FunctionsView, WaitsView];
	const find = (id) => /** @type {any} */ (document.getElementById(id));
	const panels = () => /** @type {HTMLElement[]} */ ([...document.querySelectorAll(".panel")]);

	/* ---- tabs ------------------------------------------------------------------------------------------------------------------------ */

	function tabOf(panel, report) {
		const tab = document.createElement("button");
		tab.type = "button";
		tab.id = "tab-" + panel.id;
		tab.setAttribute("role", "tab");
		tab.setAttribute("aria-controls", panel.id);
		tab.textContent = panel.querySelector("h2").textContent;
		if (panel.id === "waits") {
			const count = document.createElement("span");
			count.className = "count";
			count.textContent = " " + report.waits.n;
			tab.append(count);
		}
		tab.addEventListener("click", () => State.set({ tab: panel.id }, true));
		return tab;
	}

	function tabKey(event) {
		const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
		if (!step) {
			return;
		}
		const all = panels();
		const at = all.findIndex((panel) => panel.id === State.get().tab);
		const next = all[(at + step + all.length) % all.length];
		State.set({ tab: next.id }, true);
		find("tab-" + next.id).focus();
	}

	function startTabs(report) {
		find("tabs").append(...panels().map((panel) => tabOf(panel, report)));
		find("tabs").addEventListener("keydown", tabKey);
		panels().forEach((panel) => {
			panel.setAttribute("role", "tabpanel");
			panel.setAttribute("aria-labelledby", "tab-" + panel.id);
		});
		find("tools").hidden = false;
		document.documentElement.classList.add("scripted");
	}

	/* On a phone the tabs are wider than the screen. */
	function bringInSight(tab) {
		const bar = find("tabs").getBoundingClientRect();
		const box = tab.getBoundingClientRect();
		find("tabs").scrollLeft += Math.min(0, box.left - bar.left) || Math.max(0, box.right - bar.right);
	}

	function showTab(id) {
		const chosen = panels().find((panel) => panel.id === id) || panels()[0];
		const tab = find("tab-" + chosen.id);
		const isNew = tab.getAttribute("aria-selected") !== "true";
		panels().forEach((panel) => {
			panel.hidden = panel !== chosen;
			find("tab-" + panel.id).setAttribute("aria-selected", String(panel === chosen));
			find("tab-" + panel.id).tabIndex = panel === chosen ? 0 : -1;
		});
		if (isNew) {
			bringInSight(tab);
		}
		return chosen.id;
	}

	/* ---- views ------------------------------------------------------------------------------------------------------------------------ */

	class Views {
		constructor(model) {
			this.model = model;
			this.shown = new Map();
			this.toolbar = new Toolbar.Bar(model);
			this.filters = new Filters.Bar(model);
			this.source = new Source.Panel(find("panels"));
			this.tip = new Tip.Box();
			/** @type {Api} */
			this.api = {
				state: State, tip: this.tip, view: () => this.view,
				select: (sel) => State.get().sel === sel || State.set({ sel }),
				copy: (text, done) => this.toolbar.copy(text, done),
				download: (name, type, content) => this.toolbar.download(name, type, content),
				announce: (text) => (find("hits").textContent = text),
			};
			for (const { id, make } of VIEWS) {
				this.shown.set(id, make(find(id), this.api));
			}
			window.addEventListener("beforeprint", () => this.shown.forEach((shown) => shown.show(this.view, State.get())));
		}

		hitsText() {
			const { test, state, wall, decimals } = this.view;
			if (!test) {
				return "";
			}
			const { found, time } = this.view.hits;
			const ms = (time / 1e6).toFixed(decimals);
			return `${Words.count(found.size, "match", "matches")} · ${state.unit === "percent" ? "" : ms + " ms · "}${(100 * time / wall).toFixed(1)} %`;
		}

		show(state) {
			this.tip.hide();
			this.view = this.model.view(state);
			this.tab = showTab(state.tab);
			this.filters.show(this.view, state, this.tab);
			this.source.show(this.view, state, this.tab);
			find("hits").textContent = this.hitsText();
			if (this.shown.has(this.tab)) {
				this.shown.get(this.tab).show(this.view, state);
			}
		}

		nextHit() {
			const shown = this.shown.get(this.tab);
			if (this.view.test) {
				if (!shown || !shown.nextHit) {
					State.set({ tab: "tree" });
				}
				this.shown.get(this.tab).nextHit(this.view);
			}
		}
	}

	/* ---- search, keys, links ---------------------------------------------------------------------------------------------------------------- */

	function startSearch(views) {
		find("search").addEventListener("input", () => State.set({ q: find("search").value }));
		find("search").addEventListener("keydown", (event) => {
			if (event.key === "Enter") {
				event.preventDefault();
				views.nextHit();
			} else if (event.key === "Escape") {
				State.set({ q: "" });
			}
		});
	}

	function isTyping(event) {
		return event.ctrlKey || event.metaKey || event.altKey || find("keys").open || /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
	}

	/* Keys for the chosen function: focus on it, or fold its package. */
	function functionKey(views, key) {
		const { sel, focus } = State.get();
		const isFunction = /^f\d/.test(sel);
		if (key === "f" && (isFunction || focus)) {
			State.set({ focus: sel === focus || !isFunction ? "" : sel }, true);
		} else if (key === "h" && isFunction) {
			views.filters.libraries.set([views.model.table.packageOf[Number(sel.slice(1))]], true, { sel: "" });
		} else {
			return false;
		}
		return true;
	}

	function key(views, event) {
		if (isTyping(event)) {
			return;
		}
		const shown = views.shown.get(views.tab);
		const panel = panels()[Number(event.key) - 1];
		if ((shown && shown.key && shown.key(event.key)) || functionKey(views, event.key)) {
			event.preventDefault();
		} else if (event.key === "/") {
			event.preventDefault();
			find("search").focus();
		} else if (event.key === "?") {
			find("keys").showModal();
		} else if (panel) {
			State.set({ tab: panel.id }, true);
		}
	}

	/* Links of the sentences and of the header: a tab and what to look for there. */
	function followLinks() {
		const links = /** @type {NodeListOf<HTMLAnchorElement>} */ (document.querySelectorAll('a[href^="#"]'));
		links.forEach((link) => link.addEventListener("click", (event) => {
			event.preventDefault();
			const { mode, unit } = State.get();
			State.set({
				...State.defaults, mode, unit, tab: link.hash.slice(1), q: link.dataset.search || "", classes: link.dataset.class ? [link.dataset.class] : [],
			}, true);
			find("panels").scrollIntoView({ block: "start" });
		}));
	}

	async function start() {
		Toolbar.startTheme();
		const report = Data.read(await Data.open(find("data")));
		const model = new Model.Model(report);
		startTabs(report);
		const views = new Views(model);
		startSearch(views);
		followLinks();
		document.addEventListener("keydown", (event) => key(views, event));
		State.start({ wall: report.time.wall_ns, threads: report.threads.length, tasks: report.tasks.length }, (state) => views.show(state));
		performance.mark("reqprof-shown");
	}

	/* The page as it is without script, and why. */
	function giveUp(error) {
		const note = document.createElement("p");
		note.className = "quality";
		note.textContent = `The views cannot be shown: ${Words.clean(error.message, 200)}. What stands here was written with the report.`;
		find("top").append(note);
		document.documentElement.classList.remove("scripted");
		["tools", "toolbar"].forEach((id) => (find(id).hidden = true));
		panels().forEach((panel) => (panel.hidden = ["flame", "timeline"].includes(panel.id)));
	}

	return { start, giveUp };
})();

Page.start().catch(Page.giveUp);
