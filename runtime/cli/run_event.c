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
#include "front/views/event_fields.h"
#include "observe/request_id.h"
#include "transform/fields.h"

#define FIELDS_MAX 512
#define ARENA_BYTES_MAX (4 * OL_MIB)
#define FILE_BYTES_MAX (1 * OL_MIB)
#define DEPTH_MAX 16
#define URL_BYTES_MAX (64 * OL_KIB)

typedef struct field {
    const char *name;
    ol_slice value;
} field;

typedef struct event {
    ol_arena *arena;
    ol_event_sight sight; /* without the payload, until that is known */
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

static ol_slice get(const event *e, const char *name)
{
    for (size_t i = 0; i < e->count; i++)
        if (strcmp(e->fields[i].name, name) == 0)
            return e->fields[i].value;
    return OL_SLICE_NONE;
}

/* ---- what everybody gets ---- */

static int set_defaults(event *e)
{
    static const struct {
        ol_event_field field;
        const char *value;
    } defaults[] = {
        {OL_EVENT_PROTOCOL_VERSION, "1.00"},
        {OL_EVENT_IDENTITY_TYPE, "Root"},
        {OL_EVENT_IDENTITY_PRINCIPAL_ID, "000000000000"},
        {OL_EVENT_IDENTITY_ARN, "arn:aws:iam::000000000000:root"},
        {OL_EVENT_IDENTITY_ACCOUNT_ID, "000000000000"},
        {OL_EVENT_PAYLOAD, ""},
        {OL_EVENT_ARN,
         "arn:aws:s3-object-lambda:us-east-1:000000000000:accesspoint/run"},
        {OL_EVENT_SUPPORTING_ARN,
         "arn:aws:s3:us-east-1:000000000000:accesspoint/run"},
        {OL_EVENT_URL, "https://run--ol-s3/stdin"}, /* unless a key is asked for */
        {OL_EVENT_METHOD, "GET"},
        {OL_EVENT_SOURCE_IP, "127.0.0.1"},
    };
    int rc = OL_OK;
    for (size_t i = 0; rc == OL_OK && i < sizeof(defaults) / sizeof(defaults[0]); i++)
        rc = set(e, ol_event_name(defaults[i].field), ol_slice_cstr(defaults[i].value));
    if (rc != OL_OK)
        return rc;
    char id[OL_REQUEST_ID_SIZE], now[OL_ISO8601_SIZE];
    ol_request_id_make(id);
    ol_clock_iso8601(ol_clock_wall_ms(), now);
    rc = set(e, ol_event_name(OL_EVENT_REQUEST_ID), ol_slice_cstr(id));
    return rc == OL_OK ? set(e, ol_event_name(OL_EVENT_TIME), ol_slice_cstr(now)) : rc;
}

static int set_url(event *e, const char *key)
{
    ol_buf url;
    ol_buf_init(&url, URL_BYTES_MAX);
    int rc = ol_buf_add_cstr(&url, "https://run--ol-s3/");
    if (rc == OL_OK)
        rc = ol_uri_encode(&url, ol_slice_cstr(key), true);
    if (rc == OL_OK)
        rc = set(e, ol_event_name(OL_EVENT_URL), ol_buf_slice(&url));
    ol_buf_fini(&url);
    return rc;
}

/* ---- the event file ---- */

/* A program looks a header up in lower case. */
static void lower_header(char *path)
{
    size_t prefix = sizeof(OL_EVENT_HEADERS) - 1;
    if (strncmp(path, OL_EVENT_HEADERS, prefix) == 0)
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
        else if (!ol_slice_starts(ol_slice_cstr(path), OL_SLICE_LIT(OL_EVENT_QUERY)))
            rc = set_scalar(e, path, child); /* the query is the URL's */
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

/* Written as the server writes it, whatever the file has: with its '=', and escaped in one way. */
static int add_to_url(ol_buf *url, char separator, ol_slice name, ol_slice value)
{
    int rc = ol_buf_add_byte(url, (uint8_t)separator);
    if (rc == OL_OK)
        rc = ol_uri_encode(url, name, false);
    if (rc == OL_OK)
        rc = ol_buf_add_byte(url, '=');
    return rc == OL_OK ? ol_uri_encode(url, value, false) : rc;
}

/* A field of its own, and a part of `url`; signatures and tokens are neither. */
static int take_parameter(event *e, ol_slice parameter, ol_buf *url, char separator)
{
    ptrdiff_t equals = ol_slice_find(parameter, '=');
    ol_slice name = equals < 0 ? parameter : ol_slice_first(parameter, (size_t)equals);
    ol_slice value = equals < 0 ? OL_SLICE_NONE : ol_slice_from(parameter, (size_t)equals + 1);
    ol_buf path, text;
    ol_buf_init(&path, 1024);
    ol_buf_init(&text, URL_BYTES_MAX);
    int rc = ol_buf_add_cstr(&path, OL_EVENT_QUERY);
    if (rc == OL_OK)
        rc = ol_uri_decode(&path, name, true);
    if (rc == OL_OK)
        rc = ol_uri_decode(&text, value, true);
    name = ol_slice_from(ol_buf_slice(&path), sizeof(OL_EVENT_QUERY) - 1);
    if (rc == OL_OK && ol_event_sees_param(&e->sight, name)) {
        rc = set(e, ol_buf_cstr(&path), ol_buf_slice(&text));
        if (rc == OL_OK)
            rc = add_to_url(url, separator, name, ol_buf_slice(&text));
    }
    ol_buf_fini(&path);
    ol_buf_fini(&text);
    return rc;
}

static int take_parameters(event *e, ol_slice rest, ol_buf *url)
{
    size_t before = url->len;
    int rc = OL_OK;
    while (rc == OL_OK && rest.len > 0) {
        ptrdiff_t end = ol_slice_find(rest, '&');
        rc = take_parameter(e, end < 0 ? rest : ol_slice_first(rest, (size_t)end), url,
                            url->len == before ? '?' : '&');
        rest = end < 0 ? OL_SLICE_NONE : ol_slice_from(rest, (size_t)end + 1);
    }
    return rc;
}

static int set_query(event *e)
{
    ol_slice given = get(e, ol_event_name(OL_EVENT_URL));
    ptrdiff_t mark = ol_slice_find(given, '?');
    ol_buf url;
    if (mark < 0)
        return OL_OK;
    ol_buf_init(&url, URL_BYTES_MAX);
    int rc = ol_buf_add(&url, ol_slice_first(given, (size_t)mark));
    if (rc == OL_OK)
        rc = take_parameters(e, ol_slice_from(given, (size_t)mark + 1), &url);
    if (rc == OL_OK)
        rc = set(e, ol_event_name(OL_EVENT_URL), ol_buf_slice(&url));
    ol_buf_fini(&url);
    return rc;
}

/* ---- all of it ---- */

/* No view is configured that could say whose ranges are to answer. */
static bool declares_range(const ol_program *program)
{
    ol_slice names = program->declared.depends_headers;
    return ol_slice_starts(names, OL_SLICE_LIT("range\n")) ||
           (names.len > 0 && memmem(names.data, names.len, "\nrange\n", 7));
}

static int encode(event *e, ol_buf *out)
{
    e->sight.payload = get(e, ol_event_name(OL_EVENT_PAYLOAD));
    int rc = ol_fields_begin(out);
    for (size_t i = 0; rc == OL_OK && i < e->count; i++)
        if (ol_event_sees(&e->sight, e->fields[i].name))
            rc = ol_fields_add(out, e->fields[i].name, e->fields[i].value);
    return rc;
}

int ol_run_event_encode(ol_buf *out, const ol_run_event *given, const ol_program *program,
                        ol_error *err)
{
    event e = {.arena = ol_arena_new(ARENA_BYTES_MAX),
               .sight = {.program = program,
                         .shows_caller = given->entry == OL_ENTRY_REQUEST,
                         .shows_part = declares_range(program)}};
    int rc = e.arena ? set_defaults(&e) : OL_ENOMEM;
    if (rc == OL_OK && given->key)
        rc = set_url(&e, given->key);
    if (rc == OL_OK && given->file)
        rc = set_from_file(&e, given->file, err);
    if (rc == OL_OK && given->payload)
        rc = set(&e, ol_event_name(OL_EVENT_PAYLOAD), ol_slice_cstr(given->payload));
    if (rc == OL_OK)
        rc = set_query(&e);
    if (rc == OL_OK)
        rc = encode(&e, out);
    ol_arena_destroy(e.arena);
    return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "the event cannot be made");
}
