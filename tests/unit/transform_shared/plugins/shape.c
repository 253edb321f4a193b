/* SPDX-License-Identifier: MIT */
/* A plugin that copies its input; -D options bend its descriptor for the tests of loading. */
#include <objlens/transform.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef MAJOR
#define MAJOR OBJLENS_ABI_MAJOR
#endif
#ifndef MINOR
#define MINOR OBJLENS_ABI_MINOR
#endif
#ifndef NAME
#define NAME "shape"
#endif
#ifndef FLAGS
#define FLAGS OBJLENS_REENTRANT
#endif
#ifndef SIZE
#define SIZE sizeof(struct objlens_transform)
#endif
#ifndef WRITE
#define WRITE copy_write
#endif
#ifndef DEPENDS
#define DEPENDS NULL
#endif
#ifndef BEFORE
#define BEFORE 0
#endif
#ifndef AFTER
#define AFTER 0
#endif
#ifndef ENTRY
#define ENTRY objlens_transform_v1
#endif

struct copy {
    const struct objlens_host *host;
    struct objlens_call *call;
};

static int shape_load(const struct objlens_host *host, char *reason, size_t size)
{
    (void)host;
    (void)reason;
    (void)size;
#ifdef LOAD_REASON
    snprintf(reason, size, "%s", LOAD_REASON);
    return OBJLENS_EFAILED;
#else
    return OBJLENS_OK;
#endif
}

static int copy_open(const struct objlens_host *host, struct objlens_call *call, void **instance)
{
    struct copy *copy = malloc(sizeof(*copy));
    if (!copy)
        return OBJLENS_ENOMEM;
    *copy = (struct copy){host, call};
    *instance = copy;
    return OBJLENS_OK;
}

__attribute__((unused)) static int copy_write(void *instance, const void *bytes, size_t size)
{
    struct copy *copy = instance;
    return copy->host->emit(copy->call, bytes, size);
}

static int copy_finish(void *instance)
{
    (void)instance;
    return OBJLENS_OK;
}

static void free_instance(void *instance)
{
    free(instance);
}

static const char *const depends[] = {DEPENDS, NULL};

/* As a later version of the header would have it: fields behind those of today. */
static const struct {
    struct objlens_transform t;
    char later[128];
} descriptor = {
    {.abi_major = MAJOR,
     .abi_minor = MINOR,
     .size = (uint32_t)(SIZE),
     .name = NAME,
     .version = "1",
     .flags = FLAGS,
     .depends_headers = depends,
     .load = shape_load,
     .open = copy_open,
     .write = WRITE,
     .finish = copy_finish,
     .close = free_instance,
     .positions_before = BEFORE,
     .positions_after = AFTER},
    "what this version of the host knows nothing about",
};

OBJLENS_EXPORT const struct objlens_transform *ENTRY(void);
OBJLENS_EXPORT const struct objlens_transform *ENTRY(void)
{
    return &descriptor.t;
}
