/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "fixtures.h"

#include <string.h>

#include "base/alloc.h"
#include "script.h"

#define PYTHON "/usr/bin/python3.11"
#define LIBC "/usr/lib/x86_64-linux-gnu/libc.so.6"
#define LIBPQ "/usr/lib/x86_64-linux-gnu/libpq.so.5.15"
#define SHOP "/opt/shop/bin/shop"
#define VIEWS "/srv/orders/app/views.py"
#define JSON_FILE "/srv/orders/app/json.py"
#define DB_FILE "/srv/orders/app/db.py"
#define PG "127.0.0.1:5432"

static void add_mark(struct profile *p, enum mark_kind kind, uint64_t us)
{
	p->request.marks[p->request.n_marks++] = (struct mark){us * US, kind};
}

static void add_executable(struct profile *p, const char *path, const char *build_id)
{
	struct about *about = &p->about;

	GROW(about->executables, about->n_executables, about->cap_executables);
	about->executables[about->n_executables++] = (struct executable){profile_string(p, path), profile_string(p, build_id), 1000};
}

/* ---- orders: a `def` endpoint that computes, and asks a database ------------------------------------------------- */

struct orders_stacks {
	int32_t main, views, serialize, encode, unicode, json, fetch, query;
};

static struct orders_stacks orders_stacks(struct script *s)
{
	struct orders_stacks k;
	int32_t worker = script_call(s, -1, script_frame(s, "WorkerThread.run", "/usr/lib/python3/dist-packages/anyio/_backends/_asyncio.py", 867,
							 "anyio", FRAME_python));
	int32_t json, libpq;

	k.main = script_call(s, -1, script_frame(s, "run_endpoint_function", "/usr/lib/python3/dist-packages/fastapi/routing.py", 167, "fastapi",
						 FRAME_python));
	k.views = script_call(s, worker, script_frame(s, "list_orders", VIEWS, 28, "app", FRAME_python));
	k.serialize = script_call(s, k.views, script_frame(s, "serialize", VIEWS, 41, "app", FRAME_python));
	k.encode = script_call(s, k.serialize, script_frame(s, "encode_decimal", JSON_FILE, 17, "app", FRAME_python));
	k.unicode = script_call(s, k.encode, script_frame(s, "unicode_format", NULL, 0, "/usr/lib/x86_64-linux-gnu/libpython3.11.so.1.0",
							  FRAME_native));
	json = script_call(s, k.serialize, script_frame(s, "JSONEncoder.encode", "/usr/lib/python3.11/json/encoder.py", 200, "json", FRAME_python));
	json = script_call(s, json, script_frame(s, "_make_iterencode.<locals>._iterencode", "/usr/lib/python3.11/json/encoder.py", 432, "json",
						 FRAME_python));
	k.json = script_call(s, json, script_frame(s, "_make_iterencode.<locals>._iterencode_list", "/usr/lib/python3.11/json/encoder.py", 326,
						   "json", FRAME_python));
	k.fetch = script_call(s, k.views, script_frame(s, "fetch_orders", DB_FILE, 88, "app", FRAME_python));
	libpq = script_call(s, k.fetch, script_frame(s, "PQgetResult", NULL, 0, LIBPQ, FRAME_native));
	k.query = script_call(s, libpq, script_frame(s, "__poll", NULL, 0, LIBC, FRAME_native));
	k.query = script_call(s, k.query, script_frame(s, "do_sys_poll", NULL, 0, "kernel", FRAME_kernel));
	return k;
}

static void orders_fetch(struct script *s, const struct orders_stacks *k)
{
	static const uint16_t waits_us[] = {3900, 9800, 2100, 3600, 8400, 3900, 2700, 4300, 3800, 4700, 500};

	for (size_t i = 0; i < sizeof waits_us / sizeof *waits_us; i++) {
		script_wait(s, &(struct script_wait){TIME_network, waits_us[i], 0, k->query, PG, "postgres", 913});
		if (i % 4 == 1)
			script_run(s, 1000, 1, k->query, true);
	}
}

static struct profile *make_orders(void)
{
	struct script s = script_new("GET", "/orders?id=…&profile=1", 200, 183400);
	struct orders_stacks k = orders_stacks(&s);
	static const uint16_t ready_us[] = {4000, 1800, 1200};

