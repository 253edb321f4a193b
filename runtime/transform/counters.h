/* SPDX-License-Identifier: MIT */
/*
 * What transforms count for their operator: a small set of named numbers for each transform,
 * declared when it loads, so that no request can make up names. Any thread adds and reads.
 *
 * A set is shared by every program of that transform's name with the same counters: numbers go
 * on growing over reloads as long as one program of it lives.
 */
#ifndef OL_TRANSFORM_COUNTERS_H
#define OL_TRANSFORM_COUNTERS_H

#include "base/error.h"

#define OL_COUNTERS_MAX 16u     /* of a transform */
#define OL_COUNTER_NAME_MAX 48u /* characters of a-z, 0-9 and _ */
#define OL_COUNTERS_TEXT_MAX (OL_COUNTERS_MAX * (OL_COUNTER_NAME_MAX + 1))

typedef struct ol_counters ol_counters;

/* Whether `names`, each followed by '\n', may be a set: number, lengths, characters, no name twice.
 * An empty text is one. */
bool ol_counters_names_good(ol_slice names);
/* How many names. */
unsigned ol_counters_names_count(ol_slice names);

/* The set of that transform, made if there is none. OL_OK or OL_ENOMEM. `names` are good. */
int ol_counters_acquire(ol_counters **counters, ol_slice transform, ol_slice names);
/* NULL is fine. */
void ol_counters_release(ol_counters *counters);
/* False when there is no counter of that number. */
bool ol_counters_add(ol_counters *counters, unsigned index, uint64_t more);

/* Visit every counter there is; a non-zero result ends the walk and is the result. The slices
 * are valid during the call only, which must not call into this module. */
int ol_counters_each(int (*visit)(void *arg, ol_slice transform, ol_slice counter, uint64_t value),
                     void *arg);

#endif
