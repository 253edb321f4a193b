/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "limits.h"

static const struct cp_format *const formats[] = {&cp_gzip, &cp_zlib, &cp_zstd,   &cp_bzip2,
                                                  &cp_xz,   &cp_lz4,  &cp_snappy, &cp_brotli};

const struct cp_format *cp_format_named(const char *name)
{
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
        if (strcmp(formats[i]->name, name) == 0)
            return formats[i];
    return NULL;
}

/* kit_config is the first member. */
static struct cp_config *own(struct kit_config *config)
{
    return (struct cp_config *)config;
}

static bool read_format(struct kit_config *c, const char *key, const json_t *value)
{
    const char *name = json_string_value(value);
    const struct cp_format *format = name ? cp_format_named(name) : NULL;
    if (!format)
        return kit_wrong(c, "\"%s\" must be gzip, zlib, zstd, bzip2, xz, lz4, snappy or brotli", key);
    own(c)->format = format;
    own(c)->level = format->level_default;
    return true;
}

/* Behind the format, which it is a level of. */
static bool read_level(struct kit_config *c, const char *key, const json_t *value)
{
    const struct cp_format *format = own(c)->format;
    json_int_t level = json_integer_value(value);
    if (format->level_max == 0)
        return kit_wrong(c, "\"%s\" has no meaning with snappy", key);
    if (!json_is_integer(value) || level < format->level_min || level > format->level_max) {
        snprintf(c->reason, sizeof(c->reason), "\"%s\" of %s must be a whole number from %d to %d", key,
                 format->name, format->level_min, format->level_max);
        return false;
    }
    own(c)->level = (int)level;
    return true;
}

static const struct kit_word as[] = {{"file", false}, {"content-encoding", true}, {NULL, 0}};

static const struct kit_key keys[] = {
    KIT_OTHER_KEY("format", read_format),
    KIT_OTHER_KEY("level", read_level),
    KIT_WORD_KEY("as", struct cp_config, as_encoding, as),
    KIT_NUMBER_KEY("memory_bytes", struct cp_config, memory_bytes, CP_MEMORY_BYTES_MIN, CP_MEMORY_BYTES_MAX),
};

static void check_together(struct cp_config *config)
{
    const struct cp_format *format = config->format;
    uint64_t needed = format->memory_bytes(config->level);
    if (config->as_encoding && !format->content_encoding)
        kit_wrong(&config->kit, "%s is no Content-Encoding of HTTP's: use gzip, zlib, zstd or brotli",
                  format->name);
    else if (needed > config->memory_bytes)
        snprintf(config->kit.reason, sizeof(config->kit.reason),
                 "%s at level %d takes %llu bytes, more than \"memory_bytes\"", format->name, config->level,
                 (unsigned long long)needed);
}

int cp_config_new(const char *payload, size_t size, struct cp_config **config)
{
    struct cp_config *made = calloc(1, sizeof(*made));
    if (!made)
        return OBJLENS_ENOMEM;
    made->format = &cp_gzip;
    made->level = cp_gzip.level_default;
    made->memory_bytes = CP_MEMORY_BYTES_DEFAULT;
    int rc = kit_payload_read(&made->kit, keys, sizeof(keys) / sizeof(keys[0]), payload, size);
    if (rc == OBJLENS_OK && made->kit.reason[0] == '\0')
        check_together(made);
    if (rc == OBJLENS_OK)
        *config = made;
    else
        free(made);
    return rc;
}
