/* SPDX-License-Identifier: MIT */
/*
 * Random bytes are drawn for many ids at once and kept by the thread. A process that forks and
 * goes on in both copies would repeat ids; the server never does.
 */
#include "observe/request_id.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/encode.h"

#define ID_BYTES 16u
#define KEPT_IDS 128u

static _Thread_local uint8_t kept[KEPT_IDS * ID_BYTES];
static _Thread_local unsigned kept_ids;

static void draw(void)
{
    size_t at = 0;
    while (at < sizeof(kept)) {
        ssize_t got = getrandom(kept + at, sizeof(kept) - at, 0);
        if (got < 0 && errno != EINTR)
            abort(); /* a kernel without randomness cannot serve TLS or signatures either */
        at += got > 0 ? (size_t)got : 0;
    }
    kept_ids = KEPT_IDS;
}

void ol_request_id_make(char out[OL_REQUEST_ID_SIZE])
{
    static const uint8_t groups[] = {4, 2, 2, 2, 6};
    if (kept_ids == 0)
        draw();
    uint8_t id[ID_BYTES];
    memcpy(id, kept + --kept_ids * ID_BYTES, ID_BYTES);
    id[6] = (id[6] & 0x0F) | 0x40; /* version 4 */
    id[8] = (id[8] & 0x3F) | 0x80; /* variant of RFC 4122 */
    const uint8_t *at = id;
    for (unsigned i = 0; i < sizeof(groups); i++) {
        ol_hex_encode(at, groups[i], out);
        at += groups[i];
        out += 2 * groups[i];
        *out++ = '-';
    }
    out[-1] = '\0'; /* behind the last group */
}
