/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "config.h"

const char xj_declarations[] = "xmlns";

/* kit_config is the first member. */
static struct xj_config *own(struct kit_config *config)
{
    return (struct xj_config *)config;
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

static bool read_records(struct kit_config *c, const char *key, const json_t *value)
{
    const char *text = json_string_value(value);
    size_t size = text ? json_string_length(value) : 0;
    if (size > XJ_RECORDS_BYTES_MAX)
        return kit_wrong(c, "\"%s\" is too long", key);
    memcpy(own(c)->path_text, text ? text : "", size + 1);
    return (text && split_path(own(c))) ||
           kit_wrong(c, "\"%s\" must be a path of element names from the root, like /catalog/book", key);
}

static bool read_convention(struct kit_config *c, const char *key, const json_t *value)
{
    const char *name = json_string_value(value);
    const struct xj_convention *found = name ? xj_convention_named(name) : NULL;
    if (found)
        own(c)->convention = *found;
    return found || kit_wrong(c, "\"%s\" must be xmltodict, badgerfish, gdata, parker or jsonml", key);
}

/* What a convention has no use for is a mistake. */
static bool has_objects(struct kit_config *c, const char *key)
{
    return !own(c)->convention.is_array || kit_wrong(c, "\"%s\" has no meaning with jsonml", key);
}

static bool is_name_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':' || (c & 0x80);
}

static bool is_plain_text(const char *text)
{
    while (*text && (unsigned char)*text >= 0x20)
        text++;
    return *text == '\0';
}

/* A key, or what stands before one: short, and nothing that JSON escapes. */
static bool read_key_text(const json_t *value, char text[XJ_KEY_BYTES_MAX + 1])
{
    const char *given = json_string_value(value);
    size_t size = given ? json_string_length(value) : 0;
    if (!given || size > XJ_KEY_BYTES_MAX || strpbrk(given, "\"\\") || strlen(given) != size)
        return false;
    if (!is_plain_text(given))
        return false;
    memcpy(text, given, size + 1);
    return true;
}

static bool read_attr_prefix(struct kit_config *c, const char *key, const json_t *value)
{
    struct xj_config *config = own(c);
    if (!has_objects(c, key))
        return false;
    if (!config->convention.attribute_prefix)
        return kit_wrong(c, "\"%s\" has no meaning with parker", key);
    if (!read_key_text(value, config->attribute_prefix) ||
        (config->attribute_prefix[0] && is_name_start(config->attribute_prefix[0])))
        return kit_wrong(c, "\"%s\" must be empty, or up to 32 bytes that no name begins with", key);
    config->convention.attribute_prefix = config->attribute_prefix;
    return true;
}

static bool read_text_key(struct kit_config *c, const char *key, const json_t *value)
{
    struct xj_config *config = own(c);
    if (!has_objects(c, key))
        return false;
    if (!config->convention.text_key)
        return kit_wrong(c, "\"%s\" has no meaning with parker", key);
    if (!read_key_text(value, config->text_key) || !config->text_key[0])
        return kit_wrong(c, "\"%s\" must be 1 to 32 bytes", key);
    config->convention.text_key = config->text_key;
    return true;
}

static bool read_strip(struct kit_config *c, const char *key, const json_t *value)
{
    static const struct {
        const char *name;
        enum xj_strip strip;
    } words[] = {{"unicode", XJ_STRIP_UNICODE},
                 {"xml", XJ_STRIP_XML},
                 {"blank", XJ_KEEP_TEXT},
                 {"none", XJ_KEEP}};
    const char *word = json_string_value(value);
    if (!has_objects(c, key))
        return false;
    for (size_t i = 0; word && i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(word, words[i].name) != 0)
            continue;
        own(c)->convention.strip = words[i].strip;
        return true;
    }
    return kit_wrong(c, "\"%s\" must be unicode, xml, blank or none", key);
}

static bool read_strip_whitespace(struct kit_config *c, const char *key, const json_t *value)
{
    if (!has_objects(c, key))
        return false;
    if (json_is_false(value))
        own(c)->convention.strip = XJ_KEEP;
    return json_is_boolean(value) || kit_wrong(c, "\"%s\" must be true or false", key);
}

static bool read_parse_values(struct kit_config *c, const char *key, const json_t *value)
{
    own(c)->convention.parses_values = json_is_true(value);
    return has_objects(c, key) &&
           (json_is_boolean(value) || kit_wrong(c, "\"%s\" must be true or false", key));
}

