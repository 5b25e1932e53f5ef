/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The sockets that a process has open when it is followed.
 *
 * Those that the BPF programs have to know beforehand (bpf/source_http.bpf.c) get an empty value in their map of arrivals: TCP sockets that listen,
 * so that what comes over the connections that they accept is timed from the first byte, and Unix stream sockets, which may be in the middle of a
 * message. Written from here: not every kernel lets a program that comes to a socket by a file, of an iterator over files, use its storage.
 */
#ifndef REQPROF_OPEN_SOCKETS_H
#define REQPROF_OPEN_SOCKETS_H

#include <sys/types.h>

/*
 * Note those of process `pid`, of its first thread's table of descriptors, in `arrivals`, a map of BPF_MAP_TYPE_SK_STORAGE. Each is held for a moment
 * (pidfd_getfd(2)), connections of TCP never. 0, also if it is gone, or −errno: some may be missing. −EPERM: none may be taken from it;
 * −EOWNERDEAD: its first thread has ended.
 */
int open_sockets_note(pid_t pid, int arrivals);

#endif
