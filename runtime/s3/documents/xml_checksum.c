/* SPDX-License-Identifier: MIT */
/* The element's name is "Checksum" and the checksum's own. */
#include "s3/documents/xml_checksum.h"

#include <stdio.h>

#define PREFIX "Checksum"

static const char *const names[] = {"CRC32",  "CRC32C",   "CRC64NVME", "SHA1",
                                    "SHA256", "SHA512",   "MD5",       "XXHASH64",
                                    "XXHASH3", "XXHASH128"};

static void put_type(ol_xml_writer *w, bool composite)
{
    ol_xml_text(w, "ChecksumType",
                composite ? OL_SLICE_LIT("COMPOSITE") : OL_SLICE_LIT("FULL_OBJECT"));
}

void ol_xml_checksum(ol_xml_writer *w, const ol_object_checksum *checksum, bool with_type)
{
    char element[sizeof PREFIX + sizeof checksum->name];
    if (!checksum->name[0] || !checksum->text[0])
        return;
    snprintf(element, sizeof element, PREFIX "%s", checksum->name);
    ol_xml_text(w, element, ol_slice_cstr(checksum->text));
    if (with_type)
        put_type(w, checksum->composite);
}

void ol_xml_checksum_kind(ol_xml_writer *w, ol_slice name, bool composite)
{
    if (name.len == 0)
        return;
    ol_xml_text(w, "ChecksumAlgorithm", name);
    put_type(w, composite);
}

bool ol_xml_checksum_read(const char *element, ol_slice text, ol_object_checksum *out)
{
    if (strncmp(element, PREFIX, strlen(PREFIX)) != 0 || text.len >= sizeof out->text)
        return false;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(element + strlen(PREFIX), names[i]) != 0)
            continue;
        *out = (ol_object_checksum){0};
        strcpy(out->name, names[i]);
        if (text.len > 0)
            memcpy(out->text, text.data, text.len);
        return true;
    }
    return false;
}
