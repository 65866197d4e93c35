// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Completions that an agent may write, and those that it may not.
 *
 * The contract of struct p2pvhci_cmp says which of them kill the queue, so that
 * each is judged; a few depend on what the kernel did meanwhile.
 */
#include <errno.h>

#include "fuzz_ring.h"

#define ISO_ROOM	(P2PVHCI_NPKT_MAX * sizeof(struct p2pvhci_iso))

/* The truth ----------------------------------------------------------------- */

/* What is asked of each packet stands in the OUT area, for both directions. */
static void iso_truth(struct fuzz_liar *l, const struct p2pvhci_req *req,
		      struct p2pvhci_cmp *cmp)
{
	const struct p2pvhci_iso *asked = (const void *)ringdev_out(&l->d, req);
	struct p2pvhci_iso *iso;
	uint32_t i;

	cmp->iso_off = l->iso_base + l->batch * ISO_ROOM;
	iso = (void *)(l->d.rw + l->d.setup.off_in + cmp->iso_off);
	cmp->actual = 0;
	for (i = 0; i < req->npkt; i++) {
		iso[i].len = fuzz_below(&l->dice, asked[i].len + 1);
		iso[i].status = fuzz_below(&l->dice, P2PVHCI_ST_MAX);
		iso[i].rsv = 0;
		cmp->actual += iso[i].len;
	}
	cmp->errs = fuzz_below(&l->dice, req->npkt + 1);
}

static void tell_truth(struct fuzz_liar *l, const struct fuzz_kept *kept,
		       struct p2pvhci_cmp *cmp)
{
	const struct p2pvhci_req *req = &kept->req;
	uint32_t most = req->len;

	memset(cmp, 0, sizeof(*cmp));
	cmp->token = req->token;
	cmp->dev_us = fuzz_u32(&l->dice);
	if (fuzz_one_in(&l->dice, 4))
		cmp->status = fuzz_below(&l->dice, P2PVHCI_ST_MAX);
	if (kept->copied && fuzz_one_in(&l->dice, 2)) {
		cmp->flags = P2PVHCI_CMP_COPIED;
		cmp->actual = fuzz_below(&l->dice, kept->copied + 1);
		return;
	}
	if (fuzz_is_in(req) && most > l->d.setup.in_bytes)
		most = l->d.setup.in_bytes;
	cmp->actual = fuzz_one_in(&l->dice, 2) ? most :
		      fuzz_below(&l->dice, most + 1);
	if (req->npkt)
		iso_truth(l, req, cmp);
	if (fuzz_is_in(req) && cmp->actual)
		cmp->in_off = fuzz_below(&l->dice, l->d.setup.in_bytes -
					 cmp->actual + 1);
}

/* Lies ---------------------------------------------------------------------- */

struct lie {
	const char *name;
	enum fuzz_verdict verdict;
	/* Returns 0 when it cannot be told of this request. */
	int (*tell)(struct fuzz_liar *l, const struct p2pvhci_req *req,
		    struct p2pvhci_cmp *cmp);
};

#define LIE(name)							\
	static int name(struct fuzz_liar *l, const struct p2pvhci_req *req, \
			struct p2pvhci_cmp *cmp)

LIE(beyond_the_tags)
{
	(void)req;
	cmp->token &= ~0xffffffffULL;
	cmp->token |= l->d.setup.tags +
		      fuzz_below(&l->dice, 0xffffffff - l->d.setup.tags);
	return 1;
}

LIE(another_generation)
{
	static const int64_t near[] = { -1, 1, 2, -2, 0x80000000LL, 0xffff };

	(void)req;
	cmp->token += (uint64_t)near[fuzz_below(&l->dice, 6)] << 32;
	return 1;
}

LIE(any_generation)
{
	(void)req;
	cmp->token ^= (1 + (uint64_t)fuzz_below(&l->dice, 0xffffffff)) << 32;
	return 1;
}

