/* SPDX-License-Identifier: MIT */
/* The LZ4 frame format with a checksum over the content, by liblz4. */
#include <lz4frame.h>
#include <stdlib.h>

#include "gathered.h"
#include "limits.h"

enum state { BEGIN, BLOCKS, LAST };

struct lz4 {
    LZ4F_cctx *context;
    LZ4F_preferences_t preferences;
    enum state state;
    size_t room; /* of `made` */
    struct cp_made made;
};

/* The context's tables, the block that it gathers, and what is made of one. */
static uint64_t memory_bytes(int level)
{
    return level < 3 ? 1 << 20 : 2 << 20;
}

static void close(void *encoder)
{
    struct lz4 *l = encoder;
    LZ4F_freeCompressionContext(l->context);
    free(l);
}

static void *open(int level)
{
    LZ4F_preferences_t preferences = {
        .frameInfo = {.blockSizeID = LZ4F_max256KB, .contentChecksumFlag = LZ4F_contentChecksumEnabled},
        .compressionLevel = level,
    };
    size_t room = LZ4F_compressBound(CP_BLOCK_BYTES, &preferences) + LZ4F_HEADER_SIZE_MAX;
    struct lz4 *l = calloc(1, sizeof(*l) + room);
    if (!l)
        return NULL;
    l->preferences = preferences;
    l->room = room;
    if (!LZ4F_isError(LZ4F_createCompressionContext(&l->context, LZ4F_VERSION)))
        return l;
    close(l);
    return NULL;
}

/* The next of header, blocks and end. */
static size_t make(struct lz4 *l, struct cp_io *io)
{
    if (l->state == BEGIN) {
        l->state = BLOCKS;
        return LZ4F_compressBegin(l->context, l->made.bytes, l->room, &l->preferences);
    }
    if (io->in_size > 0) {
        size_t n = io->in_size < CP_BLOCK_BYTES ? io->in_size : CP_BLOCK_BYTES;
        const uint8_t *from = io->in;
        io->in += n;
        io->in_size -= n;
        return LZ4F_compressUpdate(l->context, l->made.bytes, l->room, from, n, NULL);
    }
    l->state = LAST;
    return LZ4F_compressEnd(l->context, l->made.bytes, l->room, NULL);
}

static enum cp_result run(void *encoder, struct cp_io *io, bool end)
{
    struct lz4 *l = encoder;
    while (cp_give(&l->made, io)) {
        if (l->state == LAST)
            return CP_END;
        if (io->in_size == 0 && !end)
            return CP_MORE;
        size_t made = make(l, io);
        if (LZ4F_isError(made))
            return CP_NO_MEMORY;
        l->made.size = made;
        l->made.given = 0;
    }
    return CP_MORE;
}

const struct cp_format cp_lz4 = {
    .name = "lz4", .media_type = "application/x-lz4",
    .level_min = 1, .level_max = 12, .level_default = 1,
    .memory_bytes = memory_bytes, .open = open, .run = run, .close = close};
