/* SPDX-License-Identifier: MIT */
/*
 * Stands behind the body of an original that may be encrypted without anybody having said so (guarded.h),
 * and ends the pipeline where it is: OL_EDECRYPT. Of a body that has the first bytes it looks at them as
 * they pass: nothing is held back or copied on. Else the object looks, while the body is on its way:
 * nothing passes before it has.
 */
#ifndef OL_FRONT_SEALED_GUARD_STAGE_H
#define OL_FRONT_SEALED_GUARD_STAGE_H

#include "front/originals/guarded.h"
#include "pipeline/stage.h"

typedef struct ol_sealed_guard {
    ol_guarded *object;
    bool looks; /* the body has not all of the first bytes */
} ol_sealed_guard;

/* config = const ol_sealed_guard * */
extern const ol_stage_ops ol_sealed_guard_stage_ops;

#endif
