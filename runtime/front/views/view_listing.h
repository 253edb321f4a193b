/* SPDX-License-Identifier: MIT */
/*
 * A page of a listing on its way through the `list` entries of a view's programs: as AWS's JSON
 * (the members of listBucketResult) to a program, and back.
 *
 * A program sees of each original its key, date, size and class; never its ETag, checksums or
 * owner, which would be a leak as soon as it passes them on. What comes back is the answer of a
 * host that is not believed: types, lengths and counts are checked, and an entry can only stand for
 * an original that is on the page. Which keys there are, and under which names, is the program's
 * to say; where the next page begins, ETags, dates and the owner are not.
 *
 * Names may change: an entry bears the original's key as `originalKey`, a common prefix its own as
 * `originalPrefix`. An entry without it is the program's own; it stands for the original of its own
 * key. What does not begin with the prefix that the client asked for is left out, and what lies
 * behind a delimiter becomes a common prefix, as in any listing.
 */
#ifndef OL_FRONT_VIEW_LISTING_H
#define OL_FRONT_VIEW_LISTING_H

#include "base/limits.h"
#include "s3/documents/xml.h"

#define OL_VIEW_LISTING_BYTES_MAX (6 * OL_MIB) /* of the text, either way */
#define OL_VIEW_LISTING_ARENA_BYTES_MAX (48 * OL_MIB)

typedef struct ol_view_listing_entry {
    ol_slice key;      /* as it is listed */
    ol_slice original; /* whose view it is */
    const ol_object_info *info; /* what the origin's page says of that; NULL: it is not on it */
    uint64_t size;     /* the original's, or what a program said instead */
} ol_view_listing_entry;

typedef struct ol_view_listing_prefix {
    ol_slice prefix, original; /* as it is listed; as the origin has it */
} ol_view_listing_prefix;

typedef struct ol_view_listing {
    ol_view_listing_entry *entries; /* by key, each once */
    size_t count;
    ol_view_listing_prefix *prefixes; /* likewise */
    size_t prefix_count;
    ol_slice xml; /* a program's own document, to be sent as it is; empty: there is none */
} ol_view_listing;

/* What was asked, and what is the same for every program. */
typedef struct ol_view_listing_frame {
    const ol_s3_list_page *page;
    bool truncated;
    ol_slice next; /* the token or marker of the next page; empty when there is none */
} ol_view_listing_frame;

/* The origin's page as it is. The listing lives in `arena` and refers to the page. */
int ol_view_listing_make(ol_view_listing *listing, const ol_list_result *page, ol_arena *arena);
/* End the origin's page with `last`: what lies behind it comes with the next one. A program's own
 * entries may lie behind all that the origin has told so far; nothing of that is skipped. */
void ol_view_listing_cut(ol_list_result *page, ol_slice last);
/* Append the JSON. OL_OK, OL_ELIMIT, OL_ENOMEM. */
int ol_view_listing_write(ol_buf *out, const ol_view_listing *listing,
                          const ol_view_listing_frame *frame);
/* What a program made of `given`: JSON, or an XML document. Lives in `arena`, refers to `given`'s
 * page; `text` may go. OL_OK, OL_ETRANSFORMRESPONSE with the reason for the log, OL_ENOMEM. */
int ol_view_listing_read(ol_view_listing *listing, ol_slice text, const ol_view_listing *given,
                         const ol_s3_list_page *page, ol_arena *arena, ol_error *err);
/* Put what was read in order. OL_ETRANSFORMRESPONSE when a key stands twice. Called by read. */
int ol_view_listing_settle(ol_view_listing *listing, ol_error *err);

#endif
