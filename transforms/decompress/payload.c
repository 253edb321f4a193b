/* SPDX-License-Identifier: MIT */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "config.h"

/* Of a name that a reason shows. */
#define SHOWN_MAX 40

struct reading {
    struct dc_config *config;
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

static bool read_format(struct reading *r, const char *key, const json_t *value)
{
    const char *name = json_string_value(value);
    if (name && strcmp(name, "auto") == 0)
        return true;
    r->config->zip_only = name && strcmp(name, "zip") == 0;
    r->config->format = name && !r->config->zip_only ? dc_format_named(name) : NULL;
    return r->config->zip_only || r->config->format ||
           wrong(r, "\"%s\" must be auto, gzip, zlib, zstd, bzip2, xz, lz4, snappy, brotli or zip",
                 key);
}

/* One of two words. */
static bool read_choice(const json_t *value, const char *no, const char *yes, bool *chosen)
{
    const char *word = json_string_value(value);
    *chosen = word && strcmp(word, yes) == 0;
    return *chosen || (word && strcmp(word, no) == 0);
}

static bool read_unrecognised(struct reading *r, const char *key, const json_t *value)
{
    return read_choice(value, "fail", "pass", &r->config->pass_unrecognised) ||
           wrong(r, "\"%s\" must be \"fail\" or \"pass\"", key);
}

static bool read_trailing(struct reading *r, const char *key, const json_t *value)
{
    return read_choice(value, "fail", "ignore", &r->config->ignore_trailing) ||
           wrong(r, "\"%s\" must be \"fail\" or \"ignore\"", key);
}

static bool read_file_name(struct reading *r, const char *key, const json_t *value)
{
    const char *name = json_string_value(value);
    size_t size = name ? json_string_length(value) : 0;
    if (size == 0 || size > sizeof(r->config->file_name))
        return wrong(r, "\"%s\" must be the name of a file, of at most 4096 bytes", key);
    memcpy(r->config->file_name, name, size);
    r->config->file_name_size = size;
    return true;
}

static bool read_number(const json_t *value, uint64_t min, uint64_t max, uint64_t *number)
{
    json_int_t n = json_integer_value(value);
    if (!json_is_integer(value) || n < 0 || (uint64_t)n < min || (uint64_t)n > max)
        return false;
    *number = (uint64_t)n;
    return true;
}

static bool read_max_ratio(struct reading *r, const char *key, const json_t *value)
{
    return read_number(value, 1, DC_RATIO_MAX, &r->config->ratio_max) ||
           wrong(r, "\"%s\" must be a whole number from 1 to 1000000", key);
}

static bool read_memory_bytes(struct reading *r, const char *key, const json_t *value)
{
    return read_number(value, DC_MEMORY_BYTES_MIN, DC_MEMORY_BYTES_MAX, &r->config->memory_bytes) ||
           wrong(r, "\"%s\" must be a whole number from 18874368 (18 MiB) to 268435456 (256 MiB)",
                 key);
}

static const struct key {
    const char *name;
    bool (*read)(struct reading *r, const char *key, const json_t *value);
} keys[] = {
    {"format", read_format},
    {"compressionType", read_format}, /* as the samples of AWS's function call it */
    {"unrecognised", read_unrecognised},
    {"trailing", read_trailing},
    {"file_name", read_file_name},
    {"max_ratio", read_max_ratio},
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

bool dc_config_read(struct dc_config *config, const char *payload, size_t size, char *reason,
                    size_t reason_size)
{
    struct reading r = {config, reason, reason_size};
    json_error_t error;
    config->ratio_max = DC_RATIO_DEFAULT;
    config->memory_bytes = DC_MEMORY_BYTES_DEFAULT;
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
