/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How long URBs take, while somebody looks: kernel, link and device.
 *
 * An URB is timed from its submission to its end, or not at all: the stamp that
 * it gets when it is submitted tells.  Without one nothing here reads a clock.
 * Not of isochronous URBs, which are paced.
 */
#ifndef _P2PVHCI_WATCH_H
#define _P2PVHCI_WATCH_H

#include <linux/types.h>
#include <linux/usb.h>
#include <uapi/linux/p2pvhci.h>

struct p2pv_slot;

/**
 * enum p2pv_watch_part - where an URB was
 * @P2PV_WATCH_KERNEL: here, before it was published and after its completion
 * @P2PV_WATCH_LINK: in between, but not at the device
 * @P2PV_WATCH_DEVICE: at the device, as the agent says
 */
enum p2pv_watch_part {
	P2PV_WATCH_KERNEL,
	P2PV_WATCH_LINK,
	P2PV_WATCH_DEVICE,
	P2PV_WATCH_NPARTS
};

/**
 * struct p2pv_watch_ep - times of an endpoint
 * @part: by enum p2pv_watch_part
 */
struct p2pv_watch_ep {
	struct p2pvhci_times part[P2PV_WATCH_NPARTS];
};

/**
 * struct p2pv_watch - of a port, guarded by port.lock
 * @on: URBs get stamps
 * @until_ns: of CLOCK_MONOTONIC; then @on is cleared
 * @eps: P2PV_NEPS, NULL until somebody looks for the first time, then kept
 */
struct p2pv_watch {
	u8 on;
	u64 until_ns;
	struct p2pv_watch_ep *eps;
};

/**
 * struct p2pv_watch_slot - of an URB
 * @stamp: when it was submitted, 0 = nobody looks
 * @dev_us: as the agent says
 * @before_ns: submitted until published
 * @shown_ns: when it was published
 * @handed_ns: when its completion was handed in, 0 = it was not
 */
struct p2pv_watch_slot {
	unsigned long stamp;
	u32 dev_us;
	u64 before_ns;
	u64 shown_ns;
	u64 handed_ns;
};

/*
 * An URB that has no slot yet keeps its stamp in urb->hcpriv: nothing is ever
 * allocated for an URB.  Bit 0 tells it from a slot.
 */
#define P2PV_WATCH_STAMP	1UL

void *p2pv_watch_stamp_now(struct p2pv_watch *watch);
void p2pv_watch_shown_at(struct p2pv_watch_slot *times, u64 now);
void p2pv_watch_handed_now(struct p2pv_watch_slot *times, u32 dev_us);
void p2pv_watch_count(const struct p2pv_slot *slot);

/** p2pv_watch_stamp() - for urb->hcpriv of an URB that is submitted */
static inline void *p2pv_watch_stamp(struct p2pv_watch *watch)
{
	return watch->on ? p2pv_watch_stamp_now(watch) : NULL;
}

/** p2pv_watch_slot_of() - the slot of an URB, or NULL when it has none yet */
static inline struct p2pv_slot *p2pv_watch_slot_of(const struct urb *urb)
{
	return (unsigned long)urb->hcpriv & P2PV_WATCH_STAMP ? NULL :
							      urb->hcpriv;
}

/** p2pv_watch_adopt() - the stamp goes from the URB to its slot */
static inline void p2pv_watch_adopt(struct p2pv_watch_slot *times,
				    const struct urb *urb)
{
	times->stamp = (unsigned long)urb->hcpriv;
	times->handed_ns = 0;
}

/** p2pv_watch_shown() - it was published; @now of CLOCK_MONOTONIC */
static inline void p2pv_watch_shown(struct p2pv_watch_slot *times, u64 now)
{
	if (times->stamp)
		p2pv_watch_shown_at(times, now);
}

/** p2pv_watch_is_over() - there is something to count */
static inline int p2pv_watch_is_over(const struct p2pv_watch_slot *times)
{
	return times->stamp && times->handed_ns;
}

/** p2pv_watch_handed() - its completion was handed in */
static inline void p2pv_watch_handed(struct p2pv_watch_slot *times, u32 dev_us)
{
	if (times->stamp)
		p2pv_watch_handed_now(times, dev_us);
}

#endif /* _P2PVHCI_WATCH_H */
