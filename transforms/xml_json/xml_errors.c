/* SPDX-License-Identifier: MIT */
/* libxml2's own messages quote names and text; an error document must not. */
#include "xml_errors.h"

#include <libxml/xmlerror.h>
#include <stddef.h>

static const struct text {
    int code;
    const char *text;
} texts[] = {
    {XML_ERR_NO_MEMORY, "the parser ran out of memory"},
    {XML_ERR_DOCUMENT_EMPTY, "the document is empty or does not begin with a tag"},
    {XML_ERR_DOCUMENT_END, "there is something behind the end of the document element"},
    {XML_ERR_INVALID_HEX_CHARREF, "a character reference is malformed"},
    {XML_ERR_INVALID_DEC_CHARREF, "a character reference is malformed"},
    {XML_ERR_INVALID_CHARREF, "a character reference names no character"},
    {XML_ERR_INVALID_CHAR, "a character is not allowed in XML, or is not UTF-8"},
    {XML_ERR_INVALID_ENCODING, "the text is not UTF-8"},
    {XML_ERR_ENTITYREF_SEMICOL_MISSING, "an entity reference does not end in ;"},
    {XML_ERR_ENTITYREF_NO_NAME, "an & stands for itself (it must be written &amp;)"},
    {XML_ERR_UNDECLARED_ENTITY, "an entity is used that is not declared"},
    {XML_ERR_LT_IN_ATTRIBUTE, "an attribute value holds a <"},
    {XML_ERR_ATTRIBUTE_NOT_STARTED, "an attribute value has no opening quote"},
    {XML_ERR_ATTRIBUTE_NOT_FINISHED, "an attribute value has no closing quote"},
    {XML_ERR_ATTRIBUTE_WITHOUT_VALUE, "an attribute has no value"},
    {XML_ERR_ATTRIBUTE_REDEFINED, "an element has the same attribute twice"},
    {XML_ERR_COMMENT_NOT_FINISHED, "a comment does not end"},
    {XML_ERR_HYPHEN_IN_COMMENT, "a comment holds --"},
    {XML_ERR_PI_NOT_STARTED, "a processing instruction has no name"},
    {XML_ERR_PI_NOT_FINISHED, "a processing instruction does not end"},
    {XML_ERR_CDATA_NOT_FINISHED, "a CDATA section does not end"},
    {XML_ERR_MISPLACED_CDATA_END, "]]> stands in text"},
    {XML_ERR_SPACE_REQUIRED, "white space is missing between two parts of a tag"},
    {XML_ERR_NAME_REQUIRED, "a name is missing (an & that stands for itself is written &amp;)"},
    {XML_ERR_GT_REQUIRED, "a tag does not end in >"},
    {XML_ERR_TAG_NAME_MISMATCH, "a start and an end tag do not match"},
    {XML_ERR_TAG_NOT_FINISHED, "an element does not end"},
    {XML_ERR_EXTRA_CONTENT, "there is something behind the end of the document element"},
    {XML_ERR_RESERVED_XML_NAME, "an XML declaration stands elsewhere than at the beginning"},
    {XML_ERR_VERSION_MISSING, "the XML declaration has no version"},
    {XML_ERR_XMLDECL_NOT_FINISHED, "the XML declaration does not end"},
    {XML_ERR_DOCTYPE_NOT_FINISHED, "the DOCTYPE does not end"},
    {XML_ERR_NAME_TOO_LONG, "a name is too long"},
};

const char *xj_xml_error_text(int code)
{
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (texts[i].code == code)
            return texts[i].text;
    return NULL;
}
