/* SPDX-License-Identifier: MIT */
/*
 * Most of what is written is short, lies together in the store and fits into the room: such keys and texts
 * are written at one go. Whatever is not so goes the long way, piece by piece.
 */
#include "value.h"

#include <string.h>

#include "scalar.h"

struct writing {
    struct kit_output *out;
    const struct xj_tree *tree;
    const struct xj_convention *convention;
    const char *prefix; /* of attributes */
    size_t prefix_size;
};

static void write_value(const struct writing *w, const struct xj_node *node);

static bool may_go_on(const struct writing *w)
{
    return w->out->result == OBJLENS_OK;
}

static const struct xj_name *name_of(const struct writing *w, uint32_t number)
{
    return &w->tree->names->items[number];
}

static void write_stored(const struct writing *w, uint32_t at, uint32_t size)
{
    while (size > 0 && may_go_on(w)) {
        uint32_t part = size;
        const uint8_t *bytes = xj_store_bytes(&w->tree->store, at, &part);
        xj_out_text(w->out, bytes, part);
        at += part;
        size -= part;
    }
}

static void write_stored_raw(const struct writing *w, uint32_t at, uint32_t size)
{
    while (size > 0 && may_go_on(w)) {
        uint32_t part = size;
        const uint8_t *bytes = xj_store_bytes(&w->tree->store, at, &part);
        kit_output_write(w->out, bytes, part);
        at += part;
        size -= part;
    }
}

/* A JSON string of what lies there. */
static void write_string(const struct writing *w, uint32_t at, uint32_t size)
{
    struct kit_output *out = w->out;
    if (out->size - out->used > size + 2 + XJ_OUT_BEHIND && xj_store_together(at, size + XJ_OUT_BEHIND)) {
        const uint8_t *from = xj_store_at(&w->tree->store, at);
        uint8_t *to = out->room + out->used;
        *to = '"';
        size_t plain = xj_out_copy_plain(to + 1, from, size);
        out->used += 1 + plain;
        if (plain < size)
            xj_out_text(out, from + plain, size - plain);
    } else {
        kit_output_byte(out, '"');
        write_stored(w, at, size);
    }
    kit_output_byte(out, '"');
}

/* Written as it stands when it is a number or a boolean. */
static __attribute__((noinline)) bool write_scalar(const struct writing *w, uint32_t at, uint32_t size)
{
    uint8_t text[XJ_NUMBER_BYTES_MAX];
    if (size == 0 || size > sizeof(text))
        return false;
    for (uint32_t done = 0, part; done < size; done += part) {
        part = size - done;
        const uint8_t *bytes = xj_store_bytes(&w->tree->store, at + done, &part);
        memcpy(text + done, bytes, part);
    }
    if (!xj_is_scalar(text, size))
        return false;
    kit_output_write(w->out, text, size);
    return true;
}

static void write_pieces(const struct writing *w, const struct xj_node *node)
{
    const struct xj_store *store = &w->tree->store;
    kit_output_byte(w->out, '"');
    write_stored(w, node->text, node->text_size);
    for (uint32_t at = node->more; at && may_go_on(w); at = xj_store_u32(store, at))
        write_stored(w, at + 8, xj_store_u32(store, at + 4));
    kit_output_byte(w->out, '"');
}

static void write_text(const struct writing *w, const struct xj_node *node)
{
    if (node->more)
        write_pieces(w, node);
    else if (!w->convention->parses_values || !write_scalar(w, node->text, node->text_size))
        write_string(w, node->text, node->text_size);
}

/* Before every member but the first. */
static void separate(const struct writing *w, bool *first)
{
    if (!*first)
        kit_output_byte(w->out, ',');
    *first = false;
}

/* The beginning of a member, as far as its value. */
static void write_key(const struct writing *w, const char *prefix, size_t prefix_size, const struct xj_name *name,
                      bool *first)
{
    struct kit_output *out = w->out;
    if (name->is_odd || out->size - out->used <= prefix_size + name->size + 4) {
        separate(w, first);
        kit_output_byte(out, '"');
        kit_output_write(out, prefix, prefix_size);
        xj_out_text(out, (const uint8_t *)name->text, name->size);
        kit_output_write(out, "\":", 2);
        return;
    }
    uint8_t *begin = out->room + out->used, *at = begin;
    *at = ',';
    at += !*first;
    *first = false;
    *at++ = '"';
    for (size_t i = 0; i < prefix_size; i++)
        *at++ = (uint8_t)prefix[i];
    kit_copy(at, name->text, name->size);
    at += name->size;
    memcpy(at, "\":", 2);
    out->used += (size_t)(at + 2 - begin);
}

