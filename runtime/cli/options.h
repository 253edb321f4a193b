/* SPDX-License-Identifier: MIT */
/*
 * The command line, parsed in one place: every subcommand is a table of its options, from
 * which its help is made too. Long options as --name VALUE or --name=VALUE, -h and --help
 * everywhere, operands anywhere, everything behind -- an operand.
 */
#ifndef OL_CLI_OPTIONS_H
#define OL_CLI_OPTIONS_H

#include <stdio.h>

#include "base/error.h"

#define OL_OPTIONS_GIVEN_MAX 256
#define OL_OPERANDS_MAX 4

typedef struct ol_option {
    const char *name;
    const char *value; /* what stands for its value in the help; NULL = it has none */
    bool repeats;
    const char *help;
} ol_option;

typedef struct ol_options ol_options;

typedef struct ol_command {
    const char *name;
    const char *operands; /* "[CONFIG]", or "" */
    size_t operands_min, operands_max;
    const char *summary;  /* one line */
    const char *about;    /* paragraphs, or NULL */
    const ol_option *options;
    size_t option_count;
    bool hidden; /* not for people: no help, argv is handed on unparsed */
    /* The process's exit code. */
    int (*run)(const ol_options *options);
} ol_command;

struct ol_options {
    const ol_command *command;
    const char *operands[OL_OPERANDS_MAX];
    size_t operand_count;
    struct {
        const ol_option *option;
        const char *value;
    } given[OL_OPTIONS_GIVEN_MAX];
    size_t given_count;
    int argc; /* as received, from the subcommand on */
    char **argv;
};

/* argv[0] is the subcommand; values are borrowed from argv. OL_OK; OL_DONE: help is wanted;
 * OL_EINVAL: err->detail says what is wrong. */
int ol_options_parse(ol_options *options, const ol_command *command, int argc, char **argv,
                     ol_error *err);
/* The n-th value of that option, counted from 0; NULL when there are not so many. */
const char *ol_options_value(const ol_options *options, const char *name, size_t n);
bool ol_options_has(const ol_options *options, const char *name);
/* A whole number within the bounds; *number stays when the option is absent. */
int ol_options_number(const ol_options *options, const char *name, uint64_t min, uint64_t max,
                      uint64_t *number, ol_error *err);

/* "Usage: …", the summary, the options. */
void ol_options_print_help(FILE *to, const ol_command *command);

#endif
