// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * attachtime - how long until a device is there, and until it is configured.
 *
 * usage: attachtime TARGET SERIAL
 *
 * Prints "attach MS", until p2pusbctl has attached TARGET, and "enumeration MS",
 * from then until the kernel has configured the device with that serial number
 * below p2pvhci.
 */
#include <err.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../host/figure/figure.h"

#define DEVICES		"/sys/bus/usb/devices/*/serial"
#define LIMIT_NS	60000000000ull

static int reads(const char *path, const char *text)
{
	char line[128] = "";
	FILE *file = fopen(path, "r");

	if (!file)
		return 0;
	if (!fgets(line, sizeof(line), file))
		line[0] = '\0';
	fclose(file);
	line[strcspn(line, "\n")] = '\0';
	return text ? !strcmp(line, text) : line[0] != '\0';
}

/* @path: of the serial number of a device. */
static int is_configured(const char *path, const char *serial)
{
	char full[PATH_MAX], config[PATH_MAX + 32];

	if (!reads(path, serial) || !realpath(path, full) ||
	    !strstr(full, "/p2pvhci"))
		return 0;
	*strrchr(full, '/') = '\0';
	snprintf(config, sizeof(config), "%s/bConfigurationValue", full);
	return reads(config, NULL);
}

static int is_there(const char *serial)
{
	int found = 0;
	glob_t paths;
	size_t i;

	if (glob(DEVICES, 0, NULL, &paths))
		return 0;
	for (i = 0; i < paths.gl_pathc; i++)
		found |= is_configured(paths.gl_pathv[i], serial);
	globfree(&paths);
	return found;
}

static void attach(const char *target)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		if (!freopen("/dev/null", "w", stdout))
			_exit(127);
		execlp("p2pusbctl", "p2pusbctl", "attach", "--no-wait", target,
		       NULL);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) != pid || status)
		errx(1, "p2pusbctl: status %d", status);
}

int main(int argc, char **argv)
{
	const struct timespec pause = { 0, 1000000 };
	uint64_t start, attached, now;

	if (argc != 3)
		errx(2, "usage: attachtime TARGET SERIAL");
	start = figure_now();
	attach(argv[1]);
	attached = figure_now();
	do {
		nanosleep(&pause, NULL);
		now = figure_now();
	} while (!is_there(argv[2]) && now - start < LIMIT_NS);
	if (now - start >= LIMIT_NS)
		errx(1, "%s does not come", argv[2]);
	printf("attach %.1f\nenumeration %.1f\n",
	       (double)(attached - start) / 1000000,
	       (double)(now - attached) / 1000000);
	return 0;
}
