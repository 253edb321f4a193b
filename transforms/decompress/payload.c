/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "config.h"

/* kit_config is the first member. */
static struct dc_config *own(struct kit_config *config)
{
    return (struct dc_config *)config;
}

static bool read_format(struct kit_config *c, const char *key, const json_t *value)
{
    const char *name = json_string_value(value);
    if (name && strcmp(name, "auto") == 0)
        return true;
    own(c)->zip_only = name && strcmp(name, "zip") == 0;
    own(c)->format = name && !own(c)->zip_only ? dc_format_named(name) : NULL;
    return own(c)->zip_only || own(c)->format ||
           kit_wrong(c, "\"%s\" must be auto, gzip, zlib, zstd, bzip2, xz, lz4, snappy, brotli or zip", key);
}

static const struct kit_word unrecognised[] = {{"fail", false}, {"pass", true}, {NULL, 0}};
static const struct kit_word trailing[] = {{"fail", false}, {"ignore", true}, {NULL, 0}};

static const struct kit_key keys[] = {
    KIT_OTHER_KEY("format", read_format),
    KIT_OTHER_KEY("compressionType", read_format), /* as the samples of AWS's function call it */
    KIT_WORD_KEY("unrecognised", struct dc_config, pass_unrecognised, unrecognised),
    KIT_WORD_KEY("trailing", struct dc_config, ignore_trailing, trailing),
    KIT_TEXT_KEY("file_name", struct dc_config, file_name, 1),
    KIT_NUMBER_KEY("max_ratio", struct dc_config, ratio_max, 1, DC_RATIO_MAX),
    KIT_NUMBER_KEY("memory_bytes", struct dc_config, memory_bytes, DC_MEMORY_BYTES_MIN, DC_MEMORY_BYTES_MAX),
};

int dc_config_new(const char *payload, size_t size, struct dc_config **config)
{
    struct dc_config *made = calloc(1, sizeof(*made));
    if (!made)
        return OBJLENS_ENOMEM;
    made->ratio_max = DC_RATIO_DEFAULT;
    made->memory_bytes = DC_MEMORY_BYTES_DEFAULT;
    int rc = kit_payload_read(&made->kit, keys, sizeof(keys) / sizeof(keys[0]), payload, size);
    if (rc == OBJLENS_OK)
        *config = made;
    else
        free(made);
    return rc;
}
