// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ring - user half of one queue of /dev/p2pvhci.
 *
 * Trusts the kernel's half, but for cheap bounds.  Does not know what the
 * requests mean.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ring.h"

#define MAP_WORD_BYTES	(64u * RING_BLOCK)

static uint32_t load_acquire(const uint32_t *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static void store_release(uint32_t *word, uint32_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELEASE);
}

static int inside(uint64_t off, uint64_t len, uint64_t size)
{
	return off <= size && len <= size - off;
}

/* The kernel is trusted; a library of another version might not be. */
static int check_layout(const struct p2pvhci_setup *s)
{
	uint64_t rq = (uint64_t)s->rq_entries * sizeof(struct p2pvhci_req);
	uint64_t cq = (uint64_t)s->cq_entries * sizeof(struct p2pvhci_cmp);

	if (!s->rq_entries || s->rq_entries & (s->rq_entries - 1) ||
	    !s->cq_entries || s->cq_entries & (s->cq_entries - 1))
		return -EINVAL;
	if (!inside(s->off_rq, rq, s->ro_bytes) ||
	    !inside(s->off_out, s->out_bytes, s->ro_bytes) ||
	    !inside(s->off_cq, cq, s->rw_bytes) ||
	    !inside(s->off_in, s->in_bytes, s->rw_bytes))
		return -EINVAL;
	return s->in_bytes < MAP_WORD_BYTES ? -EINVAL : 0;
}

int ring_init(struct ring *ring)
{
	const struct p2pvhci_setup *s = &ring->setup;

	if (check_layout(s))
		return -EINVAL;
	ring->kctl = (const void *)ring->ro;
	ring->rq = (const void *)(ring->ro + s->off_rq);
	ring->out = ring->ro + s->off_out;
	ring->uctl = (void *)ring->rw;
	ring->cq = (void *)(ring->rw + s->off_cq);
	ring->in = ring->rw + s->off_in;
	ring->rq_head = 0;
	ring->cq_tail = 0;
	ring->cq_done = 0;
	ring->map_words = s->in_bytes / MAP_WORD_BYTES;
	ring->map_hint = 0;
	ring->map = calloc(ring->map_words, sizeof(*ring->map));
	ring->held = calloc(s->cq_entries, sizeof(*ring->held));
	if (!ring->map || !ring->held)
		return -ENOMEM;
	/* Touched now: the data path must not fault in writeback. */
	memset(ring->map, 0, ring->map_words * sizeof(*ring->map));
	memset(ring->held, 0, s->cq_entries * sizeof(*ring->held));
	return 0;
}

static int map_areas(struct ring *ring)
{
	void *map;

	map = mmap(NULL, ring->setup.ro_bytes, PROT_READ, MAP_SHARED, ring->fd,
		   P2PVHCI_MMAP_RO);
	if (map == MAP_FAILED)
		return -errno;
	ring->ro = map;
	map = mmap(NULL, ring->setup.rw_bytes, PROT_READ | PROT_WRITE,
		   MAP_SHARED, ring->fd, P2PVHCI_MMAP_RW);
	if (map == MAP_FAILED)
		return -errno;
	ring->rw = map;
	return 0;
}

