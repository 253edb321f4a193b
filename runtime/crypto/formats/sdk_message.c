/* SPDX-License-Identifier: MIT */
#include "crypto/formats/sdk_message.h"

#define TYPE_CUSTOMER_AED 0x80
#define CONTENT_SINGLE 1
#define CONTENT_FRAMED 2

static const ol_sdk_suite suites[] = {
    {0x0014, 16, NULL, false, NULL, NULL},
    {0x0046, 24, NULL, false, NULL, NULL},
    {0x0078, 32, NULL, false, NULL, NULL},
    {0x0114, 16, "SHA256", false, NULL, NULL},
    {0x0146, 24, "SHA256", false, NULL, NULL},
    {0x0178, 32, "SHA256", false, NULL, NULL},
    {0x0214, 16, "SHA256", false, "P-256", "SHA256"},
    {0x0346, 24, "SHA384", false, "P-384", "SHA384"},
    {0x0378, 32, "SHA384", false, "P-384", "SHA384"},
    {0x0478, 32, "SHA512", true, NULL, NULL},
    {0x0578, 32, "SHA512", true, "P-384", "SHA384"},
};

static const ol_sdk_suite *find_suite(uint64_t id)
{
    for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++)
        if (suites[i].id == id)
            return &suites[i];
    return NULL;
}

/* ---- a reader that knows when it has come to the end of what is there ---- */

typedef struct reader {
    ol_slice all;
    size_t at;
    bool short_; /* what was asked for lies behind the end */
} reader;

static ol_slice bytes(reader *r, size_t count)
{
    if (r->short_ || count > r->all.len - r->at) {
        r->short_ = true;
        return OL_SLICE_NONE;
    }
    ol_slice found = ol_slice_of(r->all.data + r->at, count);
    r->at += count;
    return found;
}

static uint64_t number(reader *r, size_t count)
{
    uint64_t value = 0;
    ol_slice digits = bytes(r, count);
    for (size_t i = 0; i < digits.len; i++)
        value = value << 8 | digits.data[i];
    return value;
}

static ol_slice counted(reader *r)
{
    size_t len = (size_t)number(r, 2);
    return bytes(r, len);
}

/* ---- parts of the header ---- */

/* Pairs of the context; `aad` is complete. */
static int read_pairs(ol_sdk_header *h)
{
    reader r = {.all = h->aad};
    if (h->aad.len == 0)
        return OL_OK;
    size_t count = (size_t)number(&r, 2);
    for (size_t i = 0; i < count; i++) {
        ol_slice name = counted(&r), value = counted(&r);
        if (r.short_ || ol_context_find(&h->context, name) ||
            !ol_slice_is_utf8(name) || !ol_slice_is_utf8(value) ||
            ol_context_add(&h->context, name, value) != OL_OK)
            return OL_EDECRYPT;
    }
    return count > 0 && r.at == h->aad.len ? OL_OK : OL_EDECRYPT;
}

static int read_keys(ol_sdk_header *h, reader *r)
{
    size_t count = (size_t)number(r, 2);
    if (r->short_)
        return OL_OK;
    if (count == 0 || count > OL_SDK_KEYS_MAX)
        return OL_EDECRYPT;
    for (h->key_count = 0; h->key_count < count; h->key_count++) {
        ol_sdk_wrapped *key = &h->keys[h->key_count];
        key->provider = counted(r);
        key->info = counted(r);
        key->key = counted(r);
    }
    return OL_OK;
}

static int read_body_form(ol_sdk_header *h, reader *r, bool with_iv_length)
{
    uint64_t content = number(r, 1);
    uint64_t reserved = with_iv_length ? number(r, 4) : 0;
    uint64_t iv_len = with_iv_length ? number(r, 1) : OL_SDK_IV_BYTES;
    h->frame_bytes = (uint32_t)number(r, 4);
    h->framed = content == CONTENT_FRAMED;
    if (r->short_)
        return OL_OK;
    bool good = (content == CONTENT_SINGLE || content == CONTENT_FRAMED) && reserved == 0 &&
                iv_len == OL_SDK_IV_BYTES && h->framed == (h->frame_bytes > 0);
    return good ? OL_OK : OL_EDECRYPT;
}

