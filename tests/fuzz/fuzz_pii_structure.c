/* SPDX-License-Identifier: MIT */
/*
 * The pii transform in structured objects: any bytes, cut anywhere, in every format and mode. The
 * first byte picks the payload and the cuts. Beyond not crashing: cuts do not matter; what is in
 * order and holds nothing comes out as it went in.
 */
#include <stdbool.h>

#include "shipped.h"

#define KEY "\"key\":\"0123456789abcdef\""

static const char *const payloads[] = {
    "{\"format\":\"json\"}",
    "{\"format\":\"json\",\"mode\":\"report\",\"fields\":{\"$.a.b\":\"US_SSN\",\"$..c\":\"redact\",\"d[*]\":\"keep\"}}",
    "{\"format\":\"json\",\"operator\":\"encrypt\"," KEY ",\"fields\":{\"a\":{\"operator\":\"ff1\",\"alphabet\":\"alnum\"}}}",
    "{\"format\":\"json\",\"mode\":\"restore\"," KEY ",\"fields\":{\"a\":\"ff1\"}}",
    "{\"format\":\"csv\"}",
    "{\"format\":\"csv\",\"template\":\"x,\\\"{type}\",\"fields\":{\"a\":\"mask\",\"#2\":{\"operator\":\"replace\",\"template\":\",{n}\"}}}",
    "{\"format\":\"tsv\",\"mode\":\"report\",\"csv\":{\"quote\":\"'\",\"header\":true}}",
    "{\"format\":\"xml\"}",
    "{\"format\":\"xml\",\"operator\":\"surrogate\"," KEY ",\"fields\":{\"/a/b/@c\":\"redact\",\"d\":{\"operator\":\"hash\"}}}",
    "{\"format\":\"form\",\"fields\":{\"a\":\"mask\"}}",
    "{\"format\":\"log\",\"fields\":{\"a\":\"mask\",\"b\":{\"operator\":\"date_shift\"}}," KEY "}",
    "{\"format\":\"text\",\"operator\":{\"operator\":\"mask\",\"keep_first\":2,\"keep_last\":2,\"keep_separators\":true}}",
    "{\"mode\":\"deny\",\"unsupported\":\"pass\"}",
    "{\"entities\":\"ALL\",\"threshold\":0,\"operator\":\"date_shift\"," KEY "}",
    "{\"custom\":[{\"name\":\"A\",\"pattern\":\"\\\\b(a|b)+c?$|^[^x]{3,9}y\"},{\"name\":\"B\",\"words\":[\"ab c\",\"k\"]}]}",
    "{\"format\":\"json\",\"operator\":\"keep\"}",
    "{\"format\":\"xml\",\"operator\":\"keep\"}",
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct objlens_transform *pii;
    if (!pii)
        pii = direct_load("pii");
    if (size < 1)
        return 0;
    unsigned which = data[0] % (sizeof(payloads) / sizeof(payloads[0]));
    struct objlens_call call;
    int rc = run_twice(pii, payloads[which], data[0], data + 1, size - 1, &call);
    bool keeps = strstr(payloads[which], "\"keep\"}") != NULL && which > 13;
    if (rc == OBJLENS_OK && keeps && (call.size != size - 1 || (call.size > 0 && memcmp(call.out, data + 1, call.size) != 0)))
        abort();
    direct_fini(&call);
    return 0;
}
