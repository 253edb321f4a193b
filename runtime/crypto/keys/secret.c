/* SPDX-License-Identifier: MIT */
/*
 * OpenSSL's secure heap: one locked area between guard pages that is left out of core files and
 * wiped on free. Its size is fixed; what does not fit is refused, so keys never end up elsewhere.
 */
#include "crypto/keys/secret.h"

#include <openssl/crypto.h>
#include <pthread.h>

#define AREA_BYTES (1u << 20) /* a power of two; 32,768 data keys */
#define PIECE_BYTES_MIN 32u

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool usable, locked;

static void init(void)
{
    /* 1: all is well; 2: made, but the lock or a guard page was refused. */
    int rc = CRYPTO_secure_malloc_initialized()
                 ? 1
                 : CRYPTO_secure_malloc_init(AREA_BYTES, PIECE_BYTES_MIN);
    usable = rc != 0;
    locked = rc == 1;
}

void *ol_secret_alloc(size_t bytes)
{
    pthread_once(&once, init);
    if (!usable || bytes == 0 || bytes > OL_SECRET_BYTES_MAX)
        return NULL;
    return OPENSSL_secure_zalloc(bytes);
}

void ol_secret_free(void *secret, size_t bytes)
{
    if (secret)
        OPENSSL_secure_clear_free(secret, bytes);
}

void ol_secret_read_stats(ol_secret_stats *stats)
{
    pthread_once(&once, init);
    size_t used = usable ? CRYPTO_secure_used() : 0;
    *stats = (ol_secret_stats){.bytes_in_use = used,
                               .bytes_locked = locked ? AREA_BYTES : 0,
                               .bytes_unlocked = usable && !locked ? AREA_BYTES : 0};
}
