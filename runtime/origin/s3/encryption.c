/* SPDX-License-Identifier: MIT */
#include "origin/s3/encryption.h"

#include <openssl/evp.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/encode.h"
#include "s3/request/sse_headers.h"

#define SSE "x-amz-server-side-encryption"
#define COPY_SSE "x-amz-copy-source-server-side-encryption"
#define BASE64_KEY_SIZE 45

static void add(ol_s3_encryption *out, const char *name, ol_slice value)
{
    out->headers[out->count++] = (ol_header){ol_slice_cstr(name), value};
}

/* ---- a key of the customer's ---- */

typedef struct key_texts {
    char key[BASE64_KEY_SIZE], md5[OL_S3_SSE_MD5_SIZE];
} key_texts;

static void wipe_texts(void *arg)
{
    ol_wipe(arg, sizeof(key_texts));
}

/* EVP's own encoder writes where it is told: no buffer in between keeps a copy. */
static int write_texts(const uint8_t *key, key_texts *texts, ol_error *err)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    if (EVP_Digest(key, OL_SSE_KEY_BYTES, digest, &len, EVP_md5(), NULL) != 1)
        return ol_error_set(err, OL_EINTERNAL, "s3 origin: MD5 of a key");
    EVP_EncodeBlock((unsigned char *)texts->key, key, OL_SSE_KEY_BYTES);
    EVP_EncodeBlock((unsigned char *)texts->md5, digest, (int)len);
    return OL_OK;
}

int ol_s3_encryption_of_key(const ol_s3_origin *origin, const uint8_t *key, bool of_source,
                            ol_arena *arena, ol_s3_encryption *out, ol_error *err)
{
    if (!key)
        return OL_OK;
    if (!origin->tls)
        return ol_error_say(err, OL_EINVALIDREQUEST,
                            "The service that holds the object is not reached over TLS: a "
                            "customer's key is not sent there.");
    key_texts *texts = ol_arena_calloc(arena, sizeof *texts);
    if (!texts || ol_arena_on_end(arena, wipe_texts, texts) != OL_OK)
        return ol_error_set(err, OL_ENOMEM, "s3 origin: a customer's key");
    int rc = write_texts(key, texts, err);
    if (rc != OL_OK)
        return rc;
    add(out, of_source ? COPY_SSE "-customer-algorithm" : SSE "-customer-algorithm",
        OL_SLICE_LIT("AES256"));
    add(out, of_source ? COPY_SSE "-customer-key" : SSE "-customer-key", ol_slice_cstr(texts->key));
    add(out, of_source ? COPY_SSE "-customer-key-md5" : SSE "-customer-key-md5",
        ol_slice_cstr(texts->md5));
    return OL_OK;
}

/* ---- what is written ---- */

static const enum ol_s3_sse_method methods[] = {
    [OL_SSE_S3] = OL_S3_SSE_AES256, [OL_SSE_KMS] = OL_S3_SSE_KMS, [OL_SSE_DSSE] = OL_S3_SSE_DSSE};

static int add_context(const ol_sse *sse, ol_arena *arena, ol_s3_encryption *out, ol_error *err)
{
    if (sse->context.len == 0)
        return OL_OK;
    char *text = ol_arena_alloc(arena, (sse->context.len + 2) / 3 * 4 + 1);
    if (!text)
        return ol_error_set(err, OL_ENOMEM, "s3 origin: encryption context");
    EVP_EncodeBlock((unsigned char *)text, sse->context.data, (int)sse->context.len);
    add(out, SSE "-context", ol_slice_cstr(text));
    return OL_OK;
}

int ol_s3_encryption_of_write(const ol_s3_origin *origin, const ol_sse *sse, ol_arena *arena,
                              ol_s3_encryption *out, ol_error *err)
{
    if (!sse || sse->mode == OL_SSE_NONE)
        return OL_OK;
    if (sse->mode == OL_SSE_C)
        return ol_s3_encryption_of_key(origin, sse->customer_key, false, arena, out, err);
    add(out, SSE, ol_slice_cstr(ol_s3_sse_method_name(methods[sse->mode])));
    if (sse->kms_key.len > 0) {
        ol_slice copy = ol_arena_copy(arena, sse->kms_key);
        if (!copy.data)
            return ol_error_set(err, OL_ENOMEM, "s3 origin: a KMS key's name");
        add(out, SSE "-aws-kms-key-id", copy);
    }
    if (sse->bucket_key && sse->mode == OL_SSE_KMS)
        add(out, SSE "-bucket-key-enabled", OL_SLICE_LIT("true"));
    return add_context(sse, arena, out, err);
}

/* ---- answers ---- */

enum ol_sse_mode ol_s3_encryption_mode(const ol_headers *headers)
{
    enum ol_s3_sse_method method;
    if (ol_headers_get(headers, SSE "-customer-algorithm").data)
        return OL_SSE_C;
    if (!ol_s3_sse_method_parse(ol_slice_trim(ol_headers_get(headers, SSE)), &method))
        return OL_SSE_NONE;
    return method == OL_S3_SSE_AES256 ? OL_SSE_S3
           : method == OL_S3_SSE_KMS  ? OL_SSE_KMS
                                      : OL_SSE_DSSE;
}

void ol_s3_encryption_result(const ol_headers *headers, ol_put_result *result)
{
    ol_slice key = ol_headers_get(headers, SSE "-aws-kms-key-id");
    result->sse = ol_s3_encryption_mode(headers);
    snprintf(result->sse_key, sizeof result->sse_key, "%.*s", OL_SLICE_FMT(key));
    result->sse_bucket_key = ol_slice_ieq(ol_headers_get(headers, SSE "-bucket-key-enabled"),
                                          OL_SLICE_LIT("true"));
}
