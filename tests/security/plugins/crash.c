/* SPDX-License-Identifier: MIT */
/* Copies the original in upper case, and crashes in the middle of one that begins with "BOMB". */
#include <ctype.h>
#include <string.h>

#include "objlens/transform.h"

struct run {
    const struct objlens_host *host;
    struct objlens_call *call;
};

static int open_call(const struct objlens_host *host, struct objlens_call *call, void **instance)
{
    struct run *run = host->alloc(call, sizeof(*run));
    if (!run)
        return OBJLENS_ENOMEM;
    *run = (struct run){host, call};
    *instance = run;
    return OBJLENS_OK;
}

static int write_call(void *instance, const void *bytes, size_t size)
{
    struct run *run = instance;
    const unsigned char *in = bytes;
    while (size > 0) {
        void *room;
        size_t got;
        int rc = run->host->out_span(run->call, &room, &got);
        if (rc != OBJLENS_OK)
            return rc;
        if (memcmp(in, "BOMB", 4) == 0)
            *(volatile int *)NULL = 1;
        size_t n = size < got ? size : got;
        for (size_t i = 0; i < n; i++)
            ((unsigned char *)room)[i] = (unsigned char)toupper(in[i]);
        run->host->out_commit(run->call, n);
        in += n;
        size -= n;
    }
    return OBJLENS_OK;
}

static int finish_call(void *instance)
{
    (void)instance;
    return OBJLENS_OK;
}

static void close_call(void *instance)
{
    (void)instance;
}

OBJLENS_EXPORT const struct objlens_transform *objlens_transform_v1(void)
{
    static const struct objlens_transform self = {
        OBJLENS_TRANSFORM_HEAD, .name = "crash",       .version = "1", .flags = OBJLENS_REENTRANT,
        .open = open_call,      .write = write_call,   .finish = finish_call, .close = close_call,
    };
    return &self;
}
