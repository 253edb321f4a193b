/* SPDX-License-Identifier: MIT */
/* A zip file: one of its files, or the list of them. */
#ifndef DC_ZIP_H
#define DC_ZIP_H

#include "config.h"
#include "output.h"

/* The whole answer. `name` NULL: the list. May wait, many times. Nothing may follow in `out`. */
int dc_zip_answer(const struct dc_config *config, struct dc_output *out, const char *name,
                  size_t name_size);

#endif
