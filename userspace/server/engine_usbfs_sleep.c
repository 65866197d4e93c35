// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * engine_usbfs_sleep - let a device sleep, and hear when it wakes up by itself.
 *
 * Whether it does sleep is its host's to decide (power/control, what else is
 * on its hub); one that stays awake is none the worse, unless it is to wake its
 * client: nobody listens to it meanwhile.  usbfs could tell only a thread that
 * waits of a resume, so the loop looks at sysfs instead.
 */
#include <errno.h>
#include <linux/usbdevice_fs.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include "engine_usbfs.h"
#include "log.h"
#include "sysfs.h"

#define LOOK_MS		200

/* Worker: an older kernel has no such requests, and the device stays awake. */
int engine_usbfs_power(struct engine_device *dev, uint32_t state)
{
	int sleep = state != P2PUSB_POWER_ON;

	dev->suspended = 0;
	dev->dozing = 0;
	if (state == P2PUSB_POWER_SUSPEND_WAKEUP &&
	    !sysfs_is(dev->file.busid, "power/control", "auto"))
		return -EOPNOTSUPP;
	if (ioctl(dev->file.fd, sleep ? USBDEVFS_ALLOW_SUSPEND :
				   USBDEVFS_FORBID_SUSPEND, NULL))
		return errno == ENODEV ||
		       state == P2PUSB_POWER_SUSPEND_WAKEUP ? -errno : 0;
	dev->dozing = sleep;
	return 0;
}

static void look(uv_timer_t *timer)
{
	struct engine_device *dev = timer->data;
	int suspended;

	suspended = sysfs_is(dev->file.busid, "power/runtime_status", "suspended");
	if (dev->suspended && !suspended) {
		uv_timer_stop(timer);
		log_info("%s: woke up", dev->file.busid);
		dev->file.engine->events.woke(dev->file.engine->owner, dev->file.busid);
	}
	dev->suspended = suspended;
}

static void timer_free(uv_handle_t *handle)
{
	free(handle);
}

void engine_usbfs_watch(struct engine_device *dev)
{
	if (!dev->dozing)
		return;
	dev->look = calloc(1, sizeof(*dev->look));
	if (!dev->look || uv_timer_init(dev->file.engine->loop, dev->look)) {
		log_err("%s: no memory to see it wake up", dev->file.busid);
		free(dev->look);
		dev->look = NULL;
		return;
	}
	dev->look->data = dev;
	uv_timer_start(dev->look, look, LOOK_MS, LOOK_MS);
}

void engine_usbfs_unwatch(struct engine_device *dev)
{
	if (dev->look)
		uv_close((uv_handle_t *)dev->look, timer_free);
	dev->look = NULL;
}
