/* SPDX-License-Identifier: MIT */
/*
 * The keys of clients that a configuration names, read from their files. Blocking. Most go through
 * ol_key_service_client_keys; `objlens check` has no service.
 */
#ifndef OL_FRONT_CLIENT_KEYS_H
#define OL_FRONT_CLIENT_KEYS_H

#include "control/config/key_config.h"

/* Those that are named, in this order; with no names, all. `kms` keeps those of a KMS; may be NULL
 * when nothing is to be opened with them. OL_ECONFIG says which key or file is at fault. */
int ol_client_keys_new(ol_keys **keys, ol_kms *kms, const ol_config_keys *config,
                       const ol_slice *names, size_t count, ol_error *err);

#endif
