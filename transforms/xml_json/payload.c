/* SPDX-License-Identifier: MIT */
#include "payload.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

static bool read_memory(struct xj_config *config, const json_t *value, char *reason, size_t size)
{
    json_int_t bytes = json_integer_value(value);
    if (!json_is_integer(value) || bytes < (json_int_t)XJ_MEMORY_MIN || bytes > (json_int_t)XJ_MEMORY_MAX) {
        snprintf(reason, size, "memory_bytes must be a whole number from %u to %zu", XJ_MEMORY_MIN,
                 XJ_MEMORY_MAX);
        return false;
    }
    config->memory_bytes = (size_t)bytes;
    return true;
}

/* "/catalog/book" */
static bool split_path(struct xj_config *config)
{
    struct xj_path *path = &config->path;
    const char *at = config->path_text;
    while (*at == '/') {
        size_t size = strcspn(++at, "/");
        if (size == 0 || path->count == XJ_PATH_MAX)
            return false;
        path->names[path->count] = at;
        path->sizes[path->count++] = size;
        at += size;
    }
    return *at == '\0' && path->count > 0;
}

static bool read_records(struct xj_config *config, const json_t *value, char *reason, size_t size)
{
    const char *text = json_string_value(value);
    if (text && json_string_length(value) <= XJ_PATH_BYTES_MAX) {
        memcpy(config->path_text, text, json_string_length(value) + 1);
        if (split_path(config))
            return true;
    }
    snprintf(reason, size, "records must be a path of 1 to %d element names, like /catalog/book",
             XJ_PATH_MAX);
    return false;
}

static bool read_object(struct xj_config *config, json_t *root, char *reason, size_t size)
{
    const char *key;
    json_t *value;
    if (!json_is_object(root)) {
        snprintf(reason, size, "the payload must be a JSON object");
        return false;
    }
    json_object_foreach(root, key, value) {
        bool ok;
        if (strcmp(key, "memory_bytes") == 0) {
            ok = read_memory(config, value, reason, size);
        } else if (strcmp(key, "records") == 0) {
            ok = read_records(config, value, reason, size);
        } else {
            snprintf(reason, size, "the payload has an unknown key, \"%.40s\"", key);
            ok = false;
        }
        if (!ok)
            return false;
    }
    return true;
}

bool xj_config_read(struct xj_config *config, const char *payload, size_t size, char *reason,
                    size_t reason_size)
{
    *config = (struct xj_config){.memory_bytes = XJ_MEMORY_DEFAULT};
    if (size == 0)
        return true;
    json_error_t error;
    json_t *root = json_loadb(payload, size, JSON_REJECT_DUPLICATES, &error);
    if (!root) {
        snprintf(reason, reason_size, "the payload is not JSON: line %d, column %d", error.line,
                 error.column);
        return false;
    }
    bool ok = read_object(config, root, reason, reason_size);
    json_decref(root);
    return ok;
}
