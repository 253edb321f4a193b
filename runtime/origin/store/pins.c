/* SPDX-License-Identifier: MIT */
/* Pinned sets in a map; a set that nobody reads is not in it. */
#include "origin/store/pins.h"

#include <pthread.h>

#include "base/map.h"
#include "origin/store/janitor.h"

typedef struct pin {
    unsigned readers;
    ol_file_list doomed; /* when dropped while it was read */
} pin;

struct ol_pins {
    ol_janitor *janitor;
    pthread_mutex_t lock;
    ol_map *map;
};

static ol_slice name_of(const int64_t *set)
{
    return ol_slice_of(set, sizeof *set);
}

ol_pins *ol_pins_new(ol_janitor *janitor)
{
    ol_pins *pins = ol_calloc(1, sizeof *pins);
    if (!pins)
        return NULL;
    pins->map = ol_map_new();
    if (!pins->map) {
        ol_free(pins);
        return NULL;
    }
    pins->janitor = janitor;
    pthread_mutex_init(&pins->lock, NULL);
    return pins;
}

void ol_pins_destroy(ol_pins *pins)
{
    if (!pins)
        return;
    ol_map_destroy(pins->map, ol_free);
    pthread_mutex_destroy(&pins->lock);
    ol_free(pins);
}

int ol_pins_take(ol_pins *pins, int64_t set)
{
    int result = OL_OK;
    pthread_mutex_lock(&pins->lock);
    pin *p = ol_map_get(pins->map, name_of(&set));
    if (!p) {
        p = ol_calloc(1, sizeof *p);
        result = p ? ol_map_put(pins->map, name_of(&set), p, NULL) : OL_ENOMEM;
    }
    if (result == OL_OK)
        p->readers++;
    else
        ol_free(p);
    pthread_mutex_unlock(&pins->lock);
    return result;
}

void ol_pins_give(ol_pins *pins, int64_t set)
{
    pthread_mutex_lock(&pins->lock);
    pin *p = ol_map_get(pins->map, name_of(&set));
    bool last = --p->readers == 0;
    if (last)
        ol_map_remove(pins->map, name_of(&set));
    pthread_mutex_unlock(&pins->lock);
    if (!last)
        return;
    ol_janitor_remove_objects(pins->janitor, &p->doomed);
    ol_free(p);
}

void ol_pins_drop(ol_pins *pins, int64_t set, ol_file_list *files)
{
    pthread_mutex_lock(&pins->lock);
    pin *p = ol_map_get(pins->map, name_of(&set));
    if (p)
        p->doomed = ol_file_list_take(files);
    pthread_mutex_unlock(&pins->lock);
    if (!p)
        ol_janitor_remove_objects(pins->janitor, files);
}
