/* SPDX-License-Identifier: MIT */
/* A growing list of files of the data folder, for those that are to be removed together. */
#ifndef OL_ORIGIN_STORE_FILE_LIST_H
#define OL_ORIGIN_STORE_FILE_LIST_H

#include "base/alloc.h"
#include "origin/store/folder.h"

typedef struct ol_file_list {
    ol_file_id *ids;
    size_t count, cap;
} ol_file_list;

/* OL_OK or OL_ENOMEM. `id` has OL_FILE_ID_BYTES. */
static inline int ol_file_list_add(ol_file_list *list, const void *id)
{
    if (list->count == list->cap) {
        size_t cap = list->cap ? 2 * list->cap : 16;
        ol_file_id *ids = ol_realloc(list->ids, cap * sizeof *ids);
        if (!ids)
            return OL_ENOMEM;
        list->ids = ids;
        list->cap = cap;
    }
    memcpy(list->ids[list->count++].bytes, id, OL_FILE_ID_BYTES);
    return OL_OK;
}

static inline void ol_file_list_fini(ol_file_list *list)
{
    ol_free(list->ids);
    *list = (ol_file_list){.count = 0};
}

/* Hand it over: the caller's is empty afterwards. */
static inline ol_file_list ol_file_list_take(ol_file_list *list)
{
    ol_file_list taken = *list;
    *list = (ol_file_list){.count = 0};
    return taken;
}

#endif
