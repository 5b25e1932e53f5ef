/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cmd/landlock.h"

#include <errno.h>
#include <linux/landlock.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"

#define ABI_NETWORK 4 /* from which on the second field counts */
#define FILES_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define FILES_ALL (LANDLOCK_ACCESS_FS_MAKE_SYM * 2 - 1) /* what the first version knows: bits up to this one */
#define TCP_ALL 3 /* bind, connect */

/* Newer than the header may be. */
struct rules {
	uint64_t files, tcp;
};

int landlock_read_only(int dir)
{
	const struct rules rules = {.files = FILES_ALL, .tcp = TCP_ALL};
	const struct landlock_path_beneath_attr beneath = {.allowed_access = FILES_READ, .parent_fd = dir};
	int abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	_cleanup_close_ int fd = -1;

	if (abi < 0)
		return -errno;
	fd = syscall(SYS_landlock_create_ruleset, &rules, abi < ABI_NETWORK ? offsetof(struct rules, tcp) : sizeof rules, 0);
	if (fd < 0 || syscall(SYS_landlock_add_rule, fd, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) || syscall(SYS_landlock_restrict_self, fd, 0))
		return -errno;
	return 0;
}