	script_thread(&s, 4242, 4242, "uvicorn", "MainThread", 0);
	script_run(&s, 1200, 1, k.main, false);
	script_wait(&s, &(struct script_wait){TIME_run_queue, 0, 2200, k.main, NULL, NULL, 0});
	script_thread(&s, 4242, 4251, "uvicorn", "AnyIO worker thread", 3400);
	script_run(&s, 300, 0, k.views, false);
	orders_fetch(&s, &k);
	script_wait(&s, &(struct script_wait){TIME_gil, 1200, 0, k.fetch, "MainThread[4242] health (GET /health)", "uvicorn", 4242});
	for (size_t i = 0; i < 3; i++) {
		script_run(&s, 4000, 4, k.serialize, false);
		script_wait(&s, &(struct script_wait){TIME_run_queue, 0, ready_us[i], k.serialize, NULL, NULL, 0});
		script_run(&s, 13000, 13, k.encode, false);
		script_run(&s, 9000 - (i == 2) * 100, 9, k.unicode, false);
		script_run(&s, 11000 + (i == 2) * 100, 11, k.json, false);
	}
	script_run(&s, 2300, 2, k.encode, false);
	script_wait(&s, &(struct script_wait){TIME_gil, 2100, 0, k.encode, "MainThread[4242] health (GET /health)", "uvicorn", 4242});
	script_wait(&s, &(struct script_wait){TIME_gil, 1100, 0, k.encode, "MainThread[4242] health (GET /health)", "uvicorn", 4242});
	script_run(&s, 400, 0, k.serialize, false);
	s.thread = 0;
	script_pass(&s, TIME_loop_busy, 2400);
	script_run(&s, 1100, 1, k.main, false);
	script_run(&s, 100, 0, k.main, true);
	s.p->time.in_flight_max = 4;
	s.p->time.socket_queue_ns = 12 * US;
	s.p->lost.stacks_truncated = 4;
	s.p->request.bytes_in = 412;
	s.p->request.bytes_out = 48213;
	s.p->about.overhead_ns = 1900 * US;
	s.p->about.program = profile_string(s.p, "uvicorn");
	s.p->about.runtime = profile_string(s.p, "CPython 3.11, uvloop");
	for (size_t i = 0; i < s.p->work.n_threads; i++)
		s.p->work.threads[i].gil_held_ns = s.p->work.threads[i].cpu_ns;
	add_mark(s.p, MARK_head_read, 60);
	add_mark(s.p, MARK_handler_entry, 2900);
	add_mark(s.p, MARK_first_response_byte, 181900);
	return script_end(&s);
}

/* ---- shop: a native server that mostly waits --------------------------------------------------------------------- */

static void shop_waits(struct script *s, int32_t sync, int32_t query, int32_t lock)
{
	static const struct script_wait waits[] = {
		{TIME_network, 9100, 40, 0, "10.0.3.17:5432", "NET_RX", 0},
		{TIME_network, 14200, 0, 0, "10.0.3.17:5432", "NET_RX", 0},
		{TIME_network, 3050, 110, 0, "10.0.9.2:6379", "NET_RX", 0},
		{TIME_network, 7400, 0, 0, "10.0.3.17:5432", "NET_RX", 0},
		{TIME_disk, 1800, 25, 0, "/var/lib/shop/cart.db-wal", "nvme0q1", 0},
		{TIME_disk, 640, 0, 0, "/var/lib/shop/cart.db-wal", "nvme0q1", 0},
		{TIME_lock, 2950, 15, 0, "pthread mutex 0x5581c0de10", "shop", 711},
	};

	for (size_t i = 0; i < sizeof waits / sizeof *waits; i++) {
		struct script_wait w = waits[i];

		w.stack = w.cause == TIME_disk ? sync : w.cause == TIME_lock ? lock : query;
		script_wait(s, &w);
		script_run(s, 120, i % 3 == 0, w.stack, i % 2);
	}
}

static struct profile *make_shop(void)
{
	struct script s = script_new("POST", "/cart/checkout?profile=1", 201, 42800);
	int32_t top = script_call(&s, -1, script_frame(&s, "worker_main", "src/worker.c", 211, SHOP, FRAME_native));
	int32_t checkout = script_call(&s, top, script_frame(&s, "checkout", "src/cart.c", 94, SHOP, FRAME_native));
	int32_t query = script_call(&s, checkout, script_frame(&s, "db_query", "src/db.c", 57, SHOP, FRAME_native));
	int32_t save = script_call(&s, checkout, script_frame(&s, "cart_save", "src/cart.c", 130, SHOP, FRAME_native));
	int32_t lock = script_call(&s, checkout, script_frame(&s, "stock_reserve", "src/stock.c", 33, SHOP, FRAME_native));

