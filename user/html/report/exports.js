/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The report as other tools read it, made from what is in the page: the same as `reqprof report -f` writes. */
/* exported Exports */
/* global Data, Speedscope, State, Weights, Words */

const Exports = (() => {
	const NAME_MAX = 200;
	const NS_PER_US = 1000;
	const ON_CPU = Words.classes.length;

	/* A name may hold neither the separator nor what ends a line. */
	function foldedName(name) {
		return Words.clean(name, NAME_MAX).replaceAll(";", ",");
	}

	function stackNames(report, stack) {
		const names = [];
		for (let s = stack; s >= 0; s = report.stacks.parent[s]) {
			names.push(foldedName(report.frames[report.stacks.frame[s]].function));
		}
		return names.reverse();
	}

	/* Byte order, as C compares strings. */
	function compareObjects(report, a, b) {
		if (a < 0 || b < 0 || a === b) {
			return Number(a >= 0) - Number(b >= 0);
		}
		const [x, y] = [a, b].map((object) => new TextEncoder().encode(report.objects[object]));
		const at = x.findIndex((byte, i) => byte !== y[i]);
		return at < 0 || at >= y.length ? x.length - y.length : x[at] - y[at];
	}

	/* All time of one thread at one stack in one class and object. */
	function foldedLines(report) {
		const { samples, waits } = report;
		const lines = new Map();
		const add = (thread, stack, timeClass, object, ns) => {
			const key = `${thread} ${stack} ${timeClass} ${object}`;
			if (ns && lines.has(key)) {
				lines.get(key).ns += ns;
			} else if (ns) {
				lines.set(key, { thread, stack, timeClass, object, ns });
			}
		};
		for (let i = 0; i < samples.n; i++) {
			add(samples.thread[i], samples.stack[i], ON_CPU, -1, samples.weight[i]);
		}
		for (let i = 0; i < waits.n; i++) {
			add(waits.thread[i], waits.stack[i], waits.cause[i], waits.object[i], waits.duration[i]);
			add(waits.thread[i], waits.stack[i], Weights.readyClass(waits.cause[i]), Weights.readyObject(waits, i), waits.runnable[i]);
		}
		const order = (timeClass) => (timeClass === ON_CPU ? -1 : timeClass);
		return [...lines.values()].sort((a, b) => a.thread - b.thread || a.stack - b.stack || order(a.timeClass) - order(b.timeClass) ||
			compareObjects(report, a.object, b.object));
	}

	/* `thread;outermost;…;innermost weight`, the weight in whole µs: what rounding takes from a line it gives to the next. */
	function folded(report) {
		let total = 0;
		return foldedLines(report).map(({ thread, stack, timeClass, object, ns }) => {
			const { name, comm } = report.threads[thread];
			const names = [foldedName(name || comm || "?"), ...(stack < 0 ? ["[no stack]"] : stackNames(report, stack))];
			const before = Math.floor(total / NS_PER_US);
			if (timeClass !== ON_CPU) {
				names.push(`[${Words.classes[timeClass]}${object >= 0 ? " " + foldedName(report.objects[object]) : ""}]`);
			}
			total += ns;
			return `${names.join(";")} ${Math.floor(total / NS_PER_US) - before}\n`;
		}).join("");
	}

	async function json() {
		return JSON.stringify(Data.withRows(await Data.open(document.getElementById("data")))) + "\n";
	}

	/* What the header says, for formats that have room for it. */
	function facts({ about, request }) {
		const text = (selector) => (document.querySelector(selector) || { textContent: "" }).textContent;
		const title = text("h1");
		const made = `reqprof ${Words.clean(about.version, 32)}, report ${request.id}: ${title}`;
		return [made, text(".answer"), text(".quality").replace(/ → About$/, "")].filter(Boolean);
	}

	function speedscope(report, model) {
		const title = document.querySelector("h1").textContent;
		return Speedscope.make(model.view(State.defaults), facts(report), Words.clean(title, NAME_MAX));
	}

	const formats = [
		{ label: "JSON", title: "everything, for other tools", extension: ".json", type: "application/json", make: json },
		{ label: "speedscope", title: "for speedscope: the request, and each thread and task, in time order", extension: ".speedscope.json",
			type: "application/json", make: speedscope },
		{ label: "folded", title: "one line a stack, for flame graph tools", extension: ".folded", type: "text/plain", make: folded },
	];

	return { formats, folded };
})();
