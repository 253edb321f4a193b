/* SPDX-License-Identifier: MIT */
/*
 * All workers together: started, told things, drained. Used by the main thread only, which
 * may block; what it asks of a worker is done on that worker's loop while it waits.
 */
#ifndef OL_FRONT_CREW_H
#define OL_FRONT_CREW_H

#include "front/admin.h"
#include "front/worker.h"

typedef struct ol_crew {
    ol_worker *workers;
    unsigned count;
    unsigned started;
    ol_admin admin;
    ol_generation *generation; /* the crew's reference to the current one */
    uint16_t *ports;           /* bound, one a listener */
    uint16_t admin_port;
    bool has_admin; /* it listens */
} ol_crew;

/* Make the workers and bind their listeners; nothing is served yet. */
int ol_crew_init(ol_crew *crew, ol_shared *shared, ol_generation *generation, ol_error *err);
/* Start the threads: from here on requests are served. */
int ol_crew_start(ol_crew *crew, ol_error *err);
/* Every worker serves by this generation when it returns; takes its own reference. */
void ol_crew_use(ol_crew *crew, ol_generation *generation);
/* Begin draining; `done_fd` (an eventfd) gets 1 when every worker is finished. */
void ol_crew_drain(ol_crew *crew, uint32_t drain_ms, int done_fd);
/* After the drain: join the threads and free everything. Also after a failed init or start. */
void ol_crew_fini(ol_crew *crew);

#endif
