/* SPDX-License-Identifier: MIT */
/* The life of an upload in parts: begin, complete, abort. Parts themselves: put.c. */
#include <stdio.h>

#include "origin/s3/acl_text.h"
#include "origin/s3/answer.h"
#include "origin/s3/document.h"
#include "origin/s3/encryption.h"
#include "origin/s3/operations.h"
#include "origin/s3/reading.h"
#include "s3/documents/xml_writer.h"
#include "s3/upload/checksum.h"

#define UPLOAD_BYTES_MAX (64 * OL_KIB)
#define COMPLETE_BYTES_MAX (4 * OL_MIB)

/* ---- begin ---- */

typedef struct create_op {
    ol_upload_cb cb;
    void *arg;
    ol_slice id;
    ol_arena *arena;
} create_op;

static int ignore_open(void *arg, const ol_xml_path *path, ol_error *err)
{
    (void)arg;
    (void)path;
    (void)err;
    return OL_OK;
}

static int on_create_field(void *arg, const ol_xml_path *path, ol_slice text, ol_error *err)
{
    create_op *op = arg;
    if (!ol_xml_path_is(path, "InitiateMultipartUploadResult", "UploadId", NULL))
        return OL_OK;
    return ol_s3_keep_text(&op->id, op->arena, ol_slice_trim(text), false, err);
}

static void on_created(ol_s3_document *doc, const ol_http_answer *answer, ol_slice xml,
                       const ol_error *failed)
{
    (void)answer;
    create_op *op = doc->op;
    ol_error err = {0};
    const ol_xml_events events = {.arg = op, .on_open = ignore_open, .on_close = on_create_field};
    if (failed)
        err = *failed;
    else if (ol_s3_read_xml(xml, &events, &err) == OL_OK &&
             (op->id.len == 0 || op->id.len >= OL_UPLOAD_ID_SIZE))
        ol_error_set(&err, OL_EORIGIN, "s3 origin: an upload without an id, or with a long one");
    op->cb(op->arg, err.code ? &err : NULL, err.code ? OL_SLICE_NONE : op->id);
}

int ol_s3_upload_create(ol_origin *o, ol_loop *loop, const ol_upload_request *req, ol_upload_cb cb,
                        void *arg, ol_error *err)
{
    ol_s3_acl_headers acl;
    ol_s3_document *doc = ol_s3_document_new(o, loop, "POST", sizeof(create_op), err);
    if (!doc)
        return err->code;
    *(create_op *)doc->op = (create_op){.cb = cb, .arg = arg, .arena = doc->arena};
    doc->done = on_created;
    ol_s3_encryption encryption = {0};
    int rc = ol_s3_acl_of_new(doc->at->origin, req->acl, doc->arena, &acl, err);
    if (rc == OL_OK)
        rc = ol_s3_encryption_of_write(doc->at->origin, req->sse, doc->arena, &encryption, err);
    if (rc != OL_OK) {
        ol_s3_document_drop(doc);
        return rc;
    }
    ol_s3_document_target(doc, req->bucket, req->key);
    ol_s3_document_param(doc, "uploads", OL_SLICE_NONE);
    ol_s3_document_headers(doc, req->headers, req->header_count);
    ol_s3_document_own_headers(doc, encryption.headers, encryption.count);
    ol_s3_document_header(doc, "x-amz-tagging", req->tags);
    ol_s3_document_own_headers(doc, acl.headers, acl.count);
    if (doc->at->origin->checksums && req->checksum_name.len > 0) {
        ol_s3_document_header(doc, "x-amz-checksum-algorithm", req->checksum_name);
        ol_s3_document_header(doc, "x-amz-checksum-type",
                              req->checksum_composite ? OL_SLICE_LIT("COMPOSITE")
                                                      : OL_SLICE_LIT("FULL_OBJECT"));
    }
    return ol_s3_document_start(doc, err);
}

/* ---- complete ---- */

typedef struct complete_op {
    ol_put_cb cb;
    void *arg;
    ol_put_result result;
    bool conditional;
    ol_origin *origin;
    ol_loop *loop;
    const uint8_t *customer_key; /* lives until cb */
} complete_op;

