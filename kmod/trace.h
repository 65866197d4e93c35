/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints: every step of an URB and of a port, under the names that
 * travel on the wire: port, endpoint, epoch and seq.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM p2pvhci

#if !defined(_P2PVHCI_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _P2PVHCI_TRACE_H

#include <linux/tracepoint.h>

#include "p2pvhci.h"

TRACE_DEFINE_ENUM(P2PVHCI_PORT_EMPTY);
TRACE_DEFINE_ENUM(P2PVHCI_PORT_ATTACHED);
TRACE_DEFINE_ENUM(P2PVHCI_PORT_DETACHING);

#define p2pvhci_show_port_state(state)			\
	__print_symbolic(state,				\
		{ P2PVHCI_PORT_EMPTY, "empty" },	\
		{ P2PVHCI_PORT_ATTACHED, "attached" },	\
		{ P2PVHCI_PORT_DETACHING, "detaching" })

TRACE_EVENT(p2pvhci_urb_enqueue,
	TP_PROTO(const struct p2pv_ep *ep, const struct urb *urb),
	TP_ARGS(ep, urb),
	TP_STRUCT__entry(
		__field(const void *, urb)
		__field(u32, epoch)
		__field(u32, len)
		__field(u16, port)
		__field(u16, stream)
		__field(u16, npkt)
		__field(u8, ep)
	),
	TP_fast_assign(
		__entry->urb = urb;
		__entry->epoch = ep->port->epoch;
		__entry->len = urb->transfer_buffer_length;
		__entry->port = ep->port->num;
		__entry->stream = urb->stream_id;
		__entry->npkt = urb->number_of_packets;
		__entry->ep = ep->addr;
	),
	TP_printk("port=%u ep=%02x epoch=%u urb=%p len=%u stream=%u npkt=%u",
		  __entry->port, __entry->ep, __entry->epoch, __entry->urb,
		  __entry->len, __entry->stream, __entry->npkt)
);

DECLARE_EVENT_CLASS(p2pvhci_slot,
	TP_PROTO(const struct p2pv_slot *slot, int status, u32 actual),
	TP_ARGS(slot, status, actual),
	TP_STRUCT__entry(
		__field(u64, seq)
		__field(u32, epoch)
		__field(u32, len)
		__field(u32, actual)
		__field(u32, gen)
		__field(int, status)
		__field(u16, port)
		__field(u16, stream)
		__field(u16, npkt)
		__field(u8, ep)
		__field(u8, op)
	),
	TP_fast_assign(
		__entry->seq = slot->seq;
		__entry->epoch = slot->epoch;
		__entry->len = slot->len;
		__entry->actual = actual;
		__entry->gen = slot->gen;
		__entry->status = status;
		__entry->port = slot->port->num;
		__entry->stream = slot->stream;
		__entry->npkt = slot->npkt;
		__entry->ep = slot->ep->addr;
		__entry->op = slot->op;
	),
	TP_printk("port=%u ep=%02x epoch=%u seq=%llu op=%u len=%u actual=%u status=%d gen=%u stream=%u npkt=%u",
		  __entry->port, __entry->ep, __entry->epoch, __entry->seq,
		  __entry->op, __entry->len, __entry->actual, __entry->status,
		  __entry->gen, __entry->stream, __entry->npkt)
);

#define P2PVHCI_SLOT_EVENT(name)					\
DEFINE_EVENT(p2pvhci_slot, name,					\
	TP_PROTO(const struct p2pv_slot *slot, int status, u32 actual),	\
	TP_ARGS(slot, status, actual))

P2PVHCI_SLOT_EVENT(p2pvhci_urb_publish);
P2PVHCI_SLOT_EVENT(p2pvhci_urb_complete);
P2PVHCI_SLOT_EVENT(p2pvhci_urb_giveback);
P2PVHCI_SLOT_EVENT(p2pvhci_urb_cancel);
P2PVHCI_SLOT_EVENT(p2pvhci_urb_zombie);

TRACE_EVENT(p2pvhci_port_state,
	TP_PROTO(const struct p2pv_port *port, enum p2pvhci_port_state next),
	TP_ARGS(port, next),
	TP_STRUCT__entry(
		__field(u32, epoch)
		__field(u16, port)
		__field(u8, from)
		__field(u8, to)
	),
	TP_fast_assign(
		__entry->epoch = port->epoch;
		__entry->port = port->num;
		__entry->from = port->state;
		__entry->to = next;
	),
	TP_printk("port=%u epoch=%u %s -> %s",
		  __entry->port, __entry->epoch,
		  p2pvhci_show_port_state(__entry->from),
		  p2pvhci_show_port_state(__entry->to))
);

#endif /* _P2PVHCI_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