int ring_open(const struct ring_params *params, struct ring *ring)
{
	int ret;

	memset(ring, 0, sizeof(*ring));
	ring->fd = open(P2PVHCI_DEVICE, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (ring->fd < 0)
		return -errno;

	ring->setup.size = sizeof(ring->setup);
	ring->setup.features = params->features;
	ring->setup.flags = params->flags;
	ring->setup.tags = params->tags;
	ring->setup.out_bytes = params->out_bytes;
	ring->setup.in_bytes = params->in_bytes;
	ret = ioctl(ring->fd, P2PVHCI_IOC_SETUP, &ring->setup) ? -errno : 0;
	if (!ret)
		ret = map_areas(ring);
	if (!ret)
		ret = ring_init(ring);
	if (ret)
		ring_close(ring);
	return ret;
}

void ring_close(struct ring *ring)
{
	if (ring->rw)
		munmap(ring->rw, ring->setup.rw_bytes);
	if (ring->ro)
		munmap((void *)ring->ro, ring->setup.ro_bytes);
	if (ring->fd >= 0)
		close(ring->fd);
	free(ring->map);
	free(ring->held);
	memset(ring, 0, sizeof(*ring));
	ring->fd = -1;
}

int ring_dead(const struct ring *ring)
{
	return load_acquire(&ring->kctl->flags) & P2PVHCI_KCTL_DEAD;
}

int ring_waiting(const struct ring *ring)
{
	return load_acquire(&ring->kctl->rq_tail) != ring->rq_head;
}

int ring_next(struct ring *ring, struct p2pvhci_req *req)
{
	if (!ring_waiting(ring))
		return 0;
	*req = ring->rq[ring->rq_head & (ring->setup.rq_entries - 1)];
	ring->rq_head++;
	store_release(&ring->uctl->rq_head, ring->rq_head);
	return 1;
}

const void *ring_out(const struct ring *ring, const struct p2pvhci_req *req)
{
	uint64_t packets = (uint64_t)req->npkt * sizeof(struct p2pvhci_iso);

	if (req->out_off == P2PVHCI_OUT_NONE || !req->len ||
	    !inside(req->out_off, packets + req->len, ring->setup.out_bytes))
		return NULL;
	return ring->out + req->out_off + packets;
}

const struct p2pvhci_iso *ring_packets(const struct ring *ring,
				       const struct p2pvhci_req *req)
{
	uint64_t packets = (uint64_t)req->npkt * sizeof(struct p2pvhci_iso);

	if (!packets || req->out_off % sizeof(uint32_t) ||
	    !inside(req->out_off, packets, ring->setup.out_bytes))
		return NULL;
	return (const void *)(ring->out + req->out_off);
}

int ring_granted(const struct ring *ring, uint64_t feature)
{
	return (ring->setup.features & feature) == feature;
}

int ring_copy(const struct ring *ring, const struct p2pvhci_req *req, void *buf,
	      uint32_t len)
{
	const struct p2pvhci_copy copy = {
		.size = sizeof(copy),
		.token = req->token,
		.addr = (uintptr_t)buf,
		.len = len,
	};
	int ret;

	do {
		ret = ioctl(ring->fd, P2PVHCI_IOC_COPY, &copy) ? -errno : 0;
	} while (ret == -EINTR);
	return ret;
}

int ring_sleep(struct ring *ring)
{
	__atomic_store_n(&ring->uctl->need_wakeup, 1, __ATOMIC_RELAXED);
	/* Pairs with the full barrier between rq_tail and need_wakeup there. */
	atomic_thread_fence(memory_order_seq_cst);
	return ring_waiting(ring);
}

void ring_wake(struct ring *ring)
{
	__atomic_store_n(&ring->uctl->need_wakeup, 0, __ATOMIC_RELAXED);
}

static uint32_t blocks(uint32_t len)
{
	return (len + RING_BLOCK - 1) / RING_BLOCK;
}

static int map_test(const struct ring *ring, uint32_t bit)
{
	return ring->map[bit / 64] >> (bit % 64) & 1;
}

static void map_fill(struct ring *ring, uint32_t bit, uint32_t count)
{
	for (; count; bit++, count--)
		ring->map[bit / 64] |= 1ull << (bit % 64);
}

/* First free block at or after @bit. */
static uint32_t map_skip(const struct ring *ring, uint32_t bit)
{
	uint32_t end = ring->map_words * 64;

	while (bit < end && map_test(ring, bit)) {
		if (bit % 64 == 0 && ring->map[bit / 64] == UINT64_MAX)
			bit += 64;
		else
			bit++;
	}
	return bit;
}

/* Free blocks from @bit on, at most @want. */
static uint32_t map_hole(const struct ring *ring, uint32_t bit, uint32_t want)
{
	uint32_t end = ring->map_words * 64;
	uint32_t n = 0;

	if (want > end - bit)
		want = end - bit;
	while (n < want && !map_test(ring, bit + n)) {
		if ((bit + n) % 64 == 0 && !ring->map[(bit + n) / 64])
			n += 64;
		else
			n++;
	}
	return n < want ? n : want;
}

uint32_t ring_in_get(struct ring *ring, uint32_t len)
{
	uint32_t end = ring->map_words * 64;
	uint32_t want;
	uint32_t bit;
	uint32_t n;

	if (!len || len > ring->setup.in_bytes)
		return RING_NO_SPACE;
	want = blocks(len);
	/* First fit: low blocks stay warm in the cache. */
	bit = map_skip(ring, ring->map_hint * 64);
	ring->map_hint = bit / 64;
	for (; bit < end; bit = map_skip(ring, bit + n)) {
		n = map_hole(ring, bit, want);
		if (n == want) {
			map_fill(ring, bit, want);
			return bit * RING_BLOCK;
		}
	}
	return RING_NO_SPACE;
}

void ring_in_put(struct ring *ring, uint32_t off, uint32_t len)
{
	uint32_t bit = off / RING_BLOCK;
	uint32_t count = blocks(len);

	if (bit / 64 < ring->map_hint)
		ring->map_hint = bit / 64;
	for (; count; bit++, count--)
		ring->map[bit / 64] &= ~(1ull << (bit % 64));
}

int ring_complete(struct ring *ring, const struct p2pvhci_cmp *cmp,
		  const struct ring_extent *extent)
{
	uint32_t i = ring->cq_tail & (ring->setup.cq_entries - 1);

	if (ring_pending(ring) == ring->setup.cq_entries)
		return -ENOSPC;
	ring->cq[i] = *cmp;
	ring->held[i].off = RING_NO_SPACE;
	if (extent)
		ring->held[i] = *extent;
	ring->cq_tail++;
	store_release(&ring->uctl->cq_tail, ring->cq_tail);
	return 0;
}

uint32_t ring_pending(const struct ring *ring)
{
	return ring->cq_tail - ring->cq_done;
}

static void release_held(struct ring *ring, uint32_t done)
{
	struct ring_extent *held;

	for (; done && ring->cq_done != ring->cq_tail; done--) {
		held = &ring->held[ring->cq_done++ &
				   (ring->setup.cq_entries - 1)];
		if (held->off != RING_NO_SPACE)
			ring_in_put(ring, held->off, held->len);
	}
}

int ring_enter(struct ring *ring)
{
	struct p2pvhci_enter enter;

	while (ring_pending(ring)) {
		memset(&enter, 0, sizeof(enter));
		enter.size = sizeof(enter);
		if (ioctl(ring->fd, P2PVHCI_IOC_ENTER, &enter)) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		if (!enter.done)
			return -EIO;
		release_held(ring, enter.done);
	}
	return 0;
}

int ring_bind(struct ring *ring, struct p2pvhci_bind *bind)
{
	bind->size = sizeof(*bind);
	return ioctl(ring->fd, P2PVHCI_IOC_BIND, bind) ? -errno : 0;
}

int ring_unbind(struct ring *ring, uint32_t port, uint32_t epoch,
		uint32_t status)
{
	struct p2pvhci_unbind unbind = {
		.size = sizeof(unbind),
		.port = port,
		.epoch = epoch,
		.status = status,
	};

	return ioctl(ring->fd, P2PVHCI_IOC_UNBIND, &unbind) ? -errno : 0;
}

int ring_port_event(const struct ring *ring, uint32_t port, uint32_t epoch,
		    uint32_t event, int64_t arg)
{
	const struct p2pvhci_port_event tell = {
		.size = sizeof(tell),
		.port = port,
		.epoch = epoch,
		.event = event,
		.arg = arg,
	};

	return ioctl(ring->fd, P2PVHCI_IOC_PORT_EVENT, &tell) ? -errno : 0;
}

/* Bytes of the character at @s; 0 when it is none, or moves a cursor. */
static size_t utf8_len(const unsigned char *s, size_t left)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint32_t c = s[0];
	size_t len;
	size_t i;

	if (c < 0x80)
		return c >= 0x20 && c != 0x7f;
	len = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
	if (c < 0xc2 || c > 0xf4 || len > left)
		return 0;
	c &= 0xffu >> (len + 1);
	for (i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < least[len] || c < 0xa0 || (c >= 0xd800 && c < 0xe000) ||
	    c > 0x10ffff)
		return 0;
	return len;
}

/*
 * The kernel refuses what would disturb a terminal; better a sentence with
 * question marks than none.  Cut between characters.
 */
static void put_sentence(char dst[P2PVHCI_MESSAGE_MAX], const char *src)
{
	size_t left = strlen(src);
	size_t used = 0;
	size_t len;

	memset(dst, 0, P2PVHCI_MESSAGE_MAX);
	while (left) {
		len = utf8_len((const unsigned char *)src, left);
		if (used + (len ? len : 1) >= P2PVHCI_MESSAGE_MAX)
			return;
		if (len)
			memcpy(dst + used, src, len);
		else
			dst[used] = '?';
		len = len ? len : 1;
		used += len;
		src += len;
		left -= len;
	}
}

int ring_attach_done(int fd, uint64_t cookie, uint32_t status,
		     const char *message)
{
	struct p2pvhci_attach_done done = {
		.size = sizeof(done),
		.status = status,
		.cookie = cookie,
	};

	put_sentence(done.message, message);
	return ioctl(fd, P2PVHCI_IOC_ATTACH_DONE, &done) ? -errno : 0;
}
