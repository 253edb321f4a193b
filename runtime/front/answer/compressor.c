/* SPDX-License-Identifier: MIT */
#include "front/answer/compressor.h"

#define ZSTD_STATIC_LINKING_ONLY /* memory of our own */
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "control/state/realm.h"

/* A loop's thread does this work: quick before small. */
#define GZIP_LEVEL 4
#define GZIP_WINDOW_BITS (15 + 16) /* with gzip's head and tail */
#define GZIP_MEMORY_LEVEL 8
#define ZSTD_LEVEL 3
#define ZSTD_WINDOW_LOG 19
#define PIECE_BYTES (16 * OL_KIB) /* by which the output grows */
#define IN_BYTES_MAX (1u << 30)   /* zlib counts in unsigned int */

struct ol_compressor {
    unsigned coding;
    z_stream gzip;
    ZSTD_CCtx *zstd;
};

/* ---- life ---- */

static void *gzip_alloc(void *opaque, uInt count, uInt size)
{
    (void)opaque;
    return ol_calloc(count, size);
}

static void gzip_free(void *opaque, void *block)
{
    (void)opaque;
    ol_free(block);
}

static void *zstd_alloc(void *opaque, size_t size)
{
    (void)opaque;
    return ol_malloc(size);
}

static bool open_gzip(ol_compressor *self)
{
    self->gzip.zalloc = gzip_alloc;
    self->gzip.zfree = gzip_free;
    return deflateInit2(&self->gzip, GZIP_LEVEL, Z_DEFLATED, GZIP_WINDOW_BITS, GZIP_MEMORY_LEVEL,
                        Z_DEFAULT_STRATEGY) == Z_OK;
}

static bool open_zstd(ol_compressor *self)
{
    static const ZSTD_customMem memory = {zstd_alloc, gzip_free, NULL};
    self->zstd = ZSTD_createCCtx_advanced(memory);
    return self->zstd &&
           !ZSTD_isError(ZSTD_CCtx_setParameter(self->zstd, ZSTD_c_compressionLevel, ZSTD_LEVEL)) &&
           !ZSTD_isError(ZSTD_CCtx_setParameter(self->zstd, ZSTD_c_windowLog, ZSTD_WINDOW_LOG)) &&
           !ZSTD_isError(ZSTD_CCtx_setParameter(self->zstd, ZSTD_c_checksumFlag, 1));
}

int ol_compressor_new(ol_compressor **compressor, unsigned coding)
{
    ol_compressor *self = ol_calloc(1, sizeof(*self));
    if (!self)
        return OL_ENOMEM;
    self->coding = coding;
    bool open = coding == OL_VIEW_GZIP ? open_gzip(self) : open_zstd(self);
    if (!open) {
        ol_compressor_destroy(self);
        return OL_ENOMEM;
    }
    *compressor = self;
    return OL_OK;
}

void ol_compressor_destroy(ol_compressor *self)
{
    if (!self)
        return;
    if (self->coding == OL_VIEW_GZIP)
        deflateEnd(&self->gzip);
    else
        ZSTD_freeCCtx(self->zstd);
    ol_free(self);
}

/* ---- work ---- */

/* Room behind the buffer's bytes, in its own memory. */
static int make_room(ol_buf *out, ol_span *room)
{
    int rc = ol_buf_reserve(out, PIECE_BYTES);
    *room = (ol_span){.data = out->data + out->len, .len = PIECE_BYTES};
    return rc;
}

static int add_gzip(ol_compressor *self, ol_slice in, enum ol_compressor_step step, ol_buf *out)
{
    static const int flushes[] = {
        [OL_COMPRESSOR_MORE] = Z_NO_FLUSH,
        [OL_COMPRESSOR_FLUSH] = Z_SYNC_FLUSH,
        [OL_COMPRESSOR_END] = Z_FINISH,
    };
    ol_span room;
    self->gzip.next_in = (uint8_t *)(uintptr_t)in.data; /* zlib only reads there */
    self->gzip.avail_in = (uInt)in.len;
    int done;
    do {
        int rc = make_room(out, &room);
        if (rc != OL_OK)
            return rc;
        self->gzip.next_out = room.data;
        self->gzip.avail_out = (uInt)room.len;
        done = deflate(&self->gzip, flushes[step]);
        out->len += room.len - self->gzip.avail_out;
        if (done != Z_OK && done != Z_STREAM_END && done != Z_BUF_ERROR)
            return OL_EINTERNAL;
    } while (self->gzip.avail_out == 0);
    return OL_OK;
}

static int add_zstd(ol_compressor *self, ol_slice in, enum ol_compressor_step step, ol_buf *out)
{
    static const ZSTD_EndDirective directives[] = {
        [OL_COMPRESSOR_MORE] = ZSTD_e_continue,
        [OL_COMPRESSOR_FLUSH] = ZSTD_e_flush,
        [OL_COMPRESSOR_END] = ZSTD_e_end,
    };
    ZSTD_inBuffer from = {.src = in.data, .size = in.len};
    for (;;) {
        ol_span room;
        int rc = make_room(out, &room);
        if (rc != OL_OK)
            return rc;
        ZSTD_outBuffer to = {.dst = room.data, .size = room.len};
        size_t left = ZSTD_compressStream2(self->zstd, &to, &from, directives[step]);
        if (ZSTD_isError(left))
            return ZSTD_getErrorCode(left) == ZSTD_error_memory_allocation ? OL_ENOMEM
                                                                           : OL_EINTERNAL;
        out->len += to.pos;
        bool taken = from.pos == from.size;
        if (taken && (step == OL_COMPRESSOR_MORE ? to.pos < to.size : left == 0))
            return OL_OK;
    }
}

int ol_compressor_add(ol_compressor *self, ol_slice in, enum ol_compressor_step step, ol_buf *out)
{
    if (in.len > IN_BYTES_MAX)
        return OL_ELIMIT;
    return self->coding == OL_VIEW_GZIP ? add_gzip(self, in, step, out)
                                        : add_zstd(self, in, step, out);
}
