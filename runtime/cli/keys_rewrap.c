/* SPDX-License-Identifier: MIT */
#include "cli/keys_rewrap.h"

#include <stdlib.h>

#include "base/encode.h"
#include "cli/cli.h"
#include "crypto/kms/kms_keyring.h"

#define ARENA_BYTES_MAX (1024u * 1024)
#define LINE_BYTES_MAX (64u * 1024)

static int read_blob(ol_slice text, ol_kms_call *call, ol_error *err)
{
    size_t len = 0;
    uint8_t *room = ol_arena_alloc(call->arena, text.len + 1);
    if (!room)
        return ol_error_set(err, OL_ENOMEM, "line");
    if (text.len == 0 || ol_base64_decode(text, room, text.len, &len) != OL_OK)
        return ol_error_set(err, OL_EINVAL, "the wrapped key is not base64");
    call->blob = ol_slice_of(room, len);
    return OL_OK;
}

static int print_line(FILE *out, ol_slice blob, ol_slice context, ol_error *err)
{
    ol_buf text;
    ol_buf_init(&text, 2 * LINE_BYTES_MAX);
    int rc = ol_base64_encode(&text, blob);
    if (rc == OL_OK)
        rc = ol_buf_addf(&text, "%s%.*s\n", context.len > 0 ? " " : "", OL_SLICE_FMT(context));
    if (rc == OL_OK && fwrite(text.data, 1, text.len, out) != text.len)
        rc = OL_EPEER;
    ol_buf_fini(&text);
    return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "standard output cannot be written");
}

static int rewrap_line(ol_kms *kms, ol_slice line, FILE *out, ol_arena *arena, ol_error *err)
{
    ol_kms_call call = {.arena = arena};
    ptrdiff_t blank = ol_slice_find(line, ' ');
    ol_slice context = blank < 0 ? OL_SLICE_NONE : ol_slice_from(line, (size_t)blank + 1);
    int rc = read_blob(blank < 0 ? line : ol_slice_first(line, (size_t)blank), &call, err);
    if (rc == OL_OK && blank >= 0)
        rc = ol_context_parse(&call.context, context, arena, err);
    if (rc == OL_OK)
        rc = ol_kms_keyring_rewrap(kms, &call, err);
    if (rc < 0)
        return rc;
    return print_line(out, rc == OL_SKIP ? call.blob : call.wrapped, context, err);
}

static int rewrap_all(ol_kms *kms, FILE *in, FILE *out, ol_arena *arena, ol_error *err)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t len;
    int rc = OL_OK;
    for (size_t number = 1; rc == OL_OK && (len = getline(&line, &room, in)) > 0; number++) {
        ol_error why = {0};
        ol_slice text = ol_slice_of(line, (size_t)len - (line[len - 1] == '\n'));
        if (text.len == 0)
            continue;
        rc = text.len > LINE_BYTES_MAX ? ol_error_set(&why, OL_ELIMIT, "too long")
                                       : rewrap_line(kms, text, out, arena, &why);
        if (rc != OL_OK)
            ol_error_set(err, rc, "line %zu: %s", number, ol_cli_reason(&why));
        ol_arena_reset(arena);
    }
    free(line);
    return rc;
}

int ol_keys_rewrap(const char *keyring, FILE *in, FILE *out, ol_error *err)
{
    ol_kms_keyring_options options;
    ol_kms *kms;
    ol_kms_keyring_options_default(&options);
    options.path = keyring;
    options.create = false;
    options.refresh_ms = 0;
    int rc = ol_kms_keyring_new(&kms, &options, err);
    if (rc != OL_OK)
        return rc;
    ol_arena *arena = ol_arena_new(ARENA_BYTES_MAX);
    rc = arena ? rewrap_all(kms, in, out, arena, err) : ol_error_set(err, OL_ENOMEM, "rewrap");
    ol_arena_destroy(arena);
    kms->ops->destroy(kms);
    return rc;
}
