/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Part of the contract (reqprof.h): what is told of a request's tasks. */
#ifndef REQPROF_TASK_H
#define REQPROF_TASK_H

/* A runtime's unit of work on a thread that serves many requests: a task of asyncio with its context, or what a thread of a pool was given. */
struct rp_task {
	struct rp_event h;      /* h.task: its number within the request, from 1 */
	__u32 parent;           /* the task that made it, 0 = the reading of the request */
	__u32 pad;
	struct rp_python_frame coroutine; /* that it will run; code 0 = it runs none, or not known which */
};
_Static_assert(sizeof(struct rp_task) == 56, "rp_task");

/* In a serial: not a request but a group of those that a thread serves, and may serve by tasks that were there before (bpf/context_claim.bpf.c). Its
 * events may concern each of its requests, also those that came before one joined it. Workers and tasks have other numbers than the requests' own. */
#define RP_GROUP 0x80000000U
#define RP_TASK_NOBODYS 1       /* no task of a group has this number */

/* flags of RP_EV_TASK: it may be another request's. All of it is void if it is, … */
#define RP_TASK_UNCLAIMED 1     /* … as what it has made, unless it or one that has made it writes the response */
#define RP_TASK_GUESSED 2       /* … unless it or one that it has made does, or has been made with it */

/* flags of RP_EV_TASK_CLAIMED */
#define RP_TASK_OTHERS 1        /* it was another request's response */

/* flags of RP_EV_TASK_WAITS */
#define RP_TASK_SUSPENDED 1     /* its coroutine is, and awaits something */
#define RP_TASK_FINISHED 2      /* its coroutine has ended; neither: it is not known */
#define RP_TASK_EVENTS 4        /* no coroutine: it goes on when one of its sockets, or a timer, calls it */
#define RP_TASK_CLIENT 8        /* … and its client has not taken what was sent so far */

/* What a task awaits when it gives up its thread. */
struct rp_task_wait {
	struct rp_event h;
	__u64 stack;            /* of the coroutines that it is in, Python frames only; 0 = could not be had */
	__u64 awaited;          /* address of the object that the innermost one awaits, 0 = unknown */
	__u64 awaited_type;     /* address of its type */
	__u64 local_type;       /* the innermost one's first argument: its type … */
	__u64 local, local_2;   /* … and what follows its head, as of a float or an int */
};
_Static_assert(sizeof(struct rp_task_wait) == 80, "rp_task_wait");

#endif
