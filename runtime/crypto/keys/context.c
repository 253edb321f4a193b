/* SPDX-License-Identifier: MIT */
#include "crypto/keys/context.h"

#include <jansson.h>

#include "base/encode.h"

static size_t bytes_of(const ol_context *context)
{
    size_t total = 0;
    for (size_t i = 0; i < context->count; i++)
        total += context->pairs[i].name.len + context->pairs[i].value.len;
    return total;
}

/* Where the name stands, or would. */
static size_t place_of(const ol_context *context, ol_slice name, bool *there)
{
    size_t at = 0;
    int order = 1;
    while (at < context->count && (order = ol_slice_cmp(context->pairs[at].name, name)) < 0)
        at++;
    *there = at < context->count && order == 0;
    return at;
}

int ol_context_add(ol_context *context, ol_slice name, ol_slice value)
{
    bool there;
    size_t at = place_of(context, name, &there);
    if (there)
        return ol_slice_eq(context->pairs[at].value, value) ? OL_OK : OL_EINVAL;
    if (context->count == OL_CONTEXT_PAIRS_MAX ||
        bytes_of(context) + name.len + value.len > OL_CONTEXT_BYTES_MAX)
        return OL_ELIMIT;
    memmove(&context->pairs[at + 1], &context->pairs[at],
            (context->count - at) * sizeof(context->pairs[0]));
    context->pairs[at] = (ol_context_pair){name, value};
    context->count++;
    return OL_OK;
}

const ol_slice *ol_context_find(const ol_context *context, ol_slice name)
{
    bool there;
    size_t at = place_of(context, name, &there);
    return there ? &context->pairs[at].value : NULL;
}

bool ol_context_equal(const ol_context *a, const ol_context *b)
{
    bool same = a->count == b->count;
    for (size_t i = 0; same && i < a->count; i++)
        same = ol_slice_eq(a->pairs[i].name, b->pairs[i].name) &&
               ol_slice_eq(a->pairs[i].value, b->pairs[i].value);
    return same;
}

static int take_pairs(ol_context *context, json_t *object, ol_arena *arena)
{
    const char *name;
    size_t name_len;
    json_t *value;
    json_object_keylen_foreach(object, name, name_len, value) {
        if (!json_is_string(value))
            return OL_EINVAL;
        ol_slice kept_name = ol_arena_copy(arena, ol_slice_of(name, name_len));
        ol_slice text = ol_slice_of(json_string_value(value), json_string_length(value));
        ol_slice kept_value = ol_arena_copy(arena, text);
        if ((name_len > 0 && !kept_name.data) || (text.len > 0 && !kept_value.data))
            return OL_ENOMEM;
        int rc = ol_context_add(context, kept_name, kept_value);
        if (rc != OL_OK)
            return rc;
    }
    return OL_OK;
}

int ol_context_parse(ol_context *context, ol_slice json, ol_arena *arena, ol_error *err)
{
    json_error_t why;
    context->count = 0;
    if (json.len > 2 * OL_CONTEXT_BYTES_MAX)
        return ol_error_set(err, OL_ELIMIT, "an encryption context of %zu bytes", json.len);
    json_t *object = json_loadb((const char *)json.data, json.len,
                                JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &why);
    int rc = json_is_object(object) ? take_pairs(context, object, arena) : OL_EINVAL;
    json_decref(object);
    if (rc != OL_OK)
        return ol_error_set(err, rc, "the encryption context is not a JSON object of texts");
    return OL_OK;
}

int ol_context_write(const ol_context *context, ol_buf *out)
{
    int rc = ol_buf_add_byte(out, '{');
    for (size_t i = 0; rc == OL_OK && i < context->count; i++) {
        if (i > 0)
            rc = ol_buf_add_byte(out, ',');
        if (rc == OL_OK)
            rc = ol_json_string(out, context->pairs[i].name);
        if (rc == OL_OK)
            rc = ol_buf_add_byte(out, ':');
        if (rc == OL_OK)
            rc = ol_json_string(out, context->pairs[i].value);
    }
    return rc == OL_OK ? ol_buf_add_byte(out, '}') : rc;
}
