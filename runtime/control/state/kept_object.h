/* SPDX-License-Identifier: MIT */
/*
 * The document as one object in a bucket of an origin. It is written on the condition that it is
 * still what was read last, so that replicas never overwrite each other's changes.
 *
 * Belongs to one loop; one call at a time; every callback comes on a later turn.
 */
#ifndef OL_CONTROL_KEPT_OBJECT_H
#define OL_CONTROL_KEPT_OBJECT_H

#include "origin/origin.h"

typedef struct ol_kept_object ol_kept_object;

typedef struct ol_kept_object_options {
    ol_loop *loop;
    ol_origin *origin;
    ol_slice bucket, key;
    size_t bytes_max;
} ol_kept_object_options;

/* Copies the names. NULL when out of memory. */
ol_kept_object *ol_kept_object_new(const ol_kept_object_options *options);
/* Not while a call is under way. */
void ol_kept_object_destroy(ol_kept_object *object);

/* `err` NULL: `text` (borrowed until it returns) is the whole of it, and what later writes are held
 * against; data NULL when it is what was read or written last, or when there is none: `absent`. */
typedef void (*ol_kept_load_cb)(void *arg, const ol_error *err, ol_slice text, bool absent);
void ol_kept_object_load(ol_kept_object *object, ol_kept_load_cb cb, void *arg);
/* `text` stays valid until the callback. OL_EPRECONDITION: somebody else has written it. */
void ol_kept_object_save(ol_kept_object *object, ol_slice text, ol_done_cb cb, void *arg);
/* Forget what was read: the next load brings the whole. */
void ol_kept_object_forget(ol_kept_object *object);

#endif
