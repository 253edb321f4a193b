/* SPDX-License-Identifier: MIT */
/*
 * What the two halves of a survey share: the window with its bounds (view_survey.c), and the way of
 * one item through its slot (view_survey_item.c).
 */
#ifndef OL_FRONT_VIEW_SURVEY_PRIVATE_H
#define OL_FRONT_VIEW_SURVEY_PRIVATE_H

#include "front/views/view_name.h"
#include "front/views/view_survey.h"

enum slot_state {
    SLOT_FREE,
    SLOT_UNNAMED, /* waits for a run of `request` */
    SLOT_NAMING,
    SLOT_OPENING,
    SLOT_ASKING,
    SLOT_READY, /* waits for a run of the view */
    SLOT_RUNNING
};

typedef struct ol_view_survey_entry {
    ol_s3_address address; /* as in a GET of it */
    ol_view_name name;
    ol_view_subject subject;
    ol_view_measure measure;
    ol_view_ask ask;
} ol_view_survey_entry;

/* Its memory stays until its last callback has come: an origin's call and a question to the memo
 * cannot be recalled, a run is aborted and then reports. */
typedef struct ol_view_survey_slot {
    ol_view_survey *survey;
    enum slot_state state;
    ol_view_survey_item *item;
    ol_arena *arena;     /* of this entry */
    ol_arena *run_arena; /* of one run: there may be many, while the queue is full */
    ol_view_survey_entry *entry;
} ol_view_survey_slot;

/* ---- view_survey.c ---- */

/* Last in every callback: start whatever may be started, or end the survey. */
void ol_view_survey_pump(ol_view_survey *survey);

/* ---- view_survey_item.c ---- */

/* Take the next item into a free slot. OL_OK or OL_ENOMEM. */
int ol_view_survey_begin(ol_view_survey *survey, ol_view_survey_slot *slot, ol_error *err);
static inline bool ol_view_survey_waits(const ol_view_survey_slot *slot)
{
    return slot->state == SLOT_UNNAMED || slot->state == SLOT_READY;
}
/* Of one that waits for it. */
void ol_view_survey_run(ol_view_survey_slot *slot);
/* Close it, or have what runs report soon. */
void ol_view_survey_stop(ol_view_survey_slot *slot);
/* The first failure is the survey's. */
void ol_view_survey_fail(ol_view_survey *survey, const ol_error *err);

#endif
