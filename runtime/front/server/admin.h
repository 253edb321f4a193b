/* SPDX-License-Identifier: MIT */
/*
 * The admin listener: /-/health, /-/ready, /-/metrics; POST /-/views/purge and /-/views/forget. Plain HTTP, loopback unless the
 * operator says otherwise; never shares a listener with S3.
 */
#ifndef OL_FRONT_ADMIN_H
#define OL_FRONT_ADMIN_H

#include "front/server/worker.h"

#define OL_ADMIN_WORKERS_MAX 256

typedef struct ol_admin {
    ol_worker *workers; /* all of them */
    unsigned worker_count;
    ol_http_server *server; /* on the first worker's loop */
    bool ready;             /* false again while draining */
} ol_admin;

/* Before the loops run. */
int ol_admin_init(ol_admin *admin, ol_worker *workers, unsigned worker_count, ol_error *err);
int ol_admin_listen(ol_admin *admin, const ol_config_listener *listener, uint16_t *port,
                    ol_error *err);
/* On the first worker's loop. */
void ol_admin_close(ol_admin *admin, void (*cb)(void *arg), void *arg);

#endif
