/* SPDX-License-Identifier: MIT */
#include "cli/file_object.h"

#include <errno.h>
#include <unistd.h>

#include "base/alloc.h"

typedef struct file_object {
    ol_object object; /* first member */
    int fd;
    ol_loop *loop;
    ol_offload *readers;
    ol_object_info info;
    size_t reading;
    bool closed;
} file_object;

typedef struct reading {
    ol_task task;
    file_object *file;
    uint64_t offset;
    ol_span span; /* the caller's */
    ol_read_cb cb;
    void *arg;
    size_t got;
    int failure;
    uint8_t data[];
} reading;

static void free_when_over(file_object *file)
{
    if (file->closed && file->reading == 0)
        ol_free(file);
}

static void read_range(ol_task *task)
{
    reading *r = task->arg;
    while (r->got < r->span.len) {
        ssize_t got = pread(r->file->fd, r->data + r->got, r->span.len - r->got,
                            (off_t)(r->offset + r->got));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            r->failure = errno;
        if (got <= 0)
            return;
        r->got += (size_t)got;
    }
}

static void on_read(ol_task *task)
{
    reading *r = task->arg;
    file_object *file = r->file;
    ol_error err = {0};
    file->reading--;
    if (!file->closed) {
        if (r->failure)
            ol_error_set(&err, OL_EORIGIN, "standard input: %s", strerror(r->failure));
        else if (r->got)
            memcpy(r->span.data, r->data, r->got);
        r->cb(r->arg, r->failure ? &err : NULL, r->got);
    }
    ol_free(r);
    free_when_over(file);
}

static int read_at(ol_object *object, uint64_t offset, ol_span span, size_t *got, ol_read_cb cb,
                   void *arg, ol_error *err)
{
    file_object *file = (file_object *)object;
    (void)got; /* never known at once */
    uint64_t left = offset < file->info.size ? file->info.size - offset : 0;
    if (span.len > left)
        span.len = (size_t)left;
    reading *r = ol_malloc(sizeof(*r) + span.len);
    if (!r)
        return ol_error_set(err, OL_ENOMEM, "read_at");
    *r = (reading){.file = file, .offset = offset, .span = span, .cb = cb, .arg = arg};
    r->task = (ol_task){.work = read_range, .done = on_read, .loop = file->loop, .arg = r};
    int rc = ol_offload_submit(file->readers, &r->task);
    if (rc != OL_OK) {
        ol_free(r);
        return ol_error_set(err, rc, "read_at");
    }
    file->reading++;
    return OL_WAIT;
}

static const ol_object_info *info(const ol_object *object)
{
    return &((const file_object *)object)->info;
}

static void close_object(ol_object *object)
{
    file_object *file = (file_object *)object;
    file->closed = true;
    free_when_over(file);
}

/* What a transform stage asks of an original; the rest of an origin is never called. */
static const ol_origin_ops file_origin_ops = {
    .name = "file", .read_at = read_at, .info = info, .close_object = close_object};
static ol_origin file_origin = {.ops = &file_origin_ops};

int ol_file_object_new(ol_object **object, int fd, uint64_t size, ol_loop *loop,
                       ol_offload *readers)
{
    file_object *file = ol_calloc(1, sizeof(*file));
    if (!file)
        return OL_ENOMEM;
    *file = (file_object){.object = {.origin = &file_origin},
                          .fd = fd,
                          .loop = loop,
                          .readers = readers,
                          .info = {.key = OL_SLICE_LIT("stdin"), .size = size}};
    *object = &file->object;
    return OL_OK;
}
