/* SPDX-License-Identifier: MIT */
/*
 * The event of `objlens run`: what a server would make of a request by root, with the fields
 * of an event file put over it. What a server would not send is left out: fields that the program has
 * not declared or its payload does not name, credentials, and fields that are in no event (front/views/event_fields.h
 * has the rule). A program that declares the Range header sees it and partNumber, as under `ranges = "transform"`.
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
    enum ol_transform_entry entry; /* OL_ENTRY_REQUEST is also told the method and the caller's address */
} ol_run_event;

/* Appends to `out` (empty before), encoded for a host. OL_OK, OL_EINVAL (the file; err->detail
 * says what), OL_ELIMIT or OL_ENOMEM. */
int ol_run_event_encode(ol_buf *out, const ol_run_event *event, const ol_program *program,
                        ol_error *err);

#endif
