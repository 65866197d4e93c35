/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A USB device that lives in this process and speaks the ring of /dev/p2pvhci.
 *
 * For tests and benches.  It has no network and needs no agent.  Its device,
 * 1209:0002, remembers what vendor requests and bulk OUT bring, and gives it
 * back; interrupt IN answers when it is poked.
 */
#ifndef KSELFTEST_RINGDEV_H
#define KSELFTEST_RINGDEV_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/p2pvhci.h>

#define RINGDEV_VENDOR		0x1209
#define RINGDEV_PRODUCT		0x0002
#define RINGDEV_MEMORY		(4 << 20)

/* Endpoints of the device. */
#define RINGDEV_BULK_OUT	0x01
#define RINGDEV_BULK_IN		0x81
#define RINGDEV_INT_IN		0x82
#define RINGDEV_INT_OUT		0x03
/* Of interface 1, setting 1; without a hook they stall. */
#define RINGDEV_ISO_OUT		0x04
#define RINGDEV_ISO_IN		0x84

/* Vendor requests to the device (0x40, 0xc0). */
#define RINGDEV_REQ_MEMORY	1	/* write or read the memory */
#define RINGDEV_REQ_STALL	2	/* always stalls */

struct ringdev;

/**
 * enum ringdev_verdict - what a hook did with a request
 * @RINGDEV_PASS: nothing, the device shall answer
 * @RINGDEV_TAKEN: it was or will be completed elsewhere
 */
enum ringdev_verdict {
	RINGDEV_PASS,
	RINGDEV_TAKEN,
};

typedef enum ringdev_verdict (*ringdev_hook)(struct ringdev *d,
					     const struct p2pvhci_req *req);

/**
 * struct ringdev - one open queue with one device
 * @tags: in: slots, 0 = 64
 * @area: in: bytes of each area, 0 = 4 MiB
 * @flags: in: P2PVHCI_SETUP_*
 * @features: in: P2PVHCI_F_*
 * @product: in: idProduct, 0 = RINGDEV_PRODUCT
 * @lanes: in: of SuperSpeedPlus, 0 = 1
 * @port_flags: in: P2PVHCI_PORT_*, without a cookie
 * @hook: in: sees every request first, on the device's thread; may be NULL
 * @fd: the queue
 * @setup: as granted
 * @port: of the device, once bound
 * @epoch: of the device
 * @speed: of the device
 * @memory: what it remembers
 * @filled: how much of @memory bulk OUT has filled
 * @held: interrupt IN requests that wait for a poke
 * @nheld: how many
 * @seen: requests by operation
 * @in_used: bytes of the IN area in use until the next ringdev_enter()
 * @lock: held by the device's thread while it answers, and by ringdev_poke()
 */
struct ringdev {
	uint32_t tags;
	uint32_t area;
	uint32_t flags;
	uint64_t features;
	uint16_t product;
	uint8_t lanes;
	uint32_t port_flags;
	ringdev_hook hook;

	int fd;
	struct p2pvhci_setup setup;
	uint8_t *ro;
	uint8_t *rw;
	uint32_t rq_head;
	uint32_t cq_tail;
	uint32_t in_used;
	uint16_t port;
	uint32_t epoch;
	uint8_t speed;
	uint8_t *memory;
	uint32_t filled;
	struct p2pvhci_req held[64];
	unsigned int nheld;
	unsigned int seen[P2PVHCI_OP_PING + 1];
	pthread_mutex_t lock;
	pthread_t thread;
	volatile int stop;
};

/* All return 0 or a negative errno unless said otherwise. */
int ringdev_open(struct ringdev *d);
void ringdev_close(struct ringdev *d);
int ringdev_bind(struct ringdev *d, uint8_t speed, uint64_t cookie);
int ringdev_unbind(struct ringdev *d);

/* ringdev_next - 1 and a request, or 0 after @timeout_ms, or negative */
int ringdev_next(struct ringdev *d, struct p2pvhci_req *req, int timeout_ms);

