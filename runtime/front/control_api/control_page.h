/* SPDX-License-Identifier: MIT */
/*
 * A page of a list of the s3control API: of access points, or of Object Lambda access points.
 */
#ifndef OL_FRONT_CONTROL_PAGE_H
#define OL_FRONT_CONTROL_PAGE_H

#include "front/control_api/control_call.h"
#include "s3/documents/control_documents.h"

typedef struct ol_control_page {
    ol_control_entry *entries; /* room for `max` */
    size_t count, max;
    ol_slice after; /* the name that the page begins after */
} ol_control_page;

/* Adds what follows page->after, up to page->max; true: there is more. */
typedef bool (*ol_control_fill_fn)(const ol_control_call *call, ol_control_page *page);
typedef int (*ol_control_list_fn)(ol_buf *out, const ol_control_entry *entries, size_t count,
                                  ol_slice next_token);

/* Answer with the page that maxResults and nextToken ask for: `fill` finds it, `write` makes the
 * document. */
void ol_control_page_reply(ol_control_call *call, ol_control_fill_fn fill,
                           ol_control_list_fn write);

#endif
