/* SPDX-License-Identifier: MIT */
/*
 * Who reads the parts of which object. The files of a multipart object are opened when a reader
 * gets to them, so a set of them that was replaced or removed must stay until the last reader is
 * through. (A plain object needs none of this: it has one file, opened when the object is.)
 *
 * A reader pins the set that a row names and then reads the row again: if it still names the set,
 * its files cannot go. Any thread.
 */
#ifndef OL_ORIGIN_STORE_PINS_H
#define OL_ORIGIN_STORE_PINS_H

#include "origin/store/file_list.h"

typedef struct ol_pins ol_pins;
struct ol_janitor;

ol_pins *ol_pins_new(struct ol_janitor *janitor);
/* Nothing may be pinned any more. NULL is fine. */
void ol_pins_destroy(ol_pins *pins);

/* OL_OK or OL_ENOMEM; once for every give. */
int ol_pins_take(ol_pins *pins, int64_t set);
void ol_pins_give(ol_pins *pins, int64_t set);
/* No row names the set any more: its files go, now or after the last reader. The list is taken
 * over. */
void ol_pins_drop(ol_pins *pins, int64_t set, ol_file_list *files);

#endif
