/* SPDX-License-Identifier: MIT */
/* objlens keys rewrap: wrapped data keys, a line each, wrapped anew by the newest version. */
#ifndef OL_CLI_KEYS_REWRAP_H
#define OL_CLI_KEYS_REWRAP_H

#include <stdio.h>

#include "base/error.h"

/* Blocking. Lines are "BASE64" or "BASE64 CONTEXT"; what is wrapped by the newest version already comes
 * out as it is. Stops at the first line that cannot be opened, naming it. */
int ol_keys_rewrap(const char *keyring, FILE *in, FILE *out, ol_error *err);

#endif
