/* SPDX-License-Identifier: MIT */
/*
 * A host for one transform, called directly: no engine, no fiber. Output goes to memory, room
 * is lent in pieces of odd sizes. For tests that run a transform many thousand times.
 */
#ifndef TESTS_DIRECT_HOST_H
#define TESTS_DIRECT_HOST_H

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "objlens/transform.h"

#define DIRECT_BLOCKS 4096

struct objlens_call {
    const char *payload;
    const char *content_encoding;
    size_t span_max; /* room lent at a time, 1 to span_max bytes */
    unsigned random;
    unsigned char *out;
    size_t size, capacity;
    unsigned char *span;
    size_t span_size;
    int failed_status;
    char failed_code[64], failed_message[512];
    char content_type[64], content_encoding_set[32];
    const char *media_type; /* of the original; NULL = absent */
    char metadata[512];     /* "name=value;" … */
    void *blocks[DIRECT_BLOCKS]; /* alive */
    unsigned allocs_left;        /* the n-th allocation from now fails; 0 = none does */
    const char *url, *file_name; /* of the event; NULL = absent */
    const char *const *fields;   /* more of them: path, value, path, value, …, NULL */
    unsigned long long counted[16];
    char configure_reason[256];
    const unsigned char *original; /* for read_at; NULL: behind another transform */
    size_t original_size;
    void *config; /* what configure() made of the payload */
    void (*unconfigure)(void *config);
};

static inline void direct_grow(struct objlens_call *c, const void *bytes, size_t size)
{
    if (c->size + size > c->capacity) {
        c->capacity = 2 * (c->size + size) + 4096;
        c->out = realloc(c->out, c->capacity);
        if (!c->out)
            abort();
    }
    memcpy(c->out + c->size, bytes, size);
    c->size += size;
}

static inline unsigned direct_random(struct objlens_call *c)
{
    c->random = c->random * 1103515245u + 12345u;
    return c->random >> 8;
}

static int direct_emit(struct objlens_call *c, const void *bytes, size_t size)
{
    if (c->failed_status)
        return OBJLENS_EFAILED;
    direct_grow(c, bytes, size);
    return OBJLENS_OK;
}

static int direct_span(struct objlens_call *c, void **data, size_t *size)
{
    if (c->failed_status)
        return OBJLENS_EFAILED;
    free(c->span);
    c->span_size = 1 + direct_random(c) % c->span_max;
    c->span = malloc(c->span_size);
    *data = c->span;
    *size = c->span_size;
    return OBJLENS_OK;
}

static int direct_commit(struct objlens_call *c, size_t size)
{
    if (size > c->span_size || !c->span)
        abort();
    direct_grow(c, c->span, size);
    free(c->span);
    c->span = NULL;
    return OBJLENS_OK;
}

static int direct_fail(struct objlens_call *c, int status, const char *code, const char *message)
{
    if (c->failed_status)
        return OBJLENS_EFAILED;
    c->failed_status = status;
    snprintf(c->failed_code, sizeof(c->failed_code), "%s", code);
    snprintf(c->failed_message, sizeof(c->failed_message), "%s", message);
    return OBJLENS_EFAILED;
}

static int direct_set_header(struct objlens_call *c, const char *name, const void *value, size_t size)
{
    if (strcmp(name, "content-type") == 0)
        snprintf(c->content_type, sizeof(c->content_type), "%.*s", (int)size, (const char *)value);
    if (strcmp(name, "content-encoding") == 0)
        snprintf(c->content_encoding_set, sizeof(c->content_encoding_set), "%.*s", (int)size,
                 (const char *)value);
    return OBJLENS_OK;
}

static int direct_set_metadata(struct objlens_call *c, const char *name, const void *value,
                               size_t size)
{
    size_t used = strlen(c->metadata);
    snprintf(c->metadata + used, sizeof(c->metadata) - used, "%s=%.*s;", name, (int)size,
             (const char *)value);
    return OBJLENS_OK;
}

static int direct_count(struct objlens_call *c, uint32_t counter, uint64_t more)
{
    if (counter >= sizeof(c->counted) / sizeof(c->counted[0]))
        return OBJLENS_EINVAL;
    c->counted[counter] += more;
    return OBJLENS_OK;
}

static int direct_payload(struct objlens_call *c, struct objlens_bytes *value)
{
    *value = (struct objlens_bytes){c->payload ? c->payload : "", c->payload ? strlen(c->payload) : 0};
    return OBJLENS_OK;
}