static void on_looked(ol_s3_document *doc, const ol_http_answer *answer, ol_slice xml,
                      const ol_error *err)
{
    (void)xml;
    complete_op *op = doc->op;
    ol_put_result version = op->result;
    if (!err) {
        ol_s3_put_result_of(answer, &op->result);
        if (op->result.version_id[0] == '\0')
            memcpy(op->result.version_id, version.version_id, sizeof version.version_id);
    }
    op->cb(op->arg, err, err ? NULL : &op->result);
}

/* A service may want the customer's key once more. */
static int add_customer_key(ol_s3_document *doc, const uint8_t *key, ol_error *err)
{
    ol_s3_encryption encryption = {0};
    int rc = ol_s3_encryption_of_key(doc->at->origin, key, false, doc->arena, &encryption, err);
    ol_s3_document_own_headers(doc, encryption.headers, encryption.count);
    return rc;
}

/* Some services do not say what ETag the object has got. */
static int look(const ol_s3_document *completed, ol_error *err)
{
    const complete_op *op = completed->op;
    ol_s3_document *doc =
        ol_s3_document_new(op->origin, op->loop, "HEAD", sizeof(complete_op), err);
    if (!doc)
        return err->code;
    *(complete_op *)doc->op = *op;
    doc->done = on_looked;
    ol_s3_document_target(doc, completed->request.bucket, completed->request.key);
    if (add_customer_key(doc, op->customer_key, err) != OL_OK) {
        ol_s3_document_drop(doc);
        return err->code;
    }
    return ol_s3_document_start(doc, err);
}

static int on_complete_field(void *arg, const ol_xml_path *path, ol_slice text, ol_error *err)
{
    (void)err;
    ol_put_result *result = arg;
    if (ol_xml_path_is(path, "CompleteMultipartUploadResult", "ETag", NULL))
        ol_s3_copy_etag(result->etag, ol_slice_trim(text));
    else if (path->depth == 2)
        ol_s3_read_checksum(path->names[1], ol_slice_trim(text), &result->checksum);
    return OL_OK;
}

static void on_completed(ol_s3_document *doc, const ol_http_answer *answer, ol_slice xml,
                         const ol_error *failed)
{
    complete_op *op = doc->op;
    ol_error err = {0};
    const ol_xml_events events = {
        .arg = &op->result, .on_open = ignore_open, .on_close = on_complete_field};
    if (failed) {
        /* A condition's missing object is no missing upload. */
        op->cb(op->arg, op->conditional ? failed : ol_s3_upload_error(failed, &err), NULL);
        return;
    }
    ol_s3_put_result_of(answer, &op->result);
    int rc = ol_s3_read_xml(xml, &events, &err);
    if (rc == OL_OK && op->result.etag[0] == '\0' && (rc = look(doc, &err)) == OL_WAIT)
        return;
    op->cb(op->arg, rc == OL_OK ? NULL : &err, rc == OL_OK ? &op->result : NULL);
}

static void write_part(ol_xml_writer *w, const ol_part *part, bool checksums)
{
    char quoted[OL_ETAG_SIZE + 2], name[32];
    snprintf(quoted, sizeof quoted, "\"%.*s\"", OL_SLICE_FMT(part->etag));
    ol_xml_open(w, "Part");
    ol_xml_u64(w, "PartNumber", part->number);
    ol_xml_text(w, "ETag", ol_slice_cstr(quoted));
    if (checksums && part->checksum.text[0]) {
        snprintf(name, sizeof name, "Checksum%s", part->checksum.name);
        ol_xml_text(w, name, ol_slice_cstr(part->checksum.text));
    }
    ol_xml_close(w, "Part");
}

static int write_complete(const ol_complete_request *req, bool checksums, ol_buf *xml)
{
    ol_xml_writer w;
    ol_xml_begin(&w, xml, "CompleteMultipartUpload", true);
    for (size_t i = 0; i < req->part_count; i++)
        write_part(&w, &req->parts[i], checksums);
    ol_xml_close(&w, "CompleteMultipartUpload");
    return w.rc;
}

