/* SPDX-License-Identifier: MIT */
/* The steps that headers, presigned URLs and forms have in common. */
#include "base/clock.h"
#include "base/encode.h"
#include "s3/sigv4/sigv4_private.h"

ol_slice ol_auth_type_name(enum ol_auth_type type)
{
    switch (type) {
    case OL_AUTH_HEADER:
        return OL_SLICE_LIT("REST-HEADER");
    case OL_AUTH_QUERY:
        return OL_SLICE_LIT("REST-QUERY-STRING");
    case OL_AUTH_POST:
        return OL_SLICE_LIT("POST");
    default:
        return OL_SLICE_NONE;
    }
}

void ol_sigv4_note(const ol_sigv4_options *options, const char *name, ol_slice value)
{
    if (options->note)
        options->note(options->note_arg, name, value);
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

bool ol_sigv4_payload_parse(ol_slice text, ol_sigv4_result *out)
{
    size_t len;
    if (text.len == 64 && ol_hex_decode(text, out->sha256, sizeof out->sha256, &len) == OL_OK) {
        out->payload = OL_PAYLOAD_SHA256;
        return true;
    }
    for (size_t i = 0; i < sizeof payload_words / sizeof payload_words[0]; i++) {
        if (ol_slice_eq_cstr(text, payload_words[i].text)) {
            out->payload = payload_words[i].kind;
            return true;
        }
    }
    return false;
}

/* ---- when and where it was made ---- */

int ol_sigv4_check_day(const ol_sigv4_authorization *auth, int64_t signed_ms,
                       const ol_sigv4_options *options, const ol_sigv4_wording *wording,
                       ol_sigv4_result *out, ol_error *err)
{
    ol_clock_amz_date(signed_ms, out->amz_date);
    out->signed_ms = signed_ms;
    out->age_ms = options->now_ms > signed_ms ? options->now_ms - signed_ms : 0;
    if (ol_slice_eq(auth->date, ol_slice_of(out->amz_date, 8)))
        return OL_OK;
    return ol_error_say(err, wording->code,
                        "%sInvalid credential date \"%.*s\". This date is not the same as "
                        "X-Amz-Date: \"%.8s\".",
                        wording->lead, OL_SLICE_FMT(auth->date), out->amz_date);
}

static bool is_wanted_service(ol_slice service, unsigned services)
{
    return ((services & OL_SIGV4_S3) && ol_slice_eq_cstr(service, "s3")) ||
           ((services & OL_SIGV4_OBJECT_LAMBDA) && ol_slice_eq_cstr(service, "s3-object-lambda")) ||
           ((services & OL_SIGV4_STS) && ol_slice_eq_cstr(service, "sts"));
}

static bool is_wanted_region(ol_slice region, const ol_sigv4_options *options)
{
    for (size_t i = 0; i < options->region_count; i++)
        if (ol_slice_eq(region, options->regions[i]))
            return true;
    return false;
}

/* The parser has bounded all parts of the scope, so everything fits; the result is zeroed. */
static void copy_text(char *out, ol_slice text)
{
    if (text.len > 0)
        memcpy(out, text.data, text.len);
}

int ol_sigv4_check_scope(const ol_sigv4_authorization *auth, const ol_sigv4_options *options,
                         const ol_sigv4_wording *wording, ol_sigv4_result *out, ol_error *err)
{
    if (!is_wanted_service(auth->service, options->services))
        return ol_error_say(err, wording->code,
                            "%sincorrect service \"%.*s\". This endpoint belongs to \"%s\".",
                            wording->lead, OL_SLICE_FMT(auth->service),
                            options->services & OL_SIGV4_S3 ? "s3" : "sts");
    if (!is_wanted_region(auth->region, options)) {
        ol_slice ours = options->region_count > 0 ? options->regions[0] : OL_SLICE_NONE;
        ol_sigv4_note(options, "Region", ours);
        return ol_error_say(err, wording->code, "%sthe region '%.*s' is wrong; expecting '%.*s'",
                            wording->lead, OL_SLICE_FMT(auth->region), OL_SLICE_FMT(ours));
    }
    copy_text(out->region, auth->region);
    copy_text(out->service, auth->service);
    copy_text(out->scope, auth->scope);
    return OL_OK;
}

/* ---- the key ---- */

int ol_sigv4_find_secret(ol_slice access_key, ol_slice token, const ol_sigv4_options *options,
                         ol_sigv4_found_key *found_key, ol_error *err)
{
    memset(found_key, 0, sizeof *found_key);
    int rc = options->find_key(options->arg, access_key, token, found_key, err);
    if (rc == OL_OK && found_key->secret.len == 0)
        rc = OL_EACCESSKEY;
    if (rc == OL_EACCESSKEY)
        ol_sigv4_note(options, "AWSAccessKeyId", access_key);
    if (rc != OL_OK)
        return ol_error_set(err, rc, "access key %.*s", OL_SLICE_FMT(access_key));
    return OL_OK;
}

int ol_sigv4_find_key(ol_sigv4 *sigv4, const ol_sigv4_authorization *auth, ol_slice secret,
                      const ol_sigv4_key **key, ol_error *err)
{
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
