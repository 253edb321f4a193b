/* SPDX-License-Identifier: MIT */
/*
 * gzip and zstd behind one face: bytes in, coded bytes appended to a buffer. Memory of one is bounded
 * (below 2 MiB), and goes through base/alloc.h.
 */
#ifndef OL_FRONT_COMPRESSOR_H
#define OL_FRONT_COMPRESSOR_H

#include "base/buf.h"
#include "base/error.h"

typedef struct ol_compressor ol_compressor;

enum ol_compressor_step {
    OL_COMPRESSOR_MORE,  /* output as it comes */
    OL_COMPRESSOR_FLUSH, /* what went in can be read from what came out */
    OL_COMPRESSOR_END    /* the last; nothing may be added any more */
};

/* `coding`: one enum ol_view_encoding. OL_OK or OL_ENOMEM. */
int ol_compressor_new(ol_compressor **compressor, unsigned coding);
void ol_compressor_destroy(ol_compressor *compressor);
/* OL_OK; OL_ENOMEM, or OL_ELIMIT of the buffer, after which it is of no use any more. */
int ol_compressor_add(ol_compressor *compressor, ol_slice in, enum ol_compressor_step step,
                      ol_buf *out);

#endif
