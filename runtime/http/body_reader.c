/* SPDX-License-Identifier: MIT */
/* Bodies by a small machine of our own: llhttp takes any two bytes for the CRLF behind a chunk. */
#include "http/body_reader.h"

#include "http/syntax.h"

#define SIZE_DIGITS_MAX 15 /* below 2^60 */
#define EXTENSION_BYTES_MAX 256
#define TRAILER_LINE_BYTES_MAX 4096
#define EXTRA_BYTES_MAX (32 * 1024) /* extensions and trailers of one body together */

enum state {
    SIZE,
    EXTENSION,
    SIZE_LF,
    DATA,
    DATA_CR,
    DATA_LF,
    TRAILER_START,
    TRAILER,
    TRAILER_LF,
    END_LF,
    DONE
};

void ol_body_reader_init(ol_body_reader *reader, enum ol_body_mode mode, uint64_t length)
{
    *reader = (ol_body_reader){.mode = mode, .state_ = SIZE};
    if (mode == OL_BODY_LENGTH)
        reader->remaining = length;
}

bool ol_body_reader_done(const ol_body_reader *reader)
{
    switch (reader->mode) {
    case OL_BODY_LENGTH:
        return reader->remaining == 0;
    case OL_BODY_CHUNKED:
        return reader->state_ == DONE;
    default:
        return false;
    }
}

static int take_data(ol_body_reader *reader, ol_slice *in, ol_slice *data)
{
    size_t len = in->len < reader->remaining ? in->len : (size_t)reader->remaining;
    *data = ol_slice_first(*in, len);
    *in = ol_slice_from(*in, len);
    reader->remaining -= len;
    return len > 0 ? OL_OK : OL_WAIT;
}

static int hex_value(uint8_t ch)
{
    if (ch <= '9')
        return ch - '0';
    return (ch | 0x20) - 'a' + 10;
}

static int on_size(ol_body_reader *r, uint8_t ch)
{
    if (ol_http_char_is(ch, OL_CH_HEX)) {
        if (++r->digits_ > SIZE_DIGITS_MAX)
            return OL_EPROTOCOL;
        r->remaining = r->remaining << 4 | (uint64_t)hex_value(ch);
        return OL_OK;
    }
    if (r->digits_ == 0 || (ch != '\r' && ch != ';'))
        return OL_EPROTOCOL;
    r->line_bytes_ = 0;
    r->state_ = ch == '\r' ? SIZE_LF : EXTENSION;
    return OL_OK;
}

static int count_extra(ol_body_reader *r, uint32_t line_max)
{
    if (++r->line_bytes_ > line_max || ++r->extra_bytes_ > EXTRA_BYTES_MAX)
        return OL_EPROTOCOL;
    return OL_OK;
}

static int on_extension(ol_body_reader *r, uint8_t ch)
{
    if (ch == '\r') {
        r->state_ = SIZE_LF;
        return OL_OK;
    }
    return ol_http_char_is(ch, OL_CH_VALUE) ? count_extra(r, EXTENSION_BYTES_MAX) : OL_EPROTOCOL;
}

/* A trailer field obeys the rules of a header field, then it is forgotten. */
static int on_trailer(ol_body_reader *r, uint8_t ch)
{
    if (r->state_ == TRAILER_START) {
        if (ch == '\r') {
            r->state_ = END_LF;
            return OL_OK;
        }
        r->in_name_ = true;
        r->line_bytes_ = 0;
        r->state_ = TRAILER;
    }
    if (r->in_name_) {
        if (ch == ':' && r->line_bytes_ > 0)
            r->in_name_ = false;
        else if (!ol_http_char_is(ch, OL_CH_TOKEN))
            return OL_EPROTOCOL;
    } else if (ch == '\r') {
        r->state_ = TRAILER_LF;
        return OL_OK;
    } else if (!ol_http_char_is(ch, OL_CH_VALUE)) {
        return OL_EPROTOCOL;
    }
    return count_extra(r, TRAILER_LINE_BYTES_MAX);
}

static int expect(ol_body_reader *r, uint8_t ch, uint8_t wanted, enum state next)
{
    if (ch != wanted)
        return OL_EPROTOCOL;
    r->state_ = (uint8_t)next;
    return OL_OK;
}

/* One byte of framing. */
static int step(ol_body_reader *r, uint8_t ch)
{
    switch ((enum state)r->state_) {
    case SIZE:
        return on_size(r, ch);
    case EXTENSION:
        return on_extension(r, ch);
    case SIZE_LF:
        r->digits_ = 0;
        return expect(r, ch, '\n', r->remaining > 0 ? DATA : TRAILER_START);
    case DATA_CR:
        return expect(r, ch, '\r', DATA_LF);
    case DATA_LF:
        return expect(r, ch, '\n', SIZE);
    case TRAILER_START:
    case TRAILER:
        return on_trailer(r, ch);
    case TRAILER_LF:
        return expect(r, ch, '\n', TRAILER_START);
    case END_LF:
        return expect(r, ch, '\n', DONE);
    case DATA:
    case DONE:
        break;
    }
    return OL_EPROTOCOL;
}

static int next_chunked(ol_body_reader *r, ol_slice *in, ol_slice *data)
{
    while (r->state_ != DONE) {
        if (in->len == 0)
            return OL_WAIT;
        if (r->state_ == DATA) {
            int rc = take_data(r, in, data);
            if (r->remaining == 0)
                r->state_ = DATA_CR;
            return rc;
        }
        int rc = step(r, in->data[0]);
        if (rc != OL_OK)
            return rc;
        *in = ol_slice_from(*in, 1);
    }
    return OL_DONE;
}

int ol_body_reader_next(ol_body_reader *reader, ol_slice *in, ol_slice *data)
{
    *data = OL_SLICE_NONE;
    switch (reader->mode) {
    case OL_BODY_LENGTH:
        return reader->remaining == 0 ? OL_DONE : take_data(reader, in, data);
    case OL_BODY_CHUNKED:
        return next_chunked(reader, in, data);
    case OL_BODY_UNTIL_END:
        *data = *in;
        *in = OL_SLICE_NONE;
        return data->len > 0 ? OL_OK : OL_WAIT;
    }
    return OL_EPROTOCOL;
}
