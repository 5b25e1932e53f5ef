/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What stands above the views: theme, copy, download, search, choices, chips of the filters. */
/* exported Toolbar */
/* global Exports */

const Toolbar = (() => {
	const find = (id) => /** @type {any} */ (document.getElementById(id));
	const TOLD_MS = 1500;

	/* ---- theme: the only thing that is ever stored, and nothing of the report --------------------------------------------------------------- */

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
			window.dispatchEvent(new Event("themechange"));
		}
	}

	function toggleTheme() {
		const chosen = document.documentElement.dataset.theme;
		const dark = chosen ? chosen === "dark" : window.matchMedia("(prefers-color-scheme: dark)").matches;
		setTheme(dark ? "light" : "dark");
		storedTheme(dark ? "light" : "dark");
	}

	function startTheme() {
		setTheme(storedTheme());
	}

	/* ---- the bar ---------------------------------------------------------------------------------------------------------------------------- */

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
		setTimeout(() => (button.textContent = label), TOLD_MS);
	}

	class Bar {
		/** @param {any} model Model.Model */
		constructor(model) {
			this.model = model;
			this.report = model.report;
			find("theme").addEventListener("click", toggleTheme);
			find("copy").addEventListener("click", copyReport);
			find("downloads").append(...Exports.formats.map((format) => this.downloadButton(format)));
			find("help").addEventListener("click", () => find("keys").showModal());
			document.addEventListener("pointerdown", closeMenus);
			document.addEventListener("keydown", (event) => event.key === "Escape" && closeMenus(event));
			find("toolbar").hidden = false;
		}

		async copy(text, done) {
			try {
				await navigator.clipboard.writeText(text);
				find("hits").textContent = done;
			} catch (e) {
				find("hits").textContent = "this browser does not allow to copy";
			}
		}

		download(name, type, content) {
			const link = document.createElement("a");
			link.href = URL.createObjectURL(new Blob([content], { type }));
			link.download = `reqprof-${this.report.request.id}${name}`;
			link.click();
			setTimeout(() => URL.revokeObjectURL(link.href), TOLD_MS);
		}

		downloadButton({ label, title, extension, type, make }) {
			const button = document.createElement("button");
			button.type = "button";
			button.textContent = label;
			button.title = title;
			button.addEventListener("click", async () => {
				find("download").open = false;
				this.download(extension, type, await make(this.report, this.model));
			});
			return button;
		}
	}

	/* Menus close when something else is touched. */
	function closeMenus(event) {
		for (const menu of /** @type {NodeListOf<HTMLDetailsElement>} */ (document.querySelectorAll("details.menu[open]"))) {
			if (event.type !== "pointerdown" || !menu.contains(event.target)) {
				const inside = menu.contains(document.activeElement);
				menu.open = false;
				if (inside) {
					menu.querySelector("summary").focus();
				}
			}
		}
	}

	return { Bar, startTheme };
})();
