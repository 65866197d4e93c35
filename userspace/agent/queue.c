// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * queue - a ring on the loop of a peer's thread.
 *
 * Does not judge requests: port.c and xfer.c do.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "queue.h"
#include "remote.h"

#define TURN_MAX	32	/* rounds before sockets get their turn */

static int take_rw(struct queue *queue, const struct p2pvhci_req *req)
{
	struct port *port = port_find(queue->remote, req->port, req->epoch);

	return xfer_submit(queue, port ? port_ep(port, req->ep) : NULL, req);
}

static int take_cancel(struct queue *queue, const struct p2pvhci_req *req)
{
	xfer_cancel(queue, req);
	return 0;
}

static int take_unbound(struct queue *queue, const struct p2pvhci_req *req)
{
	struct port *port = port_find(queue->remote, req->port, req->epoch);

	if (!port)
		return 0;
	if (req->arg == P2PVHCI_UNBOUND_SLEEP)
		comeback_start(port);
	port_end(port, PORT_TELL_SERVER, 0);
	return 0;
}

static int (*const queue_ops[])(struct queue *queue,
				const struct p2pvhci_req *req) = {
	[P2PVHCI_OP_SUBMIT] = take_rw,
	[P2PVHCI_OP_RESET] = take_rw,
	[P2PVHCI_OP_STREAMS_ALLOC] = take_rw,
	[P2PVHCI_OP_STREAMS_FREE] = take_rw,
	[P2PVHCI_OP_SUSPEND] = take_rw,
	[P2PVHCI_OP_RESUME] = take_rw,
	[P2PVHCI_OP_CANCEL] = take_cancel,
	[P2PVHCI_OP_UNBOUND] = take_unbound,
};

static int take_all(struct queue *queue)
{
	struct p2pvhci_req req;
	int taken = 0;
	size_t op;

	while (ring_next(&queue->ring, &req)) {
		taken++;
		op = req.op;
		if (op >= sizeof(queue_ops) / sizeof(queue_ops[0]) ||
		    !queue_ops[op] || queue_ops[op](queue, &req)) {
			log_err("%s: request %u of the kernel makes no sense here",
				queue->remote->peer.name, req.op);
			return -EPROTO;
		}
	}
	return taken;
}

/*
 * Take requests and hand over completions until neither is left: what ENTER
 * gives back is often submitted again at once.  Non-zero: work is left, or is
 * expected at once.
 */
static int turn(struct queue *queue)
{
	uint32_t done;
	int busy = 0;
	int round;
	int ret;

	ring_wake(&queue->ring);
	for (round = 0; round < TURN_MAX; round++) {
		ret = take_all(queue);
		if (ret < 0)
			return ret;
		done = ring_pending(&queue->ring);
		busy |= ret || done;
		if (!ret && !done)
			return ring_idle_sleep(&queue->idle, &queue->ring,
					       busy);
		ret = ring_enter(&queue->ring);
		if (ret)
			return ret;
		xfer_unpark(queue);
		xfer_feed(queue);
	}
	return 1;
}

static void queue_again(uv_idle_t *handle)
{
	(void)handle;
}

static void queue_step(struct queue *queue)
{
	int ret;

	ret = ring_dead(&queue->ring) ? -ESHUTDOWN : turn(queue);
	if (ret < 0) {
		remote_queue_lost(queue->remote, strerror(-ret));
		return;
	}
	if (ret)
		uv_idle_start(&queue->again, queue_again);
	else
		uv_idle_stop(&queue->again);
}

/*
 * Behind the sockets and ahead of what they have to write: what a completion
 * makes the driver submit goes out with the ACK for the completion.
 */
static void queue_turn(uv_check_t *handle)
{
	queue_step(handle->data);
}

/* Timers may have left something, or have taken the sleep back. */
static void queue_last(uv_prepare_t *handle)
{
	queue_step(handle->data);
}

/* Requests are taken in the turn that follows; this only ends the sleep. */
static void queue_ready(uv_poll_t *handle, int status, int events)
{
	struct queue *queue = handle->data;

	(void)events;
	if (status < 0)
		remote_queue_lost(queue->remote, uv_strerror(status));
}

static void free_queue(struct queue *queue)
{
	ring_close(&queue->ring);
	xfer_table_free(&queue->xfers);
	free(queue);
}

static void handle_closed(uv_handle_t *handle)
{
	struct queue *queue = handle->data;

	if (--queue->closing == 0)
		free_queue(queue);
}

static int start_handles(struct queue *queue)
{
	uv_loop_t *loop = &queue->remote->loop;
	int ret;

	ret = uv_poll_init(loop, &queue->poll, queue->ring.fd);
	if (ret)
		return ret;
	uv_check_init(loop, &queue->turn);
	uv_prepare_init(loop, &queue->last);
	uv_idle_init(loop, &queue->again);
	queue->poll.data = queue;
	queue->turn.data = queue;
	queue->last.data = queue;
	queue->again.data = queue;
	queue->closing = 4;
	uv_check_start(&queue->turn, queue_turn);
	uv_prepare_start(&queue->last, queue_last);
	return uv_poll_start(&queue->poll, UV_READABLE, queue_ready);
}

int queue_open(struct remote *remote, struct queue **out)
{
	const struct settings *settings = remote->config->settings;
	struct queue *queue;
	int ret;

	queue = calloc(1, sizeof(*queue));
	if (!queue)
		return -ENOMEM;
	queue->remote = remote;
	ret = ring_open(&settings->ring, &queue->ring);
	if (ret)
		goto err_free;
	ret = xfer_table_init(&queue->xfers, &queue->ring);
	if (ret)
		goto err_close_ring;
	ring_idle_init(&queue->idle, settings->busy_poll_us);
	ret = start_handles(queue);
	if (ret && queue->closing) {
		queue_close(queue);
		return ret;
	}
	if (ret)
		goto err_free_xfers;
	*out = queue;
	return 0;

err_free_xfers:
	xfer_table_free(&queue->xfers);
err_close_ring:
	ring_close(&queue->ring);
err_free:
	free(queue);
	return ret;
}

void queue_close(struct queue *queue)
{
	uv_close((uv_handle_t *)&queue->poll, handle_closed);
	uv_close((uv_handle_t *)&queue->turn, handle_closed);
	uv_close((uv_handle_t *)&queue->last, handle_closed);
	uv_close((uv_handle_t *)&queue->again, handle_closed);
}
