/* SPDX-License-Identifier: MIT */
/* Parser of `AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…` and its parts. */
#include "s3/sigv4/sigv4_authorization.h"

#define MALFORMED "The authorization header is malformed; "
const ol_sigv4_wording ol_sigv4_header_wording = {OL_EAUTHHEADER, MALFORMED};

#define REGION_BYTES_MAX 31
#define SERVICE_BYTES_MAX 23

enum byte_class { DIGIT = 1, HEX = 2, SCOPE = 4, NAME = 8 };

static const uint8_t classes[256] = {
    ['0' ... '9'] = DIGIT | HEX | SCOPE | NAME,
    ['a' ... 'f'] = HEX | SCOPE | NAME,
    ['g' ... 'z'] = SCOPE | NAME,
    ['A' ... 'Z'] = SCOPE, /* a region that is wrong, not malformed: s3cmd signs for "US" first and
                              learns the right one from the error */
    ['-'] = SCOPE | NAME,
    ['_'] = NAME, ['.'] = NAME, ['!'] = NAME, ['#'] = NAME, ['$'] = NAME, ['%'] = NAME,
    ['&'] = NAME, ['\''] = NAME, ['*'] = NAME, ['+'] = NAME, ['^'] = NAME, ['`'] = NAME,
    ['|'] = NAME, ['~'] = NAME,
};

static bool all_in(ol_slice text, enum byte_class set)
{
    for (size_t i = 0; i < text.len; i++)
        if (!(classes[text.data[i]] & set))
            return false;
    return true;
}

static bool is_scope_word(ol_slice text, size_t len_max)
{
    return text.len > 0 && text.len <= len_max && all_in(text, SCOPE);
}

/* Cut the part behind the last '/' off *text; false when there is none. */
static bool cut_last(ol_slice *text, ol_slice *part)
{
    for (size_t i = text->len; i-- > 0;) {
        if (text->data[i] != '/')
            continue;
        *part = ol_slice_of(text->data + i + 1, text->len - i - 1);
        *text = ol_slice_first(*text, i);
        return true;
    }
    return false;
}

static int bad_credential(const ol_sigv4_wording *wording, ol_error *err)
{
    return ol_error_say(err, wording->code,
                        "%sthe Credential is mal-formed; expecting "
                        "\"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".",
                        wording->lead);
}

/* From the right: an access key may hold a '/' of its own. */
int ol_sigv4_credential_parse(ol_slice text, const ol_sigv4_wording *wording,
                              ol_sigv4_authorization *out, ol_error *err)
{
    ol_slice whole = text, terminal;
    if (!cut_last(&text, &terminal) || !cut_last(&text, &out->service) ||
        !cut_last(&text, &out->region) || !cut_last(&text, &out->date))
        return bad_credential(wording, err);
    out->access_key = text;
    if (!ol_slice_eq_cstr(terminal, "aws4_request"))
        return ol_error_say(err, wording->code,
                            "%sincorrect terminal. This endpoint uses \"aws4_request\".",
                            wording->lead);
    if (out->date.len != 8 || !all_in(out->date, DIGIT))
        return ol_error_say(err, wording->code,
                            "%sincorrect date format. This date in the credential must be "
                            "in the format \"yyyyMMdd\".",
                            wording->lead);
    if (out->access_key.len == 0 || out->access_key.len > OL_ACCESS_KEY_BYTES_MAX ||
        !is_scope_word(out->region, REGION_BYTES_MAX) ||
        !is_scope_word(out->service, SERVICE_BYTES_MAX))
        return bad_credential(wording, err);
    out->scope = ol_slice_from(whole, (size_t)(out->date.data - whole.data));
    return OL_OK;
}

/* Strictly ascending names also means: none twice. */
int ol_sigv4_signed_headers_parse(ol_slice text, const ol_sigv4_wording *wording,
                                  ol_sigv4_authorization *out, ol_error *err)
{
    out->signed_headers = text;
    out->name_count = 0;
    for (bool more = true; more;) {
        ptrdiff_t end = ol_slice_find(text, ';');
        ol_slice name = end < 0 ? text : ol_slice_first(text, (size_t)end);
        more = end >= 0;
        text = more ? ol_slice_from(text, (size_t)end + 1) : OL_SLICE_NONE;
        bool ordered = out->name_count == 0 ||
                       ol_slice_cmp(out->names[out->name_count - 1], name) < 0;
        if (name.len == 0 || !all_in(name, NAME) || !ordered ||
            out->name_count == OL_HTTP_HEADERS_MAX)
            return ol_error_say(err, wording->code,
                                "%sSignedHeaders must be a list of distinct lower-case names in "
                                "ascending order.",
                                wording->lead);
        out->names[out->name_count++] = name;
    }
    return OL_OK;
}

