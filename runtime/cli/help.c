/* SPDX-License-Identifier: MIT */
#include "cli/cli.h"

void ol_cli_print_overview(FILE *to)
{
    fprintf(to, "Usage: objlens COMMAND [options]\n\n"
                "Serve S3 objects through transforms.\n\n"
                "Commands:\n");
    for (size_t i = 0; i < ol_command_count; i++)
        if (!ol_commands[i]->hidden)
            fprintf(to, "  %-10s %s\n", ol_commands[i]->name, ol_commands[i]->summary);
    fprintf(to, "\n'objlens help COMMAND' says more about each.\n");
}

static int run(const ol_options *options)
{
    if (options->operand_count == 0) {
        ol_cli_print_overview(stdout);
        return OL_EXIT_OK;
    }
    const ol_command *command = ol_command_find(options->operands[0]);
    if (!command || command->hidden)
        return ol_cli_usage_unknown(options->operands[0]);
    ol_options_print_help(stdout, command);
    return OL_EXIT_OK;
}

const ol_command ol_command_help = {
    .name = "help",
    .operands = "[COMMAND]",
    .operands_max = 1,
    .summary = "Say what a command does and which options it has.",
    .run = run,
};
