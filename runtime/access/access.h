/* SPDX-License-Identifier: MIT */
/*
 * Who may do what: everything that most callers of this room need.
 */
#ifndef OL_ACCESS_ACCESS_H
#define OL_ACCESS_ACCESS_H

#include "access/decide.h"
#include "access/match.h"

#endif
