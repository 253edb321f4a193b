/* SPDX-License-Identifier: MIT */
/* What goes with a body: the request of a PUT or of a part, copied into what its sink reads. */
#include <stdio.h>

#include "origin/s3/acl_text.h"
#include "origin/s3/encryption.h"
#include "origin/s3/operations.h"
#include "origin/s3/put.h"

/* An empty value is a value: metadata may have one. */
static int keep_header(ol_s3_put_config *config, ol_arena *arena, ol_slice name, ol_slice value,
                       ol_error *err)
{
    if (config->header_count == OL_S3_PUT_HEADERS_MAX)
        return ol_error_set(err, OL_EMETADATATOOLARGE, "s3 origin: too many headers");
    ol_header *h = &config->headers[config->header_count++];
    *h = (ol_header){ol_arena_copy(arena, name), ol_arena_copy(arena, value)};
    return h->name.data && h->value.data ? OL_OK
                                         : ol_error_set(err, OL_ENOMEM, "s3 origin: request");
}

static int add_header(ol_s3_put_config *config, ol_arena *arena, ol_slice name, ol_slice value,
                      ol_error *err)
{
    return value.len == 0 ? OL_OK : keep_header(config, arena, name, value, err);
}

/* Without quotes: Ceph compares the text as it stands, and the others do not mind. */
static int add_etag(ol_s3_put_config *config, ol_arena *arena, const char *name, ol_slice etag,
                    ol_error *err)
{
    config->conditional |= etag.len > 0;
    return add_header(config, arena, ol_slice_cstr(name), etag, err);
}

static ol_s3_put_config *config_new(ol_origin *o, ol_slice bucket, ol_slice key, int64_t size,
                                    ol_arena *arena, ol_error *err)
{
    ol_s3_put_config *config = ol_arena_calloc(arena, sizeof *config);
    if (config) {
        config->origin = ol_s3_origin_of(o);
        config->size = size;
        config->bucket = ol_arena_copy(arena, bucket);
        config->key = ol_arena_copy(arena, key);
    }
    if (!config || !config->bucket.data || !config->key.data) {
        ol_error_set(err, OL_ENOMEM, "s3 origin: request");
        return NULL;
    }
    return config;
}

/* First of all headers; its texts live in the arena already. */
static void add_encryption(ol_s3_put_config *config, const ol_s3_encryption *encryption,
                           bool customer)
{
    for (size_t i = 0; i < encryption->count; i++)
        config->headers[config->header_count++] = encryption->headers[i];
    config->customer_count = customer ? encryption->count : 0;
}

static int add_metadata(ol_s3_put_config *config, const ol_put_request *req, ol_arena *arena,
                        ol_error *err)
{
    ol_s3_acl_headers acl;
    ol_s3_encryption encryption = {0};
    int rc = ol_s3_acl_of_new(config->origin, req->acl, arena, &acl, err);
    if (rc == OL_OK)
        rc = ol_s3_encryption_of_write(config->origin, req->sse, arena, &encryption, err);
    add_encryption(config, &encryption, req->sse && req->sse->mode == OL_SSE_C);
    for (size_t i = 0; rc == OL_OK && i < req->header_count; i++)
        rc = keep_header(config, arena, req->headers[i].name, req->headers[i].value, err);
    config->metadata_count = config->header_count;
    if (rc == OL_OK)
        rc = add_header(config, arena, OL_SLICE_LIT("x-amz-tagging"), req->tags, err);
    for (size_t i = 0; rc == OL_OK && i < acl.count; i++)
        rc = add_header(config, arena, acl.headers[i].name, acl.headers[i].value, err);
    if (rc == OL_OK)
        rc = add_etag(config, arena, "if-match", req->if_match, err);
    ol_slice none = req->if_none_match_any ? OL_SLICE_LIT("*") : req->if_none_match;
    return rc == OL_OK ? add_etag(config, arena, "if-none-match", none, err) : rc;
}

static int keep_request(ol_s3_put_config *config, const ol_put_request *req, ol_arena *arena,
                        ol_error *err)
{
    config->tags = ol_arena_copy(arena, req->tags);
    config->acl = ol_arena_copy(arena, req->acl);
    config->if_match = ol_arena_copy(arena, req->if_match);
    config->if_none_match = ol_arena_copy(arena, req->if_none_match);
    config->if_none_match_any = req->if_none_match_any;
    if (config->tags.data && config->acl.data && config->if_match.data &&
        config->if_none_match.data)
        return OL_OK;
    return ol_error_set(err, OL_ENOMEM, "s3 origin: request");
}

int ol_s3_put(ol_origin *o, const ol_put_request *req, ol_arena *arena, const ol_stage_ops **ops,
              const void **config, ol_error *err)
{
    ol_s3_put_config *c = config_new(o, req->bucket, req->key, req->size, arena, err);
    if (!c)
        return err->code;
    c->checksum = req->checksum;
    c->result = req->result;
    *config = c;
    *ops = req->size >= 0 ? &ol_s3_put_ops : &ol_s3_put_unknown_ops;
    int rc = req->size >= 0 ? OL_OK : keep_request(c, req, arena, err);
    return rc == OL_OK ? add_metadata(c, req, arena, err) : rc;
}

int ol_s3_upload_part(ol_origin *o, const ol_part_request *req, ol_arena *arena,
                      const ol_stage_ops **ops, const void **config, ol_error *err)
{
    ol_s3_put_config *c = config_new(o, req->bucket, req->key, req->size, arena, err);
    if (!c)
        return err->code;
    c->checksum = req->checksum;
    c->result = req->result;
    c->number = req->number;
    c->upload_id = ol_arena_copy(arena, req->upload_id);
    if (!c->upload_id.data)
        return ol_error_set(err, OL_ENOMEM, "s3 origin: request");
    snprintf(c->number_text, sizeof c->number_text, "%u", (unsigned)req->number);
    c->params[0] = (ol_s3_param){"partNumber", ol_slice_cstr(c->number_text)};
    c->params[1] = (ol_s3_param){"uploadId", c->upload_id};
    c->param_count = 2;
    *config = c;
    *ops = &ol_s3_put_ops;
    ol_s3_encryption encryption = {0};
    int rc = ol_s3_encryption_of_key(c->origin, req->customer_key, false, arena, &encryption, err);
    add_encryption(c, &encryption, true);
    return rc;
}
