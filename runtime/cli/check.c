/* SPDX-License-Identifier: MIT */
/*
 * Everything that serve would refuse at its start, short of opening the store and the sockets.
 */
#include "cli/cli.h"
#include "cli/mistakes.h"
#include "front/keys/client_keys.h"
#include "front/server/shared.h"
#include "origin/s3/s3_origin.h"
#include "transform/cgroup.h"
#include "transform/wall_probe.h"

/* Each on its own, so that one that fails does not hide another. */
static size_t check_transforms(const ol_config *config)
{
    size_t failed = 0;
    for (size_t i = 0; i < config->transform_count; i++) {
        const ol_transform_spec *spec = &config->transforms[i];
        ol_registry *registry = NULL;
        ol_error err = {0};
        if (ol_registry_new(&registry, spec, 1, &err) == OL_OK) {
            ol_registry_destroy(registry);
            continue;
        }
        failed++;
        fprintf(stderr, "%s: %s\n", config->file, ol_cli_reason(&err));
    }
    return failed;
}

static size_t check_certificates(const ol_config *config)
{
    size_t failed = 0;
    for (size_t i = 0; i < config->listener_count; i++) {
        ol_tls *tls = NULL;
        ol_error err = {0};
        if (config->listeners[i].certificate_count == 0)
            continue;
        if (ol_shared_tls_new(&tls, &config->listeners[i], &err) == OL_OK) {
            ol_tls_destroy(tls);
            continue;
        }
        failed++;
        fprintf(stderr, "%s: listen: %s\n", config->file, ol_cli_reason(&err));
    }
    return failed;
}

/* No connection is made. */
static size_t check_origins(const ol_config *config)
{
    size_t failed = 0;
    for (size_t i = 1; i < config->origin_count; i++) {
        ol_origin *origin = NULL;
        ol_error err = {0};
        if (ol_s3_origin_new(&origin, &config->origins[i].options, &err) == OL_OK) {
            ol_s3_origin_destroy(origin);
            continue;
        }
        failed++;
        fprintf(stderr, "%s: origin \"%.*s\": %s\n", config->file,
                OL_SLICE_FMT(config->origins[i].name), ol_cli_reason(&err));
    }
    return failed;
}

/* The files are read; no connection is made. */
static size_t check_keys(const ol_config *config)
{
    size_t failed = 0;
    ol_keys *keys = NULL;
    ol_error err = {0};
    for (size_t i = 0; i < config->crypto.kms_count; i++) {
        ol_kms *kms = NULL;
        ol_error why = {0};
        if (ol_key_keeper_new(&kms, &config->crypto.kms[i], &why) == OL_OK) {
            kms->ops->destroy(kms);
            continue;
        }
        failed++;
        fprintf(stderr, "%s: %s\n", config->file, ol_cli_reason(&why));
    }
    if (ol_client_keys_new(&keys, NULL, &config->crypto, NULL, 0, &err) == OL_OK) {
        ol_keys_release(keys);
        return failed;
    }
    fprintf(stderr, "%s: %s\n", config->file, ol_cli_reason(&err));
    return failed + 1;
}

static size_t check_walls(const ol_config *config)
{
    ol_wall_report report;
    ol_error err = {0};
    ol_cgroups_use(NULL);
    if (config->walls_required == 0 ||
        (ol_wall_probe(&report, &err) == OL_OK &&
         ol_wall_check(&report, config->walls_required, &err) == OL_OK))
        return 0;
    fprintf(stderr, "%s: %s\n", config->file, ol_cli_reason(&err));
    return 1;
}

static void print_count(const char *separator, size_t count, const char *one, const char *many)
{
    printf("%s%zu %s", separator, count, count == 1 ? one : many);
}

static void print_summary(const ol_config *config)
{
    printf("%s: ok (", config->file);
    print_count("", config->listener_count, "listener", "listeners");
    print_count(", ", config->key_count, "key", "keys");
    print_count(", ", config->bucket_count, "bucket", "buckets");
    print_count(", ", config->access_point_count, "access point", "access points");
    print_count(", ", config->olap_count, "Object Lambda access point",
                "Object Lambda access points");
    print_count(", ", config->transform_count, "transform", "transforms");
    printf(")\n");
    for (size_t i = 0; i < config->transform_count; i++)
        if (config->transforms[i].isolation == OL_ISOLATION_INLINE)
            printf("transform %s runs inline: in the server's process, without a sandbox\n",
                   config->transforms[i].name);
}

/* One line a wall. */
static int print_walls(void)
{
    ol_wall_report report;
    ol_error err = {0};
    ol_cgroups_use(NULL);
    if (ol_wall_probe(&report, &err) != OL_OK) {
        ol_cli_complain("%s", ol_cli_reason(&err));
        return OL_EXIT_FAILED;
    }
    for (const ol_wall_row *row = ol_wall_rows; row->name; row++)
        printf("%-18s %-8s %s\n", row->name, report.walls & row->wall ? "holds" : "missing",
               row->what);
    if (!(report.walls & OL_WALL_CGROUP))
        printf("No control groups for hosts: %s.\n", ol_cgroups_reason());
    if (report.landlock == 0)
        printf("Without Landlock only pinned shared objects are loaded.\n");
    return OL_EXIT_OK;
}

static int check_file(const char *path)
{
    ol_config *config;
    ol_error err = {0};
    int rc = ol_cli_load_config(&config, path, &err);
    if (rc == OL_ENOMEM)
        ol_cli_complain("%s", err.detail);
    if (rc != OL_OK)
        return OL_EXIT_FAILED;
    size_t failed =
        check_walls(config) + check_certificates(config) + check_origins(config) +
        check_keys(config) + check_transforms(config);
    if (failed == 0)
        print_summary(config);
    ol_config_release(config);
    return failed ? OL_EXIT_FAILED : OL_EXIT_OK;
}

static int run(const ol_options *options)
{
    bool walls = ol_options_has(options, "sandbox");
    if (walls == (options->operand_count > 0))
        return ol_cli_usage(&ol_command_check, "%s",
                            walls ? "--sandbox takes no file"
                                  : "an argument is missing: objlens check CONFIG");
    return walls ? print_walls() : check_file(options->operands[0]);
}

static const ol_option check_options[] = {
    {"sandbox", NULL, false, "print which walls around transforms hold on this machine"},
};

const ol_command ol_command_check = {
    .name = "check",
    .operands = "[CONFIG]",
    .operands_min = 0,
    .operands_max = 1,
    .summary = "Read a configuration file and print every mistake in it.",
    .about = "Each mistake is one line, FILE:LINE: TEXT, on standard error. Certificates, keys and\n"
             "transforms are loaded too, the latter in their sandbox. Nothing is served, no\n"
             "origin is asked and no data folder is touched. Exit code 0: it can be served; 1: it has mistakes.\n"
             "With --sandbox no file is read: a transform host is started and asked which walls stand\n"
             "around it. To refuse a machine without some of them: sandbox_required in CONFIG.",
    .options = check_options,
    .option_count = sizeof(check_options) / sizeof(check_options[0]),
    .run = run,
};
