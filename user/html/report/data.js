/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The report's JSON document, as it stands in the page: plain, or deflated and in base64 when it is large. */
/* exported Data */

const Data = (() => {
	async function inflate(base64) {
		const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
		const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
		return new Response(stream).text();
	}

	/* The document as text. Throws where the browser cannot inflate. */
	async function text() {
		const element = document.getElementById("data");
		return element.dataset.encoding === "deflate" ? inflate(element.textContent) : element.textContent;
	}

	return { text };
})();
