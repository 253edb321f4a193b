/* SPDX-License-Identifier: MIT */
/*
 * Checks the signature of one request. The order is AWS's: syntax, then date, then the key,
 * then the signature; what the caller may do is decided elsewhere.
 */
#include "s3/sigv4.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/encode.h"
#include "s3/query.h"
#include "s3/sigv4_canonical.h"
#include "s3/sigv4_keys.h"

#define SKEW_MS_MAX (15 * 60 * 1000)

struct ol_sigv4 {
    ol_sigv4_keys *keys;
    ol_buf scratch;
};

int ol_sigv4_new(ol_sigv4 **sigv4)
{
    ol_sigv4 *self = ol_calloc(1, sizeof *self);
    if (!self)
        return OL_ENOMEM;
    self->keys = ol_sigv4_keys_new();
    if (!self->keys) {
        ol_free(self);
        return OL_ENOMEM;
    }
    ol_buf_init(&self->scratch, OL_SIGV4_SCRATCH_BYTES_MAX);
    *sigv4 = self;
    return OL_OK;
}

void ol_sigv4_destroy(ol_sigv4 *sigv4)
{
    if (!sigv4)
        return;
    ol_sigv4_keys_destroy(sigv4->keys);
    ol_buf_fini(&sigv4->scratch);
    ol_free(sigv4);
}

void ol_sigv4_result_fini(ol_sigv4_result *result)
{
    ol_wipe(result, sizeof *result);
}

/* ---- the headers that matter here, found in one pass ---- */

enum { AUTHORIZATION, PAYLOAD, AMZ_DATE, DATE, TOKEN, FOUND_COUNT };

static const ol_slice found_names[FOUND_COUNT] = {
    [AUTHORIZATION] = OL_SLICE_LIT("authorization"),
    [PAYLOAD] = OL_SLICE_LIT("x-amz-content-sha256"),
    [AMZ_DATE] = OL_SLICE_LIT("x-amz-date"),
    [DATE] = OL_SLICE_LIT("date"),
    [TOKEN] = OL_SLICE_LIT("x-amz-security-token"),
};

typedef struct found {
    ol_slice value; /* of the first; trimmed */
    size_t count;
} found;

static void find_headers(const ol_headers *headers, found out[FOUND_COUNT])
{
    memset(out, 0, FOUND_COUNT * sizeof *out);
    for (size_t i = 0; i < headers->count; i++) {
        const ol_header *header = &headers->items[i];
        for (size_t k = 0; k < FOUND_COUNT; k++) {
            if (header->name.len != found_names[k].len ||
                !ol_slice_ieq(header->name, found_names[k]))
                continue;
            if (out[k].count++ == 0)
                out[k].value = ol_slice_trim(header->value);
            break;
        }
    }
}

/* ---- where the credentials are ---- */

enum query_auth { QUERY_AUTH_NONE, QUERY_AUTH_V4, QUERY_AUTH_V2 };

static bool name_is(ol_slice raw, const char *name)
{
    uint8_t decoded[64];
    size_t len;
    if (raw.len > sizeof decoded || !ol_percent_decode(raw, true, decoded, &len))
        return false;
    return ol_slice_ieq(ol_slice_of(decoded, len), ol_slice_cstr(name));
}

static enum query_auth find_query_auth(ol_slice query)
{
    ol_slice name, value;
    while (ol_query_next(&query, &name, &value)) {
        if (name_is(name, "X-Amz-Algorithm") || name_is(name, "X-Amz-Credential") ||
            name_is(name, "X-Amz-Signature"))
            return QUERY_AUTH_V4;
        if (name_is(name, "AWSAccessKeyId"))
            return QUERY_AUTH_V2;
    }
    return QUERY_AUTH_NONE;
}

static int refuse_query_auth(enum query_auth kind, ol_error *err)
{
    if (kind == QUERY_AUTH_V2)
        return ol_error_say(err, OL_EINVALIDREQUEST,
                            "The authorization mechanism you have provided is not supported. "
                            "Please use AWS4-HMAC-SHA256.");
    return ol_error_say(err, OL_ENOTIMPLEMENTED,
                        "Presigned URLs (query-string authentication) are not implemented. Please "
                        "sign with the Authorization header.");
}

