/* SPDX-License-Identifier: MIT */
/*
 * How secrets leave memory. What is wiped is gone from where it stood and from the vector registers
 * that copied it: these are put onto a stack whole, and stay there, when a signal comes or when the
 * dynamic loader looks a function up at its first call. Any thread.
 */
#ifndef OL_BASE_WIPE_H
#define OL_BASE_WIPE_H

#include <stddef.h>

#include "base/slice.h"

/* Overwrite, in a way no compiler removes. */
void ol_wipe(void *data, size_t len);
/* The same of memory that is the caller's to write to, though a slice only shows it. */
void ol_wipe_slice(ol_slice bytes);

#endif
