/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Puts the pieces together. Should anything here fail, the page stays what it is without script. */
/* global Data, Model, Search, State, Tables, TreeRow, TreeView */

const Page = (() => {
	const find = (id) => document.getElementById(id);

	/* ---- toolbar ------------------------------------------------------------------------------------------------------------------ */

	function storedTheme(value) {
		try {
			if (value !== undefined) {
				window.localStorage.setItem("reqprof-theme", value);
			}
			return window.localStorage.getItem("reqprof-theme");
		} catch (e) {
			return null; /* no storage for files, in some browsers */
		}
	}

	function setTheme(theme) {
		if (theme === "dark" || theme === "light") {
			document.documentElement.dataset.theme = theme;
		}
	}

	function toggleTheme() {
		const chosen = document.documentElement.dataset.theme;
		const dark = chosen ? chosen === "dark" : window.matchMedia("(prefers-color-scheme: dark)").matches;
		setTheme(dark ? "light" : "dark");
		storedTheme(dark ? "light" : "dark");
	}

	async function copyReport() {
		const button = find("copy");
		const label = button.textContent;
		try {
			await navigator.clipboard.writeText(find("text").textContent);
			button.textContent = "Copied";
		} catch (e) {
			find("text").hidden = false; /* to copy by hand */
			find("text").scrollIntoView();
		}
		setTimeout(() => (button.textContent = label), 1500);
	}

	async function copyPath(text) {
		try {
			await navigator.clipboard.writeText(text);
			find("hits").textContent = "path copied";
		} catch (e) {
			find("hits").textContent = "this browser does not allow to copy";
		}
	}

	function downloadReport(json, id) {
		const link = document.createElement("a");
		link.href = URL.createObjectURL(new Blob([json], { type: "application/json" }));
		link.download = `reqprof-${id}.json`;
		link.click();
		URL.revokeObjectURL(link.href);
	}

	function startToolbar(json, model) {
		find("theme").addEventListener("click", toggleTheme);
		find("copy").addEventListener("click", copyReport);
		find("download").addEventListener("click", () => downloadReport(json, model.report.request.id));
		find("help").addEventListener("click", () => find("keys").showModal());
		find("toolbar").hidden = false;
	}

	/* ---- tabs ------------------------------------------------------------------------------------------------------------------------ */

	const panels = () => [...document.querySelectorAll(".panel")];

	function tabOf(panel, model) {
		const tab = document.createElement("button");
		tab.type = "button";
		tab.id = "tab-" + panel.id;
		tab.setAttribute("role", "tab");
		tab.setAttribute("aria-controls", panel.id);
		tab.textContent = panel.querySelector("h2").textContent;
		if (panel.id === "waits") {
			const count = document.createElement("span");
			count.className = "count";
			count.textContent = " " + model.report.waits.length;
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

	function startTabs(model) {
		find("tabs").append(...panels().map((panel) => tabOf(panel, model)));
		find("tabs").addEventListener("keydown", tabKey);
		panels().forEach((panel) => {
			panel.setAttribute("role", "tabpanel");
			panel.setAttribute("aria-labelledby", "tab-" + panel.id);
		});
		find("tools").hidden = false;
		document.documentElement.classList.add("scripted");
	}

	function showTab(id) {
		const chosen = panels().find((panel) => panel.id === id) || panels()[0];
		["mode", "unit"].forEach((name) => (find(name).hidden = chosen.id !== "tree"));
		panels().forEach((panel) => {
			panel.hidden = panel !== chosen;
			find("tab-" + panel.id).setAttribute("aria-selected", panel === chosen);
			find("tab-" + panel.id).tabIndex = panel === chosen ? 0 : -1;
		});
	}

	/* ---- search ------------------------------------------------------------------------------------------------------------------------ */

	class Views {
		constructor(model) {
			this.model = model;
			find("tree").querySelectorAll(".note, .scroll").forEach((e) => e.remove());
			this.tree = new TreeView.View(find("tree"), model, copyPath);
			this.tables = [Tables.functions(find("functions"), model), Tables.waits(find("waits"), model)];
			this.searched = null;
			this.hits = null;
			this.next = 0;
		}

		compile(query) {
			try {
				find("search").removeAttribute("aria-invalid");
				return Search.compile(query);
			} catch (e) {
				find("search").setAttribute("aria-invalid", "true");
				return null;
			}
		}

		search(query, mode) {
			if (this.searched === query + "\n" + mode) {
				return;
			}
			this.searched = query + "\n" + mode;
			const test = this.compile(query);
			this.hits = test && Search.tree(test, this.model.report, this.model.root, TreeRow.values[mode]);
			this.next = 0;
			this.tables.forEach((filter) => filter(test));
		}

		hitsText(unit) {
			if (!this.hits) {
				return "";
			}
			const { found, time } = this.hits;
			const ms = (time / 1e6).toFixed(this.model.decimals);
			const percent = (100 * time / this.model.wall).toFixed(1);
			return `${found.size} ${found.size === 1 ? "match" : "matches"} · ${unit === "ms" ? ms + " ms · " : ""}${percent} %`;
		}

		show(state) {
			showTab(state.tab);
			this.search(state.q, state.mode);
			if (find("search").value !== state.q) {
				find("search").value = state.q;
			}
			["mode", "unit"].forEach((name) => (find(name).querySelector(`[value="${state[name]}"]`).checked = true));
			find("hits").textContent = this.hitsText(state.unit);
			this.tree.show(state.mode, state.unit, this.hits);
		}

		nextHit() {
			if (this.hits && this.hits.list.length) {
				State.set({ tab: "tree" });
				this.tree.go(this.hits.list[this.next++ % this.hits.list.length]);
			}
		}
	}

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
		["mode", "unit"].forEach((name) => find(name).addEventListener("change", (event) => State.set({ [name]: event.target.value })));
	}

	/* ---- the whole page ---------------------------------------------------------------------------------------------------------------- */

	function key(event) {
		if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|TEXTAREA)$/.test(event.target.tagName) || find("keys").open) {
			return;
		}
		const panel = panels()[Number(event.key) - 1];
		if (event.key === "/") {
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
		document.querySelectorAll('a[href^="#"]').forEach((link) => link.addEventListener("click", (event) => {
			event.preventDefault();
			State.set({ tab: link.hash.slice(1), q: link.dataset.search || "" }, true);
			find("panels").scrollIntoView({ block: "start" });
		}));
	}

	async function start() {
		setTheme(storedTheme());
		const json = await Data.text();
		const model = Model.make(JSON.parse(json));
		const views = new Views(model);
		startTabs(model);
		startToolbar(json, model);
		startSearch(views);
		followLinks();
		document.addEventListener("keydown", key);
		State.start((state) => views.show(state));
	}

	return { start };
})();

Page.start();