/* A list of names becomes the keys of an object. */
static bool read_names(struct kit_config *c, const char *key, const json_t *list, json_t **names)
{
    if (!json_is_array(list) || json_array_size(list) > XJ_NAMES_MAX)
        return kit_wrong(c, "\"%s\" must be true, or a list of at most 1000 element names", key);
    *names = json_object();
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *name = json_string_value(json_array_get(list, i));
        if (!name)
            return kit_wrong(c, "\"%s\" must hold names only", key);
        if (json_object_set_new(*names, name, json_true()) != 0)
            return kit_wrong(c, "%s", "out of memory");
    }
    return true;
}

static bool read_force_cdata(struct kit_config *c, const char *key, const json_t *value)
{
    if (!has_objects(c, key))
        return false;
    if (!own(c)->convention.text_key)
        return kit_wrong(c, "\"%s\" has no meaning with parker", key);
    own(c)->convention.text_in_object |= json_is_true(value);
    return json_is_boolean(value) || read_names(c, key, value, &own(c)->force_cdata);
}

static bool read_xml_attribs(struct kit_config *c, const char *key, const json_t *value)
{
    if (!has_objects(c, key))
        return false;
    if (json_is_false(value))
        own(c)->convention.attribute_prefix = NULL;
    return json_is_boolean(value) || kit_wrong(c, "\"%s\" must be true or false", key);
}

static bool read_force_list(struct kit_config *c, const char *key, const json_t *value)
{
    if (!has_objects(c, key))
        return false;
    own(c)->lists_all = json_is_true(value);
    return json_is_boolean(value) || read_names(c, key, value, &own(c)->force_list);
}

static bool is_like_xmltodict(struct kit_config *c, const char *key)
{
    return strcmp(own(c)->convention.name, "xmltodict") == 0 ||
           kit_wrong(c, "\"%s\" has a meaning with xmltodict only", key);
}

static bool read_cdata_separator(struct kit_config *c, const char *key, const json_t *value)
{
    const char *text = json_string_value(value);
    size_t size = text ? json_string_length(value) : 0;
    if (!is_like_xmltodict(c, key))
        return false;
    if (!text || size > XJ_SEPARATOR_BYTES_MAX || strlen(text) != size)
        return kit_wrong(c, "\"%s\" must be a text of at most 32 bytes", key);
    memcpy(own(c)->text_separator, text, size + 1);
    own(c)->text_separator_size = size;
    return true;
}

static bool read_process_comments(struct kit_config *c, const char *key, const json_t *value)
{
    own(c)->has_comments = json_is_true(value);
    return is_like_xmltodict(c, key) &&
           (json_is_boolean(value) || kit_wrong(c, "\"%s\" must be true or false", key));
}

static bool read_comment_key(struct kit_config *c, const char *key, const json_t *value)
{
    char *text = own(c)->comment_key;
    return is_like_xmltodict(c, key) &&
           ((read_key_text(value, text) && *text) || kit_wrong(c, "\"%s\" must be 1 to 32 bytes", key));
}

static bool read_item_depth(struct kit_config *c, const char *key, const json_t *value)
{
    json_int_t depth = json_integer_value(value);
    if (!json_is_integer(value) || depth < 0 || depth > XJ_DEPTH_MAX)
        return kit_wrong(c, "\"%s\" must be a whole number from 0 to 256", key);
    own(c)->item_depth = (size_t)depth;
    return true;
}

/* xmltodict's map: URIs to what stands for them; null or nothing, and names stand alone. */
static bool read_namespace_map(struct kit_config *c, const char *key, const json_t *map)
{
    const char *uri;
    json_t *stands;
    if (json_object_size(map) > XJ_NAMESPACES_MAX)
        return kit_wrong(c, "\"%s\" must not have more than 256 members", key);
    json_object_foreach((json_t *)map, uri, stands) {
        const char *text = json_string_value(stands);
        if (!json_is_null(stands) && (!text || strpbrk(text, "\"\\") || !is_plain_text(text)))
            return kit_wrong(c, "\"%s\" must map URIs to prefixes, or to null", key);
    }
    own(c)->namespace_map = json_deep_copy(map);
    own(c)->naming = XJ_EXPANDED;
    return own(c)->namespace_map || kit_wrong(c, "%s", "out of memory");
}

static bool read_namespaces(struct kit_config *c, const char *key, const json_t *value)
{
    static const struct {
        const char *name;
        enum xj_naming naming;
    } words[] = {{"keep", XJ_AS_WRITTEN}, {"strip", XJ_BARE}, {"expand", XJ_EXPANDED}};
    const char *word = json_string_value(value);
    if (json_is_object(value))
        return read_namespace_map(c, key, value);
    for (size_t i = 0; word && i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(word, words[i].name) != 0)
            continue;
        own(c)->naming = words[i].naming;
        return true;
    }
    return kit_wrong(c, "\"%s\" must be keep, strip, expand or an object of URIs", key);
}

