// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Transfers of the usbfs engine, on a kernel of paper: flags, packets, what
 * each error becomes, what a cancel leaves.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/usbdevice_fs.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine_usbfs.h"

#define URBS_MAX	8

/* What usbfs has, and what it shall say. */
static struct {
	struct usbdevfs_urb *urbs[URBS_MAX];
	unsigned int nurbs;
	struct usbdevfs_urb *done[URBS_MAX];
	unsigned int ndone;
	int submit_err;
} paper;

static int paper_submit(struct usbdevfs_urb *urb)
{
	if (paper.submit_err) {
		errno = paper.submit_err;
		return -1;
	}
	assert_true(paper.nurbs < URBS_MAX);
	paper.urbs[paper.nurbs++] = urb;
	return 0;
}

static int paper_reap(struct usbdevfs_urb **urb)
{
	if (!paper.ndone) {
		errno = EAGAIN;
		return -1;
	}
	*urb = paper.done[0];
	memmove(paper.done, paper.done + 1, --paper.ndone * sizeof(*urb));
	return 0;
}

static void paper_done(unsigned int i, int status, int actual)
{
	paper.urbs[i]->status = status;
	paper.urbs[i]->actual_length = actual;
	paper.done[paper.ndone++] = paper.urbs[i];
}

static int paper_discard(struct usbdevfs_urb *urb)
{
	unsigned int i;

	for (i = 0; i < paper.nurbs && paper.urbs[i] != urb; i++)
		;
	assert_true(i < paper.nurbs);
	paper_done(i, -ENOENT, 5);
	return 0;
}

/* In the place of libc's; libuv has uses of its own for it. */
int ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	void *arg;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	switch (request) {
	case USBDEVFS_SUBMITURB:
		return paper_submit(arg);
	case USBDEVFS_REAPURBNDELAY:
		return paper_reap(arg);
	case USBDEVFS_DISCARDURB:
		return paper_discard(arg);
	default:
		return syscall(SYS_ioctl, fd, request, arg);
	}
}

struct bed {
	uv_loop_t loop;
	struct engine engine;
	struct engine_device dev;
	int plug;
	struct engine_xfer xfer;
	unsigned int ndone;
	unsigned int ndeaf;
};

static void bed_deaf(void *owner, struct engine_device *dev)
{
	struct bed *bed = owner;

	assert_ptr_equal(dev, &bed->dev);
	bed->ndeaf++;
}

static void bed_done(struct engine_xfer *xfer)
{
	struct bed *bed = xfer->ctx;

	bed->ndone++;
}

static int bed_start(void **state)
{
	struct bed *bed = calloc(1, sizeof(*bed));
	int ends[2];

	memset(&paper, 0, sizeof(paper));
	assert_int_equal(pipe(ends), 0);
	uv_loop_init(&bed->loop);
	bed->engine.loop = &bed->loop;
	bed->engine.owner = bed;
	bed->engine.events.deaf = bed_deaf;
	bed->dev.file.engine = &bed->engine;
	/* Hangs up when the other end is closed, as an unplugged device. */
	bed->dev.file.fd = ends[0];
	bed->plug = ends[1];
	bed->dev.pool = engine_pool_open(ends[0]);
	STAILQ_INIT(&bed->dev.file.done);
	bed->xfer.done = bed_done;
	bed->xfer.ctx = bed;
	bed->xfer.data = engine_usbfs_alloc(&bed->dev,
					    P2PUSB_XFER_CONTROL, 64);
	memset(bed->xfer.data, '.', 64);
	*state = bed;
	return 0;
}

static int bed_stop(void **state)
{
	struct bed *bed = *state;

	engine_usbfs_hold(&bed->dev);
	uv_run(&bed->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&bed->loop), 0);
	engine_usbfs_free(&bed->dev, bed->xfer.data, 64);
	heap_drop(&bed->dev.file.heap);
	engine_pool_close(bed->dev.pool);
	close(bed->dev.file.fd);
	if (bed->plug >= 0)
		close(bed->plug);
	free(bed);
	return 0;
}

static struct usbdevfs_urb *bed_submit(struct bed *bed, uint8_t ep,
				       uint8_t type, uint32_t length,
				       uint32_t flags)
{
	bed->xfer.ep = ep;
	bed->xfer.type = type;
	bed->xfer.length = length;
	bed->xfer.flags = flags;
	assert_int_equal(engine_usbfs_submit(&bed->dev, &bed->xfer), 0);
	return paper.urbs[paper.nurbs - 1];
}

