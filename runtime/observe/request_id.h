/* SPDX-License-Identifier: MIT */
/*
 * Request ids: UUID version 4, as the callers of Object Lambda see them.
 */
#ifndef OL_OBSERVE_REQUEST_ID_H
#define OL_OBSERVE_REQUEST_ID_H

#define OL_REQUEST_ID_SIZE 37

/* Any thread; buffers random bytes a thread, so it costs no system call each. */
void ol_request_id_make(char out[OL_REQUEST_ID_SIZE]);

#endif
