/* SPDX-License-Identifier: MIT */
/*
 * The origin itself: its options, checked and copied, and its table of operations.
 */
#include <stdio.h>

#include "base/alloc.h"
#include "origin/s3/operations.h"

#define TEXTS_BYTES_MAX (64 * OL_KIB)

void ol_s3_origin_options_default(ol_s3_origin_options *options)
{
    *options = (ol_s3_origin_options){
        .region = "us-east-1",
        .credentials = {.refresh_ms = 5000},
        .connections_max = 256,
        .waiting_max = 1024,
        .connect_timeout_ms = 5000,
        .response_timeout_ms = 60000,
        .body_timeout_ms = OL_HTTP_BODY_TIMEOUT_MS,
        .idle_timeout_ms = 15000,
        .continue_bytes_min = OL_S3_SMALL_PUT_BYTES_MAX,
        .deadline_ms = 90000,
        .tries_max = 4,
        .backoff_base_ms = 100,
        .backoff_max_ms = 5000,
        .retry_after_max_ms = 10000,
        .resumes_max = 3,
        .breaker_failures = 10,
        .breaker_open_ms = 5000,
    };
}

/* ---- options ---- */

static int bad(ol_error *err, const char *what)
{
    return ol_error_say(err, OL_ECONFIG, "%s", what);
}

static int check_region(const char *region, ol_error *err)
{
    size_t len = region ? strlen(region) : 0;
    if (len == 0 || len > OL_S3_REGION_BYTES_MAX)
        return bad(err, "region: a name of 1 to 31 characters");
    for (const char *c = region; *c; c++) {
        if ((*c < 'a' || *c > 'z') && (*c < 'A' || *c > 'Z') && (*c < '0' || *c > '9') && *c != '-')
            return bad(err, "region: letters, digits and hyphens only");
    }
    return OL_OK;
}

static int check(const ol_s3_origin_options *options, ol_error *err)
{
    if (!options->name || !*options->name)
        return bad(err, "an origin has a name");
    if (!options->endpoint)
        return bad(err, "endpoint: missing");
    if (options->connections_max == 0 || options->tries_max == 0)
        return bad(err, "connections and tries: at least 1");
    if (options->connect_timeout_ms == 0 || options->response_timeout_ms == 0 ||
        options->body_timeout_ms == 0 || options->idle_timeout_ms == 0 || options->deadline_ms == 0)
        return bad(err, "a timeout of 0 would never let anything through");
    if (options->credentials.from == OL_S3_CREDENTIALS_FILE && options->credentials.refresh_ms == 0)
        return bad(err, "credentials: refresh is at least 1 ms");
    return check_region(options->region, err);
}

/* Secrets stay with the credentials; what is only read at the start is forgotten. */
static int copy_options(ol_s3_origin *origin, const ol_s3_origin_options *options, ol_error *err)
{
    ol_s3_origin_options *own = &origin->options;
    *own = *options;
    own->credentials = (ol_s3_credentials_options){.from = options->credentials.from,
                                                   .refresh_ms = options->credentials.refresh_ms};
    own->name = ol_arena_strdup(origin->texts, options->name);
    own->endpoint = ol_arena_strdup(origin->texts, options->endpoint);
    own->region = ol_arena_strdup(origin->texts, options->region);
    own->ca_file = NULL;
    if (!own->name || !own->endpoint || !own->region)
        return ol_error_set(err, OL_ENOMEM, "s3 origin: options");
    return OL_OK;
}

static int settle_endpoint(ol_s3_origin *origin, const ol_s3_origin_options *options, ol_error *err)
{
    ol_http_endpoint *endpoint = &origin->endpoint;
    int rc = ol_http_endpoint_parse(endpoint, options->endpoint, err);
    if (rc != OL_OK)
        return rc;
    if (options->virtual_host && endpoint->is_address)
        return bad(err, "virtual_host: buckets cannot stand before an address, only before a name");
    if (options->ca_file && !endpoint->tls)
        return bad(err, "ca_file: the endpoint is not https");
    bool aws = ol_slice_ends(ol_slice_cstr(endpoint->host), OL_SLICE_LIT(".amazonaws.com"));
    origin->checksums = options->checksums == OL_S3_CHECKSUMS_ON ||
                        (options->checksums == OL_S3_CHECKSUMS_AUTO && aws);
    origin->sign_chunks = options->payload == OL_S3_PAYLOAD_SIGNED ||
                          (options->payload == OL_S3_PAYLOAD_AUTO && !endpoint->tls);
    if (options->credentials.from == OL_S3_CREDENTIALS_ANONYMOUS)
        origin->sign_chunks = false;
    if (!endpoint->tls)
        return OL_OK;
    const ol_tls_trust trust = {.ca_file = options->ca_file};
    return ol_tls_client_new(&origin->tls, &trust, err);
}

/* ---- life ---- */

int ol_s3_origin_new(ol_origin **out, const ol_s3_origin_options *options, ol_error *err)
{
    *out = NULL;
    int rc = check(options, err);
    if (rc != OL_OK)
        return rc;
    ol_s3_origin *origin = ol_calloc(1, sizeof *origin);
    if (!origin)
        return ol_error_set(err, OL_ENOMEM, "s3 origin");
    origin->base.ops = &ol_s3_operations;
    pthread_mutex_init(&origin->lock, NULL);
    origin->texts = ol_arena_new(TEXTS_BYTES_MAX);
    rc = origin->texts ? copy_options(origin, options, err)
                       : ol_error_set(err, OL_ENOMEM, "s3 origin");
    if (rc == OL_OK)
        rc = settle_endpoint(origin, options, err);
    if (rc == OL_OK)
        rc = ol_s3_credentials_new(&origin->credentials, &options->credentials, err);
    if (rc != OL_OK) {
        ol_s3_origin_destroy(&origin->base);
        return rc;
    }
    *out = &origin->base;
    return OL_OK;
}

void ol_s3_origin_destroy(ol_origin *o)
{
    if (!o)
        return;
    ol_s3_origin *origin = ol_s3_origin_of(o);
    ol_s3_credentials_destroy(origin->credentials);
    if (origin->tls)
        ol_tls_destroy(origin->tls);
    if (origin->texts)
        ol_arena_destroy(origin->texts);
    pthread_mutex_destroy(&origin->lock);
    ol_free(origin);
}

const char *ol_s3_origin_name(const ol_origin *o)
{
    return ((const ol_s3_origin *)o)->options.name;
}

bool ol_origin_is_s3(const ol_origin *o)
{
    return o->ops == &ol_s3_operations;
}

/* ---- the table ---- */

const ol_origin_ops ol_s3_operations = {
    .name = "s3",
    .open = ol_s3_open,
    .body = ol_s3_body,
    .read_at = ol_s3_read_at,
    .info = ol_s3_info,
    .drop_reads = ol_s3_drop_reads,
    .close_object = ol_s3_close_object,
    .put = ol_s3_put,
    .remove = ol_s3_remove,
    .list = ol_s3_list,
    .bucket_create = ol_s3_bucket_create,
    .bucket_remove = ol_s3_bucket_remove,
    .bucket_exists = ol_s3_bucket_exists,
    .bucket_list = ol_s3_bucket_list,
    .attribute_get = ol_s3_attribute_get,
    .attribute_set = ol_s3_attribute_set,
    .upload_create = ol_s3_upload_create,
    .upload_part = ol_s3_upload_part,
    .upload_complete = ol_s3_upload_complete,
    .upload_abort = ol_s3_upload_abort,
    .upload_list = ol_s3_upload_list,
    .parts_list = ol_s3_parts_list,
    .copy = ol_s3_copy,
};
