/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * privilege - from root to an ordinary user without any capability.
 *
 * Capabilities belong to threads: everything here must run before the first
 * thread is started.  Does not open what the daemon needs beforehand and does
 * not filter system calls.
 */
#ifndef P2PUSB_LIB_PRIVILEGE_H
#define P2PUSB_LIB_PRIVILEGE_H

#include <stddef.h>
#include <sys/types.h>

#define PRIVILEGE_USER	"p2pusb"
#define PRIVILEGE_GROUP	"p2pusb"

/**
 * struct privilege - who the daemon will be
 * @uid: user
 * @gid: primary group
 * @user: name, for the supplementary groups
 */
struct privilege {
	uid_t uid;
	gid_t gid;
	char user[64];
};

/**
 * privilege_find() - look up user and group
 * @user: name
 * @group: name, "" = the user's own
 * @who: filled
 * @error: sentence on failure
 * @len: its size
 *
 * A process that does not run as root stays who it is, whatever the names.
 *
 * Return: 0, -ENOENT (no such user or group), -ENAMETOOLONG.
 */
int privilege_find(const char *user, const char *group, struct privilege *who,
		   char *error, size_t len);

/**
 * privilege_dir() - make a directory that the daemon will own
 * @path: one that is there already is left as it is, so that a configured
 *	path cannot give away /run or /tmp; missing parents are made, too
 * @mode: permissions
 * @who: owner; ignored when not root
 * @error: sentence on failure
 * @len: its size
 *
 * Return: 0, negative errno.
 */
int privilege_dir(const char *path, mode_t mode, const struct privilege *who,
		  char *error, size_t len);

/**
 * privilege_drop() - become @who for good, without capabilities
 * @who: of privilege_find()
 * @error: sentence on failure
 * @len: its size
 *
 * Effective, permitted, inheritable, ambient and (when we may) bounding set
 * are empty afterwards and NoNewPrivs is set, even for uid 0; /proc/self/status
 * is read back, and anything else there is a failure.
 *
 * Return: 0, negative errno: the daemon must not go on.
 */
int privilege_drop(const struct privilege *who, char *error, size_t len);

#endif /* P2PUSB_LIB_PRIVILEGE_H */
