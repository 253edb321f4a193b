/* SPDX-License-Identifier: MIT */
/* What libxml2 found wrong, in words that hold nothing of the document. */
#ifndef XJ_XML_ERRORS_H
#define XJ_XML_ERRORS_H

const char *xj_xml_error_text(int code);

#endif