/* A slot of another queue may have the same number, never the generation. */
LIE(of_another_queue)
{
	uint64_t token = fuzz_board->tokens[fuzz_below(&l->dice, FUZZ_TOKENS)];
	uint32_t i;

	(void)req;
	for (i = 0; i < l->nkept; i++)
		if (l->kept[i].req.token == token)
			return 0;
	cmp->token = token;
	return 1;
}

/* What the slot was called before. */
LIE(settled)
{
	uint32_t i;

	for (i = 0; i < FUZZ_SETTLED && i < l->nsettled; i++) {
		cmp->token = l->settled[i];
		if ((uint32_t)cmp->token == (uint32_t)req->token)
			return 1;
	}
	return 0;
}

LIE(twice)
{
	(void)req;
	fuzz_ring_push(l, cmp, FUZZ_LIVES, "once");
	return 1;
}

LIE(status_unknown)
{
	(void)req;
	cmp->status = P2PVHCI_ST_MAX +
		      fuzz_below(&l->dice, 256 - P2PVHCI_ST_MAX);
	return 1;
}

LIE(flags_unknown)
{
	(void)req;
	cmp->flags |= 2 << fuzz_below(&l->dice, 7);
	return 1;
}

LIE(too_many_errors)
{
	cmp->errs = req->npkt + 1 + fuzz_below(&l->dice, 0xffff - req->npkt);
	return 1;
}

LIE(start_frame)
{
	(void)req;
	cmp->start_frame = 1 + fuzz_below(&l->dice, 0xffffffff);
	return 1;
}

LIE(more_than_asked)
{
	static const uint32_t most[] = { 1, 16, 0xffff, 0x7fffffff, 0xfffffff };

	cmp->actual = req->len + most[fuzz_below(&l->dice, 5)];
	return 1;
}

LIE(negative_length)
{
	(void)req;
	cmp->actual = 0xffffffff - fuzz_below(&l->dice, 512);
	return 1;
}

LIE(outside)
{
	uint32_t area = l->d.setup.in_bytes;

	(void)req;
	if (!cmp->in_off)
		return 0;
	cmp->in_off = area + 1 + fuzz_below(&l->dice, 0xffffffff - area);
	return 1;
}

LIE(over_the_end)
{
	(void)req;
	if (!cmp->in_off)
		return 0;
	cmp->in_off = l->d.setup.in_bytes - cmp->actual + 1 +
		      fuzz_below(&l->dice, cmp->actual);
	return 1;
}

LIE(range_that_wraps)
{
	(void)req;
	if (!cmp->in_off)
		return 0;
	cmp->in_off = -(uint32_t)cmp->actual + fuzz_below(&l->dice,
							  cmp->actual);
	return 1;
}

LIE(offset_of_nothing)
{
	if (!req->npkt && fuzz_is_in(req))
		cmp->actual = 0;
	else if (fuzz_is_in(req))
		return 0;
	cmp->in_off = 1 + fuzz_below(&l->dice, l->d.setup.in_bytes);
	return 1;
}

LIE(packets_outside)
{
	uint32_t area = l->d.setup.in_bytes - req->npkt * 8;

	if (req->npkt)
		cmp->iso_off = (area + 4 +
				fuzz_below(&l->dice, 0xfffffff0 - area)) & ~3U;
	else
		cmp->iso_off = 1 + fuzz_below(&l->dice, 0xffffffff);
	return 1;
}

LIE(packets_unaligned)
{
	cmp->iso_off += 1 + fuzz_below(&l->dice, 3);
	return req->npkt > 0;
}

LIE(copied_that_cannot)
{
	if (l->d.setup.features & P2PVHCI_F_COPY && fuzz_is_in(req) &&
	    !req->npkt)
		return 0;
	cmp->flags |= P2PVHCI_CMP_COPIED;
	return 1;
}

