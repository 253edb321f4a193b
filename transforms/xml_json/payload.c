/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "config.h"

/* Of a name that a reason shows. */
#define SHOWN_MAX 40

struct reading {
    struct xj_config *config;
    char *reason;
    size_t reason_size;
};

static bool wrong(struct reading *r, const char *format, const char *what)
    __attribute__((format(printf, 2, 0)));

static bool wrong(struct reading *r, const char *format, const char *what)
{
    char shown[SHOWN_MAX + 1];
    snprintf(shown, sizeof(shown), "%s", what);
    snprintf(r->reason, r->reason_size, format, shown);
    return false;
}

/* "/catalog/book" becomes {"catalog", "book"}. */
static bool split_path(struct xj_config *config)
{
    char *at = config->path_text;
    if (*at != '/')
        return false;
    while (*at == '/') {
        *at++ = '\0';
        size_t size = strcspn(at, "/");
        if (size == 0 || size > XJ_NAME_BYTES_MAX || config->path_count == XJ_DEPTH_MAX ||
            strcspn(at, " \t\r\n*[]@()<>\"'&") < size)
            return false;
        config->path[config->path_count++] = at;
        at += size;
    }
    return true;
}

static bool read_records(struct reading *r, const char *key, const json_t *value)
{
    const char *text = json_string_value(value);
    size_t size = text ? json_string_length(value) : 0;
    if (size > XJ_RECORDS_BYTES_MAX)
        return wrong(r, "\"%s\" is too long", key);
    memcpy(r->config->path_text, text ? text : "", size + 1);
    return (text && split_path(r->config)) ||
           wrong(r, "\"%s\" must be a path of element names from the root, like /catalog/book", key);
}

static bool read_force_list(struct reading *r, const char *key, const json_t *value)
{
    if (!json_is_array(value) || json_array_size(value) > XJ_FORCE_LIST_MAX)
        return wrong(r, "\"%s\" must be a list of at most 1000 element names", key);
    r->config->force_list = json_object();
    for (size_t i = 0; i < json_array_size(value); i++) {
        const char *name = json_string_value(json_array_get(value, i));
        if (!name)
            return wrong(r, "\"%s\" must hold names only", key);
        if (json_object_set_new(r->config->force_list, name, json_true()) != 0)
            return wrong(r, "%s", "out of memory");
    }
    return true;
}

static bool read_memory_bytes(struct reading *r, const char *key, const json_t *value)
{
    json_int_t bytes = json_integer_value(value);
    if (bytes < XJ_TREE_BYTES_MIN || bytes > XJ_TREE_BYTES_MAX)
        return wrong(r, "\"%s\" must be a whole number from 131072 (128 KiB) to 67108864 (64 MiB)",
                     key);
    r->config->memory_bytes = (size_t)bytes;
    return true;
}

static const struct key {
    const char *name;
    bool (*read)(struct reading *r, const char *key, const json_t *value);
} keys[] = {
    {"records", read_records},
    {"force_list", read_force_list},
    {"memory_bytes", read_memory_bytes},
};

static bool read_key(struct reading *r, const char *key, const json_t *value)
{
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (strcmp(keys[i].name, key) == 0)
            return keys[i].read(r, key, value);
    return wrong(r, "the payload has an unknown key, \"%s\"", key);
}

static bool read_object(struct reading *r, json_t *root)
{
    const char *key;
    json_t *value;
    if (!json_is_object(root))
        return wrong(r, "%s", "the payload must be a JSON object");
    json_object_foreach(root, key, value) {
        if (!read_key(r, key, value))
            return false;
    }
    return true;
}

bool xj_config_read(struct xj_config *config, const char *payload, size_t size, char *reason,
                    size_t reason_size)
{
    struct reading r = {config, reason, reason_size};
    json_error_t error;
    config->memory_bytes = XJ_TREE_BYTES_DEFAULT;
    config->force_list = NULL;
    config->path_count = 0;
    if (size == 0)
        return true;
    json_t *root = json_loadb(payload, size, JSON_REJECT_DUPLICATES, &error);
    if (!root) {
        snprintf(reason, reason_size, "the payload is not JSON: line %d, column %d", error.line,
                 error.column);
        return false;
    }
    bool ok = read_object(&r, root);
    json_decref(root);
    return ok;
}

void xj_config_fini(struct xj_config *config)
{
    json_decref(config->force_list);
    config->force_list = NULL;
}
