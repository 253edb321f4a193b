/* SPDX-License-Identifier: MIT */
/*
 * Query strings and percent-encoding as S3 reads them, without allocation: the pieces that
 * addressing and signing share.
 */
#ifndef OL_S3_QUERY_H
#define OL_S3_QUERY_H

#include "base/slice.h"

#define OL_QUERY_PARAMS_MAX 256 /* a request with more is refused */

/* Cut the next `name[=value]` off *rest, undecoded; empty pieces ("&&") are skipped.
 * False when nothing is left. A piece without '=' has a value with data NULL. */
bool ol_query_next(ol_slice *rest, ol_slice *name, ol_slice *value);

/* %XX to bytes into `out`, which has room for text.len bytes. `plus_is_space` for queries.
 * False when a '%' is not followed by two hex digits. */
bool ol_percent_decode(ol_slice text, bool plus_is_space, uint8_t *out, size_t *out_len);

/* The form that signatures are made over: decoded, then everything but A-Z a-z 0-9 - . _ ~ as
 * upper-case %XX. In a path '/' stays as it is and %2F stays %2F, so that keys which differ
 * only there never share a signature. `out` has room for 3 * text.len bytes. */
enum ol_percent_part { OL_PERCENT_PATH, OL_PERCENT_QUERY };
bool ol_percent_canonical(ol_slice text, enum ol_percent_part part, uint8_t *out, size_t *out_len);
/* True when `path` is in that form already. */
bool ol_percent_path_is_plain(ol_slice path);

#endif
