/* SPDX-License-Identifier: MIT */
/* The X-Amz-* parameters of a presigned URL. */
#include "base/clock.h"
#include "s3/request/params.h"
#include "s3/request/query.h"
#include "s3/sigv4/sigv4_private.h"
#include "s3/sigv4/sigv4_sign.h"

const ol_sigv4_wording ol_sigv4_query_wording = {
    OL_EAUTHQUERY, "Error parsing the X-Amz-Credential parameter; "};

enum { ALGORITHM, CREDENTIAL, DATE, EXPIRES, HEADERS, SIGNATURE, REQUIRED, TOKEN = REQUIRED,
       CONTENT_SHA256, PART_COUNT };

static const char *const part_names[PART_COUNT] = {
    [ALGORITHM] = "X-Amz-Algorithm",     [CREDENTIAL] = "X-Amz-Credential",
    [DATE] = "X-Amz-Date",               [EXPIRES] = "X-Amz-Expires",
    [HEADERS] = "X-Amz-SignedHeaders",   [SIGNATURE] = "X-Amz-Signature",
    [TOKEN] = "X-Amz-Security-Token",    [CONTENT_SHA256] = "X-Amz-Content-Sha256",
};

static bool name_is(ol_slice raw, const char *name)
{
    uint8_t decoded[64];
    size_t len;
    if (raw.len > sizeof decoded || !ol_percent_decode(raw, true, decoded, &len))
        return false;
    return ol_slice_ieq(ol_slice_of(decoded, len), ol_slice_cstr(name));
}

enum ol_query_auth ol_sigv4_query_kind(ol_slice query)
{
    enum ol_query_auth kind = OL_QUERY_AUTH_NONE;
    ol_slice name, value;
    while (ol_query_next(&query, &name, &value)) {
        if (name_is(name, "X-Amz-Algorithm") || name_is(name, "X-Amz-Credential") ||
            name_is(name, "X-Amz-Signature"))
            return OL_QUERY_AUTH_V4;
        if (name_is(name, "AWSAccessKeyId"))
            kind = OL_QUERY_AUTH_V2;
    }
    return kind;
}

static int collect(ol_slice query, ol_arena *arena, ol_slice parts[PART_COUNT], ol_error *err)
{
    ol_slice name, value;
    while (ol_query_next(&query, &name, &value)) {
        for (size_t i = 0; i < PART_COUNT; i++) {
            if (!name_is(name, part_names[i]))
                continue;
            if (parts[i].data)
                return ol_error_say(err, OL_EAUTHQUERY, "%s was given more than once.",
                                    part_names[i]);
            if (!value.data)
                value = OL_SLICE_LIT("");
            int rc = ol_s3_decode(value, true, arena, &parts[i], err);
            if (rc != OL_OK)
                return rc;
            break;
        }
    }
    return OL_OK;
}

static int check_complete(const ol_slice parts[PART_COUNT], ol_error *err)
{
    for (size_t i = 0; i < REQUIRED; i++)
        if (!parts[i].data)
            return ol_error_say(err, OL_EAUTHQUERY,
                                "Query-string authentication version 4 requires the "
                                "X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, "
                                "X-Amz-SignedHeaders, and X-Amz-Expires parameters.");
    return OL_OK;
}

static int check_algorithm(ol_slice algorithm, ol_error *err)
{
    if (ol_slice_eq_cstr(algorithm, "AWS4-HMAC-SHA256"))
        return OL_OK;
    if (ol_slice_eq_cstr(algorithm, "AWS4-ECDSA-P256-SHA256"))
        return ol_error_say(err, OL_ENOTIMPLEMENTED,
                            "AWS4-ECDSA-P256-SHA256 is not implemented. Please use "
                            "AWS4-HMAC-SHA256.");
    return ol_error_say(err, OL_EAUTHQUERY,
                        "X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256 and "
                        "AWS4-ECDSA-P256-SHA256\"");
}

static bool is_number(ol_slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
    return text.len > 0;
}

static int read_expires(ol_slice text, uint32_t *expires_s, ol_error *err)
{
    uint64_t number;
    if (text.len > 1 && text.data[0] == '-' && is_number(ol_slice_from(text, 1)))
        return ol_error_say(err, OL_EAUTHQUERY, "X-Amz-Expires must be non-negative");
    if (!is_number(text))
        return ol_error_say(err, OL_EAUTHQUERY, "X-Amz-Expires should be a number");
    if (!ol_slice_u64(text, &number) || number > OL_SIGV4_EXPIRES_S_MAX)
        return ol_error_say(err, OL_EAUTHQUERY,
                            "X-Amz-Expires must be less than a week (in seconds); that is, the "
                            "given X-Amz-Expires must be less than 604800 seconds");
    *expires_s = (uint32_t)number;
    return OL_OK;
}

static int read_date(ol_slice text, int64_t *signed_ms, ol_error *err)
{
    if (ol_clock_parse_amz_date(text, signed_ms))
        return OL_OK;
    return ol_error_say(err, OL_EAUTHQUERY,
                        "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"");
}

int ol_sigv4_query_parse(ol_slice query, ol_arena *arena, ol_sigv4_authorization *auth,
                         ol_sigv4_presigned *out, ol_error *err)
{
    static const ol_sigv4_wording of_headers = {
        OL_EAUTHQUERY, "Error parsing the X-Amz-SignedHeaders parameter; "};
    static const ol_sigv4_wording of_signature = {
        OL_EAUTHQUERY, "Error parsing the X-Amz-Signature parameter; "};
    ol_slice parts[PART_COUNT] = {{NULL, 0}};
    int rc = collect(query, arena, parts, err);
    if (rc == OL_OK)
        rc = check_complete(parts, err);
    if (rc == OL_OK)
        rc = check_algorithm(parts[ALGORITHM], err);
    if (rc == OL_OK)
        rc = ol_sigv4_credential_parse(parts[CREDENTIAL], &ol_sigv4_query_wording, auth, err);
    if (rc == OL_OK)
        rc = read_date(parts[DATE], &out->signed_ms, err);
    if (rc == OL_OK)
        rc = read_expires(parts[EXPIRES], &out->expires_s, err);
    if (rc == OL_OK)
        rc = ol_sigv4_signed_headers_parse(parts[HEADERS], &of_headers, auth, err);
    if (rc == OL_OK)
        rc = ol_sigv4_signature_parse(parts[SIGNATURE], &of_signature, auth, err);
    out->token = parts[TOKEN];
    out->content_sha256 = parts[CONTENT_SHA256];
    return rc;
}
