/* SPDX-License-Identifier: MIT */
/*
 * The response head as a plugin sets it: collected as fields (transform/fields.h), checked
 * here, sent once with the first output or at the end.
 */
#include <ctype.h>
#include <stdio.h>

#include "transform/fields.h"
#include "transform/shared/run.h"

#define NAME_BYTES_MAX 128

static const char *const refused_headers[] = {
    "connection", "content-length",    "date",    "host",  "keep-alive",
    "te",         "trailer",           "upgrade", "proxy-connection", "proxy-authenticate",
    "server",     "transfer-encoding",
};

/* What ol_fields and ol_buf answer, in the ABI's words. */
static int result_of(int rc)
{
    if (rc == OL_OK)
        return OBJLENS_OK;
    return rc == OL_ENOMEM ? OBJLENS_ENOMEM : OBJLENS_ELIMIT;
}

/* The lower-case name in `out`; false when it is not a token of RFC 7230. */
static bool lower_token(const char *name, char out[NAME_BYTES_MAX + 1])
{
    size_t len = name ? strnlen(name, NAME_BYTES_MAX + 1) : 0;
    if (len == 0 || len > NAME_BYTES_MAX)
        return false;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)name[i];
        if (c >= 0x80 || !(isalnum(c) || strchr("!#$%&'*+-.^_`|~", c)))
            return false;
        out[i] = (char)tolower(c);
    }
    out[len] = '\0';
    return true;
}

static bool value_allowed(ol_slice value)
{
    for (size_t i = 0; i < value.len; i++)
        if ((value.data[i] < 0x20 && value.data[i] != '\t') || value.data[i] == 0x7f)
            return false;
    return true;
}

/* Everything but the field of this name, into a new buffer. */
static int copy_others(ol_buf *to, ol_slice from, const char *name, size_t *count)
{
    int rc = ol_fields_begin(to);
    ol_fields_iter it;
    ol_slice field, value;
    *count = 0;
    ol_fields_iter_init(&it, from);
    while (rc == OL_OK && ol_fields_next(&it, &field, &value)) {
        if (ol_slice_eq_cstr(field, name))
            continue;
        rc = ol_fields_add_under(to, "", field, value);
        ++*count;
    }
    return rc;
}

int ol_run_set_field(ol_run *run, const char *name, ol_slice value)
{
    if (run->head_sent)
        return OBJLENS_ESTATE;
    ol_buf changed;
    size_t others;
    ol_buf_init(&changed, OL_SHARED_HEAD_BYTES_MAX);
    int rc = copy_others(&changed, ol_buf_slice(&run->head), name, &others);
    if (rc == OL_OK && others >= OL_SHARED_HEAD_FIELDS_MAX)
        rc = OL_ELIMIT;
    if (rc == OL_OK)
        rc = ol_fields_add(&changed, name, value);
    if (rc != OL_OK) {
        ol_buf_fini(&changed);
        return result_of(rc);
    }
    ol_buf_fini(&run->head);
    run->head = changed;
    return OBJLENS_OK;
}

static int set_named(ol_run *run, const char *prefix, const char *name, ol_slice value)
{
    int rc = ol_run_check(run);
    if (rc != OBJLENS_OK)
        return rc;
    char lower[NAME_BYTES_MAX + 1], field[NAME_BYTES_MAX + 16];
    if (!lower_token(name, lower) || !value_allowed(value))
        return OBJLENS_EINVAL;
    for (size_t i = 0; i < sizeof(refused_headers) / sizeof(refused_headers[0]); i++)
        if (strcmp(prefix, "header.") == 0 && strcmp(lower, refused_headers[i]) == 0)
            return OBJLENS_EINVAL;
    snprintf(field, sizeof(field), "%s%s", prefix, lower);
    return ol_run_set_field(run, field, value);
}

int ol_host_set_header(struct objlens_call *call, const char *name, const void *value, size_t size)
{
    return set_named(ol_run_of(call), "header.", name, ol_slice_of(value, size));
}

int ol_host_set_metadata(struct objlens_call *call, const char *name, const void *value,
                         size_t size)
{
    return set_named(ol_run_of(call), "metadata.", name, ol_slice_of(value, size));
}

int ol_host_set_status(struct objlens_call *call, int status)
{
    ol_run *run = ol_run_of(call);
    int rc = ol_run_check(run);
    if (rc != OBJLENS_OK)
        return rc;
    if (status < 200 || status > 599)
        return OBJLENS_EINVAL;
    char text[8];
    snprintf(text, sizeof(text), "%d", status);
    return ol_run_set_field(run, "status", ol_slice_cstr(text));
}

int ol_run_send_head(ol_run *run)
{
    if (run->head_sent)
        return OBJLENS_OK;
    run->head_sent = true;
    if (run->head.len == 0)
        return OBJLENS_OK;
    int rc = ol_job_head(run->job, ol_buf_slice(&run->head), &run->error);
    if (rc == OL_OK)
        return OBJLENS_OK;
    ol_error_set(&run->error, rc, NULL);
    return OBJLENS_EFAILED;
}
