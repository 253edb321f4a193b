/* SPDX-License-Identifier: MIT */
/*
 * The callbacks are those of SAX 1: they name elements and attributes as they are written,
 * prefix and all, and list namespace declarations among the attributes in document order, which
 * is what the conventions ask for. Namespaces are not checked, as xmltodict does not either.
 */
#include "parser.h"

#include <libxml/SAX2.h>
#include <libxml/dict.h>
#include <string.h>

#include "prefixes.h"
#include "xml_memory.h"

static inline bool has_failed(const struct xj_parser *p)
{
    return p->out_of_memory | (p->failure->reason != XJ_NONE) | (p->document->out->result != OBJLENS_OK);
}

/* No further callback comes. */
static void stop(struct xj_parser *p)
{
    if (p->failure->line == 0)
        p->failure->line = xmlSAX2GetLineNumber(p->context);
    xmlStopParser(p->context);
}

/* The document has taken what it was given, and may have waited in between: other requests'
 * parsers ran. */
static inline void resume(struct xj_parser *p)
{
    xj_xml_memory_tell(&p->out_of_memory);
    if (has_failed(p))
        stop(p);
}

/* Too many attributes are the document's to refuse. */
static void begin_renamed(struct xj_parser *p, const xmlChar *name, const xmlChar **attributes)
{
    struct xj_bare_element stripped, *bare = p->namespaces ? &p->namespaces->element : &stripped;
    size_t count = 0;
    bool ok;
    while (attributes && count <= XJ_ATTRIBUTES_MAX && attributes[2 * count])
        count++;
    if (count > XJ_ATTRIBUTES_MAX) {
        xj_document_begin(p->document, (const char *)name, (const char *const *)attributes);
        return;
    }
    ok = p->namespaces ? xj_namespaces_begin(p->namespaces, p->context->dict, name, attributes)
                       : xj_prefixes_strip(p->context->dict, name, attributes, bare);
    if (ok)
        xj_document_begin(p->document, (const char *)bare->name, (const char *const *)bare->attributes);
    else if (p->failure->reason == XJ_NONE)
        p->out_of_memory = true;
}

static void on_start(void *arg, const xmlChar *name, const xmlChar **attributes)
{
    struct xj_parser *p = arg;
    if (has_failed(p))
        return;
    if (p->document->config->naming != XJ_AS_WRITTEN)
        begin_renamed(p, name, attributes);
    else
        xj_document_begin(p->document, (const char *)name, (const char *const *)attributes);
    resume(p);
}

static void on_end(void *arg, const xmlChar *name)
{
    struct xj_parser *p = arg;
    (void)name;
    if (has_failed(p))
        return;
    xj_document_end(p->document);
    if (p->namespaces)
        xj_namespaces_end(p->namespaces);
    resume(p);
}

static void on_text(void *arg, const xmlChar *text, int size)
{
    struct xj_parser *p = arg;
    if (has_failed(p) || size <= 0)
        return;
    xj_document_text(p->document, text, (size_t)size);
    resume(p);
}

static void on_comment(void *arg, const xmlChar *text)
{
    struct xj_parser *p = arg;
    if (has_failed(p))
        return;
    xj_document_comment(p->document, (const char *)p->comment_name, text, strlen((const char *)text));
    resume(p);
}

/* "<!DOCTYPEa": libxml2 lets that pass. A comment before may hold another. */
static bool is_glued(const xmlParserInput *input)
{
    static const char opening[] = "<!DOCTYPE";
    size_t n = sizeof(opening) - 1;
    const xmlChar *at = input->cur - n;
    while (at > input->base && memcmp(at, opening, n) != 0)
        at--;
    return at >= input->base && memcmp(at, opening, n) == 0 && !strchr(" \t\n", at[n]);
}

/* Comes when name and identifiers have been read, before any declaration. Nobody will load what
 * the identifiers name. */
static void on_doctype(void *arg, const xmlChar *name, const xmlChar *public_id,
                       const xmlChar *system_id)
{
    struct xj_parser *p = arg;
    (void)name;
    (void)public_id;
    (void)system_id;
    if (has_failed(p))
        return;
    const xmlParserInput *input = p->context->input;
    if (is_glued(input))
        xj_failure_set(p->failure, XJ_MALFORMED, "%s", xj_failure_text(XML_ERR_SPACE_REQUIRED));
    else if (*input->cur == '[')
        xj_failure_set(p->failure, XJ_UNSUPPORTED, "a DOCTYPE with declarations of its own");
    else
        return;
    stop(p);
}