static int read_common(ol_sdk_header *h, reader *r)
{
    h->aad = counted(r);
    int rc = r->short_ ? OL_OK : read_pairs(h);
    return rc == OL_OK ? read_keys(h, r) : rc;
}

static int read_v1(ol_sdk_header *h, reader *r)
{
    if (number(r, 1) != TYPE_CUSTOMER_AED && !r->short_)
        return OL_EDECRYPT;
    h->suite = find_suite(number(r, 2));
    if (!r->short_ && (!h->suite || h->suite->commits))
        return OL_EDECRYPT;
    h->message_id = bytes(r, 16);
    int rc = read_common(h, r);
    if (rc == OL_OK)
        rc = read_body_form(h, r, true);
    h->authenticated = ol_slice_of(r->all.data, r->at);
    ol_slice iv = bytes(r, OL_SDK_IV_BYTES);
    if (rc == OL_OK && !r->short_)
        memcpy(h->iv, iv.data, sizeof(h->iv));
    return rc;
}

static int read_v2(ol_sdk_header *h, reader *r)
{
    h->suite = find_suite(number(r, 2));
    if (!r->short_ && (!h->suite || !h->suite->commits))
        return OL_EDECRYPT;
    h->message_id = bytes(r, 32);
    int rc = read_common(h, r);
    if (rc == OL_OK)
        rc = read_body_form(h, r, false);
    h->commitment = bytes(r, 32);
    h->authenticated = ol_slice_of(r->all.data, r->at);
    return rc;
}

int ol_sdk_header_read(ol_sdk_header *header, ol_slice all)
{
    reader r = {.all = all};
    memset(header, 0, sizeof(*header));
    uint64_t version = number(&r, 1);
    if (r.short_)
        return OL_WAIT;
    if (version != 1 && version != 2)
        return OL_EDECRYPT;
    int rc = version == 1 ? read_v1(header, &r) : read_v2(header, &r);
    header->tag = bytes(&r, OL_SDK_TAG_BYTES);
    header->size = r.at;
    if (rc != OL_OK)
        return rc;
    if (!r.short_)
        return OL_OK;
    return all.len < OL_SDK_HEADER_BYTES_MAX ? OL_WAIT : OL_EDECRYPT;
}

bool ol_sdk_is_message(ol_slice first)
{
    reader r = {.all = first};
    uint64_t version = number(&r, 1);
    if (version == 1 && number(&r, 1) != TYPE_CUSTOMER_AED)
        return false;
    const ol_sdk_suite *suite = find_suite(number(&r, 2));
    return !r.short_ && suite && (version == 1 || version == 2) && suite->commits == (version == 2);
}

/* ---- the other direction ---- */

static uint8_t *put_text(uint8_t *at, ol_slice text)
{
    *at++ = (uint8_t)(text.len >> 8);
    *at++ = (uint8_t)text.len;
    if (text.len > 0)
        memcpy(at, text.data, text.len);
    return at + text.len;
}

int ol_sdk_write_pairs(const ol_context *context, const ol_context *without, ol_arena *arena,
                       ol_slice *out)
{
    size_t count = 0, len = 2;
    for (size_t i = 0; i < context->count; i++)
        len += 4 + context->pairs[i].name.len + context->pairs[i].value.len;
    uint8_t *bytes = ol_arena_alloc(arena, len), *at = bytes + 2;
    if (!bytes)
        return OL_ENOMEM;
    for (size_t i = 0; i < context->count; i++) {
        const ol_context_pair *pair = &context->pairs[i];
        if (without && ol_context_find(without, pair->name))
            continue;
        at = put_text(put_text(at, pair->name), pair->value);
        count++;
    }
    bytes[0] = (uint8_t)(count >> 8);
    bytes[1] = (uint8_t)count;
    *out = count > 0 ? ol_slice_of(bytes, (size_t)(at - bytes)) : OL_SLICE_NONE;
    return OL_OK;
}
