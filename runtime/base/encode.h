/* SPDX-License-Identifier: MIT */
/*
 * Text forms of bytes: hex, base64, percent-encoding, and escaping for JSON and XML.
 * Encoders append to an ol_buf and return its errors; decoders return OL_EINVAL on
 * malformed input and leave the output unspecified.
 */
#ifndef OL_BASE_ENCODE_H
#define OL_BASE_ENCODE_H

#include "base/buf.h"

/* Lower case; out has 2 * len + 1 bytes. */
void ol_hex_encode(const uint8_t *data, size_t len, char *out);
int ol_hex_decode(ol_slice text, uint8_t *out, size_t out_size, size_t *out_len);

/* Standard alphabet with padding (RFC 4648 section 4); strict when decoding. */
int ol_base64_encode(ol_buf *out, ol_slice data);
int ol_base64_decode(ol_slice text, uint8_t *out, size_t out_size, size_t *out_len);

/* RFC 3986 as SigV4 wants it: everything but A-Z a-z 0-9 - . _ ~ becomes %XX (upper case).
 * `keep_slash` leaves '/' as it is (object keys in paths). */
int ol_uri_encode(ol_buf *out, ol_slice data, bool keep_slash);
/* %XX to bytes; `plus_is_space` for query strings. A lone or malformed % is OL_EINVAL. */
int ol_uri_decode(ol_buf *out, ol_slice text, bool plus_is_space);

/* The content of a JSON string, without the quotes; malformed UTF-8 becomes U+FFFD. */
int ol_json_escape(ol_buf *out, ol_slice text);
/* As ol_json_escape, with quotes. */
int ol_json_string(ol_buf *out, ol_slice text);
/* XML character data and attribute values; what XML 1.0 cannot carry becomes U+FFFD. */
int ol_xml_escape(ol_buf *out, ol_slice text);

#endif
