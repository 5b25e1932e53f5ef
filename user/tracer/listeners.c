/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tracer/listeners.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"

#define TCP_LISTEN_STATE 0x0a   /* TCP_LISTEN of the kernel's tcp_states.h */
#define ACCEPTS 0x10000         /* __SO_ACCEPTCON: flags of /proc/net/unix */

/* A listening socket, before it is known who holds it. */
struct listening {
	uint64_t inode;
	uint16_t port;
	char address[128];
};

struct sockets {
	struct listening *list; /* sorted by inode before the search */
	size_t n, cap;
	ino_t *namespaces;      /* network namespaces that were read */
	size_t n_namespaces, cap_namespaces;
};

struct found {
	struct listener *list;
	size_t n, cap;
};

/* ---- sockets of a network namespace ------------------------------------------------------------------------------ */

static struct listening *add_socket(struct sockets *s, uint64_t inode)
{
	GROW(s->list, s->n, s->cap);
	s->list[s->n] = (struct listening){.inode = inode};
	return &s->list[s->n++];
}

/* The kernel prints each 32-bit word of the address, which is in network order, as a number of this machine. An IPv4 address that a socket
 * of IPv6 is bound to is shown as what clients call it. */
static bool parse_address(const char *hex, int family, char *out, size_t size)
{
	uint32_t words[4] = {0};
	int n = family == AF_INET ? 1 : 4;
	char text[INET6_ADDRSTRLEN];

	for (int i = 0; i < n; i++)
		if (sscanf(hex + 8 * i, "%8" SCNx32, &words[i]) != 1)
			return false;
	if (family == AF_INET6 && IN6_IS_ADDR_V4MAPPED((struct in6_addr *)words)) {
		family = AF_INET;
		words[0] = words[3];
	}
	if (!inet_ntop(family, words, text, sizeof text))
		return false;
	snprintf(out, size, family == AF_INET ? "%s" : "[%s]", text);
	return true;
}

/* One line of /proc/PID/net/tcp. false: no further listening sockets follow, the kernel lists them first; a busy server has many others. */
static bool parse_tcp(struct sockets *s, const char *line, int family)
{
	char local[33], text[INET6_ADDRSTRLEN + 2];
	unsigned port, state;
	uint64_t inode;

	if (sscanf(line, " %*d: %32[0-9A-F]:%x %*s %x %*s %*s %*s %*s %*s %" SCNu64, local, &port, &state, &inode) != 4)
		return true;
	if (state != TCP_LISTEN_STATE)
		return false;
	if (parse_address(local, family, text, sizeof text)) {
		struct listening *l = add_socket(s, inode);

		l->port = port;
		snprintf(l->address, sizeof l->address, "%s:%u", text, port);
	}
	return true;
}

/* One line of /proc/PID/net/unix. A name may hold any byte: in the worst case its owner invents a socket, which nobody holds. */
static bool parse_unix(struct sockets *s, const char *line, int family)
{
	unsigned flags, type;
	uint64_t inode;
	int at = 0;

	(void)family;
	if (sscanf(line, "%*[0-9a-f]: %*x %*x %x %x %*x %" SCNu64 " %n", &flags, &type, &inode, &at) < 3 || !(flags & ACCEPTS) || type != 1)
		return true;
	struct listening *l = add_socket(s, inode);
	snprintf(l->address, sizeof l->address, "unix:%s", at ? line + at : "");
	for (char *c = l->address; *c; c++)
		if (iscntrl((unsigned char)*c))
			*c = *c == '\n' && !c[1] ? '\0' : '?';
	return true;
}

static void read_table(struct sockets *s, pid_t pid, const char *name, bool (*parse)(struct sockets *, const char *, int), int family)
{
	_cleanup_fclose_ FILE *f = NULL;
	_cleanup_free_ char *line = NULL;
	char path[64];
	size_t size = 0;

	snprintf(path, sizeof path, "/proc/%d/net/%s", pid, name);
	f = fopen(path, "re");
	while (f && getline(&line, &size, f) >= 0)
		if (!parse(s, line, family))
			return;
}

/* Read the sockets of the process's network namespace, unless that is done. */
static void read_namespace(struct sockets *s, pid_t pid)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof path, "/proc/%d/ns/net", pid);
	if (stat(path, &st))
		return;
	for (size_t i = 0; i < s->n_namespaces; i++)
		if (s->namespaces[i] == st.st_ino)
			return;
	GROW(s->namespaces, s->n_namespaces, s->cap_namespaces);
	s->namespaces[s->n_namespaces++] = st.st_ino;
	read_table(s, pid, "tcp", parse_tcp, AF_INET);
	read_table(s, pid, "tcp6", parse_tcp, AF_INET6);
	read_table(s, pid, "unix", parse_unix, AF_UNIX);
}

