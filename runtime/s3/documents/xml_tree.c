/* SPDX-License-Identifier: MIT */
/* Builds the tree from the reader's events: one open element a level, children appended. */
#include "s3/documents/xml_tree.h"

typedef struct building {
    ol_arena *arena;
    const char *root_name;
    ol_xml_node *open[OL_XML_DEPTH_MAX];
    const ol_xml_node **tail[OL_XML_DEPTH_MAX]; /* where the next child of open[i] is linked */
    size_t count;
} building;

static int malformed(ol_error *err, const char *why, const char *name)
{
    return ol_error_set(err, OL_EMALFORMEDXML, "%s: %.60s", why, name);
}

static int on_open(void *arg, const ol_xml_path *path, ol_error *err)
{
    building *b = arg;
    size_t level = path->depth - 1;
    const char *name = path->names[level];
    if (level == 0 && strcmp(name, b->root_name) != 0)
        return malformed(err, "another document", name);
    if (b->count++ == OL_XML_NODES_MAX)
        return malformed(err, "too many elements", name);
    ol_xml_node *node = ol_arena_calloc(b->arena, sizeof *node);
    if (node)
        node->name = ol_arena_strdup(b->arena, name);
    if (!node || !node->name)
        return ol_error_set(err, OL_ENOMEM, "xml tree");
    if (level > 0) {
        *b->tail[level - 1] = node;
        b->tail[level - 1] = &node->next;
    }
    b->open[level] = node;
    b->tail[level] = &node->first;
    return OL_OK;
}

static int on_close(void *arg, const ol_xml_path *path, ol_slice text, ol_error *err)
{
    building *b = arg;
    ol_xml_node *node = b->open[path->depth - 1];
    if (node->first)
        return ol_xml_is_blank(text) ? OL_OK : malformed(err, "text where elements belong", node->name);
    node->text = ol_arena_copy(b->arena, text);
    return node->text.data ? OL_OK : ol_error_set(err, OL_ENOMEM, "xml tree");
}

int ol_xml_parse(ol_slice xml, const ol_xml_bounds *bounds, const char *root, ol_arena *arena,
                 const ol_xml_node **out, ol_error *err)
{
    building b = {.arena = arena, .root_name = root};
    const ol_xml_events events = {&b, on_open, on_close};
    *out = NULL;
    int rc = ol_xml_read_as(xml, bounds, &events, err);
    if (rc == OL_OK)
        *out = b.open[0];
    return rc;
}

static const ol_xml_node *find(const ol_xml_node *from, const char *name)
{
    while (from && strcmp(from->name, name) != 0)
        from = from->next;
    return from;
}

const ol_xml_node *ol_xml_child(const ol_xml_node *node, const char *name)
{
    return node ? find(node->first, name) : NULL;
}

const ol_xml_node *ol_xml_next(const ol_xml_node *node)
{
    return find(node->next, node->name);
}

size_t ol_xml_count(const ol_xml_node *node, const char *name)
{
    size_t count = 0;
    for (const ol_xml_node *n = ol_xml_child(node, name); n; n = ol_xml_next(n))
        count++;
    return count;
}

int ol_xml_children(const ol_xml_node *node, const ol_xml_rule *rules, ol_error *err)
{
    for (const ol_xml_node *n = node->first; n; n = n->next) {
        const ol_xml_rule *rule = rules;
        while (rule->name && strcmp(rule->name, n->name) != 0)
            rule++;
        if (!rule->name)
            return malformed(err, "an unknown element", n->name);
    }
    if (!node->first && !ol_xml_is_blank(node->text))
        return malformed(err, "text where elements belong", node->name);
    for (const ol_xml_rule *rule = rules; rule->name; rule++) {
        size_t count = ol_xml_count(node, rule->name);
        if (count < rule->min)
            return malformed(err, "an element is missing", rule->name);
        if (count > rule->max)
            return malformed(err, "an element is there too often", rule->name);
    }
    return OL_OK;
}

ol_slice ol_xml_trimmed(const ol_xml_node *node)
{
    if (!node)
        return OL_SLICE_NONE;
    ol_slice text = node->text;
    while (text.len > 0 && memchr(" \t\r\n", text.data[0], 4))
        text = ol_slice_from(text, 1);
    while (text.len > 0 && memchr(" \t\r\n", text.data[text.len - 1], 4))
        text.len--;
    return text;
}

int ol_xml_to_bool(const ol_xml_node *node, bool *out, ol_error *err)
{
    if (!node)
        return OL_OK;
    ol_slice text = ol_xml_trimmed(node);
    bool yes = ol_slice_ieq(text, OL_SLICE_LIT("true"));
    if (node->first || (!yes && !ol_slice_ieq(text, OL_SLICE_LIT("false"))))
        return malformed(err, "not true or false", node->name);
    *out = yes;
    return OL_OK;
}
