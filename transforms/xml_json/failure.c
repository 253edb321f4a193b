/* SPDX-License-Identifier: MIT */
#include "failure.h"

#include <libxml/xmlerror.h>
#include <stdarg.h>
#include <stdio.h>

void xj_failure_set(struct xj_failure *f, enum xj_reason reason, const char *format, ...)
{
    if (f->reason != XJ_NONE)
        return;
    va_list args;
    va_start(args, format);
    f->reason = reason;
    vsnprintf(f->text, sizeof(f->text), format, args);
    va_end(args);
}

int xj_failure_report(const struct xj_failure *f, const struct objlens_host *host,
                      struct objlens_call *call)
{
    static const char *const codes[] = {
        [XJ_MALFORMED] = "MalformedXML",
        [XJ_UNSUPPORTED] = "UnsupportedXML",
        [XJ_ENCODING] = "InvalidTextEncoding",
        [XJ_TOO_LARGE] = "EntityTooLarge",
    };
    char message[192];
    if (f->reason == XJ_NO_MEMORY)
        return OBJLENS_ENOMEM;
    if (f->line > 0)
        snprintf(message, sizeof(message), "xml_json: line %ld: %s", f->line, f->text);
    else
        snprintf(message, sizeof(message), "xml_json: %s", f->text);
    return host->fail(call, 400, codes[f->reason], message);
}

/* libxml2's own messages quote the document. */
static const struct meaning {
    int xml_error;
    const char *text;
} meanings[] = {
    {XML_ERR_DOCUMENT_START, "the document does not begin with an element"},
    {XML_ERR_DOCUMENT_EMPTY, "the document does not begin with an element"},
    {XML_ERR_DOCUMENT_END, "something stands behind the end of the document element"},
    {XML_ERR_INVALID_HEX_CHARREF, "a character reference is not a number"},
    {XML_ERR_INVALID_DEC_CHARREF, "a character reference is not a number"},
    {XML_ERR_INVALID_CHARREF, "a character reference names no character of XML"},
    {XML_ERR_INVALID_CHAR, "a character that XML does not allow"},
    {XML_ERR_UNDECLARED_ENTITY, "an entity other than the five of XML itself"},
    {XML_ERR_ENTITYREF_SEMICOL_MISSING, "a reference without its semicolon"},
    {XML_ERR_INVALID_ENCODING, "a character that is not well encoded"},
    {XML_ERR_ATTRIBUTE_NOT_STARTED, "an attribute's value without quotes"},
    {XML_ERR_ATTRIBUTE_NOT_FINISHED, "an attribute's value has no end"},
    {XML_ERR_LT_IN_ATTRIBUTE, "a '<' in an attribute's value"},
    {XML_ERR_ATTRIBUTE_WITHOUT_VALUE, "an attribute without a value"},
    {XML_ERR_ATTRIBUTE_REDEFINED, "an attribute twice in one element"},
    {XML_ERR_COMMENT_NOT_FINISHED, "a comment has no end"},
    {XML_ERR_HYPHEN_IN_COMMENT, "\"--\" inside a comment"},
    {XML_ERR_PI_NOT_STARTED, "a processing instruction without a name"},
    {XML_ERR_PI_NOT_FINISHED, "a processing instruction has no end"},
    {XML_ERR_RESERVED_XML_NAME, "an XML declaration that is not at the beginning"},
    {XML_ERR_XMLDECL_NOT_STARTED, "the XML declaration is not well-formed"},
    {XML_ERR_XMLDECL_NOT_FINISHED, "the XML declaration is not well-formed"},
    {XML_ERR_VERSION_MISSING, "the XML declaration names no version"},
    {XML_ERR_UNKNOWN_VERSION, "a version of XML that is not known"},
    {XML_ERR_ENCODING_NAME, "the XML declaration's encoding is not a name"},
    {XML_ERR_STANDALONE_VALUE, "\"standalone\" is neither \"yes\" nor \"no\""},
    {XML_ERR_MISPLACED_CDATA_END, "\"]]>\" in text"},
    {XML_ERR_CDATA_NOT_FINISHED, "a CDATA section has no end"},
    {XML_ERR_SPACE_REQUIRED, "white space is missing"},
    {XML_ERR_NAME_REQUIRED, "a name is missing"},
    {XML_ERR_LT_REQUIRED, "a '<' is missing"},
    {XML_ERR_GT_REQUIRED, "a tag has no end"},
    {XML_ERR_LTSLASH_REQUIRED, "an end tag is missing"},
    {XML_ERR_TAG_NAME_MISMATCH, "an end tag does not match its start tag"},
    {XML_ERR_TAG_NOT_FINISHED, "an element has no end"},
    {XML_ERR_NAME_TOO_LONG, "a name is too long"},
};

const char *xj_failure_text(int xml_error)
{
    for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
        if (meanings[i].xml_error == xml_error)
            return meanings[i].text;
    return "not well-formed XML";
}