static int direct_header(struct objlens_call *c, const char *name, struct objlens_bytes *value)
{
    const char *text = strcmp(name, "content-encoding") == 0 ? c->content_encoding
                       : strcmp(name, "content-type") == 0   ? c->media_type
                                                             : NULL;
    if (!text)
        return OBJLENS_ENOTFOUND;
    *value = (struct objlens_bytes){text, strlen(text)};
    return OBJLENS_OK;
}

static int direct_event_get(struct objlens_call *c, const char *path, struct objlens_bytes *value)
{
    const char *text = strcmp(path, "userRequest.url") == 0               ? c->url
                       : strcmp(path, "userRequest.query.file_name") == 0 ? c->file_name
                                                                          : NULL;
    for (const char *const *field = c->fields; field && *field; field += 2)
        if (strcmp(path, field[0]) == 0)
            text = field[1];
    if (!text)
        return OBJLENS_ENOTFOUND;
    *value = (struct objlens_bytes){text, strlen(text)};
    return OBJLENS_OK;
}

static int direct_object_size(struct objlens_call *c, uint64_t *size)
{
    *size = c->original_size;
    return c->original ? OBJLENS_OK : OBJLENS_ENOTFOUND;
}

static int direct_read_at(struct objlens_call *c, uint64_t offset, void *buffer, size_t size,
                          size_t *got)
{
    if (!c->original || offset > c->original_size)
        return OBJLENS_EREADAT;
    *got = c->original_size - offset < size ? c->original_size - offset : size;
    memcpy(buffer, c->original + offset, *got);
    return OBJLENS_OK;
}

static void *direct_alloc(struct objlens_call *c, size_t size)
{
    size_t i = 0;
    while (i < DIRECT_BLOCKS && c->blocks[i])
        i++;
    if (i == DIRECT_BLOCKS || (c->allocs_left > 0 && --c->allocs_left == 0))
        return NULL;
    c->blocks[i] = calloc(1, size);
    return c->blocks[i];
}

static void direct_free(struct objlens_call *c, void *block)
{
    for (size_t i = 0; block && i < DIRECT_BLOCKS; i++)
        if (c->blocks[i] == block) {
            c->blocks[i] = NULL;
            free(block);
            return;
        }
    if (block)
        abort();
}

static int direct_yield(struct objlens_call *c)
{
    return c->failed_status ? OBJLENS_EFAILED : OBJLENS_OK;
}

static void *direct_config(struct objlens_call *c)
{
    return c->config;
}

static void direct_log(struct objlens_call *c, enum objlens_level level, const char *text, size_t size)
{
    (void)c;
    (void)level;
    (void)text;
    (void)size;
}

static int direct_event_each(struct objlens_call *c, const char *prefix,
                             int (*visit)(void *arg, struct objlens_bytes path,
                                          struct objlens_bytes value),
                             void *arg)
{
    int rc = OBJLENS_OK;
    for (const char *const *field = c->fields; rc == OBJLENS_OK && field && *field; field += 2)
        if (strncmp(field[0], prefix, strlen(prefix)) == 0)
            rc = visit(arg, (struct objlens_bytes){field[0], strlen(field[0])},
                       (struct objlens_bytes){field[1], strlen(field[1])});
    return rc;
}

static int direct_limits(struct objlens_call *c, struct objlens_limits *limits)
{
    (void)c;
    *limits = (struct objlens_limits){.size = sizeof(*limits), .memory_bytes = 384ull << 20};
    return OBJLENS_OK;
}

static int direct_preload_folder(uint32_t index, const char **path)
{
    static const char *const folders[] = {"/usr/share/fonts/truetype/dejavu",
                                          OBJLENS_SOURCE_DIR "/tests/fuzz/corpus/image"};
    if (index >= sizeof(folders) / sizeof(folders[0]))
        return OBJLENS_ENOTFOUND;
    *path = folders[index];
    return OBJLENS_OK;
}

static const struct objlens_host direct_host = {
    .abi_major = OBJLENS_ABI_MAJOR,
    .abi_minor = OBJLENS_ABI_MINOR,
    .size = sizeof(struct objlens_host),
    .version = "test",
    .emit = direct_emit,
    .out_span = direct_span,
    .out_commit = direct_commit,
    .set_header = direct_set_header,
    .set_metadata = direct_set_metadata,
    .fail = direct_fail,
    .event_get = direct_event_get,
    .event_each = direct_event_each,
    .payload = direct_payload,
    .object_size = direct_object_size,
    .read_at = direct_read_at,
    .object_header = direct_header,
    .log = direct_log,
    .alloc = direct_alloc,
    .free = direct_free,
    .config = direct_config,
    .limits = direct_limits,
    .count = direct_count,
    .preload_folder = direct_preload_folder,
    .yield = direct_yield,
};

