/* SPDX-License-Identifier: MIT */
#include "deny.h"

#include <string.h>

#define PIECE_BYTES (128 * 1024)

int pii_deny_init(struct pii_deny *d, struct pii_front *front)
{
    d->front = front;
    d->held = front->out.host->alloc(front->out.call, PII_DENY_HELD_BYTES);
    return d->held ? OBJLENS_OK : OBJLENS_ENOMEM;
}

void pii_deny_fini(struct pii_deny *d)
{
    if (d->held)
        d->front->out.host->free(d->front->out.call, d->held);
}

static int check(struct pii_deny *d, int rc)
{
    struct pii_output *out = &d->front->out;
    if (rc == OBJLENS_OK && d->front->decision.total > 0)
        return out->host->fail(out->call, 403, "AccessDenied", "Document Contains PII");
    return rc;
}

static int look_at(struct pii_deny *d, const uint8_t *bytes, size_t size)
{
    d->seen += size;
    return check(d, pii_front_write(d->front, bytes, size));
}

/* What was not given yet, of an object that is too long to be held. */
static int look_ahead(struct pii_deny *d)
{
    const struct objlens_host *host = d->front->out.host;
    struct objlens_call *call = d->front->out.call;
    uint8_t *piece = host->alloc(call, PIECE_BYTES);
    size_t got = 1;
    int rc = piece ? OBJLENS_OK : OBJLENS_ENOMEM;
    while (rc == OBJLENS_OK && got > 0) {
        got = 0;
        rc = host->read_at(call, d->seen, piece, PIECE_BYTES, &got);
        if (rc == OBJLENS_EREADAT)
            rc = host->fail(call, 400, "EntityTooLarge",
                            "pii: the object is too large to be looked at before it leaves");
        if (rc == OBJLENS_OK && got > 0)
            rc = look_at(d, piece, got);
        if (got < PIECE_BYTES)
            break;
    }
    host->free(call, piece);
    return rc == OBJLENS_OK ? check(d, pii_front_finish(d->front)) : rc;
}

static int pass(struct pii_deny *d, const uint8_t *bytes, size_t size)
{
    struct pii_output *out = &d->front->out;
    return size > 0 ? out->host->emit(out->call, bytes, size) : OBJLENS_OK;
}

int pii_deny_write(struct pii_deny *d, const uint8_t *bytes, size_t size)
{
    if (d->passing)
        return pass(d, bytes, size);
    int rc = look_at(d, bytes, size);
    if (rc != OBJLENS_OK)
        return rc;
    if (size <= PII_DENY_HELD_BYTES - d->size) {
        memcpy(d->held + d->size, bytes, size);
        d->size += size;
        return OBJLENS_OK;
    }
    rc = look_ahead(d);
    if (rc != OBJLENS_OK)
        return rc;
    d->passing = true;
    rc = pass(d, d->held, d->size);
    return rc == OBJLENS_OK ? pass(d, bytes, size) : rc;
}

int pii_deny_finish(struct pii_deny *d)
{
    if (d->passing)
        return OBJLENS_OK;
    int rc = check(d, pii_front_finish(d->front));
    return rc == OBJLENS_OK ? pass(d, d->held, d->size) : rc;
}
