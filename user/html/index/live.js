/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What happens in the directory, from the server that served the page. Only a page that is looked at listens: browsers allow six connections. */
/* exported Live */

const Live = (() => {
	const AGAIN_MS = 5000; /* after an end that the browser does not come back from by itself */

	/* sequence: what the page has already. told: {row(row), gone(name), state("live"|"lost")}. */
	function start(sequence, told) {
		let last = sequence;
		let source = null;

		function on(type, handler) {
			source.addEventListener(type, (event) => {
				last = Number(event.lastEventId) || last;
				handler(JSON.parse(event.data));
			});
		}

		function listen() {
			source = new EventSource(`events?since=${last}`);
			source.addEventListener("open", () => told.state("live"));
			source.addEventListener("error", () => {
				told.state("lost");
				if (source && source.readyState === EventSource.CLOSED) {
					source = null;
					setTimeout(change, AGAIN_MS);
				}
			});
			on("row", told.row);
			on("gone", told.gone);
			on("again", () => window.location.reload()); /* more has happened than the server remembers */
		}

		function change() {
			const seen = document.visibilityState !== "hidden";
			if (seen && !source) {
				listen();
			} else if (!seen && source) {
				source.close();
				source = null;
			}
		}

		document.addEventListener("visibilitychange", change);
		window.addEventListener("pagehide", () => source && source.close());
		window.addEventListener("pageshow", (event) => {
			if (event.persisted) {
				source = null;
				change();
			}
		});
		change();
	}

	/* A file cannot tell that it was written anew. So it is read again when somebody comes back to it: place and filters are in its URL. */
	function reloadOnReturn(afterMs) {
		let left = null;
		document.addEventListener("visibilitychange", () => {
			if (document.visibilityState === "hidden") {
				left = Date.now();
			} else if (left && Date.now() - left > afterMs) {
				window.location.reload();
			}
		});
	}

	return { start, reloadOnReturn };
})();
