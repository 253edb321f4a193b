/* SPDX-License-Identifier: MIT */
/*
 * In the store an element is
 *
 *     [next group: 4 bytes, if it is the first of its name]
 *     [next of the same name: 4 bytes]      <- the element's place
 *     varint name and flags
 *     varint distance back to its attributes; to its text, and its size; to the second piece of
 *     text; to its first child: as the flags say
 */
#include "tree.h"

#include <string.h>

enum { HAS_ATTRIBUTES = 1, HAS_TEXT = 2, HAS_MORE = 4, HAS_CHILDREN = 8, FLAG_BITS = 4 };

#define NODE_BYTES_MAX (8 + 6 * XJ_VARINT_BYTES_MAX)

void xj_tree_init(struct xj_tree *t, struct xj_memory *memory, struct xj_names *names)
{
    t->memory = memory;
    t->names = names;
    xj_store_init(&t->store, memory);
}

void xj_tree_fini(struct xj_tree *t)
{
    xj_store_fini(&t->store);
    xj_memory_give(t->memory, t->groups, t->groups_room * sizeof(*t->groups));
    t->groups = NULL;
    t->groups_room = t->group_count = 0;
}

/* The groups from `count` on close: their names mean what they meant before. */
static void drop_groups(struct xj_tree *t, size_t count)
{
    while (t->group_count > count) {
        const struct xj_group *group = &t->groups[--t->group_count];
        t->names->items[group->name].group = group->outer;
    }
}

void xj_tree_clear(struct xj_tree *t)
{
    drop_groups(t, 0);
    xj_store_cut(&t->store, 1);
}

static const struct xj_convention *convention_of(const struct xj_tree *t)
{
    return &t->names->config->convention;
}

/* Two attributes may have one name when prefixes are left out. */
static bool claim_key(struct xj_tree *t, struct xj_open *e, struct xj_name *name)
{
    t->collides = name->attribute_of == e->serial;
    name->attribute_of = e->serial;
    e->has_text_key |= name->is_text_key && *convention_of(t)->attribute_prefix == '\0';
    return !t->collides;
}

static bool append_attribute(struct xj_tree *t, struct xj_open *e, const char *name,
                             const char *value)
{
    uint32_t number = xj_names_number(t->names, name);
    size_t size = strlen(value);
    return number != XJ_NO_NAME && claim_key(t, e, &t->names->items[number]) &&
           xj_store_append_varint(&t->store, number) && xj_store_append_varint(&t->store, (uint32_t)size) &&
           xj_store_append(&t->store, value, size);
}

static bool append_attributes(struct xj_tree *t, struct xj_open *e, const char *const *attributes)
{
    uint32_t count = 0;
    if (!attributes || !attributes[0] || !convention_of(t)->attribute_prefix)
        return true;
    e->attributes = t->store.end;
    while (attributes[2 * count])
        count++;
    if (!xj_store_append_varint(&t->store, count))
        return false;
    for (; attributes[0]; attributes += 2)
        if (!append_attribute(t, e, attributes[0], attributes[1]))
            return false;
    return true;
}

bool xj_tree_begin(struct xj_tree *t, const char *name, const char *const *attributes)
{
    uint32_t number = xj_names_number(t->names, name);
    if (number == XJ_NO_NAME)
        return false;
    struct xj_open *e = &t->open[++t->depth];
    *e = (struct xj_open){
        .name = number, .groups = (uint32_t)t->group_count, .serial = ++t->serial};
    return append_attributes(t, e, attributes);
}

bool xj_tree_text(struct xj_tree *t, const uint8_t *bytes, size_t size)
{
    const struct xj_convention *convention = convention_of(t);
    struct xj_open *e = &t->open[t->depth];
    if (convention->text_of_head && t->group_count > e->groups)
        return true;
    return xj_text_add(&e->text, &t->store, convention->strip, bytes, size);
}

/* Elements inside this one have claimed the same names since. */
static void claim_again(struct xj_tree *t, const struct xj_open *e)
{
    uint32_t at = e->attributes, count = at ? xj_store_varint(&t->store, &at) : 0;
    for (uint32_t i = 0; i < count; i++) {
        t->names->items[xj_store_varint(&t->store, &at)].attribute_of = e->serial;
        uint32_t size = xj_store_varint(&t->store, &at);
        at += size;
    }
}

