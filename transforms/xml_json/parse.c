/* SPDX-License-Identifier: MIT */
/*
 * libxml2's push parser with callbacks of our own, in its SAX1 manner: names come as they are
 * written, prefix and all, and xmlns is an attribute like others.
 *
 * What could do harm is refused here: declarations in a DOCTYPE (entities above all), entities
 * that are not the five of XML, depth, numbers and sizes past their limits. The parser opens
 * nothing: no external subset, no encoding of its own, no network; and the host could not.
 */
#include "parse.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "xml_errors.h"

#define PARSING_ERROR "XMLParsingError"
#define ENCODING_ERROR "InvalidTextEncoding"
#define LIMIT_ERROR "EntityTooLarge"

static void fail(struct xj_parser *p, const char *code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void fail(struct xj_parser *p, const char *code, const char *format, ...)
{
    char what[224], message[288];
    if (p->result != OBJLENS_OK)
        return;
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof(what), format, args);
    va_end(args);
    int line = p->xml && p->xml->input ? p->xml->input->line : 1;
    snprintf(message, sizeof(message), "xml_json: line %d: %s", line, what);
    p->result = p->host->fail(p->call, 400, code, message);
    if (p->xml)
        xmlStopParser(p->xml);
}

static void stop(struct xj_parser *p, int result)
{
    if (p->result == OBJLENS_OK)
        p->result = result;
    xmlStopParser(p->xml);
}

static void fail_memory(struct xj_parser *p)
{
    if (p->budget.state == XJ_MEMORY_NONE)
        stop(p, OBJLENS_ENOMEM);
    else
        fail(p, LIMIT_ERROR, "the document needs more than memory_bytes = %zu to be held",
             p->budget.max);
}

/* ---- elements and text -------------------------------------------------------------------- */

static bool on_path(const struct xj_parser *p, const char *name)
{
    const struct xj_path *path = p->path;
    return p->matched == p->depth && p->depth < path->count && strlen(name) == path->sizes[p->depth] &&
           memcmp(name, path->names[p->depth], path->sizes[p->depth]) == 0;
}

static bool name_fits(struct xj_parser *p, const char *name)
{
    if (strnlen(name, XJ_NAME_BYTES_MAX + 1) <= XJ_NAME_BYTES_MAX)
        return true;
    fail(p, LIMIT_ERROR, "a name is longer than %d bytes", XJ_NAME_BYTES_MAX);
    return false;
}

static void add_attributes(struct xj_parser *p, const xmlChar **attributes)
{
    for (unsigned i = 0; attributes && attributes[2 * i]; i++) {
        const char *name = (const char *)attributes[2 * i];
        const char *value = (const char *)attributes[2 * i + 1];
        if (i == XJ_ATTRIBUTES_MAX) {
            fail(p, LIMIT_ERROR, "an element has more than %d attributes", XJ_ATTRIBUTES_MAX);
            return;
        }
        if (!name_fits(p, name))
            return;
        if (!xj_tree_attribute(&p->tree, name, value ? value : "")) {
            fail_memory(p);
            return;
        }
    }
}

static void on_start(void *arg, const xmlChar *xml_name, const xmlChar **attributes)
{
    struct xj_parser *p = arg;
    const char *name = (const char *)xml_name;
    if (p->result != OBJLENS_OK || !name_fits(p, name))
        return;
    if (p->depth == XJ_DEPTH_MAX) {
        fail(p, LIMIT_ERROR, "elements are nested more than %d deep", XJ_DEPTH_MAX);
        return;
    }
    bool matches = on_path(p, name);
    p->depth++;
    p->matched += matches;
    p->in_tree = p->in_tree || p->path->count == 0 || (matches && p->matched == p->path->count);
    if (!p->in_tree)
        return;
    if (!xj_tree_start(&p->tree, name)) {
        fail_memory(p);
        return;
    }
    add_attributes(p, attributes);
}

/* A record goes out at once; the document element waits for the document's end. */
static void tree_ended(struct xj_parser *p, const struct xj_node *node)
{
    p->in_tree = false;
    if (p->path->count == 0) {
        p->document = node;
        return;
    }
    int rc = p->on_tree(p->arg, node);
    if (rc != OBJLENS_OK)
        stop(p, rc);
    xj_tree_reset(&p->tree);
}

static void on_end(void *arg, const xmlChar *name)
{
    struct xj_parser *p = arg;
    (void)name;
    if (p->result != OBJLENS_OK)
        return;
    if (p->matched == p->depth)
        p->matched--;
    p->depth--;
    if (!p->in_tree)
        return;
    const struct xj_node *node = xj_tree_end(&p->tree);
    if (p->tree.depth == 0)
        tree_ended(p, node);
}

