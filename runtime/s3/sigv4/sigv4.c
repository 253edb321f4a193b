/* SPDX-License-Identifier: MIT */
/*
 * Checks the signature of one request, in its header or its query. Both end up as the same parts
 * (ol_sigv4_authorization), and from there on go one way.
 */
#include "s3/sigv4/sigv4.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/encode.h"
#include "s3/request/query.h"
#include "s3/sigv4/sigv4_private.h"

#define SKEW_MS_TEXT "900000"

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

/* One check on its way. */
typedef struct attempt {
    const ol_http_request *req;
    const ol_sigv4_options *options;
    found headers[FOUND_COUNT];
    ol_sigv4_authorization auth;
    ol_sigv4_canonical canonical;
    char payload_hex[OL_SHA256_HEX_SIZE]; /* of options->body_sha256 */
    ol_sigv4_result *out;
} attempt;

/* ---- where the credentials are ---- */

static int refuse_two(ol_error *err)
{
    return ol_error_say(err, OL_EINVAL,
                        "Only one auth mechanism allowed; only the X-Amz-Algorithm query "
                        "parameter, Signature query string parameter or the Authorization header "
                        "should be specified");
}

static int refuse_v2(const ol_sigv4_options *options, ol_error *err)
{
    if (options->object_lambda)
        return ol_error_say(err, OL_EMISSINGAUTH, "Missing authentication token.");
    return ol_error_say(err, OL_EINVALIDREQUEST,
                        "The authorization mechanism you have provided is not supported. Please "
                        "use AWS4-HMAC-SHA256.");
}

/* OL_OK and the kind of the only mechanism that is there. */
static int find_type(const attempt *a, enum ol_auth_type *type, ol_error *err)
{
    size_t count = a->headers[AUTHORIZATION].count;
    enum ol_query_auth in_query = ol_sigv4_query_kind(a->req->query);
    *type = count > 0 ? OL_AUTH_HEADER : OL_AUTH_ANONYMOUS;
    if (count > 1 || (count == 1 && in_query != OL_QUERY_AUTH_NONE))
        return refuse_two(err);
    if (in_query == OL_QUERY_AUTH_V2)
        return refuse_v2(a->options, err);
    if (in_query == OL_QUERY_AUTH_V4)
        *type = OL_AUTH_QUERY;
    return OL_OK;
}

/* ---- what the signature must cover ---- */

static int not_signed(const attempt *a, ol_slice name, ol_error *err)
{
    char lower[100];
    name = ol_slice_first(name, sizeof lower);
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = name.data[i];
        lower[i] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
    }
    ol_sigv4_note(a->options, "HeadersNotSigned", ol_slice_of(lower, name.len));
    return ol_error_say(err, OL_EACCESS,
                        "There were headers present in the request which were not signed: %.*s",
                        (int)name.len, lower);
}

/* AWS refuses x-amz-* headers that nobody signed: on the way, anybody could have added them. */
static int check_signed_headers(const attempt *a, const ol_sigv4_wording *wording, ol_error *err)
{
    if (!ol_sigv4_is_signed(&a->auth, OL_SLICE_LIT("host")))
        return ol_error_say(err, wording->code, "%s'host' must be one of the SignedHeaders.",
                            wording->lead);
    for (size_t i = 0; i < a->req->headers.count; i++) {
        ol_slice name = a->req->headers.items[i].name;
        if (name.len < 6 || (name.data[0] | 0x20) != 'x' ||
            !ol_slice_ieq(ol_slice_first(name, 6), OL_SLICE_LIT("x-amz-")))
            continue;
        if (!ol_sigv4_is_signed(&a->auth, name))
            return not_signed(a, name, err);
    }
    return OL_OK;
}

/* ---- the payload ---- */

