/* SPDX-License-Identifier: MIT */
#include "cli/run_event.h"

#include <ctype.h>
#include <jansson.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/encode.h"
#include "base/limits.h"
#include "control/config/files.h"
#include "observe/request_id.h"
#include "transform/fields.h"

#define FIELDS_MAX 512
#define ARENA_BYTES_MAX (4 * OL_MIB)
#define FILE_BYTES_MAX (1 * OL_MIB)
#define DEPTH_MAX 16
#define HEADER_PREFIX "userRequest.headers."

typedef struct field {
    const char *name;
    ol_slice value;
} field;

typedef struct event {
    ol_arena *arena;
    const ol_program *program;
    field fields[FIELDS_MAX];
    size_t count;
} event;

/* Replaces what stands under the name. */
static int set(event *e, const char *name, ol_slice value)
{
    ol_slice copy = ol_arena_copy(e->arena, value);
    if (!copy.data)
        return OL_ENOMEM;
    for (size_t i = 0; i < e->count; i++)
        if (strcmp(e->fields[i].name, name) == 0) {
            e->fields[i].value = copy;
            return OL_OK;
        }
    if (e->count == FIELDS_MAX)
        return OL_ELIMIT;
    const char *kept = ol_arena_strdup(e->arena, name);
    if (!kept)
        return OL_ENOMEM;
    e->fields[e->count++] = (field){.name = kept, .value = copy};
    return OL_OK;
}

/* ---- what a program may see ---- */

static bool is_declared_header(const ol_program *program, ol_slice name)
{
    ol_slice rest = program->declared.depends_headers;
    while (rest.len > 0) {
        ptrdiff_t end = ol_slice_find(rest, '\n');
        if (ol_slice_eq(name, end < 0 ? rest : ol_slice_first(rest, (size_t)end)))
            return true;
        rest = end < 0 ? OL_SLICE_NONE : ol_slice_from(rest, (size_t)end + 1);
    }
    return false;
}

static bool is_visible(const event *e, const char *name)
{
    static const char *const always[] = {"userIdentity.", "configuration.", "userRequest.url",
                                         "protocolVersion"};
    static const char *const callers[] = {"userRequest.method", "userRequest.sourceIp"};
    ol_slice text = ol_slice_cstr(name);
    if (e->program->declared.ignores_identity &&
        ol_slice_starts(text, OL_SLICE_LIT("userIdentity.")))
        return false;
    for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++)
        if (ol_slice_starts(text, ol_slice_cstr(always[i])))
            return true;
    for (size_t i = 0; i < sizeof(callers) / sizeof(callers[0]); i++)
        if (ol_slice_eq_cstr(text, callers[i]))
            return e->program->declared.has_request;
    if (ol_slice_starts(text, OL_SLICE_LIT(HEADER_PREFIX)))
        return is_declared_header(e->program, ol_slice_from(text, sizeof(HEADER_PREFIX) - 1));
    return e->program->declared.depends_request &&
           (strcmp(name, "xAmzRequestId") == 0 || strcmp(name, "time") == 0);
}

/* ---- what everybody gets ---- */

static int set_defaults(event *e)
{
    static const char *const pairs[][2] = {
        {"protocolVersion", "1.00"},
        {"userIdentity.type", "Root"},
        {"userIdentity.principalId", "000000000000"},
        {"userIdentity.arn", "arn:aws:iam::000000000000:root"},
        {"userIdentity.accountId", "000000000000"},
        {"configuration.payload", ""},
        {"configuration.accessPointArn",
         "arn:aws:s3-object-lambda:us-east-1:000000000000:accesspoint/run"},
        {"configuration.supportingAccessPointArn",
         "arn:aws:s3:us-east-1:000000000000:accesspoint/run"},
        {"userRequest.url", "https://run--ol-s3/stdin"},
        {"userRequest.method", "GET"},
        {"userRequest.sourceIp", "127.0.0.1"},
    };
    int rc = OL_OK;
    for (size_t i = 0; rc == OL_OK && i < sizeof(pairs) / sizeof(pairs[0]); i++)
        if (is_visible(e, pairs[i][0]))
            rc = set(e, pairs[i][0], ol_slice_cstr(pairs[i][1]));
    if (rc != OL_OK || !e->program->declared.depends_request)
        return rc;
    char id[OL_REQUEST_ID_SIZE], now[OL_ISO8601_SIZE];
    ol_request_id_make(id);
    ol_clock_iso8601(ol_clock_wall_ms(), now);
    rc = set(e, "xAmzRequestId", ol_slice_cstr(id));
    return rc == OL_OK ? set(e, "time", ol_slice_cstr(now)) : rc;
}

/* ---- the event file ---- */

/* A program looks a header up in lower case. */
static void lower_header(char *path)
{
    size_t prefix = sizeof(HEADER_PREFIX) - 1;
    if (strncmp(path, HEADER_PREFIX, prefix) == 0)
        for (char *c = path + prefix; *c; c++)
            *c = (char)tolower((unsigned char)*c);
}