/* Does a child have the key of an attribute, or one of either that of the text? */
static bool keys_collide(struct xj_tree *t, const struct xj_open *e)
{
    const struct xj_convention *convention = convention_of(t);
    bool has_text = e->text.first && convention->text_key;
    bool bare = convention->attribute_prefix && *convention->attribute_prefix == '\0';
    if (has_text && e->has_text_key)
        return true;
    if (bare)
        claim_again(t, e);
    for (size_t i = e->groups; i < t->group_count && (bare || has_text); i++) {
        const struct xj_name *name = &t->names->items[t->groups[i].name];
        if ((bare && name->attribute_of == e->serial) || (has_text && name->is_text_key))
            return true;
    }
    return false;
}

/* The element at `at`, which has just been written, becomes its parent's last child. */
static void link_to_group(struct xj_tree *t, struct xj_group *group, uint32_t at)
{
    xj_store_patch(&t->store, group->last, at);
    group->last = at;
}

static void link_as_group(struct xj_tree *t, size_t parent_groups, uint32_t name, uint32_t at)
{
    if (t->group_count > parent_groups)
        xj_store_patch(&t->store, t->groups[t->group_count - 1].first - 4, at);
    struct xj_name *known = &t->names->items[name];
    t->groups[t->group_count++] =
        (struct xj_group){.name = name, .first = at, .last = at, .outer = known->group};
    known->group = (uint32_t)t->group_count;
}

static size_t encode(const struct xj_open *e, uint32_t at, uint32_t child, uint8_t *out)
{
    unsigned flags = (e->attributes ? HAS_ATTRIBUTES : 0) | (e->text.first ? HAS_TEXT : 0) |
                     (e->text.more ? HAS_MORE : 0) | (child ? HAS_CHILDREN : 0);
    size_t n = xj_varint(out, e->name << FLAG_BITS | flags);
    if (e->attributes)
        n += xj_varint(out + n, at - e->attributes);
    if (e->text.first) {
        n += xj_varint(out + n, at - e->text.first);
        n += xj_varint(out + n, e->text.first_size);
    }
    if (e->text.more)
        n += xj_varint(out + n, at - e->text.more);
    if (child)
        n += xj_varint(out + n, at - child);
    return n;
}

bool xj_tree_end(struct xj_tree *t)
{
    struct xj_open *e = &t->open[t->depth--];
    uint32_t child = t->group_count > e->groups ? t->groups[e->groups].first : 0;
    xj_text_end(&e->text, &t->store, convention_of(t)->strip);
    t->collides = keys_collide(t, e);
    drop_groups(t, e->groups);
    if (t->collides)
        return false;

    uint32_t parent_groups = t->open[t->depth].groups, group = t->names->items[e->name].group;
    bool first = group <= parent_groups;
    if (first && !xj_memory_grow(t->memory, &t->groups, &t->groups_room, sizeof(*t->groups),
                                 t->group_count + 1))
        return false;
    uint8_t node[NODE_BYTES_MAX] = {0};
    size_t links = first ? 8 : 4;
    uint32_t at = t->store.end + (uint32_t)links - 4;
    size_t size = links + encode(e, at, child, node + links);
    if (!xj_store_append(&t->store, node, size))
        return false;
    if (first)
        link_as_group(t, parent_groups, e->name, at);
    else
        link_to_group(t, &t->groups[group - 1], at);
    return true;
}

uint32_t xj_tree_root(const struct xj_tree *t)
{
    return t->groups[0].first;
}

void xj_tree_node(const struct xj_tree *t, uint32_t at, struct xj_node *node)
{
    uint32_t next = at + 4, head = xj_store_varint(&t->store, &next);
    *node = (struct xj_node){.name = head >> FLAG_BITS};
    if (head & HAS_ATTRIBUTES)
        node->attributes = at - xj_store_varint(&t->store, &next);
    if (head & HAS_TEXT) {
        node->text = at - xj_store_varint(&t->store, &next);
        node->text_size = xj_store_varint(&t->store, &next);
    }
    if (head & HAS_MORE)
        node->more = at - xj_store_varint(&t->store, &next);
    if (head & HAS_CHILDREN)
        node->group = at - xj_store_varint(&t->store, &next);
}

uint32_t xj_tree_same(const struct xj_tree *t, uint32_t at)
{
    return xj_store_u32(&t->store, at);
}

uint32_t xj_tree_next_group(const struct xj_tree *t, uint32_t at)
{
    return xj_store_u32(&t->store, at - 4);
}
