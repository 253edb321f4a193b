/* SPDX-License-Identifier: MIT */
/*
 * Listing a bucket, by ListObjectsV2 with start-after and names in percent-encoding, so that every
 * key survives XML.
 *
 * Services differ in what start-after does when it lies inside a common prefix; our callers want
 * that prefix left out. So such a start is moved behind everything under the prefix, what comes
 * back all the same is dropped, and when nothing is left of a page the next one is asked for.
 */
#include "base/alloc.h"
#include "origin/s3/document.h"
#include "origin/s3/lists.h"
#include "origin/s3/operations.h"
#include "origin/s3/reading.h"

#define LIST_ARENA_BYTES_MAX (16 * OL_MIB)
#define PAGES_MAX 8
/* U+10FFFF: nothing that is UTF-8 sorts behind it. */
#define LAST_CHARACTER "\xf4\x8f\xbf\xbf"

typedef struct list_op {
    ol_list_cb cb;
    void *arg;
    ol_slice bucket, prefix, delimiter, start_after;
    uint32_t max_keys;
    unsigned pages;
    ol_origin *origin;
    ol_loop *loop;
} list_op;

/* A page as it is read. */
typedef struct page {
    ol_list_result *list;
    ol_slice start_after;
    size_t cap;
    bool url; /* names are percent-encoded */
    ol_slice last; /* the greatest name that came, dropped or not */
    ol_object_info object;
    ol_slice prefix;
} page;

/* ---- reading ---- */

/* The encoding is told somewhere in the document, maybe behind the names. */
static bool says_url(ol_slice xml)
{
    return ol_slice_search(xml, OL_SLICE_LIT("<EncodingType>url</EncodingType>")) >= 0;
}

static bool is_wanted(page *p, ol_slice name, size_t count)
{
    if (ol_slice_cmp(name, p->last) > 0)
        p->last = name;
    return ol_slice_cmp(name, p->start_after) > 0 && count < p->cap;
}

static int on_open(void *arg, const ol_xml_path *path, ol_error *err)
{
    (void)err;
    page *p = arg;
    if (path->depth == 2) {
        p->object = (ol_object_info){0};
        p->prefix = OL_SLICE_NONE;
    }
    return OL_OK;
}

static int read_field(page *p, const ol_xml_path *path, ol_slice text, ol_error *err)
{
    ol_object_info *object = &p->object;
    if (ol_s3_element_is(path, "Key"))
        return ol_s3_keep_text(&object->key, p->list->arena, text, p->url, err);
    if (ol_s3_element_is(path, "ETag"))
        return ol_s3_keep_etag(&object->etag, p->list->arena, text, err);
    if (ol_s3_element_is(path, "Size"))
        object->size = ol_s3_number_of(text);
    else if (ol_s3_element_is(path, "LastModified"))
        object->last_modified_ms = ol_s3_date_of(text) / 1000 * 1000;
    return OL_OK;
}

static void keep_item(page *p, const ol_xml_path *path, ol_slice text)
{
    ol_list_result *list = p->list;
    if (ol_s3_element_is(path, "Contents") && is_wanted(p, p->object.key, list->object_count))
        list->objects[list->object_count++] = p->object;
    else if (ol_s3_element_is(path, "CommonPrefixes") &&
             is_wanted(p, p->prefix, list->common_prefix_count))
        list->common_prefixes[list->common_prefix_count++] = p->prefix;
    else if (ol_s3_element_is(path, "IsTruncated"))
        list->truncated = ol_s3_is_true(text);
}

static int on_close(void *arg, const ol_xml_path *path, ol_slice text, ol_error *err)
{
    page *p = arg;
    if (path->depth == 3 && ol_s3_element_at(path, 2, "Contents"))
        return read_field(p, path, text, err);
    if (path->depth == 3 && ol_s3_element_at(path, 2, "CommonPrefixes") &&
        ol_s3_element_is(path, "Prefix"))
        return ol_s3_keep_text(&p->prefix, p->list->arena, text, p->url, err);
    if (path->depth == 2)
        keep_item(p, path, text);
    if (path->depth == 1 && !ol_s3_element_is(path, "ListBucketResult"))
        return ol_error_set(err, OL_EORIGIN, "s3 origin: its answer is no listing");
    return OL_OK;
}

static int read_page(page *p, ol_slice xml, ol_error *err)
{
    const ol_xml_events events = {.arg = p, .on_open = on_open, .on_close = on_close};
    ol_list_result *list = p->list;
    list->objects = ol_arena_alloc(list->arena, (p->cap + 1) * sizeof *list->objects);
    list->common_prefixes = ol_arena_alloc(list->arena, (p->cap + 1) * sizeof(ol_slice));
    if (!list->objects || !list->common_prefixes)
        return ol_error_set(err, OL_ENOMEM, "s3 origin: list");
    p->url = says_url(xml);
    int rc = ol_s3_read_xml(xml, &events, err);
    if (rc == OL_OK && list->truncated)
        list->next_start_after = p->last;
    return rc;
}

