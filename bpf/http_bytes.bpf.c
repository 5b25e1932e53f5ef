// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The bytes of the system call that an event is about. The event itself shows only their number; the buffer is found through the registers
 * that user space entered the kernel with. Kernel threads (io_uring's too) have zeroes there: a read from address 0, which fails.
 */
#include "http.bpf.h"
#include "http_syscalls.bpf.h"

static __always_inline int one_buffer(struct http_slot *s, __u64 address, __u32 n)
{
	s->segments[0].iov_base = (void *)address;
	s->segments[0].iov_len = n;
	s->n_segments = 1;
	return 0;
}

static __always_inline int buffers(struct http_slot *s, __u64 address, __u64 count)
{
	if (count > HTTP_SEGMENTS)
		count = HTTP_SEGMENTS;
	s->n_segments = count;
	return count ? bpf_probe_read_user(s->segments, count * sizeof s->segments[0], (void *)address) : -1;
}

static __always_inline int message(struct http_slot *s, __u64 address)
{
	struct {
		__u64 iov, count;
	} m;

	if (bpf_probe_read_user(&m, sizeof m, (void *)(address + offsetof(struct user_msghdr, msg_iov))))
		return -1;
	return buffers(s, m.iov, m.count);
}

static __always_inline int find(struct http_slot *s, struct pt_regs *regs, __u32 n, int written)
{
	switch (CALL_NR(regs)) {
	case CALL_READ:
	case CALL_RECVFROM:
	case CALL_WRITE:
	case CALL_SENDTO:
		return one_buffer(s, CALL_ARG2(regs), n);
	case CALL_READV:
	case CALL_WRITEV:
		return buffers(s, CALL_ARG2(regs), CALL_ARG3(regs));
	case CALL_RECVMSG:
	case CALL_SENDMSG:
		return message(s, CALL_ARG2(regs));
	case CALL_RECVMMSG:
	case CALL_SENDMMSG: /* of several messages nothing says which one this is */
		return CALL_ARG3(regs) == 1 ? message(s, CALL_ARG2(regs)) : -1;
	case CALL_SENDFILE:
	case CALL_SPLICE:
		s->hidden = 1;
		return written ? 0 : -1;
	}
	return -1;
}

/* The rest of the segment at hand, or 0 if there is none (more than HTTP_SEGMENTS). */
static __always_inline struct iovec *segment(struct http_slot *s)
{
	struct iovec *v;
	__u64 i;

	for (int k = 0; k < HTTP_SEGMENTS; k++) {
		i = s->segment;
		if (i >= s->n_segments)
			return NULL;
		http_opaque(i);
		if (i >= HTTP_SEGMENTS)
			return NULL;
		v = &s->segments[i];
		if (v->iov_len)
			return v;
		s->segment = i + 1;
	}
	return NULL;
}

static __always_inline int fetch(struct http_slot *s)
{
	struct iovec *v = s->hidden ? NULL : segment(s);
	__u64 n, at;

	if (!v)
		return -1;
	at = s->end;
	n = s->left;
	if (n > v->iov_len)
		n = v->iov_len;
	if (n > s->window)
		n = s->window;
	if (n > HTTP_FILL_MAX - at)
		n = HTTP_FILL_MAX - at;
	http_opaque(at);
	http_opaque(n);
	if (at >= HTTP_FILL_MAX || n > HTTP_WINDOW_MAX)
		return -1;
	if (bpf_probe_read_user(s->bytes + at, n, v->iov_base))
		return -1;
	v->iov_base += n;
	v->iov_len -= n;
	s->left -= n;
	s->end = at + n;
	return 0;
}

int http_bytes(struct http_slot *s, __u32 n, int written)
{
	struct task_struct *task = bpf_get_current_task_btf();
	int r = -1;

	if (!s)
		return -1;
	s->left = s->total = n;
	s->hidden = 0;
	s->segment = 0;
	if (!CALL_IS_COMPAT(task))
		r = find(s, (struct pt_regs *)bpf_task_pt_regs(task), n, written);
	if (r)
		s->hidden = 1;
	else if (s->window)
		fetch(s);
	return r;
}

int http_fetch(struct http_slot *s)
{
	return s ? fetch(s) : -1;
}

/* Pass over at most n bytes that are not copied, within one segment. Returns how many. */
__hidden __u32 http_pass(struct http_slot *s, __u64 n)
{
	struct iovec *v = s->hidden ? NULL : segment(s);

	if (n > s->left)
		n = s->left;
	if (v) {
		if (n > v->iov_len)
			n = v->iov_len;
		v->iov_base += n;
		v->iov_len -= n;
	}
	s->left -= n;
	return n;
}