static int by_inode(const void *a, const void *b)
{
	const struct listening *x = a, *y = b;

	return (x->inode > y->inode) - (x->inode < y->inode);
}

static const struct listening *find_socket(const struct sockets *s, uint64_t inode)
{
	struct listening key = {.inode = inode};

	return s->n ? bsearch(&key, s->list, s->n, sizeof key, by_inode) : NULL;
}

/* ---- processes --------------------------------------------------------------------------------------------------- */

static void read_comm(pid_t pid, char comm[16])
{
	_cleanup_fclose_ FILE *f = NULL;
	char path[64];
	size_t n;

	snprintf(path, sizeof path, "/proc/%d/comm", pid);
	f = fopen(path, "re");
	n = f ? fread(comm, 1, 15, f) : 0;
	if (n && comm[n - 1] == '\n')
		n--;
	comm[n] = '\0';
	for (size_t i = 0; i < n; i++)
		if (iscntrl((unsigned char)comm[i]))
			comm[i] = '?';
}

static bool is_found(const struct found *f, size_t first, uint64_t inode)
{
	for (size_t i = first; i < f->n; i++)
		if (f->list[i].inode == inode)
			return true;
	return false;
}

static void add_listener(struct found *f, size_t first, pid_t pid, int fd, const struct listening *l)
{
	if (is_found(f, first, l->inode))
		return; /* a second descriptor of the same socket */
	GROW(f->list, f->n, f->cap);
	struct listener *new = &f->list[f->n++];
	*new = (struct listener){.pid = pid, .port = l->port, .inode = l->inode, .fd = fd};
	memcpy(new->address, l->address, sizeof new->address);
	read_comm(pid, new->comm);
}

/* 0, or −errno: its descriptors cannot be seen. */
static int search_process(struct found *f, const struct sockets *s, pid_t pid)
{
	char path[64], link[64];
	size_t first = f->n;
	DIR *dir;

	snprintf(path, sizeof path, "/proc/%d/fd", pid);
	dir = opendir(path);
	if (!dir)
		return -errno;
	for (struct dirent *d; (d = readdir(dir));) {
		ssize_t n = readlinkat(dirfd(dir), d->d_name, link, sizeof link - 1);
		const struct listening *l;
		uint64_t inode;

		link[n > 0 ? n : 0] = '\0';
		if (sscanf(link, "socket:[%" SCNu64 "]", &inode) == 1 && (l = find_socket(s, inode)))
			add_listener(f, first, pid, strtol(d->d_name, NULL, 10), l);
	}
	closedir(dir);
	return 0;
}

static int for_each_process(int (*call)(void *ctx, pid_t pid), void *ctx)
{
	DIR *dir = opendir("/proc");

	if (!dir)
		return -errno;
	for (struct dirent *d; (d = readdir(dir));)
		if (isdigit((unsigned char)d->d_name[0]))
			call(ctx, strtol(d->d_name, NULL, 10));
	closedir(dir);
	return 0;
}

static int visit_namespace(void *ctx, pid_t pid)
{
	read_namespace(ctx, pid);
	return 0;
}

struct search {
	struct found found;
	struct sockets sockets;
};

static int visit_process(void *ctx, pid_t pid)
{
	struct search *s = ctx;

	return search_process(&s->found, &s->sockets, pid);
}

static void sort_sockets(struct sockets *s)
{
	if (s->n)
		qsort(s->list, s->n, sizeof *s->list, by_inode);
}

static int find_all(struct search *s)
{
	int r = for_each_process(visit_namespace, &s->sockets);

	sort_sockets(&s->sockets);
	return r < 0 ? r : for_each_process(visit_process, s);
}

static int find_one(struct search *s, pid_t pid)
{
	read_namespace(&s->sockets, pid);
	sort_sockets(&s->sockets);
	return visit_process(s, pid);
}

int listeners_find(pid_t pid, struct listener **ret)
{
	struct search s = {0};
	int r = pid ? find_one(&s, pid) : find_all(&s);

	free(s.sockets.list);
	free(s.sockets.namespaces);
	if (r < 0) {
		free(s.found.list);
		return r;
	}
	*ret = s.found.list;
	return s.found.n;
}
