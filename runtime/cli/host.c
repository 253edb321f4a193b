/* SPDX-License-Identifier: MIT */
/*
 * The inside of a transform host: the server starts this same binary for each. Not for people.
 */
#include "cli/cli.h"
#include "transform/host/host.h"

static int run(const ol_options *options)
{
    return ol_host_main(options->argc, options->argv);
}

const ol_command ol_command_host = {
    .name = "host",
    .operands = "",
    .summary = "(internal)",
    .hidden = true,
    .run = run,
};
