/* SPDX-License-Identifier: MIT */
/*
 * The engines that objlens has.
 */
#include <stdio.h>

#include "transform/host/host.h"

ol_host_engines ol_host_engines_all = {
    [OL_PROGRAM_LUA] = &ol_engine_lua,
    [OL_PROGRAM_SHARED] = &ol_engine_shared,
};

int ol_host_main(int argc, char **argv)
{
    (void)argv;
    if (argc > 2) {
        fputs("objlens: 'host' is started by objlens itself\n", stderr);
        return OL_HOST_EXIT_SERVER;
    }
    return ol_host_run(ol_host_engines_all);
}
