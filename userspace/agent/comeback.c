// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * comeback - plug a device in again that was unplugged because this machine
 * goes to sleep.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "remote.h"

#define FIRST_MS	1000
#define LAST_MS		8000
#define ASK_MS		15000	/* for the peer to answer */
#define HOPE_NS		120000000000ull

static void closed(uv_handle_t *handle)
{
	free(handle->data);
}

void comeback_done(struct comeback *comeback)
{
	TAILQ_REMOVE(&comeback->remote->comebacks, comeback, entry);
	uv_close((uv_handle_t *)&comeback->timer, closed);
	remote_settle(comeback->remote);
}

static void ask(uv_timer_t *timer)
{
	struct comeback *comeback = timer->data;
	struct letter *letter = calloc(1, sizeof(*letter));
	struct refusal refusal = { 0 };

	if (!letter) {
		refusal_set(&refusal, "E_INTERNAL", NULL, "no memory");
		comeback_failed(comeback, &refusal);
		return;
	}
	letter->type = LETTER_ATTACH;
	letter->comeback = comeback;
	letter->flags = comeback->flags;
	letter->deadline = uv_hrtime() + ASK_MS * 1000000ull;
	strcpy(letter->device, comeback->device);
	want_take(comeback->remote, letter);
}

static void ask_later(struct comeback *comeback)
{
	uv_timer_start(&comeback->timer, ask, comeback->wait_ms, 0);
	if (comeback->wait_ms < LAST_MS)
		comeback->wait_ms *= 2;
}

void comeback_start(const struct port *port)
{
	struct remote *remote = port->remote;
	struct comeback *comeback;

	comeback = calloc(1, sizeof(*comeback));
	if (!comeback) {
		log_err("%s/%s: no memory to bring it back after sleep",
			remote->peer.name, port->device.busid);
		return;
	}
	comeback->remote = remote;
	comeback->wait_ms = FIRST_MS;
	comeback->until = uv_hrtime() + HOPE_NS;
	comeback->flags = port->flags;
	strcpy(comeback->device, port->target);
	comeback->timer.data = comeback;
	uv_timer_init(&remote->loop, &comeback->timer);
	TAILQ_INSERT_TAIL(&remote->comebacks, comeback, entry);
	ask_later(comeback);
}

void comeback_failed(struct comeback *comeback, const struct refusal *refusal)
{
	struct remote *remote = comeback->remote;

	if (uv_hrtime() < comeback->until) {
		log_info("%s/%s: not back yet: %s", remote->peer.name,
			 comeback->device, refusal->why);
		ask_later(comeback);
		return;
	}
	log_warn("%s/%s: was unplugged for sleep and did not come back: %s. Try: p2pusbctl attach %s/%s",
		 remote->peer.name, comeback->device, refusal->why,
		 remote->peer.name, comeback->device);
	comeback_done(comeback);
}

void comeback_drop_all(struct remote *remote)
{
	struct comeback *comeback;

	while ((comeback = TAILQ_FIRST(&remote->comebacks)))
		comeback_done(comeback);
}
