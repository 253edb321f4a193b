/* SPDX-License-Identifier: MIT */
/* <ChecksumCRC32>…</ChecksumCRC32><ChecksumType/> and back, for the documents that bear them. */
#ifndef OL_S3_XML_CHECKSUM_H
#define OL_S3_XML_CHECKSUM_H

#include "origin/origin.h"
#include "s3/documents/xml_writer.h"

/* Nothing when there is none. `with_type`: ChecksumType too. */
void ol_xml_checksum(ol_xml_writer *w, const ol_object_checksum *checksum, bool with_type);
/* COMPOSITE or FULL_OBJECT, and ChecksumAlgorithm before it; nothing when the name is empty. */
void ol_xml_checksum_kind(ol_xml_writer *w, ol_slice name, bool composite);
/* The checksum of an element "Checksum…"; false when it is none that is known, or too long. */
bool ol_xml_checksum_read(const char *element, ol_slice text, ol_object_checksum *out);

#endif
