/* SPDX-License-Identifier: MIT */
/* A plugin that uses what came with 1.2; its payload says which part. */
#include <objlens/transform.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct worker {
    int requests;
};

struct instance {
    const struct objlens_host *host;
    struct objlens_call *call;
};

int keeper_configured, keeper_unconfigured, keeper_stopped, keeper_live;
int keeper_worker_fails; /* as often */

static int keeper_configure(const struct objlens_host *host, const void *payload, size_t size,
                            void **config, char *reason, size_t reason_size)
{
    (void)host;
    if (size >= 3 && memcmp(payload, "bad", 3) == 0) {
        snprintf(reason, reason_size, "it begins with bad");
        return OBJLENS_EINVAL;
    }
    if (size == 4 && memcmp(payload, "mute", 4) == 0)
        return -42;
    char *copy = calloc(1, size + 1);
    if (!copy)
        return OBJLENS_ENOMEM;
    if (size > 0)
        memcpy(copy, payload, size);
    *config = copy;
    keeper_configured++;
    return OBJLENS_OK;
}

static void keeper_unconfigure(void *config)
{
    keeper_unconfigured++;
    free(config);
}

static int keeper_worker_start(const struct objlens_host *host, void **worker, char *reason,
                               size_t reason_size)
{
    (void)host;
    if (keeper_worker_fails > 0) {
        keeper_worker_fails--;
        snprintf(reason, reason_size, "no table");
        return OBJLENS_EFAILED;
    }
    *worker = calloc(1, sizeof(struct worker));
    return *worker ? OBJLENS_OK : OBJLENS_ENOMEM;
}

static void keeper_worker_stop(void *worker)
{
    keeper_stopped++;
    free(worker);
}

static int print(struct instance *i, const char *text)
{
    return i->host->emit(i->call, text, strlen(text));
}

static int show_limits(struct instance *i)
{
    char line[128];
    struct objlens_limits limits = {.size = sizeof(limits)};
    _Alignas(struct objlens_limits) struct {
        uint32_t size, cpu_ms;
        unsigned char behind[4];
    } old = {8, 0, {7, 7, 7, 7}};
    _Alignas(struct objlens_limits) uint32_t tiny = 3;
    int all = i->host->limits(i->call, &limits);
    int some = i->host->limits(i->call, (struct objlens_limits *)&old);
    int none = i->host->limits(i->call, (struct objlens_limits *)&tiny);
    snprintf(line, sizeof(line), "%d %u %llu %u %llu|%d %u %u|%d %u", all, limits.cpu_ms,
             (unsigned long long)limits.memory_bytes, limits.size,
             (unsigned long long)limits.cpu_used_us, some, old.cpu_ms, old.behind[0], none, tiny);
    return print(i, line);
}

static int show_counts(struct instance *i)
{
    char line[64];
    int first = i->host->count(i->call, 0, 2), again = i->host->count(i->call, 0, 3);
    int second = i->host->count(i->call, 1, 7), third = i->host->count(i->call, 2, 1);
    snprintf(line, sizeof(line), "%d %d %d %d %d", first, again, second, third,
             i->host->set_length(i->call, 5));
    return print(i, line);
}

static int keeper_open(const struct objlens_host *host, struct objlens_call *call, void **instance)
{
    char line[160];
    const char *config = host->config(call);
    struct worker *worker = host->worker(call);
    struct instance *i = malloc(sizeof(*i));
    if (!i)
        return OBJLENS_ENOMEM;
    *i = (struct instance){host, call};
    keeper_live++;
    *instance = i;
    if (strcmp(config, "limits") == 0)
        return show_limits(i);
    if (strcmp(config, "counts") == 0)
        return show_counts(i);
    if (strcmp(config, "show") == 0) {
        snprintf(line, sizeof(line), "%s %d|", config, ++worker->requests);
        return print(i, line);
    }
    return OBJLENS_OK;
}

static int keeper_write(void *instance, const void *bytes, size_t size)
{
    struct instance *i = instance;
    if (strcmp(i->host->config(i->call), "yield") == 0)
        for (int n = 0; n < 1000000; n++) {
            int rc = i->host->yield(i->call);
            if (rc != OBJLENS_OK)
                return rc;
        }
    return i->host->emit(i->call, bytes, size);
}

static int keeper_finish(void *instance)
{
    (void)instance;
    return OBJLENS_OK;
}

static void keeper_close(void *instance)
{
    struct instance *i = instance;
    i->host->count(i->call, 1, 1);
    keeper_live--;
    free(i);
}

static int keeper_head(const struct objlens_host *host, struct objlens_call *call)
{
    const char *config = host->config(call);
    if (strcmp(config, "fail") == 0)
        return host->fail(call, 410, "Gone", "no head here");
    if (strcmp(config, "emit") == 0)
        return host->emit(call, "x", 1) == OBJLENS_ESTATE ? OBJLENS_OK : -50;
    int rc = host->set_length(call, UINT64_MAX) == OBJLENS_EINVAL ? OBJLENS_OK : -51;
    if (rc == OBJLENS_OK)
        rc = host->set_length(call, 1234);
    if (rc == OBJLENS_OK)
        rc = host->set_header(call, "content-type", "a/b", 3);
    return rc;
}

#ifndef COUNTERS
#define COUNTERS "seen", "closed"
#endif
#ifndef THREADS
#define THREADS 3
#endif
#ifndef MORE
#define MORE
#endif

static const char *const counters[] = {COUNTERS, NULL};

static const struct objlens_transform descriptor = {
    OBJLENS_TRANSFORM_HEAD,
    .name = "keeper",
    .flags = OBJLENS_REENTRANT,
    .open = keeper_open,
    .write = keeper_write,
    .finish = keeper_finish,
    .close = keeper_close,
    .threads_max = THREADS,
    .counters = counters,
    .configure = keeper_configure,
    .unconfigure = keeper_unconfigure,
    .worker_start = keeper_worker_start,
    .worker_stop = keeper_worker_stop,
    .head = keeper_head,
    MORE
};

#define SHOW(name)                                                                                 \
    OBJLENS_EXPORT extern int *show_##name(void);                                                  \
    int *show_##name(void)                                                                         \
    {                                                                                              \
        return &name;                                                                              \
    }
SHOW(keeper_configured)
SHOW(keeper_unconfigured)
SHOW(keeper_stopped)
SHOW(keeper_live)
SHOW(keeper_worker_fails)

const struct objlens_transform *objlens_transform_v1(void)
{
    return &descriptor;
}