static int set_scalar(event *e, const char *path, const json_t *value)
{
    if (json_is_string(value))
        return set(e, path, ol_slice_of(json_string_value(value), json_string_length(value)));
    if (json_is_null(value))
        return OL_OK;
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    if (!text)
        return OL_ENOMEM;
    int rc = set(e, path, ol_slice_cstr(text));
    free(text);
    return rc;
}

static int flatten(event *e, const char *prefix, json_t *value, int depth)
{
    const char *key;
    json_t *child;
    if (depth > DEPTH_MAX)
        return OL_ELIMIT;
    json_object_foreach(value, key, child) {
        char path[256];
        int len = snprintf(path, sizeof(path), "%s%s%s", prefix, prefix[0] ? "." : "", key);
        if (len < 0 || (size_t)len >= sizeof(path))
            return OL_ELIMIT;
        lower_header(path);
        int rc = OL_OK;
        if (json_is_object(child))
            rc = flatten(e, path, child, depth + 1);
        else if (is_visible(e, path))
            rc = set_scalar(e, path, child);
        if (rc != OL_OK)
            return rc;
    }
    return OL_OK;
}

static int read_json(const char *path, json_t **json, ol_error *err)
{
    ol_buf text;
    json_error_t where;
    ol_buf_init(&text, FILE_BYTES_MAX);
    int rc = ol_file_read(path, &text, err);
    if (rc == OL_OK) {
        *json = json_loadb(ol_buf_cstr(&text), text.len, JSON_REJECT_DUPLICATES, &where);
        if (!*json)
            rc = ol_error_set(err, OL_EINVAL, "%s:%d: %s", path, where.line, where.text);
        else if (!json_is_object(*json))
            rc = ol_error_set(err, OL_EINVAL, "%s: is not a JSON object", path);
    }
    ol_buf_fini(&text);
    return rc;
}

static int set_from_file(event *e, const char *path, ol_error *err)
{
    json_t *json = NULL;
    int rc = read_json(path, &json, err);
    if (rc == OL_OK)
        rc = flatten(e, "", json, 0);
    json_decref(json);
    if (rc != OL_OK)
        ol_error_set(err, rc, "%s: has too many fields, or too long or deep ones", path);
    return rc;
}

/* ---- the query, which events carry inside their URL only ---- */

static int set_parameter(event *e, ol_slice parameter)
{
    ptrdiff_t equals = ol_slice_find(parameter, '=');
    ol_slice name = equals < 0 ? parameter : ol_slice_first(parameter, (size_t)equals);
    ol_slice value = equals < 0 ? OL_SLICE_NONE : ol_slice_from(parameter, (size_t)equals + 1);
    ol_buf path, text;
    ol_buf_init(&path, 1024);
    ol_buf_init(&text, 64 * OL_KIB);
    int rc = ol_buf_add_cstr(&path, "userRequest.query.");
    if (rc == OL_OK)
        rc = ol_uri_decode(&path, name, true);
    if (rc == OL_OK)
        rc = ol_uri_decode(&text, value, true);
    if (rc == OL_OK)
        rc = set(e, ol_buf_cstr(&path), ol_buf_slice(&text));
    ol_buf_fini(&path);
    ol_buf_fini(&text);
    return rc;
}

static int set_query(event *e)
{
    ol_slice url = OL_SLICE_NONE;
    for (size_t i = 0; i < e->count; i++)
        if (strcmp(e->fields[i].name, "userRequest.url") == 0)
            url = e->fields[i].value;
    ptrdiff_t mark = ol_slice_find(url, '?');
    ol_slice rest = mark < 0 ? OL_SLICE_NONE : ol_slice_from(url, (size_t)mark + 1);
    int rc = OL_OK;
    while (rc == OL_OK && rest.len > 0) {
        ptrdiff_t end = ol_slice_find(rest, '&');
        rc = set_parameter(e, end < 0 ? rest : ol_slice_first(rest, (size_t)end));
        rest = end < 0 ? OL_SLICE_NONE : ol_slice_from(rest, (size_t)end + 1);
    }
    return rc;
}

/* ---- all of it ---- */

static int encode(const event *e, ol_buf *out)
{
    int rc = ol_fields_begin(out);
    for (size_t i = 0; rc == OL_OK && i < e->count; i++)
        rc = ol_fields_add(out, e->fields[i].name, e->fields[i].value);
    return rc;
}

int ol_run_event_encode(ol_buf *out, const ol_run_event *given, const ol_program *program,
                        ol_error *err)
{
    event e = {.arena = ol_arena_new(ARENA_BYTES_MAX), .program = program};
    int rc = e.arena ? set_defaults(&e) : OL_ENOMEM;
    if (rc == OL_OK && given->file)
        rc = set_from_file(&e, given->file, err);
    if (rc == OL_OK && given->payload)
        rc = set(&e, "configuration.payload", ol_slice_cstr(given->payload));
    if (rc == OL_OK)
        rc = set_query(&e);
    if (rc == OL_OK)
        rc = encode(&e, out);
    ol_arena_destroy(e.arena);
    return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "the event cannot be made");
}
