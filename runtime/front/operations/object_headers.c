/* SPDX-License-Identifier: MIT */
#include "front/operations/object_headers.h"

#include <stdio.h>

static int add(ol_headers *headers, const char *name, const char *value)
{
    return ol_headers_add(headers, ol_slice_cstr(name), ol_slice_cstr(value));
}

int ol_object_headers_checksum(ol_headers *headers, const ol_object_checksum *checksum,
                               bool with_type)
{
    char name[32];
    int len = snprintf(name, sizeof name, "x-amz-checksum-");
    if (!checksum->name[0] || !checksum->text[0])
        return OL_OK;
    for (const char *c = checksum->name; *c; c++)
        name[len++] = *c >= 'A' && *c <= 'Z' ? (char)(*c | 0x20) : *c;
    name[len] = '\0';
    int rc = add(headers, name, checksum->text);
    if (rc == OL_OK && with_type)
        rc = add(headers, "x-amz-checksum-type", checksum->composite ? "COMPOSITE" : "FULL_OBJECT");
    return rc;
}

int ol_object_headers_version(ol_headers *headers, const char *version_id)
{
    return version_id[0] ? add(headers, "x-amz-version-id", version_id) : OL_OK;
}

int ol_object_headers_written(ol_headers *headers, const ol_put_result *result, bool with_type)
{
    char quoted[OL_ETAG_SIZE + 2];
    snprintf(quoted, sizeof quoted, "\"%s\"", result->etag);
    int rc = add(headers, "ETag", quoted);
    if (rc == OL_OK)
        rc = ol_object_headers_version(headers, result->version_id);
    if (rc == OL_OK)
        rc = ol_object_headers_checksum(headers, &result->checksum, with_type);
    return rc;
}
