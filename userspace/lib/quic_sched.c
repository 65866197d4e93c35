// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * quic_sched - which streams fill the next packet, and which packets go out.
 *
 * Strict priority between classes and turns inside one, chosen anew for every
 * packet; never more than one batch below this choice.  Does not pace: the
 * library says when it is not the time.
 */
#include <gnutls/gnutls.h>
#include <ngtcp2/ngtcp2.h>
#include <ngtcp2/ngtcp2_crypto.h>

#include "quic_int.h"

#define SCHED_VECS		4
#define SCHED_BATCHES_TURN	16	/* then other work of the loop */
#define SCHED_BATCH_LEN		65000	/* one UDP packet before it is cut */

static struct quic_stream *sched_pick(struct quic_conn *conn)
{
	int i;

	if (!ngtcp2_conn_get_max_data_left(conn->nc))
		return NULL;
	for (i = 0; i < QUIC_NPRIO; i++)
		if (!TAILQ_EMPTY(&conn->sched[i]))
			return TAILQ_FIRST(&conn->sched[i]);
	return NULL;
}

static void sched_rotate(struct quic_stream *stream)
{
	struct quic_sched *class = &stream->conn->sched[stream->prio];

	if (!stream->queued)
		return;
	TAILQ_REMOVE(class, stream, sched);
	TAILQ_INSERT_TAIL(class, stream, sched);
}

/* Return: nonzero when another stream should be tried. */
static int sched_stuck(struct quic_stream *stream, ngtcp2_ssize why)
{
	if (why != NGTCP2_ERR_STREAM_DATA_BLOCKED &&
	    why != NGTCP2_ERR_STREAM_SHUT_WR &&
	    why != NGTCP2_ERR_STREAM_NOT_FOUND)
		return 0;
	/* With the whole connection blocked, none is picked next. */
	if (why == NGTCP2_ERR_STREAM_DATA_BLOCKED &&
	    !ngtcp2_conn_get_max_data_left(stream->conn->nc))
		return 1;
	stream->blocked = 1;
	quic_stream_delist(stream);
	return 1;
}

/*
 * Has nobody else anything for this packet?  Then the library need not be asked
 * again to close it.
 */
static int sched_is_alone(const struct quic_stream *stream)
{
	int i;

	if (TAILQ_NEXT(stream, sched))
		return 0;
	for (i = stream->prio + 1; i < QUIC_NPRIO; i++)
		if (!TAILQ_EMPTY(&stream->conn->sched[i]))
			return 0;
	return 1;
}

/* Fill one packet from as many streams as fit.  Return: its length. */
static ngtcp2_ssize sched_packet(struct quic_conn *conn, ngtcp2_path *path,
				 uint8_t *buf, size_t len, uint64_t now)
{
	ngtcp2_vec vec[SCHED_VECS];
	struct quic_stream *stream;
	ngtcp2_ssize n, taken;
	ngtcp2_pkt_info pi;
	uint32_t flags;
	size_t count;
	int64_t id;

	for (;;) {
		stream = sched_pick(conn);
		id = stream ? stream->id : -1;
		count = stream ? quic_stream_gather(stream, vec, SCHED_VECS) :
			0;
		flags = stream && !sched_is_alone(stream) ?
			NGTCP2_WRITE_STREAM_FLAG_MORE :
			NGTCP2_WRITE_STREAM_FLAG_NONE;
		n = ngtcp2_conn_writev_stream(conn->nc, path, &pi, buf, len,
					      &taken, flags, id, vec, count,
					      now);
		if (stream && taken > 0)
			quic_stream_sent(stream, taken);

		if (n == NGTCP2_ERR_WRITE_MORE)
			continue;
		if (stream && sched_stuck(stream, n))
			continue;
		if (stream && n > 0)
			sched_rotate(stream);
		return n;
	}
}

/*
 * Packets of one length to one place go out with one call.  One that does not
 * fit into that (a probe of the path, another path) goes behind them alone.
 */
static void sched_send(struct quic_conn *conn, const ngtcp2_path *path,
		       size_t odd)
{
	struct quic *quic = conn->quic;
	struct quic_tx *tx = &quic->tx;
	const uint8_t *pkt = tx->buf + tx->len;
	struct udp_path up;
	size_t sent;

	conn->sent += tx->len + odd;
	if (tx->len)
		quic_tx_send(quic);
	if (!odd || quic_tx_pending(quic))
		return;		/* an odd one without room is a lost packet */
	quic_path_from_lib(path, &up);
	udp_send(&quic->udp, &up, pkt, odd, odd, &sent);
}

/*
 * With nothing left to send, the moment at which pacing would allow the next
 * packet is not worth a wake-up: ask for the time before pacing knows of this
 * batch.
 */
static void sched_time(struct quic_conn *conn, int finished, uint64_t now)
{
	if (finished)
		conn->expiry = ngtcp2_conn_get_expiry(conn->nc);
	ngtcp2_conn_update_pkt_tx_time(conn->nc, now);
	if (!finished)
		conn->expiry = ngtcp2_conn_get_expiry(conn->nc);
}

/* Return: nonzero when there may be more to write. */
static int sched_batch(struct quic_conn *conn, uint64_t now)
{
	size_t usual = ngtcp2_conn_get_path_max_tx_udp_payload_size(conn->nc);
	size_t most = ngtcp2_conn_get_max_tx_udp_payload_size(conn->nc);
	size_t quantum = ngtcp2_conn_get_send_quantum(conn->nc);
	struct quic_tx *tx = &conn->quic->tx;
	ngtcp2_path_storage first, ps;
	ngtcp2_ssize n = 0;
	size_t odd = 0;
	int count;

	if (quantum > SCHED_BATCH_LEN - most)
		quantum = SCHED_BATCH_LEN - most;
	ngtcp2_path_storage_zero(&first);
	ngtcp2_path_storage_zero(&ps);
	tx->off = 0;
	tx->len = 0;
	tx->seg = 0;

	for (count = 0; count < UDP_SEGS_MAX && tx->len <= quantum; count++) {
		n = sched_packet(conn, &ps.path, tx->buf + tx->len, most, now);
		if (n <= 0)
			break;
		if (!tx->len) {
			ngtcp2_path_copy(&first.path, &ps.path);
			quic_path_from_lib(&ps.path, &tx->path);
			tx->seg = n;
		}
		if ((size_t)n > usual || (size_t)n > tx->seg ||
		    tx->len % tx->seg ||
		    !ngtcp2_path_eq(&first.path, &ps.path)) {
			odd = n;
			break;
		}
		tx->len += n;
		/* There was room left in it: that was all there is. */
		if ((size_t)n < usual && !sched_pick(conn)) {
			n = 0;
			break;
		}
	}
	if (tx->len || odd)
		sched_send(conn, &ps.path, odd);
	sched_time(conn, !n && !sched_pick(conn), now);
	if (n < 0)
		quic_end_lib(conn, n);
	return n > 0;
}

int quic_sched_ready(struct quic_conn *conn)
{
	return !!sched_pick(conn);
}

void quic_sched_write(struct quic_conn *conn)
{
	int i;

	for (i = 0; i < SCHED_BATCHES_TURN; i++) {
		if (quic_tx_pending(conn->quic))
			return;
		if (!sched_batch(conn, quic_now()))
			return;
	}
	quic_mark(conn);
}
