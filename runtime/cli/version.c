/* SPDX-License-Identifier: MIT */
#include "cli/cli.h"
#include "objlens/version.h"

static int run(const ol_options *options)
{
    (void)options;
    printf("objlens %s\n", OBJLENS_VERSION);
    return OL_EXIT_OK;
}

const ol_command ol_command_version = {
    .name = "version",
    .operands = "",
    .summary = "Print the version.",
    .run = run,
};
