/* SPDX-License-Identifier: MIT */
/*
 * Signing builds the request as the receiver will read it and hands it to the writer that the
 * check uses.
 */
#include "s3/sigv4/sigv4_sign.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/encode.h"
#include "s3/request/query.h"
#include "s3/sigv4/sigv4_private.h"

#define SIGNED_HEADERS_BYTES_MAX 4096
#define CHUNK_TEXT_SIZE 512

typedef struct signer {
    ol_sigv4 *sigv4;
    const ol_sigv4_signing *in;
    char amz_date[OL_AMZ_DATE_SIZE];
    char scope[96];
    char signed_headers[SIGNED_HEADERS_BYTES_MAX];
    ol_sigv4_authorization auth;
    char signature[OL_SHA256_HEX_SIZE];
} signer;

static int refuse(ol_error *err, const char *what)
{
    return ol_error_set(err, OL_EINVAL, "a request cannot be signed: %s", what);
}

static bool is_scope_word(ol_slice text)
{
    return text.len > 0 && ol_slice_find(text, '/') < 0 && ol_slice_find(text, ',') < 0 &&
           ol_slice_find(text, ' ') < 0;
}

static int begin(signer *s, ol_sigv4 *sigv4, const ol_sigv4_signing *in, ol_error *err)
{
    const ol_sigv4_credentials *who = in->credentials;
    ol_slice service = in->service.len > 0 ? in->service : OL_SLICE_LIT("s3");
    s->sigv4 = sigv4;
    s->in = in;
    s->auth.name_count = 0;
    if (who->access_key.len == 0 || who->access_key.len > OL_ACCESS_KEY_BYTES_MAX ||
        who->secret_key.len == 0 || who->secret_key.len > OL_SECRET_KEY_BYTES_MAX)
        return refuse(err, "the access key or its secret is empty or too long");
    if (!is_scope_word(in->region) || in->region.len > 31 || !is_scope_word(service) ||
        service.len > 23 || in->host.len == 0)
        return refuse(err, "region, service or host");
    ol_clock_amz_date(in->now_ms, s->amz_date);
    ol_buf scope;
    ol_buf_init_fixed(&scope, s->scope, sizeof s->scope);
    /* 8 + 31 + 23 bytes, 3 slashes and the end: always fits. */
    ol_buf_add(&scope, ol_slice_of(s->amz_date, 8));
    ol_buf_add_byte(&scope, '/');
    ol_buf_add(&scope, in->region);
    ol_buf_add_byte(&scope, '/');
    ol_buf_add(&scope, service);
    ol_buf_add(&scope, OL_SLICE_LIT("/aws4_request"));
    ol_buf_cstr(&scope); /* chunks are signed with it as a string */
    s->auth.access_key = who->access_key;
    s->auth.scope = ol_buf_slice(&scope);
    s->auth.date = ol_slice_first(s->auth.scope, 8);
    s->auth.region = ol_slice_of(s->scope + 9, in->region.len);
    s->auth.service = ol_slice_of(s->scope + 10 + in->region.len, service.len);
    return OL_OK;
}

/* ---- which headers ---- */

static bool is_signed_name(ol_slice name)
{
    return ol_slice_ieq(ol_slice_first(name, 6), OL_SLICE_LIT("x-amz-")) ||
           ol_slice_ieq(name, OL_SLICE_LIT("host")) ||
           ol_slice_ieq(name, OL_SLICE_LIT("content-type")) ||
           ol_slice_ieq(name, OL_SLICE_LIT("content-md5")) ||
           ol_slice_ieq(name, OL_SLICE_LIT("range"));
}

static int compare_names(const void *a, const void *b)
{
    return ol_slice_cmp(*(const ol_slice *)a, *(const ol_slice *)b);
}

/* Lower-case copies of the names, sorted, each once; then joined into one list. */
static int choose_headers(signer *s, const ol_headers *headers, ol_error *err)
{
    char lower[SIGNED_HEADERS_BYTES_MAX];
    ol_slice names[OL_HTTP_HEADERS_MAX];
    size_t count = 0, used = 0;
    for (size_t i = 0; i < headers->count; i++) {
        ol_slice name = headers->items[i].name;
        if (!is_signed_name(name))
            continue;
        if (count == OL_HTTP_HEADERS_MAX || name.len > sizeof lower - used)
            return ol_error_set(err, OL_ELIMIT, "too many headers to sign");
        for (size_t k = 0; k < name.len; k++) {
            uint8_t c = name.data[k];
            lower[used + k] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
        }
        names[count++] = ol_slice_of(lower + used, name.len);
        used += name.len;
    }
    qsort(names, count, sizeof names[0], compare_names);
    ol_buf list;
    int rc = OL_OK;
    ol_buf_init_fixed(&list, s->signed_headers, sizeof s->signed_headers);
    for (size_t i = 0; i < count && rc == OL_OK; i++) {
        if (i > 0 && ol_slice_eq(names[i], names[i - 1]))
            continue;
        if (list.len > 0)
            rc = ol_buf_add_byte(&list, ';');
        if (rc == OL_OK)
            rc = ol_buf_add(&list, names[i]);
    }
    if (rc != OL_OK)
        return ol_error_set(err, OL_ELIMIT, "too many headers to sign");
    return ol_sigv4_signed_headers_parse(ol_buf_slice(&list), &ol_sigv4_header_wording, &s->auth,
                                         err);
}

