/* SPDX-License-Identifier: MIT */
#include "cli/options.h"

#include "control/config/suggest.h"

static const ol_option *find_option(const ol_command *command, ol_slice name)
{
    for (size_t i = 0; i < command->option_count; i++)
        if (ol_slice_eq_cstr(name, command->options[i].name))
            return &command->options[i];
    return NULL;
}

static int refuse_unknown(const ol_command *command, ol_slice name, ol_error *err)
{
    ol_suggest suggest;
    ol_suggest_init(&suggest, name);
    for (size_t i = 0; i < command->option_count; i++)
        ol_suggest_offer(&suggest, ol_slice_cstr(command->options[i].name));
    if (suggest.best.len)
        return ol_error_set(err, OL_EINVAL, "unknown option --%.*s; did you mean --%.*s?",
                            (int)(name.len < 60 ? name.len : 60), (const char *)name.data,
                            OL_SLICE_FMT(suggest.best));
    return ol_error_set(err, OL_EINVAL, "unknown option --%.*s",
                        (int)(name.len < 60 ? name.len : 60), (const char *)name.data);
}

static int take_operand(ol_options *options, const char *operand, ol_error *err)
{
    if (options->operand_count >= options->command->operands_max)
        return ol_error_set(err, OL_EINVAL, "unexpected argument \"%.100s\"", operand);
    options->operands[options->operand_count++] = operand;
    return OL_OK;
}

/* The option's value: behind '=', or the next argument. *at moves on when that is taken. */
static int take_option(ol_options *options, const char *text, int *at, ol_error *err)
{
    const char *equals = strchr(text, '=');
    ol_slice name = ol_slice_of(text, equals ? (size_t)(equals - text) : strlen(text));
    const ol_option *option = find_option(options->command, name);
    if (!option)
        return refuse_unknown(options->command, name, err);
    if (!option->value && equals)
        return ol_error_set(err, OL_EINVAL, "--%s takes no value", option->name);
    if (!option->repeats && ol_options_has(options, option->name))
        return ol_error_set(err, OL_EINVAL, "--%s is given twice", option->name);
    if (options->given_count == OL_OPTIONS_GIVEN_MAX)
        return ol_error_set(err, OL_EINVAL, "more than %d options", OL_OPTIONS_GIVEN_MAX);
    const char *value = equals ? equals + 1 : NULL;
    if (option->value && !value) {
        if (*at + 1 >= options->argc)
            return ol_error_set(err, OL_EINVAL, "--%s needs a value: --%s %s", option->name,
                                option->name, option->value);
        value = options->argv[++*at];
    }
    options->given[options->given_count].option = option;
    options->given[options->given_count++].value = value ? value : "";
    return OL_OK;
}

static int take_argument(ol_options *options, int *at, bool *only_operands, ol_error *err)
{
    const char *text = options->argv[*at];
    if (*only_operands || text[0] != '-' || text[1] == '\0')
        return take_operand(options, text, err);
    if (strcmp(text, "--") == 0) {
        *only_operands = true;
        return OL_OK;
    }
    if (strcmp(text, "-h") == 0 || strcmp(text, "--help") == 0)
        return OL_DONE;
    if (text[1] != '-')
        return ol_error_set(err, OL_EINVAL, "unknown option %.60s", text);
    return take_option(options, text + 2, at, err);
}

int ol_options_parse(ol_options *options, const ol_command *command, int argc, char **argv,
                     ol_error *err)
{
    *options = (ol_options){.command = command, .argc = argc, .argv = argv};
    if (command->hidden)
        return OL_OK;
    bool only_operands = false;
    for (int at = 1; at < argc; at++) {
        int rc = take_argument(options, &at, &only_operands, err);
        if (rc != OL_OK)
            return rc;
    }
    if (options->operand_count < command->operands_min)
        return ol_error_set(err, OL_EINVAL, "an argument is missing: objlens %s %s", command->name,
                            command->operands);
    return OL_OK;
}

const char *ol_options_value(const ol_options *options, const char *name, size_t n)
{
    for (size_t i = 0; i < options->given_count; i++)
        if (strcmp(options->given[i].option->name, name) == 0 && n-- == 0)
            return options->given[i].value;
    return NULL;
}

bool ol_options_has(const ol_options *options, const char *name)
{
    return ol_options_value(options, name, 0) != NULL;
}

int ol_options_number(const ol_options *options, const char *name, uint64_t min, uint64_t max,
                      uint64_t *number, ol_error *err)
{
    const char *text = ol_options_value(options, name, 0);
    uint64_t value;
    if (!text)
        return OL_OK;
    if (!ol_slice_u64(ol_slice_cstr(text), &value) || value < min || value > max)
        return ol_error_set(err, OL_EINVAL, "--%s must be a whole number between %llu and %llu",
                            name, (unsigned long long)min, (unsigned long long)max);
    *number = value;
    return OL_OK;
}

/* ---- help ---- */

#define HELP_COLUMN 28

static void print_option(FILE *to, const char *name, const char *value, const char *help)
{
    int width = fprintf(to, "  %s%s%s", name, value ? " " : "", value ? value : "");
    if (width >= HELP_COLUMN) {
        fputc('\n', to);
        width = 0;
    }
    for (const char *line = help; *line;) {
        const char *end = strchr(line, '\n');
        int len = end ? (int)(end - line) : (int)strlen(line);
        fprintf(to, "%*s%.*s\n", HELP_COLUMN - width, "", len, line);
        line += len + (end ? 1 : 0);
        width = 0;
    }
}

void ol_options_print_help(FILE *to, const ol_command *command)
{
    fprintf(to, "Usage: objlens %s%s%s [options]\n\n%s\n", command->name,
            command->operands[0] ? " " : "", command->operands, command->summary);
    if (command->about)
        fprintf(to, "\n%s\n", command->about);
    fprintf(to, "\nOptions:\n");
    for (size_t i = 0; i < command->option_count; i++) {
        char name[64];
        snprintf(name, sizeof(name), "--%s", command->options[i].name);
        print_option(to, name, command->options[i].value, command->options[i].help);
    }
    print_option(to, "-h, --help", NULL, "show this help");
}
