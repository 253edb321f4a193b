/* SPDX-License-Identifier: MIT */
/*
 * Memory for keys: locked into RAM, left out of core files, gone to nobody by fork, wiped when it
 * is given back. Plaintext keys live here and nowhere else; pass pointers, never copy to the stack
 * or an arena. (Where the lock limit is reached, memory is still left out of core files; that is
 * counted and said once in the log.) Any thread.
 */
#ifndef OL_CRYPTO_SECRET_H
#define OL_CRYPTO_SECRET_H

#include "base/error.h"

/* Zeroed. NULL when out of memory. At most OL_SECRET_BYTES_MAX. */
#define OL_SECRET_BYTES_MAX 16384u
void *ol_secret_alloc(size_t bytes);
/* Wiped. NULL is fine. */
void ol_secret_free(void *secret, size_t bytes);

typedef struct ol_secret_stats {
    size_t bytes_in_use, bytes_locked, bytes_unlocked;
} ol_secret_stats;
void ol_secret_read_stats(ol_secret_stats *stats);

#endif