static int check_order(const ol_complete_request *req, ol_error *err)
{
    for (size_t i = 1; i < req->part_count; i++) {
        if (req->parts[i].number <= req->parts[i - 1].number)
            return ol_error_set(err, OL_EINVALIDPARTORDER, NULL);
    }
    return OL_OK;
}

static void add_claims(ol_s3_document *doc, const ol_complete_request *req)
{
    char name[40], size[24];
    if (!doc->at->origin->checksums)
        return;
    if (req->size >= 0) {
        snprintf(size, sizeof size, "%lld", (long long)req->size);
        ol_s3_document_header(doc, "x-amz-mp-object-size", ol_slice_cstr(size));
    }
    if (req->checksum.text[0] == '\0')
        return;
    snprintf(name, sizeof name, "x-amz-checksum-%s", req->checksum.name);
    enum ol_checksum_kind kind;
    if (ol_checksum_of_header(ol_slice_cstr(name), &kind))
        ol_s3_document_header(doc, ol_checksum_header(kind), ol_slice_cstr(req->checksum.text));
    ol_s3_document_header(doc, "x-amz-checksum-type",
                          req->checksum.composite ? OL_SLICE_LIT("COMPOSITE")
                                                  : OL_SLICE_LIT("FULL_OBJECT"));
}

int ol_s3_upload_complete(ol_origin *o, ol_loop *loop, const ol_complete_request *req,
                          ol_put_cb cb, void *arg, ol_error *err)
{
    ol_buf xml;
    int rc = check_order(req, err);
    ol_s3_document *doc =
        rc == OL_OK ? ol_s3_document_new(o, loop, "POST", sizeof(complete_op), err) : NULL;
    if (!doc)
        return err->code;
    *(complete_op *)doc->op = (complete_op){
        .cb = cb, .arg = arg, .origin = o, .loop = loop, .customer_key = req->customer_key};
    doc->done = on_completed;
    ol_s3_document_target(doc, req->bucket, req->key);
    ol_s3_document_param(doc, "uploadId", req->upload_id);
    ol_s3_document_header(doc, "if-match", req->if_match);
    ol_slice none = req->if_none_match_any ? OL_SLICE_LIT("*") : req->if_none_match;
    ol_s3_document_header(doc, "if-none-match", none);
    add_claims(doc, req);
    ol_buf_init(&xml, COMPLETE_BYTES_MAX);
    rc = write_complete(req, doc->at->origin->checksums, &xml);
    if (rc == OL_OK)
        ol_s3_document_body(doc, &xml);
    ol_buf_fini(&xml);
    rc = rc == OL_OK ? add_customer_key(doc, req->customer_key, err)
                     : ol_error_set(err, rc, "s3 origin: parts");
    if (rc != OL_OK) {
        ol_s3_document_drop(doc);
        return rc;
    }
    const ol_s3_conditions conditions = {.if_match = req->if_match,
                                         .if_none_match_any = req->if_none_match_any,
                                         .if_none_match = req->if_none_match,
                                         .if_modified_ms = -1,
                                         .if_size = -1};
    ((complete_op *)doc->op)->conditional = ol_s3_has_conditions(&conditions);
    return ol_s3_document_start_if(doc, &conditions, err);
}

/* ---- abort ---- */

typedef struct abort_op {
    ol_done_cb cb;
    void *arg;
} abort_op;

static void on_aborted(ol_s3_document *doc, const ol_http_answer *answer, ol_slice xml,
                       const ol_error *err)
{
    (void)answer;
    (void)xml;
    const abort_op *op = doc->op;
    ol_error room;
    op->cb(op->arg, ol_s3_upload_error(err, &room));
}

int ol_s3_upload_abort(ol_origin *o, ol_loop *loop, ol_slice bucket, ol_slice key,
                       ol_slice upload_id, ol_done_cb cb, void *arg, ol_error *err)
{
    ol_s3_document *doc = ol_s3_document_new(o, loop, "DELETE", sizeof(abort_op), err);
    if (!doc)
        return err->code;
    *(abort_op *)doc->op = (abort_op){cb, arg};
    doc->done = on_aborted;
    ol_s3_document_target(doc, bucket, key);
    ol_s3_document_param(doc, "uploadId", upload_id);
    return ol_s3_document_start(doc, err);
}
