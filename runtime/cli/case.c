/* SPDX-License-Identifier: MIT */
#include "cli/case.h"

#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/config/files.h"

#define SMALL_BYTES_MAX (1u * OL_MIB)

/* ---- finding ---- */

const char *ol_case_path(const ol_case *one, ol_arena *arena, const char *file)
{
    return ol_arena_printf(arena, "%s/%s%c%s", one->folder, one->name, one->is_folder ? '/' : '.',
                           file);
}

static bool exists(const char *path)
{
    return path && access(path, F_OK) == 0;
}

/* A folder is a case when one of these files lies in it. */
static bool is_case_folder(const ol_case *one, ol_arena *arena)
{
    static const char *const files[] = {"input", "expected", "expect.json"};
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        if (exists(ol_case_path(one, arena, files[i])))
            return true;
    return false;
}

/* "NAME.input" stands for all files of a case; so does "NAME.expect.json" where there is no input. */
static ol_slice name_of(ol_slice file)
{
    static const char *const ends[] = {".input", ".expect.json"};
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
        if (ol_slice_ends(file, ol_slice_cstr(ends[i])) && file.len > strlen(ends[i]))
            return ol_slice_first(file, file.len - strlen(ends[i]));
    return OL_SLICE_NONE;
}

static bool is_known(const ol_case *cases, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(cases[i].name, name) == 0)
            return true;
    return false;
}

static bool look_at(const char *folder, ol_arena *arena, const char *entry, ol_case *one)
{
    struct stat st;
    *one = (ol_case){.folder = folder, .name = entry};
    const char *path = ol_arena_printf(arena, "%s/%s", folder, entry);
    if (entry[0] == '.' || !path || stat(path, &st) != 0)
        return false;
    if (S_ISDIR(st.st_mode)) {
        one->is_folder = true;
        one->name = ol_arena_strdup(arena, entry);
        return one->name && is_case_folder(one, arena);
    }
    ol_slice name = name_of(ol_slice_cstr(entry));
    if (name.len == 0)
        return false;
    one->name = ol_arena_printf(arena, "%.*s", OL_SLICE_FMT(name));
    return one->name != NULL;
}

static int compare(const void *left, const void *right)
{
    return strcmp(((const ol_case *)left)->name, ((const ol_case *)right)->name);
}

int ol_cases_find(const char *folder, ol_arena *arena, ol_case **cases, size_t *count,
                  ol_error *err)
{
    DIR *dir = opendir(folder);
    ol_case one;
    *count = 0;
    *cases = ol_arena_calloc(arena, OL_CASES_MAX * sizeof(**cases));
    if (!dir)
        return ol_error_set(err, OL_EINVAL, "%s: %s", folder, strerror(errno));
    int rc = *cases ? OL_OK : ol_error_set(err, OL_ENOMEM, "cases");
    for (struct dirent *entry; rc == OL_OK && (entry = readdir(dir)) != NULL;) {
        if (!look_at(folder, arena, entry->d_name, &one) || is_known(*cases, *count, one.name))
            continue;
        if (*count == OL_CASES_MAX)
            rc = ol_error_set(err, OL_ELIMIT, "%s: has more than %u cases", folder, OL_CASES_MAX);
        else
            (*cases)[(*count)++] = one;
    }
    closedir(dir);
    if (rc == OL_OK && *count == 0)
        return ol_error_set(err, OL_EINVAL,
                            "%s: has no cases: a folder with a file \"input\", or files named "
                            "NAME.input", folder);
    qsort(*cases, *count, sizeof(**cases), compare);
    return rc;
}

/* ---- reading ---- */

/* *there tells whether the file is; without it nothing is read. */
static int read_file(const ol_case *one, ol_arena *arena, const char *file, ol_buf *to, bool *there,
                     const char **path, ol_error *err)
{
    *path = ol_case_path(one, arena, file);
    if (!*path)
        return ol_error_set(err, OL_ENOMEM, "a case");
    *there = exists(*path);
    return *there ? ol_file_read(*path, to, err) : OL_OK;
}

