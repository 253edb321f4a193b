/* SPDX-License-Identifier: MIT */
/*
 * One compressed file, fed in pieces: its streams (members, frames) one after the other, what
 * stands behind them, and the limits. Also used for an entry of a zip.
 */
#ifndef DC_UNPACK_H
#define DC_UNPACK_H

#include "config.h"
#include "output.h"

enum dc_failure {
    DC_FINE,
    DC_FAIL_DAMAGED,
    DC_FAIL_TRUNCATED,
    DC_FAIL_TRAILING,
    DC_FAIL_MEMORY_LIMIT,
    DC_FAIL_DICTIONARY,
    DC_FAIL_RATIO,
    DC_FAIL_NO_MEMORY
};

struct dc_unpack {
    const struct dc_format *format;
    const struct dc_config *config;
    struct dc_output *out;
    void *decoder;       /* NULL between streams */
    bool made_any;       /* this stream gave a byte, or ended well */
    bool complete;       /* at least one stream ended */
    uint64_t zeros;      /* behind the last stream */
    bool over;           /* nothing that comes counts */
    uint64_t taken, made;
    uint64_t made_max; /* more is damage */
};

void dc_unpack_init(struct dc_unpack *u, const struct dc_format *format,
                    const struct dc_config *config, struct dc_output *out);
void dc_unpack_fini(struct dc_unpack *u);

/* May wait for output. A failure of the host is in `out->kit.result`, and DC_FINE the answer. */
enum dc_failure dc_unpack_write(struct dc_unpack *u, const uint8_t *bytes, size_t size);
/* The file ends here. */
enum dc_failure dc_unpack_finish(struct dc_unpack *u);

/* Fail the request with what is wrong. */
int dc_failure_report(enum dc_failure failure, const struct dc_format *format,
                      const struct objlens_host *host, struct objlens_call *call);

#endif
