/* SPDX-License-Identifier: MIT */
/* Where a configuration lives: the heap, or that of a script. */
#ifndef PII_MEMORY_H
#define PII_MEMORY_H

#include <openssl/crypto.h>
#include <stddef.h>

struct pii_memory {
    void *(*allocate)(void *arg, size_t size); /* zeroed; NULL: there is none */
    void (*release)(void *arg, void *block);   /* NULL is fine */
    void *arg;
};

extern const struct pii_memory pii_heap;

static inline void *pii_allocate(const struct pii_memory *m, size_t size)
{
    return m->allocate(m->arg, size);
}

/* What lay there may be a key. */
static inline void pii_release_wiped(const struct pii_memory *m, void *block, size_t size)
{
    if (block)
        OPENSSL_cleanse(block, size);
    m->release(m->arg, block);
}

#endif
