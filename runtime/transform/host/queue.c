/* SPDX-License-Identifier: MIT */
#include "transform/host/queue.h"

static void append(ol_job **first, ol_job **last, ol_job *job)
{
    job->next = NULL;
    if (*last)
        (*last)->next = job;
    else
        *first = job;
    *last = job;
}

static ol_job *pop(ol_job **first, ol_job **last)
{
    ol_job *job = *first;
    *first = job->next;
    if (!*first)
        *last = NULL;
    job->next = NULL;
    return job;
}

void ol_job_queue_add(ol_job_queue *queue, ol_job *job)
{
    if (job->queued)
        return;
    job->queued = true;
    if (job->hog) {
        queue->hogs++;
        append(&queue->hog_first, &queue->hog_last, job);
    } else {
        append(&queue->light_first, &queue->light_last, job);
    }
}

ol_job *ol_job_queue_take(ol_job_queue *queue)
{
    ol_job *job = NULL;
    if (queue->light_first) {
        job = pop(&queue->light_first, &queue->light_last);
    } else if (queue->hog_first) {
        job = pop(&queue->hog_first, &queue->hog_last);
        queue->hogs--;
    }
    if (job)
        job->queued = false;
    return job;
}

bool ol_job_queue_has_light(const ol_job_queue *queue)
{
    return queue->light_first != NULL;
}

static void unlink_from(ol_job **first, ol_job **last, ol_job *job)
{
    ol_job *before = NULL;
    for (ol_job *at = *first; at && at != job; at = at->next)
        before = at;
    if (before)
        before->next = job->next;
    else
        *first = job->next;
    if (*last == job)
        *last = before;
    job->next = NULL;
}

void ol_job_queue_remove(ol_job_queue *queue, ol_job *job)
{
    if (!job->queued)
        return;
    job->queued = false;
    if (job->hog) {
        queue->hogs--;
        unlink_from(&queue->hog_first, &queue->hog_last, job);
    } else {
        unlink_from(&queue->light_first, &queue->light_last, job);
    }
}
