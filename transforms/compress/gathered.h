/* SPDX-License-Identifier: MIT */
/* For encoders that make a whole piece at a time, which is then given out as room comes. */
#ifndef CP_GATHERED_H
#define CP_GATHERED_H

#include <string.h>

#include "codec.h"

struct cp_made {
    size_t size, given;
    uint8_t bytes[];
};

/* True when nothing is left. */
static inline bool cp_give(struct cp_made *made, struct cp_io *io)
{
    size_t left = made->size - made->given, n = left < io->out_size ? left : io->out_size;
    memcpy(io->out, made->bytes + made->given, n);
    made->given += n;
    io->out += n;
    io->out_size -= n;
    return made->given == made->size;
}

#endif
