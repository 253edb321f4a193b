/* SPDX-License-Identifier: MIT */
/* From a refusal to an ol_error. */
#include "origin/s3/outcome.h"

#include <stdio.h>

#include "s3/documents/xml_reader.h"

typedef struct document {
    char code[OL_ERROR_S3_CODE_SIZE];
    char message[OL_ERROR_TEXT_SIZE];
    bool is_error;
} document;

/* ---- the document ---- */

static void keep(char *out, size_t size, ol_slice text)
{
    text = ol_slice_trim(text);
    snprintf(out, size, "%.*s", OL_SLICE_FMT(ol_slice_first(text, size - 1)));
}

static int on_open(void *arg, const ol_xml_path *path, ol_error *err)
{
    (void)err;
    if (path->depth == 1 && strcmp(path->names[0], "Error") == 0)
        ((document *)arg)->is_error = true;
    return OL_OK;
}

static int on_close(void *arg, const ol_xml_path *path, ol_slice text, ol_error *err)
{
    (void)err;
    document *doc = arg;
    if (ol_xml_path_is(path, "Error", "Code", NULL))
        keep(doc->code, sizeof doc->code, text);
    else if (ol_xml_path_is(path, "Error", "Message", NULL))
        keep(doc->message, sizeof doc->message, text);
    return OL_OK;
}

static document read_document(ol_slice bytes)
{
    document doc = {0};
    ol_error ignored = {0};
    const ol_xml_events events = {.arg = &doc, .on_open = on_open, .on_close = on_close};
    if (bytes.len == 0 || ol_xml_read(bytes, &events, &ignored) != OL_OK || !doc.is_error)
        return (document){0};
    return doc;
}

bool ol_s3_is_error_document(ol_slice bytes)
{
    ol_slice declaration = OL_SLICE_LIT("<?xml"), root = OL_SLICE_LIT("<Error>");
    if (ol_slice_starts(bytes, declaration)) {
        ptrdiff_t end = ol_slice_find(bytes, '>');
        bytes = end < 0 ? OL_SLICE_NONE : ol_slice_from(bytes, (size_t)end + 1);
    }
    while (bytes.len > 0 && bytes.data[0] <= ' ')
        bytes = ol_slice_from(bytes, 1);
    return ol_slice_starts(bytes, root) || ol_slice_starts(bytes, OL_SLICE_LIT("<Error "));
}

/* ---- codes ---- */

/* S3 codes that several rows share: the one that an origin means. */
static const struct {
    const char *s3_code;
    int code;
} shared[] = {
    {"InternalError", OL_EORIGIN},          {"SlowDown", OL_ESLOWDOWN},
    {"InvalidRequest", OL_EINVALIDREQUEST}, {"RequestTimeout", OL_ETIMEOUT},
    {"BadRequest", OL_EINVALIDREQUEST},     {"MissingContentLength", OL_EMISSINGLENGTH},
};

static int code_of_s3(const char *s3_code)
{
    static const int codes[] = {
#define CODE(name, s3, status, text) name,
        OL_ERRORS(CODE)
#undef CODE
    };
    for (size_t i = 0; i < sizeof shared / sizeof shared[0]; i++) {
        if (strcmp(shared[i].s3_code, s3_code) == 0)
            return shared[i].code;
    }
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        if (strcmp(ol_code_s3(codes[i]), s3_code) == 0)
            return codes[i];
    }
    return OL_OK;
}

static int code_of_status(const ol_s3_refusal *refusal)
{
    switch (refusal->status) {
    case 304:
        return OL_ENOTMODIFIED;
    case 403:
        return OL_EACCESS;
    case 404:
        if (!refusal->about_key)
            return OL_ENOSUCHBUCKET;
        return refusal->about_version ? OL_ENOSUCHVERSION : OL_ENOSUCHKEY;
    case 405:
        return OL_EMETHOD;
    case 411:
        return OL_EMISSINGLENGTH;
    case 412:
        return OL_EPRECONDITION;
    case 416:
        return OL_ERANGE;
    case 429:
        return OL_ESLOWDOWN;
    case 501:
        return OL_ENOTIMPLEMENTED;
    case 502:
    case 503:
    case 504:
        return OL_EUNAVAILABLE;
    default:
        return refusal->status >= 400 && refusal->status < 500 ? OL_EINVALIDREQUEST : OL_EORIGIN;
    }
}

