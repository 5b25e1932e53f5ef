/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Puts the list together. Should anything here fail, the page stays the table that it is without script. */
/* global List, Live, Plot, Reports, State, Theme */

const Page = (() => {
	const ROUTES = 8;
	const AWAY_MS = 3000;
	const find = (id) => document.getElementById(id);

	/* ---- what a dot stands for ---------------------------------------------------------------------------------------------------------- */

	const tip = {
		show(report, x, y) {
			const name = document.createElement("b");
			name.textContent = report.request.slice(0, 160) + (report.request.length > 160 ? "…" : "");
			find("tip").replaceChildren(name, document.createElement("br"),
				`${Reports.duration(report.wall)} · ${report.status || "no response"} · ${Reports.date(report)} ${Reports.clock(report)}`);
			find("tip").hidden = false;
			const box = find("tip").getBoundingClientRect();
			find("tip").style.left = Math.max(4, Math.min(x + 12, window.innerWidth - box.width - 4)) + "px";
			find("tip").style.top = (y + 16 + box.height > window.innerHeight ? y - box.height - 12 : y + 16) + "px";
		},
		hide() {
			find("tip").hidden = true;
		},
	};

	function open(report, event) {
		if (event.ctrlKey || event.metaKey) {
			window.open(Reports.link(report), "_blank", "noopener");
		} else {
			window.location.href = Reports.link(report);
		}
	}

	/* ---- the page ------------------------------------------------------------------------------------------------------------------------ */

	class View {
		constructor(data) {
			this.data = data;
			this.reports = new Map();
			data.rows.forEach((row) => this.add(row));
			this.routesMax = ROUTES;
			this.list = new List.View(find("list"), find("more"), data, (column) => this.sortBy(column));
			this.items = [];
		}

		add(row) {
			const report = Reports.make(row, this.data.extensions);
			if (report) {
				this.reports.set(report.name, report);
			}
			return report;
		}

		sortBy(column) {
			const { sort, down } = State.get();
			State.set({ sort: column.key, down: sort === column.key ? (down === "1" ? "0" : "1") : column.down ? "1" : "0" }, true);
		}

		/* What is there already stays: sorting the list moves no dot. */
		plot(items, state) {
			const width = document.documentElement.clientWidth;
			const key = `${width} ${this.routesMax} ${state.route}`;
			if (this.drawn === key && this.items.length === items.length && this.items.every((item, i) => item === items[i])) {
				return;
			}
			Object.assign(this, { drawn: key, items });
			find("routes").hidden = !items.length;
			tip.hide();
			if (!items.length) {
				return;
			}
			const n = Plot.draw(find("plot"), items, this.routesMax, { picked: state.route, tip, open,
				pick: (route) => State.set({ route }, true) });
			find("more-routes").hidden = n <= this.routesMax;
			find("more-routes").textContent = `Show all ${n} routes`;
		}

		facts() {
			const times = [...this.reports.values()].map((r) => r.time).sort();
			const text = (time) => time.replace(/^(....)(..)(..)T(..)(..).*/, "$1-$2-$3 $4:$5");
			find("count").textContent = Reports.count(times.length, "report", "reports");
			find("facts").textContent = times.length ? ` · ${text(times[0])} to ${text(times[times.length - 1])}` : "";
		}

		fields(state, faults) {
			["q", "status", "min", "max"].forEach((key) => {
				if (find(key).value !== state[key]) {
					find(key).value = state[key];
				}
				find(key).toggleAttribute("aria-invalid", false);
				if (faults.includes(key)) {
					find(key).setAttribute("aria-invalid", "true");
				}
			});
			find("route").hidden = !state.route;
			find("route").textContent = state.route;
			find("route").setAttribute("aria-label", `All routes, not only ${state.route}`);
		}

		show(state, same) {
			const all = [...this.reports.values()];
			const { any, chosen, faults } = List.filter(all, state);
			this.fields(state, faults);
			find("shown").textContent = chosen.length < all.length ? `${chosen.length.toLocaleString("en")} of ${all.length.toLocaleString("en")}` : "";
			this.list.show(chosen, state, same);
			this.plot(any, state);
		}

		/* Of many that come at once the page is made once. */
		later() {
			this.timer ||= setTimeout(() => {
				this.timer = 0;
				this.facts();
				this.show(State.get(), true);
			}, 50);
		}

		row(row) {
			const known = this.reports.has(row[0]);
			const report = this.add(row);
			if (report && !known) {
				this.list.fresh.add(report.name);
			}
			this.later();
		}

		gone(name) {
			this.reports.delete(name);
			this.later();
		}
	}

	function startFields(view) {
		["q", "min", "max"].forEach((key) => find(key).addEventListener("input", () => State.set({ [key]: find(key).value })));
		find("status").addEventListener("change", () => State.set({ status: find("status").value }));
		find("route").addEventListener("click", () => {
			State.set({ route: "" }, true);
			find("q").focus();
		});
		find("more-routes").addEventListener("click", () => {
			view.routesMax = Infinity;
			view.plot(view.items, State.get());
		});
		document.addEventListener("keydown", (event) => {
			if (event.key === "/" && !/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) {
				event.preventDefault();
				find("q").focus();
			}
		});
		["toolbar", "filters"].forEach((id) => (find(id).hidden = false));
	}

	function startLive(view, data) {
		if (!data.served) {
			Live.reloadOnReturn(AWAY_MS);
			return;
		}
		find("newest").hidden = false;
		Live.start(data.sequence, {
			row: (row) => view.row(row),
			gone: (name) => view.gone(name),
			state: (state) => {
				find("live").textContent = state === "live" ? "live" : "connection lost";
				find("live").classList.toggle("lost", state !== "live");
			},
		});
	}

	function start() {
		const data = JSON.parse(find("data").textContent);
		const view = new View(data);
		Theme.start(find("theme"));
		startFields(view);
		document.documentElement.classList.add("scripted");
		document.querySelectorAll(".note").forEach((note) => note.remove());
		view.facts();
		State.start((state) => view.show(state));
		window.addEventListener("resize", () => view.plot(view.items, State.get()));
		startLive(view, data);
	}

	return { start };
})();

Page.start();
