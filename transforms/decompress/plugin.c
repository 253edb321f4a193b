/* SPDX-License-Identifier: MIT */
/*
 * The transform `decompress`: what is stored compressed is read plain. README.md says what is
 * recognised and how; this file only meets the host.
 *
 * Happy path: the first bytes tell the format (detect.c); a stream goes through unpack.c and the
 * format's decoder; a zip is read out of order, whole, by the callback that recognised it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "detect.h"
#include "media_type.h"
#include "unpack.h"
#include "zip.h"

enum state { HEAD, STREAM, PLAIN, OVER };

struct instance {
    const struct objlens_host *host;
    struct objlens_call *call;
    const struct dc_config *config; /* of all requests with this payload */
    const struct dc_format *hint;
    enum state state;
    size_t head_size;
    uint8_t head[DC_HEAD_BYTES];
    struct dc_output out;
    struct dc_unpack unpack;
};

static int dc_load(const struct objlens_host *host, char *reason, size_t reason_size)
{
    dc_snappy_prepare();
    return kit_load(host, reason, reason_size);
}

static int dc_configure(const struct objlens_host *host, const void *payload, size_t size, void **config,
                        char *reason, size_t reason_size)
{
    struct dc_config *made = NULL;
    (void)host;
    (void)reason;
    (void)reason_size;
    int rc = dc_config_new(payload, size, &made);
    *config = made;
    return rc;
}

static int dc_open(const struct objlens_host *host, struct objlens_call *call, void **instance)
{
    struct kit_config *config;
    int rc = kit_config_of(host, call, "decompress", &config);
    if (rc != OBJLENS_OK)
        return rc;
    struct instance *in = host->alloc(call, sizeof(*in));
    if (!in)
        return OBJLENS_ENOMEM;
    in->host = host;
    in->call = call;
    in->config = (const struct dc_config *)config;
    rc = kit_output_init(&in->out.kit, host, call, DC_HELD_BYTES);
    if (rc != OBJLENS_OK)
        return rc; /* the host frees what there is */
    in->hint = dc_hint(host, call);
    *instance = in;
    return OBJLENS_OK;
}

static int fail(struct instance *in, const char *text)
{
    char message[160];
    snprintf(message, sizeof(message), "decompress: %s", text);
    return in->host->fail(in->call, 400, "InvalidCompressionFormat", message);
}

/* The payload's name goes before the query's: an operator who names a file means that one. */
static int answer_zip(struct instance *in)
{
    struct objlens_bytes asked = {in->config->file_name, strlen(in->config->file_name)};
    in->state = OVER;
    if (asked.size == 0 &&
        in->host->event_get(in->call, "userRequest.query.file_name", &asked) != OBJLENS_OK)
        asked.size = 0;
    return dc_zip_answer(in->config, &in->out, asked.size > 0 ? asked.data : NULL, asked.size);
}

static int begin_stream(struct instance *in, const struct dc_format *format)
{
    int rc = dc_media_type_set(in->host, in->call);
    if (rc != OBJLENS_OK)
        return rc;
    in->state = STREAM;
    dc_unpack_init(&in->unpack, format, in->config, &in->out);
    return OBJLENS_OK;
}

/* The head is there: what is it? */
static int begin(struct instance *in)
{
    const struct dc_config *config = in->config;
    if (config->format)
        return begin_stream(in, config->format);
    struct dc_found found = dc_detect(in->head, in->head_size, in->hint);
    /* Something may stand before an archive: then only the payload knows that it is one. */
    if (found.kind == DC_KIND_ZIP || config->zip_only)
        return answer_zip(in);
    if (found.kind == DC_KIND_STREAM)
        return begin_stream(in, found.format);
    if (!config->pass_unrecognised)
        return fail(in, "the object is not compressed in a format that is known here");
    in->state = PLAIN;
    return OBJLENS_OK;
}

static int take(struct instance *in, const uint8_t *bytes, size_t size)
{
    if (in->state == PLAIN) {
        dc_output_write(&in->out, bytes, size);
        return in->out.kit.result;
    }
    enum dc_failure failure = dc_unpack_write(&in->unpack, bytes, size);
    if (in->out.kit.result != OBJLENS_OK)
        return in->out.kit.result;
    return dc_failure_report(failure, in->unpack.format, in->host, in->call);
}

static int take_head(struct instance *in)
{
    int rc = begin(in);
    if (rc != OBJLENS_OK || in->state == OVER)
        return rc;
    return in->head_size > 0 ? take(in, in->head, in->head_size) : OBJLENS_OK;
}

static int dc_write(void *instance, const void *bytes, size_t size)
{
    struct instance *in = instance;
    const uint8_t *from = bytes;
    int rc = OBJLENS_OK;
    if (in->state == HEAD) {
        size_t lacks = DC_HEAD_BYTES - in->head_size, n = size < lacks ? size : lacks;
        memcpy(in->head + in->head_size, from, n);
        in->head_size += n;
        from += n;
        size -= n;
        if (in->head_size < DC_HEAD_BYTES)
            return OBJLENS_OK;
        rc = take_head(in);
    }
    if (rc != OBJLENS_OK || in->state == OVER)
        return rc != OBJLENS_OK ? rc : OBJLENS_DONE;
    if (size > 0)
        rc = take(in, from, size);
    kit_output_flush(&in->out.kit);
    return rc == OBJLENS_OK ? in->out.kit.result : rc;
}

static int dc_finish(void *instance)
{
    struct instance *in = instance;
    int rc = in->state == HEAD ? take_head(in) : OBJLENS_OK;
    if (rc == OBJLENS_OK && in->state == STREAM)
        rc = dc_failure_report(dc_unpack_finish(&in->unpack), in->unpack.format, in->host, in->call);
    if (rc != OBJLENS_OK)
        return rc;
    kit_output_finish(&in->out.kit);
    return in->out.kit.result;
}

static void dc_close(void *instance)
{
    struct instance *in = instance;
    dc_unpack_fini(&in->unpack);
    kit_output_fini(&in->out.kit);
    in->host->free(in->call, in);
}

static const struct objlens_transform decompress = {
    OBJLENS_TRANSFORM_HEAD,
    .name = "decompress",
    .version = "1.0",
    .flags = OBJLENS_REENTRANT | OBJLENS_IGNORES_IDENTITY,
    .load = dc_load,
    .open = dc_open,
    .write = dc_write,
    .finish = dc_finish,
    .close = dc_close,
    .configure = dc_configure,
    .unconfigure = free,
};

const struct objlens_transform *objlens_transform_v1(void)
{
    return &decompress;
}