static void bed_reap(struct bed *bed)
{
	engine_usbfs_hold(&bed->dev);
	engine_usbfs_resume(&bed->dev);
	assert_int_equal(bed->ndone, 1);
	bed->ndone = 0;
	paper.nurbs = 0;
	engine_usbfs_put(&bed->dev, &bed->xfer);
}

static void test_flags(void **state)
{
	const uint32_t all = P2PUSB_XF_ALL;
	struct bed *bed = *state;
	struct usbdevfs_urb *urb;

	urb = bed_submit(bed, 0x81, P2PUSB_XFER_BULK, 8, all);
	assert_int_equal(urb->flags, USBDEVFS_URB_SHORT_NOT_OK);
	assert_int_equal(urb->type, USBDEVFS_URB_TYPE_BULK);
	paper_done(0, 0, 8);
	bed_reap(bed);
	urb = bed_submit(bed, 0x02, P2PUSB_XFER_BULK, 8, all);
	assert_int_equal(urb->flags, USBDEVFS_URB_ZERO_PACKET);
	paper_done(0, 0, 8);
	bed_reap(bed);
	memcpy(bed->xfer.setup, "\x80\x06\0\x01\0\0\x08\0", 8);
	urb = bed_submit(bed, 0, P2PUSB_XFER_CONTROL, 8, all);
	assert_int_equal(urb->flags, USBDEVFS_URB_SHORT_NOT_OK);
	assert_int_equal(urb->buffer_length, 16);
	assert_memory_equal(urb->buffer, bed->xfer.setup, 8);
	assert_ptr_equal((uint8_t *)urb->buffer + 8, bed->xfer.data);
	paper_done(0, 0, 8);
	bed_reap(bed);
	bed->xfer.setup[0] = 0x40;
	urb = bed_submit(bed, 0, P2PUSB_XFER_CONTROL, 8, all);
	assert_int_equal(urb->flags, 0);
	paper_done(0, 0, 8);
	bed_reap(bed);
}

static void test_status(void **state)
{
	static const struct {
		int err;
		uint32_t status;
	} rows[] = {
		{ 0, P2PUSB_ST_OK },
		{ -EPIPE, P2PUSB_ST_STALL },
		{ -EOVERFLOW, P2PUSB_ST_OVERFLOW },
		{ -EPROTO, P2PUSB_ST_PROTO },
		{ -EILSEQ, P2PUSB_ST_CRC },
		{ -ETIME, P2PUSB_ST_TIMEOUT },
		{ -ECOMM, P2PUSB_ST_COMM },
		{ -ENOSR, P2PUSB_ST_NOSR },
		{ -EREMOTEIO, P2PUSB_ST_REMOTEIO },
		{ -EXDEV, P2PUSB_ST_XDEV },
		{ -ENOANO, P2PUSB_ST_PROTO },
		/* Taken away by a verb, and the device still there. */
		{ -ENOENT, P2PUSB_ST_PROTO },
		{ -ESHUTDOWN, P2PUSB_ST_PROTO },
	};
	struct bed *bed = *state;
	unsigned int i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bed_submit(bed, 0x81, P2PUSB_XFER_BULK, 8, 0);
		paper_done(0, rows[i].err, 3);
		bed_reap(bed);
		assert_int_equal(bed->xfer.status, rows[i].status);
		assert_int_equal(bed->xfer.actual, 3);
	}
}

static void test_cancel(void **state)
{
	struct bed *bed = *state;

	bed_submit(bed, 0x81, P2PUSB_XFER_BULK, 8, 0);
	engine_usbfs_hold(&bed->dev);
	assert_int_equal(engine_usbfs_cancel(&bed->dev, &bed->xfer), 0);
	bed_reap(bed);
	assert_int_equal(bed->xfer.status, P2PUSB_ST_CANCELLED);
	assert_int_equal(bed->xfer.actual, 5);
}

static void test_unplugged(void **state)
{
	struct bed *bed = *state;

	bed_submit(bed, 0x81, P2PUSB_XFER_BULK, 8, 0);
	paper_done(0, -ENOENT, 0);
	close(bed->plug);
	bed->plug = -1;
	assert_false(engine_usbfs_connected(&bed->dev));
	/* The loop does not ask: the worker does, and the loop tells. */
	engine_usbfs_hold(&bed->dev);
	engine_usbfs_resume(&bed->dev);
	assert_int_equal(bed->ndone, 0);
	assert_int_equal(bed->ndeaf, 1);
	engine_usbfs_hold(&bed->dev);
	assert_int_equal(engine_usbfs_reap(&bed->dev), 0);
	bed_reap(bed);
	assert_int_equal(bed->xfer.status, P2PUSB_ST_NODEV);
	assert_int_equal(bed->ndeaf, 1);
	assert_int_equal(engine_usbfs_submit(&bed->dev, &bed->xfer), -ENODEV);
	assert_int_equal(paper.nurbs, 0);
}

