/* SPDX-License-Identifier: MIT */
/* Small requests: built piece by piece, sent, answered wholly. */
#include "origin/s3/document.h"

#include <openssl/evp.h>

#include "base/alloc.h"
#include "base/encode.h"
#include "origin/s3/outcome.h"

#define MD5_BYTES 16
#define MD5_TEXT_SIZE 25

ol_s3_document *ol_s3_document_new(ol_origin *o, ol_loop *loop, const char *method,
                                   size_t op_size, ol_error *err)
{
    ol_s3_attachment *at = ol_s3_attachment_of(ol_s3_origin_of(o), loop, err);
    ol_arena *arena = at ? ol_s3_arena_take(at, err) : NULL;
    if (!arena)
        return NULL;
    ol_s3_document *doc = ol_arena_calloc(arena, sizeof *doc);
    void *op = doc ? ol_arena_calloc(arena, op_size ? op_size : 1) : NULL;
    if (!op) {
        ol_s3_arena_give(at, arena);
        ol_error_set(err, OL_ENOMEM, "s3 origin: request");
        return NULL;
    }
    doc->at = at;
    doc->arena = arena;
    doc->op = op;
    doc->bytes_max = OL_S3_DOCUMENT_BYTES_MAX;
    doc->request = (ol_s3_request){.method = method,
                                   .params = doc->params_,
                                   .headers = doc->headers_,
                                   .retry = OL_S3_RETRY_UNSENT};
    if (strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0)
        doc->request.retry = OL_S3_RETRY_SAFE;
    ol_buf_init(&doc->sent_, 0);
    ol_buf_init(&doc->got_, 0);
    return doc;
}

void ol_s3_document_drop(ol_s3_document *doc)
{
    ol_buf_fini(&doc->sent_);
    ol_buf_fini(&doc->got_);
    ol_s3_arena_give(doc->at, doc->arena); /* the document lies in it */
}

/* ---- building ---- */

static ol_slice copy(ol_s3_document *doc, ol_slice bytes)
{
    if (bytes.len == 0)
        return OL_SLICE_NONE;
    ol_slice out = ol_arena_copy(doc->arena, bytes);
    if (!out.data)
        doc->fault_ = OL_ENOMEM;
    return out;
}

void ol_s3_document_target(ol_s3_document *doc, ol_slice bucket, ol_slice key)
{
    doc->request.bucket = copy(doc, bucket);
    doc->request.key = copy(doc, key);
}

void ol_s3_document_param(ol_s3_document *doc, const char *name, ol_slice value)
{
    if (doc->request.param_count == OL_S3_PARAMS_MAX) {
        doc->fault_ = OL_ELIMIT;
        return;
    }
    doc->params_[doc->request.param_count++] = (ol_s3_param){name, copy(doc, value)};
}

void ol_s3_document_number(ol_s3_document *doc, const char *name, uint64_t number)
{
    char memory[24];
    ol_buf text;
    ol_buf_init_fixed(&text, memory, sizeof memory);
    ol_buf_add_u64(&text, number);
    ol_s3_document_param(doc, name, ol_buf_slice(&text));
}

static void add_header(ol_s3_document *doc, ol_slice name, ol_slice value)
{
    if (doc->request.header_count == OL_S3_DOCUMENT_HEADERS_MAX) {
        doc->fault_ = OL_ELIMIT;
        return;
    }
    doc->headers_[doc->request.header_count++] = (ol_header){name, value};
}

void ol_s3_document_header(ol_s3_document *doc, const char *name, ol_slice value)
{
    if (value.len > 0)
        add_header(doc, ol_slice_cstr(name), copy(doc, value));
}

void ol_s3_document_etag(ol_s3_document *doc, const char *name, ol_slice etag)
{
    if (etag.len == 0)
        return;
    bool any = ol_slice_eq_cstr(etag, "*");
    char *text = ol_arena_printf(doc->arena, any ? "%.*s" : "\"%.*s\"", OL_SLICE_FMT(etag));
    if (!text)
        doc->fault_ = OL_ENOMEM;
    else
        add_header(doc, ol_slice_cstr(name), ol_slice_cstr(text));
}

void ol_s3_document_headers(ol_s3_document *doc, const ol_header *headers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        add_header(doc, copy(doc, headers[i].name), copy(doc, headers[i].value));
}

void ol_s3_document_own_headers(ol_s3_document *doc, const ol_header *headers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        add_header(doc, headers[i].name, headers[i].value);
}

static void add_md5(ol_s3_document *doc, ol_slice body)
{
    uint8_t sum[MD5_BYTES];
    char memory[MD5_TEXT_SIZE];
    ol_buf text;
    ol_buf_init_fixed(&text, memory, sizeof memory);
    if (EVP_Digest(body.data, body.len, sum, NULL, EVP_md5(), NULL) == 1 &&
        ol_base64_encode(&text, ol_slice_of(sum, sizeof sum)) == OL_OK)
        ol_s3_document_header(doc, "content-md5", ol_buf_slice(&text));
}

