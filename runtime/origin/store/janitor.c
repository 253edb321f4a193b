/* SPDX-License-Identifier: MIT */
/* The janitor's thread and its bounded queue. */
#include "origin/store/janitor.h"

#include <errno.h>
#include <pthread.h>

#include "base/alloc.h"
#include "origin/store/threads.h"

#define QUEUE_MAX 65536u

typedef struct chore {
    struct chore *next;
    ol_file_id id;
    bool temp;
} chore;

struct ol_janitor {
    const ol_folder *folder;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    chore *first, **last;
    size_t queued;
    bool ending;
    bool left_behind;
    bool touched[OL_FILE_SHELVES]; /* something was removed from it */
};

static chore *take(ol_janitor *janitor)
{
    pthread_mutex_lock(&janitor->lock);
    while (!janitor->first && !janitor->ending)
        pthread_cond_wait(&janitor->wake, &janitor->lock);
    chore *c = janitor->first;
    if (c) {
        janitor->first = c->next;
        if (!janitor->first)
            janitor->last = &janitor->first;
        janitor->queued--;
    }
    pthread_mutex_unlock(&janitor->lock);
    return c;
}

static void *run(void *arg)
{
    ol_janitor *janitor = arg;
    for (chore *c; (c = take(janitor)) != NULL; ol_free(c)) {
        int result = c->temp ? ol_folder_temp_remove(janitor->folder, &c->id)
                             : ol_folder_object_remove(janitor->folder, &c->id);
        if (!c->temp)
            janitor->touched[c->id.bytes[0]] = true;
        if (result < 0 && result != -ENOENT) {
            pthread_mutex_lock(&janitor->lock);
            janitor->left_behind = true;
            pthread_mutex_unlock(&janitor->lock);
        }
    }
    return NULL;
}

int ol_janitor_new(ol_janitor **out, const ol_folder *folder)
{
    *out = NULL;
    ol_janitor *janitor = ol_calloc(1, sizeof *janitor);
    if (!janitor)
        return OL_ENOMEM;
    janitor->folder = folder;
    janitor->last = &janitor->first;
    pthread_mutex_init(&janitor->lock, NULL);
    pthread_cond_init(&janitor->wake, NULL);
    int result = ol_thread_start(&janitor->thread, "store-janitor", run, janitor);
    if (result != OL_OK) {
        pthread_mutex_destroy(&janitor->lock);
        pthread_cond_destroy(&janitor->wake);
        ol_free(janitor);
        return result;
    }
    *out = janitor;
    return OL_OK;
}

bool ol_janitor_destroy(ol_janitor *janitor)
{
    if (!janitor)
        return true;
    pthread_mutex_lock(&janitor->lock);
    janitor->ending = true;
    pthread_cond_signal(&janitor->wake);
    pthread_mutex_unlock(&janitor->lock);
    pthread_join(janitor->thread, NULL);
    bool tidy = !janitor->left_behind;
    for (unsigned shelf = 0; tidy && shelf < OL_FILE_SHELVES; shelf++) {
        if (janitor->touched[shelf])
            tidy = ol_folder_shelf_sync(janitor->folder, (uint8_t)shelf) == 0;
    }
    pthread_mutex_destroy(&janitor->lock);
    pthread_cond_destroy(&janitor->wake);
    ol_free(janitor);
    return tidy;
}

static void add(ol_janitor *janitor, const ol_file_id *id, bool temp)
{
    chore *c = ol_malloc(sizeof *c);
    if (c)
        *c = (chore){.id = *id, .temp = temp};
    pthread_mutex_lock(&janitor->lock);
    if (c && janitor->queued < QUEUE_MAX) {
        *janitor->last = c;
        janitor->last = &c->next;
        janitor->queued++;
        pthread_cond_signal(&janitor->wake);
        c = NULL;
    } else {
        janitor->left_behind = true;
    }
    pthread_mutex_unlock(&janitor->lock);
    ol_free(c);
}

void ol_janitor_remove_temp(ol_janitor *janitor, const ol_file_id *id)
{
    add(janitor, id, true);
}

void ol_janitor_remove_object(ol_janitor *janitor, const ol_file_id *id)
{
    add(janitor, id, false);
}
