/* SPDX-License-Identifier: MIT */
/*
 * Opening: read what is kept → make the realm → start the thread. With the data folder the reading
 * is done here; with an origin on the control loop, while we wait, but no longer than a change may
 * take.
 */
#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "base/alloc.h"
#include "control/state/control_private.h"

#define JOB_BYTES_MAX (4 * OL_MIB)
#define OBJECT_NAME "control.json"
#define LOOP_INDEX 255 /* behind those of the workers */

/* ---- asking for a change ---- */

void ol_control_job_release(ol_control_job *job)
{
    if (__atomic_sub_fetch(&job->references, 1, __ATOMIC_ACQ_REL) == 0)
        ol_arena_destroy(job->arena);
}

static void tell(void *arg)
{
    ol_control_job *job = arg;
    ol_loop *loop = job->loop;
    job->cb(job->arg, job->err.code ? &job->err : NULL);
    ol_control_job_release(job);
    ol_loop_unhold(loop);
}

void ol_control_job_answer(ol_control_job *job, const ol_error *err)
{
    if (job->answered)
        return;
    job->answered = true;
    if (err)
        job->err = *err;
    job->answer = (ol_post){.fn = tell, .arg = job};
    ol_loop_post(job->loop, &job->answer);
}

bool ol_control_is_writable(const ol_control *control)
{
    return control->place != OL_CONTROL_NOWHERE;
}

int ol_control_edit(ol_control *control, ol_loop *loop, const ol_edit *edit, ol_done_cb cb,
                    void *arg, ol_error *err)
{
    ol_arena *arena = ol_arena_new(JOB_BYTES_MAX);
    ol_control_job *job = arena ? ol_arena_calloc(arena, sizeof(*job)) : NULL;
    int rc = job ? ol_edit_copy(edit, arena, &job->edit, err) : OL_ENOMEM;
    if (rc != OL_OK) {
        if (arena)
            ol_arena_destroy(arena);
        return ol_error_set(err, rc, "a change of the control state");
    }
    job->control = control;
    job->arena = arena;
    job->references = 2;
    job->loop = loop;
    job->cb = cb;
    job->arg = arg;
    job->ask = (ol_post){.fn = ol_control_loop_take, .arg = job};
    ol_loop_hold(loop);
    ol_loop_post(control->loop, &job->ask);
    return OL_WAIT;
}

/* ---- realms ---- */

ol_realm *ol_control_realm(ol_control *control)
{
    pthread_mutex_lock(&control->lock);
    ol_realm *realm = ol_realm_acquire(control->realm);
    pthread_mutex_unlock(&control->lock);
    return realm;
}

void ol_control_start(ol_control *control)
{
    pthread_mutex_lock(&control->lock);
    control->published = true;
    control->publish(control->publish_arg, control->realm);
    pthread_mutex_unlock(&control->lock);
}

/* The realm's document is what the realm was made of, and may lag behind what the control thread is
 * about to keep: that change makes its realm anew when it finds another configuration. */
int ol_control_reconfigure(ol_control *control, ol_config *config,
                           void (*use)(void *arg, ol_realm *realm), void *arg, ol_error *err)
{
    ol_realm *realm = NULL;
    pthread_mutex_lock(&control->lock);
    int rc = ol_realm_new(&realm, config, control->document, control->realm, err);
    if (rc == OL_OK) {
        ol_realm *old = control->realm;
        ol_config *old_config = control->config;
        realm->incomplete = old->incomplete;
        control->realm = realm;
        control->config = ol_config_acquire(config);
        use(arg, realm);
        ol_realm_release(old);
        ol_config_release(old_config);
    }
    pthread_mutex_unlock(&control->lock);
    return rc;
}

/* ---- opening ---- */

static void *run(void *arg)
{
    ol_control *control = arg;
    pthread_setname_np(pthread_self(), "objlens-control");
    ol_loop_run(control->loop);
    return NULL;
}

static int read_file(ol_control *control, ol_error *err)
{
    ol_buf text;
    ol_error why = {0};
    const char *data_path = control->config->data_path;
    int rc = ol_kept_file_open(&control->file, data_path, err);
    if (rc != OL_OK)
        return rc;
    ol_buf_init(&text, control->config->limits.control_bytes_max);
    rc = ol_kept_file_read(&control->file, &text, err);
    if (rc == OL_OK)
        rc = ol_document_parse(ol_buf_slice(&text), &control->document, &why);
    else if (rc == OL_SKIP)
        rc = (control->document = ol_document_new()) ? OL_OK : OL_ENOMEM;
    ol_buf_fini(&text);
    if (why.code)
        return ol_error_set(err, rc, "%s: is damaged: %s", control->file.path, why.detail);
    return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "the control state");
}

