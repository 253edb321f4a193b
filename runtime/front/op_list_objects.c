/* SPDX-License-Identifier: MIT */
/*
 * ListObjects and ListObjectsV2 of a bucket or an access point.
 */
#include "front/operations.h"
#include "s3/xml.h"

#define LIST_XML_BYTES_MAX (16 * OL_MIB)

typedef struct list {
    ol_request *request;
    ol_list_request ask;
    ol_s3_list_page page;
    ol_buf token; /* decoded continuation token, freed with the request */
} list;

static void free_token(void *arg)
{
    ol_buf_fini(arg);
}

static void on_list(void *arg, const ol_error *err, ol_list_result *result)
{
    list *self = arg;
    ol_request *request = self->request;
    if (err) {
        ol_request_fail(request, err);
        ol_request_release(request);
        return;
    }
    ol_buf xml;
    ol_buf_init(&xml, LIST_XML_BYTES_MAX);
    self->page.result = result;
    ol_error failure = {0};
    int rc = ol_s3_xml_list(&xml, &self->page);
    if (rc == OL_OK)
        ol_request_reply_xml(request, 200, &xml);
    else
        ol_error_set(&failure, rc, "the listing");
    ol_buf_fini(&xml);
    ol_arena_destroy(result->arena);
    if (rc != OL_OK)
        ol_request_fail(request, &failure);
    ol_request_release(request);
}

static int read_max_keys(const ol_s3_address *address, uint32_t *out, ol_error *err)
{
    ol_slice text = ol_s3_param_get(address, "max-keys");
    uint64_t number = OL_LIST_KEYS_MAX;
    if (text.len > 0 && (!ol_slice_u64(text, &number) || number > INT32_MAX))
        return ol_error_say(err, OL_EINVAL, "Provided max-keys not an integer or within integer range");
    *out = number < OL_LIST_KEYS_MAX ? (uint32_t)number : OL_LIST_KEYS_MAX;
    return OL_OK;
}

/* Where the page begins: v1's marker, v2's token or start-after. */
static int read_start(list *self, const ol_s3_address *address, ol_error *err)
{
    ol_s3_list_page *page = &self->page;
    page->marker = ol_s3_param_get(address, "marker");
    page->start_after = ol_s3_param_get(address, "start-after");
    page->continuation_token = ol_s3_param_get(address, "continuation-token");
    if (!page->v2) {
        self->ask.start_after = page->marker;
        return OL_OK;
    }
    self->ask.start_after = page->start_after;
    if (!ol_s3_param_has(address, "continuation-token"))
        return OL_OK;
    ol_buf_init(&self->token, 2 * OL_KEY_BYTES_MAX);
    if (ol_arena_on_end(self->request->arena, free_token, &self->token) != OL_OK)
        return ol_error_set(err, OL_ENOMEM, "continuation token");
    if (ol_s3_token_decode(&self->token, page->continuation_token) != OL_OK)
        return ol_error_say(err, OL_EINVAL, "The continuation token provided is incorrect");
    self->ask.start_after = ol_buf_slice(&self->token);
    return OL_OK;
}

static int read_request(list *self, ol_error *err)
{
    ol_request *request = self->request;
    const ol_s3_address *address = &request->address;
    ol_s3_list_page *page = &self->page;
    ol_slice encoding = ol_s3_param_get(address, "encoding-type");
    if (encoding.len > 0 && !ol_slice_eq_cstr(encoding, "url"))
        return ol_error_say(err, OL_EINVAL, "Invalid Encoding Method specified in Request");
    page->v2 = address->operation == OL_S3_LIST_OBJECTS_V2;
    page->name = address->bucket;
    page->prefix = ol_s3_param_get(address, "prefix");
    page->delimiter = ol_s3_param_get(address, "delimiter");
    page->encoding_url = encoding.len > 0;
    page->fetch_owner = ol_slice_eq_cstr(ol_s3_param_get(address, "fetch-owner"), "true");
    page->owner_id = request->generation->config->account_id;
    int rc = read_max_keys(address, &page->max_keys, err);
    if (rc == OL_OK)
        rc = read_start(self, address, err);
    self->ask.bucket = request->bucket;
    self->ask.prefix = page->prefix;
    self->ask.delimiter = page->delimiter;
    self->ask.max_keys = page->max_keys;
    return rc;
}

void ol_op_list_objects(ol_request *request)
{
    ol_origin *origin = request->worker->shared->origin;
    ol_error err = {0};
    list *self = ol_arena_calloc(request->arena, sizeof(*self));
    int rc = self ? OL_OK : ol_error_set(&err, OL_ENOMEM, "listing");
    if (rc == OL_OK) {
        self->request = request;
        rc = read_request(self, &err);
    }
    if (rc == OL_OK) {
        ol_request_acquire(request);
        rc = origin->ops->list(origin, request->worker->loop, &self->ask, on_list, self, &err);
        if (rc >= 0)
            return;
        ol_request_release(request);
    }
    ol_request_fail(request, &err);
}