/* Asked for all but the five predefined ones. With a DOCTYPE libxml2 would drop them silently. */
static xmlEntityPtr on_entity(void *arg, const xmlChar *name)
{
    struct xj_parser *p = arg;
    (void)name;
    if (!has_failed(p)) {
        p->failure->line = xmlSAX2GetLineNumber(p->context);
        xj_failure_set(p->failure, XJ_MALFORMED, "%s", xj_failure_text(XML_ERR_UNDECLARED_ENTITY));
    }
    return NULL;
}

static bool is_incomplete(const struct xj_parser *p)
{
    return !p->document->began || p->document->depth > 0;
}

/* Handlers of SAX 1 have no error callback that says more than a text: this one is told of all
 * errors in the process. */
static void on_error(void *arg, xmlErrorPtr error)
{
    const xmlParserCtxt *context = error->ctxt;
    (void)arg;
    if (error->domain != XML_FROM_PARSER || error->level != XML_ERR_FATAL || !context ||
        !context->sax || context->sax->startElement != on_start)
        return;
    struct xj_parser *p = context->userData;
    if (has_failed(p))
        return;
    p->failure->line = error->line;
    if (error->code == XML_ERR_DOCUMENT_END && is_incomplete(p)) {
        p->failure->line = xj_parser_line(p);
        xj_failure_set(p->failure, XJ_MALFORMED, "the document ends too early");
    }
    xj_failure_set(p->failure, XJ_MALFORMED, "%s", xj_failure_text(error->code));
}

static void say_nothing(void *arg, const char *format, ...)
{
    (void)arg;
    (void)format;
}

static xmlParserInputPtr load_nothing(const char *url, const char *id, xmlParserCtxtPtr context)
{
    (void)url;
    (void)id;
    (void)context;
    return NULL;
}

static xmlParserCtxtPtr make_context(struct xj_parser *p)
{
    xmlSAXHandler handler = {
        .initialized = 1, /* SAX 1 */
        .internalSubset = on_doctype,
        .getEntity = on_entity,
        .startElement = on_start,
        .endElement = on_end,
        .characters = on_text,
        .ignorableWhitespace = on_text, /* the same, so that none is taken for ignorable */
        .cdataBlock = on_text,
        .comment = p->document->config->has_comments ? on_comment : NULL,
    };
    xmlParserCtxtPtr context = xmlCreatePushParserCtxt(&handler, p, NULL, 0, NULL);
    /* NOENT: otherwise an '&' of an attribute's value would come as "&#38;". There is no entity
     * that it could expand. IGNORE_ENC: the text is UTF-8 now, whatever was declared. */
    if (context)
        xmlCtxtUseOptions(context, XML_PARSE_NOENT | XML_PARSE_NONET | XML_PARSE_IGNORE_ENC);
    return context;
}

/* Also runs a parser once: libxml2 sets up more with the first. From now on it calls functions
 * in here whatever it is used for, so this shared object is never unmapped (see LINK). */
bool xj_parser_prepare(void)
{
    xj_xml_memory_watch();
    xmlInitParser();
    xmlSetGenericErrorFunc(NULL, say_nothing);
    xmlSetStructuredErrorFunc(NULL, on_error);
    xmlSetExternalEntityLoader(load_nothing);
    xmlParserCtxtPtr context = xmlCreatePushParserCtxt(NULL, NULL, "<a>&amp;", 8, NULL);
    if (!context)
        return false;
    xmlCtxtUseOptions(context, XML_PARSE_NOENT | XML_PARSE_NONET);
    xmlParseChunk(context, "</a>", 4, 1);
    bool ok = context->wellFormed;
    xmlFreeDoc(context->myDoc);
    xmlFreeParserCtxt(context);
    return ok;
}

static bool make_namespaces(struct xj_parser *p)
{
    const struct kit_output *out = p->document->out;
    if (p->document->config->naming != XJ_EXPANDED)
        return true;
    p->namespaces = out->host->alloc(out->call, sizeof(*p->namespaces));
    if (p->namespaces)
        xj_namespaces_init(p->namespaces, p->document->config, p->failure);
    return p->namespaces != NULL;
}

