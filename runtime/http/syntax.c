/* SPDX-License-Identifier: MIT */
/* Tables of characters and of words. */
#include "http/syntax.h"

#include "base/words.h"

/* Sums of OL_CH_…, sixteen bytes a row from 0x00 on. */
const uint8_t ol_http_chars[256] = {
     0,  0,  0,  0,  0,  0,  0,  0,  0,  2,  0,  0,  0,  0,  0,  0,
     0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,
     2,  7,  6,  3,  7, 15,  7,  7,  6,  6,  7,  7,  6, 15, 15,  6,
    31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 14,  6,  6,  6,  6,  6,
     6, 31, 31, 31, 31, 31, 31, 15, 15, 15, 15, 15, 15, 15, 15, 15,
    15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 14,  6, 14,  7, 15,
     7, 31, 31, 31, 31, 31, 31, 15, 15, 15, 15, 15, 15, 15, 15, 15,
    15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15,  6,  7,  6, 15,  0,
     6,  6,  6,  6,  6,  6,  6,  6,  6,  6,  6,  6,  6,  6,  6,  6,
     6,  6,  6,  6,  6,  6,  6,  6,  6,  6,  6,  6,  6,  6,  6,  6,
     6,  6,  6,  6,  6,  6,  6,  6,  6,  6,  6,  6,  6,  6,  6,  6,
     6,  6,  6,  6,  6,  6,  6,  6,  6,  6,  6,  6,  6,  6,  6,  6,
     6,  6,  6,  6,  6,  6,  6,  6,  6,  6,  6,  6,  6,  6,  6,  6,
     6,  6,  6,  6,  6,  6,  6,  6,  6,  6,  6,  6,  6,  6,  6,  6,
     6,  6,  6,  6,  6,  6,  6,  6,  6,  6,  6,  6,  6,  6,  6,  6,
     6,  6,  6,  6,  6,  6,  6,  6,  6,  6,  6,  6,  6,  6,  6,  6,
};

/* Length of what starts `text` and is a field's value beyond doubt, in whole words: a tab is none
 * here. Values are most of the bytes of a head. */
static size_t plain_words(ol_slice text)
{
    size_t at = 0;
    for (; text.len - at >= OL_WORD_BYTES; at += OL_WORD_BYTES) {
        uint64_t word = ol_word_load(text.data + at);
        if (ol_word_has_below(word, ' ') || ol_word_has(word, 0x7F))
            break;
    }
    return at;
}

bool ol_http_all(ol_slice text, unsigned classes)
{
    unsigned all = classes;
    size_t at = classes == OL_CH_VALUE ? plain_words(text) : 0;
    for (; at < text.len; at++)
        all &= ol_http_chars[text.data[at]];
    return (all & classes) == classes;
}

void ol_http_each_token(ol_slice list, void (*visit)(void *arg, ol_slice token), void *arg)
{
    while (list.len > 0) {
        ptrdiff_t comma = ol_slice_find(list, ',');
        size_t len = comma < 0 ? list.len : (size_t)comma;
        ol_slice token = ol_slice_trim(ol_slice_first(list, len));
        if (token.len > 0)
            visit(arg, token);
        list = ol_slice_from(list, len + 1);
    }
}

static const struct {
    int status;
    const char *reason;
} reasons[] = {
    {200, "OK"},
    {206, "Partial Content"},
    {304, "Not Modified"},
    {204, "No Content"},
    {404, "Not Found"},
    {403, "Forbidden"},
    {400, "Bad Request"},
    {100, "Continue"},
    {201, "Created"},
    {202, "Accepted"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {401, "Unauthorized"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {422, "Unprocessable Content"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
};

const char *ol_http_reason(int status)
{
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        if (reasons[i].status == status)
            return reasons[i].reason;
    }
    return "Unknown";
}
