/* SPDX-License-Identifier: MIT */
/*
 * What the memo knows about one view, as bytes: the form in which it stands in memory and in the
 * database. Headers are kept as they were said, in their order.
 *
 *   version, flags, status (2), length (8), CRC-64/NVME (8), CRC-32 (4), number of headers,
 *   and for each header: length of the name, length of the value (2), name, value
 *
 * Numbers are little-endian. A row from the database is foreign until it has been checked.
 */
#ifndef OL_VIEW_MEMO_ROW_H
#define OL_VIEW_MEMO_ROW_H

#include "base/buf.h"
#include "view/memo.h"

#define OL_MEMO_ROW_BYTES_MIN 25 /* no header: what an unstable view's row has */
#define OL_MEMO_ROW_BYTES_MAX 4096

/* OL_OK, or OL_SKIP for what a row cannot hold: headers that are too large, no length. */
int ol_memo_row_encode(const ol_view_facts *facts, uint8_t out[OL_MEMO_ROW_BYTES_MAX],
                       size_t *len);
/* The row that says: not deterministic. */
void ol_memo_row_unstable(uint8_t out[OL_MEMO_ROW_BYTES_MIN]);
bool ol_memo_row_is_unstable(ol_slice row);

/* Whether these bytes are a row that encode could have made. */
bool ol_memo_row_check(ol_slice row);
/* Of a row that is known to be one. The arena gets a copy. OL_OK or OL_ENOMEM. */
int ol_memo_row_decode(ol_slice row, ol_arena *arena, ol_view_facts *facts);

enum ol_memo_merged {
    OL_MEMO_MERGED_SAME, /* the new row says nothing new */
    OL_MEMO_MERGED_MORE, /* the new row agrees and says more: it takes the place of the old */
    OL_MEMO_MERGED_OTHER /* they contradict each other, or the new one knows of a contradiction */
};
/* What becomes of what was known when `new_row` is learned. An old row that is unstable stays, and
 * gives SAME. */
enum ol_memo_merged ol_memo_row_merge(ol_slice old_row, ol_slice new_row);

#endif
