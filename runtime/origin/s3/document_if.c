/* SPDX-License-Identifier: MIT */
/* A HEAD before a request that has conditions. */
#include "base/alloc.h"
#include "origin/s3/answer.h"
#include "origin/s3/document.h"

typedef struct look {
    ol_s3_document *then;
    ol_s3_conditions conditions;
} look;

bool ol_s3_has_conditions(const ol_s3_conditions *c)
{
    return c->if_match.len > 0 || c->if_none_match_any || c->if_none_match.len > 0 ||
           c->if_modified_ms >= 0 || c->if_size >= 0;
}

static bool needs_object(const ol_s3_conditions *c)
{
    return c->if_match.len > 0 || c->if_modified_ms >= 0 || c->if_size >= 0;
}

static bool holds(const ol_s3_conditions *c, const ol_http_answer *answer)
{
    bool weak;
    int64_t modified_ms = -1;
    ol_slice etag = ol_s3_etag_of(&answer->headers, &weak);
    ol_clock_parse_http_date(ol_headers_get(&answer->headers, "last-modified"), &modified_ms);
    if (c->if_none_match_any || (c->if_none_match.len > 0 && ol_slice_eq(c->if_none_match, etag)))
        return false;
    if (c->if_match.len > 0 && !ol_slice_eq_cstr(c->if_match, "*") &&
        (weak || !ol_slice_eq(c->if_match, etag)))
        return false;
    if (c->if_modified_ms >= 0 && c->if_modified_ms / 1000 != modified_ms / 1000)
        return false;
    return c->if_size < 0 || c->if_size == answer->content_length;
}

static void give_up(ol_s3_document *doc, const ol_error *err)
{
    doc->done(doc, NULL, OL_SLICE_NONE, err);
    ol_s3_document_drop(doc);
}

static void on_looked(ol_s3_document *doc, const ol_http_answer *answer, ol_slice xml,
                      const ol_error *failed)
{
    (void)xml;
    const look *l = doc->op;
    ol_error err = {0};
    bool missing = failed && (failed->code == OL_ENOSUCHKEY || failed->code == OL_ENOSUCHVERSION);
    if (failed && !(missing && !needs_object(&l->conditions))) {
        err = *failed;
    } else if (answer && !holds(&l->conditions, answer)) {
        ol_error_set(&err, OL_EPRECONDITION, NULL);
    }
    if (err.code != OL_OK) {
        give_up(l->then, &err);
        return;
    }
    ol_s3_document_go_on(l->then);
}

int ol_s3_document_start_if(ol_s3_document *doc, const ol_s3_conditions *conditions, ol_error *err)
{
    if (!ol_s3_has_conditions(conditions))
        return ol_s3_document_start(doc, err);
    ol_s3_document *head = ol_s3_document_new(&doc->at->origin->base, doc->at->loop, "HEAD",
                                              sizeof(look), err);
    if (!head) {
        ol_s3_document_drop(doc);
        return err->code;
    }
    look *l = head->op;
    l->then = doc;
    l->conditions = *conditions;
    ol_s3_document_target(head, doc->request.bucket, doc->request.key);
    for (size_t i = 0; i < doc->request.param_count; i++) {
        if (strcmp(doc->request.params[i].name, "versionId") == 0)
            ol_s3_document_param(head, "versionId", doc->request.params[i].value);
    }
    l->conditions.if_match = ol_arena_copy(head->arena, conditions->if_match);
    l->conditions.if_none_match = ol_arena_copy(head->arena, conditions->if_none_match);
    head->done = on_looked;
    int rc = ol_s3_document_start(head, err);
    if (rc != OL_WAIT)
        ol_s3_document_drop(doc);
    return rc;
}
