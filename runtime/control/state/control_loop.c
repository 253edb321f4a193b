/* SPDX-License-Identifier: MIT */
/*
 * The control thread. One thing at a time: a re-reading that is due goes first, then the oldest
 * change.
 *
 * A change: carry it out on a copy of the document → make the realm of that → keep the document →
 * publish the realm → tell the asker. When somebody else has written meanwhile (a replica), read
 * again and begin anew. A change whose time is up is told so; what is under way for it goes on, and
 * what was kept is published all the same.
 *
 * This thread may block (on its file, and while workers take over a realm): nothing else lives on
 * its loop.
 */
#include <stdio.h>

#include "base/clock.h"
#include "control/state/control_private.h"
#include "observe/log.h"

#define TRIES_MAX 8 /* of one change against other writers */

static void go_on(ol_control *control);
static void work_on_change(ol_control *control);

/* ---- saying what is wrong ---- */

static void say_trouble(ol_control *control, const ol_error *err)
{
    const char *why = err->detail[0] ? err->detail : err->message;
    if (strcmp(control->trouble, why) == 0)
        return;
    snprintf(control->trouble, sizeof(control->trouble), "%s", why);
    ol_say("error", "control state: %s; what was read before goes on", why);
}

static void say_well(ol_control *control)
{
    if (control->trouble[0])
        ol_say("info", "control state: readable again");
    control->trouble[0] = '\0';
}

/* ---- taking over ---- */

static void drop_next(ol_control *control)
{
    if (control->next_document)
        ol_document_free(control->next_document);
    ol_realm_release(control->next_realm);
    control->next_document = NULL;
    control->next_realm = NULL;
}

/* The configuration may have changed since the realm was made. Under the lock. */
static int renew_realm(ol_control *control, ol_error *err)
{
    ol_realm *realm = NULL;
    if (control->next_realm->config == control->config)
        return OL_OK;
    int rc = ol_realm_new(&realm, control->config, control->next_document, control->realm, err);
    if (rc != OL_OK)
        return rc;
    ol_realm_release(control->next_realm);
    control->next_realm = realm;
    return OL_OK;
}

/* What is kept is what `next` says: from here on it counts. */
static int adopt(ol_control *control, ol_error *err)
{
    pthread_mutex_lock(&control->lock);
    int rc = renew_realm(control, err);
    if (rc == OL_OK) {
        ol_realm *old = control->realm;
        ol_document_free(control->document);
        control->document = control->next_document;
        control->realm = control->next_realm;
        control->next_document = NULL;
        control->next_realm = NULL;
        if (control->published)
            control->publish(control->publish_arg, control->realm);
        ol_realm_release(old);
    }
    pthread_mutex_unlock(&control->lock);
    drop_next(control);
    return rc;
}

static int make_realm(ol_control *control, ol_error *err)
{
    pthread_mutex_lock(&control->lock);
    int rc = ol_realm_new(&control->next_realm, control->config, control->next_document,
                          control->realm, err);
    pthread_mutex_unlock(&control->lock);
    return rc;
}

/* ---- reading again ---- */

static void tell_first_load(ol_control *control, const ol_error *damage)
{
    if (control->first_load_told)
        return;
    control->first_load_told = true;
    if (damage)
        control->damage = *damage;
    sem_post(&control->first_load);
}

static int take_text(ol_control *control, ol_slice text, bool absent, ol_error *err)
{
    int rc = OL_OK;
    if (absent)
        rc = (control->next_document = ol_document_new()) ? OL_OK : OL_ENOMEM;
    else
        rc = ol_document_parse(text, &control->next_document, err);
    if (rc == OL_OK)
        rc = make_realm(control, err);
    if (rc == OL_OK)
        rc = adopt(control, err);
    drop_next(control);
    return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "the control state");
}

/* Not to be written over until it can be read: a newer program may have written it. */
static void refuse_text(ol_control *control, const ol_error *why)
{
    ol_error err = {0};
    ol_error_set(&err, why->code == OL_ENOMEM ? OL_ENOMEM : OL_ECONFIG,
                 "the object in bucket %.63s is damaged: %.200s", control->bucket,
                 why->detail[0] ? why->detail : why->message);
    control->readable = false;
    ol_kept_object_forget(control->object);
    say_trouble(control, &err);
    tell_first_load(control, err.code == OL_ECONFIG ? &err : NULL);
}

/* True when the document is what is kept. */
static bool take_load(ol_control *control, const ol_error *err, ol_slice text, bool absent)
{
    ol_error why = {0};
    if (err) {
        say_trouble(control, err);
        tell_first_load(control, NULL);
        return false;
    }
    if (absent && control->seen) { /* to take that for nothing would open what it shut */
        ol_error_set(&why, OL_ECONFIG, "it is gone");
        refuse_text(control, &why);
        return false;
    }
    bool changed = text.data || (absent && !control->readable);
    if (changed && take_text(control, text, absent, &why) != OL_OK) {
        refuse_text(control, &why);
        return false;
    }
    control->readable = true;
    control->seen |= !absent;
    say_well(control);
    tell_first_load(control, NULL);
    return true;
}

