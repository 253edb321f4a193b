/* SPDX-License-Identifier: MIT */
/*
 * Waits on a loop for the descriptor of a content cipher that works elsewhere (sealed_private.h:
 * poll_fd). One wait at a time; private to crypto/.
 */
#ifndef OL_CRYPTO_CONTENT_WAIT_H
#define OL_CRYPTO_CONTENT_WAIT_H

#include "net/loop.h"

typedef struct ol_content_wait ol_content_wait;

/* NULL when there is no memory. The descriptor must outlive it; cb runs on the loop. */
ol_content_wait *ol_content_wait_new(ol_loop *loop, int fd, void (*cb)(void *arg), void *arg);
/* cb runs once, when there is something to read, or room to write if that is asked for. */
int ol_content_wait_start(ol_content_wait *wait, bool for_room, ol_error *err);
void ol_content_wait_stop(ol_content_wait *wait);
/* cb will not run. NULL is fine. */
void ol_content_wait_destroy(ol_content_wait *wait);

#endif
