/* SPDX-License-Identifier: MIT */
/*
 * One generation of the configuration: the snapshot and the transforms loaded for it.
 * Counted; a request holds the generation that it began with, so a reload never changes
 * rules under a request.
 */
#ifndef OL_FRONT_GENERATION_H
#define OL_FRONT_GENERATION_H

#include "control/config/config.h"
#include "front/keys/key_service.h"

typedef struct ol_generation {
    ol_config *config;
    ol_registry *registry;
    ol_keys **client_keys; /* one a rule of the configuration's client_encryptions */
    int references_; /* private, atomic */
} ol_generation;

/* Loads every transform of the configuration, and the keys of its client_encryptions (blocking). Takes
 * its own reference to `config`; `keys` outlives it. */
int ol_generation_new(ol_generation **generation, ol_config *config, ol_key_service *keys,
                      ol_error *err);
ol_generation *ol_generation_acquire(ol_generation *generation);
/* Any thread. The registry must no longer be watched when the last reference goes. */
void ol_generation_release(ol_generation *generation);

#endif
