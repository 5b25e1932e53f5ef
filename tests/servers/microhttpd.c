/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* libmicrohttpd, a thread for each connection: microhttpd PORT. A path names what is done, "/cpu:20/sleep:5" in ms. */
#include <microhttpd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum MHD_Result answer(void *ctx, struct MHD_Connection *connection, const char *url, const char *method, const char *version, const char *data,
		       size_t *size, void **request);

static double cpu(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

__attribute__((noinline)) static void compute(double s)
{
	double until = cpu() + s;

	while (cpu() < until)
		;
}

enum MHD_Result answer(void *ctx, struct MHD_Connection *connection, const char *url, const char *method, const char *version, const char *data,
		       size_t *size, void **request)
{
	struct MHD_Response *response;
	enum MHD_Result r;

	(void)ctx, (void)method, (void)version, (void)data, (void)size, (void)request;
	for (const char *p = strchr(url, ':'); p; p = strchr(p + 1, ':')) {
		double ms = strtod(p + 1, NULL);

		if (p[-1] == 'u')
			compute(ms / 1e3);
		else
			usleep(ms * 1e3);
	}
	response = MHD_create_response_from_buffer(5, "done\n", MHD_RESPMEM_PERSISTENT);
	r = MHD_queue_response(connection, MHD_HTTP_OK, response);
	MHD_destroy_response(response);
	return r;
}

int main(int argc, char **argv)
{
	struct MHD_Daemon *daemon;

	if (argc != 2)
		return 2;
	daemon = MHD_start_daemon(MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD, atoi(argv[1]), NULL, NULL, answer, NULL, MHD_OPTION_END);
	if (!daemon)
		return 1;
	for (;;)
		pause();
}