/* ---- the signature ---- */

static int sign(signer *s, const ol_headers *headers, ol_slice query, ol_slice payload,
                ol_sigv4_result *chunks, ol_error *err)
{
    ol_http_request req = {
        .method_text = s->in->method,
        .path = s->in->path,
        .query = query,
        .host = s->in->host,
        .headers = *headers,
    };
    const ol_sigv4_canonical canonical = {.req = &req, .auth = &s->auth, .payload = payload};
    const ol_sigv4_key *key = NULL;
    char text[OL_SIGV4_STRING_SIZE];
    uint8_t digest[OL_SHA256_BYTES];
    int rc = ol_sigv4_find_key(s->sigv4, &s->auth, s->in->credentials->secret_key, &key, err);
    if (rc == OL_OK)
        rc = ol_sigv4_canonical_digest(&canonical, &s->sigv4->scratch, digest, err);
    if (rc != OL_OK)
        return rc;
    size_t len = ol_sigv4_string_to_sign(s->amz_date, s->auth.scope, digest, text);
    ol_hmac_sign(&key->hmac, ol_slice_of(text, len), digest);
    ol_hex_encode(digest, sizeof digest, s->signature);
    if (!chunks)
        return OL_OK;
    memset(chunks, 0, sizeof *chunks);
    ol_sigv4_payload_parse(payload, chunks);
    memcpy(chunks->signing_key, key->bytes, sizeof chunks->signing_key);
    memcpy(chunks->seed_signature, s->signature, sizeof chunks->seed_signature);
    memcpy(chunks->scope, s->scope, sizeof chunks->scope);
    memcpy(chunks->amz_date, s->amz_date, sizeof chunks->amz_date);
    return OL_OK;
}

static int put_header(ol_headers *headers, const char *name, ol_slice value, ol_error *err)
{
    int rc = ol_headers_set(headers, ol_slice_cstr(name), value);
    return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "header %s", name);
}

static int put_known_headers(signer *s, ol_headers *headers, ol_error *err)
{
    ol_slice token = s->in->credentials->token;
    int rc = put_header(headers, "host", s->in->host, err);
    if (rc == OL_OK)
        rc = put_header(headers, "x-amz-date", ol_slice_cstr(s->amz_date), err);
    if (rc == OL_OK)
        rc = put_header(headers, "x-amz-content-sha256", s->in->payload, err);
    if (rc == OL_OK && token.len > 0)
        rc = put_header(headers, "x-amz-security-token", token, err);
    return rc;
}

static int write_authorization(const signer *s, ol_buf *out)
{
    const ol_slice pieces[] = {
        OL_SLICE_LIT("AWS4-HMAC-SHA256 Credential="),
        s->auth.access_key,
        OL_SLICE_LIT("/"),
        s->auth.scope,
        OL_SLICE_LIT(", SignedHeaders="),
        s->auth.signed_headers,
        OL_SLICE_LIT(", Signature="),
        ol_slice_of(s->signature, OL_SHA256_HEX_SIZE - 1),
    };
    int rc = OL_OK;
    for (size_t i = 0; rc == OL_OK && i < sizeof pieces / sizeof pieces[0]; i++)
        rc = ol_buf_add(out, pieces[i]);
    return rc;
}

int ol_sigv4_sign(ol_sigv4 *sigv4, const ol_sigv4_signing *signing, ol_headers *headers,
                  ol_sigv4_result *chunks, ol_error *err)
{
    signer s;
    char text[SIGNED_HEADERS_BYTES_MAX + 512];
    ol_buf value;
    int rc = begin(&s, sigv4, signing, err);
    if (rc == OL_OK)
        rc = put_known_headers(&s, headers, err);
    if (rc == OL_OK)
        rc = choose_headers(&s, headers, err);
    if (rc == OL_OK)
        rc = sign(&s, headers, signing->query, signing->payload, chunks, err);
    if (rc != OL_OK)
        return rc;
    ol_buf_init_fixed(&value, text, sizeof text);
    rc = write_authorization(&s, &value);
    if (rc != OL_OK)
        return ol_error_set(err, rc, "the Authorization header");
    return put_header(headers, "authorization", ol_buf_slice(&value), err);
}

/* ---- presigned URLs ---- */

static int add_param(ol_buf *query, const char *name, ol_slice value)
{
    int rc = ol_buf_addf(query, "%s%s=", query->len > 0 ? "&" : "", name);
    return rc == OL_OK ? ol_uri_encode(query, value, false) : rc;
}