static void on_text(void *arg, const xmlChar *text, int size)
{
    struct xj_parser *p = arg;
    if (p->result == OBJLENS_OK && p->in_tree && size > 0 &&
        !xj_tree_text(&p->tree, text, (size_t)size))
        fail_memory(p);
}

/* ---- what is refused ---------------------------------------------------------------------- */

static void refuse_declaration(struct xj_parser *p)
{
    fail(p, PARSING_ERROR, "the DOCTYPE declares something; entities and DTDs are not supported");
}

static void on_entity_declaration(void *arg, const xmlChar *name, int type, const xmlChar *public_id,
                                  const xmlChar *system_id, xmlChar *content)
{
    (void)name, (void)type, (void)public_id, (void)system_id, (void)content;
    refuse_declaration(arg);
}

static void on_unparsed_entity(void *arg, const xmlChar *name, const xmlChar *public_id,
                               const xmlChar *system_id, const xmlChar *notation)
{
    (void)name, (void)public_id, (void)system_id, (void)notation;
    refuse_declaration(arg);
}

static void on_notation(void *arg, const xmlChar *name, const xmlChar *public_id,
                        const xmlChar *system_id)
{
    (void)name, (void)public_id, (void)system_id;
    refuse_declaration(arg);
}

static void on_element_declaration(void *arg, const xmlChar *name, int type,
                                   xmlElementContentPtr content)
{
    (void)name, (void)type, (void)content;
    refuse_declaration(arg);
}

static void on_attribute_declaration(void *arg, const xmlChar *element, const xmlChar *name, int type,
                                     int def, const xmlChar *value, xmlEnumerationPtr tree)
{
    (void)element, (void)name, (void)type, (void)def, (void)value;
    xmlFreeEnumeration(tree);
    refuse_declaration(arg);
}

/* The five of XML never come here. */
static xmlEntityPtr on_entity(void *arg, const xmlChar *name)
{
    (void)name;
    fail(arg, PARSING_ERROR, "an entity is used that is not one of XML's five");
    return NULL;
}

static void on_reference(void *arg, const xmlChar *name)
{
    on_entity(arg, name);
}

static void on_error(void *arg, const char *format, ...)
{
    struct xj_parser *p = arg;
    (void)format;
    if (!p->xml)
        return; /* it is only being made */
    const xmlError *error = &p->xml->lastError;
    if (error->level < XML_ERR_FATAL)
        return;
    const char *text = xj_xml_error_text(error->code);
    if (error->code == XML_ERR_NO_MEMORY)
        stop(p, OBJLENS_ENOMEM);
    else if (text)
        fail(p, PARSING_ERROR, "%s", text);
    else
        fail(p, PARSING_ERROR, "not well-formed XML (libxml2 error %d)", error->code);
}

static void on_warning(void *arg, const char *format, ...)
{
    (void)arg;
    (void)format;
}

static const xmlSAXHandler handler = {
    .initialized = 1, /* SAX1 */
    .startElement = on_start,
    .endElement = on_end,
    .characters = on_text,
    .cdataBlock = on_text,
    .ignorableWhitespace = on_text,
    .getEntity = on_entity,
    .getParameterEntity = on_entity,
    .reference = on_reference,
    .entityDecl = on_entity_declaration,
    .unparsedEntityDecl = on_unparsed_entity,
    .notationDecl = on_notation,
    .elementDecl = on_element_declaration,
    .attributeDecl = on_attribute_declaration,
    .warning = on_warning,
    .error = on_error,
    .fatalError = on_error,
};

/* ---- feeding ------------------------------------------------------------------------------ */

int xj_parser_init(struct xj_parser *p, size_t memory_bytes)
{
    p->budget = (struct xj_budget){.host = p->host, .call = p->call, .max = memory_bytes};
    xj_tree_init(&p->tree, &p->budget);
    xmlSAXHandler sax = handler;
    p->xml = xmlCreatePushParserCtxt(&sax, p, NULL, 0, NULL);
    if (!p->xml)
        return OBJLENS_ENOMEM;
    /* NOENT: &amp; in an attribute is an ampersand. There are no entities beside the five. */
    xmlCtxtUseOptions(p->xml, XML_PARSE_NONET | XML_PARSE_IGNORE_ENC | XML_PARSE_NOENT);
    return OBJLENS_OK;
}

static void free_xml(struct xj_parser *p)
{
    if (!p->xml)
        return;
    xmlFreeDoc(p->xml->myDoc); /* libxml2 makes one for itself when it meets a declaration */
    xmlFreeParserCtxt(p->xml);
    p->xml = NULL;
}

