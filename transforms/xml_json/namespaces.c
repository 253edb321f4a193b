/* SPDX-License-Identifier: MIT */
#include "namespaces.h"

#include <stdio.h>
#include <string.h>

#define XML_URI "http://www.w3.org/XML/1998/namespace"
#define XMLNS_URI "http://www.w3.org/2000/xmlns/"

void xj_namespaces_init(struct xj_namespaces *n, const struct xj_config *config, struct xj_failure *failure)
{
    n->config = config;
    n->failure = failure;
}

static bool malformed(struct xj_namespaces *n, const char *text)
{
    xj_failure_set(n->failure, XJ_MALFORMED, "%s", text);
    return false;
}

/* What the payload's map has for a URI, else the URI. */
static const char *stands_for(const struct xj_namespaces *n, const char *uri)
{
    const json_t *mapped = n->config->namespace_map ? json_object_get(n->config->namespace_map, uri) : NULL;
    if (!mapped)
        return uri;
    return json_is_string(mapped) ? json_string_value(mapped) : "";
}

/* ---- declarations ---- */

/* NULL: it is none. Else the prefix, which may be empty. */
static const char *declared_prefix(const xmlChar *attribute)
{
    const char *name = (const char *)attribute;
    if (strncmp(name, "xmlns", 5) != 0 || (name[5] != '\0' && name[5] != ':'))
        return NULL;
    return name[5] == ':' ? name + 6 : "";
}

/* "Namespaces in XML" 1.0, 3: what may not be declared. */
static bool check_declaration(struct xj_namespaces *n, const char *prefix, const char *uri)
{
    bool is_xml = strcmp(prefix, "xml") == 0;
    if (strcmp(prefix, "xmlns") == 0 || is_xml != (strcmp(uri, XML_URI) == 0) || strcmp(uri, XMLNS_URI) == 0)
        return malformed(n, "a declaration of a namespace that is reserved");
    if (*prefix && !*uri)
        return malformed(n, "a namespace prefix that is taken back");
    if (strchr(prefix, ':'))
        return malformed(n, "a namespace prefix with a colon");
    return true;
}

static void add_text(struct xj_namespaces *n, const char *piece, size_t size)
{
    if (size <= sizeof(n->text) - n->text_size)
        memcpy(n->text + n->text_size, piece, size);
    n->text_size += size; /* too much shows at the end */
    if (n->text_size > sizeof(n->text))
        n->text_size = sizeof(n->text);
}

static void add_json(struct xj_namespaces *n, const char *text)
{
    char escape[8];
    add_text(n, "\"", 1);
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            snprintf(escape, sizeof(escape), "\\%c", c);
        else if (c == '\n' || c == '\t' || c == '\r')
            snprintf(escape, sizeof(escape), "\\%c", c == '\n' ? 'n' : c == '\t' ? 't' : 'r');
        else
            snprintf(escape, sizeof(escape), "%c", c);
        add_text(n, escape, strlen(escape));
    }
    add_text(n, "\"", 1);
}

static bool declare(struct xj_namespaces *n, xmlDictPtr dict, const char *prefix, const char *uri)
{
    size_t at = n->count;
    if (!check_declaration(n, prefix, uri))
        return false;
    if (at == XJ_NAMESPACES_MAX) {
        xj_failure_set(n->failure, XJ_TOO_LARGE, "more than %u namespaces in scope", XJ_NAMESPACES_MAX);
        return false;
    }
    n->in_scope[at].prefix = *prefix ? xmlDictLookup(dict, (const xmlChar *)prefix, -1) : NULL;
    n->in_scope[at].uri = *uri ? xmlDictLookup(dict, (const xmlChar *)uri, -1) : NULL;
    n->in_scope[at].stands = *uri ? stands_for(n, (const char *)n->in_scope[at].uri) : "";
    n->in_scope[at].depth = n->depth;
    n->count++;
    add_text(n, n->text_size == 0 ? "{" : ",", 1);
    add_json(n, prefix);
    add_text(n, ":", 1);
    if (*uri)
        add_json(n, uri);
    else
        add_text(n, "null", 4);
    return (!*prefix || n->in_scope[at].prefix) && (!*uri || n->in_scope[at].uri);
}

