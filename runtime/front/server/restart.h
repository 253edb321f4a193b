/* SPDX-License-Identifier: MIT */
/*
 * What a process cannot change while it runs: compared when the configuration is read again.
 */
#ifndef OL_FRONT_RESTART_H
#define OL_FRONT_RESTART_H

#include "control/config/config.h"

/* The key or block that differs and needs a restart; NULL when nothing of it does. */
const char *ol_restart_needed(const ol_config *now, const ol_config *next);

#endif
