// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Addresses of sockets. */
#include "reqprof.bpf.h"
#include <bpf/bpf_endian.h>

static __always_inline void inet_address(struct sock *sk, int peer, struct rp_addr *a)
{
	__be32 ip = peer ? BPF_CORE_READ(sk, __sk_common.skc_daddr) : BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr);

	a->family = RP_AF_INET;
	__builtin_memcpy(a->ip, &ip, sizeof ip);
}

static __always_inline void inet6_address(struct sock *sk, int peer, struct rp_addr *a)
{
	struct in6_addr ip = peer ? BPF_CORE_READ(sk, __sk_common.skc_v6_daddr) : BPF_CORE_READ(sk, __sk_common.skc_v6_rcv_saddr);

	if (!ip.in6_u.u6_addr32[0] && !ip.in6_u.u6_addr32[1] && ip.in6_u.u6_addr32[2] == bpf_htonl(0xffff)) {
		a->family = RP_AF_INET;
		__builtin_memcpy(a->ip, &ip.in6_u.u6_addr32[3], 4);
		return;
	}
	a->family = RP_AF_INET6;
	__builtin_memcpy(a->ip, &ip, sizeof ip);
}

static __always_inline void unix_address(struct sock *sk, int peer, struct rp_addr *a)
{
	struct unix_sock *u = (struct unix_sock *)sk;
	struct unix_address *address;
	__s32 len;

	if (peer)
		u = (struct unix_sock *)BPF_CORE_READ(u, peer);
	a->family = RP_AF_UNIX;
	address = u ? BPF_CORE_READ(u, addr) : NULL;
	if (!address)
		return;
	len = BPF_CORE_READ(address, len) - (__s32)offsetof(struct sockaddr_un, sun_path);
	if (len <= 0)
		return;
	if (len > (__s32)sizeof a->path)
		len = sizeof a->path;
	bpf_probe_read_kernel(a->path, sizeof a->path, (void *)address + bpf_core_field_offset(struct unix_address, name) +
							       offsetof(struct sockaddr_un, sun_path));
	a->path_len = len;
	if (a->path[0]) /* a path name: its length counts the NUL at the end */
		a->path_len = len - 1;
}

int socket_address(__u64 socket, int peer, struct rp_addr *ret)
{
	struct sock *sk = (struct sock *)socket;
	__u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);

	if (!ret)
		return 0;
	__builtin_memset(ret, 0, sizeof *ret);
	if (family == RP_AF_INET)
		inet_address(sk, peer, ret);
	else if (family == RP_AF_INET6)
		inet6_address(sk, peer, ret);
	else if (family == RP_AF_UNIX)
		unix_address(sk, peer, ret);
	if (ret->family == RP_AF_UNIX || !ret->family)
		return 0;
	ret->port = peer ? bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport)) : BPF_CORE_READ(sk, __sk_common.skc_num);
	return 0;
}
