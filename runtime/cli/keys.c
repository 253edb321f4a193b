/* SPDX-License-Identifier: MIT */
/*
 * objlens keys: the local keyring's file. Changes are made one at a time and as a whole; a running
 * server sees them within a second.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "cli/cli.h"
#include "cli/keys_rewrap.h"
#include "crypto/keys/keyring.h"

#define REGION "us-east-1"
#define ACCOUNT "000000000000"

typedef struct keys_job {
    const ol_options *options;
    const char *path;
    ol_keyring *ring;
    ol_keyring_key *key; /* the one that is meant; NULL with new and list */
} keys_job;

/* ---- what it says ---- */

static void print_key(const keys_job *job)
{
    char arn[OL_KEYRING_ARN_SIZE];
    ol_keyring_arn(job->ring, job->key, arn);
    printf("%s version %zu %s\n", arn, job->key->version_count,
           ol_keyring_state_name(job->key->state));
}

static void print_aliases(const ol_keyring *ring, const ol_keyring_key *key)
{
    bool any = false;
    for (size_t i = 0; i < ring->alias_count; i++) {
        if (ring->aliases[i].key != key)
            continue;
        printf("%s%s", any ? "," : "", ring->aliases[i].name);
        any = true;
    }
    printf("%s\n", any ? "" : "-");
}

static int list(keys_job *job, ol_error *err)
{
    char arn[OL_KEYRING_ARN_SIZE], date[OL_ISO8601_SIZE];
    (void)err;
    for (size_t i = 0; i < job->ring->key_count; i++) {
        const ol_keyring_key *key = job->ring->keys[i];
        ol_keyring_arn(job->ring, key, arn);
        ol_clock_iso8601(key->versions[key->version_count - 1].created_ms, date);
        printf("%s\t%s\t%zu\t%s\t", arn, ol_keyring_state_name(key->state), key->version_count,
               date);
        print_aliases(job->ring, key);
    }
    return OL_OK;
}

/* ---- changes ---- */

static int set_aliases(keys_job *job, ol_error *err)
{
    int rc = OL_OK;
    const char *name;
    for (size_t i = 0; rc == OL_OK; i++) {
        if (!(name = ol_options_value(job->options, "alias", i)))
            return OL_OK;
        rc = ol_keyring_set_alias(job->ring, name, job->key, err);
    }
    return rc;
}

static int make(keys_job *job, ol_error *err)
{
    const char *id = ol_options_value(job->options, "id", 0);
    int rc = ol_keyring_add_key(job->ring, id, ol_clock_wall_ms(), &job->key, err);
    return rc == OL_OK ? set_aliases(job, err) : rc;
}

static int rotate(keys_job *job, ol_error *err)
{
    return ol_keyring_rotate(job->key, ol_clock_wall_ms(), err);
}

static int disable(keys_job *job, ol_error *err)
{
    (void)err;
    job->key->state = OL_KMS_DISABLED;
    return OL_OK;
}

static int enable(keys_job *job, ol_error *err)
{
    (void)err;
    job->key->state = OL_KMS_ENABLED;
    return OL_OK;
}

/* Nothing is taken away: what was wrapped can be opened again once it is enabled. */
static int delete(keys_job *job, ol_error *err)
{
    (void)err;
    job->key->state = OL_KMS_PENDING_DELETION;
    return OL_OK;
}

static int load(keys_job *job, bool create, ol_error *err)
{
    const char *region = ol_options_value(job->options, "region", 0);
    const char *account = ol_options_value(job->options, "account", 0);
    ol_error why = {0};
    int rc = ol_keyring_load(&job->ring, job->path, NULL, &why);
    if (rc == OL_ENOSUCHKEY && create)
        return ol_keyring_new(&job->ring, region ? region : REGION, account ? account : ACCOUNT,
                              err);
    if (rc != OL_OK)
        *err = why;
    return rc;
}

static int find_key(keys_job *job, ol_error *err)
{
    if (job->options->operand_count < 2)
        return OL_OK;
    return ol_keyring_find(job->ring, ol_slice_cstr(job->options->operands[1]), &job->key, err);
}

