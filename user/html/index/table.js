/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The list: what passes the filters, in the chosen order, so many rows at a time. */
/* exported List */
/* global Reports */

const List = (() => {
	const PAGE = 200;

	/* One for each header cell. down: the first click puts the largest first. */
	const columns = [
		{ key: "time", value: (r) => r.time + r.id, down: true }, { key: "request", value: (r) => r.request },
		{ key: "status", value: (r) => r.status }, { key: "duration", value: (r) => r.wall, down: true },
		{ key: "cpu", value: (r) => r.cpu, down: true }, { key: "wait", value: (r) => r.wait, down: true },
		{ key: "mostly", value: (r) => (r.classes[0] ? String(99 - r.classes[0][0]).padStart(2, "0") + String(r.classes[0][1]).padStart(4, "0") : ""),
			down: true },
		{ key: "", value: null }, { key: "", value: null },
	];

	/* ---- filters ---------------------------------------------------------------------------------------------------------------------- */

	/* Text, or a regular expression between slashes: a test of a report. Throws what the expression's syntax is wrong in. */
	function textFilter(query) {
		const regex = /^\/(.+)\/$/.exec(query);
		if (regex && query.length > 2 && /[\\^$.*+?()[\]{}|]/.test(regex[1])) {
			const compiled = new RegExp(regex[1], "i");
			return (r) => compiled.test(r.request) || compiled.test(r.id);
		}
		const words = query.toLowerCase().split(/\s+/).filter(Boolean);
		return (r) => words.every((word) => r.request.toLowerCase().includes(word) || r.id.startsWith(word));
	}

	/* "200", "1.5s", "2 ms": milliseconds; null = nothing, NaN = no number. */
	function milliseconds(text) {
		const parts = /^\s*(\d+(?:\.\d+)?)\s*(us|µs|ms|s)?\s*$/.exec(text.replace(",", "."));
		if (!text.trim()) {
			return null;
		}
		return parts ? Number(parts[1]) * { us: 1e-3, "µs": 1e-3, ms: 1, s: 1000 }[parts[2] || "ms"] : NaN;
	}

	/* Those that the state lets pass, without its route and with it; faults: the fields that cannot be understood, which filter nothing. */
	function filter(reports, state) {
		const faults = [];
		const bounds = ["min", "max"].map((key) => {
			const ms = milliseconds(state[key]);
			if (Number.isNaN(ms)) {
				faults.push(key);
			}
			return ms;
		});
		let matches = () => true;
		try {
			matches = textFilter(state.q);
		} catch (e) {
			faults.push("q");
		}
		const any = reports.filter((r) => matches(r) && (!state.status || String(r.status)[0] === state.status) && !(r.wall < bounds[0]) &&
			!(bounds[1] !== null && r.wall > bounds[1]));
		return { any, chosen: state.route ? any.filter((r) => r.route === state.route) : any, faults };
	}

	function sort(reports, state) {
		const { value } = columns.find((c) => c.key && c.key === state.sort) || columns[0];
		const sign = state.down === "1" ? -1 : 1;
		const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
		return [...reports].sort((a, b) => sign * compare(value(a), value(b)) || compare(b.time, a.time));
	}

	/* ---- rows -------------------------------------------------------------------------------------------------------------------------- */

	function cell(className, ...children) {
		const td = document.createElement("td");
		td.className = className;
		td.append(...children);
		return td;
	}

	function link(href, text, download) {
		const a = document.createElement("a");
		a.href = href;
		a.textContent = text;
		a.toggleAttribute("download", Boolean(download));
		return a;
	}

	function whereCell(report, words, names) {
		const [most] = report.classes;
		if (!most) {
			return cell("where");
		}
		const strip = document.createElement("div");
		const word = document.createElement("span");
		strip.className = "strip";
		strip.title = report.classes.map(([c, share]) => `${words[c]} ${(share / 10).toFixed(1)} %`).join(", ");
		strip.append(...[...report.classes].sort((a, b) => a[0] - b[0]).map(([c, share]) => {
			const part = document.createElement("i");
			part.className = "c-" + names[c];
			part.style.flexGrow = share;
			return part;
		}));
		word.textContent = `${words[most[0]]} ${Math.round(most[1] / 10)} %`;
		return cell("where", strip, word);
	}

	function requestCell(report) {
		const a = link(Reports.link(report), "");
		const bdi = document.createElement("bdi");
		bdi.textContent = report.request;
		a.append(bdi);
		return cell("request", a);
	}

	function rowOf(report, data) {
		const tr = document.createElement("tr");
		const number = (value) => cell("num", value < 0 ? "" : Reports.ms(value));
		tr.dataset.id = report.id;
		const [date, clock] = [Reports.date(report), Reports.clock(report)].map((text) => {
			const part = document.createElement("span");
			part.textContent = text;
			return part;
		});
		tr.append(cell("time", date, " ", clock), requestCell(report),
			cell(report.status >= 500 ? "num bad" : "num", report.status ? String(report.status) : "–"),
			cell("num", report.known ? Reports.ms(report.wall) : String(Math.floor(report.wall))),
			number(report.cpu), number(report.wait), whereCell(report, data.words, data.classes),
			cell("files", ...report.files.flatMap((e) => [link(report.name + e, e.slice(1), e === ".rp"), " "])), cell("id", report.id));
		return tr;
	}

	/* ---- the table --------------------------------------------------------------------------------------------------------------------- */

	class View {
		constructor(table, more, data, sortBy) {
			Object.assign(this, { table, more, data, shown: PAGE, reports: [], fresh: new Set() });
			table.tHead.rows[0].querySelectorAll("th").forEach((th, i) => {
				if (columns[i].key) {
					const button = document.createElement("button");
					button.type = "button";
					button.textContent = th.textContent;
					button.addEventListener("click", () => sortBy(columns[i]));
					th.replaceChildren(button);
				}
			});
			more.addEventListener("click", () => {
				const first = this.shown;
				this.shown += 5 * PAGE;
				this.append(first);
				table.tBodies[0].rows[first]?.querySelector("a").focus();
			});
		}

		append(from) {
			this.table.tBodies[0].append(...this.reports.slice(from, this.shown).map((report) => {
				const tr = rowOf(report, this.data);
				tr.classList.toggle("new", this.fresh.has(report.name));
				return tr;
			}));
			const left = this.reports.length - this.shown;
			this.more.hidden = left <= 0;
			this.more.textContent = `Show ${Math.min(left, 5 * PAGE).toLocaleString("en")} more of ${left.toLocaleString("en")}`;
		}

		/* same: of the reports shown, only some have come or gone. */
		show(reports, state, same) {
			this.reports = sort(reports, state);
			this.shown = same ? this.shown : PAGE;
			this.table.tBodies[0].replaceChildren();
			this.append(0);
			this.fresh.clear();
			this.table.tHead.rows[0].querySelectorAll("th").forEach((th, i) => {
				th.removeAttribute("aria-sort");
				if (columns[i].key === state.sort) {
					th.setAttribute("aria-sort", state.down === "1" ? "descending" : "ascending");
				}
			});
		}
	}

	return { View, filter };
})();
