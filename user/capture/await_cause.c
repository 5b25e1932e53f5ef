/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "capture/await_cause.h"

#include <string.h>

#include "base/cleanup.h"

#define FRAMES_LOOKED_AT 8

/* Where a coroutine stands: the end of its file's name and of its qualified name (from 3.11; before only the last part is known). More special ones
 * come first, as they are around the more general ones. */
static const struct rule {
	const char *file, *function;
	struct await_cause is;
} rules[] = {
	{"/uvicorn/protocols/http/h11_impl.py", "receive", {.cause = TIME_network, .client = true}},
	{"/uvicorn/protocols/http/httptools_impl.py", "receive", {.cause = TIME_network, .client = true}},
	{"/uvicorn/protocols/http/flow_control.py", "drain", {.cause = TIME_network, .client = true}},
	{"/starlette/concurrency.py", "run_in_threadpool", {.cause = TIME_other_wait, .object = "thread pool"}},
	{"/anyio/_backends/_asyncio.py", "run_sync_in_worker_thread", {.cause = TIME_other_wait, .object = "thread pool"}},
	{"/anyio/to_thread.py", "run_sync", {.cause = TIME_other_wait, .object = "thread pool"}},
	{"/asyncio/threads.py", "to_thread", {.cause = TIME_other_wait, .object = "thread pool"}},
	{"/asgiref/sync.py", "SyncToAsync.__call__", {.cause = TIME_other_wait, .object = "thread pool"}},
	{"/asyncio/tasks.py", "sleep", {.cause = TIME_sleep, .timer = true}},
	{"/anyio/_backends/_asyncio.py", "SocketStream.receive", {.cause = TIME_network, .peer = true}},
	{"/anyio/_backends/_asyncio.py", "SocketStream.send", {.cause = TIME_network, .peer = true}},
	{"/asyncio/streams.py", "_wait_for_data", {.cause = TIME_network, .peer = true}},
	{"/asyncio/streams.py", "drain", {.cause = TIME_network, .peer = true}},
	{"/asyncio/streams.py", "_drain_helper", {.cause = TIME_network, .peer = true}},
	{"/asyncio/selector_events.py", "sock_recv", {.cause = TIME_network, .peer = true}},
	{"/asyncio/selector_events.py", "sock_recv_into", {.cause = TIME_network, .peer = true}},
	{"/asyncio/selector_events.py", "sock_sendall", {.cause = TIME_network, .peer = true}},
	{"/asyncio/selector_events.py", "sock_connect", {.cause = TIME_network, .peer = true}},
	{"/asyncio/selector_events.py", "sock_accept", {.cause = TIME_network}},
	{"/asyncio/base_events.py", "create_connection", {.cause = TIME_network, .peer = true}},
	{"/asyncio/base_events.py", "getaddrinfo", {.cause = TIME_network, .object = "name lookup"}},
	{"/aiohttp/streams.py", "_wait", {.cause = TIME_network, .peer = true}},
	{"/aiohttp/client_proto.py", "read", {.cause = TIME_network, .peer = true}},
	{"/asyncio/locks.py", "Lock.acquire", {.cause = TIME_lock, .object = "asyncio.Lock"}},
	{"/asyncio/locks.py", "Condition.wait", {.cause = TIME_lock, .object = "asyncio.Condition"}},
	{"/asyncio/locks.py", "Semaphore.acquire", {.cause = TIME_lock, .object = "asyncio.Semaphore"}},
	{"/asyncio/locks.py", "Barrier._wait", {.cause = TIME_lock, .object = "asyncio.Barrier"}},
	{"/anyio/_core/_synchronization.py", "Lock.acquire", {.cause = TIME_lock, .object = "anyio.Lock"}},
	{"/anyio/_core/_synchronization.py", "Semaphore.acquire", {.cause = TIME_lock, .object = "anyio.Semaphore"}},
	{"/asyncio/locks.py", "acquire", {.cause = TIME_lock, .object = "asyncio lock"}},
	{"/asyncio/locks.py", "wait", {.cause = TIME_other_wait, .object = "asyncio.Event"}},
	{"/asyncio/queues.py", "get", {.cause = TIME_other_wait, .object = "asyncio.Queue"}},
	{"/asyncio/queues.py", "put", {.cause = TIME_other_wait, .object = "asyncio.Queue"}},
	{"/asyncio/queues.py", "join", {.cause = TIME_other_wait, .object = "asyncio.Queue"}},
	{"/asyncio/subprocess.py", "wait", {.cause = TIME_child}},
	{"/asyncio/base_subprocess.py", "_wait", {.cause = TIME_child}},
	{"/asyncio/taskgroups.py", "__aexit__", {.cause = TIME_other_wait, .object = "task group"}},
	{"/anyio/_backends/_asyncio.py", "TaskGroup.__aexit__", {.cause = TIME_other_wait, .object = "task group"}},
	{"/asyncio/tasks.py", "wait", {.cause = TIME_other_wait, .object = "asyncio.wait"}},
	{"/asyncio/tasks.py", "_wait", {.cause = TIME_other_wait, .object = "asyncio.wait"}},
	{"/asyncio/tasks.py", "wait_for", {.cause = TIME_other_wait, .object = "asyncio.wait_for"}},
};

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && !memcmp(s + n - m, end, m);
}

/* "Lock.acquire" names only itself and what is inside of another name; where only "acquire" is known rules without a class apply. */
static bool is_function(const char *name, const char *wanted)
{
	size_t n = strlen(name), m = strlen(wanted);

	return ends_with(name, wanted) && (n == m || name[n - m - 1] == '.');
}

static bool has(const struct profile *p, int32_t stack, const struct rule *rule)
{
	for (int i = 0; stack >= 0 && i < FRAMES_LOOKED_AT; i++, stack = p->stacks[stack].parent) {
		const struct frame *f = &p->frames[p->stacks[stack].frame];

		if (f->file && ends_with(f->file, rule->file) && is_function(f->function, rule->function))
			return true;
	}
	return false;
}

bool await_cause(const struct profile *p, int32_t stack, struct await_cause *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
		if (has(p, stack, &rules[i])) {
			*ret = rules[i].is;
			return true;
		}
	}
	*ret = (struct await_cause){.cause = TIME_other_wait, .object = "future", .peer = true};
	return false;
}
