/* SPDX-License-Identifier: MIT */
/*
 * The kit's output, with what a decoder has to know of it: how much there was, and a checksum. The
 * first DC_HELD_BYTES are held back, so that what fails until then is a clean error.
 */
#ifndef DC_OUTPUT_H
#define DC_OUTPUT_H

#include "../kit/output.h"

#define DC_HELD_BYTES (64 * 1024u)

struct dc_output {
    struct kit_output kit;
    uint64_t total;
    bool sums; /* keep `crc` over what is made from now on */
    uint32_t crc;
};

/* Room of at least one byte in *room. May wait. False after a failure. */
bool dc_output_room(struct dc_output *out, uint8_t **room, size_t *size);
/* The first `size` bytes of it were filled. */
void dc_output_took(struct dc_output *out, size_t size);
/* For what is at hand already. False after a failure. */
bool dc_output_write(struct dc_output *out, const void *bytes, size_t size);

#endif
