/* SPDX-License-Identifier: MIT */
#include "front/server/generation.h"

#include "base/alloc.h"

/* ---- keys of what clients encrypted ---- */

static void release_keys(ol_generation *generation)
{
    for (unsigned i = 0; generation->client_keys && i < generation->config->client_encryption_count;
         i++)
        if (generation->client_keys[i])
            ol_keys_release(generation->client_keys[i]);
    ol_free(generation->client_keys);
}

static int load_keys(ol_generation *generation, ol_key_service *keys, ol_error *err)
{
    const ol_config *config = generation->config;
    generation->client_keys = ol_calloc(config->client_encryption_count + 1, sizeof(ol_keys *));
    if (!generation->client_keys)
        return ol_error_set(err, OL_ENOMEM, "client keys");
    int rc = OL_OK;
    for (unsigned i = 0; rc == OL_OK && i < config->client_encryption_count; i++) {
        const ol_client_encryption *rule = config->client_encryptions[i];
        rc = rule->key_count == 0 /* which would stand for all */
                 ? OL_OK
                 : ol_key_service_client_keys(keys, config, rule->keys, rule->key_count,
                                              &generation->client_keys[i], err);
    }
    return rc;
}

int ol_generation_new(ol_generation **out, ol_config *config, ol_key_service *keys, ol_error *err)
{
    ol_generation *generation = ol_calloc(1, sizeof(*generation));
    if (!generation)
        return ol_error_set(err, OL_ENOMEM, "generation");
    int rc = ol_registry_new(&generation->registry, config->transforms, config->transform_count,
                             err);
    if (rc != OL_OK) {
        ol_free(generation);
        return rc;
    }
    generation->config = ol_config_acquire(config);
    generation->references_ = 1;
    rc = load_keys(generation, keys, err);
    if (rc != OL_OK) {
        ol_generation_release(generation);
        return rc;
    }
    *out = generation;
    return OL_OK;
}

ol_generation *ol_generation_acquire(ol_generation *generation)
{
    __atomic_add_fetch(&generation->references_, 1, __ATOMIC_RELAXED);
    return generation;
}

void ol_generation_release(ol_generation *generation)
{
    if (!generation || __atomic_sub_fetch(&generation->references_, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    ol_registry_destroy(generation->registry);
    release_keys(generation);
    ol_config_release(generation->config);
    ol_free(generation);
}
