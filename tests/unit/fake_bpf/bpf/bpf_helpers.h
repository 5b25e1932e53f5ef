/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef REQPROF_FAKE_BPF_HELPERS_H
#define REQPROF_FAKE_BPF_HELPERS_H

#define SEC(name)
#undef __always_inline
#define __always_inline inline
#define __noinline __attribute__((noinline))
#define __uint(name, value) int (*name)[value]
#define __type(name, value) typeof(value) *name
#define __array(name, value) typeof(value) *name[]

/* What the test keeps, or answers: requests.c for sources of requests, walk.c for unwinding. */
extern __u64 fake_now;
extern struct pt_regs fake_regs;
extern struct task_struct fake_task;

void *fake_map_lookup(void *map, const void *key);
long fake_loop(__u32 n, long (*step)(__u32 i, void *ctx), void *ctx);
void *fake_storage(const void *map, struct sock *sk, int create);
void *fake_reserve(__u64 size);
long fake_read_user(void *to, __u64 n, const void *from);

#define bpf_map_lookup_elem(map, key) fake_map_lookup(map, key)
#define bpf_loop(n, step, ctx, flags) fake_loop(n, (long (*)(__u32, void *))(step), (void *)(ctx))
#define bpf_sk_storage_get(map, sk, value, flags) fake_storage(map, sk, (flags) & BPF_LOCAL_STORAGE_GET_F_CREATE)
#define bpf_skc_to_tcp_sock(sk) (&(sk)->tcp)
#define bpf_sock_from_file(file) ((struct socket *)NULL)
#define bpf_get_current_task_btf() (&fake_task)
#define bpf_task_pt_regs(task) ((long)&fake_regs)
#define bpf_get_current_pid_tgid() ((__u64)7 << 32 | 7)
#define bpf_get_smp_processor_id() 0
#define bpf_ktime_get_ns() (fake_now)
#define bpf_ringbuf_reserve(ring, size, flags) fake_reserve(size)
#define bpf_ringbuf_submit(event, flags) ((void)(event))
#define bpf_probe_read_user(to, n, from) fake_read_user(to, n, (const void *)(from))
#define bpf_probe_read_kernel(to, n, from) (memmove(to, from, n) ? 0L : -14L)

#endif