/* ringdev_out - the OUT bytes of a request */
const uint8_t *ringdev_out(const struct ringdev *d,
			   const struct p2pvhci_req *req);

/* ringdev_push - write a completion as it is, right or wrong */
void ringdev_push(struct ringdev *d, const struct p2pvhci_cmp *cmp);

/* ringdev_copy - IOC_COPY between @buf and the bytes at @off of a transfer */
int ringdev_copy(struct ringdev *d, const struct p2pvhci_req *req, void *buf,
		 uint32_t off, uint32_t len);

/* ringdev_complete - write a right one; IN bytes are copied */
void ringdev_complete(struct ringdev *d, const struct p2pvhci_req *req,
		      uint8_t status, const void *data, uint32_t actual);

/* ringdev_complete_iso - the same, req->npkt packets; @data is NULL for OUT */
void ringdev_complete_iso(struct ringdev *d, const struct p2pvhci_req *req,
			  uint8_t status, const struct p2pvhci_iso *iso,
			  const void *data);
int ringdev_enter(struct ringdev *d);

/* ringdev_describe - a descriptor by wValue; its bytes, 0 = has none */
size_t ringdev_describe(const struct ringdev *d, unsigned int value,
			uint8_t *to);

/* ringdev_answer - what the device says to a request */
void ringdev_answer(struct ringdev *d, const struct p2pvhci_req *req);

/* ringdev_poke - complete the oldest held interrupt IN with these bytes */
int ringdev_poke(struct ringdev *d, const void *data, uint32_t len);

/* ringdev_start, ringdev_stop - a thread that answers */
int ringdev_start(struct ringdev *d);
void ringdev_stop(struct ringdev *d);

/* ringdev_plug - open, bind and start; ringdev_pull ends it all */
int ringdev_plug(struct ringdev *d, uint8_t speed);
void ringdev_pull(struct ringdev *d);

/* The other side: usbfs ---------------------------------------------------- */

/* ringdev_usbfs - wait for the device and open it; a descriptor or negative */
int ringdev_usbfs(int timeout_ms);

/* ringdev_usbfs_of - the same for one that is not RINGDEV_PRODUCT */
int ringdev_usbfs_of(uint16_t product, int timeout_ms);

/* ringdev_gone - wait until no such device is left; 0 or -ETIMEDOUT */
int ringdev_gone(int timeout_ms);

/* ringdev_plug_usbfs - both at once, or the test ends; the device's descriptor */
int ringdev_plug_usbfs(struct ringdev *d, uint8_t speed);

/* ringdev_pull_usbfs - close it, end it all, and wait until it is gone */
void ringdev_pull_usbfs(struct ringdev *d, int usb);

int ringdev_control(int usb, uint8_t type, uint8_t request, uint16_t value,
		    uint16_t index, void *data, uint16_t len,
		    unsigned int timeout_ms);
int ringdev_bulk(int usb, unsigned int ep, void *data, unsigned int len,
		 unsigned int timeout_ms);

/* ringdev_submit - queue an URB; ringdev_reap - wait for any, or NULL */
struct usbdevfs_urb;
int ringdev_submit(int usb, struct usbdevfs_urb *urb);
struct usbdevfs_urb *ringdev_reap(int usb, int timeout_ms);

/* ringdev_setting - claim an interface and choose its setting */
int ringdev_setting(int usb, unsigned int interface, unsigned int alt);

/* ringdev_alloc_streams - streams granted; ringdev_free_streams - 0 */
int ringdev_alloc_streams(int usb, unsigned int n, const uint8_t *eps,
			  unsigned int neps);
int ringdev_free_streams(int usb, const uint8_t *eps, unsigned int neps);

/* ringdev_fill - bytes that tell where they belong */
void ringdev_fill(void *data, unsigned int len, unsigned int seed);

long ringdev_now_ms(void);

#endif /* KSELFTEST_RINGDEV_H */
