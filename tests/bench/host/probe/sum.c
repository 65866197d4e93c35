// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sum - of all processes that were probed.
 */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "probe.h"

static int is_server(pid_t pid)
{
	char path[64], name[32] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	file = fopen(path, "r");
	if (!file)
		return 0;
	if (!fgets(name, sizeof(name), file))
		name[0] = '\0';
	fclose(file);
	return !strcmp(name, PROBE_SERVER "\n");
}

static uint64_t cpu_ns(pid_t pid)
{
	struct timespec ts;
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &ts))
		return 0;
	return (uint64_t)ts.tv_sec * 1000000000ull + (uint64_t)ts.tv_nsec;
}

static void add_server(struct probe_sum *sum, const struct probe *probe,
		       pid_t pid)
{
	if (is_server(pid))
		sum->server_ns += cpu_ns(pid) - probe->quic_ns - probe->cost_ns;
}

static void add_file(struct probe_sum *sum, const char *path)
{
	struct probe probe;
	FILE *file = fopen(path, "r");

	if (!file)
		return;
	if (fread(&probe, sizeof(probe), 1, file) == 1) {
		sum->cipher_ns += probe.cipher_ns;
		sum->quic_ns += probe.quic_ns;
		add_server(sum, &probe, atoi(strrchr(path, '/') + 1));
	}
	fclose(file);
}

void probe_sum(struct probe_sum *sum)
{
	glob_t files;
	size_t i;

	*sum = (struct probe_sum){ 0 };
	if (glob(PROBE_DIR "/*", 0, NULL, &files))
		return;
	for (i = 0; i < files.gl_pathc; i++)
		add_file(sum, files.gl_pathv[i]);
	globfree(&files);
}
