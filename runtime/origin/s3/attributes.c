/* SPDX-License-Identifier: MIT */
/* Tags and access control lists, between their kept texts and the service's documents. */
#include "origin/s3/acl_text.h"
#include "origin/s3/document.h"
#include "origin/s3/operations.h"
#include "s3/documents/tagging.h"

#define TAGGING_BYTES_MAX (256 * OL_KIB)

typedef struct get_op {
    ol_text_cb cb;
    void *arg;
    enum ol_attribute which;
} get_op;

typedef struct set_op {
    ol_done_cb cb;
    void *arg;
} set_op;

static const char *param_of(enum ol_attribute which)
{
    return which == OL_ATTRIBUTE_TAGS ? "tagging" : "acl";
}

static void aim(ol_s3_document *doc, const ol_object_ref *ref, enum ol_attribute which)
{
    ol_s3_document_target(doc, ref->bucket, ref->key);
    ol_s3_document_param(doc, param_of(which), OL_SLICE_NONE);
    if (ref->version.len > 0)
        ol_s3_document_param(doc, "versionId", ref->version);
}

/* ---- get ---- */

static int read_tags(ol_slice xml, ol_arena *arena, ol_slice *text, ol_error *err)
{
    ol_tags tags;
    ol_error why = {0};
    int rc = ol_tags_parse_xml(xml, OL_TAGS_BUCKET_MAX, arena, &tags, &why);
    if (rc == OL_OK)
        return ol_tags_text(&tags, arena, text, err);
    return ol_error_set(err, rc == OL_ENOMEM ? rc : OL_EORIGIN,
                        "s3 origin: its tags cannot be read: %s", why.message);
}

static void on_got(ol_s3_document *doc, const ol_http_answer *answer, ol_slice xml,
                   const ol_error *failed)
{
    (void)answer;
    const get_op *op = doc->op;
    ol_slice text = OL_SLICE_NONE;
    ol_error err = {0};
    bool none = failed && strncmp(failed->s3_code, "NoSuchTagSet", 12) == 0;
    if (failed && !none)
        err = *failed;
    else if (!failed && op->which == OL_ATTRIBUTE_TAGS)
        read_tags(xml, doc->arena, &text, &err);
    else if (!failed)
        ol_s3_acl_text(xml, doc->arena, &text, &err);
    op->cb(op->arg, err.code ? &err : NULL, text);
}

int ol_s3_attribute_get(ol_origin *o, ol_loop *loop, const ol_object_ref *ref,
                        enum ol_attribute which, ol_text_cb cb, void *arg, ol_error *err)
{
    ol_s3_document *doc = ol_s3_document_new(o, loop, "GET", sizeof(get_op), err);
    if (!doc)
        return err->code;
    *(get_op *)doc->op = (get_op){cb, arg, which};
    doc->done = on_got;
    doc->bytes_max = TAGGING_BYTES_MAX;
    aim(doc, ref, which);
    return ol_s3_document_start(doc, err);
}

/* ---- set ---- */

static void on_set(ol_s3_document *doc, const ol_http_answer *answer, ol_slice xml,
                   const ol_error *err)
{
    (void)answer;
    (void)xml;
    const set_op *op = doc->op;
    op->cb(op->arg, err);
}

static int add_tags(ol_s3_document *doc, ol_slice text, ol_error *err)
{
    ol_buf xml;
    ol_buf_init(&xml, TAGGING_BYTES_MAX);
    int rc = ol_tags_write_xml(&xml, text);
    if (rc == OL_OK)
        ol_s3_document_body(doc, &xml);
    ol_buf_fini(&xml);
    return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "s3 origin: tags");
}

int ol_s3_attribute_set(ol_origin *o, ol_loop *loop, const ol_object_ref *ref,
                        enum ol_attribute which, ol_slice text, ol_done_cb cb, void *arg,
                        ol_error *err)
{
    bool removes = which == OL_ATTRIBUTE_TAGS && text.len == 0;
    const char *method = removes ? "DELETE" : "PUT";
    ol_s3_document *doc = ol_s3_document_new(o, loop, method, sizeof(set_op), err);
    if (!doc)
        return err->code;
    *(set_op *)doc->op = (set_op){cb, arg};
    doc->done = on_set;
    doc->request.retry = OL_S3_RETRY_SAFE; /* the same again makes no difference */
    aim(doc, ref, which);
    int rc = OL_OK;
    if (which == OL_ATTRIBUTE_ACL)
        rc = ol_s3_acl_of_change(doc, text, err);
    else if (!removes)
        rc = add_tags(doc, text, err);
    if (rc == OL_OK)
        return ol_s3_document_start(doc, err);
    ol_s3_document_drop(doc);
    return rc;
}