/* A small text without the newline at its end, in the arena; NULL when there is no file. */
static int read_text(const ol_case *one, ol_arena *arena, const char *file, const char **text,
                     ol_error *err)
{
    ol_buf content;
    bool there = false;
    const char *path;
    ol_buf_init(&content, SMALL_BYTES_MAX);
    int rc = read_file(one, arena, file, &content, &there, &path, err);
    if (rc == OL_OK && there) {
        size_t len = content.len;
        while (len > 0 && (content.data[len - 1] == '\n' || content.data[len - 1] == '\r'))
            len--;
        *text = ol_arena_printf(arena, "%.*s", (int)len, len ? (const char *)content.data : "");
        if (!*text)
            rc = ol_error_set(err, OL_ENOMEM, "a case");
    }
    ol_buf_fini(&content);
    return rc;
}

/* One that is nowhere to begin with would never be found: a slip of the pen. */
static bool goes_in(const ol_case *one, const char *event, ol_slice secret)
{
    return ol_slice_search(ol_buf_slice(&one->input), secret) >= 0 ||
           ol_slice_search(ol_slice_cstr(one->payload), secret) >= 0 ||
           ol_slice_search(ol_slice_cstr(event), secret) >= 0;
}

static int take_secrets(ol_case *one, const char *text, ol_arena *arena, ol_error *err)
{
    const char *event = NULL;
    ol_slice rest = ol_slice_cstr(text);
    int rc = read_text(one, arena, "event.json", &event, err);
    while (rc == OL_OK && rest.len > 0) {
        ptrdiff_t end = ol_slice_find(rest, '\n');
        ol_slice line = end < 0 ? rest : ol_slice_first(rest, (size_t)end);
        rest = end < 0 ? OL_SLICE_NONE : ol_slice_from(rest, (size_t)end + 1);
        if (line.len == 0)
            continue;
        rc = ol_case_secrets_add(&one->secrets, line, arena, err);
        if (rc == OL_OK && !goes_in(one, event, line))
            rc = ol_error_set(err, OL_EINVAL, "secrets: number %u is in neither input nor payload nor event.json",
                              one->secrets.secret_count);
    }
    return rc;
}

/* ---- expect.json ---- */

static int bad(ol_error *err, const char *key, const char *what)
{
    return ol_error_set(err, OL_EINVAL, "expect.json: \"%s\" %s", key, what);
}

static int take_string(const char *key, const json_t *value, ol_arena *arena, const char **to,
                       ol_error *err)
{
    if (!json_is_string(value))
        return bad(err, key, "is not a string");
    *to = ol_arena_strdup(arena, json_string_value(value));
    return *to ? OL_OK : ol_error_set(err, OL_ENOMEM, "a case");
}

static int take_status(const char *key, const json_t *value, int *to, ol_error *err)
{
    json_int_t status = json_integer_value(value);
    if (status < 200 || status > 599)
        return bad(err, key, "is not a number from 200 to 599");
    *to = (int)status;
    return OL_OK;
}

static int take_entry(ol_case *one, const json_t *value, ol_error *err)
{
    static const char *const names[OL_ENTRIES] = {[OL_ENTRY_GET] = "get",
                                                  [OL_ENTRY_HEAD] = "head",
                                                  [OL_ENTRY_LIST] = "list",
                                                  [OL_ENTRY_REQUEST] = "request"};
    const char *given = json_string_value(value);
    for (int i = 0; given && i < OL_ENTRIES; i++)
        if (strcmp(names[i], given) == 0) {
            one->entry = (enum ol_transform_entry)i;
            return OL_OK;
        }
    return bad(err, "entry", "is none of get, head, list and request");
}

static int take_headers(ol_case *one, json_t *value, ol_arena *arena, ol_error *err)
{
    const char *name;
    json_t *text;
    if (!json_is_object(value))
        return bad(err, "headers", "is not an object");
    json_object_foreach(value, name, text) {
        if (one->header_count == OL_CASE_HEADERS_MAX)
            return bad(err, "headers", "has too many");
        ol_case_header *header = &one->headers[one->header_count++];
        *header = (ol_case_header){.name = ol_arena_strdup(arena, name)};
        if (!header->name)
            return ol_error_set(err, OL_ENOMEM, "a case");
        if (!json_is_null(text) && take_string("headers", text, arena, &header->value, err) != OL_OK)
            return err->code;
    }
    return OL_OK;
}

