/* SPDX-License-Identifier: MIT */
/*
 * A list of header fields in arena memory. Names compare without case; order and repeats
 * are kept. Values hold no CR, LF or NUL (ol_headers_add refuses them), so no response can
 * be split.
 */
#ifndef OL_HTTP_HEADERS_H
#define OL_HTTP_HEADERS_H

#include "base/arena.h"
#include "base/error.h"

typedef struct ol_header {
    ol_slice name; /* as received or as given */
    ol_slice value;
} ol_header;

typedef struct ol_headers {
    ol_header *items;
    size_t count;
    size_t cap;
    ol_arena *arena; /* where items and copies live */
} ol_headers;

void ol_headers_init(ol_headers *headers, ol_arena *arena);
/* The first value of that name, or NULL. */
const ol_header *ol_headers_find(const ol_headers *headers, ol_slice name);
/* The first value, or the empty slice (data NULL) when absent. */
static inline ol_slice ol_headers_get(const ol_headers *headers, const char *name);
static inline size_t ol_headers_count_of(const ol_headers *headers, const char *name);
/* Copies name and value into the arena. OL_OK, OL_ENOMEM, OL_ELIMIT (more than
 * OL_HTTP_HEADERS_MAX) or OL_EINVAL (not a token, or a control character in the value). */
int ol_headers_add(ol_headers *headers, ol_slice name, ol_slice value);
/* As ol_headers_add, but refers to memory that lives as long as the list, and neither looks at
 * it nor counts: for parsers, which have. OL_OK or OL_ENOMEM. */
int ol_headers_borrow(ol_headers *headers, ol_slice name, ol_slice value);
/* Append all of another list, by reference: what it refers to lives as long as both. Counted, and
 * not looked at again. OL_OK, OL_ENOMEM or OL_ELIMIT. */
int ol_headers_join(ol_headers *headers, const ol_headers *more);
/* Replace all of that name by one, in the place of the first. On an error nothing changed. */
int ol_headers_set(ol_headers *headers, ol_slice name, ol_slice value);
void ol_headers_remove(ol_headers *headers, const char *name);
static inline bool ol_header_name_is(const ol_header *header, const char *name);
/* What ol_headers_add would take: a token, and a value without control characters. */
bool ol_header_is_valid(ol_slice name, ol_slice value);

/* ---- names are literals: their lengths are known where they are asked for ---- */

size_t ol_headers_count_(const ol_headers *headers, ol_slice name);

static inline ol_slice ol_headers_get(const ol_headers *headers, const char *name)
{
    const ol_header *header = ol_headers_find(headers, ol_slice_cstr(name));
    return header ? header->value : OL_SLICE_NONE;
}

static inline size_t ol_headers_count_of(const ol_headers *headers, const char *name)
{
    return ol_headers_count_(headers, ol_slice_cstr(name));
}

static inline bool ol_header_name_is(const ol_header *header, const char *name)
{
    return ol_slice_ieq(header->name, ol_slice_cstr(name));
}

#endif
