/* SPDX-License-Identifier: MIT */
/*
 * Processes that were killed and do not end: the kernel holds them, in a call that nothing breaks off or
 * in a frozen control group. Nobody waits for them. They are looked at again whenever a host is started
 * or stopped, and given back when they have ended.
 */
#ifndef OL_TRANSFORM_CHILD_LEFT_H
#define OL_TRANSFORM_CHILD_LEFT_H

#include "transform/child.h"

/* Takes the process, its descriptor and its control group over from `child`, which has none from then on. Says
 * so in the log. False: there is no memory for that, and nothing was done. Any thread. */
bool ol_child_leave(ol_child *child);
/* How many there are, without those that have ended meanwhile. Any thread; waits for none. */
unsigned ol_children_left(void);

#endif
