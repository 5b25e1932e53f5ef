/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "page/server.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "page/clients.h"
#include "page/pages.h"
#include "page/streams.h"
#include "page/watch.h"

#define CONNECTIONS_MAX 64
#define CONNECTION_BYTES 32768
#define IDLE_S 60               /* of a client that takes nothing of its response */
#define TICK_MS 1000
#define LOOK_TICKS 2
#define BEAT_TICKS 15
#define SETTLE_MS 20            /* the files of a report are renamed one after the other */

struct server {
	const struct server_options *options;
	struct pages pages;
	struct streams streams;
	struct clients clients;
	struct watch watch;
	struct MHD_Daemon *daemon;
	int epoll;
	unsigned ticks;
	uint64_t tick_ns, refresh_ns; /* when the last one was; when to refresh, 0 = not */
	uint64_t bad_host, bad_token;
	bool full_said;
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

/* ---- one request -------------------------------------------------------------------------------------------------- */

static enum MHD_Result answer(struct MHD_Connection *connection, unsigned status, struct MHD_Response *r)
{
	enum MHD_Result result = r ? MHD_queue_response(connection, status, r) : MHD_NO;

	if (r)
		MHD_destroy_response(r);
	return result;
}

/* Nothing more is read from who does not ask as a browser does. */
static enum MHD_Result refuse(struct MHD_Connection *connection, unsigned status, const char *why)
{
	struct MHD_Response *r = pages_message(why);

	MHD_add_response_header(r, "Connection", "close");
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(r, "Allow", "GET, HEAD");
	return answer(connection, status, r);
}

struct hosts {
	const char *name;       /* ours */
	unsigned n, bad;
};

static enum MHD_Result check_header(void *ctx, enum MHD_ValueKind kind, const char *key, const char *value)
{
	struct hosts *hosts = ctx;

	(void)kind;
	if (strcasecmp(key, "Host"))
		return MHD_YES;
	hosts->n++;
	hosts->bad += !value || !access_host(value, hosts->name);
	return MHD_YES;
}

static bool is_meant_for_us(const struct server *s, struct MHD_Connection *connection)
{
	struct hosts hosts = {.name = s->options->name};

	MHD_get_connection_values(connection, MHD_HEADER_KIND, check_header, &hosts);
	return hosts.n == 1 && !hosts.bad;
}

static bool has_body(struct MHD_Connection *connection)
{
	const char *length = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Content-Length");

	return (length && strcmp(length, "0")) || MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Transfer-Encoding");
}

/* What a browser that comes back has heard last, else what the page knew. */
static uint64_t heard(struct MHD_Connection *connection, uint64_t otherwise)
{
	const char *last = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Last-Event-ID");
	char *end;
	uint64_t n;

	if (!last || !*last)
		last = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "since");
	if (!last || strspn(last, "0123456789") != strlen(last) || !*last)
		return otherwise;
	errno = 0;
	n = strtoull(last, &end, 10);
	return errno ? UINT64_MAX : n;
}

static enum MHD_Result answer_events(struct server *s, struct MHD_Connection *connection, struct client *client)
{
	struct MHD_Response *r = stream_new(&s->streams, connection, heard(connection, s->pages.feed.last));

	if (!r)
		return refuse(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "too many pages listen already; close some");
	client_begin(client, true, now_ns());
	return answer(connection, MHD_HTTP_OK, r);
}

static enum MHD_Result answer_path(struct server *s, struct MHD_Connection *connection, struct client *client, const char *path, bool head)
{
	struct MHD_Response *r;

	client_begin(client, false, now_ns());
	if (!strcmp(path, "events") && !head)
		return answer_events(s, connection, client);
	if (!*path)
		return MHD_queue_response(connection, MHD_HTTP_OK, pages_list(&s->pages));
	if (!strcmp(path, "newest"))
		r = pages_newest(&s->pages);
	else
		r = pages_file(&s->pages, path);
	return r ? answer(connection, MHD_HTTP_OK, r) : refuse(connection, MHD_HTTP_NOT_FOUND, "there is no such report here");
}

/* Called when the head of a request is there, and again when all of it is. `path` comes undecoded: nothing that we have needs it. */
static enum MHD_Result on_request(void *ctx, struct MHD_Connection *connection, const char *url, const char *method, const char *version,
				  const char *upload, size_t *upload_size, void **begun)
{
	struct client *client = *(void **)MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	bool head = !strcmp(method, MHD_HTTP_METHOD_HEAD);
	struct server *s = ctx;
	const char *path;

	(void)version;
	(void)upload;
	if (*begun)
		return *upload_size ? MHD_NO : answer_path(s, connection, client, *begun, head);
	if (!is_meant_for_us(s, connection)) {
		s->bad_host++;
		return refuse(connection, MHD_HTTP_FORBIDDEN, "this host name is not served here: use the address that reqprof printed");
	}
	if (!head && strcmp(method, MHD_HTTP_METHOD_GET))
		return refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "reports can only be read");
	if (has_body(connection))
		return refuse(connection, MHD_HTTP_BAD_REQUEST, "a request without body is expected");
	path = access_path(url, s->options->token);
	if (!path) {
		s->bad_token++;
		return refuse(connection, MHD_HTTP_NOT_FOUND, "nothing here: use the whole URL that reqprof printed, with its token");
	}
	*begun = (void *)path; /* lives as long as the request */
	return MHD_YES;
}

