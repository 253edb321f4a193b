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

#include "../kit/encoded.h"
#include "reader.h"

struct instance {
    const struct objlens_host *host;
    struct objlens_call *call;
    const struct xj_config *config; /* of all requests with this payload */
    struct xj_failure failure;
    struct kit_output out;
    struct xj_document document;
    struct xj_parser parser;
    struct xj_reader reader;
};

static int xj_load(const struct objlens_host *host, char *reason, size_t reason_size)
{
    int rc = kit_load(host, reason, reason_size);
    if (rc != OBJLENS_OK)
        return rc;
    xj_charsets_prepare();
    if (xj_parser_prepare())
        return OBJLENS_OK;
    snprintf(reason, reason_size, "libxml2 does not work");
    return OBJLENS_EFAILED;
}

static int xj_configure(const struct objlens_host *host, const void *payload, size_t size, void **config,
                        char *reason, size_t reason_size)
{
    struct xj_config *made = NULL;
    (void)host;
    (void)reason;
    (void)reason_size;
    int rc = xj_config_new(payload, size, &made);
    *config = made;
    return rc;
}

static void xj_unconfigure(void *config)
{
    xj_config_destroy(config);
}

static int set_up(struct instance *in)
{
    const struct objlens_host *host = in->host;
    const struct xj_config *config = in->config;
    bool records = xj_config_has_records(config), lines = records && !config->as_array;
    bool streams = records || config->convention.is_array;
    const char *type = lines ? "application/x-ndjson" : "application/json";
    int rc = host->set_header(in->call, "content-type", type, strlen(type));
    if (rc == OBJLENS_OK)
        rc = kit_output_init(&in->out, host, in->call, streams ? XJ_OUTPUT_HELD_BYTES : 0);
    if (rc != OBJLENS_OK)
        return rc;
    xj_document_init(&in->document, config, &in->failure, &in->out);
    if (!xj_parser_init(&in->parser, &in->document, &in->failure))
        return OBJLENS_ENOMEM;
    xj_reader_init(&in->reader, &in->parser, &in->failure);
    return OBJLENS_OK;
}

static int xj_open(const struct objlens_host *host, struct objlens_call *call, void **instance)
{
    struct kit_config *config;
    int rc = kit_refuse_encoded(host, call, "xml_json");
    if (rc == OBJLENS_OK)
        rc = kit_config_of(host, call, "xml_json", &config);
    if (rc != OBJLENS_OK)
        return rc;
    struct instance *in = host->alloc(call, sizeof(*in));
    if (!in)
        return OBJLENS_ENOMEM;
    in->host = host;
    in->call = call;
    in->config = (const struct xj_config *)config;
    rc = set_up(in);
    if (rc == OBJLENS_OK)
        *instance = in; /* else the host frees it */
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
    kit_output_flush(&in->out);
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
    xj_reader_fini(&in->reader);
    xj_parser_fini(&in->parser);
    xj_document_fini(&in->document);
    kit_output_fini(&in->out);
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
    .configure = xj_configure,
    .unconfigure = xj_unconfigure,
};

const struct objlens_transform *objlens_transform_v1(void)
{
    return &xml_json;
}
