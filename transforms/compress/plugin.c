/* SPDX-License-Identifier: MIT */
/*
 * The transform `compress`: what is stored plain is read compressed. README.md says how; this file
 * meets the host.
 *
 * The original is gathered into blocks of one size before the encoder sees it, so that the answer
 * does not depend on how it was cut on its way. A block that lies whole in a chunk is not copied.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../kit/encoded.h"
#include "../kit/output.h"
#include "config.h"
#include "limits.h"

struct instance {
    const struct objlens_host *host;
    struct objlens_call *call;
    const struct cp_format *format;
    void *encoder;
    struct kit_output out;
    size_t used; /* of `block` */
    uint8_t block[CP_BLOCK_BYTES];
};

static int cp_load(const struct objlens_host *host, char *reason, size_t reason_size)
{
    cp_snappy_prepare();
    return kit_load(host, reason, reason_size);
}

static int cp_configure(const struct objlens_host *host, const void *payload, size_t size, void **config,
                        char *reason, size_t reason_size)
{
    struct cp_config *made = NULL;
    (void)host;
    (void)reason;
    (void)reason_size;
    int rc = cp_config_new(payload, size, &made);
    *config = made;
    return rc;
}

static int set_head(const struct objlens_host *host, struct objlens_call *call, const struct cp_config *config)
{
    const char *name = config->as_encoding ? "content-encoding" : "content-type";
    const char *value = config->as_encoding ? config->format->content_encoding : config->format->media_type;
    return host->set_header(call, name, value, strlen(value));
}

static int cp_open(const struct objlens_host *host, struct objlens_call *call, void **instance)
{
    struct kit_config *kit;
    int rc = kit_refuse_encoded(host, call, "compress");
    if (rc == OBJLENS_OK)
        rc = kit_config_of(host, call, "compress", &kit);
    if (rc != OBJLENS_OK)
        return rc;
    const struct cp_config *config = (const struct cp_config *)kit;
    struct instance *in = host->alloc(call, sizeof(*in));
    if (!in)
        return OBJLENS_ENOMEM;
    rc = set_head(host, call, config);
    if (rc != OBJLENS_OK)
        return rc; /* the host frees what there is */
    in->host = host;
    in->call = call;
    in->format = config->format;
    in->encoder = config->format->open(config->level);
    kit_output_init(&in->out, host, call, 0);
    *instance = in;
    return in->encoder ? OBJLENS_OK : OBJLENS_ENOMEM;
}

/* One block, or what is left at the end. Others may work between two: an encoder takes its time. */
static int encode(struct instance *in, const uint8_t *bytes, size_t size, bool end)
{
    struct cp_io io = {.in = bytes, .in_size = size};
    enum cp_result result = CP_MORE;
    bool full = false;
    while (result == CP_MORE && (end || io.in_size > 0 || full)) {
        if (!kit_output_has_room(&in->out))
            return in->out.result;
        size_t room = in->out.size - in->out.used;
        io.out = in->out.room + in->out.used;
        io.out_size = room;
        result = in->format->run(in->encoder, &io, end);
        in->out.used += room - io.out_size;
        full = io.out_size == 0;
    }
    if (result == CP_NO_MEMORY)
        return OBJLENS_ENOMEM;
    kit_output_flush(&in->out);
    return in->out.result == OBJLENS_OK ? in->host->yield(in->call) : in->out.result;
}

static size_t gather(struct instance *in, const uint8_t *bytes, size_t size)
{
    size_t lacks = sizeof(in->block) - in->used, n = size < lacks ? size : lacks;
    memcpy(in->block + in->used, bytes, n);
    in->used += n;
    return n;
}

static int cp_write(void *instance, const void *bytes, size_t size)
{
    struct instance *in = instance;
    const uint8_t *from = bytes, *end = from + size;
    int rc = OBJLENS_OK;
    while (from < end && rc == OBJLENS_OK) {
        if (in->used == 0 && (size_t)(end - from) >= sizeof(in->block)) {
            rc = encode(in, from, sizeof(in->block), false);
            from += sizeof(in->block);
            continue;
        }
        from += gather(in, from, (size_t)(end - from));
        if (in->used == sizeof(in->block)) {
            in->used = 0;
            rc = encode(in, in->block, sizeof(in->block), false);
        }
    }
    return rc;
}

static int cp_finish(void *instance)
{
    struct instance *in = instance;
    return encode(in, in->block, in->used, true);
}

static void cp_close(void *instance)
{
    struct instance *in = instance;
    in->format->close(in->encoder);
    in->host->free(in->call, in);
}

static const struct objlens_transform compress = {
    OBJLENS_TRANSFORM_HEAD,
    .name = "compress",
    .version = "1.0",
    .flags = OBJLENS_REENTRANT | OBJLENS_IGNORES_IDENTITY,
    .load = cp_load,
    .open = cp_open,
    .write = cp_write,
    .finish = cp_finish,
    .close = cp_close,
    .configure = cp_configure,
    .unconfigure = free,
};

const struct objlens_transform *objlens_transform_v1(void)
{
    return &compress;
}
