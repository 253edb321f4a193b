/* SPDX-License-Identifier: MIT */
/* The Content-Type of what was inside. */
#ifndef DC_MEDIA_TYPE_H
#define DC_MEDIA_TYPE_H

#include <objlens/transform.h>

/* By a file's name, its ending for compression left out. Never NULL. */
const char *dc_media_type_of_name(const char *name, size_t size);

/* Set the response's: the original's, unless that is a compressed file's or says nothing. */
int dc_media_type_set(const struct objlens_host *host, struct objlens_call *call);

#endif
