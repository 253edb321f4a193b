/* SPDX-License-Identifier: MIT */
/*
 * Parts: of an upload by ListParts, of an object by GetObjectAttributes. A service that does not
 * know the latter answers with the object; then there is nothing to tell.
 */
#include "origin/s3/answer.h"
#include "origin/s3/document.h"
#include "origin/s3/lists.h"
#include "origin/s3/operations.h"
#include "origin/s3/reading.h"

#define PARTS_ARENA_BYTES_MAX (4 * OL_MIB)

typedef struct list_op {
    ol_part_list_cb cb;
    void *arg;
    uint32_t max;
    bool of_object;
} list_op;

typedef struct page {
    ol_part_list *list;
    size_t cap;
    size_t base; /* the depth of the element that holds the parts */
    ol_part part;
} page;

static int on_open(void *arg, const ol_xml_path *path, ol_error *err)
{
    (void)err;
    page *p = arg;
    if (path->depth == p->base + 1)
        p->part = (ol_part){0};
    return OL_OK;
}

static int read_field(page *p, const ol_xml_path *path, ol_slice text, ol_error *err)
{
    ol_part *part = &p->part;
    text = ol_slice_trim(text);
    if (ol_s3_element_is(path, "ETag"))
        return ol_s3_keep_etag(&part->etag, p->list->arena, text, err);
    if (ol_s3_element_is(path, "PartNumber"))
        part->number = (uint32_t)ol_s3_number_of(text);
    else if (ol_s3_element_is(path, "Size"))
        part->size = ol_s3_number_of(text);
    else if (ol_s3_element_is(path, "LastModified"))
        part->last_modified_ms = ol_s3_date_of(text);
    else
        ol_s3_read_checksum(path->names[path->depth - 1], text, &part->checksum);
    return OL_OK;
}

static int read_top(page *p, const ol_xml_path *path, ol_slice text, ol_error *err)
{
    ol_part_list *list = p->list;
    text = ol_slice_trim(text);
    if (ol_s3_element_is(path, "Part") && list->count < p->cap)
        list->parts[list->count++] = p->part;
    else if (ol_s3_element_is(path, "IsTruncated"))
        list->truncated = ol_s3_is_true(text);
    else if (ol_s3_element_is(path, "ChecksumAlgorithm"))
        return ol_s3_keep_text(&list->checksum_name, list->arena, text, false, err);
    else if (ol_s3_element_is(path, "ChecksumType"))
        list->checksum_composite = ol_slice_eq_cstr(text, "COMPOSITE");
    else if (ol_s3_element_is(path, "PartsCount") || ol_s3_element_is(path, "TotalPartsCount"))
        list->total = (uint32_t)ol_s3_number_of(text);
    return OL_OK;
}

static int read_person(page *p, const ol_xml_path *path, ol_slice text, ol_error *err)
{
    ol_part_list *list = p->list;
    if (!ol_s3_element_is(path, "ID"))
        return OL_OK;
    if (ol_s3_element_at(path, 2, "Initiator"))
        return ol_s3_keep_text(&list->initiator, list->arena, text, false, err);
    if (ol_s3_element_at(path, 2, "Owner"))
        return ol_s3_keep_text(&list->owner, list->arena, text, false, err);
    return OL_OK;
}

static int on_close(void *arg, const ol_xml_path *path, ol_slice text, ol_error *err)
{
    page *p = arg;
    if (path->depth == p->base + 2 && ol_s3_element_at(path, p->base + 1, "Part"))
        return read_field(p, path, text, err);
    if (p->base == 1 && path->depth == 3)
        return read_person(p, path, text, err);
    if (path->depth == p->base + 1)
        return read_top(p, path, text, err);
    return OL_OK;
}

ol_part_list *ol_s3_parts_parse(ol_slice xml, bool of_object, uint32_t max, ol_error *err)
{
    ol_arena *arena;
    ol_part_list *list = ol_s3_result_new(PARTS_ARENA_BYTES_MAX, sizeof *list, &arena, err);
    if (!list)
        return NULL;
    page p = {.list = list, .cap = max, .base = of_object ? 2 : 1};
    const ol_xml_events events = {.arg = &p, .on_open = on_open, .on_close = on_close};
    list->arena = arena;
    list->parts = ol_arena_alloc(arena, (p.cap + 1) * sizeof *list->parts);
    int rc = list->parts ? OL_OK : ol_error_set(err, OL_ENOMEM, "s3 origin: parts");
    if (rc == OL_OK && xml.len > 0)
        rc = ol_s3_read_xml(xml, &events, err);
    if (rc != OL_OK) {
        ol_arena_destroy(arena);
        return NULL;
    }
    if (list->total == 0 && !of_object)
        list->total = (uint32_t)list->count;
    return list;
}

static void on_listed(ol_s3_document *doc, const ol_http_answer *answer, ol_slice xml,
                      const ol_error *failed)
{
    (void)answer;
    const list_op *op = doc->op;
    ol_error err = {0};
    if (failed && !op->of_object)
        failed = ol_s3_upload_error(failed, &err);
    ol_part_list *list = failed ? NULL : ol_s3_parts_parse(xml, op->of_object, op->max, &err);
    op->cb(op->arg, failed ? failed : list ? NULL : &err, list);
}

static void ask_upload(ol_s3_document *doc, ol_slice upload_id, uint32_t marker, uint32_t max)
{
    ol_s3_document_number(doc, "max-parts", max);
    if (marker > 0)
        ol_s3_document_number(doc, "part-number-marker", marker);
    ol_s3_document_param(doc, "uploadId", upload_id);
}

static void add_number(ol_s3_document *doc, const char *name, uint32_t number)
{
    ol_s3_document_header(doc, name,
                          ol_slice_cstr(ol_arena_printf(doc->arena, "%u", (unsigned)number)));
}

static void ask_object(ol_s3_document *doc, const ol_object_ref *ref, uint32_t marker, uint32_t max)
{
    doc->no_object = true;
    ol_s3_document_param(doc, "attributes", OL_SLICE_NONE);
    if (ref->version.len > 0)
        ol_s3_document_param(doc, "versionId", ref->version);
    ol_s3_document_header(doc, "x-amz-object-attributes", OL_SLICE_LIT("ObjectParts"));
    add_number(doc, "x-amz-max-parts", max);
    if (marker > 0)
        add_number(doc, "x-amz-part-number-marker", marker);
}

int ol_s3_parts_list(ol_origin *o, ol_loop *loop, const ol_object_ref *ref, ol_slice upload_id,
                     uint32_t marker, uint32_t max, ol_part_list_cb cb, void *arg, ol_error *err)
{
    ol_s3_document *doc = ol_s3_document_new(o, loop, "GET", sizeof(list_op), err);
    if (!doc)
        return err->code;
    *(list_op *)doc->op = (list_op){cb, arg, max, upload_id.len == 0};
    doc->done = on_listed;
    ol_s3_document_target(doc, ref->bucket, ref->key);
    if (upload_id.len > 0)
        ask_upload(doc, upload_id, marker, max);
    else
        ask_object(doc, ref, marker, max);
    return ol_s3_document_start(doc, err);
}
