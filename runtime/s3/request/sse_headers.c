/* SPDX-License-Identifier: MIT */
#include "s3/request/sse_headers.h"

#include <openssl/evp.h>

#include "base/alloc.h"
#include "base/encode.h"

#define SSE "x-amz-server-side-encryption"
#define COPY_SSE "x-amz-copy-source-server-side-encryption"
#define MD5_BYTES 16
#define CONTEXT_TEXT_BYTES_MAX 16384u
#define KEY_ID_BYTES_MAX 2048u

/* ---- names ---- */

static const char *const methods[] = {"", "AES256", "aws:kms", "aws:kms:dsse"};

bool ol_s3_sse_method_parse(ol_slice name, enum ol_s3_sse_method *method)
{
    for (int i = OL_S3_SSE_AES256; i <= OL_S3_SSE_DSSE; i++) {
        if (!ol_slice_eq_cstr(name, methods[i]))
            continue;
        *method = (enum ol_s3_sse_method)i;
        return true;
    }
    return false;
}

const char *ol_s3_sse_method_name(enum ol_s3_sse_method method)
{
    return methods[method];
}

/* ---- errors ---- */

static int wrong(ol_s3_sse_fault *fault, const char *name, ol_slice value, const char *message,
                 ol_error *err)
{
    *fault = (ol_s3_sse_fault){.name = name, .value = value};
    return ol_error_say(err, OL_EINVAL, "%s", message);
}

static int wrong_sse(ol_s3_sse_fault *fault, ol_slice value, const char *message, ol_error *err)
{
    return wrong(fault, SSE, value, message, err);
}

static int needs_kms(ol_s3_sse_fault *fault, ol_error *err)
{
    return wrong_sse(fault, OL_SLICE_NONE,
                     "Server Side Encryption with AWS KMS managed key requires HTTP header "
                     "x-amz-server-side-encryption : aws:kms",
                     err);
}

int ol_s3_sse_bad_context(ol_s3_sse_fault *fault, ol_error *err)
{
    return wrong(fault, SSE "-context", OL_SLICE_NONE,
                 "The header 'x-amz-server-side-encryption-context' shall be Base64-encoded UTF-8 "
                 "string holding JSON which represents a string-string map",
                 err);
}

/* ---- the method ---- */

/* One header at most; *there says whether there is one. */
static int read_once(const ol_headers *headers, const char *name, ol_slice *value, bool *there,
                     ol_s3_sse_fault *fault, ol_error *err)
{
    size_t count = ol_headers_count_of(headers, name);
    *there = count > 0;
    *value = ol_slice_trim(ol_headers_get(headers, name));
    if (count < 2)
        return OL_OK;
    return wrong(fault, name, OL_SLICE_NONE, "A header of encryption was sent more than once.",
                 err);
}

static int read_method(const ol_headers *headers, ol_s3_sse_asked *asked, ol_s3_sse_fault *fault,
                       ol_error *err)
{
    ol_slice value;
    bool there;
    int rc = read_once(headers, SSE, &value, &there, fault, err);
    if (rc != OL_OK || !there)
        return rc;
    if (ol_s3_sse_method_parse(value, &asked->method))
        return OL_OK;
    return wrong_sse(fault, value, "The encryption method specified is not supported", err);
}

static bool is_kms(const ol_s3_sse_asked *asked)
{
    return asked->method == OL_S3_SSE_KMS || asked->method == OL_S3_SSE_DSSE;
}

static int read_key_id(const ol_headers *headers, ol_s3_sse_asked *asked, ol_s3_sse_fault *fault,
                       ol_error *err)
{
    bool there;
    int rc = read_once(headers, SSE "-aws-kms-key-id", &asked->kms_key, &there, fault, err);
    if (rc != OL_OK || !there)
        return rc;
    if (!is_kms(asked))
        return needs_kms(fault, err);
    if (asked->kms_key.len <= KEY_ID_BYTES_MAX)
        return OL_OK;
    return wrong(fault, SSE "-aws-kms-key-id", OL_SLICE_NONE, "The KMS key's name is too long.",
                 err);
}

static int read_context(const ol_headers *headers, ol_arena *arena, ol_s3_sse_asked *asked,
                        ol_s3_sse_fault *fault, ol_error *err)
{
    ol_slice text;
    bool there;
    size_t len;
    int rc = read_once(headers, SSE "-context", &text, &there, fault, err);
    if (rc != OL_OK || !there)
        return rc;
    if (!is_kms(asked))
        return needs_kms(fault, err);
    if (text.len == 0 || text.len > CONTEXT_TEXT_BYTES_MAX)
        return ol_s3_sse_bad_context(fault, err);
    uint8_t *json = ol_arena_alloc(arena, text.len);
    if (!json)
        return ol_error_set(err, OL_ENOMEM, "an encryption context");
    if (ol_base64_decode(text, json, text.len, &len) != OL_OK || len == 0)
        return ol_s3_sse_bad_context(fault, err);
    asked->context = ol_slice_of(json, len);
    return OL_OK;
}

