// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fakeagent [listen|super|sleepy] - plug the software device in and serve it
 * until killed; with "listen", take attach requests instead.
 *
 * It is of high speed, or super speed.  A sleepy one lets the machine sleep,
 * and plugs the device in again after.
 * A listening agent binds its device for the target "good", answers "bad" with
 * a sentence, and leaves "late" without an answer for two seconds.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "ringdev.h"

static int done(struct ringdev *d, uint64_t cookie, unsigned int status,
		const char *message)
{
	struct p2pvhci_attach_done answer = {
		.size = sizeof(answer), .status = status, .cookie = cookie,
	};

	snprintf(answer.message, sizeof(answer.message), "%s", message);
	return ioctl(d->fd, P2PVHCI_IOC_ATTACH_DONE, &answer) ? -errno : 0;
}

static int is_target(const struct p2pvhci_attach_request *a, const char *name)
{
	return a->target_len == strlen(name) &&
	       !memcmp(a->target, name, a->target_len);
}

/* On a thread of its own, or BIND would wait for nobody but itself. */
static void *attach(void *arg)
{
	struct ringdev *d = arg;
	struct p2pvhci_req req = d->held[0];
	const struct p2pvhci_attach_request *a;
	int rc;

	a = (const void *)ringdev_out(d, &req);
	if (is_target(a, "late"))
		sleep(2);
	if (is_target(a, "bad")) {
		rc = done(d, req.token, ENODEV, "There is no such device.");
	} else {
		rc = ringdev_bind(d, P2PVHCI_SPEED_HIGH, req.token);
		if (!rc)
			rc = done(d, req.token, 0, "");
		else
			done(d, req.token, -rc, "It could not be bound.");
	}
	printf("answered: %d\n", rc);
	return NULL;
}

static enum ringdev_verdict listen_hook(struct ringdev *d,
					const struct p2pvhci_req *req)
{
	pthread_t thread;

	if (req->op != P2PVHCI_OP_ATTACH)
		return RINGDEV_PASS;
	d->held[0] = *req;
	if (!pthread_create(&thread, NULL, attach, d))
		pthread_detach(thread);
	return RINGDEV_TAKEN;
}

static long long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

/* Before and after the machine sleeps; the rig has the patience. */
static void *plug_again(void *arg)
{
	struct ringdev *d = arg;
	long long start = now_ms();
	int rc;

	while ((rc = ringdev_bind(d, P2PVHCI_SPEED_HIGH, 0)) == -EAGAIN)
		usleep(10000);
	printf("plugged in again: %d, after %lld ms\n", rc, now_ms() - start);
	return NULL;
}

static enum ringdev_verdict sleepy_hook(struct ringdev *d,
					const struct p2pvhci_req *req)
{
	pthread_t thread;

	if (req->op != P2PVHCI_OP_UNBOUND)
		return RINGDEV_PASS;
	printf("unbound: %s\n", req->arg == P2PVHCI_UNBOUND_SLEEP ? "sleep" :
								    "detach");
	if (req->arg == P2PVHCI_UNBOUND_SLEEP &&
	    !pthread_create(&thread, NULL, plug_again, d))
		pthread_detach(thread);
	return RINGDEV_PASS;
}

static const struct {
	const char *name;
	uint8_t speed;	/* 0: nothing is plugged in unasked */
	uint32_t flags;
	uint32_t port_flags;
	ringdev_hook hook;
} modes[] = {
	{ "", P2PVHCI_SPEED_HIGH, 0, 0, NULL },
	{ "super", P2PVHCI_SPEED_SUPER, 0, 0, NULL },
	{ "listen", 0, P2PVHCI_SETUP_LISTEN, 0, listen_hook },
	{ "sleepy", P2PVHCI_SPEED_HIGH, 0, P2PVHCI_PORT_SLEEP_DETACH,
	  sleepy_hook },
};

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";
	struct ringdev d = { 0 };
	uint8_t speed = 0;
	size_t i;
	int rc;

	for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (strcmp(mode, modes[i].name))
			continue;
		speed = modes[i].speed;
		d.flags = modes[i].flags;
		d.port_flags = modes[i].port_flags;
		d.hook = modes[i].hook;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!speed)
		rc = ringdev_open(&d) ?: ringdev_start(&d);
	else
		rc = ringdev_plug(&d, speed);
	if (rc) {
		fprintf(stderr, "fakeagent: %s\n", strerror(-rc));
		return 1;
	}
	printf("ready\n");
	for (;;)
		pause();
}