void xj_parser_fini(struct xj_parser *p)
{
    free_xml(p);
    xj_tree_fini(&p->tree);
    xmlResetLastError(); /* it quotes the document */
}

/* Attributes of a tag that is still growing: the parser looks at it only when it is complete,
 * and compares each attribute with each. */
static bool attributes_fit(struct xj_parser *p, const unsigned char *token, size_t size)
{
    for (size_t i = p->token_scanned; i < size; i++) {
        char c = (char)token[i];
        if (p->token_quote)
            p->token_quote = c == p->token_quote ? '\0' : p->token_quote;
        else if (c == '"' || c == '\'')
            p->token_quote = c;
        else if (c == '=')
            p->token_attributes++;
    }
    p->token_scanned = size;
    if (p->token_attributes <= XJ_ATTRIBUTES_MAX)
        return true;
    fail(p, LIMIT_ERROR, "an element has more than %d attributes", XJ_ATTRIBUTES_MAX);
    return false;
}

/* What the parser holds back because its end has not come yet must not grow without end. */
static void check_token(struct xj_parser *p)
{
    const xmlParserInput *input = p->xml->input;
    if (!input || input->end <= input->cur)
        return;
    size_t size = (size_t)(input->end - input->cur);
    unsigned long at = input->consumed + (unsigned long)(input->cur - input->base);
    if (at != p->token_at) {
        p->token_at = at;
        p->token_scanned = p->token_attributes = 0;
        p->token_quote = '\0';
    }
    bool tag = size > 1 && input->cur[0] == '<' && input->cur[1] != '!' && input->cur[1] != '?';
    if (tag && !attributes_fit(p, input->cur, size))
        return;
    if (size > XJ_TOKEN_BYTES_MAX)
        fail(p, LIMIT_ERROR, "a tag, comment or processing instruction is longer than %d bytes",
             XJ_TOKEN_BYTES_MAX);
}

static void push(struct xj_parser *p, size_t size, bool last)
{
    xmlParseChunk(p->xml, (const char *)p->block, (int)size, last);
    if (p->result == OBJLENS_OK && !last)
        check_token(p);
    p->filled -= size;
    if (p->filled > 0)
        memmove(p->block, p->block + size, p->filled);
}

/* Decode a little, hand over what makes a block. */
static int feed(struct xj_parser *p, const uint8_t *bytes, size_t size)
{
    while (size > 0 && p->result == OBJLENS_OK) {
        size_t part = size < XJ_SNIFF_BYTES ? size : XJ_SNIFF_BYTES, written;
        const char *wrong = xj_decode(&p->decoder, bytes, part, p->block + p->filled, &written);
        p->filled += written;
        while (p->filled >= XJ_BLOCK_BYTES && p->result == OBJLENS_OK)
            push(p, XJ_BLOCK_BYTES, false);
        if (wrong)
            fail(p, ENCODING_ERROR, "%s", wrong);
        bytes += part;
        size -= part;
    }
    return p->result;
}

static int begin(struct xj_parser *p)
{
    size_t skip = 0;
    p->began = true;
    const char *wrong = xj_decoder_begin(&p->decoder, p->sniff, p->sniffed, &skip);
    if (p->sniffed == 0)
        wrong = "the document is empty";
    if (wrong)
        fail(p, wrong == xj_not_xml || p->sniffed == 0 ? PARSING_ERROR : ENCODING_ERROR, "%s", wrong);
    return feed(p, p->sniff + skip, p->sniffed - skip);
}

int xj_parser_write(struct xj_parser *p, const uint8_t *bytes, size_t size)
{
    if (!p->began) {
        size_t part = XJ_SNIFF_BYTES - p->sniffed;
        part = part < size ? part : size;
        memcpy(p->sniff + p->sniffed, bytes, part);
        p->sniffed += part;
        if (p->sniffed < XJ_SNIFF_BYTES)
            return OBJLENS_OK;
        if (begin(p) != OBJLENS_OK)
            return p->result;
        bytes += part;
        size -= part;
    }
    return feed(p, bytes, size);
}

int xj_parser_finish(struct xj_parser *p)
{
    if (!p->began && begin(p) != OBJLENS_OK)
        return p->result;
    const char *wrong = xj_decoder_end(&p->decoder);
    if (wrong)
        fail(p, ENCODING_ERROR, "%s", wrong);
    if (p->result == OBJLENS_OK)
        push(p, p->filled, true);
    if (p->result == OBJLENS_OK && !p->xml->wellFormed)
        fail(p, PARSING_ERROR, "not well-formed XML");
    if (p->result != OBJLENS_OK)
        return p->result;
    free_xml(p); /* not needed while the client reads */
    return p->path->count == 0 ? p->on_tree(p->arg, p->document) : OBJLENS_OK;
}
