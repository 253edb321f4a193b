/* SPDX-License-Identifier: MIT */
/* The uploads of a bucket that are not complete. */
#include "origin/s3/document.h"
#include "origin/s3/lists.h"
#include "origin/s3/operations.h"
#include "origin/s3/reading.h"

#define UPLOADS_ARENA_BYTES_MAX (16 * OL_MIB)

typedef struct list_op {
    ol_uploads_cb cb;
    void *arg;
    uint32_t max;
} list_op;

typedef struct page {
    ol_uploads_result *result;
    size_t cap;
    ol_upload_item item;
    ol_slice prefix;
} page;

static int on_open(void *arg, const ol_xml_path *path, ol_error *err)
{
    (void)err;
    page *p = arg;
    if (path->depth == 2) {
        p->item = (ol_upload_item){0};
        p->prefix = OL_SLICE_NONE;
    }
    return OL_OK;
}

static int read_field(page *p, const ol_xml_path *path, ol_slice text, ol_error *err)
{
    ol_arena *arena = p->result->arena;
    ol_upload_item *item = &p->item;
    if (ol_s3_element_is(path, "Key"))
        return ol_s3_keep_text(&item->key, arena, text, true, err);
    if (ol_s3_element_is(path, "UploadId"))
        return ol_s3_keep_text(&item->upload_id, arena, ol_slice_trim(text), false, err);
    if (ol_s3_element_is(path, "ChecksumAlgorithm"))
        return ol_s3_keep_text(&item->checksum_name, arena, ol_slice_trim(text), false, err);
    if (ol_s3_element_is(path, "Initiated"))
        item->initiated_ms = ol_s3_date_of(text);
    else if (ol_s3_element_is(path, "ChecksumType"))
        item->checksum_composite = ol_slice_eq_cstr(ol_slice_trim(text), "COMPOSITE");
    return OL_OK;
}

static int read_person(page *p, const ol_xml_path *path, ol_slice text, ol_error *err)
{
    if (!ol_s3_element_is(path, "ID"))
        return OL_OK;
    if (ol_s3_element_at(path, 3, "Initiator"))
        return ol_s3_keep_text(&p->item.initiator, p->result->arena, text, false, err);
    if (ol_s3_element_at(path, 3, "Owner"))
        return ol_s3_keep_text(&p->item.owner, p->result->arena, text, false, err);
    return OL_OK;
}

static int read_top(page *p, const ol_xml_path *path, ol_slice text, ol_error *err)
{
    ol_uploads_result *r = p->result;
    if (ol_s3_element_is(path, "Upload") && r->count < p->cap)
        r->uploads[r->count++] = p->item;
    else if (ol_s3_element_is(path, "CommonPrefixes") && r->common_prefix_count < p->cap)
        r->common_prefixes[r->common_prefix_count++] = p->prefix;
    else if (ol_s3_element_is(path, "IsTruncated"))
        r->truncated = ol_s3_is_true(text);
    else if (ol_s3_element_is(path, "NextKeyMarker"))
        return ol_s3_keep_text(&r->next_key_marker, r->arena, text, true, err);
    else if (ol_s3_element_is(path, "NextUploadIdMarker"))
        return ol_s3_keep_text(&r->next_id_marker, r->arena, ol_slice_trim(text), false, err);
    return OL_OK;
}

static int on_close(void *arg, const ol_xml_path *path, ol_slice text, ol_error *err)
{
    page *p = arg;
    if (path->depth == 4 && ol_s3_element_at(path, 2, "Upload"))
        return read_person(p, path, text, err);
    if (path->depth == 3 && ol_s3_element_at(path, 2, "Upload"))
        return read_field(p, path, text, err);
    if (path->depth == 3 && ol_s3_element_at(path, 2, "CommonPrefixes"))
        return ol_s3_keep_text(&p->prefix, p->result->arena, text, true, err);
    if (path->depth == 2)
        return read_top(p, path, text, err);
    if (path->depth == 1 && !ol_s3_element_is(path, "ListMultipartUploadsResult"))
        return ol_error_set(err, OL_EORIGIN, "s3 origin: its answer is no list of uploads");
    return OL_OK;
}

ol_uploads_result *ol_s3_uploads_parse(ol_slice xml, uint32_t max, ol_error *err)
{
    ol_arena *arena;
    ol_uploads_result *result =
        ol_s3_result_new(UPLOADS_ARENA_BYTES_MAX, sizeof *result, &arena, err);
    if (!result)
        return NULL;
    page p = {.result = result, .cap = max};
    const ol_xml_events events = {.arg = &p, .on_open = on_open, .on_close = on_close};
    result->arena = arena;
    result->uploads = ol_arena_alloc(arena, (p.cap + 1) * sizeof *result->uploads);
    result->common_prefixes = ol_arena_alloc(arena, (p.cap + 1) * sizeof(ol_slice));
    int rc = result->uploads && result->common_prefixes
                 ? ol_s3_read_xml(xml, &events, err)
                 : ol_error_set(err, OL_ENOMEM, "s3 origin: uploads");
    if (rc == OL_OK)
        return result;
    ol_arena_destroy(arena);
    return NULL;
}

static void on_listed(ol_s3_document *doc, const ol_http_answer *answer, ol_slice xml,
                      const ol_error *failed)
{
    (void)answer;
    const list_op *op = doc->op;
    ol_error err = {0};
    ol_uploads_result *result = failed ? NULL : ol_s3_uploads_parse(xml, op->max, &err);
    op->cb(op->arg, failed ? failed : result ? NULL : &err, result);
}

static void add_text(ol_s3_document *doc, const char *name, ol_slice value)
{
    if (value.len > 0)
        ol_s3_document_param(doc, name, value);
}

int ol_s3_upload_list(ol_origin *o, ol_loop *loop, const ol_uploads_request *req, ol_uploads_cb cb,
                      void *arg, ol_error *err)
{
    ol_s3_document *doc = ol_s3_document_new(o, loop, "GET", sizeof(list_op), err);
    if (!doc)
        return err->code;
    *(list_op *)doc->op = (list_op){cb, arg, req->max_uploads};
    doc->done = on_listed;
    ol_s3_document_target(doc, req->bucket, OL_SLICE_NONE);
    add_text(doc, "delimiter", req->delimiter);
    ol_s3_document_param(doc, "encoding-type", OL_SLICE_LIT("url"));
    add_text(doc, "key-marker", req->key_marker);
    ol_s3_document_number(doc, "max-uploads", req->max_uploads);
    add_text(doc, "prefix", req->prefix);
    if (req->key_marker.len > 0)
        add_text(doc, "upload-id-marker", req->id_marker);
    ol_s3_document_param(doc, "uploads", OL_SLICE_NONE);
    return ol_s3_document_start(doc, err);
}
