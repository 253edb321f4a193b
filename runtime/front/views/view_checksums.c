/* SPDX-License-Identifier: MIT */
#include "front/views/view_checksums.h"

#include "s3/upload/checksum.h"

/* Base64 of the value, the most significant byte first. */
static void write_text(uint64_t value, size_t bytes, char out[OL_CHECKSUM_TEXT_SIZE])
{
    uint8_t raw[sizeof(value)];
    for (size_t i = 0; i < bytes; i++)
        raw[i] = (uint8_t)(value >> (8 * (bytes - 1 - i)));
    ol_checksum_text(raw, bytes, out);
}

static int add(ol_headers *headers, enum ol_checksum_kind kind, uint64_t value)
{
    char text[OL_CHECKSUM_TEXT_SIZE];
    write_text(value, ol_checksum_size(kind), text);
    return ol_headers_set(headers, ol_slice_cstr(ol_checksum_header(kind)), ol_slice_cstr(text));
}

int ol_view_checksums_add(ol_headers *headers, const ol_view_facts *facts)
{
    if (!facts->has_checksums)
        return OL_OK;
    int rc = add(headers, OL_CHECKSUM_CRC64NVME, facts->crc64nvme);
    if (rc == OL_OK)
        rc = add(headers, OL_CHECKSUM_CRC32, facts->crc32);
    if (rc == OL_OK)
        rc = ol_headers_set(headers, OL_SLICE_LIT("x-amz-checksum-type"),
                            OL_SLICE_LIT("FULL_OBJECT"));
    return rc;
}

void ol_view_checksums_describe(const ol_view_facts *facts, ol_object_checksum *checksum)
{
    char text[OL_CHECKSUM_TEXT_SIZE];
    *checksum = (ol_object_checksum){0};
    if (!facts->has_checksums)
        return;
    write_text(facts->crc64nvme, ol_checksum_size(OL_CHECKSUM_CRC64NVME), text);
    snprintf(checksum->name, sizeof(checksum->name), "%s",
             ol_checksum_name(OL_CHECKSUM_CRC64NVME));
    snprintf(checksum->text, sizeof(checksum->text), "%s", text);
}