static bool read_process_namespaces(struct kit_config *c, const char *key, const json_t *value)
{
    if (json_is_true(value))
        own(c)->naming = XJ_EXPANDED;
    return json_is_boolean(value) || kit_wrong(c, "\"%s\" must be true or false", key);
}

static const struct kit_word records_as[] = {{"lines", false}, {"array", true}, {NULL, 0}};

/* The convention first: others change it. */
static const struct kit_key keys[] = {
    KIT_OTHER_KEY("convention", read_convention),
    KIT_OTHER_KEY("records", read_records),
    KIT_WORD_KEY("records_as", struct xj_config, as_array, records_as),
    KIT_OTHER_KEY("attr_prefix", read_attr_prefix),
    KIT_OTHER_KEY("text_key", read_text_key),
    KIT_OTHER_KEY("cdata_key", read_text_key), /* as xmltodict calls it */
    KIT_OTHER_KEY("force_cdata", read_force_cdata), /* likewise */
    KIT_OTHER_KEY("xml_attribs", read_xml_attribs), /* likewise; attr_prefix has been read */
    KIT_OTHER_KEY("strip", read_strip),
    KIT_OTHER_KEY("strip_whitespace", read_strip_whitespace), /* likewise */
    KIT_OTHER_KEY("parse_values", read_parse_values),
    KIT_OTHER_KEY("namespaces", read_namespaces),
    KIT_OTHER_KEY("process_namespaces", read_process_namespaces), /* as xmltodict calls it */
    KIT_TEXT_KEY("namespace_separator", struct xj_config, namespace_separator, 1),
    KIT_OTHER_KEY("force_list", read_force_list),
    KIT_OTHER_KEY("cdata_separator", read_cdata_separator), /* these four as xmltodict calls them */
    KIT_OTHER_KEY("process_comments", read_process_comments),
    KIT_OTHER_KEY("comment_key", read_comment_key),
    KIT_OTHER_KEY("item_depth", read_item_depth),
    KIT_NUMBER_KEY("memory_bytes", struct xj_config, memory_bytes, XJ_TREE_BYTES_MIN, XJ_TREE_BYTES_MAX),
};

/* A comment has a key that no attribute and no text has. */
static bool check_comment_key(struct kit_config *c)
{
    const struct xj_convention *convention = &own(c)->convention;
    const char *prefix = convention->attribute_prefix, *key = own(c)->comment_key;
    if (strcmp(key, convention->text_key) == 0)
        return kit_wrong(c, "\"%s\" must not be that of text", "comment_key");
    if (prefix && *prefix && strncmp(key, prefix, strlen(prefix)) == 0)
        return kit_wrong(c, "\"%s\" must not begin as attributes do", "comment_key");
    return true;
}

static bool check_together(struct kit_config *c)
{
    const struct xj_convention *convention = &own(c)->convention;
    const char *prefix = convention->attribute_prefix, *text = convention->text_key;
    if (own(c)->path_count > 0 && own(c)->item_depth > 0)
        return kit_wrong(c, "\"%s\" does not go with \"records\"", "item_depth");
    if (own(c)->as_array && !xj_config_has_records(own(c)))
        return kit_wrong(c, "\"%s\" goes with \"records\" or \"item_depth\" only", "records_as");
    if (prefix && *prefix && text && strncmp(text, prefix, strlen(prefix)) == 0)
        return kit_wrong(c, "\"%s\" must not begin as attributes do", "text_key");
    if (own(c)->has_comments && !check_comment_key(c))
        return false;
    if (strpbrk(own(c)->namespace_separator, "\"\\") || !is_plain_text(own(c)->namespace_separator))
        return kit_wrong(c, "\"%s\" must not hold what JSON escapes", "namespace_separator");
    return true;
}

int xj_config_new(const char *payload, size_t size, struct xj_config **config)
{
    struct xj_config *made = calloc(1, sizeof(*made));
    if (!made)
        return OBJLENS_ENOMEM;
    made->convention = *xj_convention_named("xmltodict");
    made->namespace_separator[0] = ':';
    memcpy(made->comment_key, "#comment", sizeof("#comment"));
    made->memory_bytes = XJ_TREE_BYTES_DEFAULT;
    int rc = kit_payload_read(&made->kit, keys, sizeof(keys) / sizeof(keys[0]), payload, size);
    if (rc == OBJLENS_OK && made->kit.reason[0] == '\0')
        check_together(&made->kit);
    if (rc == OBJLENS_OK)
        *config = made;
    else
        xj_config_destroy(made);
    return rc;
}

void xj_config_destroy(struct xj_config *config)
{
    json_decref(config->force_list);
    json_decref(config->force_cdata);
    json_decref(config->namespace_map);
    free(config);
}
