/* SPDX-License-Identifier: MIT */
/* What an archive holds, as JSON: {"entries":[{"name":…,"size":…, …}, …]}. README.md has the keys. */
#ifndef DC_ZIP_LIST_H
#define DC_ZIP_LIST_H

#include "output.h"
#include "zip_directory.h"

/* Sets the content type as well. False: the archive is damaged, or `out` or the source failed. */
bool dc_zip_list(struct dc_zip_directory *directory, struct dc_output *out);

#endif
