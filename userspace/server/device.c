// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * device - one USB device of this machine: shared, attached, gone.
 *
 * Whatever ends late (a job of the worker, a request) ends in device_settle(),
 * which goes on with what waited for it.
 */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"
#include "leftover.h"
#include "log.h"
#include "pipe.h"
#include "session.h"
#include "sysfs.h"

#define USB_CLASS_HUB	0x09

#define TEXT_OF(n)	#n
#define TEXT(n)		TEXT_OF(n)
#define TOO_MANY	TEXT(DEVICE_SHARED_MAX) " devices are shared already"

#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))

static void grant_wish(struct device *dev, int err, const char *why)
{
	struct device_wish wish = dev->wish;

	dev->wish.done = NULL;
	if (wish.done)
		wish.done(wish.ctx, err, why);
}

static int take_wish(struct device *dev, const struct device_wish *wish)
{
	if (!wish)
		return 0;
	if (dev->wish.done) {
		wish->done(wish->ctx, -EBUSY,
			   "another request for it is not finished");
		return -EBUSY;
	}
	dev->wish = *wish;
	return 0;
}

static void end_worker(struct device *dev)
{
	worker_stop(dev->worker);
	dev->worker = NULL;
	dev->server->nshared--;
}

/* Share: open and claim */

static int claim_patiently(struct device *dev)
{
	static const unsigned int pauses_ms[] = { 50, 200, 800 };
	const struct engine_ops *ops = dev->server->ops;
	unsigned int i;
	int ret;

	ret = ops->claim(dev->edev);
	for (i = 0; i < 3 && ret == -EBUSY; i++) {
		if (worker_pause(dev->job.worker, pauses_ms[i]))
			return -ECANCELED;
		ret = ops->claim(dev->edev);
	}
	return ret;
}

static int claim_run(struct worker_job *job)
{
	struct device *dev = container_of(job, struct device, job);
	const struct engine_ops *ops = dev->server->ops;
	int ret;

	ret = ops->open(dev->server->engine, dev->info.busid, &dev->edev);
	if (ret) {
		dev->edev = NULL;
		return ret;
	}
	ret = claim_patiently(dev);
	if (ret) {
		ops->close(dev->edev);
		dev->edev = NULL;
		return ret;
	}
	leftover_mark(dev->server->leftovers, dev->info.busid);
	descs_read(ops, dev->edev, sysfs_quirks(dev->info.busid), &dev->descs);
	return 0;
}

static void claim_why(struct device *dev, int err, char *why, size_t len)
{
	why[0] = '\0';
	if (err == -EBUSY)
		sysfs_holder(dev->info.busid, why, len);
	if (why[0])
		return;
	if (err == -EACCES)
		snprintf(why, len, "the group of its USB node is not that of the server (60-p2pusbd.rules)");
	else
		snprintf(why, len, "%s", strerror(-err));
}

static void claim_done(struct worker_job *job, int result)
{
	struct device *dev = container_of(job, struct device, job);
	char why[256];

	if (result) {
		end_worker(dev);
		device_set(dev, DEVICE_UNSHARED);
		claim_why(dev, result, why, sizeof(why));
		log_warn("%s: not shared: %s", dev->info.busid, why);
		grant_wish(dev, result, why);
	} else {
		device_set(dev, DEVICE_SHARED);
		log_note("%s: %04x:%04x shared", dev->info.busid,
			 dev->info.vid, dev->info.pid);
		grant_wish(dev, 0, "");
		if (dev->unshare)
			device_set(dev, DEVICE_RELEASING);
	}
	device_ran(dev);
}

static int is_hub(const struct wire_device *info)
{
	return info->dev_class == USB_CLASS_HUB ||
	       memchr(info->classes, USB_CLASS_HUB, sizeof(info->classes));
}

static int may_share(struct device *dev, const char **why)
{
	if (dev->unplugged || dev->server->stopping) {
		*why = "it is gone";
		return -ENODEV;
	}
	if (is_hub(&dev->info)) {
		*why = "it is a hub; share the devices behind it";
		return -EOPNOTSUPP;
	}
	if (dev->state != DEVICE_UNSHARED && dev->state != DEVICE_RELEASING &&
	    dev->state != DEVICE_CLAIMING && !dev->unshare) {
		*why = "it is shared";
		return -EALREADY;
	}
	if (dev->state != DEVICE_UNSHARED) {
		*why = "it is just being claimed or given back";
		return -EBUSY;
	}
	if (dev->server->nshared >= DEVICE_SHARED_MAX) {
		*why = TOO_MANY;
		return -ENOSPC;
	}
	return 0;
}

