/* SPDX-License-Identifier: MIT */
/*
 * objlens serve: with a configuration file, which SIGHUP reads again; or without one, from a
 * few options.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <unistd.h>

#include "base/alloc.h"
#include "cli/cli.h"
#include "cli/mistakes.h"
#include "control/config/credentials.h"
#include "front/server/app.h"

#define LOOPS_MAX 1024

typedef struct serving {
    const ol_options *options;
    const char *config_path; /* NULL: simple mode */
    uint64_t loops;          /* 0: as the file says, or one a core */
    bool dev;
    ol_config *config;
    ol_credentials credentials;
} serving;

/* ---- the configuration ---- */

static bool is_loopback(const char *address)
{
    struct in_addr v4;
    struct in6_addr v6;
    if (inet_pton(AF_INET, address, &v4) == 1)
        return ntohl(v4.s_addr) >> 24 == 127;
    return inet_pton(AF_INET6, address, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

/* Errors then tell what only a log may: nobody but who sits at this machine may ask. */
static int set_dev(ol_config *config, ol_error *err)
{
    for (size_t i = 0; i < config->listener_count; i++)
        if (!is_loopback(config->listeners[i].address))
            return ol_error_set(err, OL_ECONFIG,
                                "--dev shows callers the errors of scripts, so every listener must "
                                "be on 127.0.0.0/8 or ::1; %s is not", config->listeners[i].address);
    config->dev = true;
    return OL_OK;
}

static int load_file(serving *self, ol_config **config, ol_error *err)
{
    int rc = ol_cli_load_config(config, self->config_path, err);
    if (rc == OL_OK && self->loops)
        (*config)->loops = (unsigned)self->loops; /* nobody else has seen it yet */
    if (rc != OL_OK || !self->dev)
        return rc;
    rc = set_dev(*config, err);
    if (rc != OL_OK)
        ol_config_release(*config);
    return rc;
}

static int reload(void *arg, ol_config **config, ol_error *err)
{
    return load_file(arg, config, err);
}

static int make_simple(serving *self, ol_error *err)
{
    const char *views[OL_OPTIONS_GIVEN_MAX];
    const char *data = ol_options_value(self->options, "data", 0);
    ol_config_simple simple = {.data_path = data ? data : OL_CONFIG_DATA_PATH,
                               .listen = ol_options_value(self->options, "listen", 0),
                               .views = views,
                               .access_key = self->credentials.access_key,
                               .secret_key = self->credentials.secret_key,
                               .loops = (unsigned)self->loops,
                               .view_cache =
                                   ol_options_value(self->options, "view-cache", 0),
                               .key_audit = ol_options_value(self->options, "key-audit", 0)};
    for (const char *view; (view = ol_options_value(self->options, "view", simple.view_count));)
        views[simple.view_count++] = view;
    int rc = ol_credentials_obtain(&self->credentials, simple.data_path, err);
    if (rc == OL_OK)
        rc = ol_config_simple_make(&self->config, &simple, err);
    if (rc != OL_OK || !self->dev)
        return rc;
    rc = set_dev(self->config, err);
    if (rc != OL_OK)
        ol_config_release(self->config);
    return rc;
}

/* What a file says is not said on the command line too. */
static const char *option_beside_file(const ol_options *options)
{
    static const char *const names[] = {"data", "listen", "view", "view-cache", "key-audit"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (ol_options_has(options, names[i]))
            return names[i];
    return NULL;
}

/* ---- ready ---- */

static void print_credentials(const ol_credentials *credentials)
{
    if (!credentials->made)
        return;
    if (!isatty(STDERR_FILENO)) {
        fprintf(stderr, "objlens: root's keys were made; they are in %s\n", credentials->path);
        return;
    }
    fprintf(stderr,
            "objlens: root's keys were made just now and are kept in %s:\n"
            "  export AWS_ACCESS_KEY_ID=%s\n"
            "  export AWS_SECRET_ACCESS_KEY=%s\n",
            credentials->path, credentials->access_key, credentials->secret_key);
}

static void print_next_step(const serving *self, const char *endpoint)
{
    const ol_config *config = self->config;
    const char *place = "";
    if (config->olap_count)
        place = (const char *)config->olaps[0].alias.data;
    else if (config->bucket_count)
        place = (const char *)config->buckets[0].name.data;
    fprintf(stderr, "objlens: try aws --endpoint-url %s --region %s s3 %s s3://%s%s\n", endpoint,
            (const char *)config->region.data, config->olap_count ? "cp" : "ls", place,
            config->olap_count ? "/KEY -" : "");
}

static void on_ready(void *arg, const char *endpoint, const char *admin)
{
    const serving *self = arg;
    fprintf(stderr, "objlens: serving %s%s%s%s\n", endpoint, admin ? " (admin " : "",
            admin ? admin : "", admin ? ")" : "");
    if (self->dev)
        fputs("objlens: --dev: whoever can connect here reads the errors of scripts\n", stderr);
    print_credentials(&self->credentials);
    if (isatty(STDERR_FILENO))
        print_next_step(self, endpoint);
    fflush(stderr);
}

/* ---- the command ---- */

static int serve(serving *self)
{
    ol_app_options app = {.config = self->config,
                          .reload = self->config_path ? reload : NULL,
                          .reload_arg = self,
                          .on_ready = on_ready,
                          .ready_arg = self};
    int code = ol_app_run(&app);
    ol_config_release(self->config);
    return code;
}

static int run(const ol_options *options)
{
    serving self = {.options = options,
                    .config_path = options->operand_count ? options->operands[0] : NULL,
                    .dev = ol_options_has(options, "dev")};
    ol_error err = {0};
    if (ol_options_number(options, "loops", 1, LOOPS_MAX, &self.loops, &err) != OL_OK)
        return ol_cli_usage(options->command, "%s", err.detail);
    const char *beside = self.config_path ? option_beside_file(options) : NULL;
    if (beside)
        return ol_cli_usage(options->command, "--%s does not go with a configuration file",
                            beside);
    int rc = self.config_path ? load_file(&self, &self.config, &err) : make_simple(&self, &err);
    if (rc != OL_OK)
        ol_cli_complain("%s", ol_cli_reason(&err));
    int code = rc == OL_OK ? serve(&self) : OL_EXIT_FAILED;
    ol_credentials_fini(&self.credentials);
    return code;
}

static const ol_option serve_options[] = {
    {"data", "DIR", false, "the data folder, made when absent (default: objlens-data)"},
    {"listen", "ADDR:PORT", false,
     "where to listen (default: 127.0.0.1:9000); the admin\n"
     "endpoint is on 127.0.0.1 and the next port"},
    {"view", "NAME=BUCKET:TRANSFORM[,TRANSFORM...]", true,
     "an Object Lambda access point NAME over BUCKET, reached\n"
     "as bucket NAME--ol-s3; TRANSFORM is the name of one that\n"
     "ships (pii, xml_json, decompress, image) or a path that ends in .lua or .so"},
    {"view-cache", "SIZE", false, "memory for views (default: 64 MiB)"},
    {"key-audit", "FILE", false, "a line for each use of a master key"},
    {"loops", "N", false, "threads that serve (default: one a core)"},
    {"dev", NULL, false,
     "show the error of a transform, with what it logged, to the\n"
     "caller of the request; on loopback addresses only, and\n"
     "every response says x-objlens-dev: true"},
};

const ol_command ol_command_serve = {
    .name = "serve",
    .operands = "[CONFIG]",
    .operands_max = 1,
    .summary = "Serve what a configuration file says, or a data folder with views.",
    .about = "Without CONFIG, root's keys are OBJLENS_ACCESS_KEY and OBJLENS_SECRET_KEY, or are made\n"
             "once and kept in DIR/credentials. SIGTERM and SIGINT let running requests finish,\n"
             "SIGHUP reads CONFIG again and reopens the logs.",
    .options = serve_options,
    .option_count = sizeof(serve_options) / sizeof(serve_options[0]),
    .run = run,
};
