/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* `reqprof serve`: the reports of a directory in a browser, also those that come while it runs. */
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "cmd/command.h"
#include "cmd/confine.h"
#include "cmd/find.h"
#include "cmd/landlock.h"
#include "cmd/page_process.h"

struct options {
	const char *path;       /* NULL = where reports are when nobody says it */
	struct listen_address at;
};

static const struct argp_option option_table[] = {
	{"listen", 'l', "ADDR:PORT", 0, "Serve there (" LISTEN_DEFAULT "); port 0 takes a free one", 0},
	{0},
};

static const char doc[] =
	"Show the reports in DIR in a browser, and each that comes as it lands, until ^C.\v"
	"Without DIR: ./reqprof-reports, or if that does not exist the current directory. The URL is printed; without the token in it nothing can\n"
	"be seen.\n"
	"\n"
	"Examples:\n"
	"  reqprof serve\n"
	"  reqprof serve /var/tmp/reports --listen=127.0.0.1:0";

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case 'l':
		if (!listen_parse(arg, &o->at))
			return 0;
		log_error("--listen %s: not an address and port, for example " LISTEN_DEFAULT " or [::1]:7777", arg);
		return EINVAL;
	case ARGP_KEY_ARG:
		if (o->path) {
			log_error("unexpected argument %s: one directory at a time", arg);
			return EINVAL;
		}
		o->path = arg;
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

/* Whoever may do more than read the reports gives that up: root becomes who they belong to. */
static int become_reader(int dir, const int *keep, size_t n)
{
	struct owner owner = {.uid = getuid(), .gid = getgid()};
	struct stat st;

	if (!geteuid() && !fstat(dir, &st)) {
		owner.uid = st.st_uid;
		owner.gid = st.st_gid;
	}
	return confine(&owner, keep, n);
}

/* A descriptor that is readable once it is over, or −errno. */
static int open_signals(void)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -errno;
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

static int serve(struct options *o, int dir)
{
	struct server_options server = {.dir = dir, .listener = -1};
	_cleanup_free_ char *where = NULL;
	struct owner owner;
	int r;

	if (owner_find(&owner) < 0 || page_prepare(&server, &o->at, "--listen=") < 0)
		return EXIT_FAILED;
	server.stop = open_signals();
	if (server.stop < 0) {
		log_error("cannot serve: signals cannot be waited for: %s", strerror(-server.stop));
		return EXIT_FAILED;
	}
	where = page_announcement(&server, &o->at, &owner, "--listen");
	r = become_reader(dir, (const int[]){dir, server.listener, server.stop}, 3);
	if (r < 0) {
		log_error("cannot give up privileges: %s", strerror(-r));
		return EXIT_FAILED;
	}
	landlock_read_only(dir); /* where the kernel can: beyond what it could not do anyway */
	fputs(where, stderr);
	return server_run(&server) ? EXIT_FAILED : EXIT_FINE;
}

static int run(int argc, char **argv)
{
	static const struct argp argp = {.options = option_table, .parser = parse_option, .args_doc = "[DIR]", .doc = doc};
	struct options o = {0};
	_cleanup_close_ int dir = -1;

	listen_parse(LISTEN_DEFAULT, &o.at);
	argp_err_exit_status = EXIT_USAGE;
	if (argp_parse(&argp, argc, argv, 0, NULL, &o))
		return EXIT_USAGE;
	if (o.path) {
		dir = open(o.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (dir < 0)
			dir = -errno;
	} else {
		dir = find_directory(&o.path);
	}
	if (dir < 0) {
		log_error("cannot serve %s: %s", o.path, strerror(-dir));
		dir = -1;
		return EXIT_FAILED;
	}
	return serve(&o, dir);
}

const struct command command_serve = {
	.name = "serve",
	.help = "show the reports of a directory in a browser",
	.run = run,
};
