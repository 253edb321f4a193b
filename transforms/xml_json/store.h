/* SPDX-License-Identifier: MIT */
/*
 * One long run of bytes, written at its end and read anywhere, kept in pages so that growing
 * never copies it. Places are counted from 1: 0 stands for "nowhere".
 */
#ifndef XJ_STORE_H
#define XJ_STORE_H

#include <stdint.h>

#include "memory.h"

#define XJ_PAGE_BYTES (32 * 1024u)
#define XJ_VARINT_BYTES_MAX 5

struct xj_store {
    struct xj_memory *memory;
    uint8_t **pages;
    size_t pages_room, page_count;
    uint32_t end; /* where the next byte goes */
};

void xj_store_init(struct xj_store *s, struct xj_memory *memory);
void xj_store_fini(struct xj_store *s);

/* False when memory is refused. */
bool xj_store_append(struct xj_store *s, const void *bytes, size_t size);
/* Forget what was written from `end` on. Its pages are kept for what comes. */
void xj_store_cut(struct xj_store *s, uint32_t end);

/* Four bytes in the middle. */
void xj_store_patch(struct xj_store *s, uint32_t at, uint32_t value);
uint32_t xj_store_u32(const struct xj_store *s, uint32_t at);
/* A number of up to 32 bits; *at moves behind it. */
uint32_t xj_store_varint(const struct xj_store *s, uint32_t *at);
/* The bytes at `at` as far as they lie together: *size is lowered to that. */
const uint8_t *xj_store_bytes(const struct xj_store *s, uint32_t at, uint32_t *size);

/* Encode for xj_store_varint; returns how many bytes. */
size_t xj_varint(uint8_t out[XJ_VARINT_BYTES_MAX], uint32_t value);

#endif
