/* SPDX-License-Identifier: MIT */
/*
 * Reads here and there in a pinned object. A large read is one ranged GET straight into the
 * caller's memory, and so is a look at the first bytes. Small ones share a window: the first fetches a window's worth, the next ones
 * are answered from it or wait for it. One window an object; while it is on its way elsewhere, a
 * small read goes by itself.
 */
#include "base/alloc.h"
#include "origin/s3/object.h"
#include "origin/s3/operations.h"

#define WINDOW_BYTES (256 * OL_KIB)
#define LOOK_BYTES 64u /* at the beginning: somebody wants to know what it is, and often no more */

/* A GET of one range into one piece of memory. */
typedef struct fetch {
    ol_s3_object *object;
    ol_s3_call *call;
    ol_arena *arena;
    ol_byte_range range;
    ol_span into;
    uint64_t got;
    ol_error err;
    void (*done)(struct fetch *fetch, const ol_error *err); /* the fetch is over, its arena gone */
} fetch;

struct ol_s3_read {
    fetch fetch; /* unused while it waits for the window */
    ol_s3_read *next;
    uint64_t offset;
    ol_span span;
    bool of_window; /* the window will have it */
    bool ready;     /* the window had it; to be told */
    ol_read_cb cb;
    void *arg;
};

struct ol_s3_window {
    fetch fetch;
    bool loading;
    bool *gone; /* set when the window is freed while its readers are told */
    uint64_t start;
    size_t len;
    uint8_t data[WINDOW_BYTES];
};

/* ---- one GET ---- */

static void fetch_end(fetch *f, const ol_error *err)
{
    ol_error copy = {0};
    if (err)
        copy = *err;
    ol_s3_arena_give(f->object->at, f->arena);
    f->arena = NULL;
    f->call = NULL;
    f->done(f, err ? &copy : NULL);
}

static void fetch_drop(fetch *f)
{
    if (!f->call)
        return;
    ol_s3_call_abort(f->call);
    ol_s3_arena_give(f->object->at, f->arena);
    f->call = NULL;
    f->arena = NULL;
}

static void on_writable(void *arg)
{
    (void)arg;
}

static void on_answer(void *arg, const ol_http_answer *answer)
{
    fetch *f = arg;
    ol_error err = {0};
    if (ol_s3_object_check(f->object, f->range, answer, &err) == OL_OK)
        return;
    ol_s3_call_abort(f->call);
    fetch_end(f, &err);
}

static int on_data(void *arg, ol_slice data)
{
    fetch *f = arg;
    if (data.len > f->range.length - f->got)
        return OL_EORIGIN;
    if (data.data != f->into.data + f->got)
        memcpy(f->into.data + f->got, data.data, data.len);
    f->got += data.len;
    return OL_OK;
}

static void on_alloc(void *arg, ol_span *span)
{
    const fetch *f = arg;
    *span = (ol_span){f->into.data + f->got, (size_t)(f->range.length - f->got)};
}

static void on_done(void *arg, const ol_error *failed)
{
    fetch *f = arg;
    ol_error err = {0};
    if (failed || f->got != f->range.length)
        ol_s3_object_judge(f->object, failed, &err);
    fetch_end(f, err.code ? &err : NULL);
}

static const ol_s3_call_ops call_ops = {
    .on_writable = on_writable,
    .on_answer = on_answer,
    .on_data = on_data,
    .on_alloc = on_alloc,
    .on_done = on_done,
};

static int fetch_start(fetch *f, ol_error *err)
{
    f->got = 0;
    f->arena = ol_s3_arena_take(f->object->at, err);
    if (!f->arena)
        return err->code;
    int rc = ol_s3_object_fetch(f->object, f->range, f->arena, &f->call, &call_ops, f, err);
    if (rc == OL_OK)
        return OL_OK;
    ol_s3_arena_give(f->object->at, f->arena);
    f->arena = NULL;
    f->call = NULL;
    return rc;
}

/* ---- reads ---- */

static void unlink_read(ol_s3_object *object, const ol_s3_read *read)
{
    for (ol_s3_read **link = &object->reads; *link; link = &(*link)->next) {
        if (*link == read) {
            *link = read->next;
            return;
        }
    }
}

static void read_end(ol_s3_object *object, ol_s3_read *read, const ol_error *err, size_t got)
{
    ol_read_cb cb = read->cb;
    void *arg = read->arg;
    unlink_read(object, read);
    ol_free(read);
    cb(arg, err, got);
}

static void on_read_fetched(fetch *f, const ol_error *err)
{
    ol_s3_read *read = (ol_s3_read *)f; /* its first member */
    read_end(f->object, read, err, err ? 0 : (size_t)f->range.length);
}

static bool covers(const ol_s3_window *window, uint64_t offset, size_t len)
{
    return offset >= window->start && len <= window->len &&
           offset - window->start <= window->len - len;
}