/* A file that hung up is ready for ever: the loop must not turn with it. */
static void test_hangs_up(void **state)
{
	struct bed *bed = *state;
	unsigned int turns;

	bed_submit(bed, 0x81, P2PUSB_XFER_BULK, 8, 0);
	engine_usbfs_resume(&bed->dev);
	close(bed->plug);
	bed->plug = -1;
	for (turns = 0; turns < 3; turns++)
		uv_run(&bed->loop, UV_RUN_NOWAIT);
	assert_int_equal(bed->ndeaf, 1);
	assert_false(uv_loop_alive(&bed->loop));
	engine_usbfs_hold(&bed->dev);
	paper_done(0, -ESHUTDOWN, 0);
	assert_int_equal(engine_usbfs_reap(&bed->dev), 0);
	bed_reap(bed);
}

/* Lines on stderr while it is resumed; the loop cannot listen to /dev/null. */
static unsigned int resume_lines(struct bed *bed, unsigned int times)
{
	int log = memfd_create("log", 0);
	unsigned int lines = 0;
	int err = dup(2);
	char c;

	assert_int_equal(dup2(log, 2), 2);
	while (times--) {
		engine_usbfs_resume(&bed->dev);
		engine_usbfs_hold(&bed->dev);
		uv_run(&bed->loop, UV_RUN_NOWAIT);
	}
	assert_int_equal(dup2(err, 2), 2);
	close(err);
	lseek(log, 0, SEEK_SET);
	while (read(log, &c, 1) == 1)
		lines += c == '\n';
	close(log);
	return lines;
}

/* Each failure is told to the owner, the first of a row to people. */
static void test_cannot_listen(void **state)
{
	struct bed *bed = *state;
	int file = bed->dev.file.fd;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	bed->dev.file.fd = null;
	assert_int_equal(resume_lines(bed, 3), 1);
	assert_int_equal(bed->ndeaf, 3);
	bed->dev.file.fd = file;
	assert_int_equal(resume_lines(bed, 1), 0);
	assert_int_equal(bed->ndeaf, 3);
	bed->dev.file.fd = null;
	assert_int_equal(resume_lines(bed, 1), 1);
	assert_int_equal(bed->ndeaf, 4);
	bed->dev.file.fd = file;
	close(null);
}

/* All that is done is told in one turn. */
static void test_batch(void **state)
{
	struct engine_xfer xfers[URBS_MAX];
	struct bed *bed = *state;
	unsigned int i;

	for (i = 0; i < URBS_MAX; i++) {
		xfers[i] = bed->xfer;
		xfers[i].ep = 0x81;
		xfers[i].type = P2PUSB_XFER_BULK;
		assert_int_equal(engine_usbfs_submit(&bed->dev, &xfers[i]), 0);
	}
	for (i = 0; i < URBS_MAX; i++)
		paper_done(i, 0, 1);
	assert_int_equal(bed->dev.nflying, URBS_MAX);
	engine_usbfs_resume(&bed->dev);
	assert_int_equal(bed->ndone, URBS_MAX);
	assert_int_equal(bed->dev.nflying, 0);
	for (i = 0; i < URBS_MAX; i++)
		engine_usbfs_put(&bed->dev, &xfers[i]);
}

/* From the second transfer on nothing is asked of malloc() or of the kernel. */
static void test_steady(void **state)
{
	struct bed *bed = *state;
	struct engine_xfer xfer = bed->xfer;
	unsigned int i;

	bed->dev.file.heap.keep = 1 << 20;
	for (i = 0; i < 100; i++) {
		bed->xfer.data = engine_usbfs_alloc(&bed->dev,
						    P2PUSB_XFER_BULK, 4096);
		bed_submit(bed, 0x81, P2PUSB_XFER_BULK, 4096, 0);
		paper_done(0, 0, 3);
		bed_reap(bed);
		engine_usbfs_free(&bed->dev, bed->xfer.data, 4096);
	}
	/* The URB and, since a pipe cannot be mapped, the buffer. */
	assert_int_equal(bed->dev.file.heap.fresh, 3);
	bed->xfer = xfer;
}

static const uint32_t iso_lens[3] = { 10, 20, 10 };

static struct usbdevfs_urb *iso_submit(struct bed *bed, uint8_t ep,
				       struct wire_packet packets[3])
{
	bed->xfer.npkt = 3;
	bed->xfer.lens = iso_lens;
	bed->xfer.packets = packets;
	return bed_submit(bed, ep, P2PUSB_XFER_ISO, 40, 0);
}

