/* SPDX-License-Identifier: MIT */
/*
 * Which format an object has: told by markers in its metadata or instruction file, or by its first
 * bytes. A format that is told twice is refused.
 */
#include <jansson.h>

#include "crypto/content/sealed_private.h"
#include "crypto/formats/s3_envelope.h"

static const char meta[] = "x-amz-meta-";

typedef struct markers {
    bool v1, v2, v3;      /* x-amz-key, x-amz-key-v2, x-amz-3 */
    bool v3_object;       /* x-amz-c without a wrapped key: that is in a file */
} markers;

static void note(markers *found, ol_slice name)
{
    found->v1 |= ol_slice_ieq(name, OL_SLICE_LIT("x-amz-key"));
    found->v2 |= ol_slice_ieq(name, OL_SLICE_LIT("x-amz-key-v2"));
    found->v3 |= ol_slice_ieq(name, OL_SLICE_LIT("x-amz-3"));
    found->v3_object |= ol_slice_ieq(name, OL_SLICE_LIT("x-amz-c"));
}

static int judge(const markers *found, enum ol_sealed_format *format, ol_error *err)
{
    *format = OL_SEALED_NONE;
    bool v3 = found->v3 || found->v3_object;
    if (found->v1 + found->v2 + v3 > 1)
        return ol_sealed_refused(err, "the metadata names two formats of encryption");
    if (found->v1)
        *format = OL_SEALED_S3_V1;
    else if (found->v2)
        *format = OL_SEALED_S3_V2;
    else if (v3)
        *format = OL_SEALED_S3_V3;
    return OL_OK;
}

int ol_sealed_recognise(const ol_header *headers, size_t count, enum ol_sealed_format *format,
                        bool *needs_instruction, ol_error *err)
{
    markers found = {0};
    for (size_t i = 0; i < count; i++) {
        ol_slice name = headers[i].name;
        if (ol_slice_ieq(ol_slice_first(name, sizeof(meta) - 1), ol_slice_cstr(meta)))
            note(&found, ol_slice_from(name, sizeof(meta) - 1));
    }
    *needs_instruction = found.v3_object && !found.v3;
    return judge(&found, format, err);
}

int ol_sealed_recognise_instruction(ol_slice json, enum ol_sealed_format *format, ol_error *err)
{
    markers found = {0};
    json_error_t why;
    const char *name;
    json_t *value;
    *format = OL_SEALED_NONE;
    if (json.len > OL_INSTRUCTION_BYTES_MAX)
        return ol_sealed_refused(err, "the instruction file is too long");
    json_t *object = json_loadb((const char *)json.data, json.len, JSON_REJECT_DUPLICATES, &why);
    json_object_foreach(object, name, value) {
        note(&found, ol_slice_cstr(name));
        found.v1 |= strcmp(name, OL_S3_OLD_KEY_NAME) == 0;
    }
    json_decref(object);
    /* A file of V3 without its object's share of the metadata is nobody's. */
    if (found.v3 || found.v3_object)
        return ol_sealed_refused(err, "an instruction file whose object lacks its metadata");
    return judge(&found, format, err);
}

bool ol_sealed_is_private_header(ol_slice name)
{
    static const char *const names[] = {
        "x-amz-key",     "x-amz-key-v2",  "x-amz-iv",      "x-amz-matdesc", "x-amz-wrap-alg",
        "x-amz-cek-alg", "x-amz-tag-len", "x-amz-c",       "x-amz-w",       "x-amz-3",
        "x-amz-i",       "x-amz-d",       "x-amz-m",       "x-amz-t",
        "x-amz-unencrypted-content-length", "x-amz-unencrypted-content-md5",
        "x-amz-crypto-instr-file", "s3tools-gpgenc"};
    if (!ol_slice_ieq(ol_slice_first(name, sizeof(meta) - 1), ol_slice_cstr(meta)))
        return false;
    name = ol_slice_from(name, sizeof(meta) - 1);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (ol_slice_ieq(name, ol_slice_cstr(names[i])))
            return true;
    return false;
}
