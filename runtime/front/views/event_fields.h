/* SPDX-License-Identifier: MIT */
/*
 * The fields of an event, and which of them a program sees: the one rule for requests (event.c) and for
 * the command line (cli/run_event.c). Fields of the query and headers have names of their own,
 * "userRequest.query.NAME" and "userRequest.headers.NAME".
 */
#ifndef OL_FRONT_EVENT_FIELDS_H
#define OL_FRONT_EVENT_FIELDS_H

#include "transform/program.h"

#define OL_EVENT_QUERY "userRequest.query."
#define OL_EVENT_HEADERS "userRequest.headers."

typedef enum ol_event_field {
    OL_EVENT_PROTOCOL_VERSION,
    OL_EVENT_IDENTITY_TYPE,
    OL_EVENT_IDENTITY_PRINCIPAL_ID,
    OL_EVENT_IDENTITY_ARN,
    OL_EVENT_IDENTITY_ACCOUNT_ID,
    OL_EVENT_IDENTITY_USER_NAME,
    OL_EVENT_PAYLOAD,
    OL_EVENT_ARN,
    OL_EVENT_SUPPORTING_ARN,
    OL_EVENT_URL,
    OL_EVENT_METHOD,
    OL_EVENT_SOURCE_IP,
    OL_EVENT_REQUEST_ID,
    OL_EVENT_TIME,
    OL_EVENT_FIELDS
} ol_event_field;

/* Fields that are seen together. */
typedef enum ol_event_group {
    OL_EVENT_ALWAYS,
    OL_EVENT_IDENTITY, /* who asks */
    OL_EVENT_CALLER,   /* how it was asked for, and from where */
    OL_EVENT_REQUEST   /* what is another each time */
} ol_event_group;

typedef struct ol_event_sight {
    const ol_program *program;
    ol_slice payload;
    bool shows_caller; /* method and address: to entries that make no view */
    bool shows_part;   /* Range and partNumber are the transform's to answer */
} ol_event_sight;

const char *ol_event_name(ol_event_field field);
bool ol_event_sees_group(const ol_event_sight *sight, ol_event_group group);
/* `name`: lower case. */
bool ol_event_sees_header(const ol_event_sight *sight, ol_slice name);
bool ol_event_sees_param(const ol_event_sight *sight, ol_slice name);
/* By the name that it has in the event; false for names that are in none. */
bool ol_event_sees(const ol_event_sight *sight, const char *name);

#endif