/* OL_OK when there is one Authorization header (`count`) and nothing beside it. */
static int check_one_mechanism(const ol_http_request *req, size_t count, ol_error *err)
{
    enum query_auth in_query = find_query_auth(req->query);
    if (count > 1 || (count == 1 && in_query != QUERY_AUTH_NONE))
        return ol_error_say(err, OL_EINVAL,
                            "Only one auth mechanism allowed; only the X-Amz-Algorithm query "
                            "parameter, Signature query string parameter or the Authorization "
                            "header should be specified");
    if (in_query != QUERY_AUTH_NONE)
        return refuse_query_auth(in_query, err);
    if (count == 0)
        return ol_error_custom(err, OL_EMISSINGAUTH, 403, OL_SLICE_LIT("AccessDenied"),
                               OL_SLICE_LIT("Access Denied"));
    return OL_OK;
}

/* ---- what the signature must cover ---- */

/* AWS refuses x-amz-* headers that nobody signed: on the way, anybody could have added them. */
static int check_signed_headers(const ol_http_request *req, const ol_sigv4_authorization *auth,
                                ol_error *err)
{
    if (!ol_sigv4_is_signed(auth, OL_SLICE_LIT("host")))
        return ol_error_say(err, OL_EAUTHHEADER,
                            "The authorization header is malformed; 'host' must be one of the "
                            "SignedHeaders.");
    for (size_t i = 0; i < req->headers.count; i++) {
        ol_slice name = req->headers.items[i].name;
        if (name.len < 6 || (name.data[0] | 0x20) != 'x' ||
            !ol_slice_ieq(ol_slice_first(name, 6), OL_SLICE_LIT("x-amz-")))
            continue;
        if (!ol_sigv4_is_signed(auth, name))
            return ol_error_say(err, OL_EACCESS,
                                "There were headers present in the request which were not "
                                "signed: %.*s",
                                OL_SLICE_FMT(ol_slice_first(name, 100)));
    }
    return OL_OK;
}

static const struct payload_word {
    const char *text;
    enum ol_payload_kind kind;
} payload_words[] = {
    {"UNSIGNED-PAYLOAD", OL_PAYLOAD_UNSIGNED},
    {"STREAMING-AWS4-HMAC-SHA256-PAYLOAD", OL_PAYLOAD_STREAMING_SIGNED},
    {"STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", OL_PAYLOAD_STREAMING_SIGNED_TRAILER},
    {"STREAMING-UNSIGNED-PAYLOAD-TRAILER", OL_PAYLOAD_STREAMING_UNSIGNED_TRAILER},
};

