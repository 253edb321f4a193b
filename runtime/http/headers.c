/* SPDX-License-Identifier: MIT */
/* The list of header fields: everything lives in the arena, nothing is freed one by one. */
#include "http/headers.h"

#include "base/limits.h"
#include "http/syntax.h"

#define FIRST_CAP 16

void ol_headers_init(ol_headers *headers, ol_arena *arena)
{
    *headers = (ol_headers){.arena = arena};
}

const ol_header *ol_headers_find(const ol_headers *headers, ol_slice name)
{
    for (size_t i = 0; i < headers->count; i++) {
        if (ol_slice_ieq(headers->items[i].name, name))
            return &headers->items[i];
    }
    return NULL;
}

size_t ol_headers_count_(const ol_headers *headers, ol_slice name)
{
    size_t count = 0;
    for (size_t i = 0; i < headers->count; i++)
        count += ol_slice_ieq(headers->items[i].name, name);
    return count;
}

static int make_room(ol_headers *headers, size_t more)
{
    size_t cap = headers->cap ? headers->cap : FIRST_CAP;
    if (headers->count + more <= headers->cap)
        return OL_OK;
    while (cap < headers->count + more)
        cap *= 2;
    ol_header *items = ol_arena_alloc(headers->arena, cap * sizeof(*items));
    if (!items)
        return OL_ENOMEM;
    if (headers->count > 0)
        memcpy(items, headers->items, headers->count * sizeof(*items));
    headers->items = items;
    headers->cap = cap;
    return OL_OK;
}

int ol_headers_borrow(ol_headers *headers, ol_slice name, ol_slice value)
{
    int rc = make_room(headers, 1);
    if (rc != OL_OK)
        return rc;
    headers->items[headers->count++] = (ol_header){name, value};
    return OL_OK;
}

int ol_headers_join(ol_headers *headers, const ol_headers *more)
{
    if (more->count == 0)
        return OL_OK;
    if (headers->count + more->count > OL_HTTP_HEADERS_MAX)
        return OL_ELIMIT;
    int rc = make_room(headers, more->count);
    if (rc != OL_OK)
        return rc;
    memcpy(headers->items + headers->count, more->items, more->count * sizeof(*more->items));
    headers->count += more->count;
    return OL_OK;
}

bool ol_header_is_valid(ol_slice name, ol_slice value)
{
    return name.len > 0 && ol_http_all(name, OL_CH_TOKEN) && ol_http_all(value, OL_CH_VALUE);
}

/* Check a pair and copy it, in one block: names and values are short and many. */
static int copy_pair(ol_headers *headers, ol_slice name, ol_slice value, ol_header *out)
{
    value = ol_slice_trim(value);
    if (!ol_header_is_valid(name, value))
        return OL_EINVAL;
    uint8_t *copy = ol_arena_alloc(headers->arena, name.len + value.len + 2);
    if (!copy)
        return OL_ENOMEM;
    memcpy(copy, name.data, name.len);
    copy[name.len] = '\0';
    uint8_t *value_copy = copy + name.len + 1;
    if (value.len > 0)
        memcpy(value_copy, value.data, value.len);
    value_copy[value.len] = '\0';
    *out = (ol_header){ol_slice_of(copy, name.len), ol_slice_of(value_copy, value.len)};
    return OL_OK;
}

int ol_headers_add(ol_headers *headers, ol_slice name, ol_slice value)
{
    if (headers->count >= OL_HTTP_HEADERS_MAX)
        return OL_ELIMIT;
    ol_header pair;
    int rc = copy_pair(headers, name, value, &pair);
    return rc == OL_OK ? ol_headers_borrow(headers, pair.name, pair.value) : rc;
}

/* Drop those of that name from index `first` on. */
static void remove_from(ol_headers *headers, size_t first, ol_slice name)
{
    size_t kept = first;
    for (size_t i = first; i < headers->count; i++) {
        if (!ol_slice_ieq(headers->items[i].name, name))
            headers->items[kept++] = headers->items[i];
    }
    headers->count = kept;
}

void ol_headers_remove(ol_headers *headers, const char *name)
{
    remove_from(headers, 0, ol_slice_cstr(name));
}

int ol_headers_set(ol_headers *headers, ol_slice name, ol_slice value)
{
    const ol_header *found = ol_headers_find(headers, name);
    if (!found)
        return ol_headers_add(headers, name, value);
    size_t at = (size_t)(found - headers->items);
    ol_header pair;
    int rc = copy_pair(headers, name, value, &pair);
    if (rc != OL_OK)
        return rc;
    headers->items[at] = pair;
    remove_from(headers, at + 1, pair.name);
    return OL_OK;
}