/* The shipped transform of that name, loaded. Ends the test program when it cannot be. */
static inline const struct objlens_transform *direct_load(const char *name)
{
    char path[600], reason[256] = "";
    snprintf(path, sizeof(path), "%s/transforms/%s.so", OBJLENS_BINARY_DIR, name);
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    const struct objlens_transform *(*entry)(void) = NULL;
    if (library)
        *(void **)&entry = dlsym(library, "objlens_transform_v1");
    if (!entry) {
        fprintf(stderr, "%s: %s\n", path, dlerror());
        exit(1);
    }
    const struct objlens_transform *t = entry();
    if (t->load && t->load(&direct_host, reason, sizeof(reason)) != OBJLENS_OK) {
        fprintf(stderr, "%s: %s\n", path, reason);
        exit(1);
    }
    return t;
}

/* How the input is cut: the size of the next piece, from 1 to `left`. */
typedef size_t direct_cut_fn(struct objlens_call *c, size_t left);

static inline size_t direct_whole(struct objlens_call *c, size_t left)
{
    (void)c;
    return left;
}

static inline size_t direct_bytes(struct objlens_call *c, size_t left)
{
    (void)c;
    (void)left;
    return 1;
}

/* Mostly small, sometimes large. */
static inline size_t direct_chopped(struct objlens_call *c, size_t left)
{
    unsigned r = direct_random(c);
    size_t size = 1 + (r >> 4) % (r % 4 == 0 ? 3 : r % 4 == 1 ? 700 : r % 4 == 2 ? 5000 : 20000);
    return size < left ? size : left;
}

static inline void direct_unconfigure(struct objlens_call *c)
{
    if (c->unconfigure)
        c->unconfigure(c->config);
    c->unconfigure = NULL;
    c->config = NULL;
}

/* configure() and open(). What configure() made lasts until direct_fini. */
static inline int direct_open(const struct objlens_transform *t, const struct objlens_host *host,
                              struct objlens_call *c, void **instance)
{
    const char *payload = c->payload ? c->payload : "";
    direct_unconfigure(c);
    if (t->configure) {
        int rc = t->configure(host, payload, strlen(payload), &c->config, c->configure_reason,
                              sizeof(c->configure_reason));
        if (rc != OBJLENS_OK)
            return rc;
        c->unconfigure = t->unconfigure;
    }
    return t->open(host, c, instance);
}

/* Run it over the input. The output is in `c`; the result is the first that was not 0. */
static inline int direct_run(const struct objlens_transform *t, struct objlens_call *c,
                             const void *input, size_t size, direct_cut_fn *cut)
{
    void *instance = NULL;
    const unsigned char *at = input;
    int rc = direct_open(t, &direct_host, c, &instance);
    if (rc != OBJLENS_OK)
        return rc;
    while (rc == OBJLENS_OK && size > 0) { /* OBJLENS_DONE: it wants no more */
        size_t part = cut(c, size);
        unsigned char *exact = malloc(part); /* a sanitizer then sees reads past the piece */
        memcpy(exact, at, part);
        rc = t->write(instance, exact, part);
        free(exact);
        at += part;
        size -= part;
    }
    if (rc == OBJLENS_OK || rc == OBJLENS_DONE)
        rc = t->finish(instance);
    t->close(instance);
    return rc;
}

static inline void direct_init(struct objlens_call *c, const char *payload, size_t span_max,
                               unsigned seed)
{
    memset(c, 0, sizeof(*c));
    c->payload = payload;
    c->span_max = span_max;
    c->random = seed;
}

static inline void direct_fini(struct objlens_call *c)
{
    direct_unconfigure(c);
    for (size_t i = 0; i < DIRECT_BLOCKS; i++)
        free(c->blocks[i]);
    free(c->out);
    free(c->span);
}

static inline size_t direct_live_blocks(const struct objlens_call *c)
{
    size_t live = 0;
    for (size_t i = 0; i < DIRECT_BLOCKS; i++)
        live += c->blocks[i] != NULL;
    return live;
}

#endif
