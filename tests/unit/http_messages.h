/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Requests and responses that the tests of HTTP on sockets are made of. */
#ifndef REQPROF_HTTP_MESSAGES_H
#define REQPROF_HTTP_MESSAGES_H

#define MARKED "GET /a?profile=1 HTTP/1.1\r\nHost: x\r\n\r\n"
#define FORGED "GET /forged?profile=1 HTTP/1.1\r\nHost: x\r\n\r\n"
#define OK "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
#define HEAD(line, fields) line " HTTP/1.1\r\nHost: x\r\n" fields "\r\n"
#define CHUNKED_OK "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nok\r\n0\r\n\r\n"

#endif
