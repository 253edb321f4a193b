/* SPDX-License-Identifier: MIT */
#include "control/config/features.h"

#include "control/state/realm.h"

static const char *const features[OL_FEATURES] = {
    "GetObject-Range",
    "GetObject-PartNumber",
    "HeadObject-Range",
    "HeadObject-PartNumber",
};

_Static_assert(OL_CONTROL_HEAD_OBJECT_PART_NUMBER == 1 << 3, "the bits in the names' order");

bool ol_feature_parse(ol_slice name, unsigned *feature)
{
    for (unsigned i = 0; i < OL_FEATURES; i++)
        if (ol_slice_eq_cstr(name, features[i])) {
            *feature = 1u << i;
            return true;
        }
    return false;
}

const char *ol_feature_name(unsigned index)
{
    return features[index];
}

static const char *const actions[OL_ACTIONS] = {
    [OL_ACTION_GET_OBJECT] = "GetObject",
    [OL_ACTION_HEAD_OBJECT] = "HeadObject",
    [OL_ACTION_LIST_OBJECTS] = "ListObjects",
    [OL_ACTION_LIST_OBJECTS_V2] = "ListObjectsV2",
};

_Static_assert(OL_CONTROL_LIST_OBJECTS_V2 == 1 << OL_ACTION_LIST_OBJECTS_V2, "the same bits");

const char *ol_realm_action_name(enum ol_realm_action action)
{
    return actions[action];
}

bool ol_realm_action_parse(ol_slice name, enum ol_realm_action *action)
{
    for (unsigned i = 0; i < OL_ACTIONS; i++)
        if (ol_slice_eq_cstr(name, actions[i])) {
            *action = (enum ol_realm_action)i;
            return true;
        }
    return false;
}