/* Nobody reads what a request that was given up brings. */
LIE(copied_but_was_not)
{
	if (!(l->d.setup.features & P2PVHCI_F_COPY) || !fuzz_is_in(req) ||
	    req->npkt || !req->len)
		return 0;
	cmp->flags |= P2PVHCI_CMP_COPIED;
	cmp->in_off = 0;
	cmp->actual = req->len;
	return 1;
}

LIE(packets_spoilt)
{
	if (!req->npkt)
		return 0;
	fuzz_spoil(&l->dice, l->d.rw + l->d.setup.off_in + cmp->iso_off,
		   req->npkt * sizeof(struct p2pvhci_iso));
	return 1;
}

LIE(spoilt)
{
	(void)req;
	fuzz_spoil(&l->dice, cmp, sizeof(*cmp));
	return 1;
}

LIE(any_bytes)
{
	uint64_t token = cmp->token;

	(void)req;
	fuzz_bytes(&l->dice, cmp, sizeof(*cmp));
	if (fuzz_one_in(&l->dice, 2))
		cmp->token = token;
	return 1;
}

static const struct lie lies[] = {
	{ "slot beyond the tags", FUZZ_DIES, beyond_the_tags },
	{ "near generation", FUZZ_DIES, another_generation },
	{ "any generation", FUZZ_DIES, any_generation },
	{ "token of another queue", FUZZ_DIES, of_another_queue },
	{ "settled token", FUZZ_DIES, settled },
	{ "token twice", FUZZ_DIES, twice },
	{ "unknown status", FUZZ_DIES, status_unknown },
	{ "unknown flags", FUZZ_DIES, flags_unknown },
	{ "too many errors", FUZZ_DIES, too_many_errors },
	{ "start frame", FUZZ_DIES, start_frame },
	{ "more than was asked for", FUZZ_DIES, more_than_asked },
	{ "negative length", FUZZ_DIES, negative_length },
	{ "offset outside", FUZZ_DIES, outside },
	{ "range over the end", FUZZ_DIES, over_the_end },
	{ "range that wraps", FUZZ_DIES, range_that_wraps },
	{ "offset of nothing", FUZZ_DIES, offset_of_nothing },
	{ "packets outside", FUZZ_DIES, packets_outside },
	{ "packets not aligned", FUZZ_DIES, packets_unaligned },
	{ "copied, and cannot be", FUZZ_DIES, copied_that_cannot },
	{ "copied, and was not", FUZZ_EITHER, copied_but_was_not },
	{ "packets spoilt", FUZZ_EITHER, packets_spoilt },
	{ "spoilt", FUZZ_EITHER, spoilt },
	{ "any bytes", FUZZ_EITHER, any_bytes },
};

/* Telling ------------------------------------------------------------------- */

static void settle(struct fuzz_liar *l, uint32_t i)
{
	l->settled[l->nsettled++ % FUZZ_SETTLED] = l->kept[i].req.token;
	l->kept[i] = l->kept[--l->nkept];
}

void fuzz_ring_truth(struct fuzz_liar *l, uint32_t i)
{
	struct p2pvhci_cmp cmp;

	tell_truth(l, &l->kept[i], &cmp);
	fuzz_ring_push(l, &cmp, FUZZ_LIVES, "the truth");
	settle(l, i);
}

/* Of the first request that it can be told of; negative when of none. */
static int tell_lie(struct fuzz_liar *l, const struct lie *lie)
{
	struct p2pvhci_cmp cmp;
	uint32_t i;

	for (i = 0; i < l->nkept; i++) {
		tell_truth(l, &l->kept[i], &cmp);
		if (!lie->tell(l, &l->kept[i].req, &cmp))
			continue;
		fuzz_ring_push(l, &cmp, lie->verdict, lie->name);
		/* Not quite a lie may have been taken. */
		settle(l, i);
		return 0;
	}
	return -ENOENT;
}

void fuzz_ring_lie(struct fuzz_liar *l)
{
	while (tell_lie(l, &lies[l->turn++ % (sizeof(lies) / sizeof(lies[0]))]))
		;
}
