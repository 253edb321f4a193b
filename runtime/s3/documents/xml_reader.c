/* SPDX-License-Identifier: MIT */
/*
 * Expat under a strict diet: what S3's documents have no use for ends the reading. Nothing is
 * fetched or declared, so nothing can expand. (libxml2 would do as well, and bring five libraries along that
 * every process had to load, a host too.)
 *
 * Handlers are called while XML_Parse runs. Expat tells text in pieces of its own liking; a run of text
 * is what stands between two tags, comments or CDATA brackets.
 */
#include "s3/documents/xml_reader.h"

#include <expat.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/limits.h"
#include "s3/documents/xml_writer.h"

#define SEPARATOR '\n' /* between namespace and name; stands in neither */

/* Expat copies the URI of a namespace to each attribute that has its prefix, in every element, so
 * that a long one with many attributes is a bomb: of time, and within one element of memory. */
#define NAMESPACE_BYTES_MAX 256
#define MEMORY_BYTES_MIN OL_MIB /* that a parser may ask for in all, and so many times the document: */
#define MEMORY_FACTOR 8

typedef struct reading {
    XML_Parser parser;
    const ol_xml_events *events;
    const char *xmlns;
    ol_xml_path path;
    ol_buf names[OL_XML_DEPTH_MAX]; /* of the open elements, as are these: */
    ol_buf texts[OL_XML_DEPTH_MAX];
    bool has_child[OL_XML_DEPTH_MAX];
    size_t run_at;    /* where in the innermost text the run begins */
    bool run_blank;   /* so far */
    bool run_cut;     /* there was more of it than is kept */
    ol_error *err;
    int rc;           /* the first failure of ours */
} reading;

/* Of the document that this thread is reading: what its parser may still ask for. */
static _Thread_local size_t memory_left;
static _Thread_local bool memory_spent;

static int malformed(ol_error *err, const char *why)
{
    return ol_error_set(err, OL_EMALFORMEDXML, "%s", why);
}

static void settle(reading *r, int rc)
{
    if (rc == OL_OK || r->rc != OL_OK)
        return;
    r->rc = rc;
    XML_StopParser(r->parser, XML_FALSE); /* a handler or two may still be called */
}

/* ---- text ---- */

static bool is_layout(const reading *r)
{
    return r->run_blank && r->has_child[r->path.depth - 1];
}

static void begin_run(reading *r)
{
    r->run_at = r->path.depth > 0 ? r->texts[r->path.depth - 1].len : 0;
    r->run_blank = true;
    r->run_cut = false;
}

/* The layout of a list of thousands is no text. */
static void end_run(reading *r)
{
    if (r->path.depth > 0 && is_layout(r))
        r->texts[r->path.depth - 1].len = r->run_at;
    begin_run(r);
}

static int add_text(reading *r, ol_slice piece)
{
    r->run_blank = r->run_blank && ol_xml_is_blank(piece);
    int rc = r->run_cut ? OL_ELIMIT : ol_buf_add(&r->texts[r->path.depth - 1], piece);
    if (rc == OL_ELIMIT && is_layout(r)) {
        r->run_cut = true;
        return OL_OK;
    }
    if (rc == OL_ELIMIT)
        return malformed(r->err, "a text is too long");
    return rc == OL_OK ? OL_OK : ol_error_set(r->err, rc, "xml text");
}

static void on_text(void *arg, const XML_Char *bytes, int size)
{
    reading *r = arg;
    if (r->rc == OL_OK && r->path.depth > 0)
        settle(r, add_text(r, ol_slice_of(bytes, (size_t)size)));
}

/* ---- elements ---- */

static int leave_element(reading *r)
{
    ol_buf *text = &r->texts[r->path.depth - 1];
    end_run(r);
    int rc = r->events->on_close(r->events->arg, &r->path, ol_buf_slice(text), r->err);
    r->path.depth--;
    begin_run(r);
    return rc;
}

static int push_name(reading *r, const char *name)
{
    ol_buf *kept = &r->names[r->path.depth];
    ol_buf_clear(kept);
    int rc = ol_buf_add_cstr(kept, name);
    if (rc == OL_ELIMIT)
        return malformed(r->err, "a name is too long");
    if (rc != OL_OK)
        return ol_error_set(r->err, rc, "xml name");
    r->path.names[r->path.depth] = ol_buf_cstr(kept);
    return OL_OK;
}

static bool namespace_ok(const reading *r, const char *name, const char *local)
{
    size_t size = local == name ? 0 : (size_t)(local - name) - 1;
    return size == 0 || (strlen(r->xmlns) == size && memcmp(name, r->xmlns, size) == 0);
}

static int enter_element(reading *r, const char *name)
{
    const char *separator = strrchr(name, SEPARATOR);
    const char *local = separator ? separator + 1 : name;
    if (r->path.depth == OL_XML_DEPTH_MAX)
        return malformed(r->err, "nested too deeply");
    if (!namespace_ok(r, name, local))
        return malformed(r->err, "an element of another namespace");
    int rc = push_name(r, local);
    if (rc != OL_OK)
        return rc;
    end_run(r);
    if (r->path.depth > 0)
        r->has_child[r->path.depth - 1] = true;
    r->path.depth++;
    r->has_child[r->path.depth - 1] = false;
    ol_buf_clear(&r->texts[r->path.depth - 1]);
    begin_run(r);
    return r->events->on_open(r->events->arg, &r->path, r->err);
}

static void on_start(void *arg, const XML_Char *name, const XML_Char **attributes)
{
    reading *r = arg;
    (void)attributes;
    if (r->rc == OL_OK)
        settle(r, enter_element(r, name));
}