static ol_s3_read *next_ready(const ol_s3_object *object)
{
    for (ol_s3_read *read = object->reads; read; read = read->next) {
        if (read->ready)
            return read;
    }
    return NULL;
}

/* All are served before any of them is told: a callback may begin new reads, for which the window
 * is loaded anew, drop the others, or close the object. */
static void on_window(fetch *f, const ol_error *err)
{
    ol_s3_object *object = f->object;
    ol_s3_window *window = object->window;
    bool gone = false;
    window->loading = false;
    if (err)
        window->len = 0;
    for (ol_s3_read *read = object->reads; read; read = read->next) {
        read->ready = read->of_window;
        if (read->ready && !err)
            memcpy(read->span.data, window->data + (read->offset - window->start), read->span.len);
    }
    window->gone = &gone;
    for (ol_s3_read *read; !gone && (read = next_ready(object)) != NULL;)
        read_end(object, read, err, err ? 0 : read->span.len);
    if (!gone)
        window->gone = NULL;
}

/* A window's worth from the offset on; near the end, the last one. */
static int load_window(ol_s3_object *object, uint64_t offset, ol_error *err)
{
    ol_s3_window *window = object->window;
    uint64_t size = object->info.size;
    uint64_t last = size > WINDOW_BYTES ? size - WINDOW_BYTES : 0;
    window->start = offset < last ? offset : last;
    window->len = size - window->start < WINDOW_BYTES ? (size_t)(size - window->start)
                                                      : WINDOW_BYTES;
    window->fetch.range = (ol_byte_range){window->start, window->len};
    window->fetch.into = (ol_span){window->data, window->len};
    int rc = fetch_start(&window->fetch, err);
    window->loading = rc == OL_OK;
    if (rc != OL_OK)
        window->len = 0;
    return rc;
}

static ol_s3_window *window_of(ol_s3_object *object)
{
    if (object->window)
        return object->window;
    ol_s3_window *window = ol_malloc(sizeof *window);
    if (!window)
        return NULL; /* then every read goes by itself */
    window->fetch = (fetch){.object = object, .done = on_window};
    window->loading = false;
    window->gone = NULL;
    window->start = 0;
    window->len = 0;
    object->window = window;
    return window;
}

/* OL_OK: the window will have it. OL_SKIP: the read goes by itself. */
static int try_window(ol_s3_object *object, ol_s3_read *read, ol_error *err)
{
    bool only_looks = !object->window && read->offset == 0 && read->span.len <= LOOK_BYTES;
    if (only_looks || read->span.len >= WINDOW_BYTES || !window_of(object))
        return OL_SKIP;
    if (object->window->loading && !covers(object->window, read->offset, read->span.len))
        return OL_SKIP;
    read->of_window = true;
    return object->window->loading ? OL_OK : load_window(object, read->offset, err);
}

static int start_read(ol_s3_object *object, ol_s3_read *read, ol_error *err)
{
    int rc = try_window(object, read, err);
    if (rc != OL_SKIP)
        return rc;
    read->fetch = (fetch){.object = object,
                          .range = {read->offset, read->span.len},
                          .into = read->span,
                          .done = on_read_fetched};
    return fetch_start(&read->fetch, err);
}

int ol_s3_read_at(ol_object *o, uint64_t offset, ol_span span, size_t *got, ol_read_cb cb,
                  void *arg, ol_error *err)
{
    ol_s3_object *object = ol_s3_object_of(o);
    uint64_t size = object->info.size, left = offset < size ? size - offset : 0;
    if (span.len > left)
        span.len = (size_t)left;
    *got = span.len;
    if (span.len == 0)
        return OL_OK;
    const ol_s3_window *window = object->window;
    if (window && !window->loading && covers(window, offset, span.len)) {
        memcpy(span.data, window->data + (offset - window->start), span.len);
        return OL_OK;
    }
    ol_s3_read *read = ol_calloc(1, sizeof *read);
    if (!read)
        return ol_error_set(err, OL_ENOMEM, "s3 origin: read");
    read->offset = offset;
    read->span = span;
    read->cb = cb;
    read->arg = arg;
    int rc = start_read(object, read, err);
    if (rc != OL_OK) {
        ol_free(read);
        return rc;
    }
    read->next = object->reads;
    object->reads = read;
    return OL_WAIT;
}

/* ---- the end ---- */

void ol_s3_drop_reads(ol_object *o)
{
    ol_s3_object *object = ol_s3_object_of(o);
    for (ol_s3_read *read; (read = object->reads) != NULL;) {
        object->reads = read->next;
        if (!read->of_window)
            fetch_drop(&read->fetch);
        ol_free(read);
    }
}

void ol_s3_window_free(ol_s3_object *object)
{
    ol_s3_window *window = object->window;
    if (!window)
        return;
    if (window->loading)
        fetch_drop(&window->fetch);
    if (window->gone)
        *window->gone = true;
    ol_free(window);
    object->window = NULL;
}
