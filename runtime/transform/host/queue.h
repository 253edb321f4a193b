/* SPDX-License-Identifier: MIT */
/*
 * The order in which jobs get to run. Jobs that yield by themselves go first, in turn; those
 * that used up a whole time slice share what is left, one slice at a time. So a loop without
 * end delays the others by one short slice at most.
 */
#ifndef OL_TRANSFORM_HOST_QUEUE_H
#define OL_TRANSFORM_HOST_QUEUE_H

#include "transform/host/job.h"

typedef struct ol_job_queue {
    ol_job *light_first, *light_last;
    ol_job *hog_first, *hog_last;
    unsigned hogs; /* queued ones */
} ol_job_queue;

/* Nothing happens when it is queued already. */
void ol_job_queue_add(ol_job_queue *queue, ol_job *job);
/* NULL when empty. */
ol_job *ol_job_queue_take(ol_job_queue *queue);
bool ol_job_queue_has_light(const ol_job_queue *queue);
void ol_job_queue_remove(ol_job_queue *queue, ol_job *job);

#endif
