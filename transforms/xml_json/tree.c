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

enum { HAS_ATTRIBUTES = 1, HAS_TEXT = 2, HAS_MORE = 4, HAS_CHILDREN = 8, IS_COMMENT = 16, FLAG_BITS = 5 };

#define VARINTS_BYTES_MAX (6 * XJ_VARINT_BYTES_MAX)
#define NODE_BYTES_MAX (8 + VARINTS_BYTES_MAX)

/* Do attributes have names that children may have? */
static bool is_bare(const struct xj_convention *convention)
{
    return convention->attribute_prefix && *convention->attribute_prefix == '\0';
}

void xj_tree_init(struct xj_tree *t, struct xj_memory *memory, struct xj_names *names)
{
    t->memory = memory;
    t->names = names;
    t->claims_keys = names->config->naming != XJ_AS_WRITTEN || is_bare(&names->config->convention);
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

/* Which element has an attribute of that name. An element's declarations are one: it stands beside those of
 * the parser, which are known by their addresses. */
static uint32_t *attribute_of(struct xj_tree *t, struct xj_name *name)
{
    return name->is_xmlns ? &t->xmlns_of : &name->attribute_of;
}

/* Two attributes may have one name when prefixes are left out. */
static bool claim_key(struct xj_tree *t, struct xj_open *e, struct xj_name *name)
{
    uint32_t *element = attribute_of(t, name);
    t->collides = *element == e->serial;
    *element = e->serial;
    e->has_text_key |= name->is_text_key && is_bare(convention_of(t));
    return !t->collides;
}

/* Where it does not fit into the page. */
static __attribute__((noinline)) bool append_attribute_across(struct xj_store *s, uint32_t number, const char *value,
                                                              size_t size)
{
    return xj_store_append_varint(s, number) && xj_store_append_varint(s, (uint32_t)size) &&
           xj_store_append(s, value, size);
}

static bool append_attribute(struct xj_tree *t, struct xj_open *e, const char *name,
                             const char *value)
{
    uint32_t number = xj_names_number(t->names, name);
    if (number == XJ_NO_NAME || (t->claims_keys && !claim_key(t, e, &t->names->items[number])))
        return false;
    size_t size = strlen(value);
    uint8_t *room = NULL;
    if (size < XJ_PAGE_BYTES)
        room = xj_store_room(&t->store, (uint32_t)size + 2 * XJ_VARINT_BYTES_MAX);
    if (!room)
        return append_attribute_across(&t->store, number, value, size);
    size_t head_size = xj_varint(room, number);
    head_size += xj_varint(room + head_size, (uint32_t)size);
    kit_copy(room + head_size, value, size);
    xj_store_take(&t->store, head_size + size);
    return true;
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

/* Between the parts of a text that children part, white space though they may be. */
static bool add_separator(struct xj_tree *t, struct xj_open *e)
{
    const struct xj_config *config = t->names->config;
    e->text_parted = false;
    return xj_text_add(&e->text, &t->store, config->convention.strip, (const uint8_t *)config->text_separator,
                       config->text_separator_size);
}

bool xj_tree_text(struct xj_tree *t, const uint8_t *bytes, size_t size)
{
    const struct xj_convention *convention = convention_of(t);
    struct xj_open *e = &t->open[t->depth];
    if (convention->text_of_head && t->group_count > e->groups)
        return true;
    if (e->text_parted && !add_separator(t, e))
        return false;
    e->has_text = true;
    return xj_text_add(&e->text, &t->store, convention->strip, bytes, size);
}

/* Elements inside this one have claimed the same names since. */
static void claim_again(struct xj_tree *t, const struct xj_open *e)
{
    uint32_t at = e->attributes, count = at ? xj_store_varint(&t->store, &at) : 0;
    for (uint32_t i = 0; i < count; i++) {
        *attribute_of(t, &t->names->items[xj_store_varint(&t->store, &at)]) = e->serial;
        uint32_t size = xj_store_varint(&t->store, &at);
        at += size;
    }
}

/* Does a child have the key of an attribute, or one of either that of the text? */
static bool keys_collide(struct xj_tree *t, const struct xj_open *e)
{
    const struct xj_convention *convention = convention_of(t);
    bool has_text = e->text.first && convention->text_key && t->names->has_text_key;
    bool bare = is_bare(convention);
    if (!has_text && !bare)
        return false;
    if (has_text && e->has_text_key)
        return true;
    if (bare)
        claim_again(t, e);
    for (size_t i = e->groups; i < t->group_count && (bare || has_text); i++) {
        struct xj_name *name = &t->names->items[t->groups[i].name];
        if ((bare && *attribute_of(t, name) == e->serial) || (has_text && name->is_text_key))
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
                     (e->text.more ? HAS_MORE : 0) | (child ? HAS_CHILDREN : 0) | (e->is_comment ? IS_COMMENT : 0);
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

static size_t encode_node(const struct xj_open *e, size_t links, uint32_t at, uint32_t child, uint8_t *out)
{
    memset(out, 0, 8);
    return links + encode(e, at, child, out + links);
}

/* Where it may not fit into the page. */
static __attribute__((noinline)) bool append_node_across(struct xj_tree *t, const struct xj_open *e, size_t links,
                                                         uint32_t at, uint32_t child)
{
    uint8_t node[NODE_BYTES_MAX];
    return xj_store_append(&t->store, node, encode_node(e, links, at, child, node));
}

static bool append_node(struct xj_tree *t, const struct xj_open *e, size_t links, uint32_t at, uint32_t child)
{
    uint8_t *room = xj_store_room(&t->store, NODE_BYTES_MAX);
    if (!room)
        return append_node_across(t, e, links, at, child);
    xj_store_take(&t->store, encode_node(e, links, at, child, room));
    return true;
}

/* `e`, which is no longer open, becomes the last child of what is. */
static bool add_child(struct xj_tree *t, const struct xj_open *e, uint32_t child)
{
    struct xj_open *parent = &t->open[t->depth];
    uint32_t group = t->names->items[e->name].group;
    bool first = group <= parent->groups;
    if (first && t->group_count == t->groups_room &&
        !xj_memory_grow(t->memory, &t->groups, &t->groups_room, sizeof(*t->groups),
                                 t->group_count + 1))
        return false;
    size_t links = first ? 8 : 4;
    uint32_t at = t->store.end + (uint32_t)links - 4;
    if (!append_node(t, e, links, at, child))
        return false;
    if (first)
        link_as_group(t, parent->groups, e->name, at);
    else
        link_to_group(t, &t->groups[group - 1], at);
    parent->text_parted = parent->has_text && t->names->config->text_separator_size > 0;
    return true;
}

bool xj_tree_end(struct xj_tree *t)
{
    struct xj_open *e = &t->open[t->depth--];
    uint32_t child = t->group_count > e->groups ? t->groups[e->groups].first : 0;
    xj_text_end(&e->text, &t->store, convention_of(t)->strip);
    t->collides = keys_collide(t, e);
    drop_groups(t, e->groups);
    return !t->collides && add_child(t, e, child);
}

bool xj_tree_comment(struct xj_tree *t, const char *name, const uint8_t *bytes, size_t size)
{
    enum xj_strip strip = convention_of(t)->strip;
    struct xj_open e = {.is_comment = true, .name = xj_names_number(t->names, name)};
    if (e.name == XJ_NO_NAME || !xj_text_add(&e.text, &t->store, strip, bytes, size))
        return false;
    xj_text_end(&e.text, &t->store, strip);
    return add_child(t, &e, 0);
}

uint32_t xj_tree_first(const struct xj_tree *t)
{
    return t->groups[0].first;
}

static void read_node(const uint8_t *from, uint32_t at, struct xj_node *node)
{
    uint32_t head = xj_varint_read(&from);
    *node = (struct xj_node){.name = head >> FLAG_BITS, .is_comment = head & IS_COMMENT};
    if (head & HAS_ATTRIBUTES)
        node->attributes = at - xj_varint_read(&from);
    if (head & HAS_TEXT) {
        node->text = at - xj_varint_read(&from);
        node->text_size = xj_varint_read(&from);
    }
    if (head & HAS_MORE)
        node->more = at - xj_varint_read(&from);
    if (head & HAS_CHILDREN)
        node->group = at - xj_varint_read(&from);
}

static __attribute__((noinline)) void read_node_across(const struct xj_tree *t, uint32_t at, struct xj_node *node)
{
    uint8_t copy[VARINTS_BYTES_MAX];
    xj_store_copy(&t->store, at + 4, copy, sizeof(copy));
    read_node(copy, at, node);
}

void xj_tree_node(const struct xj_tree *t, uint32_t at, struct xj_node *node)
{
    if (xj_store_together(at + 4, VARINTS_BYTES_MAX))
        read_node(xj_store_at(&t->store, at + 4), at, node);
    else
        read_node_across(t, at, node);
}

uint32_t xj_tree_same(const struct xj_tree *t, uint32_t at)
{
    return xj_store_u32(&t->store, at);
}

uint32_t xj_tree_next_group(const struct xj_tree *t, uint32_t at)
{
    return xj_store_u32(&t->store, at - 4);
}
