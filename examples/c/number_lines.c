/* SPDX-License-Identifier: MIT */
/*
 * A transform in C: numbers the lines of a text, as `cat -n` does.
 *
 *     cc -std=c11 -O2 -fPIC -shared -fvisibility=hidden -I include -o number_lines.so number_lines.c
 *     objlens run ./number_lines.so --payload '{"from": 100}' < text
 *
 * It shows what every transform needs: an instance for each request, a payload, a result that
 * does not depend on where the input is cut, output written into room that the host lends, and
 * errors that say what is wrong.
 */
#include <objlens/transform.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct instance {
    const struct objlens_host *host;
    struct objlens_call *call;
    unsigned long long line;
    bool in_line; /* the number of the line under way has been written */
};

/* The payload is {"from": N} or nothing. A real transform would use a JSON library. */
static bool read_payload(struct instance *in, struct objlens_bytes payload)
{
    char text[64];
    int end = 0;
    if (payload.size == 0)
        return true;
    if (payload.size >= sizeof(text))
        return false;
    memcpy(text, payload.data, payload.size);
    text[payload.size] = '\0';
    return sscanf(text, " { \"from\" : %18llu } %n", &in->line, &end) == 1 && end > 0 &&
           text[end] == '\0';
}

static int number_open(const struct objlens_host *host, struct objlens_call *call, void **instance)
{
    struct objlens_bytes payload;
    int rc = host->payload(call, &payload);
    if (rc != OBJLENS_OK)
        return rc;
    struct instance *in = host->alloc(call, sizeof(*in)); /* zeroed; freed with the request */
    if (!in)
        return OBJLENS_ENOMEM;
    in->host = host;
    in->call = call;
    in->line = 1;
    if (!read_payload(in, payload))
        return host->fail(call, 500, "InvalidTransformPayload",
                          "number_lines: the payload must be {\"from\": NUMBER}");
    rc = host->set_metadata(call, "numbered-by", "number_lines", strlen("number_lines"));
    *instance = in;
    return rc;
}

static int write_number(struct instance *in)
{
    char number[32];
    int len = snprintf(number, sizeof(number), "%6llu\t", in->line++);
    in->in_line = true;
    return in->host->emit(in->call, number, (size_t)len);
}

/* Copy without a second buffer: straight into the room that leaves for the client. */
static int copy(struct instance *in, const char *bytes, size_t size)
{
    while (size > 0) {
        void *room;
        size_t part;
        int rc = in->host->out_span(in->call, &room, &part);
        if (rc != OBJLENS_OK)
            return rc;
        part = part < size ? part : size;
        memcpy(room, bytes, part);
        rc = in->host->out_commit(in->call, part);
        if (rc != OBJLENS_OK)
            return rc;
        bytes += part;
        size -= part;
    }
    return OBJLENS_OK;
}

static int number_write(void *instance, const void *bytes, size_t size)
{
    struct instance *in = instance;
    const char *at = bytes, *end = at + size;
    while (at < end) {
        int rc = in->in_line ? OBJLENS_OK : write_number(in);
        if (rc != OBJLENS_OK)
            return rc;
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *stop = newline ? newline + 1 : end;
        rc = copy(in, at, (size_t)(stop - at));
        if (rc != OBJLENS_OK)
            return rc;
        in->in_line = newline == NULL;
        at = stop;
    }
    return OBJLENS_OK;
}

static int number_finish(void *instance)
{
    (void)instance; /* nothing is held back */
    return OBJLENS_OK;
}

static void number_close(void *instance)
{
    struct instance *in = instance;
    in->host->free(in->call, in);
}

static const struct objlens_transform number_lines = {
    OBJLENS_TRANSFORM_HEAD,
    .name = "number_lines",
    .version = "1.0",
    .flags = OBJLENS_REENTRANT,
    .open = number_open,
    .write = number_write,
    .finish = number_finish,
    .close = number_close,
};

const struct objlens_transform *objlens_transform_v1(void)
{
    return &number_lines;
}
