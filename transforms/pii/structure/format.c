/* SPDX-License-Identifier: MIT */
#include "structure/format.h"

#include <string.h>
#include <strings.h>

#define NAME_END_MAX 16

struct row {
    const char *name;
    enum pii_format format;
};

/* Others say nothing; a type that ends in "+json" or "+xml" is known as well. */
static const struct row types[] = {
    {"text/csv", PII_FORMAT_CSV},
    {"application/csv", PII_FORMAT_CSV},
    {"text/tab-separated-values", PII_FORMAT_TSV},
    {"application/json", PII_FORMAT_JSON},
    {"text/json", PII_FORMAT_JSON},
    {"application/x-ndjson", PII_FORMAT_JSON},
    {"application/ndjson", PII_FORMAT_JSON},
    {"application/jsonl", PII_FORMAT_JSON},
    {"application/json-seq", PII_FORMAT_JSON},
    {"application/xml", PII_FORMAT_XML},
    {"text/xml", PII_FORMAT_XML},
    {"application/x-www-form-urlencoded", PII_FORMAT_FORM},
    {"text/html", PII_FORMAT_TEXT},
};

static const struct row endings[] = {
    {".csv", PII_FORMAT_CSV},   {".tsv", PII_FORMAT_TSV},      {".tab", PII_FORMAT_TSV},
    {".json", PII_FORMAT_JSON}, {".ndjson", PII_FORMAT_JSON},  {".jsonl", PII_FORMAT_JSON},
    {".xml", PII_FORMAT_XML},   {".geojson", PII_FORMAT_JSON}, {".log", PII_FORMAT_LOG},
};

static bool ends_with(const char *text, size_t size, const char *end)
{
    size_t n = strlen(end);
    return size >= n && strncasecmp(text + size - n, end, n) == 0;
}

static enum pii_format by_type(const struct objlens_host *host, struct objlens_call *call)
{
    struct objlens_bytes type;
    if (host->object_header(call, "content-type", &type) != OBJLENS_OK || type.size == 0)
        return PII_FORMAT_AUTO;
    const char *text = type.data;
    size_t size = 0;
    while (size < type.size && text[size] != ';' && text[size] != ' ')
        size++;
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (strlen(types[i].name) == size && strncasecmp(types[i].name, text, size) == 0)
            return types[i].format;
    if (ends_with(text, size, "+json"))
        return PII_FORMAT_JSON;
    return ends_with(text, size, "+xml") ? PII_FORMAT_XML : PII_FORMAT_AUTO;
}

/* The path of the URL, without the ending of a compressed object (what is still compressed is
 * refused anyway). */
static enum pii_format by_name(const struct objlens_host *host, struct objlens_call *call)
{
    static const char *const packed[] = {".gz", ".zst", ".bz2", ".xz", ".lz4", ".br", ".snappy"};
    struct objlens_bytes url;
    if (host->event_get(call, "userRequest.url", &url) != OBJLENS_OK || url.size == 0)
        return PII_FORMAT_AUTO;
    const char *text = url.data;
    const char *query = memchr(text, '?', url.size);
    size_t size = query ? (size_t)(query - text) : url.size;
    for (size_t i = 0; i < sizeof(packed) / sizeof(packed[0]); i++)
        if (ends_with(text, size, packed[i])) {
            size -= strlen(packed[i]);
            break;
        }
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
        if (ends_with(text, size, endings[i].name))
            return endings[i].format;
    return PII_FORMAT_AUTO;
}

const struct pii_tokeniser *pii_format_choose(const struct pii_config *config,
                                              const struct objlens_host *host,
                                              struct objlens_call *call, uint8_t *delimiter)
{
    enum pii_format format = (enum pii_format)config->format;
    if (format == PII_FORMAT_AUTO)
        format = by_type(host, call);
    if (format == PII_FORMAT_AUTO)
        format = by_name(host, call);
    switch (format) {
    case PII_FORMAT_TSV: *delimiter = '\t'; return &pii_csv_tokeniser;
    case PII_FORMAT_CSV: return &pii_csv_tokeniser;
    case PII_FORMAT_JSON: return &pii_json_tokeniser;
    case PII_FORMAT_XML: return &pii_xml_tokeniser;
    case PII_FORMAT_FORM: return &pii_form_tokeniser;
    case PII_FORMAT_LOG: return &pii_log_tokeniser;
    case PII_FORMAT_AUTO:
    case PII_FORMAT_TEXT: break;
    }
    return &pii_text_tokeniser;
}