static int open_place(ol_control *control, ol_error *err)
{
    const ol_config_control *where = &control->config->control;
    char key[640];
    if (control->place == OL_CONTROL_IN_DATA_FOLDER)
        return read_file(control, err);
    control->document = ol_document_new();
    if (!control->document)
        return ol_error_set(err, OL_ENOMEM, "the control state");
    if (control->place == OL_CONTROL_NOWHERE)
        return OL_OK;
    control->readable = false;
    snprintf(control->bucket, sizeof(control->bucket), "%.*s", OL_SLICE_FMT(where->bucket));
    int len = snprintf(key, sizeof(key), "%.*s%s", OL_SLICE_FMT(where->prefix), OBJECT_NAME);
    const ol_kept_object_options options = {
        .loop = control->loop,
        .origin = control->origin,
        .bucket = where->bucket,
        .key = ol_slice_of(key, (size_t)len),
        .bytes_max = (size_t)control->config->limits.control_bytes_max,
    };
    control->object = ol_kept_object_new(&options);
    if (!control->object)
        return ol_error_set(err, OL_ENOMEM, "the control state");
    int rc = control->attach ? control->attach(control->origin, control->loop, err) : OL_OK;
    control->attached = rc == OL_OK;
    return rc;
}

static int make_first_realm(ol_control *control, ol_error *err)
{
    ol_error why = {0};
    int rc = ol_realm_new(&control->realm, control->config, control->document, NULL, &why);
    if (rc == OL_OK) {
        control->realm->incomplete = !control->readable;
        return OL_OK;
    }
    bool damaged = control->place == OL_CONTROL_IN_DATA_FOLDER && rc != OL_ENOMEM;
    return ol_error_set(err, damaged ? OL_ECONFIG : rc, "%s%s%s",
                        damaged ? control->file.path : "", damaged ? ": is damaged: " : "",
                        why.detail);
}

/* An origin that does not answer is no reason not to start; what it says in time is looked at. */
static int wait_for_origin(ol_control *control, ol_error *err)
{
    struct timespec until;
    uint32_t wait_ms = control->config->limits.control_timeout_ms;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += wait_ms / 1000;
    until.tv_nsec += (long)(wait_ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    while (sem_timedwait(&control->first_load, &until) != 0)
        if (errno != EINTR)
            return OL_OK;
    if (control->damage.code == 0)
        return OL_OK;
    *err = control->damage;
    return err->code;
}

static int start_thread(ol_control *control, ol_error *err)
{
    ol_control_loop_begin(control);
    if (pthread_create(&control->thread, NULL, run, control) != 0)
        return ol_error_set(err, OL_ENOMEM, "the control thread");
    control->has_thread = true;
    return control->place == OL_CONTROL_IN_BUCKET ? wait_for_origin(control, err) : OL_OK;
}

static void fill(ol_control *control, const ol_control_options *options)
{
    control->place = options->config->control.place;
    control->origin = options->origin;
    control->attach = options->attach;
    control->detach = options->detach;
    control->publish = options->publish;
    control->publish_arg = options->publish_arg;
    control->config = ol_config_acquire(options->config);
    control->timeout_ms = options->config->limits.control_timeout_ms;
    control->readable = true;
    control->file.lock_fd = -1;
    control->end = &control->first;
    pthread_mutex_init(&control->lock, NULL);
    sem_init(&control->first_load, 0, 0);
    ol_buf_init(&control->text, (size_t)options->config->limits.control_bytes_max);
}

int ol_control_open(ol_control **out, const ol_control_options *options, ol_error *err)
{
    ol_control *control = ol_calloc(1, sizeof(*control));
    if (!control)
        return ol_error_set(err, OL_ENOMEM, "the control state");
    fill(control, options);
    int rc = ol_loop_new(&control->loop, LOOP_INDEX);
    if (rc == OL_OK)
        rc = open_place(control, err);
    if (rc == OL_OK)
        rc = make_first_realm(control, err);
    if (rc == OL_OK)
        rc = start_thread(control, err);
    if (rc == OL_OK) {
        *out = control;
        return OL_OK;
    }
    ol_control_close(control);
    return ol_error_set(err, rc, "the control state");
}

/* ---- closing ---- */

/* A loop that never ran has to run for its handles to close. */
static void stop_loop(ol_control *control)
{
    if (control->timers_open == 0) /* an open that failed early */
        ol_control_loop_begin(control);
    control->close_post = (ol_post){.fn = ol_control_loop_close, .arg = control};
    ol_loop_post(control->loop, &control->close_post);
    if (control->has_thread)
        pthread_join(control->thread, NULL);
    else
        ol_loop_run(control->loop);
}

void ol_control_close(ol_control *control)
{
    if (!control)
        return;
    if (control->loop) {
        stop_loop(control);
        ol_loop_destroy(control->loop);
    }
    ol_kept_object_destroy(control->object);
    ol_kept_file_close(&control->file);
    ol_realm_release(control->realm);
    if (control->document)
        ol_document_free(control->document);
    ol_buf_fini(&control->text);
    ol_config_release(control->config);
    sem_destroy(&control->first_load);
    pthread_mutex_destroy(&control->lock);
    ol_free(control);
}
