/* SPDX-License-Identifier: MIT */
/*
 * Trees as JSON, compact, UTF-8, straight into the room that the host lends.
 */
#ifndef XJ_WRITE_H
#define XJ_WRITE_H

#include "tree.h"

struct xj_writer {
    const struct objlens_host *host;
    struct objlens_call *call;
    unsigned char *room;
    size_t size, used;
    int result; /* the first failure; everything after it is dropped */
    /* The way down to what is being written: of each level the name, and the item of it. */
    struct xj_level {
        const struct xj_node *parent, *name, *item;
    } levels[XJ_DEPTH_MAX + 1];
};

/* {"name":value} */
void xj_write_document(struct xj_writer *w, const struct xj_node *node);
/* value, and a newline */
void xj_write_record(struct xj_writer *w, const struct xj_node *node);
/* The room goes back; the result so far. Before a callback returns, and at the end. */
int xj_write_flush(struct xj_writer *w);

#endif
