/* SPDX-License-Identifier: MIT */
#include "control/config.h"

#include "base/map.h"
#include "control/names.h"

ol_config *ol_config_acquire(ol_config *config)
{
    __atomic_add_fetch(&config->references_, 1, __ATOMIC_RELAXED);
    return config;
}

void ol_config_release(ol_config *config)
{
    if (!config || __atomic_sub_fetch(&config->references_, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    ol_map_destroy(config->key_map, NULL);
    ol_map_destroy(config->alias_map, NULL);
    ol_arena_destroy(config->arena); /* the snapshot itself lives there; secrets are wiped */
}

const ol_config_key *ol_config_find_key(const ol_config *config, ol_slice access_key)
{
    return ol_map_get(config->key_map, access_key);
}

/* Both kinds of alias share one table: the ending says which kind it is. */
static const void *find_alias(const ol_config *config, ol_slice alias, ol_slice ending)
{
    return ol_slice_ends(alias, ending) ? ol_map_get(config->alias_map, alias) : NULL;
}

const ol_config_olap *ol_config_find_olap(const ol_config *config, ol_slice alias)
{
    return find_alias(config, alias, OL_SLICE_LIT(OL_ALIAS_OLAP_SUFFIX));
}

const ol_config_access_point *ol_config_find_access_point(const ol_config *config, ol_slice alias)
{
    return find_alias(config, alias, OL_SLICE_LIT(OL_ALIAS_ACCESS_POINT_SUFFIX));
}
