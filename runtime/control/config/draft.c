/* SPDX-License-Identifier: MIT */
#include "control/config/draft.h"

#include <stdio.h>

#include "base/alloc.h"

#define DRAFT_BYTES_MAX (64 * OL_MIB)
#define SHOW_CHARS_MAX 64

int ol_draft_init(ol_draft *draft, ol_config_report *report, const char *folder)
{
    *draft = (ol_draft){.report = report, .folder = folder};
    draft->arena = ol_arena_new(DRAFT_BYTES_MAX);
    return draft->arena ? OL_OK : OL_ENOMEM;
}

void ol_draft_fini(ol_draft *draft)
{
    ol_arena_destroy(draft->arena);
    draft->arena = NULL;
}

void *ol_draft_list_add(ol_draft *draft, ol_draft_list *list, size_t item_size)
{
    if (list->count == list->cap) {
        size_t cap = list->cap ? list->cap * 2 : 4;
        uint8_t *grown = ol_arena_alloc(draft->arena, cap * item_size);
        if (!grown)
            return NULL;
        if (list->count)
            memcpy(grown, list->items, list->count * item_size);
        list->items = grown;
        list->cap = cap;
    }
    void *item = (uint8_t *)list->items + list->count++ * item_size;
    memset(item, 0, item_size);
    return item;
}

ol_text ol_draft_text(ol_draft *draft, ol_slice bytes, int line)
{
    return (ol_text){.bytes = ol_arena_copy(draft->arena, bytes), .line = line};
}

static void wipe_secret(void *arg)
{
    const ol_slice *secret = arg;
    ol_wipe_slice(*secret);
}

int ol_draft_guard_secret(ol_arena *arena, ol_slice secret)
{
    ol_slice *kept = ol_arena_alloc(arena, sizeof(*kept));
    if (!kept)
        return OL_ENOMEM;
    *kept = secret;
    return ol_arena_on_end(arena, wipe_secret, kept);
}

char *ol_draft_path(ol_arena *arena, const char *folder, ol_slice path)
{
    if (path.len > 0 && path.data[0] == '/')
        return ol_arena_printf(arena, "%.*s", OL_SLICE_FMT(path));
    while (ol_slice_starts(path, OL_SLICE_LIT("./")))
        path = ol_slice_from(path, 2);
    bool at_root = strcmp(folder, "/") == 0;
    return ol_arena_printf(arena, "%s/%.*s", at_root ? "" : folder, OL_SLICE_FMT(path));
}

ol_transform_limits ol_draft_transform_limits(const ol_draft *draft)
{
    ol_transform_limits limits;
    if (draft->limits.count)
        return ((const ol_draft_limits *)draft->limits.items)->transform;
    ol_transform_limits_default(&limits);
    return limits;
}

void ol_draft_view_cache_default(ol_draft_view_cache *cache)
{
    *cache = (ol_draft_view_cache){.memory_bytes = 64ull * OL_MIB,
                                   .memory_entry_bytes = OL_DRAFT_BYTES_UNSET,
                                   .disk_bytes = OL_DRAFT_BYTES_UNSET,
                                   .disk_entry_bytes = OL_DRAFT_BYTES_UNSET};
}

void ol_draft_view_memo_default(ol_draft_view_memo *memo)
{
    *memo = (ol_draft_view_memo){.rows_max = 1000000, .memory_rows_max = 32768};
}

const char *ol_text_show(ol_slice bytes, bool hidden, char out[OL_TEXT_SHOW_SIZE])
{
    if (hidden)
        return "(hidden)";
    size_t len = bytes.len < SHOW_CHARS_MAX ? bytes.len : SHOW_CHARS_MAX;
    char clean[SHOW_CHARS_MAX + 1];
    for (size_t i = 0; i < len; i++)
        clean[i] = bytes.data[i] < ' ' || bytes.data[i] >= 0x7f ? '?' : (char)bytes.data[i];
    clean[len] = '\0';
    snprintf(out, OL_TEXT_SHOW_SIZE, "\"%s%s\"", clean, len < bytes.len ? "..." : "");
    return out;
}
