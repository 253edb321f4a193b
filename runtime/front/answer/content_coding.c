/* SPDX-License-Identifier: MIT */
#include "front/answer/content_coding.h"

#define WEIGHT_MAX 1000u       /* thousandths, as a q has three digits */
#define WORTH_BYTES_MIN 1024   /* shorter ones are sent in one piece anyway */

typedef struct coding {
    unsigned bit;
    const char *name, *suffix;
} coding;

/* In the order in which they are liked. */
static const coding codings[] = {
    {OL_VIEW_ZSTD, "zstd", "-v.zstd"},
    {OL_VIEW_GZIP, "gzip", "-v.gzip"},
};
enum { CODINGS = sizeof(codings) / sizeof(codings[0]) };

static const char *suffix_of(const coding *one)
{
    return one->suffix + 2; /* behind the view's own "-v" */
}

static const coding *coding_of(unsigned bit)
{
    for (size_t i = 0; i < CODINGS; i++)
        if (codings[i].bit == bit)
            return &codings[i];
    return NULL;
}

const char *ol_coding_name(unsigned bit)
{
    const coding *found = coding_of(bit);
    return found ? found->name : "";
}

const char *ol_coding_ending(unsigned bit)
{
    const coding *found = coding_of(bit);
    return found ? suffix_of(found) : "";
}

/* ---- Accept-Encoding ---- */

/* Cut the text at the first `mark`; the rest is empty when there is none. */
static ol_slice cut(ol_slice *rest, char mark)
{
    ptrdiff_t at = ol_slice_find(*rest, mark);
    ol_slice first = at < 0 ? *rest : ol_slice_first(*rest, (size_t)at);
    *rest = at < 0 ? OL_SLICE_NONE : ol_slice_from(*rest, (size_t)at + 1);
    return ol_slice_trim(first);
}

/* "0", "1", "0.5", "1.000". What is none counts as 0: nothing was asked for clearly. */
static unsigned read_weight(ol_slice text)
{
    unsigned weight = 0, scale = 100;
    if (text.len == 0 || text.len > 5 || text.data[0] < '0' || text.data[0] > '1')
        return 0;
    weight = (unsigned)(text.data[0] - '0') * WEIGHT_MAX;
    if (text.len > 1 && text.data[1] != '.')
        return 0;
    for (size_t i = 2; i < text.len; i++, scale /= 10) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return 0;
        weight += (unsigned)(text.data[i] - '0') * scale;
    }
    return weight <= WEIGHT_MAX ? weight : 0;
}

static unsigned weight_of(ol_slice params)
{
    while (params.len > 0) {
        ol_slice value = cut(&params, ';');
        ol_slice name = cut(&value, '=');
        if (ol_slice_ieq(name, OL_SLICE_LIT("q")))
            return read_weight(ol_slice_trim(value));
    }
    return WEIGHT_MAX;
}

typedef struct wishes {
    unsigned weights[CODINGS];
    unsigned identity; /* 0 = not spoken of */
} wishes;

/* "*" asks for nothing in particular, and is taken so. */
static void read_wishes(ol_slice list, wishes *out)
{
    while (list.len > 0) {
        ol_slice params = cut(&list, ',');
        ol_slice name = cut(&params, ';');
        if (ol_slice_ieq(name, OL_SLICE_LIT("x-gzip")))
            name = OL_SLICE_LIT("gzip");
        if (ol_slice_ieq(name, OL_SLICE_LIT("identity")))
            out->identity = weight_of(params);
        for (size_t i = 0; i < CODINGS; i++)
            if (ol_slice_ieq(name, ol_slice_cstr(codings[i].name)))
                out->weights[i] = weight_of(params);
    }
}

unsigned ol_coding_choose(unsigned offered, const ol_headers *request)
{
    wishes wish = {0};
    unsigned chosen = 0, best = 0;
    if (offered == 0 || ol_headers_find(request, OL_SLICE_LIT("range")))
        return 0;
    for (size_t i = 0; i < request->count; i++)
        if (ol_header_name_is(&request->items[i], "accept-encoding"))
            read_wishes(request->items[i].value, &wish);
    for (size_t i = 0; i < CODINGS; i++) {
        if (!(offered & codings[i].bit) || wish.weights[i] <= best)
            continue;
        best = wish.weights[i];
        chosen = codings[i].bit;
    }
    return best >= wish.identity ? chosen : 0;
}

/* ---- what is worth it ---- */

static bool ends_in(ol_slice text, const char *end)
{
    ol_slice want = ol_slice_cstr(end);
    return text.len >= want.len && ol_slice_ieq(ol_slice_from(text, text.len - want.len), want);
}

static bool shrinks(ol_slice content_type)
{
    static const char *const types[] = {
        "application/javascript", "application/json",    "application/ld+json",
        "application/rtf",        "application/sql",     "application/toml",
        "application/wasm",       "application/x-ndjson", "application/x-sh",
        "application/x-yaml",     "application/xml",     "application/yaml",
        "image/bmp",              "image/svg+xml"};
    static const char text[] = "text/";
    ol_slice type = cut(&content_type, ';');
    if (type.len > 5 && ol_slice_ieq(ol_slice_first(type, 5), ol_slice_of(text, 5)))
        return true;
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (ol_slice_ieq(type, ol_slice_cstr(types[i])))
            return true;
    return ends_in(type, "+json") || ends_in(type, "+xml");
}

static bool may_be_changed(const ol_headers *headers)
{
    ol_slice list = ol_headers_get(headers, "cache-control");
    while (list.len > 0)
        if (ol_slice_ieq(cut(&list, ','), OL_SLICE_LIT("no-transform")))
            return false;
    return true;
}

