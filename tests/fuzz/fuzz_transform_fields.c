/* SPDX-License-Identifier: MIT */
/*
 * Field lists, and what is made of them when they come from a host: declarations, errors, heads.
 */
#include <assert.h>

#include "base/arena.h"
#include "transform/fields.h"
#include "transform/head.h"
#include "transform/host/texts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_all(ol_slice encoded)
{
    ol_fields_iter it;
    ol_slice name, value;
    unsigned sum = 0;
    ol_fields_iter_init(&it, encoded);
    while (ol_fields_next(&it, &name, &value)) {
        for (size_t i = 0; i < name.len; i++)
            sum += name.data[i];
        for (size_t i = 0; i < value.len; i++)
            sum += value.data[i];
    }
    (void)sum;
}

static void make_head(ol_slice encoded, enum ol_transform_entry entry)
{
    ol_arena *arena = ol_arena_new(1 << 20);
    ol_head original = {.status = 200}, head;
    ol_error err = {0};
    if (!arena)
        return;
    ol_headers_init(&original.headers, arena);
    if (ol_transform_head_default(&head, &original, arena) == OL_OK &&
        ol_transform_head_apply(&head, entry, encoded, &err) == OL_OK) {
        assert((head.status >= 200 && head.status <= 299) ||
               (entry == OL_ENTRY_REQUEST && head.status == 404));
        assert(head.content_length == -1 || (entry == OL_ENTRY_HEAD && head.content_length >= 0));
        for (size_t i = 0; i < head.headers.count; i++)
            assert(
                !memchr(head.headers.items[i].value.data, '\n', head.headers.items[i].value.len));
    }
    ol_arena_destroy(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ol_slice encoded = ol_slice_of(data, size);
    ol_program_declared declared;
    ol_program program;
    ol_error err;
    read_all(encoded);
    ol_text_declared_decode(encoded, &declared);
    ol_text_program_decode(encoded, &program);
    ol_text_error_decode(encoded, size > 0 ? -10000 + data[0] : 0, &err);
    assert(err.code < 0 && err.status >= 400 && err.status <= 599);
    for (int entry = 0; entry < OL_ENTRIES; entry++)
        make_head(encoded, (enum ol_transform_entry)entry);
    return 0;
}