bool xj_parser_init(struct xj_parser *p, struct xj_document *document, struct xj_failure *failure)
{
    p->document = document;
    p->failure = failure;
    p->out_of_memory = false;
    if (!make_namespaces(p))
        return false;
    xj_xml_memory_tell(&p->out_of_memory);
    p->context = make_context(p);
    if (p->context && document->config->has_comments)
        p->comment_name = xmlDictLookup(p->context->dict, (const xmlChar *)document->config->comment_key, -1);
    xj_xml_memory_tell(NULL);
    if (p->context && !p->out_of_memory)
        return true;
    xj_parser_fini(p);
    return false;
}

void xj_parser_fini(struct xj_parser *p)
{
    if (p->namespaces)
        p->document->out->host->free(p->document->out->call, p->namespaces);
    p->namespaces = NULL;
    if (!p->context)
        return;
    xmlFreeParserCtxt(p->context);
    p->context = NULL;
    xmlResetLastError(); /* it quotes the document */
}

/* The text of a tag, comment, … that has begun and not ended. */
static size_t unparsed(const struct xj_parser *p, const uint8_t **text)
{
    const xmlParserInput *input = p->context->input;
    *text = input ? input->cur : NULL;
    return input ? (size_t)(input->end - input->cur) : 0;
}

/* More attributes than are allowed in a start tag that has not ended? libxml2 compares each with
 * all others once it has, which takes a second for a tag of a megabyte. */
static bool has_too_many_attributes(const uint8_t *tag, size_t size)
{
    size_t count = 0;
    if (size < 2 || tag[0] != '<' || tag[1] == '!' || tag[1] == '?')
        return false;
    for (size_t i = 1; i < size && count <= XJ_ATTRIBUTES_MAX; i++) {
        if (tag[i] == '=')
            count++;
        if (tag[i] != '"' && tag[i] != '\'')
            continue;
        const uint8_t *end = memchr(tag + i + 1, tag[i], size - i - 1);
        if (!end)
            break;
        i = (size_t)(end - tag);
    }
    return count > XJ_ATTRIBUTES_MAX;
}

static void check_limits(struct xj_parser *p)
{
    const uint8_t *text;
    size_t size = unparsed(p, &text);
    if (size > XJ_TOKEN_BYTES_MAX)
        xj_failure_set(p->failure, XJ_TOO_LARGE,
                       "a tag, comment, instruction or CDATA section of more than %u bytes",
                       XJ_TOKEN_BYTES_MAX);
    else if (size > XJ_BLOCK_BYTES && has_too_many_attributes(text, size))
        xj_failure_set(p->failure, XJ_TOO_LARGE, "more than %u attributes in one element",
                       XJ_ATTRIBUTES_MAX);
    else if (xmlDictGetUsage(p->context->dict) > XJ_NAMES_BYTES_MAX)
        xj_failure_set(p->failure, XJ_TOO_LARGE, "more than %u bytes of different names",
                       XJ_NAMES_BYTES_MAX);
    else
        return;
    stop(p);
}

/* Without text: the document ends. */
static void parse(struct xj_parser *p, const uint8_t *text, size_t size)
{
    xj_xml_memory_tell(&p->out_of_memory);
    xmlParseChunk(p->context, (const char *)text, (int)size, text == NULL);
    xj_xml_memory_tell(NULL);
    if (!p->out_of_memory)
        return;
    *p->failure = (struct xj_failure){0};
    xj_failure_set(p->failure, XJ_NO_MEMORY, "out of memory");
}

void xj_parser_push(struct xj_parser *p, const uint8_t *text, size_t size)
{
    if (has_failed(p))
        return;
    parse(p, text, size);
    if (!has_failed(p))
        check_limits(p);
}

void xj_parser_finish(struct xj_parser *p)
{
    if (has_failed(p))
        return;
    long line = xj_parser_line(p);
    parse(p, NULL, 0);
    if (has_failed(p) || (!is_incomplete(p) && p->context->wellFormed))
        return;
    p->failure->line = line;
    xj_failure_set(p->failure, XJ_MALFORMED, "not well-formed XML");
}

long xj_parser_line(const struct xj_parser *p)
{
    const uint8_t *text;
    size_t size = unparsed(p, &text);
    long line = xmlSAX2GetLineNumber(p->context);
    for (size_t i = 0; i < size; i++)
        line += text[i] == '\n';
    return line;
}
