/* SPDX-License-Identifier: MIT */
/*
 * S3 gives metadata that is not ASCII back as encoded-words; and some clients' UTF-8 was read as
 * Latin-1 before, so that it is encoded twice. What was meant matters: it is a KMS context.
 */
#include "base/utf8.h"
#include "crypto/content/sealed_text.h"
#include "crypto/formats/s3_envelope.h"

#define TEXT_BYTES_MAX (64u * 1024)

static int hex_value(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int decode_q(ol_buf *out, ol_slice text)
{
    int rc = OL_OK;
    for (size_t i = 0; rc == OL_OK && i < text.len; i++) {
        uint8_t c = text.data[i];
        if (c == '=' && i + 2 < text.len && hex_value(text.data[i + 1]) >= 0 &&
            hex_value(text.data[i + 2]) >= 0) {
            rc = ol_buf_add_byte(out, (uint8_t)(hex_value(text.data[i + 1]) << 4 |
                                                hex_value(text.data[i + 2])));
            i += 2;
        } else if (c == '=') {
            return OL_EDECRYPT;
        } else {
            rc = ol_buf_add_byte(out, c == '_' ? ' ' : c);
        }
    }
    return rc;
}

static int decode_b(ol_buf *out, ol_slice text)
{
    size_t len;
    if (text.len == 0)
        return OL_OK;
    int rc = ol_buf_reserve(out, text.len);
    if (rc != OL_OK)
        return rc;
    if (ol_sealed_base64(text, out->data + out->len, text.len, &len) != OL_OK)
        return OL_EDECRYPT;
    out->len += len;
    return OL_OK;
}

/* The end of a word that begins at `word`: past its "?=". 0 when it is none. */
static size_t word_length(ol_slice word, char *encoding, ol_slice *text)
{
    static const char prefix[] = "=?utf-8?";
    size_t head = sizeof(prefix) - 1;
    if (!ol_slice_ieq(ol_slice_first(word, head), ol_slice_cstr(prefix)) || word.len < head + 4 ||
        word.data[head + 1] != '?')
        return 0;
    *encoding = (char)(word.data[head] | 0x20);
    for (size_t i = head + 2; i + 1 < word.len; i++)
        if (word.data[i] == '?' && word.data[i + 1] == '=') {
            *text = ol_slice_of(word.data + head + 2, i - head - 2);
            return i + 2;
        }
    return 0;
}

/* White space between two words belongs to the encoding. */
static size_t skip_gap(ol_slice rest)
{
    size_t n = 0;
    char encoding;
    ol_slice text;
    while (n < rest.len && (rest.data[n] == ' ' || rest.data[n] == '\t'))
        n++;
    return n > 0 && word_length(ol_slice_from(rest, n), &encoding, &text) > 0 ? n : 0;
}

static int decode_words(ol_buf *out, ol_slice value)
{
    int rc = OL_OK;
    while (rc == OL_OK && value.len > 0) {
        char encoding;
        ol_slice text;
        size_t len = word_length(value, &encoding, &text);
        if (len == 0) {
            rc = ol_buf_add_byte(out, value.data[0]);
            value = ol_slice_from(value, 1);
            continue;
        }
        rc = encoding == 'b' ? decode_b(out, text)
             : encoding == 'q' ? decode_q(out, text)
                               : OL_EDECRYPT;
        value = ol_slice_from(value, len);
        value = ol_slice_from(value, skip_gap(value));
    }
    return rc;
}

/* Every character below 256, one of them above 127, and as bytes valid UTF-8: it was read as Latin-1. */
static bool as_latin1(ol_slice text, ol_buf *bytes)
{
    bool wide = false;
    while (text.len > 0) {
        uint32_t c;
        size_t len = ol_utf8_next(text, &c);
        if (len == 0 || c > 0xff || ol_buf_add_byte(bytes, (uint8_t)c) != OL_OK)
            return false;
        wide = wide || c > 0x7f;
        text = ol_slice_from(text, len);
    }
    return wide && ol_slice_is_utf8(ol_buf_slice(bytes));
}

int ol_s3_header_text(ol_slice value, ol_arena *arena, ol_slice *text)
{
    ol_buf plain, bytes;
    ol_buf_init(&plain, TEXT_BYTES_MAX);
    ol_buf_init(&bytes, TEXT_BYTES_MAX);
    int rc = decode_words(&plain, value);
    if (rc == OL_OK && !ol_slice_is_utf8(ol_buf_slice(&plain)))
        rc = OL_EDECRYPT;
    if (rc == OL_OK) {
        bool twice = as_latin1(ol_buf_slice(&plain), &bytes);
        *text = ol_arena_copy(arena, ol_buf_slice(twice ? &bytes : &plain));
        if (value.len > 0 && !text->data)
            rc = OL_ENOMEM;
    }
    ol_buf_fini(&plain);
    ol_buf_fini(&bytes);
    return rc == OL_OK || rc == OL_ENOMEM ? rc : OL_EDECRYPT;
}