/* ---- whose fault ---- */

static bool is_one_of(const char *code, const char *const *codes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(code, codes[i]) == 0)
            return true;
    }
    return false;
}

/* The service does not like how we sign. Our client's signature was right. */
static bool blames_our_keys(const char *code)
{
    static const char *const codes[] = {
        "InvalidAccessKeyId", "SignatureDoesNotMatch", "RequestTimeTooSkewed", "ExpiredToken",
        "InvalidToken", "TokenRefreshRequired", "AuthorizationHeaderMalformed", "InvalidSecurity",
        "MissingAuthenticationToken", "CredentialsNotSupported", "UnsupportedSignature"};
    return is_one_of(code, codes, sizeof codes / sizeof codes[0]);
}

static bool may_be_stale(const char *code)
{
    static const char *const codes[] = {"InvalidAccessKeyId", "ExpiredToken", "InvalidToken",
                                        "TokenRefreshRequired"};
    return is_one_of(code, codes, sizeof codes / sizeof codes[0]);
}

static void own_fault(const ol_s3_refusal *refusal, const document *doc, ol_error *err)
{
    ol_slice where = ol_headers_get(refusal->headers, "location");
    ol_slice region = ol_headers_get(refusal->headers, "x-amz-bucket-region");
    if (refusal->status < 400)
        ol_error_set(err, OL_EORIGIN,
                     "origin %s redirects (%d %s) to \"%.*s\" (region \"%.*s\"); not followed",
                     refusal->origin, refusal->status, doc->code, OL_SLICE_FMT(where),
                     OL_SLICE_FMT(region));
    else
        ol_error_set(err, OL_EORIGIN, "origin %s refuses our credentials: %d %s: %.160s",
                     refusal->origin, refusal->status, doc->code, doc->message);
}

/* ---- both together ---- */

static void by_document(const ol_s3_refusal *refusal, const document *doc, ol_error *err)
{
    int code = code_of_s3(doc->code);
    const char *message = doc->message;
    if (!message[0])
        message = code ? ol_code_message(code) : "The request was refused.";
    if (code == OL_OK)
        code = code_of_status(refusal);
    int status = refusal->status >= 400 ? refusal->status : ol_code_status(code);
    ol_error_custom(err, code, status, ol_slice_cstr(doc->code), ol_slice_cstr(message));
}

static void pass_on(const ol_s3_refusal *refusal, const document *doc, ol_error *err)
{
    ol_slice id = ol_slice_first(ol_headers_get(refusal->headers, "x-amz-request-id"), 64);
    if (doc->code[0])
        by_document(refusal, doc, err);
    else
        ol_error_set(err, code_of_status(refusal), NULL);
    snprintf(err->detail, sizeof err->detail, "origin %s answered %d %s (its request id \"%.*s\")",
             refusal->origin, refusal->status, doc->code, OL_SLICE_FMT(id));
}

static enum ol_s3_remedy remedy_of(const ol_s3_refusal *refusal, const document *doc)
{
    if (may_be_stale(doc->code))
        return OL_S3_STALE_KEYS;
    if (strcmp(doc->code, "SlowDown") == 0 || refusal->status == 429)
        return OL_S3_REFUSED;
    if (strcmp(doc->code, "RequestTimeout") == 0 || strcmp(doc->code, "InternalError") == 0)
        return OL_S3_TRANSIENT;
    switch (refusal->status) {
    case 503:
        return OL_S3_REFUSED;
    case 500:
    case 502:
    case 504:
        return OL_S3_TRANSIENT;
    default:
        return OL_S3_FINAL;
    }
}

enum ol_s3_remedy ol_s3_outcome(const ol_s3_refusal *refusal, ol_error *err)
{
    document doc = read_document(refusal->document);
    bool redirect = refusal->status >= 300 && refusal->status < 400 && refusal->status != 304;
    ol_error_clear(err);
    if (redirect || blames_our_keys(doc.code))
        own_fault(refusal, &doc, err);
    else
        pass_on(refusal, &doc, err);
    return remedy_of(refusal, &doc);
}
