/* SPDX-License-Identifier: MIT */
#include "value.h"

#include <string.h>

#define TEXT_KEY "#text"

static const struct xj_name *name_of(const struct xj_tree *t, uint32_t number)
{
    return &t->names->items[number];
}

static void write_stored(struct xj_out *out, const struct xj_tree *t, uint32_t at, uint32_t size)
{
    while (size > 0 && out->result == OBJLENS_OK) {
        uint32_t part = size;
        const uint8_t *bytes = xj_store_bytes(&t->store, at, &part);
        xj_out_text(out, bytes, part);
        at += part;
        size -= part;
    }
}

static void write_text(struct xj_out *out, const struct xj_tree *t, const struct xj_node *node)
{
    xj_out_byte(out, '"');
    write_stored(out, t, node->text, node->text_size);
    for (uint32_t at = node->more; at && out->result == OBJLENS_OK; at = xj_store_u32(&t->store, at))
        write_stored(out, t, at + 8, xj_store_u32(&t->store, at + 4));
    xj_out_byte(out, '"');
}

/* Names of XML hold nothing that JSON escapes. */
static void write_key(struct xj_out *out, const struct xj_name *name, bool attribute)
{
    xj_out_raw(out, "\"@", attribute ? 2 : 1);
    xj_out_raw(out, name->text, name->size);
    xj_out_raw(out, "\":", 2);
}

/* A comma before every member but the first. */
static void separate(struct xj_out *out, bool *first)
{
    if (!*first)
        xj_out_byte(out, ',');
    *first = false;
}

static void write_attributes(struct xj_out *out, const struct xj_tree *t, uint32_t at, bool *first)
{
    uint32_t count = xj_store_varint(&t->store, &at);
    for (uint32_t i = 0; i < count && out->result == OBJLENS_OK; i++) {
        const struct xj_name *name = name_of(t, xj_store_varint(&t->store, &at));
        uint32_t size = xj_store_varint(&t->store, &at);
        separate(out, first);
        write_key(out, name, true);
        xj_out_byte(out, '"');
        write_stored(out, t, at, size);
        xj_out_byte(out, '"');
        at += size;
    }
}

/* All children of one name: a value, or an array of them. */
static void write_group(struct xj_out *out, const struct xj_tree *t, uint32_t at)
{
    struct xj_node child;
    xj_tree_node(t, at, &child);
    const struct xj_name *name = name_of(t, child.name);
    bool array = name->listed || xj_tree_same(t, at);
    write_key(out, name, false);
    if (array)
        xj_out_byte(out, '[');
    for (bool first = true; at && out->result == OBJLENS_OK; at = xj_tree_same(t, at)) {
        separate(out, &first);
        xj_value_write(out, t, at);
    }
    if (array)
        xj_out_byte(out, ']');
}

static bool text_is_listed(const struct xj_tree *t)
{
    return t->names->force_list && json_object_get(t->names->force_list, TEXT_KEY);
}

static void write_object(struct xj_out *out, const struct xj_tree *t, const struct xj_node *node)
{
    bool first = true;
    xj_out_byte(out, '{');
    if (node->attributes)
        write_attributes(out, t, node->attributes, &first);
    for (uint32_t at = node->group; at && out->result == OBJLENS_OK; at = xj_tree_next_group(t, at)) {
        separate(out, &first);
        write_group(out, t, at);
    }
    if (node->text) {
        bool array = text_is_listed(t);
        separate(out, &first);
        xj_out_raw(out, "\"" TEXT_KEY "\":[", array ? 9 : 8);
        write_text(out, t, node);
        xj_out_raw(out, "]", array);
    }
    xj_out_byte(out, '}');
}

/* Recursion is as deep as the document: XJ_DEPTH_MAX small frames. */
void xj_value_write(struct xj_out *out, const struct xj_tree *t, uint32_t at)
{
    struct xj_node node;
    xj_tree_node(t, at, &node);
    if (node.attributes || node.group)
        write_object(out, t, &node);
    else if (node.text)
        write_text(out, t, &node);
    else
        xj_out_raw(out, "null", 4);
}

void xj_value_write_document(struct xj_out *out, const struct xj_tree *t)
{
    xj_out_byte(out, '{');
    write_group(out, t, xj_tree_root(t));
    xj_out_byte(out, '}');
}
