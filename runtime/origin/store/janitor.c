/* SPDX-License-Identifier: MIT */
/* The janitor's thread and its bounded queue. */
#include "origin/store/janitor.h"

#include <errno.h>
#include <pthread.h>
#include <unistd.h>

#include "base/alloc.h"
#include "origin/store/threads.h"

#define QUEUE_MAX 65536u

enum chore_kind { REMOVE_TEMP, REMOVE_OBJECT, REMOVE_OBJECTS, CLOSE };

typedef struct chore {
    struct chore *next;
    enum chore_kind kind;
    ol_file_id id;
    ol_file_list files;
    int fd;
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

static int remove_object(ol_janitor *janitor, const ol_file_id *id)
{
    janitor->touched[id->bytes[0]] = true;
    int result = ol_folder_object_remove(janitor->folder, id);
    return result == -ENOENT ? 0 : result;
}

static int remove_objects(ol_janitor *janitor, const ol_file_list *files)
{
    int first = 0;
    for (size_t i = 0; i < files->count; i++) {
        int result = remove_object(janitor, &files->ids[i]);
        if (first == 0)
            first = result;
    }
    return first;
}

static int do_chore(ol_janitor *janitor, const chore *c)
{
    int result;
    switch (c->kind) {
    case REMOVE_TEMP:
        result = ol_folder_temp_remove(janitor->folder, &c->id);
        return result == -ENOENT ? 0 : result;
    case REMOVE_OBJECT: return remove_object(janitor, &c->id);
    case REMOVE_OBJECTS: return remove_objects(janitor, &c->files);
    default: close(c->fd); return 0;
    }
}

static void chore_free(chore *c)
{
    if (c)
        ol_file_list_fini(&c->files);
    ol_free(c);
}

static void *run(void *arg)
{
    ol_janitor *janitor = arg;
    ol_thread_stand_back(OL_NICE_WRITER);
    for (chore *c; (c = take(janitor)) != NULL; chore_free(c)) {
        int result = do_chore(janitor, c);
        if (result < 0) {
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

/* False: it will not be done. */
static bool add(ol_janitor *janitor, const chore *wanted)
{
    chore *c = ol_malloc(sizeof *c);
    if (c)
        *c = *wanted;
    pthread_mutex_lock(&janitor->lock);
    bool taken = c && janitor->queued < QUEUE_MAX;
    if (taken) {
        *janitor->last = c;
        janitor->last = &c->next;
        janitor->queued++;
        pthread_cond_signal(&janitor->wake);
    } else if (wanted->kind != CLOSE) {
        janitor->left_behind = true;
    }
    pthread_mutex_unlock(&janitor->lock);
    if (!taken)
        ol_free(c);
    return taken;
}

void ol_janitor_remove_temp(ol_janitor *janitor, const ol_file_id *id)
{
    add(janitor, &(chore){.kind = REMOVE_TEMP, .id = *id});
}

void ol_janitor_remove_object(ol_janitor *janitor, const ol_file_id *id)
{
    add(janitor, &(chore){.kind = REMOVE_OBJECT, .id = *id});
}

void ol_janitor_remove_objects(ol_janitor *janitor, ol_file_list *files)
{
    chore wanted = {.kind = REMOVE_OBJECTS, .files = ol_file_list_take(files)};
    if (wanted.files.count == 0 || !add(janitor, &wanted))
        ol_file_list_fini(&wanted.files);
}

void ol_janitor_close(ol_janitor *janitor, int fd)
{
    if (!add(janitor, &(chore){.kind = CLOSE, .fd = fd}))
        close(fd);
}
