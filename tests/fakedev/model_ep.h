/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * model_ep - what one endpoint does with its transfers.
 *
 * Does not know settings or the bus: model.c switches endpoints on and off.
 */
#ifndef FAKEDEV_MODEL_EP_H
#define FAKEDEV_MODEL_EP_H

#include "model.h"

/* model_ep_run() - do what is due on one endpoint */
void model_ep_run(struct model *model, struct model_ep *ep, uint64_t now);

/* model_ep_next() - ns of the next thing to do, MODEL_NEVER = none */
uint64_t model_ep_next(const struct model *model, const struct model_ep *ep);

/* model_ep_finish() - give a transfer back */
void model_ep_finish(struct model *model, struct model_ep *ep,
		     struct model_xfer *xfer, uint32_t status);

/* model_ep_stop() - give all back; the isochronous clock stops */
void model_ep_stop(struct model *model, struct model_ep *ep, uint32_t status);

/* model_iso_queue() - find the place of a transfer in time */
void model_iso_queue(struct model *model, struct model_ep *ep,
		     struct model_xfer *xfer, uint64_t now);

/* model_iso_run() - move the packets whose time has passed */
void model_iso_run(struct model *model, struct model_ep *ep, uint64_t now);

uint64_t model_iso_next(const struct model_ep *ep);

#endif /* FAKEDEV_MODEL_EP_H */
