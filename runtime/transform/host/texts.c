/* SPDX-License-Identifier: MIT */
/*
 * Field lists for programs, declarations and errors.
 */
#include "transform/host/texts.h"

#include <stdio.h>

#include "base/limits.h"
#include "transform/counters.h"

static int add_number(ol_buf *out, const char *name, uint64_t number)
{
    char text[24];
    int len = snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
    return ol_fields_add(out, name, ol_slice_of(text, (size_t)len));
}

static bool get_number(ol_slice encoded, const char *name, uint64_t max, uint64_t *number)
{
    ol_slice text;
    return ol_fields_get(encoded, name, &text) && ol_slice_u64(text, number) && *number <= max;
}

/* ---- program ---- */

/* With its NUL: the reader points at it. */
static int add_string(ol_buf *out, const char *name, const char *text)
{
    return ol_fields_add(out, name, ol_slice_of(text, strlen(text) + 1));
}

int ol_text_program_encode(ol_buf *out, const ol_program *program, const char *path)
{
    int rc = ol_fields_begin(out);
    if (rc == OL_OK)
        rc = add_string(out, "name", program->name);
    if (rc == OL_OK)
        rc = add_string(out, "path", path);
    if (rc == OL_OK)
        rc = add_number(out, "kind", (uint64_t)program->kind);
    if (rc == OL_OK)
        rc = add_number(out, "share", (uint64_t)program->share);
    if (rc == OL_OK)
        rc = add_number(out, "version", program->version);
    if (rc == OL_OK)
        rc = ol_fields_add(out, "digest", ol_slice_of(program->digest, sizeof(program->digest)));
    /* Server and host are the same executable: the struct is its own encoding. */
    if (rc == OL_OK)
        rc = ol_fields_add(out, "limits", ol_slice_of(&program->limits, sizeof(program->limits)));
    if (rc == OL_OK)
        rc = add_number(out, "pinned", program->pinned);
    if (rc == OL_OK)
        rc = ol_fields_add(out, "preload_folders", program->preload_folders);
    if (rc == OL_OK)
        rc = ol_fields_add(out, "source", program->source);
    if (rc == OL_OK)
        rc = ol_fields_add(out, "libraries", program->libraries);
    return rc;
}

static bool get_string(ol_slice encoded, const char *name, const char **text)
{
    ol_slice value;
    if (!ol_fields_get(encoded, name, &value) || value.len == 0 ||
        value.data[value.len - 1] != '\0')
        return false;
    *text = (const char *)value.data;
    return true;
}

static bool get_block(ol_slice encoded, const char *name, void *out, size_t size)
{
    ol_slice value;
    if (!ol_fields_get(encoded, name, &value) || value.len != size)
        return false;
    memcpy(out, value.data, size);
    return true;
}

int ol_text_program_decode(ol_slice encoded, ol_program *program)
{
    uint64_t kind, share, pinned;
    *program = (ol_program){.image_fd = -1, .references_ = 1};
    if (ol_fields_check(encoded) != OL_OK || !get_string(encoded, "name", &program->name) ||
        !get_string(encoded, "path", &program->path) ||
        !get_number(encoded, "kind", OL_PROGRAM_SHARED, &kind) ||
        !get_number(encoded, "share", OL_SHARE_ALL, &share) ||
        !get_number(encoded, "version", UINT64_MAX, &program->version) ||
        !get_block(encoded, "digest", program->digest, sizeof(program->digest)) ||
        !get_block(encoded, "limits", &program->limits, sizeof(program->limits)) ||
        !get_number(encoded, "pinned", 1, &pinned) ||
        !ol_fields_get(encoded, "preload_folders", &program->preload_folders) ||
        !ol_fields_get(encoded, "source", &program->source) ||
        !ol_fields_get(encoded, "libraries", &program->libraries))
        return OL_EINVAL;
    program->pinned = pinned;
    program->kind = (enum ol_program_kind)kind;
    program->share = (enum ol_share)share;
    return OL_OK;
}

/* ---- declared ---- */

/* The numbers of a declaration: where they stand, and what they may be. */
typedef struct number {
    const char *name;
    uint64_t max;
} number;

enum {
    REQUEST, REENTRANT, GET, HEAD, LIST, KEY, ANYBODY, POSITIONS, BEFORE, AFTER, THREADS, NAMES, NUMBERS
};

static const number declared_numbers[NUMBERS] = {
    [REQUEST] = {.name = "depends_request", .max = 1},
    [REENTRANT] = {.name = "reentrant", .max = 1},
    [GET] = {.name = "has_get", .max = 1},
    [HEAD] = {.name = "has_head", .max = 1},
    [LIST] = {.name = "has_list", .max = 1},
    [KEY] = {.name = "has_request", .max = 1},
    [ANYBODY] = {.name = "ignores_identity", .max = 1},
    [POSITIONS] = {.name = "keeps_positions", .max = 1},
    [BEFORE] = {.name = "positions_before", .max = OL_TRANSFORM_CONTEXT_BYTES_MAX},
    [AFTER] = {.name = "positions_after", .max = OL_TRANSFORM_CONTEXT_BYTES_MAX},
    [THREADS] = {.name = "threads_max", .max = OL_PROGRAM_THREADS_MAX},
    [NAMES] = {.name = "names_what_it_sees", .max = 1},
};

