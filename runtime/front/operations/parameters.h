/* SPDX-License-Identifier: MIT */
/*
 * Query parameters that several operations read: part numbers, sizes of pages, encodings.
 */
#ifndef OL_FRONT_PARAMETERS_H
#define OL_FRONT_PARAMETERS_H

#include "front/request/request.h"

/* ?partNumber=: 1..OL_PARTS_MAX, or OL_EINVAL. */
int ol_part_number(ol_request *request, uint32_t *out, ol_error *err);
/* A number 0..INT32_MAX; `fallback` when the parameter is absent or empty. OL_EINVAL. */
int ol_count_parameter(ol_request *request, const char *name, uint32_t fallback, uint32_t *out,
                       ol_error *err);
/* How many a page of a list may have: the parameter, or OL_LIST_KEYS_MAX when it is absent or
 * larger. OL_EINVAL. */
int ol_page_size_parameter(ol_request *request, const char *name, uint32_t *out, ol_error *err);

/* ?encoding-type=url. OL_EINVAL for any other. */
int ol_encoding_parameter(ol_request *request, bool *url, ol_error *err);

#endif
