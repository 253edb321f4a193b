/* SPDX-License-Identifier: MIT */
/*
 * Reading a configuration file on behalf of a person: mistakes are printed as compilers do.
 */
#ifndef OL_CLI_MISTAKES_H
#define OL_CLI_MISTAKES_H

#include "control/config/config.h"

/* As ol_config_load; "FILE:LINE: text" for each mistake on standard error. err->detail counts
 * them. */
int ol_cli_load_config(ol_config **config, const char *path, ol_error *err);

#endif
