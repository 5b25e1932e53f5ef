/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the views show: the call tree and the functions, computed from the report as the page without script computes them. */
/* exported Model */
/* global Words */

const Model = (() => {
	const Z_95 = 1.959964;

	function isOwn(frame) {
		if (frame.kind === "kernel") {
			return false;
		}
		if (frame.kind === "native") {
			const base = Words.tail(frame.module || "[", 1);
			return !(base.startsWith("[") || base.startsWith("ld-") || (base.startsWith("lib") && base.includes(".so")));
		}
		return !/\/site-packages\/|\/dist-packages\/|\/lib\/python3|<frozen/.test(frame.file || "");
	}

	/* For each frame the first one that differs from it in nothing but the line. */
	function mergeFrames(frames) {
		const seen = new Map();
		return frames.map((f, i) => {
			const key = JSON.stringify([f.function, f.file, f.module, f.kind]);
			if (!seen.has(key)) {
				seen.set(key, i);
			}
			return seen.get(key);
		});
	}

	function newNode(tree, parent, kind, properties) {
		const node = {
			id: tree.length, parent, kind, frame: -1, line: 0, class: "", object: null,
			cpu: 0, wait: 0, self: 0, count: 0, children: [], byClass: new Map(), ...properties,
		};
		tree.push(node);
		if (parent) {
			parent.children.push(node);
		}
		return node;
	}

	function add(node, timeClass, ns) {
		node.byClass.set(timeClass, (node.byClass.get(timeClass) || 0) + ns);
	}

	/* The class that ready time after a wait counts in. */
	function readyClass(wait) {
		return wait.cause === "throttled" ? "throttled" : "run_queue";
	}

	/* A wait as one or two pieces of time: [class, object, ns]. */
	function pieces(wait) {
		return [[wait.cause, wait.object, wait.duration_ns], [readyClass(wait), null, wait.runnable_ns]].filter((piece) => piece[2]);
	}

	/* The class that on-CPU time at a stack counts in: where its innermost frame is. */
	function cpuClass(report, stack) {
		return stack >= 0 && report.frames[report.stacks[stack][1]].kind === "kernel" ? "cpu_kernel" : "cpu_user";
	}

	/* The frame that a stack begins with. */
	function outermost(stacks, stack) {
		while (stacks[stack][0] >= 0) {
			stack = stacks[stack][0];
		}
		return stacks[stack][1];
	}

	class TreeBuilder {
		constructor(report, merged) {
			this.report = report;
			this.nodes = [];
			this.index = new Map();
			this.root = newNode(this.nodes, null, "root", {});
			this.ofStack = [];
			const beginsTask = new Set(report.awaits.filter((await_) => await_.stack >= 0).map(({ stack }) => merged[outermost(report.stacks, stack)]));
			const inTask = [];
			for (const [parent, frame] of report.stacks) {
				const within = parent >= 0 && inTask[parent];
				const begins = !within && beginsTask.has(merged[frame]);
				inTask.push(within || begins);
				this.ofStack.push(this.child(parent < 0 || begins ? this.root : this.ofStack[parent], "frame", merged[frame], { frame: merged[frame] }));
			}
		}

		child(parent, kind, what, properties) {
			const key = `${parent.id} ${kind} ${what}`;
			if (!this.index.has(key)) {
				this.index.set(key, newNode(this.nodes, parent, kind, properties));
			}
			return this.index.get(key);
		}

		at(stack) {
			return stack < 0 ? this.root : this.ofStack[stack];
		}

		addSamples() {
			const { stack, weight_ns: weight } = this.report.samples;
			for (let i = 0; i < stack.length; i++) {
				const node = stack[i] < 0 ? this.child(this.root, "no-stack", "", {}) : this.ofStack[stack[i]];
				node.cpu += weight[i];
				node.self += weight[i];
				node.count++;
				add(node, cpuClass(this.report, stack[i]), weight[i]);
			}
		}

		addWaits() {
			for (const wait of this.report.waits) {
				for (const [timeClass, object, ns] of pieces(wait)) {
					const node = this.child(this.at(wait.stack), "wait", JSON.stringify([timeClass, object]), { class: timeClass, object });
					node.wait += ns;
					node.count++;
					add(node, timeClass, ns);
				}
			}
		}

		/* What the request was suspended for. */
		addAwaits() {
			for (const { stack, cause, object, suspended_ns: ns } of this.report.awaits) {
				if (ns) {
					const node = this.child(this.at(stack), "await", JSON.stringify([cause, object]), { class: cause, object });
					node.wait += ns;
					node.count++;
					add(node, "suspended", ns);
				}
			}
		}

		/* What its event loop did for others. */
		addBusy() {
			this.report.loop_busy.forEach((busy, i) => {
				const node = this.child(this.root, "busy", i, { class: "loop_busy", busy });
				node.wait = busy.duration_ns;
				add(node, "loop_busy", busy.duration_ns);
			});
		}

		/* Wall time of waiting classes that no recorded wait shows. */
		addRest() {
			const recorded = new Map();
			for (const wait of this.report.waits) {
				for (const [timeClass, , ns] of pieces(wait)) {
					recorded.set(timeClass, (recorded.get(timeClass) || 0) + ns);
				}
			}
			recorded.set("suspended", this.report.awaits.reduce((sum, { suspended_ns: ns }) => sum + ns, 0));
			recorded.set("loop_busy", this.report.loop_busy.reduce((sum, { duration_ns: ns }) => sum + ns, 0));
			const { classes_ns: ns, ambiguous_ns: ambiguous } = this.report.time;
			for (const timeClass of Words.classes.slice(Words.classes.indexOf("run_queue"), -1)) {
				this.addClass("class", timeClass, ns[timeClass] - (recorded.get(timeClass) || 0));
			}
			this.addClass("ambiguous", "unknown", Math.min(ambiguous, ns.unknown));
			this.addClass("class", "unknown", ns.unknown - Math.min(ambiguous, ns.unknown));
		}

		addClass(kind, timeClass, ns) {
			if (ns > 0) {
				const node = this.child(this.root, kind, timeClass, { class: timeClass });
				node.wait = ns;
				add(node, timeClass, ns);
			}
		}

		/* The line of a node is that of the stack with the most time there. */
		chooseLines() {
			const { stacks, frames, samples, waits, awaits } = this.report;
			const times = new Float64Array(stacks.length);
			const most = new Float64Array(this.nodes.length).fill(-1);
			samples.stack.forEach((stack, i) => stack >= 0 && (times[stack] += samples.weight_ns[i]));
			waits.forEach((wait) => wait.stack >= 0 && (times[wait.stack] += wait.duration_ns + wait.runnable_ns));
			awaits.forEach(({ stack, suspended_ns: ns }) => stack >= 0 && (times[stack] += ns));
			for (let i = stacks.length - 1; i >= 0; i--) {
				const [parent, frame] = stacks[i];
				const node = this.ofStack[i];
				if (parent >= 0) {
					times[parent] += times[i];
				}
				if (times[i] >= most[node.id]) {
					most[node.id] = times[i];
					node.line = frames[frame].line;
				}
			}
		}

		sumUp() {
			for (let i = this.nodes.length - 1; i > 0; i--) {
				const { parent, cpu, wait, kind, count, byClass } = this.nodes[i];
				parent.cpu += cpu;
				parent.wait += wait;
				if (kind === "frame" || kind === "no-stack") {
					parent.count += count;
				}
				byClass.forEach((ns, timeClass) => add(parent, timeClass, ns));
			}
		}

		build() {
			this.addSamples();
			this.addWaits();
			this.addAwaits();
			this.addBusy();
			this.addRest();
			this.chooseLines();
			this.sumUp();
			return this.root;
		}
	}

	/* Half the width of the 95 % interval (Wilson) of what the samples of each thread put at one place. */
	function samplingError(threads, hits) {
		let variance = 0;
		threads.forEach(({ weight, squares }, thread) => {
			if (!weight) {
				return;
			}
			const n = weight * weight / squares;
			const share = (hits.get(thread) || 0) / weight;
			const half = Z_95 / (1 + Z_95 * Z_95 / n) * Math.sqrt(share * (1 - share) / n + Z_95 * Z_95 / (4 * n * n));
			variance += (half * weight) ** 2;
		});
		return Math.sqrt(variance);
	}

	function weighThreads(report) {
		const threads = report.threads.map(() => ({ weight: 0, squares: 0 }));
		report.samples.weight_ns.forEach((weight, i) => {
			threads[report.samples.thread[i]].weight += weight;
			threads[report.samples.thread[i]].squares += weight * weight;
		});
		return threads;
	}

	/* Functions: self and total CPU time, waits, samples, the error of self. */
	function listFunctions(report, merged) {
		const functions = new Map();
		const stackFunctions = []; /* of each stack, each function once */
		const of = (frame) => {
			if (!functions.has(frame)) {
				functions.set(frame, { frame, line: 0, most: -1, self: 0, total: 0, wait: 0, samples: 0, hits: new Map() });
			}
			return functions.get(frame);
		};
		for (const [parent, frame] of report.stacks) {
			const above = parent < 0 ? [] : stackFunctions[parent];
			stackFunctions.push(above.includes(merged[frame]) ? above : [...above, merged[frame]]);
		}
		const byFrame = new Map(); /* self time by exact frame, for the line */
		report.samples.stack.forEach((stack, i) => {
			const weight = report.samples.weight_ns[i];
			const leaf = stack < 0 ? -1 : report.stacks[stack][1];
			const self = of(leaf < 0 ? -1 : merged[leaf]);
			self.self += weight;
			self.hits.set(report.samples.thread[i], (self.hits.get(report.samples.thread[i]) || 0) + weight);
			byFrame.set(leaf, (byFrame.get(leaf) || 0) + weight);
			for (const frame of stack < 0 ? [-1] : stackFunctions[stack]) {
				of(frame).total += weight;
				of(frame).samples++;
			}
		});
		for (const wait of report.waits) {
			for (const frame of wait.stack < 0 ? [] : stackFunctions[wait.stack]) {
				of(frame).wait += wait.duration_ns + wait.runnable_ns;
			}
		}
		report.frames.forEach((frame, i) => {
			const f = functions.get(merged[i]);
			if (f && (byFrame.get(i) || 0) > f.most) {
				f.most = byFrame.get(i) || 0;
				f.line = frame.line;
			}
		});
		const threads = weighThreads(report);
		return [...functions.values()].map((f) => ({ ...f, error: f.self && f.frame >= 0 ? samplingError(threads, f.hits) : 0 }))
			.sort((a, b) => b.self - a.self || b.total - a.total || b.wait - a.wait || a.frame - b.frame);
	}

	/* The innermost own frame of a stack, else the innermost outside of the kernel, else the innermost; −1 = no stack. */
	function ownFrame(report, stack) {
		let user = -1;
		for (let s = stack; s >= 0; s = report.stacks[s][0]) {
			const frame = report.stacks[s][1];
			if (isOwn(report.frames[frame])) {
				return frame;
			}
			if (user < 0 && report.frames[frame].kind !== "kernel") {
				user = frame;
			}
		}
		return user >= 0 || stack < 0 ? user : report.stacks[stack][1];
	}

	function make(report) {
		const merged = mergeFrames(report.frames);
		return {
			report, root: new TreeBuilder(report, merged).build(), functions: listFunctions(report, merged),
			wall: report.time.wall_ns, decimals: Words.decimals(report.time.wall_ns),
		};
	}

	return { make, isOwn, ownFrame };
})();
