/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Light or dark: the choice is the reports', too, where the browser keeps it. */
"use strict";
/* exported Theme */

const Theme = (() => {
	const KEY = "reqprof-theme";

	function stored(value) {
		try {
			if (value !== undefined) {
				window.localStorage.setItem(KEY, value);
			}
			return window.localStorage.getItem(KEY);
		} catch (e) {
			return null; /* no storage for files, in some browsers */
		}
	}

	function apply(theme) {
		if (theme === "dark" || theme === "light") {
			document.documentElement.dataset.theme = theme;
		}
	}

	function toggle() {
		const chosen = document.documentElement.dataset.theme;
		const dark = chosen ? chosen === "dark" : window.matchMedia("(prefers-color-scheme: dark)").matches;
		apply(dark ? "light" : "dark");
		stored(dark ? "light" : "dark");
	}

	function start(button) {
		apply(stored());
		button.addEventListener("click", toggle);
	}

	return { start };
})();
