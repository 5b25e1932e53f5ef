/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is being looked at, in the URL's fragment: a link or the back button brings it back. */
/* exported State */
/* global Words */

/**
 * @typedef {object} ViewState
 * @property {string} tab id of the panel
 * @property {string} q search: part of a name, file:line, module, /regex/
 * @property {"cpu"|"wait"|"both"} mode time to show
 * @property {"ms"|"percent"|"samples"} unit
 * @property {number} from begin of the selected range, ns since the request's begin
 * @property {number} to its end; 0 = the end of the request
 * @property {number} thread index of the only thread shown; −1 = all
 * @property {number} task likewise of tasks
 * @property {string[]} classes the only classes of time shown; empty = all
 * @property {string} lib folding of library frames: "" = by the rule, "off", else exceptions from the rule by package: "+3,-7" shows 3, folds 7
 * @property {number} hide leave out what is under so many % of the time shown
 * @property {boolean} invert callers below callees
 * @property {string} sel key of the selected node (Model: node.key); "" = none
 * @property {string} focus key of the frame that alone is shown, with what it calls; "" = all
 * @property {string} zoom path of the node that fills the flame graph (view.path); "" = the root
 * @property {string} span what of the time the timeline shows: "from-to", ns; "" = all
 * @property {boolean} flip flame graph with its root at the bottom
 * @property {"kind"|"package"|"class"} color of the flame graph
 */

const State = (() => {
	const key = /^(f\d+|[wa]:[a-z_]+:-?\d+|b:\d+|c:[a-z_]+|n)$/;
	const text = (max) => (value) => (value.length <= max ? value : undefined);
	const one = (...allowed) => (value) => (allowed.includes(value) ? value : undefined);
	const matching = (pattern) => (value) => (pattern.test(value) ? value : undefined);
	const number = (min, max) => (value) => (/^-?\d+(\.\d+)?$/.test(value) && value >= min && value <= max ? Number(value) : undefined);
	const integer = (min, max) => (value) => (/^-?\d+$/.test(value) ? number(min, max)(value) : undefined);
	const flag = (value) => (value === "1" ? true : value === "0" ? false : undefined);

	/* Of each key its default and how it is read: undefined = not a value. What the report bounds is cut to size in clamp. */
	const fields = {
		tab: ["tree", matching(/^[a-z]{1,20}$/)],
		q: ["", text(1000)],
		mode: ["both", one("cpu", "wait", "both")],
		unit: ["ms", one("ms", "percent", "samples")],
		from: [0, integer(0, Number.MAX_SAFE_INTEGER)],
		to: [0, integer(0, Number.MAX_SAFE_INTEGER)],
		thread: [-1, integer(-1, 1e6)],
		task: [-1, integer(-1, 1e9)],
		classes: [[], (value) => value.split(",").filter((name) => Words.classes.includes(name))],
		lib: ["", matching(/^(off|[+-]\d+(,[+-]\d+)*)?$/)],
		hide: [0.1, number(0, 50)],
		invert: [false, flag],
		sel: ["", matching(key)],
		focus: ["", matching(/^f\d+$/)],
		zoom: ["", matching(/^[a-z0-9_:.-]{0,100000}$/)],
		span: ["", matching(/^(\d+-\d+)?$/)],
		flip: [false, flag],
		color: ["kind", one("kind", "package", "class")],
	};
	const defaults = Object.freeze(Object.fromEntries(Object.entries(fields).map(([name, [value]]) => [name, value])));
	const listeners = [];
	let limits = { wall: Number.MAX_SAFE_INTEGER, threads: 1e6, tasks: 1e9 };
	let current = /** @type {ViewState} */ ({ ...defaults });

	function show(value) {
		return typeof value === "boolean" ? String(Number(value)) : String(value);
	}

	/* What this report cannot have is no filter. */
	function clamp(state) {
		const { wall, threads, tasks } = limits;
		const to = state.to && state.to < wall ? Math.round(state.to) : 0;
		const from = Math.max(0, Math.round(state.from));
		const empty = from >= (to || wall);
		return {
			...state, from: empty ? 0 : from, to: empty ? 0 : to,
			thread: state.thread < threads ? state.thread : -1, task: state.task < tasks ? state.task : -1,
		};
	}

	/**
	 * @param {string} fragment "#tab=flame&q=…", or "#waits", as the page without script links it
	 * @returns {ViewState} defaults in place of what it does not say or what is no value
	 */
	function parse(fragment) {
		const query = fragment.replace(/^#/, "");
		const state = { ...defaults };
		const parameters = query.includes("=") ? new URLSearchParams(query) : query ? [["tab", query]] : [];
		for (const [name, value] of parameters) {
			const parsed = Object.hasOwn(fields, name) ? fields[name][1](value) : undefined;
			if (parsed !== undefined) {
				state[name] = parsed;
			}
		}
		return clamp(state);
	}

	/**
	 * @param {ViewState} state
	 * @returns {string} the fragment, with what differs from the defaults
	 */
	function format(state) {
		const parameters = new URLSearchParams();
		Object.keys(fields).filter((name) => show(state[name]) !== show(defaults[name])).forEach((name) => parameters.set(name, show(state[name])));
		return "#" + parameters;
	}

	function tell() {
		listeners.forEach((listener) => listener(current));
	}

	/**
	 * Change some of it.
	 * @param {Partial<ViewState>} changes
	 * @param {boolean} [remember] a step that the back button undoes; else the step before is overwritten
	 */
	function set(changes, remember) {
		const next = clamp({ ...current, ...changes });
		if (format(next) !== format(current)) {
			current = next;
			window.history[remember ? "pushState" : "replaceState"](null, "", format(current));
		}
		tell();
	}

	/**
	 * @param {{wall: number, threads: number, tasks: number}} bounds of the report: ns, counts
	 * @param {(state: ViewState) => void} listener called now and after each change
	 */
	function start(bounds, listener) {
		const read = () => {
			current = parse(window.location.hash);
			tell();
		};
		limits = bounds;
		listeners.push(listener);
		window.addEventListener("popstate", read);
		window.addEventListener("hashchange", read);
		read();
	}

	return { start, set, parse, format, defaults, get: () => current };
})();
