/* SPDX-License-Identifier: MIT */
/*
 * Snappy's framing format (google/snappy, framing_format.txt), by libsnappy: chunks of 64 KiB, each
 * with its CRC-32C; one that would not become smaller stands as it is.
 */
#include <snappy-c.h>
#include <stdlib.h>

#include "../kit/crc32c.h"
#include "gathered.h"

#define HEAD_BYTES 4u
#define CRC_BYTES 4u
#define PLAIN_BYTES_MAX 65536u
/* What 64 KiB become at worst. */
#define PACKED_BYTES_MAX (32u + PLAIN_BYTES_MAX + PLAIN_BYTES_MAX / 6u)

enum { PACKED = 0x00, PLAIN = 0x01 };

static const uint8_t identifier[] = {0xff, 6, 0, 0, 's', 'N', 'a', 'P', 'p', 'Y'};

static struct kit_crc32c crc32c;

struct snappy {
    struct cp_made made;
};

void cp_snappy_prepare(void)
{
    kit_crc32c_prepare(&crc32c);
}

/* A chunk, and the table that the library takes for it. */
static uint64_t memory_bytes(int level)
{
    (void)level;
    return 256 * 1024;
}

static void *open(int level)
{
    struct snappy *s = calloc(1, sizeof(*s) + HEAD_BYTES + CRC_BYTES + PACKED_BYTES_MAX);
    (void)level;
    if (!s)
        return NULL;
    memcpy(s->made.bytes, identifier, sizeof(identifier));
    s->made.size = sizeof(identifier);
    return s;
}

static void put_little(uint8_t *to, uint32_t value, unsigned size)
{
    for (unsigned i = 0; i < size; i++)
        to[i] = (uint8_t)(value >> 8 * i);
}

static bool make_chunk(struct snappy *s, const uint8_t *bytes, size_t size)
{
    uint8_t *chunk = s->made.bytes, *body = chunk + HEAD_BYTES + CRC_BYTES;
    size_t packed = PACKED_BYTES_MAX;
    if (snappy_compress((const char *)bytes, size, (char *)body, &packed) != SNAPPY_OK)
        return false;
    chunk[0] = packed < size ? PACKED : PLAIN;
    if (packed >= size)
        memcpy(body, bytes, packed = size);
    put_little(chunk + 1, (uint32_t)(CRC_BYTES + packed), 3);
    put_little(chunk + HEAD_BYTES, kit_crc32c_masked(kit_crc32c(&crc32c, bytes, size)), CRC_BYTES);
    s->made.size = HEAD_BYTES + CRC_BYTES + packed;
    s->made.given = 0;
    return true;
}

static enum cp_result run(void *encoder, struct cp_io *io, bool end)
{
    struct snappy *s = encoder;
    while (cp_give(&s->made, io)) {
        size_t n = io->in_size < PLAIN_BYTES_MAX ? io->in_size : PLAIN_BYTES_MAX;
        if (n == 0)
            return end ? CP_END : CP_MORE;
        if (!make_chunk(s, io->in, n))
            return CP_NO_MEMORY;
        io->in += n;
        io->in_size -= n;
    }
    return CP_MORE;
}

static void close(void *encoder)
{
    free(encoder);
}

const struct cp_format cp_snappy = {
    .name = "snappy", .media_type = "application/x-snappy-framed",
    .memory_bytes = memory_bytes, .open = open, .run = run, .close = close};
