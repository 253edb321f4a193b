/* SPDX-License-Identifier: MIT */
/* Buckets: make, remove, look, list. */
#include <stdlib.h>

#include "origin/s3/document.h"
#include "origin/s3/lists.h"
#include "origin/s3/operations.h"
#include "origin/s3/reading.h"
#include "s3/documents/xml_writer.h"

#define BUCKETS_MAX 10000
#define LIST_ARENA_BYTES_MAX (4 * OL_MIB)
#define LOCATION_BYTES_MAX 1024

typedef struct plain_op {
    ol_done_cb cb;
    void *arg;
} plain_op;

static void on_plain(ol_s3_document *doc, const ol_http_answer *answer, ol_slice xml,
                     const ol_error *err)
{
    (void)answer;
    (void)xml;
    const plain_op *op = doc->op;
    op->cb(op->arg, err);
}

static ol_s3_document *plain_new(ol_origin *o, ol_loop *loop, const char *method, ol_slice bucket,
                                 const plain_op *op, ol_error *err)
{
    ol_s3_document *doc = ol_s3_document_new(o, loop, method, sizeof *op, err);
    if (!doc)
        return NULL;
    *(plain_op *)doc->op = *op;
    doc->done = on_plain;
    ol_s3_document_target(doc, bucket, OL_SLICE_NONE);
    return doc;
}

/* AWS wants to be told the region everywhere but in its first one. */
static void add_location(ol_s3_document *doc)
{
    const char *region = doc->at->origin->options.region;
    ol_xml_writer w;
    ol_buf xml;
    if (strcmp(region, "us-east-1") == 0)
        return;
    ol_buf_init(&xml, LOCATION_BYTES_MAX);
    ol_xml_begin(&w, &xml, "CreateBucketConfiguration", true);
    ol_xml_text(&w, "LocationConstraint", ol_slice_cstr(region));
    ol_xml_close(&w, "CreateBucketConfiguration");
    if (w.rc == OL_OK)
        ol_s3_document_body(doc, &xml);
    else
        doc->fault_ = w.rc;
    ol_buf_fini(&xml);
}

int ol_s3_bucket_create(ol_origin *o, ol_loop *loop, ol_slice bucket, ol_done_cb cb, void *arg,
                        ol_error *err)
{
    const plain_op op = {cb, arg};
    ol_s3_document *doc = plain_new(o, loop, "PUT", bucket, &op, err);
    if (!doc)
        return err->code;
    add_location(doc);
    return ol_s3_document_start(doc, err);
}

int ol_s3_bucket_remove(ol_origin *o, ol_loop *loop, ol_slice bucket, ol_done_cb cb, void *arg,
                        ol_error *err)
{
    const plain_op op = {cb, arg};
    ol_s3_document *doc = plain_new(o, loop, "DELETE", bucket, &op, err);
    return doc ? ol_s3_document_start(doc, err) : err->code;
}

int ol_s3_bucket_exists(ol_origin *o, ol_loop *loop, ol_slice bucket, ol_done_cb cb, void *arg,
                        ol_error *err)
{
    const plain_op op = {cb, arg};
    ol_s3_document *doc = plain_new(o, loop, "HEAD", bucket, &op, err);
    return doc ? ol_s3_document_start(doc, err) : err->code;
}

/* ---- all of them ---- */

typedef struct list_op {
    ol_bucket_list_cb cb;
    void *arg;
} list_op;

static int on_open(void *arg, const ol_xml_path *path, ol_error *err)
{
    ol_bucket_list *list = arg;
    if (path->depth != 3 || !ol_s3_element_is(path, "Bucket"))
        return OL_OK;
    if (list->count == BUCKETS_MAX)
        return ol_error_set(err, OL_EORIGIN, "s3 origin: too many buckets");
    list->buckets[list->count++] = (ol_bucket_info){0};
    return OL_OK;
}

static int on_close(void *arg, const ol_xml_path *path, ol_slice text, ol_error *err)
{
    ol_bucket_list *list = arg;
    if (path->depth != 4 || !ol_s3_element_at(path, 3, "Bucket"))
        return OL_OK;
    ol_bucket_info *bucket = &list->buckets[list->count - 1];
    if (ol_s3_element_is(path, "CreationDate"))
        bucket->created_ms = ol_s3_date_of(text);
    if (ol_s3_element_is(path, "Name"))
        return ol_s3_keep_text(&bucket->name, list->arena, text, false, err);
    return OL_OK;
}

static int by_name(const void *a, const void *b)
{
    return ol_slice_cmp(((const ol_bucket_info *)a)->name, ((const ol_bucket_info *)b)->name);
}

static int read_list(ol_slice xml, ol_bucket_list *list, ol_error *err)
{
    const ol_xml_events events = {.arg = list, .on_open = on_open, .on_close = on_close};
    list->buckets = ol_arena_alloc(list->arena, BUCKETS_MAX * sizeof *list->buckets);
    if (!list->buckets)
        return ol_error_set(err, OL_ENOMEM, "s3 origin: buckets");
    int rc = ol_s3_read_xml(xml, &events, err);
    if (rc == OL_OK && list->count > 0)
        qsort(list->buckets, list->count, sizeof *list->buckets, by_name);
    return rc;
}

ol_bucket_list *ol_s3_buckets_parse(ol_slice xml, ol_error *err)
{
    ol_arena *arena;
    ol_bucket_list *list = ol_s3_result_new(LIST_ARENA_BYTES_MAX, sizeof *list, &arena, err);
    if (!list)
        return NULL;
    list->arena = arena;
    if (read_list(xml, list, err) == OL_OK)
        return list;
    ol_arena_destroy(arena);
    return NULL;
}

static void on_listed(ol_s3_document *doc, const ol_http_answer *answer, ol_slice xml,
                      const ol_error *failed)
{
    (void)answer;
    const list_op *op = doc->op;
    ol_error err = {0};
    ol_bucket_list *list = failed ? NULL : ol_s3_buckets_parse(xml, &err);
    op->cb(op->arg, failed ? failed : list ? NULL : &err, list);
}

int ol_s3_bucket_list(ol_origin *o, ol_loop *loop, ol_bucket_list_cb cb, void *arg, ol_error *err)
{
    ol_s3_document *doc = ol_s3_document_new(o, loop, "GET", sizeof(list_op), err);
    if (!doc)
        return err->code;
    *(list_op *)doc->op = (list_op){cb, arg};
    doc->done = on_listed;
    return ol_s3_document_start(doc, err);
}
