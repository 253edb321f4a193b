/* SPDX-License-Identifier: MIT */
/*
 * OpenPGP messages, for a password or for a secret key ("-----BEGIN PGP PRIVATE KEY BLOCK-----", given as
 * a password or as an RSA key). Which key it is, only the content tells: with several passwords they
 * are tried one by one, all the secret keys with each of them (a password may be what locks a key).
 */
#include "crypto/content/content_pgp.h"
#include "crypto/formats/pgp_packets.h"

static void fini_body(void *more)
{
    ol_pgp_body *body = more;
    ol_keys_release(body->keys);
}

/* SIZE_MAX: there are not so many. */
static size_t password_at(const ol_keys *keys, size_t at)
{
    for (size_t i = 0; i < ol_keys_count(keys); i++) {
        const ol_key *key = ol_keys_at(keys, i);
        if (key->kind == OL_KEY_PASSWORD && !ol_pgp_holds_key(key) && at-- == 0)
            return i;
    }
    return SIZE_MAX;
}

static bool has_secret_key(const ol_keys *keys)
{
    for (size_t i = 0; i < ol_keys_count(keys); i++)
        if (ol_pgp_holds_key(ol_keys_at(keys, i)))
            return true;
    return false;
}

static int open_pgp(ol_sealed_ask *ask, enum ol_sealed_format format, ol_error *err)
{
    size_t password = password_at(ask->keys, ask->attempt);
    if (password == SIZE_MAX && ask->attempt > 0)
        return OL_SKIP;
    if (ask->rules->require_commitment)
        return ol_sealed_refused(err, "no key commitment, and the rules require one");
    if (password == SIZE_MAX && !has_secret_key(ask->keys))
        return ol_sealed_wrong(err);
    ol_pgp_body *body = ol_arena_calloc(ask->arena, sizeof(*body));
    ask->sealed = body ? ol_sealed_new(format, NULL, 0) : NULL;
    if (!ask->sealed)
        return ol_error_set(err, OL_ENOMEM, "sealed object");
    body->keys = ol_keys_acquire((ol_keys *)(uintptr_t)ask->keys);
    body->password = password;
    ask->sealed->content = &ol_content_pgp;
    ask->sealed->more = body;
    ask->sealed->fini_more = fini_body;
    ask->sealed->cipher_size = ask->size;
    return OL_OK;
}

const ol_sealed_opener ol_sealed_opener_pgp = {.open = open_pgp};