int ol_text_declared_encode(ol_buf *out, const ol_program_declared *declared)
{
    uint64_t values[NUMBERS] = {
        [REQUEST] = declared->depends_request,   [REENTRANT] = declared->reentrant,
        [GET] = declared->has_get,               [HEAD] = declared->has_head,
        [LIST] = declared->has_list,             [KEY] = declared->has_request,
        [ANYBODY] = declared->ignores_identity,  [POSITIONS] = declared->keeps_positions,
        [BEFORE] = declared->positions_before,   [AFTER] = declared->positions_after,
        [THREADS] = declared->threads_max,       [NAMES] = declared->names_what_it_sees,
    };
    int rc = ol_fields_begin(out);
    if (rc == OL_OK)
        rc = ol_fields_add(out, "depends_headers", declared->depends_headers);
    if (rc == OL_OK)
        rc = ol_fields_add(out, "counters", declared->counters);
    for (size_t i = 0; rc == OL_OK && i < NUMBERS; i++)
        rc = add_number(out, declared_numbers[i].name, values[i]);
    return rc;
}

int ol_text_declared_decode(ol_slice encoded, ol_program_declared *declared)
{
    uint64_t values[NUMBERS];
    *declared = (ol_program_declared){0};
    if (ol_fields_check(encoded) != OL_OK ||
        !ol_fields_get(encoded, "depends_headers", &declared->depends_headers) ||
        declared->depends_headers.len > OL_TEXT_DECLARED_HEADERS_MAX ||
        !ol_fields_get(encoded, "counters", &declared->counters) ||
        !ol_counters_names_good(declared->counters))
        return OL_EINVAL;
    for (size_t i = 0; i < NUMBERS; i++)
        if (!get_number(encoded, declared_numbers[i].name, declared_numbers[i].max, &values[i]))
            return OL_EINVAL;
    declared->depends_request = values[REQUEST];
    declared->reentrant = values[REENTRANT];
    declared->has_get = values[GET];
    declared->has_head = values[HEAD];
    declared->has_list = values[LIST];
    declared->has_request = values[KEY];
    declared->ignores_identity = values[ANYBODY];
    declared->names_what_it_sees = values[NAMES];
    declared->keeps_positions = values[POSITIONS];
    declared->positions_before = (uint32_t)values[BEFORE];
    declared->positions_after = (uint32_t)values[AFTER];
    declared->threads_max = (uint32_t)values[THREADS];
    return OL_OK;
}

/* ---- errors ---- */

int ol_text_error_encode(ol_buf *out, const ol_error *err)
{
    int rc = ol_fields_begin(out);
    if (rc == OL_OK)
        rc = add_number(out, "status", err->status > 0 ? (uint64_t)err->status : 0);
    if (rc == OL_OK)
        rc = ol_fields_add(out, "s3_code", ol_slice_cstr(err->s3_code));
    if (rc == OL_OK)
        rc = ol_fields_add(out, "message", ol_slice_cstr(err->message));
    if (rc == OL_OK)
        rc = ol_fields_add(out, "detail", ol_slice_cstr(err->detail));
    return rc;
}

/* What may be a transform's own doing. Anything else would let a host speak for the server. */
static bool is_transform_code(int code)
{
    static const int codes[] = {
        OL_ETRANSFORM,        OL_ETRANSFORMTIME,    OL_ETRANSFORMCPU,      OL_ETRANSFORMMEMORY,
        OL_ETRANSFORMOUTPUT,  OL_ETRANSFORMPATTERN, OL_ETRANSFORMRESPONSE, OL_EREADAT,
    };
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
        if (codes[i] == code)
            return true;
    return false;
}

static bool is_plain_code(ol_slice text)
{
    if (text.len == 0 || text.len >= OL_ERROR_S3_CODE_SIZE)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                     c == '.' || c == '-' || c == '_';
        if (!plain)
            return false;
    }
    return true;
}

/* Cut to the size of an error's text, control characters made visible as '?'. What is not UTF-8
 * becomes ASCII the same way. */
static ol_slice make_printable(ol_slice text, char out[OL_ERROR_TEXT_SIZE])
{
    size_t len = text.len < OL_ERROR_TEXT_SIZE ? text.len : OL_ERROR_TEXT_SIZE - 1;
    bool utf8 = ol_slice_is_utf8(text);
    for (size_t i = 0; i < len; i++) {
        uint8_t c = text.data[i];
        bool bad = c < 0x20 || c == 0x7f || (c >= 0x80 && !utf8);
        out[i] = bad ? '?' : (char)c;
    }
    return ol_slice_of(out, len);
}

void ol_text_error_decode(ol_slice encoded, int code, ol_error *err)
{
    ol_slice s3_code, message, detail;
    uint64_t status;
    char printable[OL_ERROR_TEXT_SIZE];
    ol_error_clear(err);
    code = is_transform_code(code) ? code : OL_ETRANSFORM;
    if (ol_fields_check(encoded) != OL_OK || !get_number(encoded, "status", 599, &status) ||
        !ol_fields_get(encoded, "s3_code", &s3_code) ||
        !ol_fields_get(encoded, "message", &message) ||
        !ol_fields_get(encoded, "detail", &detail)) {
        ol_error_set(err, code, "the host gave no readable reason");
        return;
    }
    if (!is_plain_code(s3_code))
        s3_code = ol_slice_cstr(ol_code_s3(code));
    ol_error_custom(err, code, (int)status, s3_code, make_printable(message, printable));
    detail = make_printable(detail, printable);
    snprintf(err->detail, sizeof(err->detail), "%.*s", OL_SLICE_FMT(detail));
}