static int take_error(ol_case *one, json_t *value, ol_arena *arena, ol_error *err)
{
    const char *key;
    json_t *member;
    one->fails = true;
    if (json_is_true(value))
        return OL_OK;
    if (!json_is_object(value))
        return bad(err, "error", "is neither true nor an object");
    json_object_foreach(value, key, member) {
        int rc;
        if (strcmp(key, "code") == 0)
            rc = take_string("error.code", member, arena, &one->error_code, err);
        else if (strcmp(key, "message") == 0)
            rc = take_string("error.message", member, arena, &one->error_message, err);
        else if (strcmp(key, "status") == 0)
            rc = take_status("error.status", member, &one->error_status, err);
        else
            rc = bad(err, key, "is not known in \"error\": code, status, message");
        if (rc != OL_OK)
            return rc;
    }
    return OL_OK;
}

static int take_member(ol_case *one, const char *key, json_t *value, ol_arena *arena, ol_error *err)
{
    if (strcmp(key, "entry") == 0)
        return take_entry(one, value, err);
    if (strcmp(key, "key") == 0)
        return take_string(key, value, arena, &one->key, err);
    if (strcmp(key, "status") == 0)
        return take_status(key, value, &one->status, err);
    if (strcmp(key, "headers") == 0)
        return take_headers(one, value, arena, err);
    if (strcmp(key, "error") == 0)
        return take_error(one, value, arena, err);
    if (strcmp(key, "length") != 0)
        return bad(err, key, "is not known: entry, key, status, headers, length, error");
    one->length = json_integer_value(value);
    return json_is_integer(value) && one->length >= 0 ? OL_OK
                                                      : bad(err, key, "is not a whole number");
}

static int take_expectation(ol_case *one, const char *text, ol_arena *arena, ol_error *err)
{
    json_error_t where;
    const char *key;
    json_t *value, *json = json_loads(text, JSON_REJECT_DUPLICATES, &where);
    if (!json)
        return ol_error_set(err, OL_EINVAL, "expect.json:%d: %s", where.line, where.text);
    int rc = json_is_object(json) ? OL_OK
                                  : ol_error_set(err, OL_EINVAL, "expect.json: is not an object");
    if (rc == OL_OK)
        json_object_foreach(json, key, value) {
            rc = take_member(one, key, value, arena, err);
            if (rc != OL_OK)
                break;
        }
    json_decref(json);
    if (rc == OL_OK && (one->entry == OL_ENTRY_REQUEST) != (one->key != NULL))
        return bad(err, "key", "goes with the entry \"request\", and only with it");
    return rc;
}

/* ---- all of it ---- */

static int read_bytes(ol_case *one, ol_arena *arena, ol_error *err)
{
    bool there = false;
    const char *path;
    int rc = read_file(one, arena, "input", &one->input, &there, &path, err);
    if (there)
        one->input_path = path;
    if (rc == OL_OK)
        rc = read_file(one, arena, "expected", &one->expected, &one->has_expected, &path, err);
    return rc;
}

int ol_case_read(ol_case *one, ol_arena *arena, ol_error *err)
{
    const char *expectation = NULL, *secrets = NULL;
    one->length = -1;
    ol_buf_init(&one->input, OL_CASE_INPUT_BYTES_MAX);
    ol_buf_init(&one->expected, OL_CASE_OUTPUT_BYTES_MAX);
    int rc = read_bytes(one, arena, err);
    if (rc == OL_OK)
        rc = read_text(one, arena, "payload", &one->payload, err);
    if (rc == OL_OK)
        rc = read_text(one, arena, "expect.json", &expectation, err);
    one->has_expectation = expectation != NULL;
    if (rc == OL_OK && expectation)
        rc = take_expectation(one, expectation, arena, err);
    if (rc == OL_OK)
        rc = read_text(one, arena, "secrets", &secrets, err);
    if (rc == OL_OK && secrets)
        rc = take_secrets(one, secrets, arena, err);
    one->event_path = ol_case_path(one, arena, "event.json");
    if (!exists(one->event_path))
        one->event_path = NULL;
    return rc;
}

void ol_case_fini(ol_case *one)
{
    ol_buf_fini(&one->input);
    ol_buf_fini(&one->expected);
}