static void on_end(void *arg, const XML_Char *name)
{
    reading *r = arg;
    (void)name;
    if (r->rc == OL_OK)
        settle(r, leave_element(r));
}

/* ---- everything else ---- */

static void on_bracket(void *arg)
{
    end_run(arg);
}

static void on_comment(void *arg, const XML_Char *text)
{
    (void)text;
    end_run(arg);
}

static void refuse(reading *r)
{
    settle(r, malformed(r->err, "a DTD, an entity or a processing instruction"));
}

static void on_instruction(void *arg, const XML_Char *target, const XML_Char *data)
{
    (void)target;
    (void)data;
    refuse(arg);
}

static void on_doctype(void *arg, const XML_Char *name, const XML_Char *system, const XML_Char *public,
                       int has_subset)
{
    (void)name;
    (void)system;
    (void)public;
    (void)has_subset;
    refuse(arg);
}

static void on_namespace(void *arg, const XML_Char *prefix, const XML_Char *uri)
{
    reading *r = arg;
    (void)prefix;
    if (uri && strlen(uri) > NAMESPACE_BYTES_MAX)
        settle(r, malformed(r->err, "the name of a namespace is too long"));
}

/* ---- memory ---- */

static bool may_have(size_t size)
{
    memory_spent = memory_spent || size > memory_left;
    if (!memory_spent)
        memory_left -= size;
    return !memory_spent;
}

static void *get_memory(size_t size)
{
    return may_have(size) ? ol_malloc(size) : NULL;
}

static void *get_more_memory(void *old, size_t size)
{
    return may_have(size) ? ol_realloc(old, size) : NULL;
}

/* ---- reading ---- */

static int check_document(ol_slice xml, size_t bytes_max, ol_error *err)
{
    if (xml.len == 0)
        return malformed(err, "empty");
    if (xml.len > bytes_max)
        return malformed(err, "the document is too large");
    /* One encoding, whatever the document declares: converters are code for strangers to reach. */
    if (!ol_slice_is_utf8(xml) || ol_slice_find(xml, 0) >= 0)
        return malformed(err, "not UTF-8");
    return OL_OK;
}

static void set_handlers(reading *r)
{
    XML_SetUserData(r->parser, r);
    XML_SetElementHandler(r->parser, on_start, on_end);
    XML_SetCharacterDataHandler(r->parser, on_text);
    XML_SetCdataSectionHandler(r->parser, on_bracket, on_bracket);
    XML_SetCommentHandler(r->parser, on_comment);
    XML_SetProcessingInstructionHandler(r->parser, on_instruction);
    XML_SetStartDoctypeDeclHandler(r->parser, on_doctype);
    XML_SetStartNamespaceDeclHandler(r->parser, on_namespace);
}

static int parse(reading *r, ol_slice xml)
{
    static const XML_Memory_Handling_Suite memory = {get_memory, get_more_memory, ol_free};
    memory_left = MEMORY_BYTES_MIN + MEMORY_FACTOR * xml.len;
    memory_spent = false;
    r->parser = XML_ParserCreate_MM("UTF-8", &memory, (const XML_Char[]){SEPARATOR, '\0'});
    if (!r->parser)
        return ol_error_set(r->err, OL_ENOMEM, "xml reader");
    set_handlers(r);
    bool whole = XML_Parse(r->parser, (const char *)xml.data, (int)xml.len, XML_TRUE) == XML_STATUS_OK;
    bool memory_ended = XML_GetErrorCode(r->parser) == XML_ERROR_NO_MEMORY;
    XML_ParserFree(r->parser);
    if (r->rc != OL_OK || whole)
        return r->rc;
    if (memory_spent)
        return malformed(r->err, "reading it takes too much memory");
    return memory_ended ? ol_error_set(r->err, OL_ENOMEM, "xml reader")
                        : malformed(r->err, "not well-formed");
}

int ol_xml_read_as(ol_slice xml, const ol_xml_bounds *bounds, const ol_xml_events *events,
                   ol_error *err)
{
    static const ol_xml_bounds usual = {0};
    const ol_xml_bounds *b = bounds ? bounds : &usual;
    reading r = {.events = events, .xmlns = b->xmlns ? b->xmlns : OL_S3_XMLNS, .err = err};
    int rc = check_document(
        xml, b->document_bytes_max ? b->document_bytes_max : OL_XML_BODY_BYTES_MAX, err);
    if (rc != OL_OK)
        return rc;
    for (size_t i = 0; i < OL_XML_DEPTH_MAX; i++) {
        ol_buf_init(&r.names[i], OL_XML_TEXT_BYTES_MAX);
        ol_buf_init(&r.texts[i], b->text_bytes_max ? b->text_bytes_max : OL_XML_TEXT_BYTES_MAX);
    }
    rc = parse(&r, xml);
    for (size_t i = 0; i < OL_XML_DEPTH_MAX; i++) {
        ol_buf_fini(&r.names[i]);
        ol_buf_fini(&r.texts[i]);
    }
    return rc;
}

int ol_xml_read(ol_slice xml, const ol_xml_events *events, ol_error *err)
{
    return ol_xml_read_as(xml, NULL, events, err);
}

bool ol_xml_path_is(const ol_xml_path *path, const char *first, const char *second,
                    const char *third)
{
    const char *names[] = {first, second, third};
    size_t depth = third ? 3 : second ? 2 : 1;
    if (path->depth != depth)
        return false;
    for (size_t i = 0; i < depth; i++)
        if (strcmp(path->names[i], names[i]) != 0)
            return false;
    return true;
}

bool ol_xml_is_blank(ol_slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!memchr(" \t\r\n", text.data[i], 4))
            return false;
    return true;
}
