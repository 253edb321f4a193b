/* SPDX-License-Identifier: MIT */
#include "front/operations/list_query.h"

#include "front/views/view_token.h"

#define LIST_XML_BYTES_MAX (16 * OL_MIB)

static void free_buffer(void *arg)
{
    ol_buf_fini(arg);
}

static int open_buffer(ol_buf *buf, size_t bytes_max, ol_request *request, ol_error *err)
{
    ol_buf_init(buf, bytes_max);
    int rc = ol_arena_on_end(request->arena, free_buffer, buf);
    return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "continuation token");
}

/* The parameter that is wrong is named, with what it said, as S3 does. */
static int refuse(ol_request *request, const char *param, const char *message, ol_error *err)
{
    ol_request_error_extra(request, "ArgumentName", ol_slice_cstr(param));
    ol_request_error_extra(request, "ArgumentValue", ol_s3_param_get(&request->address, param));
    return ol_error_say(err, OL_EINVAL, "%s", message);
}

static int read_max_keys(ol_request *request, uint32_t *out, ol_error *err)
{
    ol_slice text = ol_s3_param_get(&request->address, "max-keys");
    uint64_t number = OL_LIST_KEYS_MAX;
    bool has_minus = text.len > 1 && text.data[0] == '-';
    if (has_minus && ol_slice_u64(ol_slice_from(text, 1), &number))
        return refuse(request, "max-keys",
                      "Argument maxKeys must be an integer between 0 and 2147483647", err);
    if (text.len > 0 && (!ol_slice_u64(text, &number) || number > INT32_MAX))
        return refuse(request, "max-keys",
                      "Provided max-keys not an integer or within integer range", err);
    *out = number < OL_LIST_KEYS_MAX ? (uint32_t)number : OL_LIST_KEYS_MAX;
    return OL_OK;
}

/* A view's own token; OL_EINVAL: it is none. */
static int open_sealed(ol_list_query *self, const ol_request *request, ol_slice token)
{
    if (!request->view)
        return OL_EINVAL;
    return ol_view_token_open(&request->worker->shared->view_key, request->target.olap->arn, token,
                              &self->position);
}

static int read_token(ol_list_query *self, ol_request *request, ol_slice token, ol_error *err)
{
    int rc = open_sealed(self, request, token);
    if (rc == OL_EINVAL)
        rc = ol_s3_token_decode(&self->position, token);
    if (rc == OL_ENOMEM)
        return ol_error_set(err, rc, "continuation token");
    if (rc != OL_OK)
        return refuse(request, "continuation-token",
                      "The continuation token provided is incorrect", err);
    self->goes_on = true;
    self->ask.start_after = ol_buf_slice(&self->position);
    return OL_OK;
}

/* A view's NextMarker, or a key. */
static int read_marker(ol_list_query *self, const ol_request *request, ol_slice marker,
                       ol_error *err)
{
    int rc = marker.len > 0 ? open_sealed(self, request, marker) : OL_EINVAL;
    if (rc == OL_ENOMEM)
        return ol_error_set(err, rc, "marker");
    self->goes_on = rc == OL_OK;
    self->ask.start_after = rc == OL_OK ? ol_buf_slice(&self->position) : marker;
    return OL_OK;
}

/* Where the page begins: v1's marker, v2's token or start-after. */
static int read_start(ol_list_query *self, ol_request *request, ol_error *err)
{
    const ol_s3_address *address = &request->address;
    ol_s3_list_page *page = &self->page;
    page->marker = ol_s3_param_get(address, "marker");
    page->start_after = ol_s3_param_get(address, "start-after");
    page->continuation_token = ol_s3_param_get(address, "continuation-token");
    if (!page->v2)
        return read_marker(self, request, page->marker, err);
    self->ask.start_after = page->start_after;
    /* An empty token begins at the beginning. */
    if (page->continuation_token.len == 0)
        return OL_OK;
    return read_token(self, request, page->continuation_token, err);
}

int ol_list_query_read(ol_list_query *self, ol_request *request, ol_error *err)
{
    const ol_s3_address *address = &request->address;
    const ol_realm_account *owner = request->target.rule->owner;
    ol_s3_list_page *page = &self->page;
    ol_slice encoding = ol_s3_param_get(address, "encoding-type");
    if (encoding.len > 0 && !ol_slice_eq_cstr(encoding, "url"))
        return refuse(request, "encoding-type", "Invalid Encoding Method specified in Request",
                      err);
    page->v2 = address->operation == OL_S3_LIST_OBJECTS_V2;
    page->name = address->bucket;
    page->prefix = ol_s3_param_get(address, "prefix");
    page->delimiter = ol_s3_param_get(address, "delimiter");
    page->encoding_url = encoding.len > 0;
    page->fetch_owner = ol_slice_eq_cstr(ol_s3_param_get(address, "fetch-owner"), "true");
    page->owner_id = owner->canonical_id;
    page->owner_name = owner->display_name;
    int rc = read_max_keys(request, &page->max_keys, err);
    if (rc == OL_OK)
        rc = open_buffer(&self->position, 2 * OL_KEY_BYTES_MAX, request, err);
    if (rc == OL_OK)
        rc = open_buffer(&self->next_token, OL_VIEW_TOKEN_BYTES_MAX, request, err);
    if (rc == OL_OK)
        rc = read_start(self, request, err);
    self->ask.bucket = request->target.bucket;
    self->ask.prefix = page->prefix;
    self->ask.delimiter = page->delimiter;
    self->ask.max_keys = page->max_keys;
    return rc;
}

int ol_list_query_seal(ol_list_query *self, ol_request *request, ol_slice position, ol_error *err)
{
    ol_buf_clear(&self->next_token);
    int rc = ol_view_token_seal(&request->worker->shared->view_key, request->target.olap->arn,
                                position, &self->next_token);
    self->page.next = ol_buf_slice(&self->next_token);
    return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "a position");
}

void ol_list_query_reply(ol_list_query *self, ol_request *request, const ol_list_result *result)
{
    ol_buf xml;
    ol_error err = {0};
    ol_buf_init(&xml, LIST_XML_BYTES_MAX);
    self->page.result = result;
    int rc = ol_s3_xml_list(&xml, &self->page);
    if (rc == OL_OK)
        ol_request_reply_xml(request, 200, &xml);
    else if (ol_error_set(&err, rc, "the listing"))
        ol_request_fail(request, &err);
    ol_buf_fini(&xml);
}
