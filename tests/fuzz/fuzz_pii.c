/* SPDX-License-Identifier: MIT */
/*
 * The pii transform: any bytes, cut anywhere. The first byte picks the payload and the cuts.
 * Beyond not crashing: cuts do not matter; a mask keeps every length, where nothing is decoded.
 */
#include <stdbool.h>

#include "shipped.h"

static const struct {
    const char *payload;
    bool keeps_length;
} ways[] = {
    {"", false},
    {"{\"mode\":\"mask\",\"decode\":false}", true},
    {"{\"entities\":[\"EMAIL_ADDRESS\"]}", false},
    {"{\"entities\":[\"IP_ADDRESS\",\"PHONE_NUMBER\"],\"mode\":\"mask\",\"mask_character\":\"#\","
     "\"decode\":false}", true},
    {"{\"entities\":\"ALL\"}", false},
    {"{\"entities\":[\"ALL\",\"PERSON\",\"LOCATION\"],\"mode\":\"mask\",\"decode\":false}", true},
    {"{\"mode\":\"report\"}", false},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct objlens_transform *pii;
    if (!pii)
        pii = direct_load("pii");
    if (size < 1)
        return 0;
    unsigned which = data[0] % (sizeof(ways) / sizeof(ways[0]));
    struct objlens_call call;
    int rc = run_twice(pii, ways[which].payload, data[0], data + 1, size - 1, &call);
    if (rc == OBJLENS_OK && ways[which].keeps_length && call.size != size - 1)
        abort();
    direct_fini(&call);

    /* And the bytes as a payload. */
    char *payload = strndup((const char *)data, size);
    run_twice(pii, payload, 1, (const uint8_t *)"a@b.cc", 6, &call);
    direct_fini(&call);
    free(payload);
    return 0;
}
