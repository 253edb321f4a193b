/* SPDX-License-Identifier: MIT */
/* The four formats; see zip_codecs.h. */
#include "transform/lua/zip_codecs.h"

#include <string.h>

#include "transform/lua/native.h"

#define ZSTD_WINDOW_LOG_MAX 23 /* 8 MiB, what decoders must support */

static enum ol_lua_zip_step wrong(ol_lua_zip_codec *codec, const char *why)
{
    codec->wrong = why;
    return OL_LUA_ZIP_WRONG;
}

/* ---- gzip, zlib ---- */

static void zlib_free(void *run, void *block)
{
    ol_lua_native_free(run, block);
}

static void zlib_prepare(ol_lua_zip_codec *c)
{
    memset(&c->zlib, 0, sizeof(c->zlib));
    c->zlib.zalloc = ol_lua_native_calloc;
    c->zlib.zfree = zlib_free;
    c->zlib.opaque = c->run;
}

static bool gunzip_open(ol_lua_zip_codec *c, int level)
{
    (void)level;
    zlib_prepare(c);
    return inflateInit2(&c->zlib, 15 + 16) == Z_OK;
}

static bool unzlib_open(ol_lua_zip_codec *c, int level)
{
    (void)level;
    zlib_prepare(c);
    return inflateInit2(&c->zlib, 15) == Z_OK;
}

static bool inflate_again(ol_lua_zip_codec *c)
{
    return inflateReset(&c->zlib) == Z_OK;
}

static void zlib_put(ol_lua_zip_codec *c, const ol_slice *in, const ol_span *out)
{
    c->zlib.next_in = (Bytef *)(uintptr_t)in->data;
    c->zlib.avail_in = (uInt)in->len;
    c->zlib.next_out = out->data;
    c->zlib.avail_out = (uInt)out->len;
}

static void zlib_get(const ol_lua_zip_codec *c, ol_slice *in, ol_span *out)
{
    *in = ol_slice_from(*in, in->len - c->zlib.avail_in);
    out->data = c->zlib.next_out;
    out->len = c->zlib.avail_out;
}

static enum ol_lua_zip_step inflate_step(ol_lua_zip_codec *c, ol_slice *in, ol_span *out, bool last)
{
    int rc;

    (void)last;
    zlib_put(c, in, out);
    rc = inflate(&c->zlib, Z_NO_FLUSH);
    zlib_get(c, in, out);
    switch (rc) {
    case Z_OK:
    case Z_BUF_ERROR: return OL_LUA_ZIP_MORE;
    case Z_STREAM_END: return OL_LUA_ZIP_OVER;
    case Z_MEM_ERROR: return OL_LUA_ZIP_SPENT;
    default: return wrong(c, "the compressed data is damaged");
    }
}

static void inflate_close(ol_lua_zip_codec *c)
{
    inflateEnd(&c->zlib);
}

static bool deflate_open(ol_lua_zip_codec *c, int level, int bits)
{
    zlib_prepare(c);
    return deflateInit2(&c->zlib, level, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY) == Z_OK;
}

static bool gzip_open(ol_lua_zip_codec *c, int level)
{
    return deflate_open(c, level, 15 + 16);
}

static bool zlib_open(ol_lua_zip_codec *c, int level)
{
    return deflate_open(c, level, 15);
}

static enum ol_lua_zip_step deflate_step(ol_lua_zip_codec *c, ol_slice *in, ol_span *out, bool last)
{
    int rc;

    zlib_put(c, in, out);
    rc = deflate(&c->zlib, last ? Z_FINISH : Z_NO_FLUSH);
    zlib_get(c, in, out);
    return rc == Z_STREAM_END ? OL_LUA_ZIP_OVER : OL_LUA_ZIP_MORE;
}

static void deflate_close(ol_lua_zip_codec *c)
{
    deflateEnd(&c->zlib);
}

/* ---- zstd ---- */

static void *zstd_take(void *run, size_t bytes)
{
    return ol_lua_native_alloc(run, bytes);
}

