/* SPDX-License-Identifier: MIT */
#include "crypto/content/content_pgp.h"

static int begin(void *state, const ol_content_config *config, ol_error *err)
{
    const ol_pgp_body *body = config->sealed->more;
    const ol_pgp_order order = {.mode = OL_PGP_DECRYPT,
                                .password = ol_keys_at(body->keys, body->password),
                                .keys = body->keys,
                                .count = ol_keys_count(body->keys)};
    return ol_pgp_link_start(state, &order, err);
}

static int step(void *state, ol_slice *in, bool last, ol_span out, size_t *made, ol_error *err)
{
    int rc = ol_pgp_link_step(state, in, last, out, made);
    return rc < 0 ? ol_sealed_wrong(err) : rc;
}

static void fini(void *state)
{
    ol_pgp_link_end(state);
}

static int poll_fd(void *state, bool *wants_room)
{
    const ol_pgp_link *link = state;
    *wants_room = !link->sent_all;
    return link->fd;
}

const ol_content_ops ol_content_pgp = {
    .state_size = sizeof(ol_pgp_link),
    .begin = begin,
    .step = step,
    .fini = fini,
    .poll_fd = poll_fd,
};
