/* SPDX-License-Identifier: MIT */
#include "cli/run_pool.h"

#include <stdio.h>

int ol_run_pool_new(ol_pool **pool, ol_loop *loop, uint32_t chunk_bytes, ol_error *err)
{
    ol_pool_options options;
    ol_pool_options_default(&options);
    options.hosts_max = 1;
    options.jobs_max = 1;
    options.queue_max = 1;
    options.pause_ms = 0; /* there is nobody whom an author's failing transform could hold up */
    if (chunk_bytes)
        options.slot_bytes = chunk_bytes;
    return ol_pool_new(pool, loop, &options, err);
}

void ol_run_log(void *arg, const char *level, ol_slice text)
{
    (void)arg;
    flockfile(stderr);
    fprintf(stderr, "%s: ", level);
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        bool control = (c < ' ' && c != '\t') || c == 0x7f;
        if (control)
            fprintf(stderr, "\\x%02x", c);
        else
            fputc(c, stderr);
    }
    fputc('\n', stderr);
    funlockfile(stderr);
}
