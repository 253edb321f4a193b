/* SPDX-License-Identifier: MIT */
/*
 * The transform `json_xml`: the way back from what xml_json makes, and from what others make by the
 * same conventions. README.md says how; this file only meets the host.
 *
 * Happy path: bytes → reader.c (JSON) → build.c (the convention) → xml.c (tags and text) → the
 * kit's output. Whatever goes wrong first is in `failure`.
 */
#include <stdlib.h>
#include <string.h>

#include "../kit/encoded.h"
#include "reader.h"

struct instance {
    const struct objlens_host *host;
    struct objlens_call *call;
    struct jx_failure failure;
    struct kit_output out;
    struct jx_build build;
    struct jx_reader reader;
};

static int jx_configure(const struct objlens_host *host, const void *payload, size_t size, void **config,
                        char *reason, size_t reason_size)
{
    struct jx_config *made = NULL;
    (void)host;
    (void)reason;
    (void)reason_size;
    int rc = jx_config_new(payload, size, &made);
    *config = made;
    return rc;
}

static int set_up(struct instance *in, const struct jx_config *config)
{
    static const char type[] = "application/xml";
    int rc = in->host->set_header(in->call, "content-type", type, sizeof(type) - 1);
    if (rc == OBJLENS_OK)
        rc = kit_output_init(&in->out, in->host, in->call, JX_OUTPUT_HELD_BYTES);
    if (rc != OBJLENS_OK)
        return rc;
    if (!jx_build_init(&in->build, config, &in->out, &in->failure))
        return OBJLENS_ENOMEM;
    jx_reader_init(&in->reader, &in->build, &in->failure);
    return OBJLENS_OK;
}

static int jx_open(const struct objlens_host *host, struct objlens_call *call, void **instance)
{
    struct kit_config *config;
    int rc = kit_refuse_encoded(host, call, "json_xml");
    if (rc == OBJLENS_OK)
        rc = kit_config_of(host, call, "json_xml", &config);
    if (rc != OBJLENS_OK)
        return rc;
    struct instance *in = host->alloc(call, sizeof(*in));
    if (!in)
        return OBJLENS_ENOMEM;
    in->host = host;
    in->call = call;
    rc = set_up(in, (const struct jx_config *)config);
    if (rc == OBJLENS_OK)
        *instance = in; /* else the host frees it */
    return rc;
}

/* At the end of a callback. */
static int result(struct instance *in)
{
    return in->out.result != OBJLENS_OK ? in->out.result
                                        : jx_failure_report(&in->failure, in->host, in->call);
}

static int jx_write(void *instance, const void *bytes, size_t size)
{
    struct instance *in = instance;
    jx_reader_write(&in->reader, bytes, size);
    kit_output_flush(&in->out);
    return result(in);
}

static int jx_finish(void *instance)
{
    struct instance *in = instance;
    jx_reader_finish(&in->reader);
    int rc = result(in);
    if (rc != OBJLENS_OK)
        return rc;
    kit_output_finish(&in->out);
    return in->out.result;
}

static void jx_close(void *instance)
{
    struct instance *in = instance;
    jx_build_fini(&in->build);
    kit_output_fini(&in->out);
    in->host->free(in->call, in);
}

static const struct objlens_transform json_xml = {
    OBJLENS_TRANSFORM_HEAD,
    .name = "json_xml",
    .version = "1.0",
    .flags = OBJLENS_REENTRANT | OBJLENS_IGNORES_IDENTITY,
    .load = kit_load,
    .open = jx_open,
    .write = jx_write,
    .finish = jx_finish,
    .close = jx_close,
    .configure = jx_configure,
    .unconfigure = free,
};

const struct objlens_transform *objlens_transform_v1(void)
{
    return &json_xml;
}
