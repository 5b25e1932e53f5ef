/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is being looked at, in the URL's fragment: a link, reloading or the back button brings it back. */
/* exported State */

const State = (() => {
	const defaults = { q: "", status: "", min: "", max: "", route: "", sort: "time", down: "1" };
	const listeners = [];
	let current = { ...defaults };

	function parse(fragment) {
		const state = { ...defaults };
		new URLSearchParams(fragment.replace(/^#/, "")).forEach((value, key) => {
			if (Object.hasOwn(defaults, key)) {
				state[key] = value;
			}
		});
		return state;
	}

	function format(state) {
		const parameters = new URLSearchParams();
		Object.keys(defaults).filter((key) => state[key] !== defaults[key]).forEach((key) => parameters.set(key, state[key]));
		return "#" + parameters;
	}

	function tell() {
		listeners.forEach((listener) => listener(current));
	}

	/* Change some of it. remember: a step that the back button undoes. */
	function set(changes, remember) {
		const next = { ...current, ...changes };
		if (format(next) !== format(current)) {
			current = next;
			window.history[remember ? "pushState" : "replaceState"](null, "", format(current));
		}
		tell();
	}

	function start(listener) {
		listeners.push(listener);
		const read = () => {
			current = parse(window.location.hash);
			tell();
		};
		window.addEventListener("popstate", read);
		window.addEventListener("hashchange", read);
		read();
	}

	return { start, set, get: () => current };
})();
