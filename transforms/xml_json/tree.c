/* SPDX-License-Identifier: MIT */
#include "tree.h"

#include <stdint.h>
#include <string.h>

#include "space.h"

#define TABLE_START 64

void xj_tree_init(struct xj_tree *tree, struct xj_budget *budget)
{
    memset(tree, 0, sizeof(*tree));
    tree->budget = budget;
    xj_arena_init(&tree->names, budget);
    xj_arena_init(&tree->nodes, budget);
}

void xj_tree_fini(struct xj_tree *tree)
{
    xj_arena_fini(&tree->names);
    xj_arena_fini(&tree->nodes);
}

void xj_tree_reset(struct xj_tree *tree)
{
    xj_arena_reset(&tree->nodes);
    tree->depth = 0;
}

/* ---- names -------------------------------------------------------------------------------- */

/* Keys are addresses that the parser chose, not bytes that a stranger did. */
static size_t slot_of(const struct xj_tree *tree, const void *key, bool attribute)
{
    uint64_t hash = ((uint64_t)(uintptr_t)key * 2 + attribute) * 0x9e3779b97f4a7c15u;
    return (size_t)(hash >> 32) & (tree->table_size - 1);
}

static void insert(struct xj_tree *tree, struct xj_name *name)
{
    size_t slot = slot_of(tree, name->key, name->attribute);
    while (tree->table[slot])
        slot = (slot + 1) & (tree->table_size - 1);
    tree->table[slot] = name;
}

/* The old table stays in the arena: all of them together are as large as the last one. */
static bool grow_table(struct xj_tree *tree)
{
    size_t size = tree->table_size ? tree->table_size * 2 : TABLE_START;
    struct xj_name **old = tree->table;
    struct xj_name **table = xj_arena_alloc(&tree->names, size * sizeof(*table));
    if (!table)
        return false;
    memset(table, 0, size * sizeof(*table));
    size_t old_size = tree->table_size;
    tree->table = table;
    tree->table_size = size;
    for (size_t i = 0; i < old_size; i++)
        if (old[i])
            insert(tree, old[i]);
    return true;
}

static struct xj_name *add_name(struct xj_tree *tree, const char *key, bool attribute)
{
    if ((tree->table_used + 1) * 2 > tree->table_size && !grow_table(tree))
        return NULL;
    size_t size = strlen(key);
    struct xj_name *name = xj_arena_alloc(&tree->names, sizeof(*name) + size);
    if (!name)
        return NULL;
    *name = (struct xj_name){.key = key, .attribute = attribute, .size = size};
    memcpy(name->text, key, size);
    tree->table_used++;
    insert(tree, name);
    return name;
}

static struct xj_name *find_name(struct xj_tree *tree, const char *key, bool attribute)
{
    if (tree->table_size == 0)
        return add_name(tree, key, attribute);
    size_t slot = slot_of(tree, key, attribute);
    for (struct xj_name *n; (n = tree->table[slot]); slot = (slot + 1) & (tree->table_size - 1))
        if (n->key == key && n->attribute == attribute)
            return n;
    return add_name(tree, key, attribute);
}

/* ---- nodes -------------------------------------------------------------------------------- */

static struct xj_open *innermost(struct xj_tree *tree)
{
    return &tree->open[tree->depth - 1];
}

static struct xj_node *add_node(struct xj_tree *tree, const char *name, bool attribute)
{
    struct xj_name *found = find_name(tree, name, attribute);
    struct xj_node *node = found ? xj_arena_alloc(&tree->nodes, sizeof(*node)) : NULL;
    if (!node)
        return NULL;
    *node = (struct xj_node){.name = found};
    if (tree->depth == 0)
        return node;
    struct xj_open *parent = innermost(tree);
    if (parent->last)
        parent->last->next = node;
    else
        parent->node->first = node;
    parent->last = node;
    return node;
}

bool xj_tree_start(struct xj_tree *tree, const char *name)
{
    struct xj_node *node = add_node(tree, name, false);
    if (!node)
        return false;
    tree->open[tree->depth++] = (struct xj_open){.node = node};
    return true;
}

static struct xj_text *new_text(struct xj_tree *tree, const void *bytes, size_t size)
{
    struct xj_text *text = xj_arena_alloc(&tree->nodes, sizeof(*text) + size);
    if (!text)
        return NULL;
    *text = (struct xj_text){.size = size};
    memcpy(text->bytes, bytes, size);
    return text;
}

bool xj_tree_attribute(struct xj_tree *tree, const char *name, const char *value)
{
    struct xj_node *node = add_node(tree, name, true);
    if (!node)
        return false;
    node->text_size = strlen(value);
    node->text = new_text(tree, value, node->text_size);
    return node->text != NULL;
}

static bool append(struct xj_tree *tree, struct xj_open *open, const unsigned char *bytes, size_t size)
{
    struct xj_text *tail = open->tail;
    if (tail) {
        size_t more = xj_arena_extend(&tree->nodes, tail->bytes + tail->size, size);
        memcpy(tail->bytes + tail->size, bytes, more);
        tail->size += more;
        bytes += more;
        size -= more;
    }
    if (size == 0)
        return true;
    struct xj_text *text = new_text(tree, bytes, size);
    if (!text)
        return false;
    if (tail)
        tail->next = text;
    else
        open->node->text = text;
    open->tail = text;
    return true;
}

/* White space before the text is dropped at once (so that indenting costs nothing), white space
 * behind it is only known for that when the element ends. */
bool xj_tree_text(struct xj_tree *tree, const unsigned char *bytes, size_t size)
{
    struct xj_open *open = innermost(tree);
    if (open->node->text_size == 0) {
        size_t space = xj_space_before(bytes, size);
        bytes += space;
        size -= space;
        if (size == 0)
            return true;
    }
    if (!append(tree, open, bytes, size))
        return false;
    size_t kept = xj_without_space_behind(bytes, size);
    if (kept > 0)
        open->node->text_size = open->text_size + kept;
    open->text_size += size;
    return true;
}

/* Bring those of one name together, in one pass whatever the names are. */
static void gather(struct xj_tree *tree, struct xj_node *parent)
{
    struct xj_node *end = NULL, *next;
    struct xj_node *node = parent->first;
    tree->gathering++;
    for (; node; node = next) {
        struct xj_name *name = node->name;
        next = node->next;
        node->next = NULL;
        if (name->gathering == tree->gathering) {
            name->last->same = node;
        } else {
            name->gathering = tree->gathering;
            if (end)
                end->next = node;
            end = node;
        }
        name->last = node;
    }
}

struct xj_node *xj_tree_end(struct xj_tree *tree)
{
    struct xj_node *node = innermost(tree)->node;
    tree->depth--;
    gather(tree, node);
    return node;
}
