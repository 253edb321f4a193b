/* SPDX-License-Identifier: MIT */
/*
 * The strict half of view_listing.h: reads what a host answers. Members that AWS names must have
 * AWS's types (numbers and booleans may be strings, as many libraries write them); those that it
 * does not name are passed over.
 */
#include "front/views/view_listing.h"

#include <stdlib.h>

#include "access/json.h"
#include "s3/documents/xml_reader.h"

#define DEPTH_MAX 8

typedef struct reading {
    ol_view_listing *out;
    const ol_view_listing *given;
    const ol_s3_list_page *page;
    ol_arena *arena;
    ol_error *err;
} reading;

static int refuse(const reading *r, const char *what, const char *name)
{
    return ol_error_set(r->err, OL_ETRANSFORMRESPONSE, "a listing's %s %s", name, what);
}

/* ---- values ---- */

enum type { TYPE_TEXT, TYPE_NUMBER, TYPE_BOOL };

typedef struct member {
    const char *name;
    enum type type;
} member;

static const member frame_members[] = {
    {"name", TYPE_TEXT},         {"prefix", TYPE_TEXT},
    {"marker", TYPE_TEXT},       {"nextMarker", TYPE_TEXT},
    {"startAfter", TYPE_TEXT},   {"continuationToken", TYPE_TEXT},
    {"delimiter", TYPE_TEXT},    {"nextContinuationToken", TYPE_TEXT},
    {"encodingType", TYPE_TEXT}, {"maxKeys", TYPE_NUMBER},
    {"keyCount", TYPE_NUMBER},   {"isTruncated", TYPE_BOOL},
};

static const member entry_members[] = {
    {"key", TYPE_TEXT},          {"originalKey", TYPE_TEXT},  {"lastModified", TYPE_TEXT},
    {"eTag", TYPE_TEXT},         {"storageClass", TYPE_TEXT}, {"size", TYPE_NUMBER},
};

static const member prefix_members[] = {{"prefix", TYPE_TEXT}, {"originalPrefix", TYPE_TEXT}};

static bool is_number(const ol_json *value)
{
    uint64_t number;
    bool written = value->kind == OL_JSON_NUMBER || value->kind == OL_JSON_STRING;
    return written && ol_slice_u64(value->text, &number) && number <= INT64_MAX;
}

static bool is_bool(const ol_json *value)
{
    return value->kind == OL_JSON_BOOL ||
           (value->kind == OL_JSON_STRING && (ol_slice_ieq(value->text, OL_SLICE_LIT("true")) ||
                                              ol_slice_ieq(value->text, OL_SLICE_LIT("false"))));
}

static bool has_type(const ol_json *value, enum type type)
{
    switch (type) {
    case TYPE_TEXT:
        return value->kind == OL_JSON_STRING;
    case TYPE_NUMBER:
        return is_number(value);
    case TYPE_BOOL:
        break;
    }
    return is_bool(value);
}

/* What is null is not there. */
static const ol_json *find(const ol_json *object, const char *name)
{
    const ol_json *value = ol_json_member(object, name);
    return value && value->kind != OL_JSON_NULL ? value : NULL;
}

static int check_types(const reading *r, const ol_json *object, const member *members, size_t count)
{
    if (object->kind != OL_JSON_OBJECT)
        return refuse(r, "is not an object", "part");
    for (size_t i = 0; i < count; i++) {
        const ol_json *value = find(object, members[i].name);
        if (value && !has_type(value, members[i].type))
            return refuse(r, "has the wrong type", members[i].name);
    }
    return OL_OK;
}

static ol_slice text_of(const ol_json *object, const char *name)
{
    const ol_json *value = find(object, name);
    return value ? value->text : OL_SLICE_NONE;
}

static bool is_name(ol_slice text)
{
    return text.len > 0 && text.len <= OL_KEY_BYTES_MAX;
}

/* ---- where a name stands for what the origin has ---- */

static int compare_entry(const void *key, const void *item)
{
    return ol_slice_cmp(*(const ol_slice *)key, ((const ol_view_listing_entry *)item)->key);
}

