/* SPDX-License-Identifier: MIT */
/* What the kinds of bodies share: body.c (plain), body_sealed.c (encrypted). */
#ifndef OL_ORIGIN_STORE_BODY_H
#define OL_ORIGIN_STORE_BODY_H

#include "origin/store/store_private.h"

typedef struct ol_body_config {
    ol_handle *handle;
    ol_byte_range range;
} ol_body_config;

int ol_store_send_head(ol_stage *st, ol_error *err);

extern const ol_stage_ops ol_body_sealed;

#endif
