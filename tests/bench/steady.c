/* SPDX-License-Identifier: MIT */
/*
 * A transform that takes as long as one of 500 MB/s would: the bench compares ways to run it, not
 * what it does.
 */
#include <objlens/transform.h>
#include <time.h>

#define BYTES_A_SECOND 500000000ull

struct instance {
    const struct objlens_host *host;
    struct objlens_call *call;
};

static struct instance one; /* one request at a time */

static int steady_open(const struct objlens_host *host, struct objlens_call *call, void **instance)
{
    one = (struct instance){host, call};
    *instance = &one;
    return OBJLENS_OK;
}

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static int steady_write(void *instance, const void *data, size_t size)
{
    struct instance *i = instance;
    uint64_t until = now_ns() + size * 1000000000u / BYTES_A_SECOND;
    while (now_ns() < until)
        ;
    return i->host->emit(i->call, data, size);
}

static int steady_finish(void *instance)
{
    (void)instance;
    return OBJLENS_OK;
}

static void steady_close(void *instance)
{
    (void)instance;
}

static const struct objlens_transform steady = {
    OBJLENS_TRANSFORM_HEAD,
    .name = "steady",
    .open = steady_open,
    .write = steady_write,
    .finish = steady_finish,
    .close = steady_close,
};

OBJLENS_EXPORT const struct objlens_transform *objlens_transform_v1(void)
{
    return &steady;
}
