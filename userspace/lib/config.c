// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * config - ini files with drop-ins, every complaint with file, line and key.
 *
 * libinih splits lines; this file decides what a legal file is.  Lines are fed
 * to libinih without leading blanks, so that an indented line is a line of its
 * own and not the continuation of the one before.
 */
#include "config.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONFIG_FILE_MAX		(1 << 20)	/* bytes */
#define CONFIG_DROPINS_MAX	256
#define CONFIG_SECTION_MAX	48		/* libinih cuts off at 49 */

struct config_scan {
	FILE *file;
	const char *path;
	const struct config_key *keys;
	void *ctx;
	char *error;
	size_t len;
	int line;
	int err;
	int in_section;
	char section[CONFIG_SECTION_MAX + 1];
	const char *section_name;
};

/* The first complaint stays: what follows may be its consequence. */
__attribute__((format(printf, 5, 6)))
static void config_fail(struct config_scan *scan, int err, int line,
			const char *key, const char *fmt, ...)
{
	char why[CONFIG_WHY_MAX];
	va_list ap;

	if (scan->err && line >= scan->line)
		return;
	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	scan->err = err;
	if (line)
		snprintf(scan->error, scan->len, "%s:%d: %s: %s", scan->path,
			 line, key, why);
	else
		snprintf(scan->error, scan->len, "%s: %s", scan->path, why);
}

static int config_section_known(const struct config_scan *scan)
{
	const struct config_key *row;

	for (row = scan->keys; row->section; row++)
		if (!strcmp(row->section, scan->section))
			return 1;
	return 0;
}

static const struct config_key *config_find(const struct config_scan *scan,
					    const char *name)
{
	const struct config_key *row;

	for (row = scan->keys; row->section; row++)
		if (!strcmp(row->section, scan->section) &&
		    !strcmp(row->name, name))
			return row;
	return NULL;
}

static void config_set(struct config_scan *scan, const struct config_key *row,
		       const char *key, const char *value)
{
	char why[CONFIG_WHY_MAX] = "";
	int err;

	err = row->set(scan->ctx, scan->section_name, value, why);
	if (err)
		config_fail(scan, err, scan->line, key, "%s",
			    why[0] ? why : strerror(-err));
}

/* Split "[section name]" into scan->section and scan->section_name. */
static int config_split(struct config_scan *scan, const char *line)
{
	const char *end = strchr(line, ']');
	const char *rest;
	char *name;
	size_t len;

	if (!end) {
		config_fail(scan, -EINVAL, scan->line, "[", "no ] on this line");
		return -EINVAL;
	}
	rest = end + 1 + strspn(end + 1, " \t\r\n");
	if (*rest && *rest != ';' && *rest != '#') {
		config_fail(scan, -EINVAL, scan->line, "[",
			    "text follows the ]");
		return -EINVAL;
	}
	line++;
	line += strspn(line, " \t");
	while (end > line && isblank((unsigned char)end[-1]))
		end--;
	len = (size_t)(end - line);
	if (!len || len > CONFIG_SECTION_MAX) {
		config_fail(scan, -EINVAL, scan->line, "[",
			    "a section has a name of 1 to %d characters",
			    CONFIG_SECTION_MAX);
		return -EINVAL;
	}
	memcpy(scan->section, line, len);
	scan->section[len] = '\0';
	name = scan->section + strcspn(scan->section, " \t");
	scan->section_name = name;
	if (*name) {
		*name++ = '\0';
		scan->section_name = name + strspn(name, " \t");
	}
	return 0;
}

static void config_section(struct config_scan *scan, const char *line)
{
	const struct config_key *row;
	char key[CONFIG_SECTION_MAX + 3];

	scan->in_section = 0;
	if (config_split(scan, line))
		return;
	snprintf(key, sizeof(key), "[%s]", scan->section);
	if (!config_section_known(scan)) {
		config_fail(scan, -EINVAL, scan->line, key, "unknown section");
		return;
	}
	scan->in_section = 1;
	row = config_find(scan, "");
	if (row)
		config_set(scan, row, key, scan->section_name);
	else if (*scan->section_name)
		config_fail(scan, -EINVAL, scan->line, key,
			    "this section takes no name");
}

/* libinih's view of the file: one checked line a call; NULL ends. */
static char *config_line(char *buf, int size, void *stream)
{
	struct config_scan *scan = stream;
	int n = 0, c;

	if (scan->err)
		return NULL;
	c = getc_unlocked(scan->file);
	if (c == EOF)
		return NULL;
	scan->line++;
	for (; c != EOF && c != '\n'; c = getc_unlocked(scan->file)) {
		if (!n && isspace(c))
			continue;
		if (iscntrl(c) && c != '\t' && c != '\r') {
			config_fail(scan, -EINVAL, scan->line, "line",
				    "control character 0x%02x", c);
			return NULL;
		}
		/* Room for the newline and for what libinih keeps free. */
		if (n >= size - 3) {
			config_fail(scan, -EINVAL, scan->line, "line",
				    "longer than %d characters", size - 3);
			return NULL;
		}
		buf[n++] = (char)c;
	}
	buf[n++] = '\n';
	buf[n] = '\0';
	if (buf[0] == '[')
		config_section(scan, buf);
	return scan->err ? NULL : buf;
}

