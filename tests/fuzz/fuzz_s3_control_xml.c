/* SPDX-License-Identifier: MIT */
/* What the s3control API is sent. Input: the document. */
#include <assert.h>

#include "s3/documents/control_documents.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_olap(const ol_control_olap *olap)
{
    unsigned taken = 0;
    ol_buf xml;
    assert(olap->transformation_count >= 1 &&
           olap->transformation_count <= OL_CONTROL_TRANSFORMATIONS_MAX);
    for (size_t i = 0; i < olap->transformation_count; i++) {
        const ol_control_transformation *t = &olap->transformations[i];
        ol_function_name name;
        assert(t->actions != 0 && (t->actions & taken) == 0);
        taken |= t->actions;
        assert(ol_function_name_parse(t->function, &name) && name.name.len > 0);
        assert(t->payload.len <= OL_CONTROL_PAYLOAD_BYTES_MAX);
    }
    ol_buf_init(&xml, 16 << 20);
    assert(ol_control_xml_olap_configuration(&xml, olap) == OL_OK);
    ol_buf_fini(&xml);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ol_arena *arena = ol_arena_new(16 << 20);
    ol_slice input = ol_slice_of(data, size), policy;
    ol_control_access_point access_point;
    ol_control_olap olap;
    ol_function_name name;
    ol_error err = {0};
    if (!arena)
        return 0;
    int rc = ol_control_parse_access_point(input, arena, &access_point, &err);
    assert(rc == err.code);
    if (rc == OL_OK)
        assert(access_point.bucket.len > 0 &&
               access_point.prefix_count <= OL_CONTROL_SCOPE_PREFIXES_MAX);
    ol_error_clear(&err);
    rc = ol_control_parse_olap(input, arena, &olap, &err);
    assert(rc == err.code);
    if (rc == OL_OK)
        check_olap(&olap);
    ol_error_clear(&err);
    rc = ol_control_parse_policy(input, arena, &policy, &err);
    assert(rc == err.code);
    ol_function_name_parse(input, &name);
    ol_access_point_name_ok(input, true);
    ol_arena_destroy(arena);
    return 0;
}
