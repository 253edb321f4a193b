/* SPDX-License-Identifier: MIT */
#include "crypto/content/body_make.h"

#include "base/alloc.h"
#include "crypto/keys/secret.h"

static const ol_body_maker *maker_of(enum ol_sealed_format format)
{
    switch (format) {
    case OL_SEALED_AWS_SDK:
        return &ol_body_maker_sdk;
    case OL_SEALED_RCLONE:
        return &ol_body_maker_rclone;
    case OL_SEALED_AGE:
        return &ol_body_maker_age;
    case OL_SEALED_OPENSSL:
        return &ol_body_maker_openssl;
    case OL_SEALED_PGP:
        return &ol_body_maker_pgp;
    default:
        return NULL;
    }
}

bool ol_body_make_knows(enum ol_sealed_format format)
{
    return maker_of(format) != NULL;
}

bool ol_body_make_takes(enum ol_sealed_format format, const ol_key *key)
{
    return maker_of(format)->takes(key);
}

int ol_body_make_begin(ol_body_making *m, ol_error *err)
{
    m->maker_ = maker_of(m->format);
    m->chunk_ = ol_malloc(m->maker_->chunk_bytes);
    return m->chunk_ ? m->maker_->begin(m, err) : ol_error_set(err, OL_ENOMEM, "content");
}

static int put_chunk(ol_body_making *m, bool last, ol_error *err)
{
    int rc = m->maker_->chunk(m, ol_slice_of(m->chunk_, m->have_), last, err);
    m->have_ = 0;
    m->index_++;
    return rc;
}

/* A full chunk waits for what follows it: only that shows that it is not the last one. */
int ol_body_make_write(ol_body_making *m, ol_slice plain, ol_error *err)
{
    while (plain.len > 0) {
        int rc = m->have_ == m->maker_->chunk_bytes ? put_chunk(m, false, err) : OL_OK;
        if (rc != OL_OK)
            return rc;
        ol_slice now = ol_slice_first(plain, m->maker_->chunk_bytes - m->have_);
        memcpy(m->chunk_ + m->have_, now.data, now.len);
        m->have_ += now.len;
        plain = ol_slice_from(plain, now.len);
    }
    return OL_OK;
}

int ol_body_make_finish(ol_body_making *m, ol_error *err)
{
    return m->have_ > 0 || m->maker_->marks_last ? put_chunk(m, true, err) : OL_OK;
}

void ol_body_make_fini(ol_body_making *m)
{
    if (m->maker_ && m->maker_->fini)
        m->maker_->fini(m);
    if (m->chunk_)
        ol_wipe(m->chunk_, m->maker_->chunk_bytes);
    ol_free(m->chunk_);
    ol_secret_free(m->secret_, m->secret_len_);
    *m = (ol_body_making){.arena = m->arena};
}
