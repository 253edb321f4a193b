/* SPDX-License-Identifier: MIT */
/*
 * Snappy's framing format (google/snappy, framing_format.txt): chunks of at most 64 KiB, each with
 * its CRC-32C, opened by libsnappy. A chunk is gathered whole before it is opened, and what it
 * held is checked before a byte leaves. The format has no end of its own: the stream may end after
 * any chunk, which is what may_end() tells.
 */
#include <snappy-c.h>
#include <stdlib.h>
#include <string.h>

#include "../kit/crc32c.h"
#include "codec.h"

#define HEAD_BYTES 4u
#define CRC_BYTES 4u
#define PLAIN_BYTES_MAX 65536u
/* What 64 KiB become at worst. */
#define PACKED_BYTES_MAX (32u + PLAIN_BYTES_MAX + PLAIN_BYTES_MAX / 6u)

enum { PACKED = 0x00, PLAIN = 0x01, RESERVED_FROM = 0x02, SKIPPED_FROM = 0x80, IDENTIFIER = 0xff };

static const char identifier[] = "sNaPpY";

struct snappy {
    bool began; /* the identifier has come */
    size_t have;
    size_t skip; /* of a chunk that says nothing */
    uint8_t chunk[HEAD_BYTES + CRC_BYTES + PACKED_BYTES_MAX];
    size_t ready, given; /* of `plain` */
    uint8_t plain[PLAIN_BYTES_MAX];
};

static struct kit_crc32c crc32c;

void dc_snappy_prepare(void)
{
    kit_crc32c_prepare(&crc32c);
}

static void *open(uint64_t memory_bytes)
{
    (void)memory_bytes;
    return calloc(1, sizeof(struct snappy));
}

static uint32_t little(const uint8_t *bytes, unsigned size)
{
    uint32_t value = 0;
    for (unsigned i = 0; i < size; i++)
        value |= (uint32_t)bytes[i] << 8 * i;
    return value;
}

static void gather(struct snappy *s, struct dc_io *io, size_t wanted)
{
    size_t lacks = s->have < wanted ? wanted - s->have : 0;
    size_t n = lacks < io->in_size ? lacks : io->in_size;
    memcpy(s->chunk + s->have, io->in, n);
    s->have += n;
    io->in += n;
    io->in_size -= n;
}

static size_t body_size_max(uint8_t type)
{
    switch (type) {
    case PACKED: return CRC_BYTES + PACKED_BYTES_MAX;
    case PLAIN: return CRC_BYTES + PLAIN_BYTES_MAX;
    case IDENTIFIER: return sizeof(identifier) - 1;
    default: return 0;
    }
}

static bool open_chunk(struct snappy *s, size_t size)
{
    const char *body = (const char *)s->chunk + HEAD_BYTES;
    uint8_t type = s->chunk[0];
    if (type == IDENTIFIER)
        return s->began = size == sizeof(identifier) - 1 && memcmp(body, identifier, size) == 0;
    if (size < CRC_BYTES)
        return false;
    const char *content = body + CRC_BYTES;
    size_t content_size = size - CRC_BYTES, plain_size = sizeof(s->plain);
    if (type == PLAIN)
        memcpy(s->plain, content, plain_size = content_size);
    else if (snappy_uncompress(content, content_size, (char *)s->plain, &plain_size) != SNAPPY_OK)
        return false;
    s->ready = plain_size;
    s->given = 0;
    return kit_crc32c_masked(kit_crc32c(&crc32c, s->plain, plain_size)) == little((const uint8_t *)body, CRC_BYTES);
}

/* True while it can go on. */
static bool take(struct snappy *s, struct dc_io *io)
{
    gather(s, io, HEAD_BYTES);
    if (s->have < HEAD_BYTES)
        return true;
    uint8_t type = s->chunk[0];
    size_t size = little(s->chunk + 1, 3);
    if ((!s->began && type != IDENTIFIER) || (type >= RESERVED_FROM && type < SKIPPED_FROM))
        return false;
    if (type >= SKIPPED_FROM && type != IDENTIFIER) {
        s->skip = size;
        s->have = 0;
        return true;
    }
    if (size > body_size_max(type))
        return false;
    gather(s, io, HEAD_BYTES + size);
    if (s->have < HEAD_BYTES + size)
        return true;
    s->have = 0;
    return open_chunk(s, size);
}

static void give(struct snappy *s, struct dc_io *io)
{
    size_t left = s->ready - s->given, n = left < io->out_size ? left : io->out_size;
    memcpy(io->out, s->plain + s->given, n);
    s->given += n;
    io->out += n;
    io->out_size -= n;
}

static void skip(struct snappy *s, struct dc_io *io)
{
    size_t n = s->skip < io->in_size ? s->skip : io->in_size;
    s->skip -= n;
    io->in += n;
    io->in_size -= n;
}

static enum dc_result run(void *decoder, struct dc_io *io)
{
    struct snappy *s = decoder;
    for (;;) {
        give(s, io);
        skip(s, io);
        if (s->given < s->ready || io->in_size == 0)
            return DC_MORE;
        if (s->skip == 0 && !take(s, io))
            return DC_BAD;
    }
}

static bool may_end(const void *decoder)
{
    const struct snappy *s = decoder;
    return s->began && s->have == 0 && s->skip == 0 && s->given == s->ready;
}

static void close(void *decoder)
{
    free(decoder);
}

const struct dc_format dc_snappy = {.name = "snappy", .open = open, .run = run, .close = close, .may_end = may_end};