static ZSTD_customMem zstd_memory(ol_lua_zip_codec *c)
{
    return (ZSTD_customMem){zstd_take, zlib_free, c->run};
}

static bool unzstd_open(ol_lua_zip_codec *c, int level)
{
    (void)level;
    c->zstd_in = ZSTD_createDCtx_advanced(zstd_memory(c));
    return c->zstd_in &&
           !ZSTD_isError(ZSTD_DCtx_setParameter(c->zstd_in, ZSTD_d_windowLogMax,
                                                ZSTD_WINDOW_LOG_MAX));
}

static bool unzstd_again(ol_lua_zip_codec *c)
{
    return !ZSTD_isError(ZSTD_DCtx_reset(c->zstd_in, ZSTD_reset_session_only));
}

static enum ol_lua_zip_step zstd_result(ol_lua_zip_codec *c, size_t rc, const char *why)
{
    if (ZSTD_getErrorCode(rc) == ZSTD_error_memory_allocation)
        return OL_LUA_ZIP_SPENT;
    if (ZSTD_getErrorCode(rc) == ZSTD_error_frameParameter_windowTooLarge)
        return wrong(c, "the compressed data needs a window of more than 8 MiB");
    return wrong(c, why);
}

static enum ol_lua_zip_step unzstd_step(ol_lua_zip_codec *c, ol_slice *in, ol_span *out, bool last)
{
    ZSTD_inBuffer from = {in->data, in->len, 0};
    ZSTD_outBuffer to = {out->data, out->len, 0};
    size_t rc = ZSTD_decompressStream(c->zstd_in, &to, &from);

    (void)last;
    *in = ol_slice_from(*in, from.pos);
    *out = (ol_span){out->data + to.pos, out->len - to.pos};
    if (ZSTD_isError(rc))
        return zstd_result(c, rc, "the compressed data is damaged");
    return rc == 0 ? OL_LUA_ZIP_OVER : OL_LUA_ZIP_MORE;
}

static void unzstd_close(ol_lua_zip_codec *c)
{
    ZSTD_freeDCtx(c->zstd_in);
}

static bool zstd_open(ol_lua_zip_codec *c, int level)
{
    c->zstd_out = ZSTD_createCCtx_advanced(zstd_memory(c));
    return c->zstd_out &&
           !ZSTD_isError(ZSTD_CCtx_setParameter(c->zstd_out, ZSTD_c_compressionLevel, level)) &&
           !ZSTD_isError(ZSTD_CCtx_setParameter(c->zstd_out, ZSTD_c_checksumFlag, 1));
}

static enum ol_lua_zip_step zstd_step(ol_lua_zip_codec *c, ol_slice *in, ol_span *out, bool last)
{
    ZSTD_inBuffer from = {in->data, in->len, 0};
    ZSTD_outBuffer to = {out->data, out->len, 0};
    size_t rc = ZSTD_compressStream2(c->zstd_out, &to, &from, last ? ZSTD_e_end : ZSTD_e_continue);

    *in = ol_slice_from(*in, from.pos);
    *out = (ol_span){out->data + to.pos, out->len - to.pos};
    if (ZSTD_isError(rc))
        return zstd_result(c, rc, "cannot be compressed");
    return last && rc == 0 ? OL_LUA_ZIP_OVER : OL_LUA_ZIP_MORE;
}

static void zstd_close(ol_lua_zip_codec *c)
{
    ZSTD_freeCCtx(c->zstd_out);
}

/* ---- bzip2 ---- */

static void *bzip2_take(void *run, int items, int size)
{
    return ol_lua_native_alloc(run, (size_t)items * (size_t)size);
}

static void bzip2_prepare(ol_lua_zip_codec *c)
{
    memset(&c->bzip2, 0, sizeof(c->bzip2));
    c->bzip2.bzalloc = bzip2_take;
    c->bzip2.bzfree = zlib_free;
    c->bzip2.opaque = c->run;
}

