/* SPDX-License-Identifier: MIT */
#include "unpack.h"

#include <stdio.h>

void dc_unpack_init(struct dc_unpack *u, const struct dc_format *format,
                    const struct dc_config *config, struct dc_output *out)
{
    *u = (struct dc_unpack){
        .format = format, .config = config, .out = out, .made_max = UINT64_MAX};
}

void dc_unpack_fini(struct dc_unpack *u)
{
    if (u->decoder)
        u->format->close(u->decoder);
    u->decoder = NULL;
}

static bool is_bomb(const struct dc_unpack *u)
{
    return u->made > DC_RATIO_FREE_BYTES && u->made / u->config->ratio_max > u->taken;
}

/* Zeros behind the end are padding (tapes, tar, xz); between streams only xz has them, by fours. */
static enum dc_failure between(struct dc_unpack *u, struct dc_io *io)
{
    for (; io->in_size > 0 && *io->in == 0 && u->complete; io->in++, io->in_size--)
        u->zeros++;
    if (io->in_size == 0)
        return DC_FINE;
    bool padded = u->zeros > 0 && (u->format != &dc_xz || u->zeros % 4 != 0);
    if (u->complete && (!u->format->joins || padded)) {
        u->over = u->config->ignore_trailing;
        return u->over ? DC_FINE : DC_FAIL_TRAILING;
    }
    u->decoder = u->format->open(u->config->memory_bytes);
    u->made_any = false;
    u->zeros = 0;
    return u->decoder ? DC_FINE : DC_FAIL_NO_MEMORY;
}

/* What follows a complete stream and is none itself is no damage, but garbage. */
static enum dc_failure damaged(struct dc_unpack *u)
{
    if (!u->complete || u->made_any)
        return DC_FAIL_DAMAGED;
    u->over = u->config->ignore_trailing;
    return u->over ? DC_FINE : DC_FAIL_TRAILING;
}

static enum dc_failure judge(struct dc_unpack *u, enum dc_result result)
{
    switch (result) {
    case DC_MORE: return is_bomb(u) ? DC_FAIL_RATIO : DC_FINE;
    case DC_BAD: return damaged(u);
    case DC_TOO_LARGE: return DC_FAIL_MEMORY_LIMIT;
    case DC_DICTIONARY: return DC_FAIL_DICTIONARY;
    case DC_NO_MEMORY: return DC_FAIL_NO_MEMORY;
    case DC_END: break;
    }
    u->complete = true;
    dc_unpack_fini(u);
    return is_bomb(u) ? DC_FAIL_RATIO : DC_FINE;
}

/* One turn of the decoder. *idle: it neither took nor gave anything. */
static enum dc_failure turn(struct dc_unpack *u, struct dc_io *io, bool *idle)
{
    size_t room, in = io->in_size;
    if (!dc_output_room(u->out, &io->out, &room))
        return DC_FINE;
    io->out_size = room;
    enum dc_result result = u->format->run(u->decoder, io);
    size_t made = room - io->out_size;
    dc_output_took(u->out, made);
    u->made += made;
    u->taken += in - io->in_size;
    u->made_any |= made > 0;
    *idle = made == 0 && in == io->in_size && result == DC_MORE;
    return u->made > u->made_max ? DC_FAIL_DAMAGED : judge(u, result);
}

enum dc_failure dc_unpack_write(struct dc_unpack *u, const uint8_t *bytes, size_t size)
{
    struct dc_io io = {.in = bytes, .in_size = size, .out_size = 1};
    enum dc_failure failure = DC_FINE;
    bool idle = false;
    /* With its input used up it may still have more than there was room for. */
    while (failure == DC_FINE && !u->over && u->out->kit.result == OBJLENS_OK &&
           (io.in_size > 0 || (u->decoder && io.out_size == 0))) {
        failure = u->decoder ? turn(u, &io, &idle) : between(u, &io);
        if (idle && io.in_size > 0 && failure == DC_FINE)
            failure = DC_FAIL_DAMAGED;
    }
    return failure;
}

enum dc_failure dc_unpack_finish(struct dc_unpack *u)
{
    if (u->over || u->out->kit.result != OBJLENS_OK)
        return DC_FINE;
    if (u->decoder && u->format->may_end && u->format->may_end(u->decoder))
        return DC_FINE;
    return u->decoder || !u->complete ? DC_FAIL_TRUNCATED : DC_FINE;
}

int dc_failure_report(enum dc_failure failure, const struct dc_format *format,
                      const struct objlens_host *host, struct objlens_call *call)
{
    static const struct {
        const char *code, *text;
    } texts[] = {
        [DC_FAIL_DAMAGED] = {"InvalidCompressionFormat", "the data is damaged, or of another format"},
        [DC_FAIL_TRUNCATED] = {"TruncatedInput", "the data ends too early"},
        [DC_FAIL_TRAILING] = {"InvalidCompressionFormat",
                              "something else follows the compressed data (see \"trailing\")"},
        [DC_FAIL_MEMORY_LIMIT] = {"EntityTooLarge", "it takes more than memory_bytes to open"},
        [DC_FAIL_DICTIONARY] = {"InvalidCompressionFormat",
                                "it was made with a dictionary, and none is known here"},
        [DC_FAIL_RATIO] = {"EntityTooLarge", "it grows by more than max_ratio"},
    };
    char message[160];
    if (failure == DC_FINE)
        return OBJLENS_OK;
    if (failure == DC_FAIL_NO_MEMORY)
        return OBJLENS_ENOMEM;
    snprintf(message, sizeof(message), "decompress: %s: %s", format->name, texts[failure].text);
    return host->fail(call, 400, texts[failure].code, message);
}