int ol_sigv4_signature_parse(ol_slice text, const ol_sigv4_wording *wording,
                             ol_sigv4_authorization *out, ol_error *err)
{
    if (text.len != 64 || !all_in(text, HEX))
        return ol_error_say(err, wording->code, "%sthe Signature must be 64 lower-case hex digits.",
                            wording->lead);
    out->signature = text;
    return OL_OK;
}

typedef int (*component_fn)(ol_slice text, const ol_sigv4_wording *wording,
                            ol_sigv4_authorization *out, ol_error *err);

static const struct component {
    const char *name;
    component_fn parse;
} components[] = {
    {"Credential", ol_sigv4_credential_parse},
    {"SignedHeaders", ol_sigv4_signed_headers_parse},
    {"Signature", ol_sigv4_signature_parse},
};
#define COMPONENT_COUNT (sizeof components / sizeof components[0])

/* One `Name=value`; `seen` has a bit for each component that was there before. */
static int parse_component(ol_slice piece, unsigned *seen, ol_sigv4_authorization *out,
                           ol_error *err)
{
    ptrdiff_t equals = ol_slice_find(piece, '=');
    ol_slice name = equals < 0 ? piece : ol_slice_first(piece, (size_t)equals);
    for (size_t i = 0; i < COMPONENT_COUNT && equals >= 0; i++) {
        if (!ol_slice_eq_cstr(name, components[i].name))
            continue;
        if (*seen & 1u << i)
            break;
        *seen |= 1u << i;
        ol_slice value = ol_slice_from(piece, (size_t)equals + 1);
        return components[i].parse(value, &ol_sigv4_header_wording, out, err);
    }
    return ol_error_say(err, OL_EAUTHHEADER,
                        MALFORMED "it must hold Credential, SignedHeaders and Signature, each "
                                  "once and nothing else.");
}

static int check_scheme(ol_slice scheme, ol_error *err)
{
    if (ol_slice_eq_cstr(scheme, "AWS4-HMAC-SHA256"))
        return OL_OK;
    if (ol_slice_eq_cstr(scheme, "AWS"))
        return ol_error_say(err, OL_EINVALIDREQUEST,
                            "The authorization mechanism you have provided is not supported. "
                            "Please use AWS4-HMAC-SHA256.");
    if (ol_slice_eq_cstr(scheme, "AWS4-ECDSA-P256-SHA256"))
        return ol_error_say(err, OL_ENOTIMPLEMENTED,
                            "AWS4-ECDSA-P256-SHA256 is not implemented. Please use "
                            "AWS4-HMAC-SHA256.");
    return ol_error_say(err, OL_EINVAL, "Unsupported Authorization Type");
}

int ol_sigv4_authorization_parse(ol_slice header, ol_sigv4_authorization *out, ol_error *err)
{
    out->name_count = 0;
    header = ol_slice_trim(header);
    ptrdiff_t space = ol_slice_find(header, ' ');
    if (space < 0)
        return ol_error_say(err, OL_EINVAL,
                            "Authorization header is invalid -- one and only one ' ' (space) "
                            "required.");
    int rc = check_scheme(ol_slice_first(header, (size_t)space), err);
    ol_slice rest = ol_slice_from(header, (size_t)space + 1);
    unsigned seen = 0;
    while (rc == OL_OK && rest.len > 0) {
        ptrdiff_t comma = ol_slice_find(rest, ',');
        ol_slice piece = comma < 0 ? rest : ol_slice_first(rest, (size_t)comma);
        rest = comma < 0 ? OL_SLICE_NONE : ol_slice_from(rest, (size_t)comma + 1);
        rc = parse_component(ol_slice_trim(piece), &seen, out, err);
    }
    if (rc != OL_OK)
        return rc;
    if (seen != (1u << COMPONENT_COUNT) - 1)
        return ol_error_say(err, OL_EAUTHHEADER,
                            MALFORMED "the authorization header requires three components: "
                                      "Credential, SignedHeaders, and Signature.");
    return OL_OK;
}

bool ol_sigv4_is_signed(const ol_sigv4_authorization *auth, ol_slice name)
{
    for (size_t i = 0; i < auth->name_count; i++)
        if (auth->names[i].len == name.len && ol_slice_ieq(auth->names[i], name))
            return true;
    return false;
}
