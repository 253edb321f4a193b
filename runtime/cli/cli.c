/* SPDX-License-Identifier: MIT */
#include "cli/cli.h"

#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include "control/config/suggest.h"
#include "transform/inline_host.h"

#define INLINE_SETTLE_MS 2000

const ol_command *const ol_commands[] = {
    &ol_command_serve,   &ol_command_run,  &ol_command_test,
    &ol_command_bench,   &ol_command_new,  &ol_command_plugin,  &ol_command_check, &ol_command_explain,
    &ol_command_presign, &ol_command_decrypt, &ol_command_encrypt, &ol_command_keys,
    &ol_command_version, &ol_command_help, &ol_command_host, &ol_command_pgp_host,
};
const size_t ol_command_count = sizeof(ol_commands) / sizeof(ol_commands[0]);

const ol_command *ol_command_find(const char *name)
{
    for (size_t i = 0; i < ol_command_count; i++)
        if (strcmp(ol_commands[i]->name, name) == 0)
            return ol_commands[i];
    return NULL;
}

/* ---- messages ---- */

static void complain(const char *format, va_list args)
{
    flockfile(stderr);
    fputs("objlens: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    funlockfile(stderr);
}

void ol_cli_complain(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    complain(format, args);
    va_end(args);
}

int ol_cli_usage(const ol_command *command, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    complain(format, args);
    va_end(args);
    fprintf(stderr, "Try 'objlens help%s%s'.\n", command ? " " : "", command ? command->name : "");
    return OL_EXIT_USAGE;
}

int ol_cli_usage_unknown(const char *name)
{
    ol_suggest suggest;
    ol_suggest_init(&suggest, ol_slice_cstr(name));
    for (size_t i = 0; i < ol_command_count; i++)
        if (!ol_commands[i]->hidden)
            ol_suggest_offer(&suggest, ol_slice_cstr(ol_commands[i]->name));
    char tail[OL_SUGGEST_TEXT_SIZE];
    return ol_cli_usage(NULL, "unknown command \"%.60s\"%s", name,
                        ol_suggest_text(&suggest, tail));
}

bool ol_cli_is_local(const ol_error *err)
{
    static const int codes[] = {OL_ECONFIG, OL_ENOTRANSFORM, OL_EINVAL, OL_EPEER, OL_EORIGIN};
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
        if (err->code == codes[i])
            return true;
    return false;
}

const char *ol_cli_reason(const ol_error *err)
{
    return err->detail[0] ? err->detail : err->message;
}

void ol_cli_complain_error(const char *what, const ol_error *err)
{
    if (ol_cli_is_local(err))
        ol_cli_complain("%s", ol_cli_reason(err));
    else if (err->detail[0])
        ol_cli_complain("%s: %s: %s (%s)", what, err->s3_code, err->message, err->detail);
    else
        ol_cli_complain("%s: %s: %s", what, err->s3_code, err->message);
}

/* ---- the process ---- */

static int run_command(const ol_command *command, int argc, char **argv)
{
    ol_options options;
    ol_error err = {0};
    int rc = ol_options_parse(&options, command, argc, argv, &err);
    if (rc == OL_DONE) {
        ol_options_print_help(stdout, command);
        return OL_EXIT_OK;
    }
    if (rc != OL_OK)
        return ol_cli_usage(command, "%s", err.detail);
    return command->run(&options);
}

/* A full disk under standard output must not pass for success. */
static int finish_output(int code)
{
    bool failed = fflush(stdout) != 0 || ferror(stdout);
    if (!failed || code != OL_EXIT_OK)
        return code;
    ol_cli_complain("standard output cannot be written");
    return OL_EXIT_FAILED;
}

/* A descriptor that came closed would be given to the next file that is opened, and what is
 * meant for people would go there. Opened the wrong way round, using it stays an error. */
static void hold_standard_descriptors(void)
{
    static const int flags[] = {O_WRONLY, O_RDONLY, O_RDONLY};
    for (int fd = 0; fd < 3; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", flags[fd]) != fd)
            abort();
}

int ol_cli_main(int argc, char **argv)
{
    hold_standard_descriptors();
    signal(SIGPIPE, SIG_IGN);
    if (argc < 2) {
        ol_cli_print_overview(stderr);
        return OL_EXIT_USAGE;
    }
    const char *name = argv[1];
    if (strcmp(name, "-h") == 0 || strcmp(name, "--help") == 0)
        name = "help";
    if (strcmp(name, "-V") == 0 || strcmp(name, "--version") == 0)
        name = "version";
    const ol_command *command = ol_command_find(name);
    if (!command && name[0] == '-')
        return ol_cli_usage(NULL, "unknown option %.60s", name);
    if (!command)
        return ol_cli_usage_unknown(name);
    int status = finish_output(run_command(command, argc - 1, argv + 1));
    /* Nothing is taken down under the feet of a thread that still runs foreign code. */
    if (ol_inline_hosts_settle(INLINE_SETTLE_MS) > 0)
        _exit(status);
    return status;
}