	query = script_call(&s, query, script_frame(&s, "PQexec", NULL, 0, LIBPQ, FRAME_native));
	query = script_call(&s, query, script_frame(&s, "__poll", NULL, 0, LIBC, FRAME_native));
	save = script_call(&s, save, script_frame(&s, "fdatasync", NULL, 0, LIBC, FRAME_native));
	save = script_call(&s, save, script_frame(&s, "do_fsync", NULL, 0, "kernel", FRAME_kernel));
	lock = script_call(&s, lock, script_frame(&s, "pthread_mutex_lock", NULL, 0, LIBC, FRAME_native));
	script_thread(&s, 700, 712, "shop", NULL, 0);
	script_run(&s, 900, 1, checkout, false);
	shop_waits(&s, save, query, lock);
	script_run(&s, 700, 1, checkout, false);
	s.p->request.comm = profile_string(s.p, "shop");
	s.p->about.program = profile_string(s.p, "shop-server");
	s.p->request.pid = 700;
	s.p->request.local = profile_string(s.p, "[2001:db8::7]:443");
	s.p->request.remote = profile_string(s.p, "[2001:db8::52]:51724");
	s.p->request.bytes_in = 2048;
	s.p->request.bytes_out = 611;
	s.p->request.trace_id = profile_string(s.p, "4bf92f3577b34da6a3ce929d0e0e4736");
	s.p->time.socket_queue_ns = 830 * US;
	s.p->about.overhead_ns = 21 * US;
	add_executable(s.p, SHOP, "8d1f0a61c07f4f0fa9e8a1b7d7b7e3c5b0c2f2aa");
	add_executable(s.p, LIBC, NULL);
	add_mark(s.p, MARK_head_read, 0);
	add_mark(s.p, MARK_body_read, 320);
	add_mark(s.p, MARK_first_response_byte, 42500);
	return script_end(&s);
}

/* ---- ready: over before the first sample ------------------------------------------------------------------------- */

static struct profile *make_ready(void)
{
	struct script s = script_new("GET", "/ready?profile=1", 204, 310);

	s.p->request.bytes_in = 58;
	s.p->request.bytes_out = 27;
	s.p->time.socket_queue_ns = 3 * US;
	add_mark(s.p, MARK_first_response_byte, 305);
	return script_end(&s);
}

/* ---- loop: an `async def` whose loop went on with other work ----------------------------------------------------- */

static struct profile *make_loop(void)
{
	struct script s = script_new("GET", "/report/2026?profile=1", 200, 185200);
	int32_t eval = script_call(&s, -1, script_frame(&s, "_PyEval_EvalFrameDefault", NULL, 0, PYTHON, FRAME_native));
	int32_t send = script_call(&s, eval, script_frame(&s, "__send", NULL, 0, LIBC, FRAME_native));
	int32_t kernel = script_call(&s, send, script_frame(&s, "tcp_sendmsg", NULL, 0, "kernel", FRAME_kernel));

	script_thread(&s, 4242, 4242, "uvicorn", NULL, 0);
	script_run(&s, 30000, 7, eval, false);
	script_wait(&s, &(struct script_wait){TIME_run_queue, 0, 3100, eval, NULL, NULL, 0});
	script_run(&s, 1400, 1, kernel, true);
	s.p->time.ambiguous_ns = 150000 * US;
	s.p->time.in_flight_max = 9;
	s.p->request.bytes_out = 9120;
	s.p->lost.frames_unknown = 6;
	add_mark(s.p, MARK_first_response_byte, 185100);
	return script_end(&s);
}

/* ---- coroutines: an `async def` whose task ran below its loop, and awaited beside it ------------------------------- */