static const ol_view_listing_entry *find_entry(const reading *r, ol_slice key)
{
    if (r->given->count == 0)
        return NULL;
    return bsearch(&key, r->given->entries, r->given->count, sizeof(*r->given->entries),
                   compare_entry);
}

static int compare_prefix(const void *key, const void *item)
{
    return ol_slice_cmp(*(const ol_slice *)key, ((const ol_view_listing_prefix *)item)->prefix);
}

static const ol_view_listing_prefix *find_prefix(const reading *r, ol_slice prefix)
{
    if (r->given->prefix_count == 0)
        return NULL;
    return bsearch(&prefix, r->given->prefixes, r->given->prefix_count,
                   sizeof(*r->given->prefixes), compare_prefix);
}

/* ---- entries ---- */

static void add_prefix(reading *r, ol_slice prefix, ol_slice original)
{
    r->out->prefixes[r->out->prefix_count++] =
        (ol_view_listing_prefix){.prefix = prefix, .original = original};
}

/* The first delimiter behind the asked prefix: the length up to its end, or 0. */
static size_t group_of(const reading *r, ol_slice key)
{
    ol_slice delimiter = r->page->delimiter;
    size_t at = r->page->prefix.len;
    if (delimiter.len == 0)
        return 0;
    ptrdiff_t found = ol_slice_search(ol_slice_from(key, at), delimiter);
    return found >= 0 ? at + (size_t)found + delimiter.len : 0;
}

static void add_entry(reading *r, const ol_view_listing_entry *entry)
{
    if (!ol_slice_starts(entry->key, r->page->prefix))
        return;
    size_t group = group_of(r, entry->key);
    if (group > 0)
        add_prefix(r, ol_slice_first(entry->key, group), entry->original);
    else
        r->out->entries[r->out->count++] = *entry;
}

static int read_entry(reading *r, const ol_json *value)
{
    int rc = check_types(r, value, entry_members, sizeof(entry_members) / sizeof(*entry_members));
    if (rc != OL_OK)
        return rc;
    ol_view_listing_entry entry = {.key = text_of(value, "key")};
    ol_slice original = text_of(value, "originalKey");
    const ol_view_listing_entry *given =
        find_entry(r, original.data ? original : entry.key);
    if (!is_name(entry.key))
        return refuse(r, "is missing, empty or too long", "key");
    if (original.data && !given)
        return refuse(r, "is not on the page", "originalKey");
    entry.original = given ? given->original : entry.key;
    entry.info = given ? given->info : NULL;
    entry.size = given ? given->size : 0;
    if (find(value, "size"))
        ol_slice_u64(text_of(value, "size"), &entry.size);
    add_entry(r, &entry);
    return OL_OK;
}

static int read_prefix(reading *r, const ol_json *value)
{
    int rc = check_types(r, value, prefix_members, 2);
    if (rc != OL_OK)
        return rc;
    ol_slice prefix = text_of(value, "prefix"), original = text_of(value, "originalPrefix");
    const ol_view_listing_prefix *given = find_prefix(r, original.data ? original : prefix);
    if (!is_name(prefix))
        return refuse(r, "is missing, empty or too long", "prefix");
    if (original.data && !given)
        return refuse(r, "is not on the page", "originalPrefix");
    if (ol_slice_starts(prefix, r->page->prefix))
        add_prefix(r, prefix, given ? given->original : prefix);
    return OL_OK;
}

/* ---- the whole ---- */

/* An empty table may be written as an empty object; nothing is an empty list, too. */
static int list_of(const reading *r, const ol_json *root, const char *name, const ol_json **list)
{
    *list = find(root, name);
    bool empty_object = *list && (*list)->kind == OL_JSON_OBJECT && (*list)->count == 0;
    if (*list && (*list)->kind != OL_JSON_LIST && !empty_object)
        return refuse(r, "has the wrong type", name);
    return OL_OK;
}

static int allocate(reading *r, size_t entries, size_t prefixes)
{
    r->out->entries = ol_arena_calloc(r->arena, (entries + 1) * sizeof(*r->out->entries));
    /* Entries may turn into prefixes. */
    r->out->prefixes =
        ol_arena_calloc(r->arena, (entries + prefixes + 1) * sizeof(*r->out->prefixes));
    if (r->out->entries && r->out->prefixes)
        return OL_OK;
    return ol_error_set(r->err, OL_ENOMEM, "a listing");
}