static void on_connection(void *ctx, struct MHD_Connection *connection, void **socket_context, enum MHD_ConnectionNotificationCode code)
{
	struct server *s = ctx;

	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		*socket_context = client_new(&s->clients, MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd,
					     now_ns());
	else
		client_free(*socket_context);
}

static void on_completed(void *ctx, struct MHD_Connection *connection, void **begun, enum MHD_RequestTerminationCode code)
{
	(void)ctx;
	(void)begun;
	(void)code;
	client_end(*(void **)MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT), now_ns());
}

/* ---- the loop ----------------------------------------------------------------------------------------------------- */

static size_t leave_as_is(void *ctx, struct MHD_Connection *connection, char *s)
{
	(void)ctx;
	(void)connection;
	return strlen(s);
}

static void log_library(void *ctx, const char *format, va_list args)
{
	(void)ctx;
	(void)format;
	(void)args; /* of clients that break off, mostly */
}

static int watch_fd(const struct server *s, int fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	return fd < 0 ? 0 : epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

static int start(struct server *s)
{
	int r;

	s->daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, NULL, NULL, on_request, s,
		MHD_OPTION_EXTERNAL_LOGGER, log_library, NULL, /* first: what follows may log */
		MHD_OPTION_LISTEN_SOCKET, s->options->listener,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S,
		MHD_OPTION_STRICT_FOR_CLIENT, 1,
		MHD_OPTION_UNESCAPE_CALLBACK, leave_as_is, NULL,
		MHD_OPTION_NOTIFY_CONNECTION, on_connection, s,
		MHD_OPTION_NOTIFY_COMPLETED, on_completed, s,
		MHD_OPTION_END);
	if (!s->daemon)
		return -EIO;
	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (s->epoll < 0)
		return -errno;
	r = watch_fd(s, MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd);
	if (!r)
		r = watch_fd(s, s->options->stop);
	return r ? r : watch_fd(s, s->watch.fd);
}

static int timeout_ms(const struct server *s, bool filling)
{
	MHD_UNSIGNED_LONG_LONG library;
	int ms = filling ? 0 : s->refresh_ns ? SETTLE_MS : TICK_MS;

	if (MHD_get_timeout(s->daemon, &library) == MHD_YES && library < (unsigned)ms)
		ms = library;
	return ms;
}

static void tick(struct server *s, uint64_t now)
{
	if (now - s->tick_ns < TICK_MS * 1000000ULL)
		return;
	s->tick_ns = now;
	s->ticks++;
	if (s->ticks % LOOK_TICKS == 0 && watch_look(&s->watch) && !s->refresh_ns)
		s->refresh_ns = now;
	if (s->ticks % BEAT_TICKS == 0)
		streams_wake(&s->streams, true);
	streams_sweep(&s->streams);
	clients_sweep(&s->clients, now);
}

/* What has happened in the directory goes to those who listen. false: nothing is left to be read of it. */
static bool update(struct server *s, uint64_t now)
{
	uint64_t before = s->pages.feed.last;
	bool more;

	if (s->refresh_ns && now >= s->refresh_ns) {
		s->refresh_ns = 0;
		pages_refresh(&s->pages);
	}
	more = pages_fill(&s->pages);
	if (s->pages.feed.last != before)
		streams_wake(&s->streams, false);
	return more;
}

static void run(struct server *s)
{
	struct epoll_event events[8];
	bool filling = true;

	for (;;) {
		int n = epoll_wait(s->epoll, events, ARRAY_LEN(events), timeout_ms(s, filling));
		uint64_t now = now_ns();

		for (int i = 0; i < n; i++) {
			if (events[i].data.fd == s->options->stop)
				return;
			if (events[i].data.fd == s->watch.fd && watch_read(&s->watch) && !s->refresh_ns)
				s->refresh_ns = now + SETTLE_MS * 1000000ULL;
		}
		tick(s, now);
		filling = update(s, now);
		MHD_run(s->daemon);
	}
}

static void end(struct server *s)
{
	if (s->daemon) {
		streams_end(&s->streams); /* the library does not end while one sleeps */
		MHD_run(s->daemon);
		MHD_stop_daemon(s->daemon);
	}
	if (s->epoll >= 0)
		close(s->epoll);
	watch_close(&s->watch);
	pages_close(&s->pages);
	if (s->bad_host || s->bad_token)
		log_info("refused: %llu requests without the token, %llu for another host", (unsigned long long)s->bad_token,
			 (unsigned long long)s->bad_host);
}

int server_run(const struct server_options *options)
{
	struct server s = {.options = options, .epoll = -1};
	int r;

	signal(SIGPIPE, SIG_IGN);
	s.streams.feed = &s.pages.feed;
	s.tick_ns = now_ns();
	watch_open(&s.watch, options->dir);
	r = pages_open(&s.pages, options->dir);
	if (!r)
		r = start(&s);
	if (r)
		log_error("cannot serve the reports: %s", strerror(-r));
	else
		run(&s);
	end(&s);
	return r ? -1 : 0;
}
