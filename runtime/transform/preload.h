/* SPDX-License-Identifier: MIT */
/*
 * What lies in the folders that a shared object may read while it loads. It can show in views, so
 * it is part of what a view is known by. Blocking; never on a loop.
 */
#ifndef OL_TRANSFORM_PRELOAD_H
#define OL_TRANSFORM_PRELOAD_H

#include "base/error.h"

#define OL_PRELOAD_FILES_MAX 50000u /* of all folders together */
#define OL_PRELOAD_BYTES_MAX (512ull * 1024 * 1024)

/* `folders`: absolute paths, each followed by '\n'. Makes *digest one of itself and of every name, link
 * and byte in them; leaves it as it is without folders. OL_OK, OL_ECONFIG with the reason, OL_ENOMEM. */
int ol_preload_digest(ol_slice folders, uint8_t digest[32], ol_error *err);

/* Changes when anything there was written to, replaced, added or taken away. Looks at no contents. 0
 * without folders. */
uint64_t ol_preload_id(ol_slice folders);

#endif
