// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// An HTTP server whose requests compute: JSON, sorting with callbacks, regular expressions, recursion, compression. Prints "port N".
const crypto = require("crypto");
const http = require("http");
const zlib = require("zlib");

const data = Array.from({ length: 100 }, (_, i) => ({ id: i, name: `item ${i}`, tags: ["a", "b", String(i)], nested: { x: [i / 3, i] } }));

function recurse(n) {
	return n ? recurse(n - 1) + 1 : data.map((x) => x.id * 2).reduce((a, b) => a + b, 0);
}

function compute() {
	const text = JSON.stringify(data);
	const sorted = JSON.parse(text).sort((a, b) => (a.name < b.name ? -1 : 1));
	const found = text.match(/"name":"item (\d+)"/g).length;

	return recurse(40) + sorted.length + found + zlib.deflateSync(text).length + crypto.createHash("sha256").update(text).digest()[0];
}

http.createServer((request, response) => response.end(`${compute()}\n`)).listen(0, "127.0.0.1", function () {
	console.log(`port ${this.address().port}`);
});