void device_share(struct device *dev, const struct device_wish *wish)
{
	const char *why;
	int ret;

	ret = may_share(dev, &why);
	if (!ret) {
		ret = worker_start(dev->server->pool, &dev->worker);
		why = "no thread can be had";
	}
	if (ret) {
		if (wish)
			wish->done(wish->ctx, ret == -EALREADY ? 0 : ret, why);
		return;
	}
	dev->server->nshared++;
	dev->unshare = 0;
	take_wish(dev, wish);
	device_set(dev, DEVICE_CLAIMING);
	dev->job.run = claim_run;
	dev->job.done = claim_done;
	device_run(dev, &dev->job);
}

/* Release and close */

static int release_run(struct worker_job *job)
{
	struct device *dev = container_of(job, struct device, job);
	const struct engine_ops *ops = dev->server->ops;
	int ret;

	ret = ops->release(dev->edev);
	ops->close(dev->edev);
	leftover_clear(dev->server->leftovers, dev->info.busid);
	return ret;
}

static void release_done(struct worker_job *job, int result)
{
	struct device *dev = container_of(job, struct device, job);

	dev->edev = NULL;
	descs_drop(&dev->descs);
	end_worker(dev);
	if (dev->state == DEVICE_RELEASING) {
		dev->unshare = 0;
		device_set(dev, DEVICE_UNSHARED);
		log_note("%s: no longer shared", dev->info.busid);
	}
	grant_wish(dev, result, result ? strerror(-result) : "");
	device_ran(dev);
}

static void device_release(struct device *dev)
{
	dev->job.run = release_run;
	dev->job.done = release_done;
	device_run(dev, &dev->job);
}

static void shut_pipes(struct device *dev)
{
	struct pipe *next;
	struct pipe *pipe;

	for (pipe = TAILQ_FIRST(&dev->pipes); pipe; pipe = next) {
		next = TAILQ_NEXT(pipe, entry);
		pipe_shut(pipe);
	}
}

/* Whoever has it or waits for it hears that it is over. */
static void take_away(struct device *dev, uint32_t code, const char *why)
{
	struct attachment *holder = dev->holder;
	struct attachment *waiter = dev->waiter;

	dev->holder = NULL;
	dev->waiter = NULL;
	shut_pipes(dev);
	if (holder)
		session_lost(holder, code, why);
	if (waiter)
		session_lost(waiter, code, why);
}

void device_unshare(struct device *dev, const struct device_wish *wish,
		    uint32_t code, const char *why)
{
	if (dev->state == DEVICE_UNSHARED) {
		if (wish)
			wish->done(wish->ctx, 0, "");
		return;
	}
	if (take_wish(dev, wish))
		return;
	dev->unshare = 1;
	take_away(dev, code, why);
	if (dev->state == DEVICE_SHARED)
		device_set(dev, DEVICE_RELEASING);
	else if (dev->state == DEVICE_ATTACHED)
		device_set(dev, DEVICE_CLEANING);
	else
		session_announce(dev);
	device_settle(dev);
}

/* Attach, detach, clean */

static void device_give(struct device *dev, struct attachment *att)
{
	dev->holder = att;
	device_set(dev, DEVICE_ATTACHED);
	log_note("%s: attached by %s", dev->info.busid, session_holder(att));
	session_granted(att);
}

static void refuse_busy(struct device *dev, struct attachment *att)
{
	const struct attachment *other = dev->holder ? dev->holder :
							dev->waiter;
	char why[P2PUSB_TEXT_MAX];
	struct tm tm;
	char when[32];

	localtime_r(&dev->since, &tm);
	strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &tm);
	snprintf(why, sizeof(why), "%s by %s since %s",
		 dev->holder ? "attached" : "waited for",
		 other ? session_holder(other) : "nobody", when);
	session_refused(att, P2PUSB_CODE_BUSY, why);
}

