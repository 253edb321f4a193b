/* SPDX-License-Identifier: MIT */
/*
 * The inside of an OpenPGP host: this same binary is started for each message. Not for people.
 */
#include "cli/cli.h"
#include "crypto/formats/pgp_host.h"

static int run(const ol_options *options)
{
    (void)options;
    return ol_pgp_host_main();
}

const ol_command ol_command_pgp_host = {
    .name = OL_PGP_HOST_COMMAND,
    .operands = "",
    .summary = "(internal)",
    .hidden = true,
    .run = run,
};
