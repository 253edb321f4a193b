/* SPDX-License-Identifier: MIT */
#include "zip_list.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "zip_name.h"

static const char *method_name(uint16_t method)
{
    static const struct {
        uint16_t method;
        const char *name;
    } names[] = {{0, "stored"},  {8, "deflate"}, {9, "deflate64"}, {12, "bzip2"},
                 {14, "lzma"},   {93, "zstd"},   {95, "xz"}};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (names[i].method == method)
            return names[i].name;
    return "other";
}

static bool write_text(struct dc_output *out, const char *text)
{
    return dc_output_write(out, text, strlen(text));
}

static bool write_char(struct dc_output *out, const uint8_t *bytes, size_t size)
{
    char escaped[8];
    if (size > 1 || (bytes[0] >= 0x20 && bytes[0] != '"' && bytes[0] != '\\'))
        return dc_output_write(out, bytes, size);
    if (bytes[0] < 0x20)
        snprintf(escaped, sizeof(escaped), "\\u%04x", bytes[0]);
    else
        snprintf(escaped, sizeof(escaped), "\\%c", bytes[0]);
    return write_text(out, escaped);
}

static bool write_name(struct dc_zip_source *source, const struct dc_zip_entry *entry,
                       struct dc_output *out)
{
    const uint8_t *name = dc_zip_read(source, entry->name_at, entry->name_size);
    bool is_utf8 = name && dc_zip_name_is_utf8(name, entry->name_size);
    bool ok = name != NULL;
    for (size_t at = 0; ok && at < entry->name_size;) {
        uint8_t bytes[DC_ZIP_CHAR_BYTES_MAX + 1];
        size_t n = dc_zip_name_char(name, entry->name_size, &at, is_utf8, bytes);
        ok = write_char(out, bytes, n);
    }
    return ok;
}

/* Local time of whoever made the archive, to two seconds: there is no zone to give. */
static void format_time(const struct dc_zip_entry *entry, char text[32])
{
    snprintf(text, 32, "%04u-%02u-%02uT%02u:%02u:%02u", 1980u + (entry->date >> 9),
             entry->date >> 5 & 15u, entry->date & 31u, entry->time >> 11, entry->time >> 5 & 63u,
             2u * (entry->time & 31u));
}

static bool write_entry(struct dc_zip_source *source, const struct dc_zip_entry *entry,
                        struct dc_output *out)
{
    char modified[32], rest[256];
    format_time(entry, modified);
    snprintf(rest, sizeof(rest),
             "\",\"size\":%" PRIu64 ",\"compressed_size\":%" PRIu64
             ",\"method\":\"%s\",\"crc32\":\"%08" PRIx32 "\",\"modified\":\"%s\",\"encrypted\":%s}",
             entry->size, entry->packed_size, method_name(entry->method), entry->crc, modified,
             entry->flags & DC_ZIP_ENCRYPTED ? "true" : "false");
    return write_text(out, "{\"name\":\"") && write_name(source, entry, out) &&
           write_text(out, rest);
}

bool dc_zip_list(struct dc_zip_directory *directory, struct dc_output *out)
{
    static const char type[] = "application/json";
    struct dc_zip_entry entry;
    enum dc_zip_step step;
    out->kit.result = out->kit.host->set_header(out->kit.call, "content-type", type, sizeof(type) - 1);
    if (out->kit.result != OBJLENS_OK || !write_text(out, "{\"entries\":["))
        return false;
    while ((step = dc_zip_directory_next(directory, &entry)) == DC_ZIP_ENTRY) {
        if (directory->done > 1 && !write_text(out, ","))
            return false;
        if (!write_entry(directory->source, &entry, out))
            return false;
    }
    return step == DC_ZIP_END && write_text(out, "]}\n");
}
