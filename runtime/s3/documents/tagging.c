/* SPDX-License-Identifier: MIT */
/* Tags are read into an array, checked and sorted there, and written from there. */
#include "s3/documents/tagging.h"

#include <stdlib.h>

#include "base/encode.h"
#include "base/utf8.h"
#include "s3/documents/xml_tree.h"
#include "s3/documents/xml_writer.h"
#include "s3/request/query.h"

static int refuse(ol_error *err, const char *message)
{
    return ol_error_say(err, OL_EINVALIDTAG, "%s", message);
}

/* ---- what a tag may be ---- */

/* Letters and digits of any script, blanks, and + - = . _ : / @. Which code points beyond ASCII
 * are letters is left to the client: they can do no harm. */
static bool character_ok(uint32_t c)
{
    if (c >= 0x80)
        return c != OL_UTF8_BAD;
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c != 0 && strchr(" \t+-=._:/@", (int)c));
}

static bool text_ok(ol_slice text, size_t chars_max)
{
    size_t count = 0;
    while (text.len > 0) {
        uint32_t c;
        text = ol_slice_from(text, ol_utf8_next(text, &c));
        if (!character_ok(c) || ++count > chars_max)
            return false;
    }
    return true;
}

static int check_tag(const ol_tag *tag, ol_error *err)
{
    if (tag->key.len == 0 || !text_ok(tag->key, OL_TAG_KEY_CHARS_MAX))
        return refuse(err, "The TagKey you have provided is invalid");
    if (!text_ok(tag->value, OL_TAG_VALUE_CHARS_MAX))
        return refuse(err, "The TagValue you have provided is invalid");
    if (tag->key.len >= 4 && ol_slice_ieq(ol_slice_first(tag->key, 4), OL_SLICE_LIT("aws:")))
        return refuse(err, "System tags cannot be added/updated by requester");
    return OL_OK;
}

static int by_key(const void *a, const void *b)
{
    return ol_slice_cmp(((const ol_tag *)a)->key, ((const ol_tag *)b)->key);
}

static int check_all(ol_tags *tags, ol_error *err)
{
    for (size_t i = 0; i < tags->count; i++) {
        int rc = check_tag(&tags->items[i], err);
        if (rc != OL_OK)
            return rc;
    }
    if (tags->count > 1)
        qsort(tags->items, tags->count, sizeof *tags->items, by_key);
    for (size_t i = 1; i < tags->count; i++)
        if (ol_slice_eq(tags->items[i - 1].key, tags->items[i].key))
            return refuse(err, "Cannot provide multiple Tags with the same key");
    return OL_OK;
}

static int make_room(ol_tags *tags, size_t room, ol_arena *arena, ol_error *err)
{
    *tags = (ol_tags){0};
    tags->items = ol_arena_calloc(arena, (room + 1) * sizeof *tags->items);
    return tags->items ? OL_OK : ol_error_set(err, OL_ENOMEM, "tags");
}

static int too_many(size_t tags_max, ol_error *err)
{
    return tags_max == OL_TAGS_OBJECT_MAX
               ? refuse(err, "Object tags cannot be greater than 10")
               : ol_error_say(err, OL_EINVALIDTAG, "Tags cannot be more than %zu", tags_max);
}

/* ---- the query form ---- */

static int decode(ol_slice text, ol_arena *arena, ol_slice *out, ol_error *err)
{
    uint8_t *bytes = ol_arena_alloc(arena, text.len + 1);
    size_t len;
    if (!bytes)
        return ol_error_set(err, OL_ENOMEM, "a tag");
    if (!ol_percent_decode(text, true, bytes, &len))
        return ol_error_say(err, OL_EINVAL,
                            "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded "
                            "URL query parameters without tag name duplicates.");
    *out = ol_slice_of(bytes, len);
    return OL_OK;
}

static int add_pair(ol_tags *tags, ol_slice name, ol_slice value, ol_arena *arena, ol_error *err)
{
    ol_tag *tag = &tags->items[tags->count];
    int rc = decode(name, arena, &tag->key, err);
    if (rc == OL_OK)
        rc = decode(value, arena, &tag->value, err);
    if (rc == OL_OK)
        tags->count++;
    return rc;
}

int ol_tags_parse_query(ol_slice query, size_t tags_max, ol_arena *arena, ol_tags *out,
                        ol_error *err)
{
    ol_slice name, value;
    int rc = make_room(out, tags_max, arena, err);
    while (rc == OL_OK && ol_query_next(&query, &name, &value))
        rc = out->count == tags_max ? too_many(tags_max, err)
                                    : add_pair(out, name, value, arena, err);
    return rc == OL_OK ? check_all(out, err) : rc;
}

static size_t count_pairs(ol_slice text)
{
    size_t count = 0;
    ol_slice name, value;
    while (ol_query_next(&text, &name, &value))
        count++;
    return count;
}

