/* SPDX-License-Identifier: MIT */
/*
 * All workers together: started, told things, drained. Used by the main thread, which may block;
 * what it asks of a worker is done on that worker's loop while it waits. The control thread alone
 * comes in beside it, with new realms.
 */
#ifndef OL_FRONT_CREW_H
#define OL_FRONT_CREW_H

#include <pthread.h>

#include "front/server/admin.h"
#include "front/server/worker.h"

typedef struct ol_crew {
    ol_worker *workers;
    unsigned count;
    unsigned started;
    ol_admin admin;
    pthread_mutex_t lock;      /* of `started`, and of each worker's end */
    bool *gone;                /* one a worker: its loop takes nothing more */
    void *deliveries;          /* one a worker, private to crew.c */
    ol_generation *generation; /* the crew's reference to the current one */
    uint16_t *ports;           /* bound, one a listener */
    uint16_t admin_port;
    bool has_admin; /* it listens */
} ol_crew;

/* Make the workers and bind their listeners; nothing is served yet. */
int ol_crew_init(ol_crew *crew, ol_shared *shared, ol_generation *generation, ol_realm *realm,
                 ol_error *err);
/* Start the threads: from here on requests are served. */
int ol_crew_start(ol_crew *crew, ol_error *err);
/* Every worker serves by these when it returns; takes references of its own. */
void ol_crew_use(ol_crew *crew, ol_generation *generation, ol_realm *realm);
/* As above, of the realm alone. From any thread but a worker's, also before the start and during a
 * drain; not at the same time as ol_crew_use or itself. */
void ol_crew_use_realm(ol_crew *crew, ol_realm *realm);
/* Begin draining; `done_fd` (an eventfd) gets 1 when every worker is finished. */
void ol_crew_drain(ol_crew *crew, uint32_t drain_ms, int done_fd);
/* After the drain. Nobody asks for anything any more, but a realm may still be published. Also
 * after a failed init or start. */
void ol_crew_join(ol_crew *crew);
/* Then, when nothing is published any more: free everything. */
void ol_crew_fini(ol_crew *crew);

#endif
