/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * device - one USB device of this machine: shared, attached, gone.
 *
 * Does not know what a request means; see pipe.h.
 */
#ifndef P2PUSB_SERVER_DEVICE_H
#define P2PUSB_SERVER_DEVICE_H

#include <sys/queue.h>
#include <time.h>

#include "descs.h"
#include "server.h"

struct attachment;
struct pipe;

TAILQ_HEAD(pipe_list, pipe);
STAILQ_HEAD(job_list, worker_job);

#define DEVICE_SHARED_MAX	160	/* each has a thread */
#define DEVICE_PIPES_MAX	64	/* 32 endpoints, and as many on their way out */

/*
 * DOC: States of a device
 *
 *            share            claimed            attach
 *   UNSHARED ----> CLAIMING ---------> SHARED ----------> ATTACHED
 *      ^  ^------------'  refused      |    ^                |
 *      |    released                   |    | reset          | detach
 *      '------------- RELEASING <------'    '--- CLEANING <--'
 *                         ^---------------------------'
 *   any ----> GONE: unplugged; the end
 *
 * CLEANING cancels what the last client left and resets the port, so that the
 * next one finds the device as after plugging it in: no halted endpoint, no
 * old data toggle, alternate settings 0.  One attach may wait for its end.
 */
enum device_state {
	DEVICE_UNSHARED,
	DEVICE_CLAIMING,
	DEVICE_SHARED,
	DEVICE_ATTACHED,
	DEVICE_CLEANING,
	DEVICE_RELEASING,
	DEVICE_GONE,
	DEVICE_NSTATES
};

/**
 * struct device_wish - somebody waits for share or unshare to be done
 * @done: told once; @err 0 or negative errno, @why a sentence
 * @ctx: theirs
 */
struct device_wish {
	void (*done)(void *ctx, int err, const char *why);
	void *ctx;
};

/**
 * struct device - one that is plugged in
 * @pipes: endpoints in use
 * @entry: in server->devices
 * @server: whose
 * @info: as announced; @info.state is filled by device_wire()
 * @state: written by device_set() only
 * @since: of the last change of @state
 * @edev: open from CLAIMING to RELEASING
 * @worker: likewise
 * @descs: read when it is claimed
 * @npipes: of them
 * @nxfers: requests that are not freed
 * @njobs: jobs with the worker
 * @cancels: jobs that follow the cancel that is with the worker
 * @cancelling: there is one
 * @ncancels: by slot of the endpoint: of both
 * @holder: attached by
 * @waiter: wants it once it is clean
 * @announced: peers with a list were told of it
 * @unplugged: the engine said so
 * @deaf: the engine said so, and @nurse is with the worker
 * @unshare: release it when it is clean
 * @job: claim, reset or release: one at a time
 * @err: what the job ended with, for @wish
 * @wish: see there; @done is NULL when nobody waits
 */
struct device {
	TAILQ_ENTRY(device) entry;
	struct pipe_list pipes;
	struct server *server;
	struct wire_device info;
	enum device_state state;
	time_t since;
	struct engine_device *edev;
	struct worker *worker;
	struct descs descs;
	unsigned int npipes;
	unsigned int nxfers;
	unsigned int njobs;
	struct job_list cancels;
	int cancelling;
	unsigned int ncancels[ENGINE_EP_COUNT];
	struct attachment *holder;
	struct attachment *waiter;
	int announced;
	int unplugged;
	int deaf;
	struct worker_job nurse;
	int unshare;
	struct worker_job job;
	struct device_wish wish;
};

/* Engine events; owner is the server. */
void device_arrived(void *owner, const struct wire_device *info);
void device_left(void *owner, const char *busid);
void device_woke(void *owner, const char *busid);
void device_deaf(void *owner, struct engine_device *edev);

/**
 * device_find() - by busid
 * Return: device or NULL.
 */
struct device *device_find(struct server *server, const char *busid);

/**
 * device_state_name() - state as people read it
 */
const char *device_state_name(enum device_state state);

/**
 * device_set() - move to another state, and announce it
 * @dev: device.c's to move
 * @next: a legal move; another one is made too, and reported as our bug
 */
void device_set(struct device *dev, enum device_state next);

/**
 * device_visible() - is it to be seen by peers that may use it?
 */
int device_visible(const struct device *dev);

/**
 * device_wire() - body of DEVICE
 * @dev: visible
 * @info: filled
 */
void device_wire(const struct device *dev, struct wire_device *info);

/**
 * device_share() - claim it now, all interfaces or none
 * @dev: any state
 * @wish: told when it is done, also before the return; NULL
 */
void device_share(struct device *dev, const struct device_wish *wish);

/**
 * device_unshare() - take it from its holder, give it back to its drivers
 * @dev: any state
 * @wish: as for device_share()
 * @code: P2PUSB_CODE_* for the holder
 * @why: sentence for the holder
 */
void device_unshare(struct device *dev, const struct device_wish *wish,
		    uint32_t code, const char *why);

/**
 * device_attach() - give it to a session, now or once it is clean
 * @dev: visible
 * @att: not attached; session_granted() or session_refused() follows, perhaps
 *	before the return
 */
void device_attach(struct device *dev, struct attachment *att);

/**
 * device_detach() - the holder, or the one who waits, has done with it
 * @dev: its device
 * @att: forgotten
 */
void device_detach(struct device *dev, struct attachment *att);

/**
 * device_run() - let the worker do something with the device
 * @dev: open
 * @job: @done is followed by device_ran()
 */
void device_run(struct device *dev, struct worker_job *job);

/**
 * device_ran() - a job of device_run() is done; from its @done, at first
 * @dev: the same
 */
void device_ran(struct device *dev);

/**
 * device_cancel() - let the worker cancel a transfer, one after the other
 * @dev: open
 * @ep: endpoint; nothing is submitted to it before all its cancels are done
 * @job: @done is followed by device_cancelled()
 *
 * Between two of them the device is served: a controller may need as long to
 * let go of an isochronous transfer as that takes, and the other endpoints
 * would run dry if all of them were waited for.
 */
void device_cancel(struct device *dev, uint8_t ep, struct worker_job *job);

/**
 * device_cancelled() - as device_ran(), of a job of device_cancel()
 * @dev: the same
 * @ep: the same
 */
void device_cancelled(struct device *dev, uint8_t ep);

/**
 * device_settle() - something came to an end: go on with what waits for it
 * @dev: may be freed
 */
void device_settle(struct device *dev);

#endif /* P2PUSB_SERVER_DEVICE_H */
