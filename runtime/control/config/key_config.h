/* SPDX-License-Identifier: MIT */
/*
 * What a configuration says of keys: who keeps master keys, what is remembered of data keys, where the
 * audit goes, which keys clients encrypted with. Part of the snapshot; front/keys/key_service.h makes
 * something of it.
 */
#ifndef OL_CONTROL_KEY_CONFIG_H
#define OL_CONTROL_KEY_CONFIG_H

#include "crypto/keys/data_key_cache.h"
#include "crypto/keys/keys.h"
#include "crypto/keys/opened_keys.h"
#include "crypto/kms/kms_remote.h"

enum ol_config_kms_kind { OL_CONFIG_KMS_AWS, OL_CONFIG_KMS_VAULT, OL_CONFIG_KMS_KES };

/* One keeper. Texts that were not given are NULL. */
typedef struct ol_config_kms {
    const char *name;
    enum ol_config_kms_kind kind;
    const ol_slice *keys; /* patterns of what it answers for; none: whatever nobody else does */
    size_t key_count;
    const char *default_key;     /* for calls that name none; then it is asked before the keyring */
    const char *region, *account; /* of ARNs, and of AWS's signatures */
    ol_kms_remote_options remote; /* name, endpoint and ca_file too */
    bool from_environment;       /* AWS's credentials */
    const char *access_key, *secret_key, *session_token;
    const char *token, *token_file, *mount, *name_space;         /* Vault */
    const char *certificate_file, *key_file, *api_key, *api_key_file; /* KES */
} ol_config_kms;

typedef struct ol_config_client_key {
    ol_slice name;
    enum ol_key_kind kind;
    ol_slice id, name_space;
    const char *file; /* NULL: kind is OL_KEY_KMS */
} ol_config_client_key;

typedef struct ol_config_key_audit {
    const char *file;    /* path, "-", "--"; NULL: none */
    ol_slice bucket;     /* empty: none */
    unsigned origin;     /* where that is */
    ol_slice prefix;
    uint32_t interval_ms;
    uint64_t object_bytes, buffer_bytes;
} ol_config_key_audit;

typedef struct ol_config_keys {
    const ol_config_kms *kms;
    size_t kms_count;
    const char *s3_key; /* what AES256 is done with; NULL: the local keyring's default key */
    ol_data_key_limits data_keys;
    ol_opened_keys_limits opened_keys;
    ol_config_key_audit audit;
    const ol_config_client_key *clients;
    size_t client_count;
} ol_config_keys;

#endif
