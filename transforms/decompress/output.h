/* SPDX-License-Identifier: MIT */
/*
 * Output: written into the room that the host lends. The first DC_HELD_BYTES are held here, so
 * that what fails until then is a clean error. The first failure of the host is kept in `result`;
 * everything after it is dropped.
 */
#ifndef DC_OUTPUT_H
#define DC_OUTPUT_H

#include <objlens/transform.h>
#include <stdbool.h>
#include <stdint.h>

#define DC_HELD_BYTES (64 * 1024u)

struct dc_output {
    const struct objlens_host *host;
    struct objlens_call *call;
    uint8_t *held; /* the room while nothing has left yet; NULL afterwards */
    uint8_t *room;
    size_t size, used;
    uint64_t total;
    bool sums; /* keep `crc` over what is made from now on */
    uint32_t crc;
    int result; /* of the ABI */
};

/* OBJLENS_ENOMEM when there is no room to hold anything in. */
int dc_output_init(struct dc_output *out, const struct objlens_host *host,
                   struct objlens_call *call);
void dc_output_fini(struct dc_output *out);

/* Room of at least one byte in *room. May wait. False after a failure. */
bool dc_output_room(struct dc_output *out, uint8_t **room, size_t *size);
/* The first `size` bytes of it were filled. */
void dc_output_took(struct dc_output *out, size_t size);
/* For what is at hand already. False after a failure. */
bool dc_output_write(struct dc_output *out, const void *bytes, size_t size);

/* Before a callback returns: the host's room goes back. What is held stays held. */
void dc_output_flush(struct dc_output *out);
/* All that is held leaves: the answer is right so far. */
void dc_output_finish(struct dc_output *out);

#endif
