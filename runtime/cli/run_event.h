/* SPDX-License-Identifier: MIT */
/*
 * The event of `objlens run`: what a server would make of a request by root, with the fields
 * of an event file put over it. What the server would keep to itself is left out: what the program has
 * not declared, or its payload not named, credentials, and fields that no server's event has. A Range
 * header that is declared is shown, as where the configuration hands ranges to the transform.
 */
#ifndef OL_CLI_RUN_EVENT_H
#define OL_CLI_RUN_EVENT_H

#include "base/buf.h"
#include "base/error.h"
#include "transform/program.h"

typedef struct ol_run_event {
    const char *payload; /* NULL: the event file's, or none */
    const char *file;    /* an event as AWS writes it (JSON), or NULL */
    const char *key;     /* what is asked for, which the URL names; NULL: it has none */
    enum ol_transform_entry entry; /* `request` is told more than what makes a view */
} ol_run_event;

/* Appends to `out` (empty before), encoded for a host. OL_OK, OL_EINVAL (the file; err->detail
 * says what), OL_ELIMIT or OL_ENOMEM. */
int ol_run_event_encode(ol_buf *out, const ol_run_event *event, const ol_program *program,
                        ol_error *err);

#endif
