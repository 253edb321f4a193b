/* SPDX-License-Identifier: MIT */
#include "transform/loader.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "transform/child.h"
#include "transform/link.h"
#include "transform/source_file.h"

#define SLOTS 16u /* room for the source; no body ever travels */

_Static_assert(SLOTS * OL_SLOT_BYTES > OL_SOURCE_LUA_BYTES_MAX + 64 * OL_KIB,
               "a source of the largest size fits");

typedef struct attempt {
    ol_child child;
    ol_link *link;
    const ol_program *program;
    ol_loader_result *result;
    ol_error *err;
    bool told; /* the host has said whether it loaded */
} attempt;

static void on_loaded(void *arg, const ol_link_loaded *loaded)
{
    attempt *a = arg;
    a->told = true;
    a->result->landlock = loaded->landlock;
    a->result->walls = loaded->walls;
    if (!loaded->ok) {
        *a->err = loaded->err;
        return;
    }
    ol_slice headers = loaded->declared.depends_headers;
    if (headers.len > sizeof(a->result->headers)) {
        ol_error_set(a->err, OL_ETRANSFORM, "it declares too many headers");
        return;
    }
    memcpy(a->result->headers, headers.data, headers.len);
    a->result->declared = loaded->declared;
    a->result->declared.depends_headers = ol_slice_of(a->result->headers, headers.len);
    ol_slice counters = loaded->declared.counters; /* good names, so they fit */
    if (counters.len > 0)
        memcpy(a->result->counters, counters.data, counters.len);
    a->result->declared.counters = ol_slice_of(a->result->counters, counters.len);
    if (ol_program_asks_warden(a->program) &&
        !ol_warden_seal(&a->child.warden, loaded->declared.threads_max))
        ol_error_set(a->err, OL_ETRANSFORM,
                     "it runs more threads than it declares, or /proc hides them");
}

static void on_nothing(void *arg)
{
    (void)arg;
}

static const ol_link_ops link_ops = {
    .on_loaded = on_loaded,
    .on_job_over = on_nothing,
    .on_dirty = on_nothing,
};

static void hear(attempt *a)
{
    uint64_t count;
    uint32_t culprit;
    ssize_t got = read(a->child.wake_fd, &count, sizeof(count));
    (void)got;
    ol_link_awake(a->link);
    if (ol_link_drain(a->link, &culprit, a->err) != OL_OK)
        a->told = true;
    else if (!ol_link_sleep(a->link))
        ol_link_drain(a->link, &culprit, a->err);
}

static void explain_end(attempt *a)
{
    char how[128];
    ol_child_end end;
    if (!ol_child_reap(&a->child, &end))
        return;
    hear(a); /* its last words, if any */
    ol_child_end_text(&end, how, sizeof(how));
    ol_error_set(a->err, OL_ETRANSFORM, "the host %s %s", how, /* unless it said why */
                 a->told ? "as soon as it had loaded" : "while it loaded");
    a->told = true;
}

static void wait_for_word(attempt *a, uint32_t wall_ms)
{
    uint64_t deadline = ol_clock_mono_ms() + wall_ms;
    while (!a->told) {
        uint64_t now = ol_clock_mono_ms();
        if (now >= deadline) {
            ol_error_set(a->err, OL_ETRANSFORM, "it did not load within %u ms (load_ms)", wall_ms);
            return;
        }
        struct pollfd fds[] = {{.fd = a->child.wake_fd, .events = POLLIN},
                               {.fd = a->child.pidfd, .events = POLLIN},
                               {.fd = a->child.warden.socket_fd, .events = POLLIN},
                               {.fd = a->child.warden.listener_fd, .events = POLLIN}};
        if (poll(fds, 4, (int)(deadline - now)) < 0 && errno != EINTR) {
            ol_error_set(a->err, OL_EINTERNAL, "waiting for a host");
            return;
        }
        if (fds[0].revents)
            hear(a);
        if (fds[1].revents)
            explain_end(a);
        if (fds[2].revents)
            ol_warden_take(&a->child.warden);
        if (fds[3].revents && !ol_warden_answer(&a->child.warden))
            ol_warden_close_listener(&a->child.warden);
    }
}

int ol_loader_try(const ol_program *program, ol_loader_result *result, ol_error *err)
{
    ol_child_options options = {.slot_bytes = OL_SLOT_BYTES, .slots = SLOTS, .jobs_max = 1};
    ol_error found = {0};
    attempt a = {.program = program, .result = result, .err = &found};
    *result = (ol_loader_result){0};
    int rc = ol_child_start(&a.child, &options, program, err);
    if (rc != OL_OK)
        return rc;
    rc = ol_link_new(&a.link, a.child.base, &a.child.layout, 1, &program->limits, &link_ops, &a);
    if (rc == OL_OK)
        wait_for_word(&a, ol_transform_load_wall_ms(&program->limits));
    else
        ol_error_set(&found, rc, "loading a transform");
    ol_link_destroy(a.link);
    ol_child_stop(&a.child);
    if (found.code != 0 && err && err->code == 0)
        *err = found;
    return found.code;
}
