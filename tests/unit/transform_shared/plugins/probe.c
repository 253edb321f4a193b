/* SPDX-License-Identifier: MIT */
/* A plugin that does what its payload names, one habit of a plugin each, good or bad. */
#include <objlens/transform.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef FLAGS
#define FLAGS 0
#endif

struct probe {
    const struct objlens_host *host;
    struct objlens_call *call;
    char does[64];
    size_t seen;
    void *kept;
};

int probe_live; /* instances made and not closed; the test looks at it */
int probe_late; /* results that the host gave where it should refuse */

static int says(const struct probe *p, const char *name)
{
    return strcmp(p->does, name) == 0;
}

static int print(struct probe *p, const char *text)
{
    return p->host->emit(p->call, text, strlen(text));
}

static int print_field(void *arg, struct objlens_bytes path, struct objlens_bytes value)
{
    char line[256];
    snprintf(line, sizeof(line), "%.*s=%.*s;", (int)path.size, (const char *)path.data,
             (int)value.size, (const char *)value.data);
    return print(arg, line);
}

static int set_head(struct probe *p)
{
    const struct objlens_host *h = p->host;
    char line[160];
    int results[] = {
        h->set_status(p->call, 206),
        h->set_header(p->call, "Content-Type", "a/b", 3),
        h->set_header(p->call, "content-type", "c/d", 3),
        h->set_metadata(p->call, "made-by", "probe", 5),
        h->set_status(p->call, 99),
        h->set_header(p->call, "Content-Length", "1", 1),
        h->set_header(p->call, "x y", "1", 1),
        h->set_header(p->call, "x", "a\r\nb: c", 7),
        h->set_header(p->call, "", "", 0),
    };
    size_t len = 0;
    for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++)
        len += (size_t)snprintf(line + len, sizeof(line) - len, "%d ", results[i]);
    int rc = print(p, line);
    probe_late = h->set_header(p->call, "x", "late", 4);
    return rc;
}

static int show_event(struct probe *p)
{
    const struct objlens_host *h = p->host;
    struct objlens_bytes v = {"", 0};
    uint64_t size = 0;
    char line[512];
    int arn = h->event_get(p->call, "userIdentity.arn", &v);
    size_t len = (size_t)snprintf(line, sizeof(line), "%d %.*s|", arn, (int)v.size,
                                  (const char *)v.data);
    int accept = h->event_get(p->call, "userRequest.headers.accept", &v);
    int cookie = h->event_get(p->call, "userRequest.headers.x-other", &v);
    int id = h->event_get(p->call, "xAmzRequestId", &v);
    int none = h->event_get(p->call, "nothing", &v);
    int sized = h->object_size(p->call, &size);
    len += (size_t)snprintf(line + len, sizeof(line) - len, "%d %d %d %d %d %llu|", accept, cookie, id,
                            none, sized, (unsigned long long)size);
    int etag = h->object_etag(p->call, &v);
    len += (size_t)snprintf(line + len, sizeof(line) - len, "%d %.*s|", etag, (int)v.size,
                            (const char *)v.data);
    int header = h->object_header(p->call, "content-type", &v);
    len += (size_t)snprintf(line + len, sizeof(line) - len, "%d %.*s|", header, (int)v.size,
                            (const char *)v.data);
    int meta = h->object_metadata(p->call, "absent", &v);
    snprintf(line + len, sizeof(line) - len, "%d|", meta);
    int rc = print(p, line);
    return rc ? rc : h->event_each(p->call, "object.", print_field, p);
}

static int show_identity(struct probe *p)
{
    struct objlens_bytes v;
    char line[32];
    int arn = p->host->event_get(p->call, "userIdentity.arn", &v);
    int type = p->host->event_get(p->call, "userIdentity.type", &v);
    snprintf(line, sizeof(line), "%d %d|", arn, type);
    int rc = print(p, line);
    return rc ? rc : p->host->event_each(p->call, "user", print_field, p);
}

static int read_ranges(struct probe *p)
{
    char buffer[10000];
    size_t got = 0;
    int rc = p->host->read_at(p->call, 3, buffer, 4, &got);
    if (rc == 0)
        rc = p->host->emit(p->call, buffer, got);
    if (rc == 0)
        rc = p->host->read_at(p->call, 0, buffer, sizeof(buffer), &got);
    if (rc == 0)
        rc = p->host->emit(p->call, buffer, got);
    if (rc == 0)
        rc = p->host->read_at(p->call, 1000000, buffer, 10, &got);
    return rc ? rc : print(p, got == 0 ? "|end" : "|not at the end");
}

