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

static bool read_convention(struct reading *r, const char *key, const json_t *value)
{
    const char *name = json_string_value(value);
    const struct xj_convention *found = name ? xj_convention_named(name) : NULL;
    if (found)
        r->config->convention = *found;
    return found || wrong(r, "\"%s\" must be xmltodict, badgerfish, gdata, parker or jsonml", key);
}

/* What a convention has no use for is a mistake. */
static bool has_objects(struct reading *r, const char *key)
{
    return !r->config->convention.is_array || wrong(r, "\"%s\" has no meaning with jsonml", key);
}

static bool is_name_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':' || (c & 0x80);
}

/* A key, or what stands before one: short, and nothing that JSON escapes. */
static bool read_key_text(const json_t *value, char text[XJ_KEY_BYTES_MAX + 1])
{
    const char *given = json_string_value(value);
    size_t size = given ? json_string_length(value) : 0;
    if (!given || size > XJ_KEY_BYTES_MAX || strpbrk(given, "\"\\") || strlen(given) != size)
        return false;
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)given[i] < 0x20)
            return false;
    memcpy(text, given, size + 1);
    return true;
}

static bool read_attr_prefix(struct reading *r, const char *key, const json_t *value)
{
    struct xj_config *config = r->config;
    if (!has_objects(r, key))
        return false;
    if (!config->convention.attribute_prefix)
        return wrong(r, "\"%s\" has no meaning with parker", key);
    if (!read_key_text(value, config->attribute_prefix) ||
        (config->attribute_prefix[0] && is_name_start(config->attribute_prefix[0])))
        return wrong(r, "\"%s\" must be empty, or up to 32 bytes that no name begins with", key);
    config->convention.attribute_prefix = config->attribute_prefix;
    return true;
}

static bool read_text_key(struct reading *r, const char *key, const json_t *value)
{
    struct xj_config *config = r->config;
    if (!has_objects(r, key))
        return false;
    if (!config->convention.text_key)
        return wrong(r, "\"%s\" has no meaning with parker", key);
    if (!read_key_text(value, config->text_key) || !config->text_key[0])
        return wrong(r, "\"%s\" must be 1 to 32 bytes", key);
    config->convention.text_key = config->text_key;
    return true;
}

static bool read_strip(struct reading *r, const char *key, const json_t *value)
{
    static const struct {
        const char *name;
        enum xj_strip strip;
    } words[] = {{"unicode", XJ_STRIP_UNICODE},
                 {"xml", XJ_STRIP_XML},
                 {"blank", XJ_KEEP_TEXT},
                 {"none", XJ_KEEP}};
    const char *word = json_string_value(value);
    if (!has_objects(r, key))
        return false;
    for (size_t i = 0; word && i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(word, words[i].name) != 0)
            continue;
        r->config->convention.strip = words[i].strip;
        return true;
    }
    return wrong(r, "\"%s\" must be unicode, xml, blank or none", key);
}

static bool read_strip_whitespace(struct reading *r, const char *key, const json_t *value)
{
    if (!has_objects(r, key))
        return false;
    if (json_is_false(value))
        r->config->convention.strip = XJ_KEEP;
    return json_is_boolean(value) || wrong(r, "\"%s\" must be true or false", key);
}

static bool read_parse_values(struct reading *r, const char *key, const json_t *value)
{
    r->config->convention.parses_values = json_is_true(value);
    return has_objects(r, key) &&
           (json_is_boolean(value) || wrong(r, "\"%s\" must be true or false", key));
}

static bool read_namespaces(struct reading *r, const char *key, const json_t *value)
{
    const char *word = json_string_value(value);
    r->config->strips_prefixes = word && strcmp(word, "strip") == 0;
    return r->config->strips_prefixes || (word && strcmp(word, "keep") == 0) ||
           wrong(r, "\"%s\" must be \"keep\" or \"strip\"", key);
}

static bool read_records_as(struct reading *r, const char *key, const json_t *value)
{
    const char *word = json_string_value(value);
    r->config->as_array = word && strcmp(word, "array") == 0;
    return r->config->as_array || (word && strcmp(word, "lines") == 0) ||
           wrong(r, "\"%s\" must be \"lines\" or \"array\"", key);
}

static bool read_force_list(struct reading *r, const char *key, const json_t *value)
{
    if (!has_objects(r, key))
        return false;
    r->config->lists_all = json_is_true(value);
    if (json_is_boolean(value))
        return true;
    if (!json_is_array(value) || json_array_size(value) > XJ_FORCE_LIST_MAX)
        return wrong(r, "\"%s\" must be true, or a list of at most 1000 element names", key);
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
    {"records_as", read_records_as},
    {"attr_prefix", read_attr_prefix},
    {"text_key", read_text_key},
    {"cdata_key", read_text_key}, /* as xmltodict calls it */
    {"strip", read_strip},
    {"strip_whitespace", read_strip_whitespace}, /* likewise */
    {"parse_values", read_parse_values},
    {"namespaces", read_namespaces},
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

#define CONVENTION_KEY "convention"

static bool check_together(struct reading *r)
{
    const struct xj_convention *convention = &r->config->convention;
    const char *prefix = convention->attribute_prefix, *text = convention->text_key;
    if (r->config->as_array && r->config->path_count == 0)
        return wrong(r, "\"%s\" goes with \"records\" only", "records_as");
    if (prefix && *prefix && text && strncmp(text, prefix, strlen(prefix)) == 0)
        return wrong(r, "\"%s\" must not begin as attributes do", "text_key");
    return true;
}

static bool read_object(struct reading *r, json_t *root)
{
    const char *key;
    json_t *value;
    if (!json_is_object(root))
        return wrong(r, "%s", "the payload must be a JSON object");
    /* First, wherever it stands: the others change it. */
    value = json_object_get(root, CONVENTION_KEY);
    if (value && !read_convention(r, CONVENTION_KEY, value))
        return false;
    json_object_foreach(root, key, value) {
        if (strcmp(key, CONVENTION_KEY) != 0 && !read_key(r, key, value))
            return false;
    }
    return check_together(r);
}

bool xj_config_read(struct xj_config *config, const char *payload, size_t size, char *reason,
                    size_t reason_size)
{
    struct reading r = {config, reason, reason_size};
    json_error_t error;
    config->convention = *xj_convention_named("xmltodict");
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
