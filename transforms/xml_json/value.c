/* SPDX-License-Identifier: MIT */
#include "value.h"

#include <string.h>

#include "scalar.h"

static const struct xj_convention *convention_of(const struct xj_tree *t)
{
    return &t->names->config->convention;
}

static const struct xj_name *name_of(const struct xj_tree *t, uint32_t number)
{
    return &t->names->items[number];
}

static void write_stored(struct kit_output *out, const struct xj_tree *t, uint32_t at, uint32_t size)
{
    while (size > 0 && out->result == OBJLENS_OK) {
        uint32_t part = size;
        const uint8_t *bytes = xj_store_bytes(&t->store, at, &part);
        xj_out_text(out, bytes, part);
        at += part;
        size -= part;
    }
}

static void write_stored_raw(struct kit_output *out, const struct xj_tree *t, uint32_t at, uint32_t size)
{
    while (size > 0 && out->result == OBJLENS_OK) {
        uint32_t part = size;
        const uint8_t *bytes = xj_store_bytes(&t->store, at, &part);
        kit_output_write(out, bytes, part);
        at += part;
        size -= part;
    }
}

/* Written as it stands when it is a number or a boolean, and these are asked for. */
static bool write_scalar(struct kit_output *out, const struct xj_tree *t, uint32_t at, uint32_t size)
{
    uint8_t text[XJ_NUMBER_BYTES_MAX];
    if (!convention_of(t)->parses_values || size == 0 || size > sizeof(text))
        return false;
    for (uint32_t done = 0, part; done < size; done += part) {
        part = size - done;
        const uint8_t *bytes = xj_store_bytes(&t->store, at + done, &part);
        memcpy(text + done, bytes, part);
    }
    if (!xj_is_scalar(text, size))
        return false;
    kit_output_write(out, text, size);
    return true;
}

static void write_text(struct kit_output *out, const struct xj_tree *t, const struct xj_node *node)
{
    if (!node->more && write_scalar(out, t, node->text, node->text_size))
        return;
    kit_output_byte(out, '"');
    write_stored(out, t, node->text, node->text_size);
    for (uint32_t at = node->more; at && out->result == OBJLENS_OK; at = xj_store_u32(&t->store, at))
        write_stored(out, t, at + 8, xj_store_u32(&t->store, at + 4));
    kit_output_byte(out, '"');
}

static void write_key(struct kit_output *out, const char *prefix, const struct xj_name *name)
{
    size_t prefix_size = strlen(prefix), size = prefix_size + name->size + 3;
    if (name->is_odd || out->size - out->used <= size) {
        kit_output_write(out, "\"", 1);
        kit_output_write(out, prefix, prefix_size);
        xj_out_text(out, (const uint8_t *)name->text, name->size);
        kit_output_write(out, "\":", 2);
        return;
    }
    uint8_t *at = out->room + out->used;
    *at++ = '"';
    kit_copy(at, prefix, prefix_size);
    kit_copy(at + prefix_size, name->text, name->size);
    memcpy(out->room + out->used + size - 2, "\":", 2);
    out->used += size;
}

/* A comma before every member but the first. */
static void separate(struct kit_output *out, bool *first)
{
    if (!*first)
        kit_output_byte(out, ',');
    *first = false;
}

static void write_attributes(struct kit_output *out, const struct xj_tree *t, uint32_t at, bool *first)
{
    uint32_t count = xj_store_varint(&t->store, &at);
    for (uint32_t i = 0; i < count && out->result == OBJLENS_OK; i++) {
        const struct xj_name *name = name_of(t, xj_store_varint(&t->store, &at));
        uint32_t size = xj_store_varint(&t->store, &at);
        separate(out, first);
        write_key(out, convention_of(t)->attribute_prefix, name);
        if (name->is_json) {
            write_stored_raw(out, t, at, size);
        } else if (!write_scalar(out, t, at, size)) {
            kit_output_byte(out, '"');
            write_stored(out, t, at, size);
            kit_output_byte(out, '"');
        }
        at += size;
    }
}

/* All children of one name: a value, or an array of them. */
static void write_values(struct kit_output *out, const struct xj_tree *t, const struct xj_name *name,
                         uint32_t at)
{
    bool array = name->listed || xj_tree_same(t, at);
    if (array)
        kit_output_byte(out, '[');
    for (bool first = true; at && out->result == OBJLENS_OK; at = xj_tree_same(t, at)) {
        separate(out, &first);
        xj_value_write(out, t, at);
    }
    if (array)
        kit_output_byte(out, ']');
}

static void write_group(struct kit_output *out, const struct xj_tree *t, uint32_t at)
{
    struct xj_node child;
    xj_tree_node(t, at, &child);
    const struct xj_name *name = name_of(t, child.name);
    write_key(out, "", name);
    write_values(out, t, name, at);
}

static void write_groups(struct kit_output *out, const struct xj_tree *t, uint32_t at, bool *first)
{
    for (; at && out->result == OBJLENS_OK; at = xj_tree_next_group(t, at)) {
        separate(out, first);
        write_group(out, t, at);
    }
}

static void write_text_member(struct kit_output *out, const struct xj_tree *t,
                              const struct xj_node *node, bool *first)
{
    const char *key = convention_of(t)->text_key;
    bool array = xj_config_lists(t->names->config, key);
    separate(out, first);
    kit_output_byte(out, '"');
    kit_output_write(out, key, strlen(key));
    kit_output_write(out, "\":[", array ? 3 : 2);
    write_text(out, t, node);
    kit_output_write(out, "]", array);
}

static void write_object(struct kit_output *out, const struct xj_tree *t, const struct xj_node *node)
{
    const struct xj_convention *convention = convention_of(t);
    bool has_text = node->text && convention->text_key, first = true;
    kit_output_byte(out, '{');
    if (node->attributes)
        write_attributes(out, t, node->attributes, &first);
    if (has_text && convention->text_first)
        write_text_member(out, t, node, &first);
    write_groups(out, t, node->group, &first);
    if (has_text && !convention->text_first)
        write_text_member(out, t, node, &first);
    kit_output_byte(out, '}');
}

/* Recursion is as deep as the document: XJ_DEPTH_MAX small frames. */
void xj_value_write(struct kit_output *out, const struct xj_tree *t, uint32_t at)
{
    const struct xj_convention *convention = convention_of(t);
    struct xj_node node;
    xj_tree_node(t, at, &node);
    if (node.attributes || node.group || (node.text && convention->text_in_object))
        write_object(out, t, &node);
    else if (node.text)
        write_text(out, t, &node);
    else
        kit_output_write(out, convention->empty, strlen(convention->empty));
}

void xj_value_write_document(struct kit_output *out, const struct xj_tree *t)
{
    uint32_t root = xj_tree_root(t);
    if (convention_of(t)->drops_root) {
        xj_value_write(out, t, root);
        return;
    }
    kit_output_byte(out, '{');
    write_group(out, t, root);
    kit_output_byte(out, '}');
}
