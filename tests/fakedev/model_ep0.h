/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * model_ep0 - chapter 9, and what personalities add to it.
 */
#ifndef FAKEDEV_MODEL_EP0_H
#define FAKEDEV_MODEL_EP0_H

#include "model.h"

/**
 * model_ep0_perform() - carry out one control transfer
 * @model: device
 * @xfer: @status and @actual are set
 * @now: ns
 */
void model_ep0_perform(struct model *model, struct model_xfer *xfer,
		       uint64_t now);

#endif /* FAKEDEV_MODEL_EP0_H */
