/* SPDX-License-Identifier: MIT */
/*
 * Happy path: open what is shared → load the transforms → read the control state → workers listen
 * → threads run → the main thread waits for signals → drain → join → close, the control state first.
 *
 * The main thread runs no loop: it may block, so reloads are made here. Termination signals are
 * blocked in every thread and read from a descriptor.
 */
#include "front/server/app.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "front/server/crew.h"
#include "front/server/restart.h"
#include "front/server/shared.h"
#include "origin/s3/s3_origin.h"
#include "transform/child.h"
#include "transform/wall_probe.h"

#define CERTIFICATES_MS 5000 /* how often their files are looked at */

typedef struct app {
    const ol_app_options *options;
    ol_shared shared;
    ol_crew crew;
    int signal_fd;
    int done_fd;
} app;

static void say_error(const char *what, const ol_error *err)
{
    ol_say("error", "%s: %s", what, err->detail[0] ? err->detail : err->message);
}

/* Memory of this process holds keys and plaintext: it never goes into a core file. */
static void forbid_core_files(void)
{
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0);
}

static int open_signals(app *self, ol_error *err)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    signal(SIGPIPE, SIG_IGN);
    if (pthread_sigmask(SIG_BLOCK, &set, NULL) != 0)
        return ol_error_set(err, OL_EINTERNAL, "signals");
    self->signal_fd = signalfd(-1, &set, SFD_CLOEXEC);
    self->done_fd = eventfd(0, EFD_CLOEXEC);
    if (self->signal_fd < 0 || self->done_fd < 0)
        return ol_error_set(err, OL_EINTERNAL, "signals: %s", strerror(errno));
    return OL_OK;
}

/* ---- reload ---- */

typedef struct adoption {
    app *app;
    ol_generation *generation;
} adoption;

static void use_both(void *arg, ol_realm *realm)
{
    adoption *self = arg;
    ol_crew_use(&self->app->crew, self->generation, realm);
}

static int adopt(app *self, ol_config *config, ol_error *err)
{
    const char *key = ol_restart_needed(self->crew.generation->config, config);
    if (key)
        return ol_error_set(err, OL_ECONFIG, "a change of '%s' needs a restart", key);
    int rc = ol_shared_ensure_buckets(&self->shared, config, err);
    ol_generation *generation = NULL;
    if (rc == OL_OK)
        rc = ol_generation_new(&generation, config, self->shared.keys, err);
    if (rc != OL_OK)
        return rc;
    adoption both = {.app = self, .generation = generation};
    rc = ol_control_reconfigure(self->shared.control, config, use_both, &both, err);
    ol_generation_release(generation);
    return rc;
}

/* What has no walls is said by name, each time. */
static void name_inline(const ol_config *config)
{
    for (size_t i = 0; i < config->transform_count; i++)
        if (config->transforms[i].isolation == OL_ISOLATION_INLINE)
            ol_say("warn", "transform %s runs inline: in this process, without a sandbox",
                   config->transforms[i].name);
}

static void reload(app *self)
{
    ol_error err = {0};
    ol_config *config = NULL;
    ol_log_reopen(self->shared.access_log);
    ol_log_reopen(self->shared.transform_log);
    ol_key_service_reload(self->shared.keys);
    ol_shared_reload_certificates(&self->shared, false);
    if (!self->options->reload) {
        ol_say("info", "logs reopened; there is no configuration file to read again");
        return;
    }
    int rc = self->options->reload(self->options->reload_arg, &config, &err);
    if (rc == OL_OK) {
        rc = adopt(self, config, &err);
        if (rc == OL_OK)
            name_inline(config);
        ol_config_release(config);
    }
    if (rc == OL_OK)
        ol_say("info", "configuration reloaded");
    else
        say_error("reload refused, the old configuration serves on", &err);
}

/* ---- serving ---- */

static int read_signal(app *self)
{
    struct signalfd_siginfo info;
    ssize_t got = read(self->signal_fd, &info, sizeof(info));
    return got == (ssize_t)sizeof(info) ? (int)info.ssi_signo : 0;
}

/* Certificates are renewed by others, who need not tell us. */
static bool signal_waits(app *self)
{
    struct pollfd fd = {.fd = self->signal_fd, .events = POLLIN};
    return poll(&fd, 1, CERTIFICATES_MS) > 0;
}

static void serve(app *self)
{
    for (;;) {
        if (!signal_waits(self)) {
            ol_shared_reload_certificates(&self->shared, true);
            ol_key_service_tidy(self->shared.keys);
            continue;
        }
        int signal_number = read_signal(self);
        if (signal_number == SIGHUP)
            reload(self);
        else if (signal_number != 0)
            return;
    }
}

