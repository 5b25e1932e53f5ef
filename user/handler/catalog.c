/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "handler/catalog.h"

#include <stddef.h>
#include <string.h>

#include "base/alloc.h"

#define VERSION(major, minor, patch) ((major) << 16 | (minor) << 8 | (patch))
#define FILES(...) (const char *const[]){__VA_ARGS__, NULL}
#define KEY(hash, length) ((uint64_t)(length) << 32 | (hash))

/*
 * nginx: src/http/ngx_http_request.h, struct ngx_http_request_s, which begins with the signature "HTTP" and its connection. The connection is a
 * request's own while it lasts, that of a stream of HTTP/2, too, and so are subrequests'. An event has its connection first, a connection what it is
 * for (src/event/ngx_event.h, src/core/ngx_connection.h); callbacks of requests end with ngx_http_run_posted_requests().
 */
static const struct known_layout nginx[] = {
	{VERSION(1, 22, 0), "*(arg1+0x3e8):*(arg1+0x3e0)", NULL, "*(arg1+0x288)", NULL},
	{0},
};

/* Apache httpd: include/httpd.h, struct request_rec, which is part of the interface for modules and has not changed in 2.4. */
static const struct known_layout apache[] = {
	{VERSION(2, 4, 0), "*(arg1+0x30)", NULL, "*(arg1+0x68)", NULL},
	{0},
};

/*
 * lighttpd: src/request.h, struct request_st, whose size follows the configuration's and so changes from version to version; of its target the
 * characters come first. Methods are numbered (src/http_kv.h). What parses the target is called once more when it has been rewritten. A request of
 * HTTP/1 begins and goes on inside of a function that has it as argument (src/connections.c: connection_state_machine_loop(), the only one that
 * calls http_response_handler()).
 */
static const struct known_layout lighttpd[] = {
	{VERSION(1, 4, 69), "*(arg1+448)", "*(arg1+28)", "*(arg1+4)", "GET HEAD QUERY POST PUT DELETE CONNECT OPTIONS TRACE"},
	{0},
};

/* uWSGI: uwsgi.h, struct wsgi_request, part of the interface for plugins; all of these ask for the application when the variables are known. */
static const struct known_layout uwsgi[] = {
	{VERSION(2, 0, 0), "*(arg1+192):*(arg1+200)", "*(arg1+272):*(arg1+280)", "*(arg1+696)", NULL},
	{0},
};

/*
 * PHP: main/SAPI.h, sapi_globals: server_context, request_info with the method first, and the status. The context is a struct _fcgi_request
 * (main/fastcgi.c), which has the request's variables in a hash: a node begins with the hash value of its name and that name's length, then come its
 * name, the length of its value, and the value. REQUEST_URI is in slot 35.
 */
static const struct known_layout php_fpm[] = {
	{VERSION(7, 0, 0), "*(node+24):*(node+16)", "*(global+8)", "*(global+216)", NULL},
	{0},
};
static const struct known_list php_variables = {"*(*global+8576)", 32, KEY(1955, strlen("REQUEST_URI"))};

/* Go: net/http/request.go, struct Request: Method first, RequestURI since 1.8 after RemoteAddr; a request over HTTP/2 has it, too. Where
 * the status is has changed often: only the program says that. */
static const struct known_layout go[] = {
	{VERSION(1, 17, 0), "*(arg4+192):*(arg4+200)", "*arg4:*(arg4+8)", NULL, NULL},
	{0},
};

/* h2o: include/h2o.h, struct st_h2o_req_t: its connection, then scheme, authority, method and path as received; the last three of 16 bytes. */
static const struct known_layout h2o[] = {
	{VERSION(2, 0, 0), "*(arg1+48):*(arg1+56)", "*(arg1+32):*(arg1+40)", NULL, NULL},
	{VERSION(2, 2, 0), "*(arg1+48):*(arg1+56)", "*(arg1+32):*(arg1+40)", "*(arg1+336)", NULL},
	{VERSION(2, 3, 0), "*(arg1+48):*(arg1+56)", "*(arg1+32):*(arg1+40)", NULL, NULL},
	{0},
};

const struct known_server known_servers[] = {
	{
		.name = "nginx", .files = FILES("nginx", "nginx-debug", "openresty"), .version = "nginx/", .layouts = nginx,
		.own_layout = OWN_NGINX, .line = true,
		.begin = "ngx_http_process_request", .ends = {"ngx_http_free_request"}, .id = "*(arg1+8)", .end_id = "*(arg1+8)",
		.socket = "*(*(arg1+8)+0x18)",
		.turn_end = "ngx_http_run_posted_requests", .turns = {"arg1", "**(*arg1)"}, .signature = 0x50545448, .turn_id = 8,
	},
	{.name = "go", .files = FILES("*"), .go = true, .layouts = go, .own_layout = OWN_GO, .begin = "net/http.serverHandler.ServeHTTP"},
	{
		.name = "h2o", .files = FILES("h2o"), .version = "h2o/", .layouts = h2o, .begin = "h2o_process_request",
		.ends = {"h2o_dispose_request"}, .id = "arg1", .end_id = "arg1",
	},
	{
		.name = "lighttpd", .files = FILES("lighttpd"), .version = "lighttpd/", .layouts = lighttpd, .begin = "http_request_parse_target",
		.ends = {"plugins_call_handle_request_done", "request_reset"}, .id = "arg1", .end_id = "arg1", .socket = "*(*(arg1+56)+808)",
		.again = true, .inside = true, .turn_end = "http_response_handler", .turns = {"arg1"},
	},
	{
		.name = "uwsgi", .files = FILES("uwsgi", "uwsgi-core"), .layouts = uwsgi, .begin = "uwsgi_get_app_id",
		.ends = {"uwsgi_close_request"}, .id = "arg1", .end_id = "arg1", .socket = "*arg1",
	},
	{
		.name = "php-fpm", .files = FILES("php-fpm*"), .version = "PHP/", .layouts = php_fpm, .begin = "php_request_startup",
		.ends = {"sapi_deactivate_module"}, .old_end = "sapi_deactivate", .socket = "*(*global+8)", .global = "sapi_globals",
		.list = &php_variables, .alone = true,
	},
	{.name = "apache", .files = FILES("apache2", "httpd"), .layouts = apache, .line = true, .begin = "ap_process_async_request"},
	{0},
};

const char **known_server_files(void)
{
	const char **list = NULL;
	size_t n = 0, cap = 0;

	for (const struct known_server *s = known_servers; s->name; s++) {
		if (s->go)
			continue; /* it may have any name */
		for (const char *const *file = s->files; *file; file++) {
			GROW(list, n, cap);
			list[n++] = *file;
		}
	}
	GROW(list, n, cap);
	list[n] = NULL;
	return list;
}

const struct known_server *known_server(const char *name)
{
	for (const struct known_server *s = known_servers; s->name; s++)
		if (!strcmp(s->name, name))
			return s;
	return NULL;
}

const struct known_layout *known_layout(const struct known_server *server, uint32_t version)
{
	const struct known_layout *found = version ? NULL : server->layouts;

	for (const struct known_layout *l = server->layouts; l->url; l++)
		if (l->from <= version)
			found = l;
	return found;
}
