/* SPDX-License-Identifier: MIT */
/*
 * Host functions that read: the event, the original's head, and ranges of the original.
 */
#include <stdio.h>

#include "transform/fields.h"
#include "transform/shared/run.h"

#define PATH_BYTES_MAX 512
#define REQUEST_HEADERS "userRequest.headers."
#define IDENTITY "userIdentity."

static struct objlens_bytes bytes_of(ol_slice s)
{
    return (struct objlens_bytes){s.data, s.len};
}

static bool has_flag(const ol_run *run, uint32_t flag)
{
    return run->engine->plugin.transform.flags & flag;
}

/* A header that was not declared is refused rather than absent: the author then learns why. */
static bool undeclared(const ol_run *run, const char *path)
{
    size_t len = strlen(REQUEST_HEADERS);
    if (strncmp(path, IDENTITY, strlen(IDENTITY)) == 0)
        return has_flag(run, OBJLENS_IGNORES_IDENTITY);
    if (strncmp(path, REQUEST_HEADERS, len) == 0)
        return !ol_plugin_depends_on(&run->engine->plugin, ol_slice_cstr(path + len));
    if (strcmp(path, "xAmzRequestId") == 0)
        return !has_flag(run, OBJLENS_SEES_REQUEST);
    return false;
}

static int get(ol_run *run, const char *path, ol_slice *value)
{
    int rc = ol_run_check(run);
    if (rc != OBJLENS_OK)
        return rc;
    return ol_fields_get(ol_job_event(run->job), path, value) ? OBJLENS_OK : OBJLENS_ENOTFOUND;
}

static int get_under(ol_run *run, const char *prefix, const char *name, struct objlens_bytes *value)
{
    char path[PATH_BYTES_MAX];
    int len = name ? snprintf(path, sizeof(path), "%s%s", prefix, name) : -1;
    if (len < 0 || (size_t)len >= sizeof(path))
        return OBJLENS_EINVAL;
    ol_slice found;
    int rc = get(run, path, &found);
    if (rc == OBJLENS_OK)
        *value = bytes_of(found);
    return rc;
}

int ol_host_event_get(struct objlens_call *call, const char *path, struct objlens_bytes *value)
{
    if (path && undeclared(ol_run_of(call), path))
        return OBJLENS_EDENIED;
    return get_under(ol_run_of(call), "", path, value);
}

int ol_host_event_each(struct objlens_call *call, const char *prefix,
                       int (*visit)(void *arg, struct objlens_bytes path,
                                    struct objlens_bytes value),
                       void *arg)
{
    ol_run *run = ol_run_of(call);
    int rc = ol_run_check(run);
    ol_fields_iter it;
    ol_slice path, value;
    if (rc == OBJLENS_OK)
        ol_fields_iter_init(&it, ol_job_event(run->job));
    bool anybody = has_flag(run, OBJLENS_IGNORES_IDENTITY);
    while (rc == OBJLENS_OK && ol_fields_next(&it, &path, &value)) {
        if (anybody && ol_slice_starts(path, ol_slice_cstr(IDENTITY)))
            continue;
        if (ol_slice_starts(path, ol_slice_cstr(prefix)))
            rc = visit(arg, bytes_of(path), bytes_of(value));
    }
    return rc;
}

int ol_host_payload(struct objlens_call *call, struct objlens_bytes *value)
{
    *value = (struct objlens_bytes){"", 0};
    int rc = get_under(ol_run_of(call), "configuration.", "payload", value);
    return rc == OBJLENS_ENOTFOUND ? OBJLENS_OK : rc;
}

int ol_host_object_size(struct objlens_call *call, uint64_t *size)
{
    ol_slice text;
    int rc = get(ol_run_of(call), "object.size", &text);
    if (rc != OBJLENS_OK)
        return rc;
    return ol_slice_u64(text, size) ? OBJLENS_OK : OBJLENS_ENOTFOUND;
}

int ol_host_object_etag(struct objlens_call *call, struct objlens_bytes *value)
{
    return get_under(ol_run_of(call), "object.", "etag", value);
}

int ol_host_object_header(struct objlens_call *call, const char *name, struct objlens_bytes *value)
{
    return get_under(ol_run_of(call), "object.header.", name, value);
}

int ol_host_object_metadata(struct objlens_call *call, const char *name,
                            struct objlens_bytes *value)
{
    return get_under(ol_run_of(call), "object.metadata.", name, value);
}

/* One range that the job can serve at a time. */
static int read_part(ol_run *run, uint64_t offset, size_t size, ol_slice *data)
{
    for (;;) {
        ol_error why = {0};
        int got = ol_job_read_at(run->job, offset, size, data, &why);
        if (got == OL_OK)
            return OBJLENS_OK;
        if (got != OL_WAIT) {
            ol_error_set(&why, got, NULL);
            run->refused = why;
            return OBJLENS_EREADAT;
        }
        int rc = ol_run_suspend(run, OL_WAIT);
        if (rc != OBJLENS_OK)
            return rc;
    }
}

int ol_host_read_at(struct objlens_call *call, uint64_t offset, void *buffer, size_t size,
                    size_t *got)
{
    ol_run *run = ol_run_of(call);
    *got = 0;
    int rc = ol_run_check(run);
    if (rc != OBJLENS_OK)
        return rc;
    if (offset > UINT64_MAX - size)
        return OBJLENS_EINVAL;
    if (has_flag(run, OBJLENS_KEEPS_POSITIONS)) {
        ol_error_clear(&run->refused);
        ol_error_set(&run->refused, OL_EREADAT, "a transform that keeps positions reads its input only");
        return OBJLENS_EREADAT;
    }
    size_t part_max = ol_job_piece_bytes(run->job);
    while (*got < size) {
        size_t part = size - *got < part_max ? size - *got : part_max;
        ol_slice data;
        rc = read_part(run, offset + *got, part, &data);
        if (rc != OBJLENS_OK)
            return rc;
        if (data.len > part)
            data.len = part;
        if (data.len)
            memcpy((uint8_t *)buffer + *got, data.data, data.len);
        *got += data.len;
        if (data.len < part)
            break;
    }
    return OBJLENS_OK;
}
