/* SPDX-License-Identifier: MIT */
#include "control/config/config.h"

#include "base/map.h"
#include "control/config/ranges.h"

ol_config *ol_config_acquire(ol_config *config)
{
    __atomic_add_fetch(&config->references_, 1, __ATOMIC_RELAXED);
    return config;
}

void ol_config_release(ol_config *config)
{
    if (!config || __atomic_sub_fetch(&config->references_, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    ol_map *maps[] = {config->key_map, config->identity_map, config->role_map,
                      config->certificate_map, config->mfa_map};
    for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++)
        ol_map_destroy(maps[i], NULL);
    ol_arena_destroy(config->arena); /* the snapshot itself lives there; secrets are wiped */
}

ol_slice ol_config_vpc_of(const ol_config *config, unsigned listener, ol_slice peer)
{
    if (listener < config->listener_count && config->listeners[listener].vpc.len)
        return config->listeners[listener].vpc;
    for (size_t i = 0; i < config->vpc_count; i++)
        for (size_t k = 0; k < config->vpcs[i].range_count; k++)
            if (ol_range_holds(&config->vpcs[i].ranges[k], peer))
                return config->vpcs[i].name;
    return OL_SLICE_NONE;
}
