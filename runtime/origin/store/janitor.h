/* SPDX-License-Identifier: MIT */
/*
 * Removes files, on a thread of its own: unlinking a large file can take long, and nobody
 * should wait for it. So can closing the last descriptor of one. What could not be removed is
 * left to the sweep at the next opening.
 */
#ifndef OL_ORIGIN_STORE_JANITOR_H
#define OL_ORIGIN_STORE_JANITOR_H

#include "origin/store/file_list.h"

typedef struct ol_janitor ol_janitor;

int ol_janitor_new(ol_janitor **janitor, const ol_folder *folder);
/* Finishes what is queued. True when nothing was left behind, and that is durable. NULL is fine. */
bool ol_janitor_destroy(ol_janitor *janitor);
/* Any thread. An upload that will not be, or a body that no row names any more. */
void ol_janitor_remove_temp(ol_janitor *janitor, const ol_file_id *id);
void ol_janitor_remove_object(ol_janitor *janitor, const ol_file_id *id);
/* All of them; the list is taken over, an empty one is nothing to do. */
void ol_janitor_remove_objects(ol_janitor *janitor, ol_file_list *files);
/* Any thread. */
void ol_janitor_close(ol_janitor *janitor, int fd);

#endif
