/* SPDX-License-Identifier: MIT */
/*
 * Between control.c (what others call) and control_loop.c (what the control thread does). Private
 * to these two.
 */
#ifndef OL_CONTROL_CONTROL_PRIVATE_H
#define OL_CONTROL_CONTROL_PRIVATE_H

#include <pthread.h>
#include <semaphore.h>

#include "base/buf.h"
#include "control/state/control.h"
#include "control/state/edit.h"
#include "control/state/kept_file.h"
#include "control/state/kept_object.h"
#include "control/state/realm_private.h"

/* One change that was asked for. Lives in its own arena. Two hold it: the control loop until it is
 * done with it, and the way back to the asker. */
typedef struct ol_control_job {
    ol_control *control;
    ol_arena *arena;
    int references; /* atomic */
    ol_edit edit;
    ol_loop *loop; /* of the asker; held until it is told */
    ol_done_cb cb;
    void *arg;
    ol_post ask, answer;
    ol_error err;
    uint64_t deadline_ms; /* of the control loop's clock */
    bool answered;
    struct ol_control_job *next;
} ol_control_job;

struct ol_control {
    /* Fixed. */
    enum ol_config_control_place place;
    ol_origin *origin;
    int (*attach)(ol_origin *origin, ol_loop *loop, ol_error *err);
    void (*detach)(ol_origin *origin, ol_loop *loop, void (*cb)(void *arg), void *arg);
    void (*publish)(void *arg, ol_realm *realm);
    void *publish_arg;
    ol_kept_file file;
    char bucket[OL_BUCKET_NAME_MAX + 1]; /* for people */
    ol_loop *loop;
    pthread_t thread;
    bool has_thread;

    /* Under the lock; changed by the control thread, and by a reconfiguration. */
    pthread_mutex_t lock;
    ol_config *config;
    ol_realm *realm;
    bool published; /* changes go to the workers */

    /* The control loop's own. */
    ol_document *document; /* what is kept, as far as we know */
    bool readable;         /* `document` is that */
    ol_kept_object *object;
    uv_timer_t refresh_timer, deadline_timer;
    unsigned timers_open;
    uint32_t timeout_ms; /* of a change */
    ol_control_job *first, **end;
    bool seen; /* there has been a document: that there is none now is damage */
    bool busy, refresh_due, turning, closing, shut;
    bool attached, detaching, detached; /* to the origin */
    ol_post close_post, turn_post;

    /* Of the change or the load that is under way. */
    ol_document *next_document;
    ol_realm *next_realm;
    ol_buf text;
    unsigned tries;
    char trouble[OL_ERROR_TEXT_SIZE]; /* said last; empty = all is well */

    /* For ol_control_open, which waits for the first load. */
    bool first_load_told;
    sem_t first_load;
    ol_error damage;
};

/* On the control loop. */
void ol_control_loop_begin(ol_control *control);
void ol_control_loop_take(void *job);
void ol_control_loop_close(void *control);

/* Any thread: the asker learns of it on its loop, once. */
void ol_control_job_answer(ol_control_job *job, const ol_error *err);
void ol_control_job_release(ol_control_job *job);

#endif
