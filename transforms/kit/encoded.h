/* SPDX-License-Identifier: MIT */
/* For transforms that read text: compressed bytes are none. Header only. */
#ifndef KIT_ENCODED_H
#define KIT_ENCODED_H

#include <objlens/transform.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static inline bool kit_is_plain_encoding(const struct objlens_bytes *encoding)
{
    static const char *const plain[] = {"", "identity", "aws-chunked"};
    for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
        if (encoding->size == strlen(plain[i]) &&
            strncasecmp(encoding->data, plain[i], encoding->size) == 0)
            return true;
    return false;
}

/* OBJLENS_OK, or the request has failed: the object has a Content-Encoding. */
static inline int kit_refuse_encoded(const struct objlens_host *host, struct objlens_call *call,
                                     const char *name)
{
    struct objlens_bytes encoding;
    char message[160];
    if (host->object_header(call, "content-encoding", &encoding) != OBJLENS_OK ||
        kit_is_plain_encoding(&encoding))
        return OBJLENS_OK;
    snprintf(message, sizeof(message), "%s: the object has a Content-Encoding; decompress it first", name);
    return host->fail(call, 400, "InvalidTextEncoding", message);
}

#endif