/* A second request to stop cuts what is still running. */
static void drain(app *self)
{
    uint32_t drain_ms = self->crew.generation->config->limits.drain_ms;
    ol_say("info", "stopping: running requests have %u ms", drain_ms);
    ol_crew_drain(&self->crew, drain_ms, self->done_fd);
    for (;;) {
        struct pollfd fds[2] = {{.fd = self->done_fd, .events = POLLIN},
                                {.fd = self->signal_fd, .events = POLLIN}};
        if (poll(fds, 2, -1) < 0)
            continue;
        if (fds[0].revents)
            return;
        int signal_number = read_signal(self);
        if (signal_number == SIGTERM || signal_number == SIGINT) {
            ol_say("warn", "stopped at once");
            _exit(1);
        }
    }
}

static void tell_ready(app *self)
{
    const ol_config *config = self->crew.generation->config;
    if (!self->options->on_ready)
        return;
    char endpoint[160] = "";
    char admin[160] = "";
    const ol_config_listener *first = &config->listeners[0];
    bool v6 = config->listener_count > 0 && strchr(first->address, ':');
    if (config->listener_count > 0)
        snprintf(endpoint, sizeof(endpoint), "%s://%s%s%s:%u",
                 first->certificate_count ? "https" : "http", v6 ? "[" : "", first->address,
                 v6 ? "]" : "", self->crew.ports[0]);
    if (self->crew.has_admin)
        snprintf(admin, sizeof(admin), "http://%s:%u", config->admin.address,
                 self->crew.admin_port);
    self->options->on_ready(self->options->ready_arg, endpoint, self->crew.has_admin ? admin : NULL);
}

static void publish(void *arg, ol_realm *realm)
{
    ol_crew_use_realm(&((app *)arg)->crew, realm);
}

static int open_control(app *self, ol_error *err)
{
    ol_config *config = self->options->config;
    unsigned index = config->control.origin;
    bool remote = config->control.place == OL_CONTROL_IN_BUCKET && index > 0;
    const ol_control_options options = {
        .config = config,
        .origin = self->shared.origins[index],
        .attach = remote ? ol_s3_origin_attach : NULL,
        .detach = remote ? ol_s3_origin_detach : NULL,
        .publish = publish,
        .publish_arg = self,
    };
    return ol_control_open(&self->shared.control, &options, err);
}

/* The crew is there before the first change is published, and the first change before the crew
 * serves: no worker misses one. */
static int start_crew(app *self, ol_generation *generation, ol_error *err)
{
    ol_realm *realm = ol_control_realm(self->shared.control);
    int rc = ol_crew_init(&self->crew, &self->shared, generation, realm, err);
    ol_realm_release(realm);
    if (rc != OL_OK)
        return rc;
    ol_control_start(self->shared.control);
    return ol_crew_start(&self->crew, err);
}

/* What cannot be had is said; what is required, and cannot be had, ends the start. */
static int raise_walls(const ol_config *config, ol_error *err)
{
    char held[256], missing[256];
    ol_wall_report report;
    ol_cgroups_use(NULL);
    int rc = ol_wall_probe(&report, err);
    if (rc != OL_OK)
        return rc;
    ol_walls_text(report.walls, held, sizeof(held));
    ol_walls_text(OL_WALLS_ALL & ~report.walls, missing, sizeof(missing));
    ol_say("info", "sandbox: %s; not to be had here: %s", held, missing);
    rc = ol_wall_check(&report, config->walls_required, err);
    if (rc == OL_OK)
        ol_child_require_walls(config->walls_required);
    return rc;
}

static int start(app *self, ol_error *err)
{
    ol_config *config = self->options->config;
    ol_generation *generation = NULL;
    int rc = open_signals(self, err);
    if (rc == OL_OK)
        rc = raise_walls(config, err);
    name_inline(config);
    if (rc == OL_OK)
        rc = ol_shared_open(&self->shared, config, err);
    if (rc == OL_OK)
        rc = ol_generation_new(&generation, config, self->shared.keys, err);
    if (rc == OL_OK)
        rc = open_control(self, err);
    if (rc == OL_OK)
        rc = start_crew(self, generation, err);
    ol_generation_release(generation);
    return rc;
}

int ol_app_run(const ol_app_options *options)
{
    app self = {.options = options, .signal_fd = -1, .done_fd = -1};
    ol_error err = {0};
    forbid_core_files();
    int rc = start(&self, &err);
    if (rc == OL_OK) {
        tell_ready(&self);
        serve(&self);
        drain(&self);
    } else {
        say_error("cannot start", &err);
    }
    ol_crew_join(&self.crew);
    ol_control_close(self.shared.control); /* it publishes to the crew until here */
    if (self.crew.generation)
        ol_crew_fini(&self.crew);
    ol_shared_close(&self.shared);
    close(self.signal_fd);
    close(self.done_fd);
    return rc == OL_OK ? 0 : 1;
}
