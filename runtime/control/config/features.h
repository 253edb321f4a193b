/* SPDX-License-Identifier: MIT */
/*
 * The names of what an Object Lambda access point may allow (AllowedFeatures), and sets of
 * actions as lists of names: as configuration files and the kept document write them.
 */
#ifndef OL_CONTROL_FEATURES_H
#define OL_CONTROL_FEATURES_H

#include "base/slice.h"

#define OL_FEATURES 4

/* "GetObject-Range" …; *feature is one enum ol_control_feature. */
bool ol_feature_parse(ol_slice name, unsigned *feature);
/* Of the bit 1 << index. */
const char *ol_feature_name(unsigned index);

#endif
