/* SPDX-License-Identifier: MIT */
/*
 * The transform `pii`: what identifies a person becomes [EMAIL_ADDRESS] and the like.
 * README.md says what is recognised and how; this file only meets the host.
 */
#include <jansson.h>
#include <objlens/transform.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "stream.h"

struct instance {
    const struct objlens_host *host;
    struct objlens_call *call;
    struct pii_config config;
    struct pii_stream stream;
};

static int pii_load(const struct objlens_host *host, char *reason, size_t reason_size)
{
    (void)host;
    (void)reason;
    (void)reason_size;
    /* Otherwise jansson would open /dev/urandom with the first payload. Payloads come from the
     * configuration, not from strangers: a fixed seed does no harm. */
    json_object_seed(1);
    return OBJLENS_OK;
}

/* Compressed bytes would pass unseen. */
static int refuse_encoded(const struct objlens_host *host, struct objlens_call *call)
{
    struct objlens_bytes encoding;
    if (host->object_header(call, "content-encoding", &encoding) != OBJLENS_OK)
        return OBJLENS_OK;
    static const char *const harmless[] = {"", "identity", "aws-chunked"};
    for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++)
        if (encoding.size == strlen(harmless[i]) &&
            strncasecmp(encoding.data, harmless[i], encoding.size) == 0)
            return OBJLENS_OK;
    return host->fail(call, 400, "InvalidTextEncoding",
                      "pii: the object has a Content-Encoding; decompress it first");
}

static int fail_payload(const struct objlens_host *host, struct objlens_call *call,
                        const char *reason)
{
    char message[256];
    snprintf(message, sizeof(message), "pii: %s", reason);
    return host->fail(call, 500, "InvalidTransformPayload", message);
}

static int pii_open(const struct objlens_host *host, struct objlens_call *call, void **instance)
{
    struct objlens_bytes payload;
    char reason[192];
    int rc = refuse_encoded(host, call);
    if (rc == OBJLENS_OK)
        rc = host->payload(call, &payload);
    if (rc != OBJLENS_OK)
        return rc;
    struct instance *made = host->alloc(call, sizeof(*made));
    if (!made)
        return OBJLENS_ENOMEM;
    made->host = host;
    made->call = call;
    if (!pii_config_read(&made->config, payload.data, payload.size, reason, sizeof(reason)))
        return fail_payload(host, call, reason);
    pii_stream_init(&made->stream, host, call, &made->config);
    *instance = made;
    return OBJLENS_OK;
}

static int pii_write(void *instance, const void *bytes, size_t size)
{
    struct instance *in = instance;
    return pii_stream_write(&in->stream, bytes, size);
}

static int pii_finish(void *instance)
{
    struct instance *in = instance;
    return pii_stream_finish(&in->stream);
}

static void pii_close(void *instance)
{
    struct instance *in = instance;
    in->host->free(in->call, in);
}

static const struct objlens_transform pii = {
    OBJLENS_TRANSFORM_HEAD,
    .name = "pii",
    .version = "1.0",
    .flags = OBJLENS_REENTRANT | OBJLENS_IGNORES_IDENTITY,
    .load = pii_load,
    .open = pii_open,
    .write = pii_write,
    .finish = pii_finish,
    .close = pii_close,
};

const struct objlens_transform *objlens_transform_v1(void)
{
    return &pii;
}
