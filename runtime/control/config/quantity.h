/* SPDX-License-Identifier: MIT */
/*
 * Sizes and socket addresses as people write them.
 */
#ifndef OL_CONTROL_QUANTITY_H
#define OL_CONTROL_QUANTITY_H

#include "base/slice.h"

/* "65536", "64 KiB", "64KiB", "16 MiB", "1 GiB", "1 TiB"; false when it is none or too large. */
bool ol_size_parse(ol_slice text, uint64_t *bytes);

#define OL_ADDRESS_SIZE 48

typedef struct ol_socket_address {
    char host[OL_ADDRESS_SIZE]; /* an IP literal, without brackets */
    uint16_t port;
} ol_socket_address;

/* "127.0.0.1:9000", "[::1]:9000", "localhost:9000" (127.0.0.1); port 0 is any free one. */
bool ol_address_parse(ol_slice text, ol_socket_address *out);

#endif
