/* SPDX-License-Identifier: MIT */
/*
 * What the answer of a view says beside what its transform set: the access point's own headers,
 * the original's metadata as far as it may be told, Cache-Control, Last-Modified, Vary. What states
 * a digest or a size of the original is never told, whoever asks.
 */
#ifndef OL_FRONT_VIEW_HEAD_H
#define OL_FRONT_VIEW_HEAD_H

#include "front/answer/compress_stage.h"
#include "origin/origin.h"

typedef struct ol_view_answer {
    const ol_view_options *options;
    const ol_object_info *original; /* copied from by ol_view_head_apply, not kept */
    ol_slice depends_headers;  /* names, each followed by '\n': the view differs by them */
    bool stable;               /* it has an identity */
    bool shared;               /* it is the same for whoever asks */
    ol_compression *compression; /* NULL: the client wants none */
} ol_view_answer;

/* Over what the transform said (head->headers), for a body, a HEAD or a 304 (of which only Vary and
 * the date are told). OL_OK, OL_ENOMEM, OL_ELIMIT. */
int ol_view_head_apply(const ol_view_answer *answer, ol_head *head);

/* Does this metadata (the name without x-amz-meta-, in any case) state a digest, a size or the key
 * material of the original, or is its value the original's ETag? */
bool ol_view_metadata_is_telling(ol_slice name, ol_slice value, ol_slice etag);

#endif
