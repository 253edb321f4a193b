/* SPDX-License-Identifier: MIT */
/* As rclone's crypt remote writes it; the second password is the key's namespace. */
#include <openssl/rand.h>
#include <sodium.h>

#include "base/alloc.h"
#include "crypto/content/body_make.h"
#include "crypto/keys/rclone_key.h"

typedef struct making {
    uint8_t head[OL_RCLONE_MAGIC_BYTES + OL_CHUNK_NONCE_BYTES];
    uint8_t sealed[OL_CHUNK_BYTES];
} making;

static bool takes(const ol_key *key)
{
    return key->kind == OL_KEY_PASSWORD;
}

static int begin(ol_body_making *m, ol_error *err)
{
    ol_slice salt = m->key->name_space.len > 0 ? m->key->name_space : ol_rclone_usual_salt;
    making *self = m->more_ = ol_arena_calloc(m->arena, sizeof(*self));
    if (!self || sodium_init() < 0 || ol_rclone_derive(m->key, salt, &m->secret_) != OL_OK)
        return ol_error_set(err, OL_ENOMEM, "content key");
    m->secret_len_ = OL_DATA_KEY_BYTES;
    memcpy(self->head, OL_RCLONE_MAGIC, OL_RCLONE_MAGIC_BYTES);
    if (RAND_bytes(self->head + OL_RCLONE_MAGIC_BYTES, OL_CHUNK_NONCE_BYTES) != 1)
        return ol_error_set(err, OL_EINTERNAL, "random bytes");
    return m->write(m->arg, ol_slice_of(self->head, sizeof(self->head)), err);
}

static int chunk(ol_body_making *m, ol_slice plain, bool last, ol_error *err)
{
    (void)last;
    making *self = m->more_;
    uint8_t nonce[OL_CHUNK_NONCE_BYTES];
    ol_rclone_nonce(self->head + OL_RCLONE_MAGIC_BYTES, m->index_, nonce);
    if (crypto_secretbox_easy(self->sealed, plain.data, plain.len, nonce, m->secret_) != 0)
        return ol_error_set(err, OL_EINTERNAL, "content cipher");
    return m->write(m->arg, ol_slice_of(self->sealed, plain.len + OL_CHUNK_TAG_BYTES), err);
}

const ol_body_maker ol_body_maker_rclone = {
    .chunk_bytes = OL_CHUNK_PLAIN_BYTES,
    .takes = takes,
    .begin = begin,
    .chunk = chunk,
};
