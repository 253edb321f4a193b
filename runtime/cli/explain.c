/* SPDX-License-Identifier: MIT */
/*
 * objlens explain: which statement decides. The same decision as the server's, over the same
 * policies, without a server: what the configuration declares and what the API keeps in the data
 * folder.
 */
#include "cli/cli.h"
#include "cli/explain_question.h"
#include "cli/mistakes.h"

#define CONFIG_FILE "objlens.lua"
#define ARENA_BYTES_MAX (1024u * 1024u)
#define STEPS_BYTES_MAX (64u * 1024u)

typedef struct explaining {
    ol_explain_question question;
    ol_buf steps; /* what was found on the way, a line each */
} explaining;

static void on_step(void *arg, const ol_access_step *step)
{
    explaining *self = arg;
    char text[OL_ERROR_TEXT_SIZE];
    ol_access_step_text(step, text, sizeof(text));
    ol_buf_addf(&self->steps, "  %s\n", text);
}

/* ---- the answer ---- */

static void print_wanted(const ol_explain_question *question)
{
    const char *separator = "  asked for and not given, so absent: ";
    for (int i = 0; i < OL_CONTEXT_KEY_COUNT; i++) {
        if (!question->wanted[i])
            continue;
        printf("%s%s", separator, ol_context_key_name((enum ol_context_key)i));
        separator = ", ";
    }
    if (separator[0] == ',')
        printf("\n");
}

static void print_notes(const ol_explain_question *question)
{
    const ol_realm_bucket *rule = question->target.rule;
    if (question->outside)
        printf("  %s\n", question->outside);
    if (question->asked.view)
        printf("  a transform answers: the Object Lambda access point's permission is enough\n");
    if (rule && rule->ownership != OL_OWNERSHIP_BUCKET_OWNER_ENFORCED)
        printf("  access control lists count here too, and were not looked at\n");
    if (!ol_realm_is_complete(question->realm))
        printf("  what the control API keeps in a bucket was not looked at\n");
}

static int answer(explaining *self)
{
    ol_explain_question *question = &self->question;
    ol_error err = {0};
    const ol_access_trace trace = {.step = on_step, .arg = self};
    question->asked.trace = &trace;
    int rc = ol_access_decide(&question->asked, &err);
    bool allowed = rc == OL_OK && !question->outside;
    ol_slice label = ol_identity_label(&question->who);
    printf("%s: %s by %.*s on %s\n", allowed ? "allowed" : "denied",
           ol_options_value(question->options, "action", 0), OL_SLICE_FMT(label),
           ol_options_value(question->options, "resource", 0));
    printf("%s", ol_buf_cstr(&self->steps));
    print_wanted(question);
    print_notes(question);
    return allowed ? OL_EXIT_OK : OL_EXIT_FAILED;
}

/* ---- the command ---- */

static int explain(const ol_options *options, const ol_realm *realm)
{
    explaining self = {.question = {.options = options, .realm = realm}};
    ol_error err = {0};
    int code = OL_EXIT_FAILED;
    self.question.arena = ol_arena_new(ARENA_BYTES_MAX);
    ol_buf_init(&self.steps, STEPS_BYTES_MAX);
    int rc = self.question.arena ? ol_explain_question_make(&self.question, &err)
                                 : ol_error_set(&err, OL_ENOMEM, "out of memory");
    if (rc == OL_OK)
        code = answer(&self);
    else if (rc == OL_EINVAL)
        code = ol_cli_usage(options->command, "%s", err.detail);
    else
        ol_cli_complain("%s", ol_cli_reason(&err));
    ol_buf_fini(&self.steps);
    if (self.question.arena)
        ol_arena_destroy(self.question.arena);
    return code;
}

static int run(const ol_options *options)
{
    ol_config *config;
    ol_realm *realm;
    ol_error err = {0};
    const char *path = ol_options_value(options, "config", 0);
    int code = OL_EXIT_FAILED;
    if (ol_cli_load_config(&config, path ? path : CONFIG_FILE, &err) != OL_OK) {
        if (err.code == OL_ENOMEM)
            ol_cli_complain("%s", err.detail);
        return OL_EXIT_FAILED;
    }
    if (ol_realm_read(&realm, config, &err) == OL_OK) {
        code = explain(options, realm);
        ol_realm_release(realm);
    } else {
        ol_cli_complain("%s", ol_cli_reason(&err));
    }
    ol_config_release(config);
    return code;
}

static const ol_option options_[] = {
    {"as", "WHO", false,
     "who asks: a user's name, root, role/NAME, anonymous, or an ARN"},
    {"action", "ACTION", false, "s3:GetObject, s3-object-lambda:GetObject, sts:AssumeRole,\nkms:Decrypt, …"},
    {"resource", "ARN", false,
     "of a bucket, an object, an access point, an Object Lambda\naccess point, a role or a master key"},
    {"config", "FILE", false, "the configuration file (default: " CONFIG_FILE ")"},
    {"context", "KEY=VALUE", true, "a condition key of the request: aws:SourceIp=192.0.2.1, …"},
    {"listener", "ADDR:PORT", false, "whose endpoint policy holds (default: the first)"},
};

const ol_command ol_command_explain = {
    .name = "explain",
    .operands = "",
    .summary = "Say which statement of which policy decides.",
    .about = "The decision that the server would come to, and every statement that had a say in\n"
             "it, in order; the last line that denies decided. Keys of the request that are not\n"
             "given with --context are absent. Exit code 0: allowed; 1: denied.",
    .options = options_,
    .option_count = sizeof(options_) / sizeof(options_[0]),
    .run = run,
};