static int build_query(const signer *s, uint32_t expires_s, ol_buf *query)
{
    char credential[OL_ACCESS_KEY_BYTES_MAX + sizeof s->scope + 2];
    char expires[16];
    ol_buf text;
    ol_buf_init_fixed(&text, credential, sizeof credential);
    int rc = ol_buf_addf(&text, "%.*s/%s", OL_SLICE_FMT(s->auth.access_key), s->scope);
    ol_slice whole = ol_buf_slice(&text);
    ol_buf_init_fixed(&text, expires, sizeof expires);
    ol_buf_add_u64(&text, expires_s);
    if (rc == OL_OK)
        rc = ol_buf_add(query, s->in->query);
    if (rc == OL_OK)
        rc = add_param(query, "X-Amz-Algorithm", OL_SLICE_LIT("AWS4-HMAC-SHA256"));
    if (rc == OL_OK)
        rc = add_param(query, "X-Amz-Credential", whole);
    if (rc == OL_OK)
        rc = add_param(query, "X-Amz-Date", ol_slice_cstr(s->amz_date));
    if (rc == OL_OK)
        rc = add_param(query, "X-Amz-Expires", ol_buf_slice(&text));
    if (rc == OL_OK && s->in->credentials->token.len > 0)
        rc = add_param(query, "X-Amz-Security-Token", s->in->credentials->token);
    if (rc == OL_OK)
        rc = add_param(query, "X-Amz-SignedHeaders", OL_SLICE_LIT("host"));
    return rc;
}

static int presign(signer *s, uint32_t expires_s, ol_buf *query, ol_buf *out, ol_error *err)
{
    static const ol_headers no_headers;
    int rc = build_query(s, expires_s, query);
    if (rc != OL_OK)
        return ol_error_set(err, rc, "the query of a presigned URL");
    rc = ol_sigv4_signed_headers_parse(OL_SLICE_LIT("host"), &ol_sigv4_header_wording, &s->auth,
                                       err);
    if (rc == OL_OK)
        rc = sign(s, &no_headers, ol_buf_slice(query), OL_SLICE_LIT(OL_SIGV4_UNSIGNED_PAYLOAD),
                  NULL, err);
    if (rc != OL_OK)
        return rc;
    rc = ol_buf_add(out, s->in->path);
    if (rc == OL_OK)
        rc = ol_buf_add_byte(out, '?');
    if (rc == OL_OK)
        rc = ol_buf_add(out, ol_buf_slice(query));
    if (rc == OL_OK)
        rc = ol_buf_addf(out, "&X-Amz-Signature=%s", s->signature);
    return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "a presigned URL");
}

int ol_sigv4_presign(ol_sigv4 *sigv4, const ol_sigv4_signing *signing, uint32_t expires_s,
                     ol_buf *out, ol_error *err)
{
    signer s;
    ol_buf query;
    if (expires_s == 0 || expires_s > OL_SIGV4_EXPIRES_S_MAX)
        return refuse(err, "a presigned URL lasts 1 to 604800 seconds");
    int rc = begin(&s, sigv4, signing, err);
    if (rc != OL_OK)
        return rc;
    ol_buf_init_secret(&query, OL_HTTP_URL_BYTES_MAX);
    rc = presign(&s, expires_s, &query, out, err);
    ol_buf_fini(&query);
    return rc;
}

/* ---- chunks ---- */

static void sign_text(const ol_sigv4_result *chunks, const char *text, size_t len,
                      char previous[OL_SHA256_HEX_SIZE])
{
    uint8_t digest[OL_SHA256_BYTES];
    ol_hmac_sha256(ol_slice_of(chunks->signing_key, sizeof chunks->signing_key),
                   ol_slice_of(text, len), digest);
    ol_hex_encode(digest, sizeof digest, previous);
}

static void sign_link(const ol_sigv4_result *chunks, const char *kind, const char *middle,
                      const uint8_t sha256[OL_SHA256_BYTES], char previous[OL_SHA256_HEX_SIZE])
{
    char text[CHUNK_TEXT_SIZE], hex[OL_SHA256_HEX_SIZE];
    ol_buf out;
    ol_hex_encode(sha256, OL_SHA256_BYTES, hex);
    ol_buf_init_fixed(&out, text, sizeof text);
    ol_buf_addf(&out, "%s\n%s\n%s\n%s\n%s%s", kind, chunks->amz_date, chunks->scope, previous,
                middle, hex); /* 31 + 16 + 95 + 3 * 64 bytes and line feeds: always fits */
    sign_text(chunks, text, out.len, previous);
}

void ol_sigv4_sign_chunk(const ol_sigv4_result *chunks, char previous[65],
                         const uint8_t chunk_sha256[32])
{
    sign_link(chunks, "AWS4-HMAC-SHA256-PAYLOAD", OL_SIGV4_EMPTY_SHA256 "\n", chunk_sha256,
              previous);
}

void ol_sigv4_sign_trailer(const ol_sigv4_result *chunks, char previous[65],
                           const uint8_t trailer_sha256[32])
{
    sign_link(chunks, "AWS4-HMAC-SHA256-TRAILER", "", trailer_sha256, previous);
}
