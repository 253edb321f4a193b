/* SPDX-License-Identifier: MIT */
/* Decoders and escapers of base/: whatever comes in, what comes out is well-formed, and what was
 * decoded encodes to something that decodes to the same. */
#include <stdlib.h>

#include "base/clock.h"
#include "base/encode.h"
#include "base/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MOST_BYTES 4096u
#define YEAR_10000_MS 253402300800000

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void base64(ol_slice in)
{
    uint8_t bytes[MOST_BYTES];
    size_t len;
    if (ol_base64_decode(in, bytes, sizeof(bytes), &len) != OL_OK)
        return;
    ol_buf again;
    ol_buf_init(&again, 2 * MOST_BYTES);
    check(ol_base64_encode(&again, ol_slice_of(bytes, len)) == OL_OK);
    check(ol_slice_eq(ol_buf_slice(&again), in));
    ol_buf_fini(&again);
}

static void hex(ol_slice in)
{
    uint8_t bytes[MOST_BYTES];
    char text[2 * MOST_BYTES + 1];
    size_t len;
    if (ol_hex_decode(in, bytes, sizeof(bytes), &len) != OL_OK)
        return;
    ol_hex_encode(bytes, len, text);
    check(ol_slice_ieq(ol_slice_cstr(text), in));
}

static void uri(ol_slice in)
{
    ol_buf decoded, encoded, again;
    ol_buf_init(&decoded, MOST_BYTES);
    ol_buf_init(&encoded, 3 * MOST_BYTES);
    ol_buf_init(&again, MOST_BYTES);
    if (ol_uri_decode(&decoded, in, in.len % 2) == OL_OK) {
        check(ol_uri_encode(&encoded, ol_buf_slice(&decoded), in.len % 3) == OL_OK);
        check(ol_uri_decode(&again, ol_buf_slice(&encoded), false) == OL_OK);
        check(ol_slice_eq(ol_buf_slice(&decoded), ol_buf_slice(&again)));
    }
    ol_buf_fini(&decoded);
    ol_buf_fini(&encoded);
    ol_buf_fini(&again);
}

static void escaping(ol_slice in)
{
    ol_buf out;
    ol_buf_init(&out, 8 * MOST_BYTES);
    check(ol_json_escape(&out, in) == OL_OK);
    check(ol_slice_is_utf8(ol_buf_slice(&out)));
    for (size_t i = 0; i < out.len; i++)
        check(out.data[i] >= 0x20 && out.data[i] != 0x7F);
    ol_buf_clear(&out);
    check(ol_xml_escape(&out, in) == OL_OK);
    check(ol_slice_is_utf8(ol_buf_slice(&out)));
    check(ol_slice_find(ol_buf_slice(&out), '<') < 0);
    ol_buf_fini(&out);
}

static void dates(ol_slice in)
{
    int64_t ms, again;
    char text[OL_HTTP_DATE_SIZE];
    /* A leap second at the end of 9999 would need a fifth digit. */
    if (ol_clock_parse_http_date(in, &ms) && ms < YEAR_10000_MS) {
        ol_clock_http_date(ms, text);
        check(ol_clock_parse_http_date(ol_slice_cstr(text), &again) && again == ms);
    }
    if (ol_clock_parse_amz_date(in, &ms) && ms < YEAR_10000_MS) {
        ol_clock_amz_date(ms, text);
        check(ol_clock_parse_amz_date(ol_slice_cstr(text), &again) && again == ms);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ol_slice in = ol_slice_of(data, size < MOST_BYTES ? size : MOST_BYTES);
    base64(in);
    hex(in);
    uri(in);
    escaping(in);
    dates(in);
    return 0;
}