static struct profile *make_coroutines(void)
{
	struct script s = script_new("GET", "/basket?profile=1", 200, 61000);
	int32_t handler = script_frame(&s, "basket", "app/views.py", 12, NULL, FRAME_python);
	int32_t begin = script_frame(&s, "RequestResponseCycle.run_asgi", "/opt/venv/site-packages/uvicorn/h11_impl.py", 404, "uvicorn", FRAME_python);
	int32_t loop = script_call(&s, -1, script_frame(&s, "run_forever", "/usr/lib/python3.11/asyncio/base_events.py", 607, "asyncio", FRAME_python));
	int32_t ran = script_call(&s, script_call(&s, loop, begin), handler);
	int32_t waited = script_call(&s, script_call(&s, -1, begin), handler);
	int32_t query = script_call(&s, waited, script_frame(&s, "query", "app/db.py", 30, NULL, FRAME_python));
	int32_t sleep = script_call(&s, waited, script_frame(&s, "sleep", "/usr/lib/python3.11/asyncio/tasks.py", 639, "asyncio", FRAME_python));

	script_thread(&s, 4242, 4242, "uvicorn", "MainThread", 0);
	script_task(&s, "RequestResponseCycle.run_asgi");
	script_run(&s, 400, 0, loop, false);
	script_run(&s, 5000, 5, ran, false);
	script_await(&s, 31000, query, TIME_network, "10.0.0.5:5432");
	script_pass(&s, TIME_loop_busy, 2600);
	script_busy(&s, 1700, "GET /health", "health", false);
	script_busy(&s, 600, NULL, "digest", true);
	script_run(&s, 3000, 3, ran, false);
	script_await(&s, 7000, query, TIME_network, "10.0.0.5:5432");
	script_await(&s, 10000, sleep, TIME_sleep, "asyncio.sleep(0.01)");
	script_pass(&s, TIME_suspended, 500);
	script_run(&s, 1400, 1, ran, false);
	s.p->time.in_flight_max = 3;
	return script_end(&s);
}

/* ---- upload: threads that overlap, a slow client, a cut-off end, work after it ----------------------------------- */

static void upload_after(struct script *s, int32_t stack)
{
	struct work after = {0};

	s->work = &after;
	script_thread(s, 900, 903, "thumbs", NULL, 0);
	script_run(s, 5000, 5, stack, false);
	script_wait(s, &(struct script_wait){TIME_disk, 2000, 0, stack, "/srv/media/in.jpg", "nvme0q1", 0});
	s->p->after = xcalloc(1, sizeof *s->p->after);
	*s->p->after = after;
	s->work = &s->p->work;
}

static struct profile *make_upload(void)
{
	struct script s = script_new("PUT", "/media/in.jpg?profile=1", 0, 96000);
	int32_t start = script_call(&s, -1, script_frame(&s, "start_thread", NULL, 0, LIBC, FRAME_native));
	int32_t handle = script_call(&s, start, script_frame(&s, "media::Server::handle(media::Request&)", "src/server.cc", 402,
							     "/opt/media/mediad", FRAME_native));
	int32_t scale = script_call(&s, start, script_frame(&s, "media::scale(std::span<unsigned char const, 18446744073709551615ul>)",
							    "src/scale.cc", 77, "/opt/media/mediad", FRAME_native));

	script_thread(&s, 900, 901, "mediad", NULL, 0);
	script_pass(&s, TIME_network, 31000);
	script_run(&s, 22000, 22, handle, false);
	script_wait(&s, &(struct script_wait){TIME_lock, 18000, 0, handle, "futex 0x7ffe10", "mediad", 902});
	script_lose(&s, 2000);
	script_thread(&s, 900, 902, "mediad", NULL, 53000);
	script_run(&s, 38000, 38, scale, false);
	s.p->time.classes_ns[TIME_lock] = 0; /* the other thread ran then: the lock, and these 2 ms, do not count again */
	s.p->time.classes_ns[TIME_cpu_user] -= 2000 * US;
	upload_after(&s, scale);
	s.p->request.comm = profile_string(s.p, "mediad");
	s.p->request.pid = 900;
	s.p->request.local = profile_string(s.p, "unix:/run/media.sock");
	s.p->request.remote = profile_string(s.p, "unix:");
	s.p->request.begin = BEGIN_JOINED;
	s.p->request.end = END_CUT_OFF;
	s.p->time.network_estimated = true;
	s.p->time.pipeline_queue_ns = 4200 * US;
	s.p->lost.waits = 2;
	s.p->work.threads[0].wait_ns += 150 * US;
	return script_end(&s);
}

/* ---- hostile: nothing of the target may become markup, move a cursor or break a line ----------------------------- */

#define LONG_NAME 10240

static struct profile *make_hostile(void)
{
	static char target[4096], name[LONG_NAME + 1];
	struct script s;
	int32_t markup, odd, lengthy;

