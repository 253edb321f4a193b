/* SPDX-License-Identifier: MIT */
/* What a payload asks for. See README.md, "Payload". */
#ifndef CP_CONFIG_H
#define CP_CONFIG_H

#include "../kit/payload.h"
#include "codec.h"

struct cp_config {
    struct kit_config kit;
    const struct cp_format *format;
    int level;
    int as_encoding; /* the answer says Content-Encoding; else its Content-Type is the format's */
    uint64_t memory_bytes;
};

/* What a payload says, for free(); empty means the defaults. What is wrong with it is in `kit.reason`.
 * Another result than OBJLENS_OK: out of memory. */
int cp_config_new(const char *payload, size_t size, struct cp_config **config);

#endif
