/* SPDX-License-Identifier: MIT */
/*
 * Attacks on the server through the memory that it shares with the host: counters, pages, forged messages.
 */
#ifndef OL_TESTS_ESCAPE_RING_H
#define OL_TESTS_ESCAPE_RING_H

#include "escape.h"

static uint64_t random_word(void)
{
    static uint64_t state = 88172645463325252ull;
    state ^= state << 13;
    state ^= state >> 7;
    return state ^= state << 17;
}

/* ---- counters and pages ---- */

TRY(ring_tail_far) { find_memory(); *TO_SERVER_TAIL += 100000; wake_server(); return wait_for_the_end(); }
TRY(ring_tail_back) { find_memory(); *TO_SERVER_TAIL -= 1; wake_server(); return wait_for_the_end(); }
TRY(ring_head_far) { find_memory(); *TO_HOST_HEAD += 100000; wake_server(); return wait_for_the_end(); }
TRY(ring_server_words)
{
    find_memory();
    *TO_HOST_TAIL = *TO_SERVER_HEAD = 0xffffffff;
    wake_server();
    return wait_for_the_end();
}
TRY(ring_control_page) { find_memory(); memset(base, 0xff, 4096); wake_server(); return wait_for_the_end(); }
TRY(ring_all_of_it) { find_memory(); memset(base, 0xa5, 4096 + 2 * RING * 64); wake_server(); return wait_for_the_end(); }
TRY(ring_random_messages)
{
    find_memory();
    for (uint32_t i = 0; i < RING; i++) {
        uint64_t *words = (uint64_t *)to_server(i);
        for (int k = 0; k < 8; k++)
            words[k] = random_word();
    }
    *TO_SERVER_TAIL = *TO_SERVER_HEAD + RING;
    wake_server();
    return wait_for_the_end();
}
/* The pages go, in the middle of what the server reads. */
TRY(ring_torn)
{
    find_memory();
    for (;;) {
        madvise(base, 4096 + 2 * RING * 64 + (1 << 20), 9 /* MADV_REMOVE */);
        wake_server();
    }
}
/* ---- messages ---- */

#define FORGE(name, ...)                                                                           \
    TRY(name)                                                                                      \
    {                                                                                              \
        find_memory();                                                                             \
        say((struct message){__VA_ARGS__});                                                        \
        return wait_for_the_end();                                                                 \
    }
#define JOB_0 (1u << 8)
FORGE(forge_loaded, .type = 32, .length = 10)
FORGE(forge_other_job, .type = 40, .job = 5 | 1 << 8)
FORGE(forge_unknown, .type = 77, .job = JOB_0)
FORGE(forge_server_message, .type = 2, .job = JOB_0)
FORGE(forge_output, .type = 34, .job = JOB_0, .slot = 0xfffffff0, .offset = 0xfffffff0, .length = 0x7fffffff)
FORGE(forge_text, .type = 33, .job = JOB_0, .offset = 0xffffff00, .length = 0x00100000)
FORGE(forge_failure, .type = 41, .job = JOB_0, .code = 0x7fffffff, .offset = 0x7fffffff, .length = 32768)
FORGE(forge_read, .type = 37, .job = JOB_0, .a = UINT64_MAX, .length = UINT32_MAX)
FORGE(forge_log, .type = 38, .job = JOB_0, .code = -1, .offset = 0, .length = 4)
TRY(forge_wants)
{
    find_memory();
    for (;;) {
        say((struct message){.type = 36, .job = JOB_0});
        while (*TO_SERVER_HEAD != *TO_SERVER_TAIL)
            poll(NULL, 0, 1); /* it is not to be ended for computing */
    }
}
TRY(wake_storm)
{
    for (;;)
        wake_server();
}
/* Texts and counters change while the server reads them. */
TRY(ring_flicker)
{
    find_memory();
    for (uint32_t i = 0;; i++) {
        *to_server(i) = (struct message){.type = (uint16_t)(32 + i % 10), .job = JOB_0, .length = i};
        *TO_SERVER_TAIL = i;
        *SERVER_SLEEPS = *HOST_SLEEPS = i & 1;
        if (i % 64 == 0)
            wake_server();
    }
}

#endif
