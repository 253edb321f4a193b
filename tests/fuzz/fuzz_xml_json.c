/* SPDX-License-Identifier: MIT */
/*
 * The xml_json transform: any bytes, cut anywhere. The first byte picks the payload and the
 * cuts. Beyond not crashing: cuts do not matter, and what comes out is UTF-8.
 */
#include "shipped.h"

#include "base/slice.h"

static const char *const payloads[] = {"", "{\"memory_bytes\":262144}", "{\"records\":\"/r/a\"}",
                                       "{\"records\":\"/r\"}"};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct objlens_transform *xml_json;
    if (!xml_json)
        xml_json = direct_load("xml_json");
    if (size < 1)
        return 0;
    struct objlens_call call;
    int rc = run_twice(xml_json, payloads[data[0] % 4], data[0], data + 1, size - 1, &call);
    if (rc == OBJLENS_OK && !ol_slice_is_utf8(ol_slice_of(call.out, call.size)))
        abort();
    direct_fini(&call);

    char *payload = strndup((const char *)data, size);
    run_twice(xml_json, payload, 1, (const uint8_t *)"<r><a/></r>", 11, &call);
    direct_fini(&call);
    free(payload);
    return 0;
}