static int read_bucket_key(const ol_headers *headers, ol_s3_sse_asked *asked,
                           ol_s3_sse_fault *fault, ol_error *err)
{
    ol_slice value;
    int rc = read_once(headers, SSE "-bucket-key-enabled", &value, &asked->has_bucket_key, fault,
                       err);
    if (rc != OL_OK || !asked->has_bucket_key)
        return rc;
    asked->bucket_key = ol_slice_ieq(value, OL_SLICE_LIT("true"));
    if (asked->bucket_key || ol_slice_ieq(value, OL_SLICE_LIT("false")))
        return OL_OK;
    return wrong(fault, SSE "-bucket-key-enabled", value,
                 "The value of x-amz-server-side-encryption-bucket-key-enabled must be true or "
                 "false.",
                 err);
}

int ol_s3_sse_read(const ol_headers *headers, ol_arena *arena, ol_s3_sse_asked *asked,
                   ol_s3_sse_fault *fault, ol_error *err)
{
    *asked = (ol_s3_sse_asked){0};
    int rc = read_method(headers, asked, fault, err);
    if (rc == OL_OK)
        rc = read_key_id(headers, asked, fault, err);
    if (rc == OL_OK)
        rc = read_context(headers, arena, asked, fault, err);
    return rc == OL_OK ? read_bucket_key(headers, asked, fault, err) : rc;
}

int ol_s3_sse_refuse(const ol_headers *headers, ol_s3_sse_fault *fault, ol_error *err)
{
    static const char *const names[] = {SSE, SSE "-aws-kms-key-id", SSE "-context",
                                        SSE "-bucket-key-enabled"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (ol_headers_count_of(headers, names[i]) > 0)
            return wrong(fault, names[i], ol_headers_get(headers, names[i]),
                         "x-amz-server-side-encryption header is not supported for this operation.",
                         err);
    return OL_OK;
}

/* ---- a key of the customer's ---- */

typedef struct names {
    const char *algorithm, *key, *md5;
} names;

static const names of_object = {SSE "-customer-algorithm", SSE "-customer-key",
                                SSE "-customer-key-MD5"};
static const names of_source = {COPY_SSE "-customer-algorithm", COPY_SSE "-customer-key",
                                COPY_SSE "-customer-key-MD5"};

static const names *names_of(enum ol_s3_sse_whose whose)
{
    return whose == OL_S3_SSE_OF_SOURCE ? &of_source : &of_object;
}

bool ol_s3_sse_customer_named(const ol_headers *headers, enum ol_s3_sse_whose whose)
{
    const names *all = names_of(whose);
    return ol_headers_count_of(headers, all->algorithm) > 0 ||
           ol_headers_count_of(headers, all->key) > 0 || ol_headers_count_of(headers, all->md5) > 0;
}

typedef struct trio {
    ol_slice algorithm, key, md5;
    bool has_algorithm, has_key, has_md5;
} trio;

static int read_trio(const ol_s3_sse_customer *ask, trio *out, ol_s3_sse_fault *fault,
                     ol_error *err)
{
    const names *all = names_of(ask->whose);
    int rc = read_once(ask->headers, all->algorithm, &out->algorithm, &out->has_algorithm, fault,
                       err);
    if (rc == OL_OK)
        rc = read_once(ask->headers, all->key, &out->key, &out->has_key, fault, err);
    return rc == OL_OK ? read_once(ask->headers, all->md5, &out->md5, &out->has_md5, fault, err)
                       : rc;
}

/* In S3's order. */
static int check_trio(const ol_s3_sse_customer *ask, const trio *given, ol_s3_sse_fault *fault,
                      ol_error *err)
{
    ol_slice none = OL_SLICE_NONE;
    if (!ask->secure)
        return ol_error_say(err, OL_EINVALIDREQUEST,
                            "Requests specifying Server Side Encryption with Customer provided keys "
                            "must be made over a secure connection.");
    ol_slice method = ol_headers_get(ask->headers, SSE);
    if (ask->whose == OL_S3_SSE_OF_OBJECT && method.data)
        return wrong_sse(fault, ol_slice_trim(method),
                         "Server Side Encryption with Customer provided key is incompatible with "
                         "the encryption method specified",
                         err);
    if (!given->has_algorithm)
        return wrong_sse(fault, none,
                         "Requests specifying Server Side Encryption with Customer provided keys "
                         "must provide a valid encryption algorithm.",
                         err);
    if (!ol_slice_eq_cstr(given->algorithm, "AES256"))
        return ol_error_custom(err, OL_EINVAL, 400, OL_SLICE_LIT("InvalidEncryptionAlgorithmError"),
                               OL_SLICE_LIT("The Encryption request you specified is not valid. "
                                            "Supported value: AES256."));
    if (!given->has_key)
        return wrong_sse(fault, none,
                         "Requests specifying Server Side Encryption with Customer provided keys "
                         "must provide an appropriate secret key.",
                         err);
    if (given->has_md5 || !ask->needs_md5)
        return OL_OK;
    return wrong_sse(fault, none,
                     "Requests specifying Server Side Encryption with Customer provided keys must "
                     "provide the client calculated MD5 of the secret key.",
                     err);
}

static int write_md5(const uint8_t digest[MD5_BYTES], char md5[OL_S3_SSE_MD5_SIZE])
{
    ol_buf text;
    ol_buf_init(&text, OL_S3_SSE_MD5_SIZE);
    int rc = ol_base64_encode(&text, ol_slice_of(digest, MD5_BYTES));
    if (rc == OL_OK)
        snprintf(md5, OL_S3_SSE_MD5_SIZE, "%.*s", OL_SLICE_FMT(ol_buf_slice(&text)));
    ol_buf_fini(&text);
    return rc;
}

/* The MD5 comes before the length: a key that was cut on its way is told from a wrong one. */
static int check_key(const trio *given, const uint8_t *key, size_t len,
                     char md5[OL_S3_SSE_MD5_SIZE], ol_s3_sse_fault *fault, ol_error *err)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned digest_len = 0;
    if (EVP_Digest(key, len, digest, &digest_len, EVP_md5(), NULL) != 1)
        return ol_error_set(err, OL_EINTERNAL, "MD5 of a key");
    if (write_md5(digest, md5) != OL_OK)
        return ol_error_set(err, OL_ENOMEM, "MD5 of a key");
    if (given->has_md5 && !ol_slice_eq_cstr(given->md5, md5))
        return wrong_sse(fault, OL_SLICE_NONE,
                         "The calculated MD5 hash of the key did not match the hash that was "
                         "provided.",
                         err);
    if (len == OL_S3_SSE_KEY_BYTES)
        return OL_OK;
    return wrong_sse(fault, OL_SLICE_NONE,
                     "The secret key was invalid for the specified algorithm.", err);
}