static bool take_declarations(struct xj_namespaces *n, xmlDictPtr dict, const xmlChar *const *attributes)
{
    n->text_size = 0;
    for (size_t i = 0; attributes && attributes[i]; i += 2) {
        const char *prefix = declared_prefix(attributes[i]);
        if (!prefix)
            continue;
        if (!*prefix && attributes[i][5] == ':')
            return malformed(n, "a name that begins or ends with a colon, or has two");
        if (!declare(n, dict, prefix, (const char *)attributes[i + 1]))
            return false;
    }
    if (n->text_size > 0)
        add_text(n, "}", 2);
    if (n->text_size < sizeof(n->text))
        return true;
    xj_failure_set(n->failure, XJ_TOO_LARGE, "more than %u bytes of namespace declarations in one element",
                   XJ_DECLARATIONS_BYTES_MAX);
    return false;
}

/* ---- names ---- */

static const xmlChar *join(struct xj_namespaces *n, xmlDictPtr dict, const char *stands, const char *local)
{
    char joined[XJ_NAME_BYTES_MAX + 1];
    if (!*stands)
        return xmlDictLookup(dict, (const xmlChar *)local, -1);
    int size = snprintf(joined, sizeof(joined), "%s%s%s", stands, n->config->namespace_separator, local);
    if (size > XJ_NAME_BYTES_MAX) {
        xj_failure_set(n->failure, XJ_TOO_LARGE, "a name of more than %u bytes", XJ_NAME_BYTES_MAX);
        return NULL;
    }
    return xmlDictLookup(dict, (const xmlChar *)joined, size);
}

/* A name whose prefix is `prefix_size` bytes; none: the default. */
static const xmlChar *in_namespace(struct xj_namespaces *n, xmlDictPtr dict, const xmlChar *name,
                                   size_t prefix_size)
{
    const char *local = (const char *)name + (prefix_size > 0 ? prefix_size + 1 : 0);
    const xmlChar *prefix = prefix_size > 0 ? xmlDictLookup(dict, name, (int)prefix_size) : NULL;
    if (prefix_size > 0 && !prefix)
        return NULL;
    for (size_t i = n->count; i > 0; i--)
        if (n->in_scope[i - 1].prefix == prefix)
            return n->in_scope[i - 1].uri ? join(n, dict, n->in_scope[i - 1].stands, local) : name;
    if (!prefix)
        return name;
    if (strcmp((const char *)prefix, "xml") == 0)
        return join(n, dict, stands_for(n, XML_URI), local);
    malformed(n, "a namespace prefix that is not declared");
    return NULL;
}

static const xmlChar *expand(struct xj_namespaces *n, xmlDictPtr dict, const xmlChar *name, bool is_attribute)
{
    const char *text = (const char *)name, *colon = strchr(text, ':');
    if (!colon)
        return is_attribute ? name : in_namespace(n, dict, name, 0);
    if (colon == text || colon[1] == '\0' || strchr(colon + 1, ':')) {
        malformed(n, "a name that begins or ends with a colon, or has two");
        return NULL;
    }
    return in_namespace(n, dict, name, (size_t)(colon - text));
}

static bool collide(struct xj_namespaces *n)
{
    xj_failure_set(n->failure, XJ_UNSUPPORTED, "two attributes of an element would have one name");
    return false;
}

static bool has_twice(const struct xj_bare_element *e, size_t used)
{
    for (size_t i = 0; i < used; i += 2)
        if (e->attributes[i] == e->attributes[used])
            return true;
    return false;
}

/* The element's declarations will be of that name. */
static bool is_beside_declarations(const struct xj_namespaces *n, const xmlChar *name)
{
    return n->text_size > 0 && strcmp((const char *)name, xj_declarations) == 0;
}

bool xj_namespaces_begin(struct xj_namespaces *n, xmlDictPtr dict, const xmlChar *name,
                         const xmlChar *const *attributes)
{
    struct xj_bare_element *e = &n->element;
    size_t used = 0;
    n->depth++;
    if (!take_declarations(n, dict, attributes))
        return false;
    e->name = expand(n, dict, name, false);
    for (size_t i = 0; e->name && attributes && attributes[i]; i += 2) {
        if (declared_prefix(attributes[i]))
            continue;
        e->attributes[used] = expand(n, dict, attributes[i], true);
        e->attributes[used + 1] = attributes[i + 1];
        if (!e->attributes[used])
            return false;
        if (strchr((const char *)attributes[i], ':') && (has_twice(e, used) || is_beside_declarations(n, e->attributes[used])))
            return collide(n);
        used += 2;
    }
    if (n->text_size > 0) {
        e->attributes[used++] = (const xmlChar *)xj_declarations;
        e->attributes[used++] = (const xmlChar *)n->text;
    }
    e->attributes[used] = NULL;
    return e->name != NULL;
}

void xj_namespaces_end(struct xj_namespaces *n)
{
    while (n->count > 0 && n->in_scope[n->count - 1].depth == n->depth)
        n->count--;
    n->depth--;
}