/* Bytes of packets that were not filled leave no gap. */
static void test_iso_in(void **state)
{
	struct wire_packet packets[3];
	struct bed *bed = *state;
	struct usbdevfs_urb *urb;

	urb = iso_submit(bed, 0x84, packets);
	assert_int_equal(urb->type, USBDEVFS_URB_TYPE_ISO);
	assert_int_equal(urb->flags, USBDEVFS_URB_ISO_ASAP);
	assert_int_equal(urb->number_of_packets, 3);
	assert_int_equal(urb->iso_frame_desc[1].length, 20);
	memcpy(bed->xfer.data, "abc", 3);
	memcpy(bed->xfer.data + 30, "0123456789", 10);
	urb->iso_frame_desc[0].actual_length = 3;
	urb->iso_frame_desc[1].status = (unsigned int)-EXDEV;
	urb->iso_frame_desc[2].actual_length = 999;	/* never believed */
	paper_done(0, 0, 13);
	bed_reap(bed);
	assert_int_equal(bed->xfer.status, P2PUSB_ST_OK);
	assert_int_equal(bed->xfer.actual, 13);
	assert_int_equal(bed->xfer.errs, 1);
	assert_int_equal(packets[0].actual, 3);
	assert_int_equal(packets[1].actual, 0);
	assert_int_equal(packets[1].status, P2PUSB_ST_XDEV);
	assert_int_equal(packets[2].actual, 10);
	assert_memory_equal(bed->xfer.data, "abc0123456789", 13);
}

static void test_iso_out(void **state)
{
	struct wire_packet packets[3];
	struct bed *bed = *state;
	struct usbdevfs_urb *urb;

	urb = iso_submit(bed, 0x04, packets);
	urb->iso_frame_desc[0].actual_length = 10;
	urb->iso_frame_desc[1].status = (unsigned int)-ECOMM;
	urb->iso_frame_desc[2].actual_length = 10;
	paper_done(0, 0, 20);
	memcpy(bed->xfer.data + 10, "stays", 5);
	bed_reap(bed);
	assert_int_equal(bed->xfer.actual, 20);
	assert_int_equal(packets[1].status, P2PUSB_ST_COMM);
	assert_memory_equal(bed->xfer.data + 10, "stays", 5);
}

static void test_streams(void **state)
{
	struct bed *bed = *state;
	struct usbdevfs_urb *urb;

	bed->xfer.ep = 0x81;
	bed->xfer.type = P2PUSB_XFER_BULK;
	bed->xfer.stream = 1;
	assert_int_equal(engine_usbfs_submit(&bed->dev, &bed->xfer), -EPROTO);
	bed->dev.streams[engine_slot(0x81)] = 4;
	bed->xfer.stream = 5;
	assert_int_equal(engine_usbfs_submit(&bed->dev, &bed->xfer), -EPROTO);
	bed->xfer.stream = 0;
	assert_int_equal(engine_usbfs_submit(&bed->dev, &bed->xfer), -EPROTO);
	bed->xfer.stream = 4;
	urb = bed_submit(bed, 0x81, P2PUSB_XFER_BULK, 8, 0);
	assert_int_equal(urb->stream_id, 4);
	paper_done(0, 0, 8);
	bed_reap(bed);
}

static void test_refusals(void **state)
{
	struct bed *bed = *state;

	bed->xfer.type = P2PUSB_XFER_BULK;
	bed->xfer.ep = 0x81;
	paper.submit_err = ENOENT;
	assert_int_equal(engine_usbfs_submit(&bed->dev, &bed->xfer), -EPROTO);
	paper.submit_err = ENOMEM;
	assert_int_equal(engine_usbfs_submit(&bed->dev, &bed->xfer), -ENOMEM);
	paper.submit_err = ESHUTDOWN;
	assert_int_equal(engine_usbfs_submit(&bed->dev, &bed->xfer), -ENODEV);
	bed->xfer.type = P2PUSB_XFER_CONTROL;
	bed->xfer.ep = 0;
	paper.submit_err = ENOENT;
	assert_int_equal(engine_usbfs_submit(&bed->dev, &bed->xfer), -EPIPE);
	assert_null(bed->xfer.priv);
}

#define BED(f) cmocka_unit_test_setup_teardown(f, bed_start, bed_stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BED(test_flags),
		BED(test_status),
		BED(test_cancel),
		BED(test_unplugged),
		BED(test_hangs_up),
		BED(test_cannot_listen),
		BED(test_batch),
		BED(test_steady),
		BED(test_iso_in),
		BED(test_iso_out),
		BED(test_streams),
		BED(test_refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
