// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * engine_file - the usbfs file of an open device, what all engines do with it.
 *
 * Does not know how an engine submits and reaps.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engine_file.h"
#include "engine_plug.h"
#include "log.h"
#include "sysfs.h"

int engine_file_open(struct engine_file *file, struct engine *engine,
		     const char *busid)
{
	file->engine = engine;
	file->heap.keep = HEAP_KEEP;
	STAILQ_INIT(&file->done);
	snprintf(file->busid, sizeof(file->busid), "%s", busid);
	file->fd = sysfs_open_node(busid);
	if (file->fd < 0)
		return file->fd;
	file->home = engine_file_config(file);
	return 0;
}

void engine_file_close(struct engine_file *file)
{
	heap_drop(&file->heap);
	close(file->fd);
}

unsigned int engine_file_config(const struct engine_file *file)
{
	unsigned int config;

	/* The attribute of one that is not configured is empty. */
	if (sysfs_number(file->busid, "bConfigurationValue", &config))
		return 0;
	return config;
}

int engine_file_listen(struct engine_file *file, void (*ready)(void *owner),
		       void *owner)
{
	int ret;

	ret = engine_poll_start(file->engine->loop, file->fd, ready, owner,
				&file->poll);
	if (ret && !file->unheard)
		log_err("%s: cannot listen to the device, trying again: %s",
			file->busid, strerror(-ret));
	file->unheard = ret != 0;
	return ret;
}

void engine_file_tell(struct engine_file *file)
{
	struct engine_xfer_list list = STAILQ_HEAD_INITIALIZER(list);
	struct engine_xfer *xfer;

	STAILQ_CONCAT(&list, &file->done);
	while ((xfer = STAILQ_FIRST(&list))) {
		STAILQ_REMOVE_HEAD(&list, entry);
		xfer->done(xfer);
	}
}

void engine_file_set_types(struct engine_file *file,
			   const uint8_t types[ENGINE_EP_COUNT])
{
	unsigned int i;

	for (i = 0; i < ENGINE_EP_COUNT; i++)
		atomic_store(&file->ep_type[i], types[i]);
}

int engine_file_endpoint(const struct engine_file *file, uint8_t ep)
{
	uint8_t type;

	type = atomic_load(&file->ep_type[engine_slot(ep)]);
	return type == ENGINE_EP_NONE ? -ENOENT : type;
}

uint8_t *engine_file_alloc(struct engine_file *file, size_t len)
{
	uint8_t *buf;

	buf = heap_get(&file->heap, ENGINE_FILE_HEADROOM + len);
	return buf ? buf + ENGINE_FILE_HEADROOM : NULL;
}

void engine_file_free(struct engine_file *file, uint8_t *buf, size_t len)
{
	heap_put(&file->heap, buf - ENGINE_FILE_HEADROOM,
		 ENGINE_FILE_HEADROOM + len);
}