bool ol_coding_suits(const ol_head *head)
{
    if (head->status != 200 || ol_headers_find(&head->headers, OL_SLICE_LIT("content-encoding")) ||
        ol_headers_find(&head->headers, OL_SLICE_LIT("content-range")))
        return false;
    if (head->content_length >= 0 && head->content_length < WORTH_BYTES_MIN)
        return false;
    return may_be_changed(&head->headers) && shrinks(ol_headers_get(&head->headers, "content-type"));
}

/* ---- the head of a coded answer ---- */

static bool is_of_plain_bytes(ol_slice name)
{
    static const char prefix[] = "x-amz-checksum-";
    return ol_slice_ieq(name, OL_SLICE_LIT("accept-ranges")) ||
           ol_slice_ieq(name, OL_SLICE_LIT("content-md5")) ||
           ol_slice_ieq(ol_slice_first(name, sizeof(prefix) - 1), ol_slice_of(prefix, sizeof(prefix) - 1));
}

static void drop_plain(ol_headers *headers)
{
    size_t kept = 0;
    for (size_t i = 0; i < headers->count; i++)
        if (!is_of_plain_bytes(headers->items[i].name))
            headers->items[kept++] = headers->items[i];
    headers->count = kept;
}

static int set_etag(const coding *one, ol_headers *headers)
{
    ol_slice etag = ol_headers_get(headers, "etag");
    char text[160];
    if (etag.len < 2 || etag.data[etag.len - 1] != '"')
        return OL_OK;
    int len = snprintf(text, sizeof(text), "%.*s%s\"", (int)etag.len - 1, (const char *)etag.data,
                       suffix_of(one));
    if (len < 0 || (size_t)len >= sizeof(text)) {
        ol_headers_remove(headers, "etag");
        return OL_OK;
    }
    return ol_headers_set(headers, OL_SLICE_LIT("ETag"), ol_slice_of(text, (size_t)len));
}

int ol_coding_apply(unsigned bit, ol_head *head)
{
    const coding *one = coding_of(bit);
    drop_plain(&head->headers);
    head->content_length = -1;
    int rc = set_etag(one, &head->headers);
    return rc == OL_OK ? ol_headers_set(&head->headers, OL_SLICE_LIT("Content-Encoding"),
                                        ol_slice_cstr(one->name))
                       : rc;
}

/* ---- conditions ---- */

static bool is_condition(const ol_header *header)
{
    return ol_header_name_is(header, "if-match") || ol_header_name_is(header, "if-none-match") ||
           ol_header_name_is(header, "if-modified-since") ||
           ol_header_name_is(header, "if-unmodified-since");
}

/* At the end of an ETag: of the header, before its quote, or before the next one. */
static bool ends_there(ol_slice rest)
{
    return rest.len == 0 || rest.data[0] == '"' || rest.data[0] == ',' || rest.data[0] == ' ';
}

/* The length of what an ETag of a coded answer has behind the view's own; 0 = it is none. */
static size_t suffix_at(unsigned offered, ol_slice text)
{
    for (size_t i = 0; i < CODINGS; i++) {
        ol_slice suffix = ol_slice_cstr(codings[i].suffix);
        if ((offered & codings[i].bit) && ol_slice_starts(text, suffix) &&
            ends_there(ol_slice_from(text, suffix.len)))
            return suffix.len - 2;
    }
    return 0;
}

static ol_slice without_suffixes(unsigned offered, ol_slice value, ol_arena *arena)
{
    uint8_t *out = ol_arena_alloc(arena, value.len + 1);
    size_t len = 0;
    for (size_t i = 0; out && i < value.len; i++) {
        size_t skip = suffix_at(offered, ol_slice_from(value, i));
        out[len++] = value.data[i];
        if (skip > 0) {
            out[len++] = value.data[i + 1];
            i += 1 + skip;
        }
    }
    return out ? ol_slice_of(out, len) : OL_SLICE_NONE;
}

int ol_coding_plain_conditions(unsigned offered, const ol_headers *request, ol_arena *arena,
                               ol_headers *conditions)
{
    bool plain = offered == 0 || ol_headers_find(request, OL_SLICE_LIT("range"));
    int rc = OL_OK;
    ol_headers_init(conditions, arena);
    for (size_t i = 0; rc == OL_OK && i < request->count; i++) {
        const ol_header *header = &request->items[i];
        if (!is_condition(header))
            continue;
        ol_slice value = header->value;
        if (!plain)
            value = without_suffixes(offered, value, arena);
        rc = value.data || header->value.len == 0
                 ? ol_headers_borrow(conditions, header->name, value)
                 : OL_ENOMEM;
    }
    return rc;
}

static bool names(ol_slice list, ol_slice etag, const coding *one)
{
    ol_slice suffix = ol_slice_cstr(suffix_of(one));
    for (size_t i = 0; i + etag.len + suffix.len <= list.len; i++) {
        ol_slice rest = ol_slice_from(list, i);
        if (ol_slice_starts(rest, etag) &&
            ol_slice_starts(ol_slice_from(rest, etag.len), suffix) &&
            ends_there(ol_slice_from(rest, etag.len + suffix.len)))
            return true;
    }
    return false;
}

unsigned ol_coding_held(unsigned offered, const ol_headers *request, ol_slice etag)
{
    ol_slice list = ol_headers_get(request, "if-none-match");
    for (size_t i = 0; i < CODINGS; i++)
        if ((offered & codings[i].bit) && etag.len > 0 && names(list, etag, &codings[i]))
            return codings[i].bit;
    return 0;
}
