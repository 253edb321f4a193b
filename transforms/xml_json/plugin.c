/* SPDX-License-Identifier: MIT */
/*
 * The transform `xml_json`: XML in, JSON with the conventions of xmltodict out. README.md says
 * which; this file only meets the host.
 *
 * Not reentrant: a host that holds one document at a time gives it all of its memory.
 */
#include <jansson.h>
#include <libxml/parser.h>
#include <objlens/transform.h>
#include <stdio.h>
#include <string.h>

#include "payload.h"
#include "write.h"

struct instance {
    const struct objlens_host *host;
    struct objlens_call *call;
    struct xj_config config;
    struct xj_parser parser;
    struct xj_writer writer;
};

static int xj_load(const struct objlens_host *host, char *reason, size_t reason_size)
{
    (void)host;
    json_object_seed(1); /* payloads come from the configuration: see transforms/pii */
    xmlInitParser();
    if (xmlHasFeature(XML_WITH_PUSH) && xmlHasFeature(XML_WITH_SAX1))
        return OBJLENS_OK;
    snprintf(reason, reason_size, "this libxml2 lacks the push parser or SAX1");
    return OBJLENS_EFAILED;
}

static int on_tree(void *arg, const struct xj_node *node)
{
    struct instance *in = arg;
    if (in->config.path.count > 0)
        xj_write_record(&in->writer, node);
    else
        xj_write_document(&in->writer, node);
    return in->writer.result;
}

static int prepare(struct instance *in)
{
    struct objlens_bytes payload;
    char reason[192], message[256];
    int rc = in->host->payload(in->call, &payload);
    if (rc != OBJLENS_OK)
        return rc;
    if (!xj_config_read(&in->config, payload.data, payload.size, reason, sizeof(reason))) {
        snprintf(message, sizeof(message), "xml_json: %s", reason);
        return in->host->fail(in->call, 500, "InvalidTransformPayload", message);
    }
    const char *type = in->config.path.count > 0 ? "application/x-ndjson" : "application/json";
    rc = in->host->set_header(in->call, "content-type", type, strlen(type));
    return rc == OBJLENS_OK ? xj_parser_init(&in->parser, in->config.memory_bytes) : rc;
}

static int xj_open(const struct objlens_host *host, struct objlens_call *call, void **instance)
{
    struct instance *in = host->alloc(call, sizeof(*in));
    if (!in)
        return OBJLENS_ENOMEM;
    in->host = in->parser.host = in->writer.host = host;
    in->call = in->parser.call = in->writer.call = call;
    in->parser.path = &in->config.path;
    in->parser.on_tree = on_tree;
    in->parser.arg = in;
    int rc = prepare(in);
    if (rc != OBJLENS_OK) {
        xj_parser_fini(&in->parser);
        host->free(call, in);
        return rc;
    }
    *instance = in;
    return OBJLENS_OK;
}

static int xj_write(void *instance, const void *bytes, size_t size)
{
    struct instance *in = instance;
    int rc = xj_parser_write(&in->parser, bytes, size);
    int flushed = xj_write_flush(&in->writer);
    return rc != OBJLENS_OK ? rc : flushed;
}

static int xj_finish(void *instance)
{
    struct instance *in = instance;
    int rc = xj_parser_finish(&in->parser);
    int flushed = xj_write_flush(&in->writer);
    return rc != OBJLENS_OK ? rc : flushed;
}

static void xj_close(void *instance)
{
    struct instance *in = instance;
    xj_parser_fini(&in->parser);
    in->host->free(in->call, in);
}

static const struct objlens_transform xml_json = {
    OBJLENS_TRANSFORM_HEAD,
    .name = "xml_json",
    .version = "1.0",
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
