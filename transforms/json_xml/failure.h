/* SPDX-License-Identifier: MIT */
/* Why a document could not be converted: the first reason stands. No text holds anything of the
 * document but a position. */
#ifndef JX_FAILURE_H
#define JX_FAILURE_H

#include <objlens/transform.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum jx_reason {
    JX_NONE,
    JX_MALFORMED,   /* not JSON */
    JX_UNSUPPORTED, /* JSON that is no XML by the convention */
    JX_TOO_LARGE,   /* over a limit of limits.h */
    JX_NO_MEMORY
};

struct jx_failure {
    enum jx_reason reason;
    const char *text;
    uint64_t at; /* the byte of the input, from 1 on, that it was seen at; filled by the reader */
};

/* Always false. */
static inline bool jx_fail(struct jx_failure *f, enum jx_reason reason, const char *text)
{
    if (f->reason == JX_NONE) {
        f->reason = reason;
        f->text = text;
    }
    return false;
}

/* Tell the host. Returns what the callback is to return. */
static inline int jx_failure_report(const struct jx_failure *f, const struct objlens_host *host,
                                    struct objlens_call *call)
{
    static const char *const codes[] = {[JX_MALFORMED] = "MalformedJSON",
                                        [JX_UNSUPPORTED] = "UnsupportedJSON",
                                        [JX_TOO_LARGE] = "EntityTooLarge"};
    char message[200];
    if (f->reason == JX_NONE)
        return OBJLENS_OK;
    if (f->reason == JX_NO_MEMORY)
        return OBJLENS_ENOMEM;
    snprintf(message, sizeof(message), "json_xml: byte %llu: %s", (unsigned long long)f->at, f->text);
    return host->fail(call, 400, codes[f->reason], message);
}

#endif
