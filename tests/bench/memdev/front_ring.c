// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The device behind p2pvhci.
 *
 * Everything of the ring is the agent's: its library, its sizes, and the shape
 * of its loop (userspace/agent/queue.c).  No link, so no other descriptor.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "front.h"
#include "model.h"
#include "ring.h"
#include "ring_idle.h"
#include "ringdev.h"

#define TURN_MAX	32

struct ring_front {
	struct ring ring;
	struct ring_idle idle;
	uv_loop_t loop;
	uv_poll_t poll;
	uv_prepare_t turn;
	uv_idle_t again;
	int status;
};

static int bind_device(struct ring *ring)
{
	static const char target[] = "memdev";
	struct p2pvhci_bind bind = {
		.target = (uintptr_t)target,
		.target_len = sizeof(target) - 1,
		.speed = P2PVHCI_SPEED_HIGH,
		.vid = RINGDEV_VENDOR,
		.pid = RINGDEV_PRODUCT,
	};

	return ring_bind(ring, &bind);
}

/* IN bytes go where the agent decrypts to, and there are as many copies. */
static int complete_in(struct ring *ring, struct p2pvhci_cmp *cmp,
		       const uint8_t *from)
{
	struct ring_extent extent = { .len = cmp->actual };

	extent.off = ring_in_get(ring, extent.len);
	if (extent.off == RING_NO_SPACE) {
		if (ring_enter(ring))
			return -ESHUTDOWN;
		extent.off = ring_in_get(ring, extent.len);
	}
	memcpy(ring->in + extent.off, from, extent.len);
	cmp->in_off = extent.off;
	return ring_complete(ring, cmp, &extent);
}

static int take_control(struct ring *ring, const struct p2pvhci_req *req)
{
	struct p2pvhci_cmp cmp = { .token = req->token };
	uint8_t answer[MODEL_CONTROL];
	int n;

	n = model_control(req->setup, req->len, answer);
	if (n < 0)
		cmp.status = P2PVHCI_ST_STALL;
	else
		cmp.actual = n;
	if (n > 0 && req->setup[0] & 0x80)
		return complete_in(ring, &cmp, answer);
	return ring_complete(ring, &cmp, NULL);
}

static int take_submit(struct ring *ring, const struct p2pvhci_req *req)
{
	struct p2pvhci_cmp cmp = { .token = req->token, .actual = req->len };

	if (!req->ep)
		return take_control(ring, req);
	if (req->ep & 0x80 && req->len)
		return complete_in(ring, &cmp, model_memory);
	return ring_complete(ring, &cmp, NULL);
}

static int take(struct ring *ring, const struct p2pvhci_req *req)
{
	const struct p2pvhci_cmp done = { .token = req->token };

	switch (req->op) {
	case P2PVHCI_OP_SUBMIT:
		return take_submit(ring, req);
	case P2PVHCI_OP_RESET:
		return ring_complete(ring, &done, NULL);
	}
	/* What is to be cancelled was answered already. */
	return 0;
}

static int take_all(struct ring *ring)
{
	struct p2pvhci_req req;
	int taken = 0;
	int ret;

	while (ring_next(ring, &req)) {
		taken++;
		ret = take(ring, &req);
		if (ret)
			return ret;
	}
	return taken;
}

static int turn(struct ring *ring, struct ring_idle *idle)
{
	int busy = 0;
	int round;
	int ret;

	ring_wake(ring);
	for (round = 0; round < TURN_MAX; round++) {
		ret = take_all(ring);
		if (ret < 0)
			return ret;
		busy |= ret;
		if (!ret && !ring_pending(ring))
			return ring_idle_sleep(idle, ring, busy);
		ret = ring_enter(ring);
		if (ret)
			return ret;
	}
	return 1;
}

static void front_again(uv_idle_t *handle)
{
	(void)handle;
}

static void front_turn(uv_prepare_t *handle)
{
	struct ring_front *front = handle->data;
	int ret;

	ret = ring_dead(&front->ring) ? -ESHUTDOWN : turn(&front->ring, &front->idle);
	if (ret < 0) {
		front->status = ret;
		uv_stop(&front->loop);
	} else if (ret) {
		uv_idle_start(&front->again, front_again);
	} else {
		uv_idle_stop(&front->again);
	}
}

static void front_ready(uv_poll_t *handle, int status, int events)
{
	struct ring_front *front = handle->data;

	(void)events;
	if (status < 0) {
		front->status = status;
		uv_stop(&front->loop);
	}
}

int front_ring(unsigned int poll_us)
{
	const struct ring_params params = {
		.features = P2PVHCI_F_COPY,
		.tags = 256,
		.out_bytes = 8u << 20,
		.in_bytes = 8u << 20,
	};
	struct ring_front front;
	int ret;

	memset(&front, 0, sizeof(front));
	ret = ring_open(&params, &front.ring);
	if (ret)
		return ret;
	ring_idle_init(&front.idle, poll_us);
	ret = bind_device(&front.ring);
	if (ret)
		return ret;
	uv_loop_init(&front.loop);
	uv_prepare_init(&front.loop, &front.turn);
	uv_idle_init(&front.loop, &front.again);
	ret = uv_poll_init(&front.loop, &front.poll, front.ring.fd);
	if (ret)
		return ret;
	front.turn.data = &front;
	front.poll.data = &front;
	uv_prepare_start(&front.turn, front_turn);
	uv_poll_start(&front.poll, UV_READABLE, front_ready);
	uv_run(&front.loop, UV_RUN_DEFAULT);
	return front.status;
}