static int read_lists(reading *r, const ol_json *contents, const ol_json *prefixes)
{
    size_t entry_count = contents ? contents->count : 0;
    size_t prefix_count = prefixes ? prefixes->count : 0;
    if (entry_count > r->page->max_keys || prefix_count > r->page->max_keys - entry_count)
        return refuse(r, "are more than maxKeys", "entries");
    int rc = allocate(r, entry_count, prefix_count);
    for (const ol_json *item = contents ? contents->first : NULL; rc == OL_OK && item;
         item = item->next)
        rc = read_entry(r, item);
    for (const ol_json *item = prefixes ? prefixes->first : NULL; rc == OL_OK && item;
         item = item->next)
        rc = read_prefix(r, item);
    return rc == OL_OK ? ol_view_listing_settle(r->out, r->err) : rc;
}

static int read_json(reading *r, ol_slice text)
{
    const ol_json *root, *contents, *prefixes;
    ol_json_mistake mistake;
    int rc = ol_json_parse(text, DEPTH_MAX, r->arena, &root, &mistake);
    if (rc == OL_ENOMEM)
        return ol_error_set(r->err, rc, "a listing");
    if (rc != OL_OK)
        return ol_error_set(r->err, OL_ETRANSFORMRESPONSE, "a listing is no JSON: %s at %zu",
                            mistake.what, mistake.at);
    rc = check_types(r, root, frame_members, sizeof(frame_members) / sizeof(*frame_members));
    if (rc == OL_OK)
        rc = list_of(r, root, "contents", &contents);
    if (rc == OL_OK)
        rc = list_of(r, root, "commonPrefixes", &prefixes);
    return rc == OL_OK ? read_lists(r, contents, prefixes) : rc;
}

/* ---- a document of the program's own ---- */

static int on_open(void *arg, const ol_xml_path *path, ol_error *err)
{
    (void)arg;
    if (path->depth == 1 && strcmp(path->names[0], "ListBucketResult") != 0)
        return ol_error_set(err, OL_ETRANSFORMRESPONSE, "the document is no ListBucketResult");
    return OL_OK;
}

static int on_close(void *arg, const ol_xml_path *path, ol_slice text, ol_error *err)
{
    (void)arg;
    (void)path;
    (void)text;
    (void)err;
    return OL_OK;
}

static int read_xml(reading *r, ol_slice text)
{
    const ol_xml_events events = {.on_open = on_open, .on_close = on_close};
    const ol_xml_bounds bounds = {.document_bytes_max = OL_VIEW_LISTING_BYTES_MAX};
    ol_error own = {0};
    int rc = ol_xml_read_as(text, &bounds, &events, &own);
    if (rc == OL_ENOMEM)
        return ol_error_set(r->err, rc, "a listing");
    if (rc != OL_OK)
        return ol_error_set(r->err, OL_ETRANSFORMRESPONSE, "a listing's document: %s", own.detail);
    r->out->xml = text;
    return OL_OK;
}

static bool is_document(ol_slice text)
{
    while (text.len > 0 && strchr(" \t\r\n", text.data[0]) && text.data[0] != '\0')
        text = ol_slice_from(text, 1);
    return text.len > 0 && text.data[0] == '<';
}

int ol_view_listing_read(ol_view_listing *listing, ol_slice text, const ol_view_listing *given,
                         const ol_s3_list_page *page, ol_arena *arena, ol_error *err)
{
    reading r = {.out = listing, .given = given, .page = page, .arena = arena, .err = err};
    *listing = (ol_view_listing){0};
    if (text.len > OL_VIEW_LISTING_BYTES_MAX)
        return refuse(&r, "is too long", "text");
    /* Names point into it. */
    ol_slice own = ol_arena_copy(arena, text);
    if (!own.data)
        return ol_error_set(err, OL_ENOMEM, "a listing");
    return is_document(own) ? read_xml(&r, own) : read_json(&r, own);
}
