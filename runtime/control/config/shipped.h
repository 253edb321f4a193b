/* SPDX-License-Identifier: MIT */
/*
 * The transforms that ship with objlens: shared objects in one folder, Lua files in the folder lua
 * in it, known by their file names. Looked for in $OBJLENS_TRANSFORMS; else beside the executable (transforms/, as in a
 * build tree); else in ../lib/objlens/transforms from there (as installed).
 */
#ifndef OL_CONTROL_SHIPPED_H
#define OL_CONTROL_SHIPPED_H

#include "base/arena.h"
#include "control/config/suggest.h"
#include "transform/registry.h"

/* The absolute path of the shipped transform of that name, or NULL: none, or out of memory. */
const char *ol_shipped_find(ol_arena *arena, ol_slice name);
/* Offer the names of all that ship. Words live in the arena. */
void ol_shipped_suggest(ol_arena *arena, ol_suggest *suggest);
/* Their names in order, blanks between; "" when there are none. */
const char *ol_shipped_names(ol_arena *arena);

/* What one that ships needs to work at all: no less memory than that, and, where the spec names no
 * preload folders, those of this machine. */
void ol_shipped_needs(ol_transform_spec *spec);
/* Whether one that ships cannot run inline. */
bool ol_shipped_needs_process(const char *name);

#define OL_SHIPPED_MAX 64
/* The names, in no order. */
size_t ol_shipped_list(ol_arena *arena, ol_slice names[OL_SHIPPED_MAX]);

#endif
