/* SPDX-License-Identifier: MIT */
#include "origin/store/rewrap.h"

#include "origin/store/change_op.h"

#define QUEUED_MAX 64 /* clients' changes go first */

/* Refused when the version was replaced meanwhile, or somebody else was quicker. */
static void answer(ol_change_op *op)
{
    if (op->change.err.code == OL_OK)
        __atomic_add_fetch(&op->store->rewrapped, 1, __ATOMIC_RELAXED);
}

void ol_store_rewrap(ol_store *store, ol_loop *loop, const ol_entry *entry, ol_slice record)
{
    ol_error unused = {0};
    if (ol_committer_queued(store->committer) > QUEUED_MAX)
        return;
    ol_change_op *op = ol_change_op_new(store, loop, OL_CHANGE_RECORD, entry->bucket,
                                        entry->info.key, entry->record_bytes.len + record.len);
    if (!op)
        return;
    op->change.old_record = ol_change_op_copy(op, entry->record_bytes);
    op->change.text = ol_change_op_copy(op, record);
    op->answer = answer;
    ol_change_op_submit(op, &unused);
}
