// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What a file descriptor is: the peer of a socket, the path of a file, the kind of an anonymous file. Read when a wait begins, because
 * the descriptor may be closed and reused before anybody could ask. */
#include "request.bpf.h"

#define S_IFMT 0170000          /* include/uapi/linux/stat.h */
#define S_IFSOCK 0140000
#define S_IFREG 0100000
#define S_IFBLK 0060000
#define S_IFDIR 0040000
#define S_IFCHR 0020000
#define S_IFIFO 0010000
#define ANON_INODE_FS_MAGIC 0x09041934 /* include/uapi/linux/magic.h */
#define TCP_LISTEN 10           /* include/net/tcp_states.h, also the state of a listening Unix socket */
#define MAX_COMPONENTS 24

struct path_walk {
	struct rp_object *object;
	struct dentry *dentry;
	struct mount *mount;
	__u32 len;
	__u32 cut;
};

/* One component: names go innermost first, because only the outermost end of a path is known to be cheap to lose. */
static long walk_up(__u32 i, struct path_walk *w)
{
	struct dentry *dentry = w->dentry, *parent = BPF_CORE_READ(dentry, d_parent);
	struct mount *mount = w->mount, *above;
	struct dentry *root = BPF_CORE_READ(mount, mnt.mnt_root);
	const unsigned char *name = BPF_CORE_READ(dentry, d_name.name);
	__u32 len;
	long n;

	if (dentry == root || dentry == parent) {
		above = BPF_CORE_READ(mount, mnt_parent);
		if (above == mount || !above) {
			w->cut = 0;
			return 1;
		}
		w->dentry = BPF_CORE_READ(mount, mnt_mountpoint);
		w->mount = above;
		return 0;
	}
	len = w->len; /* right before its use: 6.1 forgets the bounds of what is kept on the stack */
	if (len >= RP_OBJECT_MAX)
		return 1;
	n = bpf_probe_read_kernel_str(w->object->data + len, OBJECT_SLACK, name);
	if (n <= 0 || len + n > RP_OBJECT_MAX)
		return 1;
	w->len = len + n;
	w->dentry = parent;
	return 0;
}

static __always_inline void describe_path(struct file *file, struct rp_object *o)
{
	struct vfsmount *mnt = BPF_CORE_READ(file, f_path.mnt);
	struct path_walk w = {
		.object = o,
		.dentry = BPF_CORE_READ(file, f_path.dentry),
		.mount = (void *)mnt - bpf_core_field_offset(struct mount, mnt),
		.cut = 1,
	};

	bpf_loop(MAX_COMPONENTS, walk_up, &w, 0);
	o->len = w.len;
	if (w.cut)
		o->flags |= RP_OBJECT_CUT;
}

static __always_inline void describe_socket(struct file *file, struct rp_object *o)
{
	struct socket *socket = BPF_CORE_READ(file, private_data);
	struct sock *sk = BPF_CORE_READ(socket, sk);
	struct rp_addr *address = (struct rp_addr *)o->data;
	int listening;

	if (!sk)
		return;
	listening = BPF_CORE_READ(sk, __sk_common.skc_state) == TCP_LISTEN;
	o->kind = RP_OBJECT_SOCKET;
	o->flags = listening ? RP_OBJECT_LISTENING : 0;
	o->len = sizeof *address;
	socket_address((__u64)sk, !listening, address);
}

static __always_inline void describe_anonymous(struct file *file, struct rp_object *o)
{
	long n = bpf_probe_read_kernel_str(o->data, 32, BPF_CORE_READ(file, f_path.dentry, d_name.name));

	o->kind = RP_OBJECT_ANON;
	o->len = n > 0 ? n : 0;
}

static __always_inline struct file *file_of(struct task_struct *task, __s32 fd)
{
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct file **files, *file = NULL;

	if (fd < 0 || !table || (__u32)fd >= BPF_CORE_READ(table, max_fds))
		return NULL;
	files = (void *)BPF_CORE_READ(table, fd); /* void * in a vmlinux.h that some kernels make */
	bpf_probe_read_kernel(&file, sizeof file, &files[fd]);
	return file;
}

__hidden struct sock *object_socket(struct task_struct *task, __s32 fd)
{
	struct file *file = file_of(task, fd);
	struct socket *socket;

	if (!file || (BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) != S_IFSOCK)
		return NULL;
	socket = BPF_CORE_READ(file, private_data);
	return BPF_CORE_READ(socket, sk);
}

__hidden void object_describe(struct task_struct *task, __s32 fd, struct rp_object *o)
{
	struct file *file = file_of(task, fd);
	struct inode *inode;
	__u32 mode;

	o->kind = RP_OBJECT_NONE;
	o->flags = 0;
	o->len = 0;
	o->fd = fd;
	if (!file)
		return;
	inode = BPF_CORE_READ(file, f_inode);
	mode = BPF_CORE_READ(inode, i_mode) & S_IFMT;
	if (BPF_CORE_READ(inode, i_sb, s_magic) == ANON_INODE_FS_MAGIC) {
		describe_anonymous(file, o);
	} else if (mode == S_IFSOCK) {
		describe_socket(file, o);
	} else if (mode == S_IFIFO) {
		__u64 number = BPF_CORE_READ(inode, i_ino);

		o->kind = RP_OBJECT_PIPE;
		o->len = sizeof number;
		__builtin_memcpy(o->data, &number, sizeof number);
	} else if (mode == S_IFREG || mode == S_IFDIR || mode == S_IFBLK || mode == S_IFCHR) {
		o->kind = mode == S_IFCHR ? RP_OBJECT_DEVICE : RP_OBJECT_FILE;
		describe_path(file, o);
	}
}