static void on_refreshed(void *arg, const ol_error *err, ol_slice text, bool absent)
{
    ol_control *control = arg;
    take_load(control, err, text, absent);
    control->busy = false;
    go_on(control);
}

/* The file. Only we write it, so this is for what was kept and could not be used. */
static void read_file_again(ol_control *control)
{
    ol_error why = {0};
    int rc = ol_kept_file_read(&control->file, &control->text, &why);
    if (rc == OL_SKIP)
        rc = ol_error_set(&why, OL_ECONFIG, "%s: it is gone", control->file.path);
    if (rc == OL_OK)
        rc = take_text(control, ol_buf_slice(&control->text), false, &why);
    ol_buf_clear(&control->text);
    control->readable = rc == OL_OK;
    if (control->readable)
        say_well(control);
    else
        say_trouble(control, &why);
}

static void refresh(ol_control *control)
{
    control->refresh_due = false;
    if (!control->object) {
        read_file_again(control);
        go_on(control);
        return;
    }
    control->busy = true;
    ol_kept_object_load(control->object, on_refreshed, control);
}

static void on_refresh_timer(uv_timer_t *timer)
{
    ol_control *control = timer->data;
    control->refresh_due = true;
    go_on(control);
}

/* ---- changes ---- */

/* The change at the head of the queue is over. */
static void end_change(ol_control *control, const ol_error *err)
{
    ol_control_job *job = control->first;
    control->first = job->next;
    if (!control->first)
        control->end = &control->first;
    drop_next(control);
    ol_buf_clear(&control->text);
    control->tries = 0;
    control->busy = false;
    ol_control_job_answer(job, err);
    ol_control_job_release(job);
    go_on(control);
}

static void fail_change(ol_control *control, int code, const char *detail)
{
    ol_error err = {0};
    ol_error_set(&err, code, "%s", detail);
    end_change(control, &err);
}

static void on_conflict_read(void *arg, const ol_error *err, ol_slice text, bool absent)
{
    ol_control *control = arg;
    if (take_load(control, err, text, absent))
        work_on_change(control);
    else
        fail_change(control, OL_EUNAVAILABLE, "the control state cannot be read");
}

static bool is_conflict(const ol_error *err)
{
    return err->code == OL_EPRECONDITION || err->status == 409 || err->status == 412;
}

/* What was kept could not be used: the document in memory lags behind it, and a change made on that
 * would undo it. No change until it has been read. */
static void expect_reading(ol_control *control)
{
    control->readable = false;
    control->refresh_due = true;
    if (control->object)
        ol_kept_object_forget(control->object);
}

static void on_saved(void *arg, const ol_error *err)
{
    ol_control *control = arg;
    ol_error why = {0};
    if (err && is_conflict(err) && ++control->tries < TRIES_MAX) {
        drop_next(control);
        ol_buf_clear(&control->text);
        ol_kept_object_forget(control->object);
        ol_kept_object_load(control->object, on_conflict_read, control);
        return;
    }
    if (err && is_conflict(err)) {
        fail_change(control, OL_ESLOWDOWN, "others keep changing the control state");
        return;
    }
    if (err) {
        control->refresh_due = control->object != NULL; /* was it written, or not? */
        say_trouble(control, err);
        fail_change(control, err->code == OL_ENOSPACE ? OL_ENOSPACE : OL_EUNAVAILABLE,
                    err->detail[0] ? err->detail : err->message);
        return;
    }
    control->seen = true;
    say_well(control);
    int rc = adopt(control, &why);
    if (rc != OL_OK) {
        ol_error_set(&why, rc, "a change of the control state");
        expect_reading(control);
    }
    end_change(control, rc == OL_OK ? NULL : &why);
}

static void save(ol_control *control)
{
    ol_error err = {0};
    ol_slice text = ol_buf_slice(&control->text);
    control->busy = true;
    if (control->place == OL_CONTROL_IN_BUCKET) {
        ol_kept_object_save(control->object, text, on_saved, control);
        return;
    }
    if (control->place == OL_CONTROL_NOWHERE)
        ol_error_say(&err, OL_ENOTIMPLEMENTED,
                     "This server keeps nothing that the API makes: its configuration names no "
                     "place for it.");
    else
        ol_kept_file_write(&control->file, text, &err);
    if (err.code == OL_ENOTIMPLEMENTED)
        end_change(control, &err);
    else
        on_saved(control, err.code ? &err : NULL);
}

