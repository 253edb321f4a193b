/* SPDX-License-Identifier: MIT */
/*
 * From the records of a run to a draft, driven by the schema. Checks each value alone: its
 * key is known, its type and range are right, a name is a name, a file is there. Whether
 * blocks fit together is build.c's matter.
 */
#ifndef OL_CONTROL_READ_H
#define OL_CONTROL_READ_H

#include "control/config/dialect.h"
#include "control/state/source.h"

/* Raises only when memory is out. Mistakes go to the draft's report. */
void ol_read_records(const ol_dialect *dialect, lua_State *L, const ol_source *source);

#endif
