/* SPDX-License-Identifier: MIT */
/* The leader's role: taking it, hearing that nobody reads any more, giving it back. */
#include "view/cache_private.h"

/* ---- nobody reads ---- */

/* On the leader's loop. It may have settled meanwhile, or somebody may read again. */
static void on_unread(void *arg)
{
    ol_view_entry *entry = arg;
    ol_view_leader *leader = &entry->leader;
    void (*abandoned)(void *) = NULL;
    void *abandoned_arg = NULL;
    ol_loop_unhold(leader->held);
    pthread_mutex_lock(&entry->lock);
    leader->posted = false;
    /* Looked at behind `posted`: who leaves from now on posts anew. */
    if (leader->loop && entry->state == OL_VIEW_STATE_RUNNING &&
        atomic_load(&entry->readers) == 0) {
        leader->told = true;
        abandoned = leader->abandoned;
        abandoned_arg = leader->arg;
    }
    pthread_mutex_unlock(&entry->lock);
    if (abandoned)
        abandoned(abandoned_arg);
    ol_view_entry_unref(entry);
}

/* Whoever sees the last reader leave, on any thread. */
static void tell_leader(ol_view_entry *entry)
{
    ol_view_leader *leader = &entry->leader;
    pthread_mutex_lock(&entry->lock);
    bool tell = leader->loop && !leader->posted && !leader->told &&
                entry->state == OL_VIEW_STATE_RUNNING;
    ol_loop *loop = leader->loop;
    if (tell) {
        leader->posted = true;
        leader->held = loop;
        leader->post = (ol_post){.fn = on_unread, .arg = entry};
        ol_loop_hold(loop); /* the leader cannot settle, and its loop end, before this */
        ol_view_entry_acquire(entry);
    }
    pthread_mutex_unlock(&entry->lock);
    if (tell)
        ol_loop_post(loop, &leader->post);
}

void ol_view_entry_release(ol_view_entry *entry)
{
    if (!entry)
        return;
    if (atomic_fetch_sub(&entry->readers, 1) == 1)
        tell_leader(entry);
    ol_view_entry_unref(entry);
}

/* ---- the role ---- */

void ol_view_entry_lead(ol_view_entry *entry, ol_loop *loop, void (*abandoned)(void *arg),
                        void *arg)
{
    pthread_mutex_lock(&entry->lock);
    entry->leader.loop = loop;
    entry->leader.abandoned = abandoned;
    entry->leader.arg = arg;
    pthread_mutex_unlock(&entry->lock);
    if (atomic_load(&entry->readers) == 0)
        tell_leader(entry);
}

void ol_view_entry_settle(ol_view_entry *entry, const ol_error *err, bool keep)
{
    pthread_mutex_lock(&entry->lock);
    ol_loop *loop = entry->leader.loop;
    bool whole = entry->state == OL_VIEW_STATE_WHOLE;
    entry->leader.loop = NULL;
    pthread_mutex_unlock(&entry->lock);
    ol_error broken_off = {0};
    if (!err && !whole) {
        ol_error_set(&broken_off, OL_EINTERNAL, "view: the run ended before the body did");
        err = &broken_off;
    }
    ol_view_room_give(entry, entry->room);
    entry->room = 0;
    if (err) {
        ol_view_entry_fail(entry, err);
        ol_view_spill_pump(entry); /* there is no more to write */
    } else if (!keep || !ol_view_shelf_keep(entry, loop)) {
        ol_view_entry_drop(entry);
    }
    ol_view_entry_unref(entry);
}
