/* SPDX-License-Identifier: MIT */
/*
 * Writing goes through a small staging block, because hashing many short pieces one by one
 * would cost more than the compressions themselves.
 */
#include "s3/sigv4/sigv4_canonical.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/words.h"
#include "s3/request/query.h"

#define HIDDEN OL_SLICE_LIT("(hidden)")

typedef struct writer {
    ol_sha256 sha;
    ol_buf *text; /* written to instead of being hashed; NULL = hash */
    int rc;       /* of the text */
    size_t len;
    uint8_t bytes[1024];
} writer;

static void pass_on(writer *w, const uint8_t *bytes, size_t len)
{
    if (!w->text)
        ol_sha256_update(&w->sha, bytes, len);
    else if (w->rc == OL_OK)
        w->rc = ol_buf_add(w->text, ol_slice_of(bytes, len));
}

static void flush(writer *w)
{
    pass_on(w, w->bytes, w->len);
    ol_wipe(w->bytes, w->len); /* headers may be keys, and this is a stack */
    w->len = 0;
}

static void put(writer *w, ol_slice text)
{
    if (text.len > sizeof w->bytes - w->len)
        flush(w);
    if (text.len > sizeof w->bytes) {
        pass_on(w, text.data, text.len);
        return;
    }
    if (text.len > 0)
        memcpy(w->bytes + w->len, text.data, text.len);
    w->len += text.len;
}

static void put_byte(writer *w, char byte)
{
    if (w->len == sizeof w->bytes)
        flush(w);
    w->bytes[w->len++] = (uint8_t)byte;
}

static int bad_escape(ol_error *err)
{
    return ol_error_set(err, OL_EINVALIDURI, "malformed percent-encoding in the request target");
}

static int put_path(writer *w, const ol_sigv4_canonical *in, ol_buf *scratch, ol_error *err)
{
    ol_slice path = in->req->path.len > 0 ? in->req->path : OL_SLICE_LIT("/");
    if (in->raw_path || ol_percent_path_is_plain(path)) {
        put(w, path);
        return OL_OK;
    }
    ol_buf_clear(scratch);
    int rc = ol_buf_reserve(scratch, 3 * path.len);
    if (rc != OL_OK)
        return ol_error_set(err, rc, "no room for the canonical path");
    if (!ol_percent_canonical(path, OL_PERCENT_PATH, scratch->data, &scratch->len))
        return bad_escape(err);
    put(w, ol_buf_slice(scratch));
    return OL_OK;
}

typedef struct param {
    ol_slice name, value; /* canonical, in the scratch buffer */
} param;

static int compare_params(const void *a, const void *b)
{
    const param *left = a, *right = b;
    int order = ol_slice_cmp(left->name, right->name);
    return order != 0 ? order : ol_slice_cmp(left->value, right->value);
}

/* The canonical form of `text`, appended to the scratch buffer, which has room for it. */
static bool encode_part(ol_buf *scratch, ol_slice text, ol_slice *out)
{
    uint8_t *at = scratch->data + scratch->len;
    size_t len;
    if (!ol_percent_canonical(text, OL_PERCENT_QUERY, at, &len))
        return false;
    scratch->len += len;
    *out = ol_slice_of(at, len);
    return true;
}

static int collect_params(ol_slice query, ol_buf *scratch, param *params, size_t *count,
                          ol_error *err)
{
    ol_slice name, value;
    *count = 0;
    ol_buf_clear(scratch);
    /* Reserved in one go: the params point into it. */
    int rc = ol_buf_reserve(scratch, 3 * query.len);
    if (rc != OL_OK)
        return ol_error_set(err, rc, "no room for the canonical query");
    while (ol_query_next(&query, &name, &value)) {
        if (*count == OL_QUERY_PARAMS_MAX)
            return ol_error_say(err, OL_ELIMIT, "The request has too many query parameters.");
        param *p = &params[(*count)++];
        if (!encode_part(scratch, name, &p->name) || !encode_part(scratch, value, &p->value))
            return bad_escape(err);
    }
    return OL_OK;
}

