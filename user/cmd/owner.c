/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cmd/owner.h"

#include <cap-ng.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "cmd/quantity.h"

#define ID_MAX 0xfffffffeULL    /* (uid_t)−1 means "none" */

static void describe(struct owner *o, const struct passwd *pw)
{
	if (pw) {
		snprintf(o->name, sizeof o->name, "%s", pw->pw_name);
		snprintf(o->home, sizeof o->home, "%s", pw->pw_dir);
	} else {
		snprintf(o->name, sizeof o->name, "uid %u", o->uid);
	}
}

static int from_user(struct owner *o, const struct passwd *pw, const char *variable, const char *value)
{
	if (!pw) {
		log_error("%s=%s names no user of this machine; unset it to write the reports as root", variable, value);
		return -EINVAL;
	}
	o->uid = pw->pw_uid;
	o->gid = pw->pw_gid;
	describe(o, pw);
	return 0;
}

/* The user's own group comes from sudo, or from the user database. An id without entry there is fine as long as sudo says the group. */
static int from_id(struct owner *o, const char *variable, const char *value, const char *group)
{
	uint64_t uid, gid;
	const struct passwd *pw;

	if (quantity_number(value, 0, ID_MAX, &uid))
		return from_user(o, NULL, variable, value);
	pw = getpwuid(uid);
	if (!group || quantity_number(group, 0, ID_MAX, &gid))
		return from_user(o, pw, variable, value);
	o->uid = uid;
	o->gid = gid;
	describe(o, pw);
	return 0;
}

int owner_find(struct owner *ret)
{
	const char *value;

	*ret = (struct owner){.uid = getuid(), .gid = getgid()};
	describe(ret, getpwuid(ret->uid));
	if (ret->uid)
		return 0;
	if ((value = getenv("SUDO_UID")))
		return from_id(ret, "SUDO_UID", value, getenv("SUDO_GID"));
	if ((value = getenv("PKEXEC_UID")))
		return from_id(ret, "PKEXEC_UID", value, NULL);
	if ((value = getenv("DOAS_USER")))
		return from_user(ret, getpwnam(value), "DOAS_USER", value);
	return 0;
}

int owner_assume(const struct owner *o)
{
	if (o->uid == geteuid())
		return 0;
	if (setgroups(0, NULL) || setegid(o->gid))
		return -errno;
	return seteuid(o->uid) ? -errno : 0;
}

int owner_resign(const struct owner *o)
{
	if (o->uid == getuid())
		return 0;
	return seteuid(getuid()) || setegid(getgid()) ? -errno : 0;
}

static int set_groups(const struct owner *o, bool with_groups)
{
	if (with_groups)
		return initgroups(o->name, o->gid);
	return setgroups(0, NULL);
}

/* The bounding set first: to drop it takes a capability. */
int owner_become(const struct owner *o, bool with_groups)
{
	capng_clear(CAPNG_SELECT_ALL);
	if (geteuid() == 0) {
		if (capng_apply(CAPNG_SELECT_BOUNDS))
			return -EPERM;
		if (set_groups(o, with_groups) || setresgid(o->gid, o->gid, o->gid) || setresuid(o->uid, o->uid, o->uid))
			return -errno;
	}
	capng_clear(CAPNG_SELECT_ALL);
	return capng_apply(CAPNG_SELECT_CAPS | CAPNG_SELECT_AMBIENT) ? -EPERM : 0;
}
