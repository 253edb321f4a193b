/* SPDX-License-Identifier: MIT */
/* Copies that the service makes by itself: of an object, or into a part of an upload. */
#include "base/encode.h"
#include "origin/s3/acl_text.h"
#include "origin/s3/answer.h"
#include "origin/s3/document.h"
#include "origin/s3/encryption.h"
#include "origin/s3/operations.h"
#include "origin/s3/reading.h"

#define SOURCE_BYTES_MAX (8 * OL_KIB)

typedef struct copy_op {
    ol_put_cb cb;
    void *arg;
    ol_put_result result;
} copy_op;

/* ---- the answer ---- */

static int on_open(void *arg, const ol_xml_path *path, ol_error *err)
{
    (void)arg;
    (void)path;
    (void)err;
    return OL_OK;
}

static int on_close(void *arg, const ol_xml_path *path, ol_slice text, ol_error *err)
{
    (void)err;
    ol_put_result *result = arg;
    if (path->depth != 2)
        return OL_OK;
    text = ol_slice_trim(text);
    if (ol_s3_element_is(path, "ETag"))
        ol_s3_copy_etag(result->etag, text);
    else if (ol_s3_element_is(path, "LastModified"))
        result->last_modified_ms = ol_s3_date_of(text);
    else
        ol_s3_read_checksum(path->names[1], text, &result->checksum);
    return OL_OK;
}

static void on_copied(ol_s3_document *doc, const ol_http_answer *answer, ol_slice xml,
                      const ol_error *failed)
{
    copy_op *op = doc->op;
    ol_error err = {0};
    const ol_xml_events events = {.arg = &op->result, .on_open = on_open, .on_close = on_close};
    if (failed) {
        op->cb(op->arg, failed, NULL);
        return;
    }
    ol_s3_put_result_of(answer, &op->result);
    int rc = ol_s3_read_xml(xml, &events, &err);
    op->cb(op->arg, rc == OL_OK ? NULL : &err, rc == OL_OK ? &op->result : NULL);
}

/* ---- the request ---- */

/* "/bucket/key?versionId=…", percent-encoded. */
static int add_source(ol_s3_document *doc, const ol_object_ref *source)
{
    ol_buf text;
    ol_buf_init(&text, SOURCE_BYTES_MAX);
    int rc = ol_buf_add_byte(&text, '/');
    if (rc == OL_OK)
        rc = ol_uri_encode(&text, source->bucket, false);
    if (rc == OL_OK)
        rc = ol_buf_add_byte(&text, '/');
    if (rc == OL_OK)
        rc = ol_uri_encode(&text, source->key, true);
    if (rc == OL_OK && source->version.len > 0)
        rc = ol_buf_add_cstr(&text, "?versionId=");
    if (rc == OL_OK)
        rc = ol_uri_encode(&text, source->version, false);
    if (rc == OL_OK)
        ol_s3_document_header(doc, "x-amz-copy-source", ol_buf_slice(&text));
    ol_buf_fini(&text);
    return rc;
}

static void add_range(ol_s3_document *doc, const ol_byte_range *range)
{
    char *text = ol_arena_printf(doc->arena, "bytes=%llu-%llu", (unsigned long long)range->start,
                                 (unsigned long long)(range->start + range->length - 1));
    ol_s3_document_header(doc, "x-amz-copy-source-range", ol_slice_cstr(text));
}

static void aim_at_part(ol_s3_document *doc, const ol_copy_request *req)
{
    ol_s3_document_number(doc, "partNumber", req->part_number);
    ol_s3_document_param(doc, "uploadId", req->upload_id);
    if (req->has_range)
        add_range(doc, &req->range);
}

static int aim_at_object(ol_s3_document *doc, const ol_copy_request *req, ol_error *err)
{
    ol_s3_acl_headers acl;
    int rc = ol_s3_acl_of_new(doc->at->origin, req->acl, doc->arena, &acl, err);
    if (rc != OL_OK)
        return rc;
    ol_s3_document_own_headers(doc, acl.headers, acl.count);
    if (req->replace_headers) {
        ol_s3_document_header(doc, "x-amz-metadata-directive", OL_SLICE_LIT("REPLACE"));
        ol_s3_document_headers(doc, req->headers, req->header_count);
    }
    if (req->replace_tags) {
        ol_s3_document_header(doc, "x-amz-tagging-directive", OL_SLICE_LIT("REPLACE"));
        ol_s3_document_header(doc, "x-amz-tagging", req->tags);
    }
    ol_s3_document_header(doc, "if-match", req->if_match);
    ol_slice none = req->if_none_match_any ? OL_SLICE_LIT("*") : req->if_none_match;
    ol_s3_document_header(doc, "if-none-match", none);
    return OL_OK;
}

/* Ceph RGW 16 dies of a '%' in the source of a part: do not even try where it may be one. */
static bool is_dangerous(const ol_s3_origin *origin, const ol_copy_request *req)
{
    return req->part_number > 0 && !origin->checksums &&
           ol_slice_find(req->source.key, '%') >= 0;
}

static int add_encryption(ol_s3_document *doc, const ol_copy_request *req, ol_error *err)
{
    const ol_s3_origin *origin = doc->at->origin;
    ol_s3_encryption of_source = {0}, of_target = {0};
    int rc = ol_s3_encryption_of_key(origin, req->source.customer_key, true, doc->arena, &of_source,
                                     err);
    if (rc == OL_OK)
        rc = ol_s3_encryption_of_write(origin, req->sse, doc->arena, &of_target, err);
    ol_s3_document_own_headers(doc, of_source.headers, of_source.count);
    ol_s3_document_own_headers(doc, of_target.headers, of_target.count);
    return rc;
}

static int fill(ol_s3_document *doc, const ol_copy_request *req, ol_error *err)
{
    ol_s3_document_target(doc, req->bucket, req->key);
    int rc = add_source(doc, &req->source);
    if (rc != OL_OK)
        return ol_error_set(err, rc == OL_ENOMEM ? rc : OL_EKEYTOOLONG, "s3 origin: copy source");
    ol_s3_document_etag(doc, "x-amz-copy-source-if-match", req->source.if_match);
    rc = add_encryption(doc, req, err);
    if (rc != OL_OK)
        return rc;
    ol_s3_document_etag(doc, "x-amz-copy-if-match", req->source.if_match); /* Ceph's name for it */
    if (req->part_number == 0)
        return aim_at_object(doc, req, err);
    aim_at_part(doc, req);
    return OL_OK;
}

int ol_s3_copy(ol_origin *o, ol_loop *loop, const ol_copy_request *req, ol_put_cb cb, void *arg,
               ol_error *err)
{
    if (is_dangerous(ol_s3_origin_of(o), req))
        return ol_error_set(err, OL_ENOTIMPLEMENTED, "s3 origin: a copy from a key with '%%'");
    ol_s3_document *doc = ol_s3_document_new(o, loop, "PUT", sizeof(copy_op), err);
    if (!doc)
        return err->code;
    *(copy_op *)doc->op = (copy_op){.cb = cb, .arg = arg};
    doc->done = on_copied;
    int rc = fill(doc, req, err);
    if (rc != OL_OK) {
        ol_s3_document_drop(doc);
        return rc;
    }
    ol_s3_conditions conditions = {.if_modified_ms = -1, .if_size = -1};
    if (req->part_number == 0) {
        conditions.if_match = req->if_match;
        conditions.if_none_match_any = req->if_none_match_any;
        conditions.if_none_match = req->if_none_match;
    }
    return ol_s3_document_start_if(doc, &conditions, err);
}