static int parse_payload(const found *header, ol_sigv4_result *out, ol_error *err)
{
    ol_slice text = header->value;
    size_t len;
    if (header->count != 1)
        return ol_error_say(err, OL_EINVALIDREQUEST, "%s required header for this request: %s",
                            header->count == 0 ? "Missing" : "More than one",
                            "x-amz-content-sha256");
    if (text.len == 64 && ol_hex_decode(text, out->sha256, sizeof out->sha256, &len) == OL_OK) {
        out->payload = OL_PAYLOAD_SHA256;
        return OL_OK;
    }
    for (size_t i = 0; i < sizeof payload_words / sizeof payload_words[0]; i++) {
        if (ol_slice_eq_cstr(text, payload_words[i].text)) {
            out->payload = payload_words[i].kind;
            return OL_OK;
        }
    }
    if (ol_slice_starts(text, OL_SLICE_LIT("STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD")))
        return ol_error_say(err, OL_ENOTIMPLEMENTED,
                            "AWS4-ECDSA-P256-SHA256 payload signatures are not implemented.");
    return ol_error_say(err, OL_EINVAL,
                        "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, "
                        "STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, "
                        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value.");
}

/* ---- when and where it was made ---- */

/* x-amz-date decides where it stands, even when it cannot be read. */
static int read_date(const found headers[FOUND_COUNT], int64_t *signed_ms, ol_error *err)
{
    bool amz = headers[AMZ_DATE].count > 0;
    const found *header = &headers[amz ? AMZ_DATE : DATE];
    bool ok = header->count == 1 && (ol_clock_parse_amz_date(header->value, signed_ms) ||
                                     (!amz && ol_clock_parse_http_date(header->value, signed_ms)));
    if (!ok)
        return ol_error_say(err, OL_EACCESS,
                            "AWS authentication requires a valid Date or x-amz-date header");
    return OL_OK;
}

static int check_date(const found headers[FOUND_COUNT], const ol_sigv4_authorization *auth,
                      int64_t now_ms, ol_sigv4_result *out, ol_error *err)
{
    int64_t signed_ms;
    int rc = read_date(headers, &signed_ms, err);
    if (rc != OL_OK)
        return rc;
    ol_clock_amz_date(signed_ms, out->amz_date);
    if (!ol_slice_eq(auth->date, ol_slice_of(out->amz_date, 8)))
        return ol_error_say(err, OL_EAUTHHEADER,
                            "The authorization header is malformed; Invalid credential date "
                            "\"%.*s\". This date is not the same as X-Amz-Date: \"%.8s\".",
                            OL_SLICE_FMT(auth->date), out->amz_date);
    int64_t skew_ms = now_ms - signed_ms;
    if (skew_ms > SKEW_MS_MAX || skew_ms < -SKEW_MS_MAX)
        return ol_error_set(err, OL_ESKEW, "request time %s, skew %lld ms", out->amz_date,
                            (long long)skew_ms);
    return OL_OK;
}

/* The parser has bounded all parts of the scope, so everything fits; the result is zeroed. */
static void copy_text(char *out, ol_slice text)
{
    memcpy(out, text.data, text.len);
}

static int check_scope(const ol_sigv4_authorization *auth, ol_slice region, ol_sigv4_result *out,
                       ol_error *err)
{
    if (!ol_slice_eq_cstr(auth->service, "s3") &&
        !ol_slice_eq_cstr(auth->service, "s3-object-lambda"))
        return ol_error_say(err, OL_EAUTHHEADER,
                            "The authorization header is malformed; incorrect service \"%.*s\". "
                            "This endpoint belongs to \"s3\".",
                            OL_SLICE_FMT(auth->service));
    if (!ol_slice_eq(auth->region, region))
        return ol_error_say(err, OL_EAUTHHEADER,
                            "The authorization header is malformed; the region '%.*s' is wrong; "
                            "expecting '%.*s'",
                            OL_SLICE_FMT(auth->region), OL_SLICE_FMT(region));
    copy_text(out->region, auth->region);
    copy_text(out->service, auth->service);
    copy_text(out->scope, auth->scope);
    return OL_OK;
}

/* ---- the signature ---- */

static size_t append(char *out, size_t at, const void *text, size_t len)
{
    memcpy(out + at, text, len);
    return at + len;
}

/* The signature that this reading of the request should bear, as hex. */
static int expected_signature(ol_sigv4 *sigv4, const ol_sigv4_canonical *canonical,
                              const ol_hmac_key *key, const ol_sigv4_result *result,
                              char hex[OL_SHA256_HEX_SIZE], ol_error *err)
{
    static const char algorithm[] = "AWS4-HMAC-SHA256\n";
    char text[sizeof algorithm + sizeof result->amz_date + sizeof result->scope +
              OL_SHA256_HEX_SIZE + 2];
    uint8_t digest[OL_SHA256_BYTES];
    int rc = ol_sigv4_canonical_digest(canonical, &sigv4->scratch, digest, err);
    if (rc != OL_OK)
        return rc;
    size_t len = append(text, 0, algorithm, sizeof algorithm - 1);
    len = append(text, len, result->amz_date, 16);
    text[len++] = '\n';
    len = append(text, len, canonical->auth->scope.data, canonical->auth->scope.len);
    text[len++] = '\n';
    ol_hex_encode(digest, sizeof digest, text + len);
    len += 2 * sizeof digest;
    ol_hmac_sign(key, ol_slice_of(text, len), digest);
    ol_hex_encode(digest, sizeof digest, hex);
    ol_wipe(digest, sizeof digest);
    return OL_OK;
}

/* Some clients send a path in an encoding of their own ("%7E", "(") and sign it as it stands:
 * that reading is tried second. Both name the same key, so nothing is given away. */
static int check_signature(ol_sigv4 *sigv4, ol_sigv4_canonical *canonical, const ol_hmac_key *key,
                           ol_sigv4_result *out, ol_error *err)
{
    ol_slice given = canonical->auth->signature;
    bool plain = ol_percent_path_is_plain(canonical->req->path);
    for (int reading = 0; reading < (plain ? 1 : 2); reading++) {
        canonical->raw_path = reading == 1;
        int rc = expected_signature(sigv4, canonical, key, out, out->seed_signature, err);
        if (rc != OL_OK)
            return rc;
        if (ol_slice_eq_secret(given, ol_slice_of(out->seed_signature, 64)))
            return OL_OK;
    }
    return ol_error_set(err, OL_ESIGNATURE, "signature of access key %.*s does not match",
                        OL_SLICE_FMT(canonical->auth->access_key));
}

static int find_key(ol_sigv4 *sigv4, const ol_sigv4_authorization *auth, ol_slice secret,
                    const ol_sigv4_key **key, ol_error *err)
{
    if (secret.len == 0)
        return ol_error_set(err, OL_EACCESSKEY, "unknown access key %.*s",
                            OL_SLICE_FMT(auth->access_key));
    const ol_sigv4_key_of of = {
        .access_key = auth->access_key,
        .secret = secret,
        .date = auth->date,
        .region = auth->region,
        .service = auth->service,
        .scope = auth->scope,
    };
    *key = ol_sigv4_keys_get(sigv4->keys, &of);
    if (!*key)
        return ol_error_set(err, OL_EINTERNAL, "the secret of access key %.*s is too long",
                            OL_SLICE_FMT(auth->access_key));
    return OL_OK;
}

/* Only long-lived keys exist here, and those come without a token. */
static int check_token(const found *header, ol_error *err)
{
    if (header->count == 0)
        return OL_OK;
    return ol_error_custom(err, OL_EINVAL, 400, OL_SLICE_LIT("InvalidToken"),
                           OL_SLICE_LIT("The provided token is malformed or otherwise invalid."));
}

/* Everything that can be judged without the secret. */
static int check_shape(const ol_http_request *req, int64_t now_ms, ol_slice region,
                       ol_sigv4_canonical *canonical, ol_sigv4_authorization *auth,
                       ol_sigv4_result *out, ol_error *err)
{
    found headers[FOUND_COUNT];
    find_headers(&req->headers, headers);
    int rc = check_one_mechanism(req, headers[AUTHORIZATION].count, err);
    if (rc == OL_OK)
        rc = ol_sigv4_authorization_parse(headers[AUTHORIZATION].value, auth, err);
    if (rc == OL_OK)
        rc = check_scope(auth, region, out, err);
    if (rc == OL_OK)
        rc = parse_payload(&headers[PAYLOAD], out, err);
    if (rc == OL_OK)
        rc = check_date(headers, auth, now_ms, out, err);
    if (rc == OL_OK)
        rc = check_signed_headers(req, auth, err);
    if (rc == OL_OK)
        rc = check_token(&headers[TOKEN], err);
    canonical->payload = headers[PAYLOAD].value;
    return rc;
}

int ol_sigv4_check(ol_sigv4 *sigv4, const ol_http_request *req, int64_t now_ms, ol_slice region,
                   ol_sigv4_secret_fn secret, void *arg, ol_sigv4_result *out, ol_error *err)
{
    ol_sigv4_authorization auth;
    const ol_sigv4_key *key = NULL;
    ol_sigv4_canonical canonical = {.req = req, .auth = &auth};
    memset(out, 0, sizeof *out);
    int rc = check_shape(req, now_ms, region, &canonical, &auth, out, err);
    if (rc == OL_OK)
        rc = find_key(sigv4, &auth, secret(arg, auth.access_key), &key, err);
    if (rc == OL_OK)
        rc = check_signature(sigv4, &canonical, &key->hmac, out, err);
    if (rc != OL_OK) {
        ol_sigv4_result_fini(out);
        return rc;
    }
    out->access_key = auth.access_key;
    memcpy(out->signing_key, key->bytes, sizeof out->signing_key);
    return OL_OK;
}
