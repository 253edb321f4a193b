/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "name.h"

static const struct jx_convention conventions[] = {
    {.name = "xmltodict", .attribute_prefix = "@", .text_key = "#text", .comment_key = "#comment"},
    {.name = "badgerfish", .attribute_prefix = "@", .text_key = "$"},
    {.name = "gdata", .attribute_prefix = "", .text_key = "$t"},
    {.name = "parker", .root = "root"},
    {.name = "jsonml", .is_array = true},
};

/* kit_config is the first member. */
static struct jx_config *own(struct kit_config *config)
{
    return (struct jx_config *)config;
}

static bool read_convention(struct kit_config *c, const char *key, const json_t *value)
{
    const char *name = json_string_value(value);
    for (size_t i = 0; name && i < sizeof(conventions) / sizeof(conventions[0]); i++) {
        if (strcmp(conventions[i].name, name) != 0)
            continue;
        own(c)->convention = conventions[i];
        return true;
    }
    return kit_wrong(c, "\"%s\" must be xmltodict, badgerfish, gdata, parker or jsonml", key);
}

/* "/catalog/book" becomes {"catalog", "book"}. */
static bool split_path(struct jx_config *config)
{
    char *at = config->path_text;
    while (*at == '/') {
        *at++ = '\0';
        size_t size = strcspn(at, "/");
        if (size > JX_NAME_BYTES_MAX || config->path_count == JX_DEPTH_MAX || !jx_is_name(at, size))
            return false;
        config->path[config->path_count++] = at;
        at += size;
    }
    return *at == '\0' && config->path_count > 0;
}

static bool read_records(struct kit_config *c, const char *key, const json_t *value)
{
    const char *text = json_string_value(value);
    size_t size = text ? json_string_length(value) : 0;
    if (!text || size > JX_RECORDS_BYTES_MAX || strlen(text) != size)
        return kit_wrong(c, "\"%s\" must be a path of element names from the root, like /catalog/book", key);
    memcpy(own(c)->path_text, text, size + 1);
    return split_path(own(c)) ||
           kit_wrong(c, "\"%s\" must be a path of element names from the root, like /catalog/book", key);
}

/* What a convention has no use for is a mistake. */
static bool has_use(struct kit_config *c, const char *key, const char *what)
{
    const struct jx_convention *convention = &own(c)->convention;
    if (convention->is_array)
        return kit_wrong(c, "\"%s\" has no meaning with jsonml", key);
    return what || kit_wrong(c, "\"%s\" has no meaning with parker", key);
}

static bool read_key_text(const json_t *value, char text[JX_KEY_BYTES_MAX + 1])
{
    const char *given = json_string_value(value);
    size_t size = given ? json_string_length(value) : 0;
    if (!given || size > JX_KEY_BYTES_MAX || strlen(given) != size)
        return false;
    memcpy(text, given, size + 1);
    return true;
}

static bool read_attr_prefix(struct kit_config *c, const char *key, const json_t *value)
{
    struct jx_config *config = own(c);
    if (!has_use(c, key, config->convention.attribute_prefix))
        return false;
    if (!read_key_text(value, config->attribute_prefix) ||
        jx_is_name(config->attribute_prefix, strlen(config->attribute_prefix)))
        return kit_wrong(c, "\"%s\" must be empty, or up to 32 bytes that no name begins with", key);
    config->convention.attribute_prefix = config->attribute_prefix;
    return true;
}

static bool read_text_key(struct kit_config *c, const char *key, const json_t *value)
{
    struct jx_config *config = own(c);
    if (!has_use(c, key, config->convention.text_key))
        return false;
    if (!read_key_text(value, config->text_key) || !config->text_key[0])
        return kit_wrong(c, "\"%s\" must be 1 to 32 bytes", key);
    config->convention.text_key = config->text_key;
    return true;
}

static bool read_comment_key(struct kit_config *c, const char *key, const json_t *value)
{
    struct jx_config *config = own(c);
    if (!config->convention.comment_key)
        return kit_wrong(c, "\"%s\" has a meaning with xmltodict only", key);
    if (!read_key_text(value, config->comment_key) || !config->comment_key[0])
        return kit_wrong(c, "\"%s\" must be 1 to 32 bytes", key);
    config->convention.comment_key = config->comment_key;
    return true;
}

static bool read_root(struct kit_config *c, const char *key, const json_t *value)
{
    const char *name = json_string_value(value);
    size_t size = name ? json_string_length(value) : 0;
    if (own(c)->convention.is_array)
        return kit_wrong(c, "\"%s\" has no meaning with jsonml", key);
    if (size > JX_NAME_BYTES_MAX || !name || !jx_is_name(name, size))
        return kit_wrong(c, "\"%s\" must be a name of an element", key);
    memcpy(own(c)->root, name, size + 1);
    own(c)->convention.root = own(c)->root;
    return true;
}

static const struct kit_word records_as[] = {{"lines", false}, {"array", true}, {NULL, 0}};
static const struct kit_word declaration[] = {{"yes", true}, {"no", false}, {NULL, 0}};

/* The convention first: others change it. */
static const struct kit_key keys[] = {
    KIT_OTHER_KEY("convention", read_convention),
    KIT_OTHER_KEY("records", read_records),
    KIT_WORD_KEY("records_as", struct jx_config, as_array, records_as),
    KIT_OTHER_KEY("attr_prefix", read_attr_prefix),
    KIT_OTHER_KEY("text_key", read_text_key),
    KIT_OTHER_KEY("cdata_key", read_text_key), /* as xmltodict calls it */
    KIT_OTHER_KEY("comment_key", read_comment_key), /* likewise */
    KIT_OTHER_KEY("root", read_root),
    KIT_WORD_KEY("declaration", struct jx_config, declares, declaration),
};

static bool check_together(struct kit_config *c)
{
    const struct jx_convention *convention = &own(c)->convention;
    const char *prefix = convention->attribute_prefix, *text = convention->text_key;
    if (own(c)->as_array && own(c)->path_count == 0)
        return kit_wrong(c, "\"%s\" goes with \"records\" only", "records_as");
    if (own(c)->root[0] && own(c)->path_count > 0)
        return kit_wrong(c, "\"%s\" does not go with \"records\"", "root");
    if (prefix && *prefix && text && strncmp(text, prefix, strlen(prefix)) == 0)
        return kit_wrong(c, "\"%s\" must not begin as attributes do", "text_key");
    const char *comment = own(c)->comment_key; /* empty: that of the convention, which comes last */
    if (*comment && text && strcmp(comment, text) == 0)
        return kit_wrong(c, "\"%s\" must not be that of text", "comment_key");
    if (*comment && prefix && *prefix && strncmp(comment, prefix, strlen(prefix)) == 0)
        return kit_wrong(c, "\"%s\" must not begin as attributes do", "comment_key");
    return true;
}

int jx_config_new(const char *payload, size_t size, struct jx_config **config)
{
    struct jx_config *made = calloc(1, sizeof(*made));
    if (!made)
        return OBJLENS_ENOMEM;
    made->convention = conventions[0];
    made->declares = true;
    int rc = kit_payload_read(&made->kit, keys, sizeof(keys) / sizeof(keys[0]), payload, size);
    if (rc == OBJLENS_OK && made->kit.reason[0] == '\0')
        check_together(&made->kit);
    if (rc == OBJLENS_OK)
        *config = made;
    else
        free(made);
    return rc;
}
