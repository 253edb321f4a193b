/* SPDX-License-Identifier: MIT */
/*
 * gzip, zlib, zstd and bzip2 behind one form: bytes are put in, bytes are taken out. All memory of
 * theirs is in the script's heap (native.h).
 */
#ifndef OL_TRANSFORM_LUA_ZIP_CODECS_H
#define OL_TRANSFORM_LUA_ZIP_CODECS_H

#include <bzlib.h>
#define ZSTD_STATIC_LINKING_ONLY
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "transform/lua/run.h"

enum ol_lua_zip_step {
    OL_LUA_ZIP_MORE,  /* wants input (all of it was taken), or has filled the output */
    OL_LUA_ZIP_OVER,  /* a whole archive has ended: what is left of the input lies behind it */
    OL_LUA_ZIP_WRONG, /* codec->wrong says why */
    OL_LUA_ZIP_SPENT  /* no memory */
};

typedef struct ol_lua_zip_codec {
    ol_run *run;
    const struct ol_lua_zip_ops *ops;
    const char *wrong; /* a literal */
    union {
        z_stream zlib;
        bz_stream bzip2;
        ZSTD_DCtx *zstd_in;
        ZSTD_CCtx *zstd_out;
    };
} ol_lua_zip_codec;

typedef struct ol_lua_zip_ops {
    const char *name;
    bool compresses;
    int level_min, level_max, level;
    size_t heap_bytes; /* about what it takes */
    bool (*open)(ol_lua_zip_codec *codec, int level);
    /* In front of another archive. */
    bool (*again)(ol_lua_zip_codec *codec);
    /* Moves `in` and `out` forward. `last`: nothing comes behind `in`. */
    enum ol_lua_zip_step (*step)(ol_lua_zip_codec *codec, ol_slice *in, ol_span *out, bool last);
    void (*close)(ol_lua_zip_codec *codec);
} ol_lua_zip_ops;

/* NULL when there is none of this name. */
const ol_lua_zip_ops *ol_lua_zip_find(const char *name, bool compresses);

#endif
