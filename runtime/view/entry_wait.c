/* SPDX-License-Identifier: MIT */
/* Waiting for an entry's head, or for its end. */
#include "view/entry.h"

enum { SLOT_WAITER, SLOT_WHOLE };

static bool wants_whole(const ol_view_wait *wait)
{
    return wait->private_[SLOT_WHOLE] != NULL;
}

static int check(ol_view_wait *wait)
{
    return ol_view_entry_check(wait->entry, wants_whole(wait), wait->private_[SLOT_WAITER]);
}

/* The head, or the reason why there is none. */
static int answer(ol_view_wait *wait, int rc, ol_error *err)
{
    if (rc < 0)
        return ol_view_entry_report(wait->entry, err);
    return ol_view_entry_head(wait->entry, wait->arena, &wait->head, err);
}

static void end(ol_view_wait *wait)
{
    ol_view_waiter_drop(wait->private_[SLOT_WAITER], &wait->entry->waiters);
    wait->private_[SLOT_WAITER] = NULL;
}

static void on_woken(void *arg)
{
    ol_view_wait *wait = arg;
    ol_error err = {0};
    int rc = check(wait);
    if (rc == OL_WAIT)
        return;
    end(wait);
    rc = answer(wait, rc, &err);
    wait->cb(wait, rc < 0 ? &err : NULL);
}

int ol_view_entry_wait(ol_view_wait *wait, bool whole, ol_error *err)
{
    wait->private_[SLOT_WAITER] = NULL;
    wait->private_[SLOT_WHOLE] = whole ? wait : NULL;
    int rc = check(wait);
    if (rc != OL_WAIT)
        return answer(wait, rc, err);
    wait->private_[SLOT_WAITER] = ol_view_waiter_new(wait->loop, on_woken, wait);
    if (!wait->private_[SLOT_WAITER])
        return ol_error_set(err, OL_ENOMEM, "view: no memory to wait");
    rc = check(wait);
    if (rc == OL_WAIT)
        return OL_WAIT;
    end(wait);
    return answer(wait, rc, err);
}

void ol_view_entry_cancel(ol_view_wait *wait)
{
    end(wait);
}
