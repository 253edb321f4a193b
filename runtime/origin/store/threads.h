/* SPDX-License-Identifier: MIT */
/* Starting the store's own threads: named, and with every signal left to the main thread. */
#ifndef OL_ORIGIN_STORE_THREADS_H
#define OL_ORIGIN_STORE_THREADS_H

#include <pthread.h>
#include <signal.h>

#include "base/error.h"

/* OL_OK or OL_ENOMEM. */
static inline int ol_thread_start(pthread_t *thread, const char *name, void *(*run)(void *arg),
                                  void *arg)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(thread, NULL, run, arg);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rc != 0)
        return OL_ENOMEM;
    pthread_setname_np(*thread, name);
    return OL_OK;
}

#endif
