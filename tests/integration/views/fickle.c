/* SPDX-License-Identifier: MIT */
/*
 * A transform that no one should write: it says what time it is, without declaring that it depends
 * on anything but the original.
 */
#include <objlens/transform.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

struct instance {
    const struct objlens_host *host;
    struct objlens_call *call;
};

static int fickle_open(const struct objlens_host *host, struct objlens_call *call, void **instance)
{
    struct instance *in = host->alloc(call, sizeof(*in));
    if (!in)
        return OBJLENS_ENOMEM;
    in->host = host;
    in->call = call;
    *instance = in;
    return OBJLENS_OK;
}

static int fickle_write(void *instance, const void *bytes, size_t size)
{
    (void)instance;
    (void)bytes;
    (void)size;
    return OBJLENS_OK;
}

static int fickle_finish(void *instance)
{
    struct instance *in = instance;
    struct timespec now;
    char text[64];
    clock_gettime(CLOCK_MONOTONIC, &now);
    int len = snprintf(text, sizeof(text), "%09ld nanoseconds\n", now.tv_nsec);
    return in->host->emit(in->call, text, (size_t)len);
}

static void fickle_close(void *instance)
{
    struct instance *in = instance;
    in->host->free(in->call, in);
}

static const struct objlens_transform fickle = {
    OBJLENS_TRANSFORM_HEAD,
    .name = "fickle",
    .version = "1.0",
    .open = fickle_open,
    .write = fickle_write,
    .finish = fickle_finish,
    .close = fickle_close,
};

const struct objlens_transform *objlens_transform_v1(void)
{
    return &fickle;
}