/* OL_OK: there is something to keep. OL_DONE: nothing changes. */
static int prepare_change(ol_control *control, const ol_edit *edit, ol_error *err)
{
    control->next_document = ol_document_copy(control->document);
    if (!control->next_document)
        return ol_error_set(err, OL_ENOMEM, "a change of the control state");
    pthread_mutex_lock(&control->lock);
    int rc = ol_edit_apply(edit, control->realm, control->next_document, ol_clock_wall_ms(), err);
    pthread_mutex_unlock(&control->lock);
    if (rc != OL_OK)
        return rc;
    if (ol_document_same(control->next_document, control->document))
        return OL_DONE;
    rc = make_realm(control, err);
    if (rc == OL_OK)
        rc = ol_document_write(control->next_document, &control->text);
    if (rc == OL_ELIMIT)
        return ol_error_say(err, OL_ELIMIT, "The server keeps no more policies and access points.");
    return rc;
}

static void work_on_change(ol_control *control)
{
    ol_control_job *job = control->first;
    ol_error err = {0};
    if (job->answered) { /* its time was up */
        end_change(control, NULL);
        return;
    }
    if (!control->readable && control->place == OL_CONTROL_IN_DATA_FOLDER)
        read_file_again(control); /* no timer does */
    if (!control->readable) {
        fail_change(control, OL_EUNAVAILABLE, "the control state has not been read yet");
        return;
    }
    int rc = prepare_change(control, &job->edit, &err);
    if (rc == OL_OK) {
        save(control);
        return;
    }
    if (rc < 0)
        ol_error_set(&err, rc, "a change of the control state");
    end_change(control, rc < 0 ? &err : NULL);
}

/* ---- deadlines ---- */

static void arm_deadline(ol_control *control);

static void on_deadline(uv_timer_t *timer)
{
    ol_control *control = timer->data;
    uint64_t now = ol_clock_mono_ms();
    ol_error err = {0};
    ol_error_set(&err, OL_EUNAVAILABLE, "the control state was not written in time");
    for (ol_control_job *job = control->first; job; job = job->next)
        if (job->deadline_ms <= now)
            ol_control_job_answer(job, &err);
    arm_deadline(control);
}

/* Changes stand in the order in which they were asked for, and so do their deadlines. */
static void arm_deadline(ol_control *control)
{
    const ol_control_job *job = control->first;
    while (job && job->answered)
        job = job->next;
    if (!job) {
        uv_timer_stop(&control->deadline_timer);
        return;
    }
    uint64_t now = ol_clock_mono_ms();
    uv_update_time(ol_loop_uv(control->loop));
    uv_timer_start(&control->deadline_timer, on_deadline,
                   job->deadline_ms > now ? job->deadline_ms - now : 1, 0);
}

/* ---- the end ---- */

static void on_detached(void *arg)
{
    ol_control *control = arg;
    control->detached = true;
    if (control->shut)
        ol_loop_stop(control->loop);
    else
        go_on(control);
}

static void on_timer_closed(uv_handle_t *handle)
{
    ol_control *control = handle->data;
    if (--control->timers_open > 0)
        return;
    if (control->detach && control->attached && !control->detaching)
        control->detach(control->origin, control->loop, on_detached, control);
    else if (!control->detaching || control->detached)
        ol_loop_stop(control->loop);
}

static void shut(ol_control *control)
{
    control->shut = true;
    uv_close((uv_handle_t *)&control->refresh_timer, on_timer_closed);
    uv_close((uv_handle_t *)&control->deadline_timer, on_timer_closed);
}

/* ---- the loop ---- */

static void turn(void *arg)
{
    ol_control *control = arg;
    control->turning = false;
    if (control->busy || control->shut)
        return;
    if (control->refresh_due && !control->closing) {
        refresh(control);
    } else if (control->first) {
        control->busy = true;
        work_on_change(control);
    } else if (control->closing) {
        shut(control);
    }
}

/* On a later turn, so that a long queue is no deep stack. */
static void go_on(ol_control *control)
{
    if (control->turning || control->busy || control->shut)
        return;
    control->turning = true;
    control->turn_post = (ol_post){.fn = turn, .arg = control};
    ol_loop_defer(control->loop, &control->turn_post);
}

void ol_control_loop_take(void *arg)
{
    ol_control_job *job = arg;
    ol_control *control = job->control;
    job->deadline_ms = ol_clock_mono_ms() + control->timeout_ms;
    *control->end = job;
    control->end = &job->next;
    arm_deadline(control);
    go_on(control);
}

/* A re-reading that is under way is cut; a change is not. */
void ol_control_loop_close(void *arg)
{
    ol_control *control = arg;
    control->closing = true;
    if (control->busy && !control->first && control->attached && control->detach) {
        control->detaching = true;
        control->detach(control->origin, control->loop, on_detached, control);
    }
    go_on(control);
}

void ol_control_loop_begin(ol_control *control)
{
    uv_loop_t *uv = ol_loop_uv(control->loop);
    uint64_t refresh_ms = control->config->control.refresh_s * 1000ull;
    uv_timer_init(uv, &control->refresh_timer);
    uv_timer_init(uv, &control->deadline_timer);
    control->refresh_timer.data = control->deadline_timer.data = control;
    control->timers_open = 2;
    if (control->place == OL_CONTROL_IN_BUCKET)
        uv_timer_start(&control->refresh_timer, on_refresh_timer, 0, refresh_ms);
}
