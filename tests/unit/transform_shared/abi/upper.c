/* SPDX-License-Identifier: MIT */
/*
 * A transform as somebody wrote it against an older header (the folder says which): it uses all
 * that its version has, and is compiled with that header.
 */
#include <objlens/transform.h>
#include <stdlib.h>

struct upper {
    const struct objlens_host *host;
    struct objlens_call *call;
    char *copy;
};

static int upper_open(const struct objlens_host *host, struct objlens_call *call, void **instance)
{
    struct objlens_bytes payload;
    if (host->payload(call, &payload) != OBJLENS_OK)
        return OBJLENS_EFAILED;
    int rc = host->set_header(call, "content-type", "text/plain", 10);
    if (rc != OBJLENS_OK)
        return rc;
    struct upper *u = host->alloc(call, sizeof(*u));
    if (!u)
        return OBJLENS_ENOMEM;
    u->host = host;
    u->call = call;
    *instance = u;
    return OBJLENS_OK;
}

static int upper_write(void *instance, const void *bytes, size_t size)
{
    struct upper *u = instance;
    const unsigned char *from = bytes;
    while (size > 0) {
        void *room;
        size_t len;
        int rc = u->host->out_span(u->call, &room, &len);
        if (rc != OBJLENS_OK)
            return rc;
        len = len < size ? len : size;
        for (size_t i = 0; i < len; i++)
            ((unsigned char *)room)[i] =
                from[i] >= 'a' && from[i] <= 'z' ? (unsigned char)(from[i] - 32) : from[i];
        rc = u->host->out_commit(u->call, len);
        if (rc != OBJLENS_OK)
            return rc;
        from += len;
        size -= len;
    }
    return OBJLENS_OK;
}

static int upper_finish(void *instance)
{
    struct upper *u = instance;
    u->host->log(u->call, OBJLENS_INFO, "done", 4);
    return OBJLENS_OK;
}

static void upper_close(void *instance)
{
    struct upper *u = instance;
    u->host->free(u->call, u);
}

static const struct objlens_transform descriptor = {
    OBJLENS_TRANSFORM_HEAD,
    .name = "upper",
#if OBJLENS_ABI_MINOR >= 1
    .flags = OBJLENS_REENTRANT | OBJLENS_IGNORES_IDENTITY | OBJLENS_KEEPS_POSITIONS,
    .positions_before = 1,
    .positions_after = 2,
#else
    .flags = OBJLENS_REENTRANT,
#endif
    .open = upper_open,
    .write = upper_write,
    .finish = upper_finish,
    .close = upper_close,
};

const struct objlens_transform *objlens_transform_v1(void)
{
    return &descriptor;
}