static void settle_body(ol_s3_document *doc, const char *content_type)
{
    doc->request.body = ol_buf_slice(&doc->sent_);
    ol_s3_document_header(doc, "content-type", ol_slice_cstr(content_type));
    add_md5(doc, doc->request.body);
}

void ol_s3_document_body(ol_s3_document *doc, ol_buf *xml)
{
    doc->sent_ = *xml;
    ol_buf_init(xml, 0);
    settle_body(doc, "application/xml");
}

void ol_s3_document_bytes(ol_s3_document *doc, ol_slice bytes, const char *content_type)
{
    if (bytes.len == 0)
        return;
    ol_buf_init(&doc->sent_, bytes.len);
    int rc = ol_buf_add(&doc->sent_, bytes);
    if (rc != OL_OK)
        doc->fault_ = rc;
    settle_body(doc, content_type);
}

/* ---- the answer ---- */

/* A service that keeps the connection alive with blanks may begin with them. */
static ol_slice body_of(const ol_s3_document *doc)
{
    ol_slice body = ol_buf_slice(&doc->got_);
    while (body.len > 0 && body.data[0] <= ' ')
        body = ol_slice_from(body, 1);
    return body;
}

static void deliver(ol_s3_document *doc, const ol_error *err)
{
    ol_slice xml = err ? OL_SLICE_NONE : body_of(doc);
    doc->done(doc, err ? NULL : doc->answer_, xml, err);
    ol_s3_document_drop(doc);
}

static void on_writable(void *arg)
{
    (void)arg; /* nothing is streamed */
}

static void on_answer(void *arg, const ol_http_answer *answer)
{
    ol_s3_document *doc = arg;
    ol_buf_init(&doc->got_, doc->bytes_max);
    doc->answer_ = answer;
    doc->object_came_ = doc->no_object && ol_headers_get(&answer->headers, "etag").len > 0;
}

static int on_data(void *arg, ol_slice data)
{
    ol_s3_document *doc = arg;
    if (doc->object_came_)
        return OL_ECANCELED;
    int rc = ol_buf_add(&doc->got_, data);
    if (rc != OL_OK)
        doc->fault_ = rc;
    return rc;
}

static int check_whole(ol_s3_document *doc, const ol_error *cut, ol_error *err)
{
    const char *name = doc->at->origin->options.name;
    if (doc->fault_ == OL_ELIMIT)
        return ol_error_set(err, OL_EORIGIN, "origin %s: its answer is too long", name);
    if (doc->fault_ != OL_OK)
        return ol_error_set(err, doc->fault_, "origin %s: its answer", name);
    if (cut && !doc->object_came_) {
        *err = *cut;
        return cut->code;
    }
    if (!ol_s3_is_error_document(body_of(doc)))
        return OL_OK;
    const ol_s3_refusal refusal = {.origin = name,
                                   .status = doc->answer_->status,
                                   .document = body_of(doc),
                                   .headers = &doc->answer_->headers,
                                   .about_key = doc->request.key.len > 0};
    ol_s3_outcome(&refusal, err);
    return err->code;
}

static void on_done(void *arg, const ol_error *failed)
{
    ol_s3_document *doc = arg;
    ol_error err = {0};
    doc->call_ = NULL;
    int rc = check_whole(doc, failed, &err);
    deliver(doc, rc == OL_OK ? NULL : &err);
}

static const ol_s3_call_ops call_ops = {
    .on_writable = on_writable,
    .on_answer = on_answer,
    .on_data = on_data,
    .on_done = on_done,
};

static int begin(ol_s3_document *doc, ol_error *err)
{
    if (doc->fault_ != OL_OK)
        return ol_error_set(err, doc->fault_, "s3 origin: request");
    return ol_s3_call_start(&doc->call_, doc->at, &doc->request, doc->arena, &call_ops, doc, err);
}

int ol_s3_document_start(ol_s3_document *doc, ol_error *err)
{
    int rc = begin(doc, err);
    if (rc == OL_OK)
        return OL_WAIT;
    ol_s3_document_drop(doc);
    return rc;
}

void ol_s3_document_go_on(ol_s3_document *doc)
{
    ol_error err = {0};
    if (begin(doc, &err) != OL_OK)
        deliver(doc, &err);
}

const ol_error *ol_s3_upload_error(const ol_error *err, ol_error *room)
{
    if (!err || err->code != OL_ENOSUCHKEY)
        return err;
    *room = (ol_error){0};
    ol_error_set(room, OL_ENOSUCHUPLOAD, "%s", err->detail);
    return room;
}
