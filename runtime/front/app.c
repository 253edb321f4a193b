/* SPDX-License-Identifier: MIT */
/*
 * Happy path: open what is shared → load the transforms → read the control state → workers listen
 * → threads run → the main thread waits for signals → drain → join → close, the control state first.
 *
 * The main thread runs no loop: it may block, so reloads are made here. Termination signals are
 * blocked in every thread and read from a descriptor.
 */
#include "front/app.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "front/crew.h"
#include "front/shared.h"
#include "origin/s3/s3_origin.h"

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

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_certificates(const ol_config_listener *a, const ol_config_listener *b)
{
    if (a->certificate_count != b->certificate_count ||
        !same_text(a->client_ca_file, b->client_ca_file) ||
        a->client_certificate_required != b->client_certificate_required)
        return false;
    for (size_t i = 0; i < a->certificate_count; i++)
        if (!same_text(a->certificates[i].certificate_file, b->certificates[i].certificate_file) ||
            !same_text(a->certificates[i].key_file, b->certificates[i].key_file))
            return false;
    return true;
}

static bool same_listener(const ol_config_listener *a, const ol_config_listener *b)
{
    if (!a->address || !b->address)
        return !a->address && !b->address;
    return strcmp(a->address, b->address) == 0 && a->port == b->port && same_certificates(a, b);
}

static bool same_listeners(const ol_config *now, const ol_config *next)
{
    bool same = now->listener_count == next->listener_count &&
                same_listener(&now->admin, &next->admin);
    for (size_t i = 0; same && i < now->listener_count; i++)
        same = same_listener(&now->listeners[i], &next->listeners[i]);
    return same;
}

static bool same_credentials(const ol_s3_credentials_options *a,
                             const ol_s3_credentials_options *b)
{
    return a->from == b->from && same_text(a->access_key, b->access_key) &&
           same_text(a->secret_key, b->secret_key) &&
           same_text(a->session_token, b->session_token) && same_text(a->file, b->file) &&
           same_text(a->profile, b->profile) && a->refresh_ms == b->refresh_ms;
}

/* Texts by what they say, the rest by what it is. */
static bool same_origin(const ol_config_origin *a, const ol_config_origin *b)
{
    const ol_s3_origin_options *x = &a->options, *y = &b->options;
    return same_text(x->name, y->name) && same_text(x->endpoint, y->endpoint) &&
           same_text(x->region, y->region) && same_text(x->ca_file, y->ca_file) &&
           x->virtual_host == y->virtual_host && x->payload == y->payload &&
           x->checksums == y->checksums && same_credentials(&x->credentials, &y->credentials) &&
           x->connections_max == y->connections_max && x->waiting_max == y->waiting_max &&
           x->connect_timeout_ms == y->connect_timeout_ms &&
           x->response_timeout_ms == y->response_timeout_ms &&
           x->body_timeout_ms == y->body_timeout_ms && x->idle_timeout_ms == y->idle_timeout_ms &&
           x->continue_bytes_min == y->continue_bytes_min && x->deadline_ms == y->deadline_ms &&
           x->tries_max == y->tries_max && x->backoff_base_ms == y->backoff_base_ms &&
           x->backoff_max_ms == y->backoff_max_ms &&
           x->retry_after_max_ms == y->retry_after_max_ms && x->resumes_max == y->resumes_max &&
           x->breaker_failures == y->breaker_failures && x->breaker_open_ms == y->breaker_open_ms;
}

static bool same_origins(const ol_config *now, const ol_config *next)
{
    bool same = now->origin_count == next->origin_count && now->uses_store == next->uses_store;
    for (size_t i = 1; same && i < now->origin_count; i++)
        same = same_origin(&now->origins[i], &next->origins[i]);
    return same;
}

static bool same_control(const ol_config_control *a, const ol_config_control *b)
{
    return a->place == b->place && a->origin == b->origin && a->refresh_s == b->refresh_s &&
           ol_slice_eq(a->bucket, b->bucket) && ol_slice_eq(a->prefix, b->prefix);
}

static bool same_session_keys(const ol_config *now, const ol_config *next)
{
    bool same = now->sts_key_count == next->sts_key_count;
    for (size_t i = 0; same && i < now->sts_key_count; i++)
        same = ol_slice_eq_secret(now->sts_keys[i], next->sts_keys[i]);
    return same;
}

/* What only a restart can change; NULL when nothing of it differs. */
static const char *needs_restart(const ol_config *now, const ol_config *next)
{
    if (strcmp(now->data_path, next->data_path) != 0)
        return "data";
    if (now->loops != next->loops)
        return "loops";
    if (!same_listeners(now, next))
        return "listen";
    if (!same_origins(now, next))
        return "origin";
    if (!same_control(&now->control, &next->control))
        return "control";
    if (!same_session_keys(now, next))
        return "sts";
    return NULL;
}

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
    const char *key = needs_restart(self->crew.generation->config, config);
    if (key)
        return ol_error_set(err, OL_ECONFIG, "a change of '%s' needs a restart", key);
    int rc = ol_shared_ensure_buckets(&self->shared, config, err);
    ol_generation *generation = NULL;
    if (rc == OL_OK)
        rc = ol_generation_new(&generation, config, err);
    if (rc != OL_OK)
        return rc;
    adoption both = {.app = self, .generation = generation};
    rc = ol_control_reconfigure(self->shared.control, config, use_both, &both, err);
    ol_generation_release(generation);
    return rc;
}

static void reload(app *self)
{
    ol_error err = {0};
    ol_config *config = NULL;
    ol_log_reopen(self->shared.access_log);
    ol_log_reopen(self->shared.transform_log);
    ol_shared_reload_certificates(&self->shared, false);
    if (!self->options->reload) {
        ol_say("info", "logs reopened; there is no configuration file to read again");
        return;
    }
    int rc = self->options->reload(self->options->reload_arg, &config, &err);
    if (rc == OL_OK) {
        rc = adopt(self, config, &err);
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

static int start(app *self, ol_error *err)
{
    ol_config *config = self->options->config;
    ol_generation *generation = NULL;
    int rc = open_signals(self, err);
    if (rc == OL_OK)
        rc = ol_shared_open(&self->shared, config, err);
    if (rc == OL_OK)
        rc = ol_generation_new(&generation, config, err);
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
