// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * device_work - what the worker of a device does, and that the loop waits.
 *
 * Does not know what a job is for.
 */
#include <stddef.h>

#include "device.h"
#include "pipe.h"

#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))

void device_run(struct device *dev, struct worker_job *job)
{
	if (!dev->njobs++ && dev->edev)
		dev->server->ops->hold(dev->edev);
	worker_post(dev->worker, job);
}

static void next_cancel(struct device *dev)
{
	struct worker_job *job = STAILQ_FIRST(&dev->cancels);

	if (!job || dev->cancelling)
		return;
	STAILQ_REMOVE_HEAD(&dev->cancels, entry);
	dev->cancelling = 1;
	device_run(dev, job);
}

void device_cancel(struct device *dev, uint8_t ep, struct worker_job *job)
{
	dev->ncancels[engine_slot(ep)]++;
	STAILQ_INSERT_TAIL(&dev->cancels, job, entry);
	next_cancel(dev);
}

void device_cancelled(struct device *dev, uint8_t ep)
{
	dev->cancelling = 0;
	dev->ncancels[engine_slot(ep)]--;
	device_ran(dev);
}

void device_ran(struct device *dev)
{
	struct pipe *next;
	struct pipe *pipe;

	/* Keeps the device while its pipes go. */
	dev->nxfers++;
	if (!--dev->njobs && dev->edev)
		dev->server->ops->resume(dev->edev);
	for (pipe = TAILQ_FIRST(&dev->pipes); pipe; pipe = next) {
		next = TAILQ_NEXT(pipe, entry);
		pipe_run(pipe);
	}
	next_cancel(dev);
	dev->nxfers--;
	device_settle(dev);
}

/* Where the loop cannot reap the worker does; then the loop tries again. */

#define NURSE_ROUNDS	5
#define NURSE_PAUSE_MS	20

static int nurse_run(struct worker_job *job)
{
	struct device *dev = container_of(job, struct device, nurse);
	unsigned int i;
	int flying;

	for (i = 0; i < NURSE_ROUNDS; i++) {
		flying = dev->server->ops->reap(dev->edev);
		/* With nothing in flight, too: the loop may fail at once. */
		if (worker_pause(job->worker, NURSE_PAUSE_MS) || !flying)
			break;
	}
	return 0;
}

static void nurse_done(struct worker_job *job, int result)
{
	struct device *dev = container_of(job, struct device, nurse);

	(void)result;
	dev->deaf = 0;
	device_ran(dev);
}

/* By its handle: another device may have its place already. */
void device_deaf(void *owner, struct engine_device *edev)
{
	struct server *server = owner;
	struct device *dev;

	TAILQ_FOREACH(dev, &server->devices, entry) {
		/* Those that are being claimed have none yet. */
		if (dev->state != DEVICE_CLAIMING && dev->edev == edev)
			break;
	}
	if (!dev || dev->deaf)
		return;
	dev->deaf = 1;
	dev->nurse.run = nurse_run;
	dev->nurse.done = nurse_done;
	device_run(dev, &dev->nurse);
}
