/* SPDX-License-Identifier: MIT */
/*
 * Writes a response head into a buffer.
 */
#include "http/connection.h"

#include "http/syntax.h"

/* The framing is ours alone: a field of these names from elsewhere would contradict it. */
static bool is_ours(ol_slice name)
{
    switch (name.len) {
    case 4:
        return ol_slice_ieq(name, OL_SLICE_LIT("date"));
    case 10:
        return ol_slice_ieq(name, OL_SLICE_LIT("connection")) ||
               ol_slice_ieq(name, OL_SLICE_LIT("keep-alive"));
    case 14:
        return ol_slice_ieq(name, OL_SLICE_LIT("content-length"));
    case 17:
        return ol_slice_ieq(name, OL_SLICE_LIT("transfer-encoding"));
    default:
        return false;
    }
}

static void put(ol_buf *out, const void *data, size_t len)
{
    memcpy(out->data + out->len, data, len);
    out->len += len;
}

static void put_text(ol_buf *out, const char *text)
{
    put(out, text, strlen(text));
}

static void put_number(ol_buf *out, uint64_t number)
{
    char digits[20];
    size_t at = sizeof(digits);
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    put(out, digits + at, sizeof(digits) - at);
}

static size_t bytes_of(const ol_headers *headers)
{
    size_t bytes = 0;
    for (size_t i = 0; headers && i < headers->count; i++)
        bytes += headers->items[i].name.len + headers->items[i].value.len + 4;
    return bytes;
}

static void put_headers(ol_buf *out, const ol_headers *headers)
{
    for (size_t i = 0; headers && i < headers->count; i++) {
        const ol_header *h = &headers->items[i];
        if (is_ours(h->name))
            continue;
        put(out, h->name.data, h->name.len);
        put(out, ": ", 2);
        if (h->value.len > 0)
            put(out, h->value.data, h->value.len);
        put(out, "\r\n", 2);
    }
}

int ol_http_write_head(ol_buf *out, int status, const ol_headers *headers,
                       const ol_http_head_extra *extra)
{
    /* 256: the status line and our own fields at their longest. One reservation, then no checks. */
    int rc = ol_buf_reserve(out, bytes_of(headers) + 256);
    if (rc != OL_OK)
        return rc;
    put(out, "HTTP/1.1 ", 9);
    put_number(out, (uint64_t)status);
    put(out, " ", 1);
    put_text(out, ol_http_reason(status));
    put(out, "\r\n", 2);
    put_headers(out, headers);
    put_text(out, "Date: ");
    put_text(out, extra->date);
    put(out, "\r\n", 2);
    if (extra->content_length >= 0) {
        put_text(out, "Content-Length: ");
        put_number(out, (uint64_t)extra->content_length);
        put(out, "\r\n", 2);
    }
    if (extra->chunked)
        put_text(out, "Transfer-Encoding: chunked\r\n");
    if (extra->close)
        put_text(out, "Connection: close\r\n");
    else if (extra->keep_alive)
        put_text(out, "Connection: keep-alive\r\n");
    put(out, "\r\n", 2);
    return OL_OK;
}
