/* SPDX-License-Identifier: MIT */
#include "media_type.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "ending.h"

static const struct {
    const char *ending, *type;
} types[] = {
    {".csv", "text/csv"},
    {".tsv", "text/tab-separated-values"},
    {".txt", "text/plain"},
    {".log", "text/plain"},
    {".md", "text/markdown"},
    {".html", "text/html"},
    {".htm", "text/html"},
    {".css", "text/css"},
    {".js", "text/javascript"},
    {".json", "application/json"},
    {".ndjson", "application/x-ndjson"},
    {".jsonl", "application/x-ndjson"},
    {".xml", "application/xml"},
    {".yaml", "application/yaml"},
    {".yml", "application/yaml"},
    {".parquet", "application/vnd.apache.parquet"},
    {".pdf", "application/pdf"},
    {".tar", "application/x-tar"},
    {".tgz", "application/x-tar"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".jpg", "image/jpeg"},
    {".jpeg", "image/jpeg"},
};

static const char *const packed_endings[] = {".gz", ".zz", ".zlib", ".zst", ".bz2", ".xz",
                                             ".lz4", ".sz", ".snappy", ".br"};

static const char *const packed_types[] = {
    "application/gzip",       "application/x-gzip",  "application/zlib",    "application/zstd",
    "application/x-zstd",     "application/bzip2",   "application/x-bzip2", "application/x-bzip",
    "application/x-xz",       "application/x-lz4",   "application/zip",     "application/x-brotli",
    "application/x-snappy-framed", "application/x-compressed", "application/x-zip-compressed",
    "application/octet-stream", "binary/octet-stream"};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

const char *dc_media_type_of_name(const char *name, size_t size)
{
    for (size_t i = 0; i < COUNT(packed_endings); i++)
        if (dc_ends_with(name, size, packed_endings[i])) {
            size -= strlen(packed_endings[i]);
            break;
        }
    for (size_t i = 0; i < COUNT(types); i++)
        if (dc_ends_with(name, size, types[i].ending))
            return types[i].type;
    return "application/octet-stream";
}

static bool says_something(const struct objlens_bytes *type)
{
    const char *parameters = memchr(type->data, ';', type->size);
    size_t size = parameters ? (size_t)(parameters - (const char *)type->data) : type->size;
    for (size_t i = 0; i < COUNT(packed_types); i++)
        if (size == strlen(packed_types[i]) && strncasecmp(type->data, packed_types[i], size) == 0)
            return false;
    return size > 0;
}

int dc_media_type_set(const struct objlens_host *host, struct objlens_call *call)
{
    struct objlens_bytes value;
    if (host->object_header(call, "content-type", &value) == OBJLENS_OK && says_something(&value))
        return OBJLENS_OK; /* what it is by default */
    const char *type = "application/octet-stream";
    if (host->event_get(call, "userRequest.url", &value) == OBJLENS_OK) {
        const char *query = memchr(value.data, '?', value.size);
        type = dc_media_type_of_name(value.data, query ? (size_t)(query - (const char *)value.data)
                                                       : value.size);
    }
    return host->set_header(call, "content-type", type, strlen(type));
}