static int change(keys_job *job, int (*what)(keys_job *job, ol_error *err), ol_error *err)
{
    int lock;
    int rc = ol_keyring_lock(job->path, &lock, err);
    if (rc != OL_OK)
        return rc;
    rc = load(job, what == make, err);
    if (rc == OL_OK)
        rc = find_key(job, err);
    if (rc == OL_OK)
        rc = what(job, err);
    if (rc == OL_OK)
        rc = ol_keyring_save(job->ring, job->path, err);
    ol_keyring_unlock(lock);
    if (rc == OL_OK)
        print_key(job);
    return rc;
}

static int show(keys_job *job, int (*what)(keys_job *job, ol_error *err), ol_error *err)
{
    int rc = load(job, false, err);
    return rc == OL_OK ? what(job, err) : rc;
}

/* ---- the command ---- */

typedef struct action {
    const char *name;
    bool wants_key, changes;
    int (*what)(keys_job *job, ol_error *err);
} action;

static int rewrap(keys_job *job, ol_error *err)
{
    return ol_keys_rewrap(job->path, stdin, stdout, err);
}

static const action actions[] = {
    {"new", false, true, make},        {"list", false, false, list},
    {"rotate", true, true, rotate},    {"disable", true, true, disable},
    {"enable", true, true, enable},    {"delete", true, true, delete},
    {"rewrap", false, false, rewrap},
};

static const action *find_action(const char *name)
{
    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++)
        if (strcmp(actions[i].name, name) == 0)
            return &actions[i];
    return NULL;
}

static int run(const ol_options *options)
{
    keys_job job = {.options = options, .path = ol_options_value(options, "keyring", 0)};
    const action *chosen = find_action(options->operands[0]);
    ol_error err = {0};
    if (!job.path)
        job.path = getenv("OBJLENS_KEYRING");
    if (!job.path || !*job.path)
        return ol_cli_usage(options->command, "--keyring is missing");
    if (!chosen)
        return ol_cli_usage(options->command, "\"%.20s\" is none of new, list, rotate, disable, "
                                              "enable, delete, rewrap", options->operands[0]);
    if (chosen->wants_key != (options->operand_count == 2))
        return ol_cli_usage(options->command, chosen->wants_key ? "%s: which key?"
                                                                : "%s takes no key",
                            chosen->name);
    int rc = chosen->changes ? change(&job, chosen->what, &err)
             : chosen->what == rewrap ? rewrap(&job, &err)
                                      : show(&job, chosen->what, &err);
    ol_keyring_destroy(job.ring);
    if (rc == OL_OK && fflush(stdout) != 0)
        rc = ol_error_set(&err, OL_EPEER, "standard output cannot be written");
    if (rc != OL_OK)
        ol_cli_complain("%s", ol_cli_reason(&err));
    return rc == OL_OK ? OL_EXIT_OK : OL_EXIT_FAILED;
}

static const ol_option keys_options[] = {
    {"keyring", "FILE", false, "the keyring (default OBJLENS_KEYRING); new makes it"},
    {"id", "ID", false, "(new) the key's id instead of a random one"},
    {"alias", "NAME", true, "(new) a name for the key: alias/NAME"},
    {"region", "REGION", false, "(new, for a new file) of the keys' ARNs (default " REGION ")"},
    {"account", "ACCOUNT", false, "(new, for a new file) of the keys' ARNs (default " ACCOUNT ")"},
};

const ol_command ol_command_keys = {
    .name = "keys",
    .operands = "ACTION [KEY]",
    .operands_min = 1,
    .operands_max = 2,
    .summary = "Look after the keys of a local keyring.",
    .about =
        "new             make a key, and the keyring if there is none\n"
        "list            ARN, state, newest version, its date and aliases of each key\n"
        "rotate KEY      a new version, which wraps from now on; the old ones still open\n"
        "disable KEY     neither wraps nor opens until it is enabled\n"
        "enable KEY\n"
        "delete KEY      as disable, and says that it is to go; nothing is taken away\n"
        "rewrap          wrapped data keys from standard input, each line BASE64 or BASE64, a\n"
        "                blank and its context in JSON, come out wrapped by the newest version\n\n"
        "KEY is an id, an ARN or an alias. The file is 0600 and replaced as a whole; a running\n"
        "server sees the change within a second.",
    .options = keys_options,
    .option_count = sizeof keys_options / sizeof keys_options[0],
    .run = run,
};