static int decode(const trio *given, uint8_t *room, char *md5, ol_s3_sse_fault *fault,
                  ol_error *err)
{
    size_t len = 0;
    if (ol_base64_decode(given->key, room, OL_S3_SSE_KEY_ROOM, &len) != OL_OK)
        return wrong_sse(fault, OL_SLICE_NONE,
                         "The secret key was invalid for the specified algorithm.", err);
    return check_key(given, room, len, md5, fault, err);
}

/* What was received is the request's own memory; nobody reads the header again. */
static void forget_text(const ol_headers *headers, const char *name)
{
    for (size_t i = 0; i < headers->count; i++)
        if (ol_header_name_is(&headers->items[i], name))
            ol_wipe_slice(headers->items[i].value);
}

int ol_s3_sse_customer_read(const ol_s3_sse_customer *ask, uint8_t room[OL_S3_SSE_KEY_ROOM],
                            char md5[OL_S3_SSE_MD5_SIZE], ol_s3_sse_fault *fault, ol_error *err)
{
    trio given;
    *md5 = '\0';
    if (!ol_s3_sse_customer_named(ask->headers, ask->whose))
        return OL_SKIP;
    int rc = read_trio(ask, &given, fault, err);
    if (rc == OL_OK)
        rc = check_trio(ask, &given, fault, err);
    if (rc == OL_OK)
        rc = decode(&given, room, md5, fault, err);
    forget_text(ask->headers, names_of(ask->whose)->key);
    if (rc != OL_OK)
        ol_wipe(room, OL_S3_SSE_KEY_ROOM);
    return rc;
}

void ol_s3_sse_forget_keys(const ol_headers *headers)
{
    forget_text(headers, names_of(OL_S3_SSE_OF_OBJECT)->key);
    forget_text(headers, names_of(OL_S3_SSE_OF_SOURCE)->key);
}