static int config_pair(void *user, const char *section, const char *name,
		       const char *value)
{
	struct config_scan *scan = user;
	const struct config_key *row;

	(void)section;
	if (scan->err)
		return 0;
	if (!*name) {
		config_fail(scan, -EINVAL, scan->line, "=", "no key before it");
		return 0;
	}
	if (!scan->in_section) {
		config_fail(scan, -EINVAL, scan->line, name,
			    "stands before the first [section]");
		return 0;
	}
	row = config_find(scan, name);
	if (!row) {
		config_fail(scan, -EINVAL, scan->line, name,
			    "unknown key in [%s]", scan->section);
		return 0;
	}
	config_set(scan, row, name, value ? value : "");
	return !scan->err;
}

static FILE *config_open(struct config_scan *scan)
{
	struct stat st;
	FILE *file;
	int fd;

	/* O_NONBLOCK: a FIFO of that name must not hang a daemon's start. */
	fd = open(scan->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		config_fail(scan, -errno, 0, NULL, "%s", strerror(errno));
		return NULL;
	}
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		config_fail(scan, -EINVAL, 0, NULL, "not a regular file");
		goto err_close;
	}
	if (st.st_size > CONFIG_FILE_MAX) {
		config_fail(scan, -EFBIG, 0, NULL, "larger than %d bytes",
			    CONFIG_FILE_MAX);
		goto err_close;
	}
	file = fdopen(fd, "r");
	if (file)
		return file;
	config_fail(scan, -errno, 0, NULL, "%s", strerror(errno));
err_close:
	close(fd);
	return NULL;
}

int config_read_file(const char *path, const struct config_key *keys, void *ctx,
		     char *error, size_t len)
{
	struct config_scan scan = {
		.path = path, .keys = keys, .ctx = ctx,
		.error = error, .len = len,
	};
	int bad;

	scan.file = config_open(&scan);
	if (!scan.file)
		return scan.err;
	bad = ini_parse_stream(config_line, &scan, config_pair, &scan);
	if (ferror(scan.file))
		config_fail(&scan, -EIO, 0, NULL, "cannot be read");
	else if (bad < 0)
		config_fail(&scan, -ENOMEM, 0, NULL, "out of memory");
	else if (bad && (!scan.err || bad < scan.line))
		config_fail(&scan, -EINVAL, bad, "line",
			    "neither [section] nor key = value");
	fclose(scan.file);
	return scan.err;
}

static int config_is_dropin(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return entry->d_name[0] != '.' && len > 5 &&
	       !strcmp(entry->d_name + len - 5, ".conf");
}

/* Not alphasort(): the order must not depend on the locale. */
static int config_by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int config_dropins(const char *dir, const struct config_key *keys,
			  void *ctx, char *error, size_t len)
{
	struct dirent **entries;
	char path[4096];
	int err = 0;
	int i, n;

	n = scandir(dir, &entries, config_is_dropin, config_by_name);
	if (n < 0 && errno == ENOENT)
		return 0;
	if (n < 0) {
		err = -errno;
		snprintf(error, len, "%s: %s", dir, strerror(-err));
		return err;
	}
	if (n > CONFIG_DROPINS_MAX) {
		err = -E2BIG;
		snprintf(error, len, "%s: more than %d files", dir,
			 CONFIG_DROPINS_MAX);
	}
	for (i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, entries[i]->d_name);
		if (!err)
			err = config_read_file(path, keys, ctx, error, len);
		free(entries[i]);
	}
	free(entries);
	return err;
}

int config_read(const char *path, const char *usual,
		const struct config_key *keys, void *ctx, char *error,
		size_t len)
{
	char dir[4096 - NAME_MAX - 2];
	int err;

	if (snprintf(dir, sizeof(dir), "%s.d", path) >= (int)sizeof(dir)) {
		snprintf(error, len, "%s: name too long", path);
		return -ENAMETOOLONG;
	}
	err = config_read_file(path, keys, ctx, error, len);
	if (err && (err != -ENOENT || strcmp(path, usual)))
		return err;
	return config_dropins(dir, keys, ctx, error, len);
}

int config_u32(const char *value, unsigned int min, unsigned int max,
	       unsigned int *out, char why[CONFIG_WHY_MAX])
{
	unsigned long long n;
	char *end;

	errno = 0;
	n = strtoull(value, &end, 0);
	if (!isdigit((unsigned char)value[0]) || *end || errno ||
	    n < min || n > max) {
		snprintf(why, CONFIG_WHY_MAX, "not a number from %u to %u", min,
			 max);
		return -EINVAL;
	}
	*out = (unsigned int)n;
	return 0;
}

int config_bool(const char *value, int *out, char why[CONFIG_WHY_MAX])
{
	static const struct {
		const char *word;
		int value;
	} words[] = {
		{ "yes", 1 }, { "true", 1 }, { "on", 1 }, { "1", 1 },
		{ "no", 0 }, { "false", 0 }, { "off", 0 }, { "0", 0 },
	};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(words[i].word, value))
			continue;
		*out = words[i].value;
		return 0;
	}
	snprintf(why, CONFIG_WHY_MAX, "not yes or no");
	return -EINVAL;
}

int config_text(const char *value, char *out, size_t size,
		char why[CONFIG_WHY_MAX])
{
	size_t len = strlen(value);

	if (!len) {
		snprintf(why, CONFIG_WHY_MAX, "empty");
		return -EINVAL;
	}
	if (len >= size) {
		snprintf(why, CONFIG_WHY_MAX, "longer than %zu characters",
			 size - 1);
		return -EINVAL;
	}
	/* Nothing stays of a longer one before: what is equal compares equal. */
	memset(out, 0, size);
	memcpy(out, value, len);
	return 0;
}
