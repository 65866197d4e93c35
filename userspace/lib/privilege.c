// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * privilege - from root to an ordinary user without any capability.
 *
 * Does not decide which user: that is the configuration's business.
 */
#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "privilege.h"

static int find_group(const char *group, gid_t *gid, char *error, size_t len)
{
	struct group *row;

	if (!*group)
		return 0;
	row = getgrnam(group);
	if (!row) {
		snprintf(error, len, "group \"%s\" does not exist", group);
		return -ENOENT;
	}
	*gid = row->gr_gid;
	return 0;
}

int privilege_find(const char *user, const char *group, struct privilege *who,
		   char *error, size_t len)
{
	struct passwd *row;

	memset(who, 0, sizeof(*who));
	who->uid = geteuid();
	who->gid = getegid();
	if (geteuid() != 0)
		return 0;

	if (strlen(user) >= sizeof(who->user)) {
		snprintf(error, len, "user name is longer than %zu bytes",
			 sizeof(who->user) - 1);
		return -ENAMETOOLONG;
	}
	row = getpwnam(user);
	if (!row) {
		snprintf(error, len, "user \"%s\" does not exist", user);
		return -ENOENT;
	}
	strcpy(who->user, user);
	who->uid = row->pw_uid;
	who->gid = row->pw_gid;
	return find_group(group, &who->gid, error, len);
}

/* O_NOFOLLOW: between mkdir() and here somebody may have put a link there. */
static int own_dir(const char *path, mode_t mode, const struct privilege *who)
{
	int ret = 0;
	int fd;

	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	/* In this order it needs no CAP_FOWNER. */
	if (fchmod(fd, mode))
		ret = -errno;
	else if (geteuid() == 0 && fchown(fd, who->uid, who->gid))
		ret = -errno;
	close(fd);
	return ret;
}

/* Those above stay root's, as those of a package would. */
static int make_parents(const char *path)
{
	char copy[PATH_MAX];
	char *slash;

	if (strlen(path) >= sizeof(copy))
		return -ENAMETOOLONG;
	strcpy(copy, path);
	for (slash = strchr(copy + 1, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		/* Whatever the umask says, the daemon has to get through. */
		if (mkdir(copy, 0755) ? errno != EEXIST : chmod(copy, 0755))
			return -errno;
		*slash = '/';
	}
	return 0;
}

int privilege_dir(const char *path, mode_t mode, const struct privilege *who,
		  char *error, size_t len)
{
	int ret = make_parents(path);

	if (!ret && mkdir(path, 0700))
		ret = errno == EEXIST ? 0 : -errno;
	else if (!ret)
		ret = own_dir(path, mode, who);
	if (ret)
		snprintf(error, len, "directory %s: %s", path, strerror(-ret));
	return ret;
}

static int become(const struct privilege *who)
{
	if (geteuid() != 0)
		return 0;
	if (initgroups(who->user, who->gid))
		return -errno;
	if (setresgid(who->gid, who->gid, who->gid))
		return -errno;
	if (setresuid(who->uid, who->uid, who->uid))
		return -errno;
	return 0;
}

static int clear_bounds(void)
{
	if (!capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP))
		return 0;
	capng_clear(CAPNG_SELECT_BOUNDS);
	return capng_apply(CAPNG_SELECT_BOUNDS) ? -EPERM : 0;
}

static int clear_caps(void)
{
	capng_clear(CAPNG_SELECT_CAPS | CAPNG_SELECT_AMBIENT);
	if (capng_apply(CAPNG_SELECT_CAPS))
		return -EPERM;
	if (capng_apply(CAPNG_SELECT_AMBIENT))
		return -EPERM;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	return 0;
}

/* What must stand in /proc/self/status; @bounds only where we could. */
struct status_row {
	const char *format;
	uint64_t want;
};

static int check_line(const char *line, const struct status_row *rows,
		      unsigned int *seen)
{
	uint64_t value;

	for (; rows->format; rows++) {
		if (sscanf(line, rows->format, &value) != 1)
			continue;
		if (value != rows->want)
			return -EPERM;
		(*seen)++;
	}
	return 0;
}

static int check_status(int bounded, char *error, size_t len)
{
	const struct status_row rows[] = {
		{ "CapEff: %" SCNx64, 0 },
		{ "CapPrm: %" SCNx64, 0 },
		{ "CapInh: %" SCNx64, 0 },
		{ "CapAmb: %" SCNx64, 0 },
		{ "NoNewPrivs: %" SCNx64, 1 },
		{ bounded ? "CapBnd: %" SCNx64 : NULL, 0 },
		{ NULL, 0 },
	};
	unsigned int want = bounded ? 6 : 5;
	unsigned int seen = 0;
	char line[256];
	int ret = 0;
	FILE *file;

	file = fopen("/proc/self/status", "re");
	if (!file) {
		ret = -errno;
		snprintf(error, len, "/proc/self/status: %s", strerror(-ret));
		return ret;
	}
	while (!ret && fgets(line, sizeof(line), file)) {
		ret = check_line(line, rows, &seen);
		line[strcspn(line, "\n")] = '\0';
		if (ret)
			snprintf(error, len, "not unprivileged: %s", line);
	}
	fclose(file);
	if (!ret && seen != want) {
		snprintf(error, len, "/proc/self/status: %u of %u lines found",
			 seen, want);
		ret = -EPERM;
	}
	return ret;
}

int privilege_drop(const struct privilege *who, char *error, size_t len)
{
	int bounded;
	int ret;

	if (capng_get_caps_process()) {
		snprintf(error, len, "capabilities cannot be read");
		return -EPERM;
	}
	bounded = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP);
	ret = clear_bounds();
	if (!ret)
		ret = become(who);
	if (!ret)
		ret = clear_caps();
	if (ret) {
		snprintf(error, len, "privileges cannot be dropped: %s",
			 strerror(-ret));
		return ret;
	}
	return check_status(bounded, error, len);
}
