/* SPDX-License-Identifier: MIT */
/*
 * The command line of objlens: one file a subcommand, all of them in one table.
 *
 * Exit codes: 0 all went well; 1 it did not, and standard error says why; 2 the command line is
 * not understood; 3 (run) it failed after part of the output had been written, (decrypt) it was
 * refused and nothing was written.
 */
#ifndef OL_CLI_CLI_H
#define OL_CLI_CLI_H

#include "cli/options.h"

enum ol_exit { OL_EXIT_OK, OL_EXIT_FAILED, OL_EXIT_USAGE, OL_EXIT_PARTIAL };

extern const ol_command ol_command_serve;
extern const ol_command ol_command_run;
extern const ol_command ol_command_test;
extern const ol_command ol_command_bench;
extern const ol_command ol_command_new;
extern const ol_command ol_command_plugin;
extern const ol_command ol_command_check;
extern const ol_command ol_command_explain;
extern const ol_command ol_command_presign;
extern const ol_command ol_command_decrypt;
extern const ol_command ol_command_encrypt;
extern const ol_command ol_command_keys;
extern const ol_command ol_command_version;
extern const ol_command ol_command_help;
extern const ol_command ol_command_host;
extern const ol_command ol_command_pgp_host;

extern const ol_command *const ol_commands[];
extern const size_t ol_command_count;

/* NULL when there is none. */
const ol_command *ol_command_find(const char *name);
/* The whole process: picks the subcommand and runs it. */
int ol_cli_main(int argc, char **argv);
/* "objlens: …" on standard error. */
void ol_cli_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* As above, then where to read more; returns OL_EXIT_USAGE. `command` may be NULL. */
int ol_cli_usage(const ol_command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
int ol_cli_usage_unknown(const char *name);
/* The detail, which is for whoever runs objlens; the message where there is none. */
const char *ol_cli_reason(const ol_error *err);
/* Whether it is no transform that failed, but a file or an argument of the command: then S3's code and wording
 * for it would say nothing that the detail does not. */
bool ol_cli_is_local(const ol_error *err);
/* "WHAT: CODE: MESSAGE (DETAIL)" for what a transform did, else the reason alone. */
void ol_cli_complain_error(const char *what, const ol_error *err);
void ol_cli_print_overview(FILE *to);

#endif
