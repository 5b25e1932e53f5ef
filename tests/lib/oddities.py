# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The table of tests/integration/oddities.t: what a client sends, what the server does, which reports that must give.

A case has a name, which is also the path of the requests that must have a report ("/NAME", "/NAME-2" …): `reports` says how many, `expect` what
each of them says about the request. `send` is bytes, or a list of actions of the client: bytes, a pause in seconds, "reset"."""
from dataclasses import dataclass, field

OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
FORGED = b"GET /forged?profile=1 HTTP/1.1\r\nHost: x\r\n\r\n"


@dataclass
class Case:
    name: str
    send: object
    steps: list = None
    reports: int = 1
    expect: dict = field(default_factory=dict)
    least_ms: dict = field(default_factory=dict)
    listener: str = "tcp"

    @property
    def bytes_sent(self):
        return self.send if isinstance(self.send, bytes) else b"".join(a for a in self.send if isinstance(a, bytes))


def get(name, query="?profile=1", headers="", version="1.1", method="GET"):
    return f"{method} /{name}{query} HTTP/{version}\r\nHost: x\r\n{headers}\r\n".encode()


def post(name, body, query="?profile=1", headers=None):
    headers = f"Content-Length: {len(body)}\r\n" if headers is None else headers
    return get(name, query, headers, method="POST") + body


def read(size=65536, how="recv", total=None):
    return ["read", how, size, total]


def write(text=OK, how="send"):
    return ["write", how, text]


def calls():
    """Every call that reads a request or writes a response."""
    for how in "read", "recv", "recvfrom", "recvmsg", "readv":
        yield Case(f"read-by-{how}", get(f"read-by-{how}"), [read(how=how), write()])
        yield Case(f"bytes-by-{how}", get(f"bytes-by-{how}"), [read(1 if how != "readv" else 2, how), write()])
    for how in "write", "send", "sendto", "sendmsg", "writev":
        yield Case(f"write-by-{how}", get(f"write-by-{how}"), [read(), write(how=how)])
        yield Case(f"pieces-by-{how}", get(f"pieces-by-{how}"), [read(), *(write(OK[i:i + 7], how) for i in range(0, len(OK), 7))])
    yield Case("body-by-sendfile", get("body-by-sendfile"), [read(), write(OK[:-2]), write("ok", "sendfile")])
    yield Case("peek", get("peek"), [["peek", 100], read(), write()])
    yield Case("peek-twice", get("peek-twice"), [["peek", 5], ["peek", 65536], read(9), write()])


def request_lines():
    """What is a request line, and where it may be cut."""
    yield Case("lone-lf", b"GET /lone-lf?profile=1 HTTP/1.1\nHost: x\n\n")
    yield Case("empty-lines", b"\r\n\n\r\n" + get("empty-lines"))
    yield Case("version-1.0", get("version-1.0", version="1.0"), expect={"http_version": "1.0"})
    yield Case("method-24", get("method-24", method="A" * 24), expect={"method": "A" * 24})
    yield Case("method-25", get("method-25", method="A" * 25), reports=0)
    yield Case("method-lower", get("method-lower", method="get"), reports=0)
    yield Case("method-token", get("method-token", method="M-SEARCH"), expect={"method": "M-SEARCH"})
    yield Case("version-0.9", b"GET /version-0.9?profile=1\r\n\r\n", reports=0)
    yield Case("version-2.0", get("version-2.0", version="2.0"), reports=0)
    yield Case("absolute-form", b"GET http://x/absolute-form?profile=1 HTTP/1.1\r\nHost: x\r\n\r\n",
               expect={"target": "http://x/absolute-form?profile=1"})
    for at in 1, 3, 4, 5, 12, 20, 21, 30, 31, 32, 40, 41, 42:
        name = f"cut-{at:02}"
        data = get(name)
        yield Case(name, data, [read(total=at), ["sleep", 0.01], read(total=len(data) - at), write()])


def markers():
    """Only a whole parameter of the query is the marker."""
    for i, target in enumerate(["profile=1", "?xprofile=1", "?profile=10", "?profile=1x", "?profile", "?profile=", "?PROFILE=1",
                                "?%70rofile=1", "#?profile=1", "?a#profile=1", "?a#&profile=1", "?a;profile=1", "/profile=1?x", "?a=profile=1"]):
        yield Case(f"unmarked-{i}", get(f"unmarked-{i}", target), reports=0)
    for i, target in enumerate(["?a&profile=1", "?profile=1&b", "?profile=2&profile=1", "?&&profile=1&", "?a?b&profile=1", "?profile=1#x"]):
        yield Case(f"marked-{i}", get(f"marked-{i}", target))
    yield Case("in-header", get("in-header", "", "X: ?profile=1\r\nReferer: /?profile=1\r\n"), reports=0)
    yield Case("in-body", post("in-body", b"?profile=1", ""), reports=0)
    yield Case("masked", get("masked", "?id=secret-value&profile=1&secret-flag"), expect={"target": "/masked?id=…&profile=1&secret-flag"})
    yield Case("long-within", get("long-within", "?profile=1&a=" + "x" * 7000))
    yield Case("long-beyond", get("long-beyond", "?a=" + "x" * 9000 + "&profile=1"), reports=0)
    after = get("long-then", "?a=" + "x" * 9000), get("long-then")
    yield Case("long-then", b"".join(after), [read(total=len(after[0])), write(), read(total=len(after[1])), write()])


def requests_with_bodies():
    chunked = b"5;name=value\r\nhello\r\n%x\r\n%s\r\n0\r\nTrailer: x\r\n\r\n" % (len(FORGED), FORGED)
    yield Case("body", post("body", b"x" * 3000))
    yield Case("body-apart", post("body-apart", FORGED * 3), [read(len(FORGED)), write()])
    yield Case("chunked", post("chunked", chunked, headers="Transfer-Encoding: chunked\r\n"))
    yield Case("chunked-bytes", post("chunked-bytes", chunked, headers="Transfer-Encoding: chunked\r\n"), [read(1), write()])
    two = post("forged-1", FORGED * 2, ""), get("forged-2", "")
    heads = [len(two[0]) - 2 * len(FORGED), len(FORGED), len(FORGED)]
    yield Case("forged", b"".join(two), [*(read(total=n) for n in heads), write(), read(total=len(two[1])), write()], reports=0)
    two = post("then-1", FORGED, ""), get("then")
    yield Case("then", b"".join(two), [read(total=len(two[0]) - len(FORGED)), read(total=len(FORGED)), write(), read(total=len(two[1])), write()])
    two = post("forged-chunk", b"%x\r\n%s\r\n0\r\n\r\n" % (len(FORGED), FORGED), "", "Transfer-Encoding: chunked\r\n"), get("after-chunks")
    yield Case("after-chunks", b"".join(two), [read(20, total=len(two[0])), write(), read(total=len(two[1])), write()])
    data = post("continue", b"x" * 500, headers="Expect: 100-continue\r\nContent-Length: 500\r\n")
    yield Case("continue", data, [read(total=len(data) - 500), write("HTTP/1.1 100 Continue\r\n\r\n"), read(total=500), write()],
               expect={"status": 200, "bytes_out": len(OK) + 25})
    yield Case("early-answer", post("early-answer", b"x" * 500), [read(total=100), write(), read(total=len(post("early-answer", b"x" * 500)) - 100)],
               expect={"status": 200, "bytes_in": None})


def given_up():
    """Where lengths contradict each other nothing that follows is believed."""
    for i, headers in enumerate(["Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "Content-Length: 5\r\nContent-Length: 6\r\n",
                                 "Content-Length: x\r\n", "Content-Length: -1\r\n", "Content-Length: 5\r\n folded: x\r\n",
                                 "Content-Length: 99999999999999999999999\r\n", "Transfer-Encoding: gzip\r\n"]):
        first, second = get(f"contradiction-{i}", "", headers, method="POST") + b"hello", get(f"given-up-{i}")
        yield Case(f"given-up-{i}", first + second, [read(total=len(first)), write(), read(total=len(second)), write()], reports=0)


def responses():
    head = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
    yield Case("head", get("head", method="HEAD"), [read(), write(head)], expect={"method": "HEAD"})
    yield Case("no-content", get("no-content"), [read(), write("HTTP/1.1 204 No Content\r\n\r\n")], expect={"status": 204})
    yield Case("not-modified", get("not-modified"), [read(), write("HTTP/1.1 304 Not Modified\r\nContent-Length: 1000\r\n\r\n")],
               expect={"status": 304})
    hints = "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
    yield Case("early-hints", get("early-hints"), [read(), write(hints), write(hints), write()])
    chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n8;x=y\r\nHTTP/1.1\r\n0\r\nTrailer: x\r\n\r\n"
    yield Case("chunked-response", get("chunked-response"), [read(), write(chunked)])
    yield Case("chunked-response-bytes", get("chunked-response-bytes"), [read(), *(write(c) for c in chunked)])
    closed = "HTTP/1.0 200 OK\r\n\r\n" + "x" * 3000
    yield Case("close-delimited", get("close-delimited"), [read(), write(closed[:1000]), write(closed[1000:])], expect={"end": ("seen", "inferred")})
    yield Case("upgrade", get("upgrade", headers="Upgrade: x\r\nConnection: upgrade\r\n") + FORGED,
               [read(total=len(get("upgrade", headers="Upgrade: x\r\nConnection: upgrade\r\n"))),
                write("HTTP/1.1 101 Switching Protocols\r\n\r\n"), read(total=len(FORGED)), write("x" * 100)],
               expect={"status": 101, "bytes_in": None, "bytes_out": 36, "end": ("seen", "inferred")})
    yield Case("no-response", get("no-response"), [read()], expect={"status": 0, "end": "cut_off", "bytes_out": 0})
    yield Case("lf-response", get("lf-response"), [read(), write("HTTP/1.1 200 OK\nContent-Length: 2\n\nok")])


def connections():
    """Several requests on one connection, and what may come before the first."""
    three = [get("before", ""), get("middle"), get("behind", "")]
    sizes = [len(r) for r in three]
    yield Case("middle", b"".join(three), [read(total=sum(sizes)), ["sleep", 0.03], write(), ["sleep", 0.01], write(), write()],
               expect={"bytes_in": sizes[1]}, least_ms={"pipeline_queue_ns": 30, "wall_ns": 10})
    three = [get("cut-before", ""), get("cut-middle"), get("cut-behind", "")]
    yield Case("cut-middle", b"".join(three), [read(17, total=sum(map(len, three))), write(), write(), write()], expect={"bytes_in": len(three[1])})
    kept = [get("kept"), get("kept-2"), get("kept-3", "")]
    yield Case("kept", b"".join(kept), [s for r in kept for s in (read(total=len(r)), write())], reports=2)
    yield Case("proxy-v1", b"PROXY TCP4 192.0.2.1 192.0.2.2 40000 80\r\n" + get("proxy-v1"), expect={"bytes_in": len(get("proxy-v1"))})
    header = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + bytes([192, 0, 2, 1, 192, 0, 2, 2, 156, 64, 0, 80])
    yield Case("proxy-v2", header + get("proxy-v2"), expect={"bytes_in": len(get("proxy-v2"))})
    yield Case("proxy-v2-apart", header + get("proxy-v2-apart"), [read(total=16), read(total=12), read(total=len(get("proxy-v2-apart"))), write()],
               expect={"bytes_in": len(get("proxy-v2-apart"))})
    yield Case("over-ipv6", get("over-ipv6"), listener="tcp6")
    yield Case("over-unix", get("over-unix"), listener="unix")
    yield Case("over-unix-bytes", get("over-unix-bytes"), [read(1), write()], listener="unix")


def foreign():
    """What is no HTTP/1 stays unread, whatever it contains."""
    hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x55" * 500
    yield Case("tls", hello + get("tls"), [read(total=len(hello)), read(total=len(get("tls"))), write("\x16\x03\x03")], reports=0)
    preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0" * 9
    yield Case("http2", preface + get("http2"), [read(total=len(preface)), read(total=len(get("http2"))), write("x")], reports=0)
    noise = bytes(range(128, 256)) * 4
    yield Case("garbage", noise + get("garbage"), [read(total=len(noise)), read(total=len(get("garbage"))), write("x")], reports=0)
    yield Case("garbage-after", get("garbage-after") + noise, [read(total=len(get("garbage-after"))), write(), read(total=len(noise)), write("x")],
               expect={"bytes_in": len(get("garbage-after")), "bytes_out": len(OK)})


def slow_and_broken():
    data = get("stalled")
    yield Case("stalled", [data[:20], 0.2, data[20:]], [read(total=20), read(total=len(data) - 20), write()],
               least_ms={"wall_ns": 190, "network": 180})
    data = post("stalled-body", b"x" * 100)
    yield Case("stalled-body", [data[:-50], 0.2, data[-50:]], [read(total=len(data) - 50), read(total=50), write()],
               least_ms={"wall_ns": 190, "network": 190})
    yield Case("half-a-line", [get("half-a-line")[:20], 0.05, "reset"], [read(total=20), ["eof"]], reports=0)
    data = post("reset-body", b"x" * 100)
    yield Case("reset-body", [data[:-50], 0.1, "reset"], [read(total=len(data) - 50), ["eof"]],
               expect={"status": 0, "end": "cut_off", "bytes_in": len(data) - 50, "bytes_out": 0})
    yield Case("reset-by-server", get("reset-by-server"), [read(), write(OK[:-1]), ["reset"]],
               expect={"status": 200, "end": ("inferred", "cut_off"), "bytes_out": len(OK) - 1})


def all_cases():
    for family in calls, request_lines, markers, requests_with_bodies, given_up, responses, connections, foreign, slow_and_broken:
        for case in family():
            case.steps = [step if step[0] != "read" or step[3] else ["read", step[1], step[2], len(case.bytes_sent)]
                          for step in case.steps or [read(), write()]]
            yield case
