/* SPDX-License-Identifier: MIT */
#include "front/views/view_head.h"

#include "base/buf.h"
#include "base/clock.h"
#include "s3/request/conditions.h"

#define META_PREFIX "x-amz-meta-"
#define VARY_BYTES_MAX 2048

/* ---- metadata that tells of the original ---- */

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

static bool is_word_byte(uint8_t c)
{
    c = lower(c);
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool holds(ol_slice name, const char *part)
{
    size_t len = strlen(part);
    for (size_t i = 0; i + len <= name.len; i++)
        if (ol_slice_ieq(ol_slice_of(name.data + i, len), ol_slice_of(part, len)))
            return true;
    return false;
}

static bool has_ending(ol_slice word, const char *end)
{
    ol_slice want = ol_slice_cstr(end);
    return word.len >= want.len && ol_slice_ieq(ol_slice_from(word, word.len - want.len), want);
}

/* "filesize", "contenthash", "crc": at the end of a word of the name. */
static bool word_is_telling(ol_slice word)
{
    static const char *const ends[] = {"size", "length", "hash", "crc", "sha", "bytes"};
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
        if (has_ending(word, ends[i]))
            return true;
    return false;
}

static bool has_telling_word(ol_slice name)
{
    if (name.len == 0)
        return false; /* and perhaps no bytes to point into */
    size_t begin = 0;
    for (size_t i = 0; i <= name.len; i++) {
        if (i < name.len && is_word_byte(name.data[i]))
            continue;
        if (word_is_telling(ol_slice_of(name.data + begin, i - begin)))
            return true;
        begin = i + 1;
    }
    return false;
}

bool ol_view_metadata_is_telling(ol_slice name, ol_slice value, ol_slice etag)
{
    static const char *const parts[] = {
        "md5", "sha1", "sha2", "sha3", "sha5", "sha-1", "sha-2", "sha-3", "sha-5", "sha_1",
        "sha_2", "sha_3", "sha_5", "crc32", "crc64", "adler", "blake2", "blake3", "xxh", "checksum",
        "chksum", "cksum", "digest", "etag", "fingerprint", "signature", "hmac"};
    /* Of the client-side encryption of SDKs: keys, vectors, lengths, digests. */
    static const char envelope[] = "x-amz-";
    if (ol_slice_ieq(name, OL_SLICE_LIT("s3cmd-attrs")) ||
        ol_slice_ieq(ol_slice_first(name, sizeof(envelope) - 1),
                     ol_slice_of(envelope, sizeof(envelope) - 1)))
        return true;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        if (holds(name, parts[i]))
            return true;
    return has_telling_word(name) || (etag.len > 0 && ol_slice_ieq(ol_s3_etag_bare(value), etag));
}

/* ---- what is told ---- */

static int set_default(ol_head *head, ol_slice name, ol_slice value)
{
    if (value.len == 0 || ol_headers_find(&head->headers, name))
        return OL_OK;
    return ol_headers_add(&head->headers, name, value);
}

static ol_slice original_header(const ol_view_answer *answer, ol_slice name)
{
    const ol_object_info *original = answer->original;
    for (size_t i = 0; i < original->header_count; i++)
        if (ol_slice_ieq(original->headers[i].name, name))
            return original->headers[i].value;
    return OL_SLICE_NONE;
}

/* The access point's own, where the transform is silent. Content-Type is never absent when the
 * original has one: the access point's goes before the one that was only handed on. */
static int add_own(const ol_view_answer *answer, ol_head *head)
{
    const ol_view_options *options = answer->options;
    int rc = OL_OK;
    for (size_t i = 0; rc == OL_OK && i < options->header_count; i++) {
        const ol_header *own = &options->headers[i];
        bool handed_on =
            ol_header_name_is(own, "content-type") &&
            ol_slice_eq(ol_headers_get(&head->headers, "content-type"),
                        original_header(answer, own->name));
        rc = handed_on ? ol_headers_set(&head->headers, own->name, own->value)
                       : set_default(head, own->name, own->value);
    }
    return rc;
}

static bool may_be_forwarded(const ol_header *header, ol_slice etag)
{
    static const char *const names[] = {"content-disposition", "content-language",
                                        "cache-control", "expires"};
    const size_t prefix = sizeof(META_PREFIX) - 1;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (ol_header_name_is(header, names[i]))
            return true;
    return header->name.len > prefix &&
           ol_slice_ieq(ol_slice_first(header->name, prefix), OL_SLICE_LIT(META_PREFIX)) &&
           !ol_view_metadata_is_telling(ol_slice_from(header->name, prefix), header->value, etag);
}

static int add_forwarded(const ol_view_answer *answer, ol_head *head)
{
    const ol_object_info *original = answer->original;
    int rc = OL_OK;
    if (!answer->options->forward_metadata)
        return OL_OK;
    for (size_t i = 0; rc == OL_OK && i < original->header_count; i++)
        if (may_be_forwarded(&original->headers[i], original->etag))
            rc = set_default(head, original->headers[i].name, original->headers[i].value);
    return rc;
}

/* Whoever keeps answers for several people must not hand one's view to another. */
static int add_cache_control(const ol_view_answer *answer, ol_head *head)
{
    ol_slice value = OL_SLICE_NONE;
    if (!answer->stable)
        value = OL_SLICE_LIT("no-store");
    else if (!answer->shared)
        value = OL_SLICE_LIT("private");
    return set_default(head, OL_SLICE_LIT("Cache-Control"), value);
}

static int add_date(const ol_view_answer *answer, ol_head *head)
{
    char date[OL_HTTP_DATE_SIZE];
    if (answer->original->last_modified_ms == 0)
        return OL_OK;
    ol_clock_http_date(answer->original->last_modified_ms, date);
    return set_default(head, OL_SLICE_LIT("Last-Modified"), ol_slice_cstr(date));
}

/* ---- Vary ---- */

static bool is_listed(ol_slice list, ol_slice name)
{
    while (list.len > 0) {
        ptrdiff_t comma = ol_slice_find(list, ',');
        ol_slice one = comma < 0 ? list : ol_slice_first(list, (size_t)comma);
        if (ol_slice_ieq(ol_slice_trim(one), name))
            return true;
        list = comma < 0 ? OL_SLICE_NONE : ol_slice_from(list, (size_t)comma + 1);
    }
    return false;
}

static int add_name(ol_buf *vary, ol_slice name)
{
    if (name.len == 0 || is_listed(ol_buf_slice(vary), name))
        return OL_OK;
    int rc = vary->len ? ol_buf_add_cstr(vary, ", ") : OL_OK;
    return rc == OL_OK ? ol_buf_add(vary, name) : rc;
}

static int add_vary(const ol_view_answer *answer, ol_head *head)
{
    char memory[VARY_BYTES_MAX];
    ol_buf vary;
    ol_slice names = answer->depends_headers;
    ol_buf_init_fixed(&vary, memory, sizeof(memory));
    int rc = ol_buf_add(&vary, ol_headers_get(&head->headers, "vary"));
    while (rc == OL_OK && names.len > 0) {
        ptrdiff_t end = ol_slice_find(names, '\n');
        rc = add_name(&vary, end < 0 ? names : ol_slice_first(names, (size_t)end));
        names = end < 0 ? OL_SLICE_NONE : ol_slice_from(names, (size_t)end + 1);
    }
    if (rc == OL_OK && answer->options->encodings)
        rc = add_name(&vary, OL_SLICE_LIT("Accept-Encoding"));
    if (rc == OL_ELIMIT) { /* it differs by more than can be listed */
        ol_buf_clear(&vary);
        rc = ol_buf_add_cstr(&vary, "*");
    }
    if (rc != OL_OK || vary.len == 0)
        return rc;
    return ol_headers_set(&head->headers, OL_SLICE_LIT("Vary"), ol_buf_slice(&vary));
}

int ol_view_head_apply(const ol_view_answer *answer, ol_head *head)
{
    int rc = OL_OK;
    if (head->status != 304) {
        rc = add_own(answer, head);
        if (rc == OL_OK)
            rc = add_forwarded(answer, head);
        if (rc == OL_OK)
            rc = add_cache_control(answer, head);
    }
    if (rc == OL_OK)
        rc = add_date(answer, head);
    return rc == OL_OK ? add_vary(answer, head) : rc;
}
