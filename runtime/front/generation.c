/* SPDX-License-Identifier: MIT */
#include "front/generation.h"

#include "base/alloc.h"

int ol_generation_new(ol_generation **out, ol_config *config, ol_error *err)
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
    ol_config_release(generation->config);
    ol_free(generation);
}