/* What an error document must not repeat: whoever reads it may not be whoever signed. */
static bool is_secret(ol_slice name)
{
    static const char *const names[] = {
        "authorization",
        "cookie",
        "x-amz-security-token",
        "x-amz-server-side-encryption-customer-key",
        "x-amz-copy-source-server-side-encryption-customer-key",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (ol_slice_ieq(name, ol_slice_cstr(names[i])))
            return true;
    return false;
}

static bool hides(const writer *w, ol_slice name)
{
    return w->text && is_secret(name);
}

static int put_query(writer *w, const ol_sigv4_canonical *in, ol_buf *scratch, ol_error *err)
{
    ol_slice query = in->req->query;
    if (query.len == 0)
        return OL_OK;
    param params[OL_QUERY_PARAMS_MAX];
    size_t count;
    int rc = collect_params(query, scratch, params, &count, err);
    if (rc != OL_OK)
        return rc;
    if (count > 1)
        qsort(params, count, sizeof params[0], compare_params);
    bool first = true;
    for (size_t i = 0; i < count; i++) {
        if (in->presigned && ol_slice_ieq(params[i].name, OL_SLICE_LIT("X-Amz-Signature")))
            continue;
        if (!first)
            put_byte(w, '&');
        first = false;
        put(w, params[i].name);
        put_byte(w, '=');
        put(w, hides(w, params[i].name) ? HIDDEN : params[i].value);
    }
    return OL_OK;
}

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t';
}

/* Length of what starts `value` and has no blanks, in whole words: mostly nearly all of it. */
static size_t blankless(ol_slice value)
{
    size_t at = 0;
    for (; value.len - at >= OL_WORD_BYTES; at += OL_WORD_BYTES) {
        uint64_t word = ol_word_load(value.data + at);
        if (ol_word_has(word, ' ') || ol_word_has(word, '\t'))
            break;
    }
    return at;
}

/* Trimmed, every inner run of blanks one space. */
static void put_value(writer *w, ol_slice value)
{
    value = ol_slice_trim(value);
    if (value.len == 0)
        return;
    size_t start = 0;
    for (size_t i = blankless(value); i < value.len; i++) {
        if (!is_blank(value.data[i]))
            continue;
        size_t end = i;
        while (is_blank(value.data[i + 1])) /* trimmed: a run never reaches the end */
            i++;
        put(w, ol_slice_of(value.data + start, end - start));
        put_byte(w, ' ');
        start = i + 1;
    }
    put(w, ol_slice_of(value.data + start, value.len - start));
}

static void put_header(writer *w, const ol_http_request *req, ol_slice name)
{
    put(w, name);
    put_byte(w, ':');
    if (hides(w, name)) {
        put(w, HIDDEN);
    } else if (ol_slice_eq_cstr(name, "host") && req->host.len > 0) {
        /* For an absolute-form target this is what the client addressed and signed. */
        put_value(w, req->host);
    } else {
        bool first = true;
        for (size_t i = 0; i < req->headers.count; i++) {
            const ol_header *header = &req->headers.items[i];
            if (header->name.len != name.len || !ol_slice_ieq(header->name, name))
                continue;
            if (!first)
                put_byte(w, ',');
            put_value(w, header->value);
            first = false;
        }
    }
    put_byte(w, '\n');
}

static int put_request(writer *w, const ol_sigv4_canonical *in, ol_buf *scratch, ol_error *err)
{
    put(w, in->req->method_text);
    put_byte(w, '\n');
    int rc = put_path(w, in, scratch, err);
    if (rc != OL_OK)
        return rc;
    put_byte(w, '\n');
    rc = put_query(w, in, scratch, err);
    if (rc != OL_OK)
        return rc;
    put_byte(w, '\n');
    for (size_t i = 0; i < in->auth->name_count; i++)
        put_header(w, in->req, in->auth->names[i]);
    put_byte(w, '\n');
    put(w, in->auth->signed_headers);
    put_byte(w, '\n');
    put(w, in->payload);
    flush(w);
    return OL_OK;
}

static void writer_init(writer *w, ol_buf *text)
{
    w->text = text;
    w->rc = OL_OK;
    w->len = 0;
    if (!text)
        ol_sha256_init(&w->sha);
}

int ol_sigv4_canonical_digest(const ol_sigv4_canonical *in, ol_buf *scratch,
                              uint8_t digest[OL_SHA256_BYTES], ol_error *err)
{
    writer w;
    writer_init(&w, NULL);
    int rc = put_request(&w, in, scratch, err);
    if (rc == OL_OK)
        ol_sha256_final(&w.sha, digest);
    return rc;
}

int ol_sigv4_canonical_text(const ol_sigv4_canonical *in, ol_buf *scratch, ol_buf *text,
                            ol_error *err)
{
    writer w;
    writer_init(&w, text);
    int rc = put_request(&w, in, scratch, err);
    return rc == OL_OK && w.rc != OL_OK ? ol_error_set(err, w.rc, "the canonical request") : rc;
}