void device_attach(struct device *dev, struct attachment *att)
{
	if (dev->state == DEVICE_SHARED)
		device_give(dev, att);
	else if (dev->state == DEVICE_CLEANING && !dev->waiter)
		dev->waiter = att;
	else
		refuse_busy(dev, att);
}

void device_detach(struct device *dev, struct attachment *att)
{
	if (dev->waiter == att)
		dev->waiter = NULL;
	if (dev->holder != att)
		return;
	dev->holder = NULL;
	log_note("%s: detached by %s", dev->info.busid, session_holder(att));
	shut_pipes(dev);
	device_set(dev, DEVICE_CLEANING);
	device_settle(dev);
}

static int clean_run(struct worker_job *job)
{
	struct device *dev = container_of(job, struct device, job);

	return dev->server->ops->reset(dev->edev);
}

static void clean_done(struct worker_job *job, int result)
{
	struct device *dev = container_of(job, struct device, job);
	struct attachment *waiter = dev->waiter;

	if (result) {
		log_warn("%s: cannot be reset after use, no longer shared: %s",
			 dev->info.busid, strerror(-result));
		take_away(dev, P2PUSB_CODE_IO, "the device cannot be reset");
		device_set(dev, DEVICE_RELEASING);
	} else if (dev->unshare) {
		device_set(dev, DEVICE_RELEASING);
	} else {
		device_set(dev, DEVICE_SHARED);
		dev->waiter = NULL;
		if (waiter)
			device_give(dev, waiter);
	}
	device_ran(dev);
}

static void device_clean(struct device *dev)
{
	dev->job.run = clean_run;
	dev->job.done = clean_done;
	device_run(dev, &dev->job);
}

/* Come and go */

static int shared_by_settings(struct server *server,
			      const struct wire_device *info)
{
	unsigned int i;

	for (i = 0; i < server->settings.nshare; i++) {
		if (peer_pattern_match(server->settings.share[i], info))
			return !is_hub(info);
	}
	return 0;
}

void device_arrived(void *owner, const struct wire_device *info)
{
	struct server *server = owner;
	struct device *dev;

	if (server->stopping)
		return;
	dev = calloc(1, sizeof(*dev));
	if (!dev) {
		log_err("%s: plugged in, but there is no memory", info->busid);
		return;
	}
	dev->server = server;
	dev->info = *info;
	dev->since = time(NULL);
	TAILQ_INIT(&dev->pipes);
	STAILQ_INIT(&dev->cancels);
	TAILQ_INSERT_TAIL(&server->devices, dev, entry);
	log_info("%s: %04x:%04x plugged in", info->busid, info->vid, info->pid);
	if (shared_by_settings(server, info)) {
		device_share(dev, NULL);
	} else if (leftover_take(server->leftovers, info->busid)) {
		log_note("%s: was shared when the server was killed", info->busid);
		device_share(dev, NULL);
		device_unshare(dev, NULL, P2PUSB_CODE_OK, "");
	}
}

void device_left(void *owner, const char *busid)
{
	struct device *dev;

	dev = device_find(owner, busid);
	if (!dev)
		return;
	log_info("%s: unplugged", busid);
	dev->unplugged = 1;
	session_announce(dev);
	take_away(dev, P2PUSB_CODE_UNPLUGGED, "the device was unplugged");
	grant_wish(dev, -ENODEV, "the device was unplugged");
	device_settle(dev);
}

void device_woke(void *owner, const char *busid)
{
	struct device *dev;

	dev = device_find(owner, busid);
	if (dev && dev->holder)
		session_woke(dev->holder);
}

static void device_free(struct device *dev)
{
	struct server *server = dev->server;

	TAILQ_REMOVE(&server->devices, dev, entry);
	free(dev);
	server_settle(server);
}

void device_settle(struct device *dev)
{
	struct server *server = dev->server;

	if (dev->njobs || dev->nxfers)
		return;
	if (dev->unplugged && dev->state != DEVICE_GONE)
		device_set(dev, DEVICE_GONE);

	if (dev->edev && (dev->state == DEVICE_GONE ||
			  dev->state == DEVICE_RELEASING))
		device_release(dev);
	else if (dev->state == DEVICE_CLEANING)
		device_clean(dev);
	else if (dev->state == DEVICE_GONE)
		device_free(dev);
	else if (dev->state == DEVICE_UNSHARED)
		server_settle(server);
}
