/* SPDX-License-Identifier: MIT */
/*
 * Looks at the first bytes of an original that passes by as it is, and ends the pipeline where they are
 * those of a format in which clients encrypt: OL_EDECRYPT. Nothing is held back or copied on.
 */
#ifndef OL_FRONT_SEALED_GUARD_STAGE_H
#define OL_FRONT_SEALED_GUARD_STAGE_H

#include "crypto/sealed.h"
#include "pipeline/stage.h"

/* The format that these first bytes are of, where they can hardly be anything else: binary OpenPGP
 * begins too much like other data to be refused for it. */
enum ol_sealed_format ol_sealed_guard_recognise(ol_slice first);

/* config = NULL */
extern const ol_stage_ops ol_sealed_guard_stage_ops;

#endif
