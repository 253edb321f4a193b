/* SPDX-License-Identifier: MIT */
/*
 * OpenPGP: for a password, or for the public half of a secret key. The library does it, in a host
 * (pgp_host.h), as it does the other direction.
 */
#include <errno.h>
#include <poll.h>

#include "crypto/content/body_make.h"
#include "crypto/formats/pgp_link.h"

#define CHUNK_BYTES 65536u
#define WAIT_MS 120000

typedef struct making {
    ol_pgp_link link;
    uint8_t room[CHUNK_BYTES];
} making;

static bool takes(const ol_key *key)
{
    return key->kind == OL_KEY_PASSWORD || ol_pgp_holds_key(key);
}

/* Where the key stands in the list. */
static size_t place_of(const ol_body_making *m)
{
    size_t at = 0;
    while (ol_keys_at(m->keys, at) != m->key)
        at++;
    return at;
}

static int begin(ol_body_making *m, ol_error *err)
{
    making *self = m->more_ = ol_arena_calloc(m->arena, sizeof(*self));
    if (!self)
        return ol_error_set(err, OL_ENOMEM, "content");
    bool is_key = ol_pgp_holds_key(m->key);
    const ol_pgp_order order = {.mode = OL_PGP_ENCRYPT,
                                .password = is_key ? NULL : m->key,
                                .keys = m->keys,
                                .first = place_of(m),
                                .count = is_key ? 1 : 0};
    return ol_pgp_link_start(&self->link, &order, err);
}

static int wait_for(const ol_pgp_link *link, ol_error *err)
{
    struct pollfd fd = {.fd = link->fd, .events = (short)(POLLIN | (link->sent_all ? 0 : POLLOUT))};
    int rc;
    while ((rc = poll(&fd, 1, WAIT_MS)) < 0 && errno == EINTR)
        continue;
    return rc > 0 ? OL_OK : ol_error_set(err, OL_ETIMEOUT, "openpgp host: no answer");
}

static int chunk(ol_body_making *m, ol_slice plain, bool last, ol_error *err)
{
    making *self = m->more_;
    for (;;) {
        size_t made = 0;
        int rc = ol_pgp_link_step(&self->link, &plain, last, (ol_span){self->room, CHUNK_BYTES}, &made);
        if (rc < 0)
            return ol_error_set(err, OL_EINVAL, "the key cannot be encrypted for");
        int wrote = made > 0 ? m->write(m->arg, ol_slice_of(self->room, made), err) : OL_OK;
        if (wrote != OL_OK || rc == OL_DONE)
            return wrote;
        if (plain.len == 0 && !last)
            return OL_OK;
        rc = rc == OL_WAIT ? wait_for(&self->link, err) : OL_OK;
        if (rc != OL_OK)
            return rc;
    }
}

static void fini(ol_body_making *m)
{
    making *self = m->more_;
    if (self)
        ol_pgp_link_end(&self->link);
}

const ol_body_maker ol_body_maker_pgp = {
    .chunk_bytes = CHUNK_BYTES,
    .marks_last = true,
    .takes = takes,
    .begin = begin,
    .chunk = chunk,
    .fini = fini,
};