	strcpy(target, "/<script>alert(1)</script>\"'&amp;/\xff\xfe/\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d/\xe2\x80\xae/gpj.exe/\xf0\x9f\x90\x8d/\x1b[31m?q=");
	memset(target + strlen(target), 'A', 3000);
	strcat(target, "&profile=1");
	memset(name, 'n', LONG_NAME);
	s = script_new("GET", target, 200, 20000);
	markup = script_call(&s, -1, script_frame(&s, "</script><img src=x onerror=alert(1)>", "/srv/<b>\"x\"</b>.py", 1, "<!--", FRAME_python));
	odd = script_call(&s, markup,
			  script_frame(&s, "f\n\t;g \xc3\x28 \xe2\x80\xa8\xe2\x80\xa9 \xf0\x9f\x92\xa9 {{data}}", "a;b c.py", 2, "m", FRAME_python));
	lengthy = script_call(&s, odd, script_frame(&s, name, name, 3, name, FRAME_native));
	script_thread(&s, 666, 666, "<i>\x1b]0;x\x07", "\xe2\x80\xae" "evil;thread\n1", 0);
	script_run(&s, 9000, 9, markup, false);
	script_run(&s, 4000, 4, odd, false);
	script_run(&s, 3000, 3, lengthy, false);
	script_wait(&s, &(struct script_wait){TIME_network, 3000, 0, lengthy, "unix:@<svg/onload=alert(1)>", "\"><script>", 13});
	s.p->request.comm = profile_string(s.p, "<plaintext>");
	s.p->about.command = profile_string(s.p, "reqprof -m '</script>' --><!--");
	s.p->about.host = profile_string(s.p, "h\xf0\x28\x8c\x28ost");
	s.p->about.keeps_url = true;
	s.p->about.program = profile_string(s.p, "<script>app.py\n");
	s.p->about.runtime = profile_string(s.p, "</p>\x1b[2J CPython");
	return script_end(&s);
}

/* ---- listing: with source code ----------------------------------------------------------------------------------- */

static void add_source(struct profile *p, const char *file, uint32_t first, const char *text, const char *error, bool newer)
{
	GROW(p->sources, p->n_sources, p->cap_sources);
	p->sources[p->n_sources++] = (struct source_lines){profile_string(p, file), first, profile_string(p, text), profile_string(p, error), newer};
}

static struct profile *make_listing(void)
{
	struct script s = script_new("GET", "/page?profile=1", 200, 9000);
	int32_t page = script_call(&s, -1, script_frame(&s, "page", "/srv/site/page.py", 12, "site", FRAME_python));
	int32_t render = script_call(&s, page, script_frame(&s, "render", "/srv/site/page.py", 41, "site", FRAME_python));
	int32_t gone = script_call(&s, render, script_frame(&s, "escape", "/srv/site/gone.py", 3, "site", FRAME_python));

	script_thread(&s, 4242, 4242, "uvicorn", "MainThread", 0);
	script_run(&s, 2000, 2, page, false);
	script_run(&s, 5000, 5, render, false);
	script_run(&s, 2000, 2, gone, false);
	s.p->about.keeps_sources = true;
	add_source(s.p, "/srv/site/page.py", 11, "def page():\n    return render(\"</script><b>\")", NULL, true);
	add_source(s.p, "/srv/site/page.py", 40, "\n\tout = f'{title} caf\xc3\xa9 \xef\xbf\xbd'\n", NULL, true);
	add_source(s.p, "/srv/site/gone.py", 0, NULL, "No such file or directory", false);
	return script_end(&s);
}

const struct fixture fixtures[] = {
	{"orders", make_orders}, {"shop", make_shop}, {"ready", make_ready}, {"loop", make_loop}, {"coroutines", make_coroutines},
	{"upload", make_upload}, {"hostile", make_hostile}, {"listing", make_listing},
	{"merged", make_merged}, {"redacted", make_redacted}, {NULL, NULL},
};

const struct fixture large_fixtures[] = {
	{"many", make_many}, {NULL, NULL},
};

static const struct fixture *find(const struct fixture *f, const char *name)
{
	while (f->name && strcmp(f->name, name))
		f++;
	return f->name ? f : NULL;
}

struct profile *fixture_make(const char *name)
{
	const struct fixture *f = find(fixtures, name) ?: find(large_fixtures, name);

	return f ? f->make() : NULL;
}