ol_list_result *ol_s3_list_parse(ol_slice xml, ol_slice start_after, uint32_t max, ol_error *err)
{
    ol_arena *arena;
    ol_list_result *list = ol_s3_result_new(LIST_ARENA_BYTES_MAX, sizeof *list, &arena, err);
    if (!list)
        return NULL;
    list->arena = arena;
    page p = {.list = list, .start_after = start_after, .cap = max};
    if (read_page(&p, xml, err) == OL_OK)
        return list;
    ol_arena_destroy(arena);
    return NULL;
}

/* ---- asking ---- */

static int ask(const list_op *op, ol_error *err);

static int ask_next(const list_op *op, ol_slice start_after, ol_error *err)
{
    list_op next = *op;
    next.start_after = start_after;
    next.pages++;
    if (next.pages == PAGES_MAX)
        return ol_error_set(err, OL_EORIGIN, "s3 origin: its listing does not get ahead");
    return ask(&next, err);
}

static void on_listed(ol_s3_document *doc, const ol_http_answer *answer, ol_slice xml,
                      const ol_error *failed)
{
    (void)answer;
    const list_op *op = doc->op;
    ol_error err = {0};
    if (failed) {
        op->cb(op->arg, failed, NULL);
        return;
    }
    ol_list_result *list = ol_s3_list_parse(xml, op->start_after, op->max_keys, &err);
    bool empty = list && list->truncated && list->object_count + list->common_prefix_count == 0 &&
                 op->max_keys > 0;
    if (empty) {
        int rc = ask_next(op, list->next_start_after, &err);
        ol_arena_destroy(list->arena);
        if (rc == OL_WAIT)
            return;
        list = NULL;
    }
    op->cb(op->arg, list ? NULL : &err, list);
}

/* Where to begin: behind the common prefix in which `start_after` lies. */
static ol_slice effective_start(const list_op *op, ol_arena *arena)
{
    ol_slice start = op->start_after;
    if (op->delimiter.len == 0 || start.len <= op->prefix.len ||
        !ol_slice_starts(start, op->prefix))
        return start;
    const uint8_t *rest = start.data + op->prefix.len;
    const uint8_t *found =
        memmem(rest, start.len - op->prefix.len, op->delimiter.data, op->delimiter.len);
    if (!found)
        return start;
    size_t len = (size_t)(found - start.data) + op->delimiter.len;
    if (len + sizeof LAST_CHARACTER - 1 > OL_KEY_BYTES_MAX)
        return start;
    char *text = ol_arena_printf(arena, "%.*s" LAST_CHARACTER, (int)len, (const char *)start.data);
    return text ? ol_slice_cstr(text) : start;
}

static bool copy_op(list_op *to, const list_op *from, ol_arena *arena)
{
    *to = *from;
    to->bucket = ol_arena_copy(arena, from->bucket);
    to->prefix = ol_arena_copy(arena, from->prefix);
    to->delimiter = ol_arena_copy(arena, from->delimiter);
    to->start_after = ol_arena_copy(arena, from->start_after);
    return to->bucket.data && to->prefix.data && to->delimiter.data && to->start_after.data;
}

static int ask(const list_op *from, ol_error *err)
{
    ol_s3_document *doc = ol_s3_document_new(from->origin, from->loop, "GET", sizeof(list_op), err);
    if (!doc)
        return err->code;
    list_op *op = doc->op;
    if (!copy_op(op, from, doc->arena)) {
        ol_s3_document_drop(doc);
        return ol_error_set(err, OL_ENOMEM, "s3 origin: list");
    }
    doc->done = on_listed;
    ol_s3_document_target(doc, op->bucket, OL_SLICE_NONE);
    if (op->delimiter.len > 0)
        ol_s3_document_param(doc, "delimiter", op->delimiter);
    ol_s3_document_param(doc, "encoding-type", OL_SLICE_LIT("url"));
    ol_s3_document_param(doc, "list-type", OL_SLICE_LIT("2"));
    ol_s3_document_number(doc, "max-keys", op->max_keys);
    if (op->prefix.len > 0)
        ol_s3_document_param(doc, "prefix", op->prefix);
    if (op->start_after.len > 0)
        ol_s3_document_param(doc, "start-after", effective_start(op, doc->arena));
    return ol_s3_document_start(doc, err);
}

int ol_s3_list(ol_origin *o, ol_loop *loop, const ol_list_request *req, ol_list_cb cb, void *arg,
               ol_error *err)
{
    const list_op op = {.cb = cb,
                        .arg = arg,
                        .bucket = req->bucket,
                        .prefix = req->prefix,
                        .delimiter = req->delimiter,
                        .start_after = req->start_after,
                        .max_keys = req->max_keys,
                        .origin = o,
                        .loop = loop};
    return ask(&op, err);
}
