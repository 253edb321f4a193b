/* SPDX-License-Identifier: MIT */
/*
 * The engines that objlens has.
 */
#include <stdio.h>

#include "transform/host/host.h"

int ol_host_main(int argc, char **argv)
{
    static const ol_engine_ops *const engines[OL_PROGRAM_SHARED + 1] = {
        [OL_PROGRAM_LUA] = &ol_engine_lua,
        [OL_PROGRAM_SHARED] = &ol_engine_shared,
    };
    (void)argv;
    if (argc > 2) {
        fputs("objlens: 'host' is started by objlens itself\n", stderr);
        return OL_HOST_EXIT_SERVER;
    }
    return ol_host_run(engines);
}