static bool bunzip2_open(ol_lua_zip_codec *c, int level)
{
    (void)level;
    bzip2_prepare(c);
    return BZ2_bzDecompressInit(&c->bzip2, 0, 0) == BZ_OK;
}

static bool bunzip2_again(ol_lua_zip_codec *c)
{
    BZ2_bzDecompressEnd(&c->bzip2);
    return bunzip2_open(c, 0);
}

static void bzip2_put(ol_lua_zip_codec *c, const ol_slice *in, const ol_span *out)
{
    c->bzip2.next_in = (char *)(uintptr_t)in->data;
    c->bzip2.avail_in = (unsigned)in->len;
    c->bzip2.next_out = (char *)out->data;
    c->bzip2.avail_out = (unsigned)out->len;
}

static void bzip2_get(const ol_lua_zip_codec *c, ol_slice *in, ol_span *out)
{
    *in = ol_slice_from(*in, in->len - c->bzip2.avail_in);
    out->data = (uint8_t *)c->bzip2.next_out;
    out->len = c->bzip2.avail_out;
}

static enum ol_lua_zip_step bunzip2_step(ol_lua_zip_codec *c, ol_slice *in, ol_span *out, bool last)
{
    int rc;

    (void)last;
    bzip2_put(c, in, out);
    rc = BZ2_bzDecompress(&c->bzip2);
    bzip2_get(c, in, out);
    switch (rc) {
    case BZ_OK: return OL_LUA_ZIP_MORE;
    case BZ_STREAM_END: return OL_LUA_ZIP_OVER;
    case BZ_MEM_ERROR: return OL_LUA_ZIP_SPENT;
    default: return wrong(c, "the compressed data is damaged");
    }
}

static void bunzip2_close(ol_lua_zip_codec *c)
{
    BZ2_bzDecompressEnd(&c->bzip2);
}

static bool bzip2_open(ol_lua_zip_codec *c, int level)
{
    bzip2_prepare(c);
    return BZ2_bzCompressInit(&c->bzip2, level, 0, 0) == BZ_OK;
}

static enum ol_lua_zip_step bzip2_step(ol_lua_zip_codec *c, ol_slice *in, ol_span *out, bool last)
{
    int rc;

    if (!last && in->len == 0)
        return OL_LUA_ZIP_MORE;
    bzip2_put(c, in, out);
    rc = BZ2_bzCompress(&c->bzip2, last ? BZ_FINISH : BZ_RUN);
    bzip2_get(c, in, out);
    if (rc < 0)
        return wrong(c, "cannot be compressed");
    return rc == BZ_STREAM_END ? OL_LUA_ZIP_OVER : OL_LUA_ZIP_MORE;
}

static void bzip2_close(ol_lua_zip_codec *c)
{
    BZ2_bzCompressEnd(&c->bzip2);
}

static const ol_lua_zip_ops formats[] = {
    {"gzip", false, 0, 0, 0, 48 << 10, gunzip_open, inflate_again, inflate_step, inflate_close},
    {"zlib", false, 0, 0, 0, 48 << 10, unzlib_open, inflate_again, inflate_step, inflate_close},
    {"zstd", false, 0, 0, 0, 1 << 20, unzstd_open, unzstd_again, unzstd_step, unzstd_close},
    {"bzip2", false, 0, 0, 0, 4 << 20, bunzip2_open, bunzip2_again, bunzip2_step, bunzip2_close},
    {"gzip", true, 1, 9, 6, 270 << 10, gzip_open, NULL, deflate_step, deflate_close},
    {"zlib", true, 1, 9, 6, 270 << 10, zlib_open, NULL, deflate_step, deflate_close},
    {"zstd", true, 1, 12, 3, 2 << 20, zstd_open, NULL, zstd_step, zstd_close},
    {"bzip2", true, 1, 9, 9, 8 << 20, bzip2_open, NULL, bzip2_step, bzip2_close},
};

const ol_lua_zip_ops *ol_lua_zip_find(const char *name, bool compresses)
{
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
        if (formats[i].compresses == compresses && strcmp(formats[i].name, name) == 0)
            return &formats[i];
    return NULL;
}
