// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * uvcframes - watch a camera whose pictures are numbered and summed.
 *
 * usage: uvcframes /dev/videoN COUNT
 *
 * Takes COUNT pictures of fakedev's camera with V4L2 streaming, and judges each:
 * complete, checksum right, number one more than the last.  Prints
 * "frames=N broken=N skipped=N ms=N"; status 0 when nothing is wrong.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "../fakedev/video.h"

#define BUFFERS		8
#define SILENCE_MS	5000

/**
 * struct watch - what was seen
 * @fd: camera
 * @mem: its buffers
 * @len: their bytes
 * @frames: pictures
 * @broken: incomplete, marked as such, or with a wrong sum
 * @skipped: numbers that were left out
 * @last: number of the last one
 */
struct watch {
	int fd;
	const uint8_t *mem[BUFFERS];
	size_t len[BUFFERS];
	unsigned int frames;
	unsigned int broken;
	unsigned int skipped;
	uint32_t last;
};

static void die(const char *what)
{
	fprintf(stderr, "uvcframes: %s: %s\n", what, strerror(errno));
	exit(1);
}

static long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void queue_buffer(struct watch *w, unsigned int index)
{
	struct v4l2_buffer buf = {
		.type = V4L2_BUF_TYPE_VIDEO_CAPTURE,
		.memory = V4L2_MEMORY_MMAP,
		.index = index,
	};

	if (ioctl(w->fd, VIDIOC_QBUF, &buf))
		die("VIDIOC_QBUF");
}

static void map_buffer(struct watch *w, unsigned int index)
{
	struct v4l2_buffer buf = {
		.type = V4L2_BUF_TYPE_VIDEO_CAPTURE,
		.memory = V4L2_MEMORY_MMAP,
		.index = index,
	};
	void *mem;

	if (ioctl(w->fd, VIDIOC_QUERYBUF, &buf))
		die("VIDIOC_QUERYBUF");
	mem = mmap(NULL, buf.length, PROT_READ, MAP_SHARED, w->fd,
		   buf.m.offset);
	if (mem == MAP_FAILED)
		die("mmap");
	w->mem[index] = mem;
	w->len[index] = buf.length;
	queue_buffer(w, index);
}

static void start(struct watch *w)
{
	struct v4l2_format format = {
		.type = V4L2_BUF_TYPE_VIDEO_CAPTURE,
		.fmt.pix = {
			.width = VIDEO_WIDTH,
			.height = VIDEO_HEIGHT,
			.pixelformat = V4L2_PIX_FMT_YUYV,
		},
	};
	struct v4l2_requestbuffers req = {
		.type = V4L2_BUF_TYPE_VIDEO_CAPTURE,
		.memory = V4L2_MEMORY_MMAP,
		.count = BUFFERS,
	};
	int type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
	unsigned int i;

	if (ioctl(w->fd, VIDIOC_S_FMT, &format))
		die("VIDIOC_S_FMT");
	if (format.fmt.pix.sizeimage < VIDEO_FRAME_BYTES) {
		errno = EINVAL;
		die("size of a picture");
	}
	if (ioctl(w->fd, VIDIOC_REQBUFS, &req) || req.count > BUFFERS)
		die("VIDIOC_REQBUFS");
	for (i = 0; i < req.count; i++)
		map_buffer(w, i);
	if (ioctl(w->fd, VIDIOC_STREAMON, &type))
		die("VIDIOC_STREAMON");
}

static void judge(struct watch *w, const struct v4l2_buffer *buf)
{
	const uint8_t *frame = w->mem[buf->index];
	uint32_t number;

	w->frames++;
	if (buf->flags & V4L2_BUF_FLAG_ERROR ||
	    buf->bytesused != VIDEO_FRAME_BYTES ||
	    video_get(frame) != VIDEO_MAGIC ||
	    video_get(frame + VIDEO_FRAME_BYTES - 4) != video_sum(frame)) {
		printf("# picture %u: %u bytes, flags %x, number %u\n",
		       w->frames, buf->bytesused, buf->flags,
		       video_get(frame + 4));
		w->broken++;
		return;
	}
	number = video_get(frame + 4);
	if (w->frames > w->broken + 1 && number != w->last + 1) {
		printf("# picture %u has number %u after %u\n", w->frames,
		       number, w->last);
		w->skipped += number - w->last - 1;
	}
	w->last = number;
}

static void take(struct watch *w)
{
	struct pollfd pfd = { .fd = w->fd, .events = POLLIN };
	struct v4l2_buffer buf = {
		.type = V4L2_BUF_TYPE_VIDEO_CAPTURE,
		.memory = V4L2_MEMORY_MMAP,
	};

	if (poll(&pfd, 1, SILENCE_MS) <= 0) {
		errno = ETIMEDOUT;
		die("no picture");
	}
	if (ioctl(w->fd, VIDIOC_DQBUF, &buf))
		die("VIDIOC_DQBUF");
	judge(w, &buf);
	queue_buffer(w, buf.index);
}

int main(int argc, char **argv)
{
	struct watch w = { 0 };
	unsigned int count;
	long ms;

	if (argc != 3) {
		fprintf(stderr, "usage: uvcframes /dev/videoN COUNT\n");
		return 2;
	}
	count = (unsigned int)strtoul(argv[2], NULL, 10);
	w.fd = open(argv[1], O_RDWR);
	if (w.fd < 0)
		die(argv[1]);
	start(&w);
	take(&w);
	ms = now_ms();
	while (w.frames < count)
		take(&w);
	printf("frames=%u broken=%u skipped=%u ms=%ld\n", w.frames, w.broken,
	       w.skipped, now_ms() - ms);
	return w.broken || w.skipped;
}
