/* SPDX-License-Identifier: MIT */
/*
 * Reads the body of a message out of the bytes behind its head: by length, chunked, or until
 * the peer ends. Strict: a chunk size is hex digits, lines end in CRLF, extensions and
 * trailers are bounded and dropped. Data is handed out where it lies, nothing is copied.
 */
#ifndef OL_HTTP_BODY_READER_H
#define OL_HTTP_BODY_READER_H

#include "base/error.h"

enum ol_body_mode {
    OL_BODY_LENGTH, /* a length of 0 is the body that is not there */
    OL_BODY_CHUNKED,
    OL_BODY_UNTIL_END
};

typedef struct ol_body_reader {
    enum ol_body_mode mode;
    uint64_t remaining; /* of the length, or of the current chunk */
    uint8_t state_;
    uint8_t digits_;
    bool in_name_;
    uint32_t line_bytes_;
    uint32_t extra_bytes_; /* extensions and trailers so far */
} ol_body_reader;

void ol_body_reader_init(ol_body_reader *reader, enum ol_body_mode mode, uint64_t length);
/* Takes from the front of *in. OL_OK: *data has bytes of the body (a part of *in as it was).
 * OL_WAIT: *in is used up. OL_DONE: the body is complete, what is left in *in is not its.
 * OL_EPROTOCOL: broken framing. */
int ol_body_reader_next(ol_body_reader *reader, ol_slice *in, ol_slice *data);
/* Nothing (more) belongs to the body. */
bool ol_body_reader_done(const ol_body_reader *reader);

#endif