static int probe_open(const struct objlens_host *host, struct objlens_call *call, void **instance)
{
    struct objlens_bytes payload;
    if (host->payload(call, &payload) != OBJLENS_OK)
        return OBJLENS_EFAILED;
    struct probe *p = calloc(1, sizeof(*p));
    if (!p)
        return OBJLENS_ENOMEM;
    p->host = host;
    p->call = call;
    snprintf(p->does, sizeof(p->does), "%.*s", (int)payload.size, (const char *)payload.data);
    int rc = OBJLENS_OK;
    if (says(p, "fail open"))
        rc = host->fail(call, 418, "Teapot", "no coffee here");
    if (says(p, "head"))
        rc = set_head(p);
    if (says(p, "head only"))
        rc = host->set_status(call, 204);
    if (says(p, "event"))
        rc = show_event(p);
    if (says(p, "identity"))
        rc = show_identity(p);
    if (says(p, "read_at"))
        rc = read_ranges(p);
    if (rc != OBJLENS_OK) {
        free(p);
        return rc;
    }
    probe_live++;
    *instance = p;
    return OBJLENS_OK;
}

static int write_span(struct probe *p, const char *bytes, size_t size)
{
    while (size > 0) {
        void *room;
        size_t len;
        int rc = p->host->out_span(p->call, &room, &len);
        if (rc)
            return rc;
        len = len < size ? len : size;
        memcpy(room, bytes, len);
        if (p->host->out_commit(p->call, len + 1000000) != OBJLENS_EINVAL)
            probe_late = 1;
        rc = p->host->out_commit(p->call, len);
        if (rc)
            return rc;
        bytes += len;
        size -= len;
    }
    return OBJLENS_OK;
}

static int use_memory(struct probe *p)
{
    const struct objlens_host *h = p->host;
    unsigned char *a = h->alloc(p->call, 100), *b = h->alloc(p->call, 200);
    p->kept = h->alloc(p->call, 300); /* never freed by us */
    if (!a || !b || !p->kept)
        return OBJLENS_ENOMEM;
    for (size_t i = 0; i < 100; i++)
        if (a[i] != 0)
            return OBJLENS_EFAILED;
    memset(a, 1, 100);
    memset(b, 2, 200);
    memset(p->kept, 3, 300);
    h->free(p->call, a);
    h->free(p->call, NULL);
    h->free(p->call, b);
    return h->alloc(p->call, (size_t)1 << 40) ? OBJLENS_EFAILED : print(p, "memory");
}

static int probe_write(void *instance, const void *bytes, size_t size)
{
    struct probe *p = instance;
    p->seen += size;
    if (says(p, "fail write"))
        return p->host->fail(p->call, 422, "BadThing", "line 1");
    if (says(p, "fail late") && p->seen > 5000)
        return p->host->fail(p->call, 422, "BadThing", "too late");
    if (says(p, "return -77"))
        return -77;
    if (says(p, "ignore failure")) {
        p->host->fail(p->call, 422, "First", "first");
        p->host->fail(p->call, 423, "Second", "second");
        probe_late = p->host->emit(p->call, bytes, size);
        return OBJLENS_OK;
    }
    if (says(p, "first line")) {
        const char *end = memchr(bytes, '\n', size);
        size_t len = end ? (size_t)(end - (const char *)bytes) + 1 : size;
        int rc = p->host->emit(p->call, bytes, len);
        return rc ? rc : end ? OBJLENS_DONE : OBJLENS_OK;
    }
    if (says(p, "span"))
        return write_span(p, bytes, size);
    if (says(p, "memory"))
        return use_memory(p);
    if (says(p, "log")) {
        p->host->log(p->call, OBJLENS_WARN, "a line", 6);
        return OBJLENS_OK;
    }
    if (says(p, "deep")) {
        volatile char stack[200 * 1024];
        for (size_t i = 0; i < sizeof(stack); i += 512)
            stack[i] = 'S';
        return p->host->emit(p->call, bytes, size);
    }
    return p->host->emit(p->call, bytes, size);
}

static int probe_finish(void *instance)
{
    struct probe *p = instance;
    if (says(p, "fail finish"))
        return p->host->fail(p->call, 500, "Finish", "at the end");
    return says(p, "tail") ? print(p, "<end>") : OBJLENS_OK;
}

static void probe_close(void *instance)
{
    struct probe *p = instance;
    probe_live--;
    if (says(p, "write in close"))
        probe_late = p->host->emit(p->call, "x", 1);
    free(p);
}

static const char *const depends[] = {"accept", NULL};

static const struct objlens_transform descriptor = {
    OBJLENS_TRANSFORM_HEAD,
    .name = "probe",
    .flags = OBJLENS_REENTRANT | (FLAGS),
    .depends_headers = depends,
    .open = probe_open,
    .write = probe_write,
    .finish = probe_finish,
    .close = probe_close,
};

OBJLENS_EXPORT extern int *probe_live_counter(void);
OBJLENS_EXPORT extern int *probe_late_result(void);
int *probe_live_counter(void)
{
    return &probe_live;
}
int *probe_late_result(void)
{
    return &probe_late;
}

const struct objlens_transform *objlens_transform_v1(void)
{
    return &descriptor;
}
