/* SPDX-License-Identifier: MIT */
/*
 * The transform `xml_json`: XML becomes JSON by xmltodict's conventions. README.md says how;
 * this file only meets the host.
 *
 * Happy path: bytes → decoder.c (UTF-8) → reader.c (blocks) → parser.c (libxml2) → document.c →
 * tree.c, and from there value.c → out.c when the document, or a record, has ended. Whatever goes
 * wrong first is in `failure` and reported by the callback that it happened in.
 */
#include <objlens/transform.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "reader.h"

struct instance {
    const struct objlens_host *host;
    struct objlens_call *call;
    struct xj_config config;
    struct xj_failure failure;
    uint8_t *held; /* for `out` */
    struct xj_out out;
    struct xj_document document;
    struct xj_parser parser;
    struct xj_reader reader;
};

static int xj_load(const struct objlens_host *host, char *reason, size_t reason_size)
{
    (void)host;
    /* Otherwise jansson would open /dev/urandom with the first payload. What it hashes comes from
     * the configuration, not from strangers: a fixed seed does no harm. */
    json_object_seed(1);
    if (xj_parser_prepare())
        return OBJLENS_OK;
    snprintf(reason, reason_size, "libxml2 does not work");
    return OBJLENS_EFAILED;
}

static bool is_harmless(const struct objlens_bytes *encoding)
{
    static const char *const harmless[] = {"", "identity", "aws-chunked"};
    for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++)
        if (encoding->size == strlen(harmless[i]) &&
            strncasecmp(encoding->data, harmless[i], encoding->size) == 0)
            return true;
    return false;
}

static int refuse_encoded(const struct objlens_host *host, struct objlens_call *call)
{
    struct objlens_bytes encoding;
    if (host->object_header(call, "content-encoding", &encoding) != OBJLENS_OK ||
        is_harmless(&encoding))
        return OBJLENS_OK;
    return host->fail(call, 400, "InvalidTextEncoding",
                      "xml_json: the object has a Content-Encoding; decompress it first");
}

static int read_payload(struct instance *in)
{
    struct objlens_bytes payload;
    char reason[160], message[192];
    int rc = in->host->payload(in->call, &payload);
    if (rc != OBJLENS_OK ||
        xj_config_read(&in->config, payload.data, payload.size, reason, sizeof(reason)))
        return rc;
    snprintf(message, sizeof(message), "xml_json: %s", reason);
    return in->host->fail(in->call, 500, "InvalidTransformPayload", message);
}

static int set_up(struct instance *in)
{
    const struct objlens_host *host = in->host;
    int rc = read_payload(in);
    if (rc != OBJLENS_OK)
        return rc;
    bool records = in->config.path_count > 0, lines = records && !in->config.as_array;
    bool streams = records || in->config.convention.is_array;
    if (streams && !(in->held = host->alloc(in->call, XJ_OUTPUT_HELD_BYTES)))
        return OBJLENS_ENOMEM;
    const char *type = lines ? "application/x-ndjson" : "application/json";
    rc = host->set_header(in->call, "content-type", type, strlen(type));
    if (rc != OBJLENS_OK)
        return rc;
    xj_out_init(&in->out, host, in->call, in->held);
    xj_document_init(&in->document, &in->config, &in->failure, &in->out);
    if (!xj_parser_init(&in->parser, &in->document, &in->failure))
        return OBJLENS_ENOMEM;
    xj_reader_init(&in->reader, &in->parser, &in->failure);
    return OBJLENS_OK;
}

static int xj_open(const struct objlens_host *host, struct objlens_call *call, void **instance)
{
    int rc = refuse_encoded(host, call);
    if (rc != OBJLENS_OK)
        return rc;
    struct instance *in = host->alloc(call, sizeof(*in));
    if (!in)
        return OBJLENS_ENOMEM;
    in->host = host;
    in->call = call;
    rc = set_up(in);
    if (rc == OBJLENS_OK)
        *instance = in;
    else
        xj_config_fini(&in->config); /* the host frees the rest */
    return rc;
}

/* At the end of a callback. */
static int result(struct instance *in)
{
    if (in->out.result != OBJLENS_OK)
        return in->out.result;
    if (in->failure.reason != XJ_NONE)
        return xj_failure_report(&in->failure, in->host, in->call);
    return OBJLENS_OK;
}

static int xj_write(void *instance, const void *bytes, size_t size)
{
    struct instance *in = instance;
    xj_reader_write(&in->reader, bytes, size);
    xj_out_flush(&in->out);
    return result(in);
}

static int xj_finish(void *instance)
{
    struct instance *in = instance;
    xj_reader_finish(&in->reader);
    int rc = result(in);
    if (rc == OBJLENS_OK) {
        xj_document_finish(&in->document);
        rc = result(in);
    }
    return rc;
}

static void xj_close(void *instance)
{
    struct instance *in = instance;
    xj_parser_fini(&in->parser);
    xj_document_fini(&in->document);
    xj_config_fini(&in->config);
    in->host->free(in->call, in->held);
    in->host->free(in->call, in);
}

static const struct objlens_transform xml_json = {
    OBJLENS_TRANSFORM_HEAD,
    .name = "xml_json",
    .version = "1.0",
    .flags = OBJLENS_REENTRANT | OBJLENS_IGNORES_IDENTITY,
    .load = xj_load,
    .open = xj_open,
    .write = xj_write,
    .finish = xj_finish,
    .close = xj_close,
};

const struct objlens_transform *objlens_transform_v1(void)
{
    return &xml_json;
}
