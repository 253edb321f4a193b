/* SPDX-License-Identifier: MIT */
/* The signature of a browser's form: over the policy alone, which says what the form may do. */
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/encode.h"
#include "s3/sigv4/sigv4_private.h"

#define SHA1_BYTES 20

static const ol_sigv4_wording of_credential = {OL_EINVAL,
                                               "Error parsing the x-amz-credential field; "};
static const ol_sigv4_wording of_signature = {OL_EINVAL,
                                              "Error parsing the x-amz-signature field; "};

static int check_field(ol_slice value, const char *name, ol_error *err)
{
    if (value.data)
        return OL_OK;
    return ol_error_say(err, OL_EINVAL,
                        "Bucket POST must contain a field named '%s'.  If it is specified, please "
                        "check the order of the fields.",
                        name);
}

static int check_complete(const ol_sigv4_form *form, ol_error *err)
{
    int rc = check_field(form->policy, "policy", err);
    if (rc == OL_OK)
        rc = check_field(form->algorithm, "x-amz-algorithm", err);
    if (rc == OL_OK)
        rc = check_field(form->credential, "x-amz-credential", err);
    if (rc == OL_OK)
        rc = check_field(form->date, "x-amz-date", err);
    if (rc == OL_OK)
        rc = check_field(form->signature, "x-amz-signature", err);
    if (rc == OL_OK && !ol_slice_eq_cstr(form->algorithm, "AWS4-HMAC-SHA256"))
        rc = ol_error_say(err, OL_EINVAL, "x-amz-algorithm must be AWS4-HMAC-SHA256.");
    return rc;
}

static int check_shape(const ol_sigv4_form *form, const ol_sigv4_options *options,
                       ol_sigv4_authorization *auth, ol_sigv4_result *out, ol_error *err)
{
    int64_t signed_ms;
    int rc = check_complete(form, err);
    if (rc == OL_OK)
        rc = ol_sigv4_credential_parse(form->credential, &of_credential, auth, err);
    if (rc == OL_OK)
        rc = ol_sigv4_signature_parse(form->signature, &of_signature, auth, err);
    if (rc == OL_OK)
        rc = ol_sigv4_check_scope(auth, options, &of_credential, out, err);
    if (rc == OL_OK && !ol_clock_parse_amz_date(form->date, &signed_ms))
        rc = ol_error_say(err, OL_EINVAL,
                          "x-amz-date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"");
    if (rc == OL_OK)
        rc = ol_sigv4_check_day(auth, signed_ms, options, &of_credential, out, err);
    return rc;
}

static int mismatch(ol_slice access_key, const ol_sigv4_options *options, ol_error *err)
{
    ol_sigv4_note(options, "AWSAccessKeyId", access_key);
    return ol_error_set(err, OL_ESIGNATURE, "form signature of access key %.*s does not match",
                        OL_SLICE_FMT(access_key));
}

static int check_v4(ol_sigv4 *sigv4, const ol_sigv4_form *form, const ol_sigv4_options *options,
                    ol_sigv4_result *out, ol_error *err)
{
    ol_sigv4_authorization auth;
    ol_sigv4_found_key found;
    const ol_sigv4_key *key = NULL;
    uint8_t digest[OL_SHA256_BYTES];
    char hex[OL_SHA256_HEX_SIZE];
    auth.name_count = 0;
    int rc = check_shape(form, options, &auth, out, err);
    if (rc != OL_OK)
        return rc;
    rc = ol_sigv4_find_secret(auth.access_key, form->token, options, &found, err);
    if (rc == OL_OK)
        rc = ol_sigv4_find_key(sigv4, &auth, found.secret, &key, err);
    out->owner = found.owner;
    ol_wipe(&found, sizeof found);
    if (rc != OL_OK)
        return rc;
    ol_hmac_sign(&key->hmac, form->policy, digest);
    ol_hex_encode(digest, sizeof digest, hex);
    bool good = ol_slice_eq_secret(auth.signature, ol_slice_of(hex, 64));
    ol_wipe(digest, sizeof digest);
    ol_wipe(hex, sizeof hex);
    out->access_key = auth.access_key;
    return good ? OL_OK : mismatch(auth.access_key, options, err);
}

/* Base64 of HMAC-SHA-1 under the secret itself. */
static bool is_v2_signature(ol_slice secret, const ol_sigv4_form *form)
{
    uint8_t given[SHA1_BYTES], digest[EVP_MAX_MD_SIZE];
    size_t given_len;
    unsigned len = 0;
    if (ol_base64_decode(form->v2_signature, given, sizeof given, &given_len) != OL_OK)
        return false;
    bool made = HMAC(EVP_sha1(), secret.data, (int)secret.len, form->policy.data, form->policy.len,
                     digest, &len) != NULL;
    bool good = made && ol_slice_eq_secret(ol_slice_of(given, given_len), ol_slice_of(digest, len));
    ol_wipe(digest, sizeof digest);
    return good;
}

static int check_v2(const ol_sigv4_form *form, const ol_sigv4_options *options,
                    ol_sigv4_result *out, ol_error *err)
{
    ol_sigv4_found_key found;
    int rc = check_field(form->policy, "policy", err);
    if (rc == OL_OK)
        rc = check_field(form->v2_access_key, "AWSAccessKeyId", err);
    if (rc == OL_OK)
        rc = check_field(form->v2_signature, "signature", err);
    if (rc != OL_OK)
        return rc;
    ol_slice access_key = ol_slice_first(form->v2_access_key, OL_ACCESS_KEY_BYTES_MAX);
    rc = ol_sigv4_find_secret(access_key, form->token, options, &found, err);
    if (rc == OL_OK && !is_v2_signature(found.secret, form))
        rc = mismatch(access_key, options, err);
    out->owner = found.owner;
    ol_wipe(&found, sizeof found);
    out->v2 = true;
    out->access_key = access_key;
    memcpy(out->service, "s3", 2);
    out->signed_ms = options->now_ms; /* such a form does not say when it was signed */
    return rc;
}

static int check(ol_sigv4 *sigv4, const ol_sigv4_form *form, const ol_sigv4_options *options,
                 ol_sigv4_result *out, ol_error *err)
{
    bool v2 = form->v2_access_key.data || form->v2_signature.data;
    bool v4 = form->algorithm.data || form->credential.data || form->signature.data;
    if (v2 && v4)
        return ol_error_say(err, OL_EINVAL, "Only one auth mechanism allowed");
    if (v2 && !options->form_v2)
        return ol_error_say(err, OL_EINVALIDREQUEST,
                            "The authorization mechanism you have provided is not supported. "
                            "Please use AWS4-HMAC-SHA256.");
    if (!v2 && !v4) {
        if (options->allow_anonymous)
            return OL_OK;
        return ol_error_custom(err, OL_EMISSINGAUTH, 403, OL_SLICE_LIT("AccessDenied"),
                               OL_SLICE_LIT("Access Denied"));
    }
    out->type = OL_AUTH_POST;
    out->token = form->token;
    return v2 ? check_v2(form, options, out, err) : check_v4(sigv4, form, options, out, err);
}

int ol_sigv4_check_form(ol_sigv4 *sigv4, const ol_sigv4_form *form,
                        const ol_sigv4_options *options, ol_sigv4_result *out, ol_error *err)
{
    memset(out, 0, sizeof *out);
    int rc = check(sigv4, form, options, out, err);
    if (rc != OL_OK)
        ol_sigv4_result_fini(out);
    return rc;
}