static int read_payload(attempt *a, ol_slice text, ol_error *err)
{
    a->canonical.payload = text;
    if (ol_sigv4_payload_parse(text, a->out))
        return OL_OK;
    if (ol_slice_starts(text, OL_SLICE_LIT("STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD")))
        return ol_error_say(err, OL_ENOTIMPLEMENTED,
                            "AWS4-ECDSA-P256-SHA256 payload signatures are not implemented.");
    ol_sigv4_note(a->options, "ArgumentName", OL_SLICE_LIT("x-amz-content-sha256"));
    ol_sigv4_note(a->options, "ArgumentValue", ol_slice_first(text, 200));
    return ol_error_say(err, OL_EINVAL,
                        "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, "
                        "STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, "
                        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value.");
}

/* The digest of the body is known already; what is signed over is that. */
static int read_known_payload(attempt *a, ol_error *err)
{
    ol_slice known = ol_slice_of(a->payload_hex, 64);
    ol_hex_encode(a->options->body_sha256, OL_SHA256_BYTES, a->payload_hex);
    if (a->headers[PAYLOAD].count > 0 && !ol_slice_ieq(a->headers[PAYLOAD].value, known))
        return ol_error_set(err, OL_ESHA256MISMATCH, NULL);
    return read_payload(a, known, err);
}

static int read_payload_header(attempt *a, ol_error *err)
{
    const found *header = &a->headers[PAYLOAD];
    if (a->options->body_sha256)
        return read_known_payload(a, err);
    if (header->count == 1)
        return read_payload(a, header->value, err);
    return ol_error_say(err, OL_EINVALIDREQUEST, "%s required header for this request: %s",
                        header->count == 0 ? "Missing" : "More than one", "x-amz-content-sha256");
}

/* ---- when it was made ---- */

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

static void note_time(const ol_sigv4_options *options, const char *name, int64_t wall_ms)
{
    char text[OL_ISO8601_SIZE];
    ol_clock_iso8601(wall_ms, text);
    ol_sigv4_note(options, name, ol_slice_cstr(text));
}

static int check_skew(const attempt *a, ol_error *err)
{
    int64_t skew_ms = a->options->now_ms - a->out->signed_ms;
    if (skew_ms <= OL_SIGV4_SKEW_MS_MAX && skew_ms >= -OL_SIGV4_SKEW_MS_MAX)
        return OL_OK;
    ol_sigv4_note(a->options, "RequestTime", ol_slice_cstr(a->out->amz_date));
    note_time(a->options, "ServerTime", a->options->now_ms);
    ol_sigv4_note(a->options, "MaxAllowedSkewMilliseconds", OL_SLICE_LIT(SKEW_MS_TEXT));
    return ol_error_set(err, OL_ESKEW, "request time %s, skew %lld ms", a->out->amz_date,
                        (long long)skew_ms);
}

static int check_lifetime(const attempt *a, uint32_t expires_s, ol_error *err)
{
    char seconds[16];
    ol_buf text;
    int64_t now_ms = a->options->now_ms;
    a->out->expires_ms = a->out->signed_ms + 1000 * (int64_t)expires_s;
    if (now_ms < a->out->signed_ms - OL_SIGV4_SKEW_MS_MAX)
        return ol_error_say(err, OL_EACCESS, "Request is not valid yet");
    if (now_ms < a->out->expires_ms)
        return OL_OK;
    ol_buf_init_fixed(&text, seconds, sizeof seconds);
    ol_buf_add_u64(&text, expires_s);
    ol_sigv4_note(a->options, "X-Amz-Expires", ol_buf_slice(&text));
    note_time(a->options, "Expires", a->out->expires_ms);
    note_time(a->options, "ServerTime", now_ms);
    return ol_error_say(err, OL_EACCESS, "Request has expired");
}

/* ---- the signature ---- */

/* The signature that this reading of the request should bear, as hex. */
static int expected_signature(ol_sigv4 *sigv4, const ol_sigv4_canonical *canonical,
                              const ol_hmac_key *key, const char *amz_date,
                              char hex[OL_SHA256_HEX_SIZE], ol_error *err)
{
    char text[OL_SIGV4_STRING_SIZE];
    uint8_t digest[OL_SHA256_BYTES];
    int rc = ol_sigv4_canonical_digest(canonical, &sigv4->scratch, digest, err);
    if (rc != OL_OK)
        return rc;
    size_t len = ol_sigv4_string_to_sign(amz_date, canonical->auth->scope, digest, text);
    ol_hmac_sign(key, ol_slice_of(text, len), digest);
    ol_hex_encode(digest, sizeof digest, hex);
    ol_wipe(digest, sizeof digest);
    return OL_OK;
}

/* Some clients send a path in an encoding of their own ("%7E", "(") and sign it as it stands:
 * that reading is tried second. Both name the same key, so nothing is given away. */
static int check_signature(ol_sigv4 *sigv4, attempt *a, const ol_hmac_key *key, ol_error *err)
{
    bool plain = ol_percent_path_is_plain(a->req->path);
    for (int reading = 0; reading < (plain ? 1 : 2); reading++) {
        a->canonical.raw_path = reading == 1;
        int rc = expected_signature(sigv4, &a->canonical, key, a->out->amz_date,
                                    a->out->seed_signature, err);
        if (rc != OL_OK)
            return rc;
        if (ol_slice_eq_secret(a->auth.signature, ol_slice_of(a->out->seed_signature, 64)))
            return OL_OK;
    }
    ol_sigv4_note_mismatch(sigv4, &a->canonical, a->out->amz_date, a->options);
    return ol_error_set(err, OL_ESIGNATURE, "signature of access key %.*s does not match",
                        OL_SLICE_FMT(a->auth.access_key));
}

/* ---- everything that can be judged without the secret ---- */

static int read_header(attempt *a, ol_error *err)
{
    const ol_sigv4_wording *wording = &ol_sigv4_header_wording;
    int64_t signed_ms = 0;
    int rc = ol_sigv4_authorization_parse(a->headers[AUTHORIZATION].value, &a->auth, err);
    if (rc == OL_OK)
        rc = ol_sigv4_check_scope(&a->auth, a->options, wording, a->out, err);
    if (rc == OL_OK)
        rc = read_payload_header(a, err);
    if (rc == OL_OK)
        rc = read_date(a->headers, &signed_ms, err);
    if (rc == OL_OK)
        rc = ol_sigv4_check_day(&a->auth, signed_ms, a->options, wording, a->out, err);
    if (rc == OL_OK)
        rc = check_skew(a, err);
    if (rc == OL_OK)
        rc = check_signed_headers(a, wording, err);
    return rc;
}

/* The body of a presigned request is nobody's word, unless it was signed too. */
static int read_presigned_payload(attempt *a, const ol_sigv4_presigned *presigned, ol_error *err)
{
    if (a->options->body_sha256)
        return read_known_payload(a, err);
    if (a->headers[PAYLOAD].count > 0 && presigned->content_sha256.data)
        return ol_error_say(err, OL_EINVAL, "x-amz-content-sha256 was given more than once.");
    if (a->headers[PAYLOAD].count > 0)
        return read_payload_header(a, err);
    return read_payload(a, presigned->content_sha256.data ? presigned->content_sha256
                                                          : OL_SLICE_LIT("UNSIGNED-PAYLOAD"),
                        err);
}

static int read_query(attempt *a, ol_error *err)
{
    const ol_sigv4_wording *wording = &ol_sigv4_query_wording;
    ol_sigv4_presigned presigned = {0};
    int rc = ol_sigv4_query_parse(a->req->query, a->options->arena, &a->auth, &presigned, err);
    if (rc == OL_OK)
        rc = ol_sigv4_check_scope(&a->auth, a->options, wording, a->out, err);
    if (rc == OL_OK)
        rc = ol_sigv4_check_day(&a->auth, presigned.signed_ms, a->options, wording, a->out, err);
    if (rc == OL_OK)
        rc = check_lifetime(a, presigned.expires_s, err);
    if (rc == OL_OK)
        rc = check_signed_headers(a, wording, err);
    if (rc == OL_OK)
        rc = read_presigned_payload(a, &presigned, err);
    a->out->token = presigned.token;
    a->canonical.presigned = true;
    return rc;
}

static int take_token(attempt *a, ol_error *err)
{
    const found *header = &a->headers[TOKEN];
    if (header->count > 1 || (header->count == 1 && a->out->token.data))
        return ol_error_say(err, OL_EINVAL, "x-amz-security-token was given more than once.");
    if (header->count == 1)
        a->out->token = header->value.data ? header->value : OL_SLICE_LIT("");
    return OL_OK;
}

static int accept_anonymous(attempt *a, ol_error *err)
{
    enum ol_payload_kind kind;
    if (!a->options->allow_anonymous)
        return ol_error_custom(err, OL_EMISSINGAUTH, 403, OL_SLICE_LIT("AccessDenied"),
                               OL_SLICE_LIT("Access Denied"));
    if (a->headers[PAYLOAD].count == 0)
        return OL_OK;
    int rc = read_payload_header(a, err);
    kind = a->out->payload;
    if (rc == OL_OK &&
        (kind == OL_PAYLOAD_STREAMING_SIGNED || kind == OL_PAYLOAD_STREAMING_SIGNED_TRAILER))
        return ol_error_say(err, OL_EINVALIDREQUEST,
                            "Signed chunks need a request that is signed itself.");
    return rc;
}

static int check_credentials(ol_sigv4 *sigv4, attempt *a, ol_error *err)
{
    const ol_sigv4_key *key = NULL;
    ol_sigv4_found_key found_key;
    int rc = ol_sigv4_find_secret(a->auth.access_key, a->out->token, a->options, &found_key, err);
    if (rc == OL_OK)
        rc = ol_sigv4_find_key(sigv4, &a->auth, found_key.secret, &key, err);
    a->out->owner = found_key.owner;
    ol_wipe(&found_key, sizeof found_key);
    if (rc == OL_OK)
        rc = check_signature(sigv4, a, &key->hmac, err);
    if (rc != OL_OK)
        return rc;
    a->out->access_key = a->auth.access_key;
    a->out->signed_headers = a->auth.signed_headers;
    memcpy(a->out->signing_key, key->bytes, sizeof a->out->signing_key);
    return OL_OK;
}

static int check(ol_sigv4 *sigv4, attempt *a, ol_error *err)
{
    enum ol_auth_type type = OL_AUTH_ANONYMOUS;
    int rc = find_type(a, &type, err);
    if (rc != OL_OK)
        return rc;
    if (type == OL_AUTH_ANONYMOUS)
        return accept_anonymous(a, err);
    a->out->type = type;
    rc = type == OL_AUTH_QUERY ? read_query(a, err) : read_header(a, err);
    if (rc == OL_OK)
        rc = take_token(a, err);
    return rc == OL_OK ? check_credentials(sigv4, a, err) : rc;
}

int ol_sigv4_check(ol_sigv4 *sigv4, const ol_http_request *req, const ol_sigv4_options *options,
                   ol_sigv4_result *out, ol_error *err)
{
    attempt a;
    a.req = req;
    a.options = options;
    a.out = out;
    a.auth.name_count = 0;
    a.canonical = (ol_sigv4_canonical){.req = req, .auth = &a.auth};
    memset(out, 0, sizeof *out);
    find_headers(&req->headers, a.headers);
    int rc = check(sigv4, &a, err);
    if (rc != OL_OK)
        ol_sigv4_result_fini(out);
    return rc;
}