static void write_attributes(const struct writing *w, uint32_t at, bool *first)
{
    const struct xj_store *store = &w->tree->store;
    uint32_t count = xj_store_varint(store, &at);
    for (uint32_t i = 0; i < count && may_go_on(w); i++) {
        const struct xj_name *name = name_of(w, xj_store_varint(store, &at));
        uint32_t size = xj_store_varint(store, &at);
        write_key(w, w->prefix, w->prefix_size, name, first);
        if (name->is_json)
            write_stored_raw(w, at, size);
        else if (!w->convention->parses_values || !write_scalar(w, at, size))
            write_string(w, at, size);
        at += size;
    }
}

/* All children of one name, of which `node` at `at` is the first: a value, or an array of them. */
static void write_group(const struct writing *w, uint32_t at, struct xj_node *node, bool *first)
{
    const struct xj_name *name = name_of(w, node->name);
    uint32_t next = xj_tree_same(w->tree, at);
    write_key(w, "", 0, name, first);
    if (!name->listed && !next) {
        write_value(w, node);
        return;
    }
    kit_output_byte(w->out, '[');
    write_value(w, node);
    for (; next && may_go_on(w); next = xj_tree_same(w->tree, next)) {
        xj_tree_node(w->tree, next, node);
        kit_output_byte(w->out, ',');
        write_value(w, node);
    }
    kit_output_byte(w->out, ']');
}

static void write_groups(const struct writing *w, uint32_t at, bool *first)
{
    struct xj_node child;
    for (; at && may_go_on(w); at = xj_tree_next_group(w->tree, at)) {
        xj_tree_node(w->tree, at, &child);
        write_group(w, at, &child, first);
    }
}

static void write_text_member(const struct writing *w, const struct xj_node *node, bool *first)
{
    const char *key = w->convention->text_key;
    bool array = xj_config_lists(w->tree->names->config, key);
    separate(w, first);
    kit_output_byte(w->out, '"');
    kit_output_write(w->out, key, strlen(key));
    kit_output_write(w->out, "\":[", array ? 3 : 2);
    write_text(w, node);
    kit_output_write(w->out, "]", array);
}

static void write_object(const struct writing *w, const struct xj_node *node)
{
    const struct xj_convention *convention = w->convention;
    bool has_text = node->text && convention->text_key, first = true;
    kit_output_byte(w->out, '{');
    if (node->attributes)
        write_attributes(w, node->attributes, &first);
    if (has_text && convention->text_first)
        write_text_member(w, node, &first);
    write_groups(w, node->group, &first);
    if (has_text && !convention->text_first)
        write_text_member(w, node, &first);
    kit_output_byte(w->out, '}');
}

/* Recursion is as deep as the document: XJ_DEPTH_MAX small frames. */
static void write_value(const struct writing *w, const struct xj_node *node)
{
    if (node->is_comment)
        write_string(w, node->text, node->text_size);
    else if (node->attributes || node->group || (node->text && name_of(w, node->name)->text_in_object))
        write_object(w, node);
    else if (node->text)
        write_text(w, node);
    else
        kit_output_write(w->out, w->convention->empty, strlen(w->convention->empty));
}

static struct writing begin(struct kit_output *out, const struct xj_tree *t)
{
    const struct xj_convention *convention = &t->names->config->convention;
    const char *prefix = convention->attribute_prefix ? convention->attribute_prefix : "";
    return (struct writing){out, t, convention, prefix, strlen(prefix)};
}

void xj_value_write(struct kit_output *out, const struct xj_tree *t)
{
    struct writing w = begin(out, t);
    struct xj_node root;
    xj_tree_node(t, xj_tree_first(t), &root);
    write_value(&w, &root);
}

void xj_value_write_document(struct kit_output *out, const struct xj_tree *t)
{
    struct writing w = begin(out, t);
    bool first = true;
    if (w.convention->drops_root) {
        xj_value_write(out, t);
        return;
    }
    kit_output_byte(out, '{');
    write_groups(&w, xj_tree_first(t), &first);
    kit_output_byte(out, '}');
}
