/* SPDX-License-Identifier: MIT */
#include "cli/head_text.h"

int ol_head_text(ol_buf *out, const ol_head *head)
{
    int rc = ol_buf_addf(out, "status: %d\n", head->status);
    if (rc == OL_OK && head->content_length >= 0)
        rc = ol_buf_addf(out, "content-length: %lld\n", (long long)head->content_length);
    for (size_t i = 0; rc == OL_OK && i < head->headers.count; i++) {
        const ol_header *header = &head->headers.items[i];
        rc = ol_buf_addf(out, "%.*s: %.*s\n", OL_SLICE_FMT(header->name),
                         OL_SLICE_FMT(header->value));
    }
    return rc;
}
