/* SPDX-License-Identifier: MIT */
/*
 * A plugin that tries to get out. The configuration's payload names the attempt, which is made in
 * the middle of a request. An attempt returns true when it got somewhere; then the answer says so.
 * Most end the process, some are refused, and both are fine.
 */
#include "escape.h"
#include "escape_calls.h"
#include "escape_memory.h"
#include "escape_ring.h"

/* ---- the host's table ---- */

TRY(output_flood)
{
    static char block[65536];
    while (host->emit(the_call, block, sizeof(block)) == OBJLENS_OK)
        ;
    return false;
}
TRY(slow_drip)
{
    while (host->emit(the_call, "x", 1) == OBJLENS_OK)
        poll(NULL, 0, 5);
    return false;
}
TRY(log_flood)
{
    for (int i = 0; i < 200000; i++)
        host->log(the_call, OBJLENS_ERROR, "flood flood flood flood\n{\"a\":1}\0\x1b[2J", 36);
    return false;
}
TRY(head_flood)
{
    char name[32];
    for (int i = 0; i < 100000; i++) {
        snprintf(name, sizeof(name), "x-flood-%d", i);
        host->set_header(the_call, name, "0123456789", 10);
    }
    return host->set_header(the_call, "x-last", "1", 1) == OBJLENS_OK;
}
TRY(split_head)
{
    return host->set_header(the_call, "x-evil", "a\r\nset-cookie: b=c", 18) == OBJLENS_OK ||
           host->set_header(the_call, "content-length", "1", 1) == OBJLENS_OK ||
           host->set_header(the_call, "x:evil", "1", 1) == OBJLENS_OK;
}
TRY(fail_loudly)
{
    static char message[1 << 20];
    memset(message, 'A', sizeof(message) - 1);
    host->fail(the_call, 200, "Not<An>Error\r\n", message);
    return false;
}
TRY(emit_from_nowhere) { return host->emit(the_call, (void *)8, 100) == OBJLENS_OK; }
/* Its own memory it may show, the original in it too: so behind this page lies one that cannot be read. */
TRY(emit_too_much)
{
    char *bytes = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (bytes == MAP_FAILED || mprotect(bytes + 4096, 4096, PROT_NONE) != 0)
        return 0;
    return host->emit(the_call, bytes, SIZE_MAX / 2) == OBJLENS_OK;
}
TRY(commit_too_much)
{
    void *span;
    size_t size;
    host->out_span(the_call, &span, &size);
    return host->out_commit(the_call, size + 1) == OBJLENS_OK;
}
TRY(wrong_call) { return host->emit((struct objlens_call *)(void *)&nowhere, "x", 1) == OBJLENS_OK; }
TRY(undeclared_header)
{
    struct objlens_bytes value;
    return host->event_get(the_call, "userRequest.headers.authorization", &value) == OBJLENS_OK;
}

/* ---- all of them ---- */

static const struct attempt {
    const char *name;
    bool (*run)(void);
} attempts[] = {
#define A(name, end) {#name, name},
#include "escape_list.h"
#undef A
};

/* ---- the plugin ---- */

static int open_call(const struct objlens_host *table, struct objlens_call *call, void **instance)
{
    host = table;
    the_call = call;
    *instance = &the_call;
    return OBJLENS_OK;
}

static int attempt(bool (*run)(void))
{
    errno = 0;
    bool through = run();
    const char *how = through ? "got through" : errno == EACCES ? "refused" : "denied";
    return host->emit(the_call, how, strlen(how)) < 0 ? OBJLENS_EFAILED : OBJLENS_DONE;
}

static int write_call(void *instance, const void *bytes, size_t size)
{
    struct objlens_bytes payload;
    (void)instance;
    (void)bytes;
    (void)size;
    if (host->payload(the_call, &payload) != OBJLENS_OK)
        return OBJLENS_EFAILED;
    for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++)
        if (strlen(attempts[i].name) == payload.size &&
            memcmp(attempts[i].name, payload.data, payload.size) == 0)
            return attempt(attempts[i].run);
    return host->fail(the_call, 400, "NoSuchAttempt", "no such attempt");
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
        OBJLENS_TRANSFORM_HEAD, .name = "escape",     .version = "1",         .open = open_call,
        .write = write_call,    .finish = finish_call, .close = close_call,
    };
    return &self;
}
