/* SPDX-License-Identifier: MIT */
/*
 * ListBuckets: the caller's account's buckets, wherever they live. The origins are asked one
 * after the other; of each answer counts what the realm says lives there and belongs to the
 * caller. The pages are cut from the whole, because an origin cannot know owners.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "front/operations/operations.h"
#include "s3/documents/bucket_documents.h"

#define BUCKETS_XML_BYTES_MAX (4 * OL_MIB)
#define BUCKETS_BYTES_MAX (64 * OL_MIB)
#define BUCKETS_PAGE_MAX 10000u

typedef struct listing {
    ol_request *request;
    ol_s3_buckets_page page;
    ol_bucket_list all;
    size_t cap;
    size_t origin; /* being asked */
    ol_buf token;
} listing;

static void end_listing(void *arg)
{
    listing *self = arg;
    ol_arena_destroy(self->all.arena);
    ol_free(self->all.buckets);
    ol_buf_fini(&self->token);
}

static void fail(listing *self, const ol_error *err)
{
    ol_request_fail(self->request, err);
    ol_request_release(self->request);
}

/* ---- the answer ---- */

static int by_name(const void *a, const void *b)
{
    const ol_bucket_info *one = a, *other = b;
    return ol_slice_cmp(one->name, other->name);
}

static void reply(listing *self)
{
    ol_request *request = self->request;
    ol_error err = {0};
    ol_buf xml;
    if (self->all.count > 0)
        qsort(self->all.buckets, self->all.count, sizeof(*self->all.buckets), by_name);
    self->page.list = &self->all;
    ol_buf_init(&xml, BUCKETS_XML_BYTES_MAX);
    int rc = ol_s3_xml_buckets_page(&xml, &self->page);
    if (rc == OL_OK)
        ol_request_reply_xml(request, 200, &xml);
    else if (ol_error_set(&err, rc, "the list of buckets"))
        ol_request_fail(request, &err);
    ol_buf_fini(&xml);
    ol_request_release(request);
}

/* ---- asking ---- */

static bool is_shown(const listing *self, ol_slice name)
{
    const ol_request *request = self->request;
    const ol_realm_bucket *rule = ol_realm_bucket_of(request->realm, name);
    return rule->origin == self->origin &&
           ol_slice_eq(rule->owner->id, request->who->account_id);
}

static int keep(listing *self, const ol_bucket_info *bucket)
{
    if (self->all.count == self->cap) {
        size_t cap = self->cap ? 2 * self->cap : 64;
        ol_bucket_info *more = ol_realloc(self->all.buckets, cap * sizeof(*more));
        if (!more)
            return OL_ENOMEM;
        self->all.buckets = more;
        self->cap = cap;
    }
    ol_slice name = ol_arena_copy(self->all.arena, bucket->name);
    if (!name.data)
        return OL_ENOMEM;
    self->all.buckets[self->all.count++] =
        (ol_bucket_info){.name = name, .created_ms = bucket->created_ms};
    return OL_OK;
}

static void ask(listing *self);

static void on_list(void *arg, const ol_error *list_err, ol_bucket_list *list)
{
    listing *self = arg;
    ol_error err = {0};
    int rc = OL_OK;
    if (list_err) {
        fail(self, list_err);
        return;
    }
    for (size_t i = 0; rc == OL_OK && i < list->count; i++)
        if (is_shown(self, list->buckets[i].name))
            rc = keep(self, &list->buckets[i]);
    ol_arena_destroy(list->arena);
    if (rc != OL_OK) {
        ol_error_set(&err, rc, "the list of buckets");
        fail(self, &err);
        return;
    }
    self->origin++;
    ask(self);
}

static void ask(listing *self)
{
    ol_request *request = self->request;
    const ol_config *config = request->generation->config;
    ol_origin **origins = request->worker->shared->origins;
    ol_error err = {0};
    while (self->origin < config->origin_count && !origins[self->origin])
        self->origin++;
    if (request->gone) {
        ol_request_release(request);
        return;
    }
    if (self->origin == config->origin_count) {
        reply(self);
        return;
    }
    ol_origin *origin = origins[self->origin];
    if (origin->ops->bucket_list(origin, request->worker->loop, on_list, self, &err) < 0)
        fail(self, &err);
}

/* ---- the question ---- */

static int read_token(listing *self, ol_error *err)
{
    ol_slice token = ol_s3_param_get(&self->request->address, "continuation-token");
    if (token.len == 0)
        return OL_OK;
    if (ol_s3_token_decode(&self->token, token) != OL_OK)
        return ol_error_say(err, OL_EINVAL, "The continuation token provided is incorrect");
    self->page.start_after = ol_buf_slice(&self->token);
    return OL_OK;
}

static int read_query(listing *self, ol_error *err)
{
    ol_request *request = self->request;
    const ol_realm_account *account =
        ol_realm_find_account(request->realm, request->who->account_id);
    ol_slice text = ol_s3_param_get(&request->address, "max-buckets");
    uint64_t max = 0;
    self->page.prefix = ol_s3_param_get(&request->address, "prefix");
    if (account) {
        self->page.owner_id = account->canonical_id;
        self->page.owner_name = account->display_name;
    }
    if (text.data) {
        if (!ol_slice_u64(text, &max) || max < 1 || max > BUCKETS_PAGE_MAX)
            return ol_error_say(err, OL_EINVAL,
                                "Argument max-buckets must be an integer between 1 and %u",
                                BUCKETS_PAGE_MAX);
        self->page.max_buckets = (uint32_t)max;
        self->page.region = request->generation->config->region;
    }
    return read_token(self, err);
}

static int make(ol_request *request, listing **out, ol_error *err)
{
    listing *self = ol_arena_calloc(request->arena, sizeof(*self));
    if (!self)
        return ol_error_set(err, OL_ENOMEM, "the list of buckets");
    ol_buf_init(&self->token, 2 * OL_KEY_BYTES_MAX);
    if (ol_arena_on_end(request->arena, end_listing, self) != OL_OK)
        return ol_error_set(err, OL_ENOMEM, "the list of buckets");
    self->request = request;
    self->all.arena = ol_arena_new(BUCKETS_BYTES_MAX);
    if (!self->all.arena)
        return ol_error_set(err, OL_ENOMEM, "the list of buckets");
    *out = self;
    return read_query(self, err);
}

void ol_op_list_buckets(ol_request *request)
{
    ol_error err = {0};
    listing *self = NULL;
    if (make(request, &self, &err) != OL_OK) {
        ol_request_fail(request, &err);
        return;
    }
    ol_request_acquire(request);
    ask(self);
}