int ol_tags_read(ol_slice text, ol_arena *arena, ol_tags *out, ol_error *err)
{
    ol_slice name, value;
    int rc = make_room(out, count_pairs(text), arena, err);
    while (rc == OL_OK && ol_query_next(&text, &name, &value))
        rc = add_pair(out, name, value, arena, err);
    return rc;
}

/* ---- the canonical text ---- */

static int append_text(const ol_tags *tags, ol_buf *out)
{
    int rc = OL_OK;
    for (size_t i = 0; rc == OL_OK && i < tags->count; i++) {
        rc = i > 0 ? ol_buf_add_byte(out, '&') : OL_OK;
        if (rc == OL_OK)
            rc = ol_uri_encode(out, tags->items[i].key, false);
        if (rc == OL_OK)
            rc = ol_buf_add_byte(out, '=');
        if (rc == OL_OK)
            rc = ol_uri_encode(out, tags->items[i].value, false);
    }
    return rc;
}

int ol_tags_text(const ol_tags *tags, ol_arena *arena, ol_slice *text, ol_error *err)
{
    *text = OL_SLICE_NONE;
    if (tags->count == 0)
        return OL_OK;
    ol_buf out;
    ol_buf_init(&out, OL_TAGS_TEXT_BYTES_MAX);
    int rc = append_text(tags, &out);
    if (rc == OL_OK)
        *text = ol_arena_copy(arena, ol_buf_slice(&out));
    ol_buf_fini(&out);
    return text->data ? OL_OK : ol_error_set(err, rc == OL_OK ? OL_ENOMEM : rc, "tags");
}

uint32_t ol_tags_count(ol_slice text)
{
    return (uint32_t)count_pairs(text);
}

int ol_tags_find(ol_slice text, ol_slice key, ol_arena *arena, ol_slice *value)
{
    ol_slice name, encoded;
    *value = OL_SLICE_NONE;
    while (ol_query_next(&text, &name, &encoded)) {
        ol_slice decoded = OL_SLICE_NONE;
        if (name.len < key.len) /* encoding never shortens */
            continue;
        int rc = decode(name, arena, &decoded, NULL);
        if (rc == OL_ENOMEM)
            return rc;
        if (rc != OL_OK || !ol_slice_eq(decoded, key))
            continue;
        rc = decode(encoded, arena, value, NULL);
        return rc == OL_ENOMEM ? rc : OL_OK;
    }
    return OL_OK;
}

/* ---- the document ---- */

static int read_set(const ol_xml_node *set, size_t tags_max, ol_arena *arena, ol_tags *out,
                    ol_error *err)
{
    static const ol_xml_rule in_set[] = {{"Tag", 0, OL_XML_NODES_MAX}, {NULL, 0, 0}};
    static const ol_xml_rule in_tag[] = {{"Key", 1, 1}, {"Value", 1, 1}, {NULL, 0, 0}};
    int rc = ol_xml_children(set, in_set, err);
    if (rc == OL_OK)
        rc = make_room(out, tags_max, arena, err);
    for (const ol_xml_node *n = set->first; rc == OL_OK && n; n = n->next) {
        if (out->count == tags_max)
            return too_many(tags_max, err);
        rc = ol_xml_children(n, in_tag, err);
        if (rc == OL_OK)
            out->items[out->count++] =
                (ol_tag){ol_xml_child(n, "Key")->text, ol_xml_child(n, "Value")->text};
    }
    return rc == OL_OK ? check_all(out, err) : rc;
}

int ol_tags_parse_xml(ol_slice xml, size_t tags_max, ol_arena *arena, ol_tags *out, ol_error *err)
{
    static const ol_xml_rule in_root[] = {{"TagSet", 1, 1}, {NULL, 0, 0}};
    const ol_xml_node *root;
    int rc = ol_xml_parse(xml, NULL, "Tagging", arena, &root, err);
    if (rc == OL_OK)
        rc = ol_xml_children(root, in_root, err);
    return rc == OL_OK ? read_set(ol_xml_child(root, "TagSet"), tags_max, arena, out, err) : rc;
}

static void put_decoded(ol_xml_writer *w, const char *element, ol_slice encoded, ol_buf *scratch)
{
    ol_buf_clear(scratch);
    if (w->rc == OL_OK)
        w->rc = ol_uri_decode(scratch, encoded, true);
    ol_xml_text(w, element, ol_buf_slice(scratch));
}

int ol_tags_write_xml(ol_buf *out, ol_slice text)
{
    ol_xml_writer w;
    ol_buf scratch;
    ol_slice name, value;
    ol_buf_init(&scratch, OL_TAGS_TEXT_BYTES_MAX);
    ol_xml_begin(&w, out, "Tagging", true);
    ol_xml_open(&w, "TagSet");
    while (ol_query_next(&text, &name, &value)) {
        ol_xml_open(&w, "Tag");
        put_decoded(&w, "Key", name, &scratch);
        put_decoded(&w, "Value", value, &scratch);
        ol_xml_close(&w, "Tag");
    }
    ol_xml_close(&w, "TagSet");
    ol_xml_close(&w, "Tagging");
    ol_buf_fini(&scratch);
    return w.rc;
}
