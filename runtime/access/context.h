/* SPDX-License-Identifier: MIT */
/*
 * Condition keys: what a policy can ask about a request. Values are computed when a condition
 * asks for them and not before: those that follow from the identity and the doors are found by
 * this room, the others by whoever asks the question, through one callback.
 */
#ifndef OL_ACCESS_CONTEXT_H
#define OL_ACCESS_CONTEXT_H

#include "base/error.h"

/* What a key is, beside its name:
 *   REQUEST  the question's callback is asked for it
 *   OWN      found by the access room
 *   NEVER    has a meaning on AWS that nothing here has: always absent
 *   MANY     may have several values (sets)
 *   SUFFIX   the name goes on behind the '/' (kms:EncryptionContext: behind the ':'): a tag's key,
 *            whose case matters */
enum ol_context_trait {
    OL_CONTEXT_REQUEST = 1,
    OL_CONTEXT_OWN = 2,
    OL_CONTEXT_NEVER = 4,
    OL_CONTEXT_MANY = 8,
    OL_CONTEXT_SUFFIX = 16
};

/* clang-format off */
#define OL_CONTEXT_KEYS(X)                                                                         \
    /* the network */                                                                              \
    X(SECURE_TRANSPORT, "aws:SecureTransport", OL_CONTEXT_REQUEST) /* "true" or "false", always */ \
    X(SOURCE_IP, "aws:SourceIp", OL_CONTEXT_REQUEST)       /* absent through a VPC */              \
    X(VPC_SOURCE_IP, "aws:VpcSourceIp", OL_CONTEXT_REQUEST)                                        \
    X(SOURCE_VPC, "aws:SourceVpc", OL_CONTEXT_REQUEST)                                             \
    X(SOURCE_VPCE, "aws:SourceVpce", OL_CONTEXT_REQUEST)                                           \
    X(REFERER, "aws:Referer", OL_CONTEXT_REQUEST)                                                  \
    X(USER_AGENT, "aws:UserAgent", OL_CONTEXT_REQUEST)                                             \
    X(REQUESTED_REGION, "aws:RequestedRegion", OL_CONTEXT_REQUEST)                                 \
    X(TLS_VERSION, "s3:TlsVersion", OL_CONTEXT_REQUEST)    /* "1.2"; absent without TLS */         \
    X(AUTH_TYPE, "s3:authType", OL_CONTEXT_REQUEST) /* REST-HEADER, REST-QUERY-STRING, POST */     \
    X(SIGNATURE_VERSION, "s3:signatureversion", OL_CONTEXT_REQUEST) /* AWS4-HMAC-SHA256 */         \
    X(SIGNATURE_AGE, "s3:signatureAge", OL_CONTEXT_REQUEST) /* milliseconds */                     \
    X(CONTENT_SHA256, "s3:x-amz-content-sha256", OL_CONTEXT_REQUEST)                               \
    /* parameters and headers */                                                                   \
    X(PREFIX, "s3:prefix", OL_CONTEXT_REQUEST)                                                     \
    X(DELIMITER, "s3:delimiter", OL_CONTEXT_REQUEST)                                               \
    X(MAX_KEYS, "s3:max-keys", OL_CONTEXT_REQUEST)                                                 \
    X(VERSION_ID, "s3:VersionId", OL_CONTEXT_REQUEST)                                              \
    X(LOCATION_CONSTRAINT, "s3:LocationConstraint", OL_CONTEXT_REQUEST)                            \
    X(ACL, "s3:x-amz-acl", OL_CONTEXT_REQUEST)                                                     \
    X(GRANT_READ, "s3:x-amz-grant-read", OL_CONTEXT_REQUEST)                                       \
    X(GRANT_WRITE, "s3:x-amz-grant-write", OL_CONTEXT_REQUEST)                                     \
    X(GRANT_READ_ACP, "s3:x-amz-grant-read-acp", OL_CONTEXT_REQUEST)                               \
    X(GRANT_WRITE_ACP, "s3:x-amz-grant-write-acp", OL_CONTEXT_REQUEST)                             \
    X(GRANT_FULL_CONTROL, "s3:x-amz-grant-full-control", OL_CONTEXT_REQUEST)                       \
    X(OBJECT_OWNERSHIP, "s3:x-amz-object-ownership", OL_CONTEXT_REQUEST)                           \
    X(COPY_SOURCE, "s3:x-amz-copy-source", OL_CONTEXT_REQUEST)                                     \
    X(METADATA_DIRECTIVE, "s3:x-amz-metadata-directive", OL_CONTEXT_REQUEST)                       \
    X(STORAGE_CLASS, "s3:x-amz-storage-class", OL_CONTEXT_REQUEST)                                 \
    X(WEBSITE_REDIRECT, "s3:x-amz-website-redirect-location", OL_CONTEXT_REQUEST)                  \
    X(SSE, "s3:x-amz-server-side-encryption", OL_CONTEXT_REQUEST)                                  \
    X(SSE_KMS_KEY_ID, "s3:x-amz-server-side-encryption-aws-kms-key-id", OL_CONTEXT_REQUEST)        \
    X(SSE_C_ALGORITHM, "s3:x-amz-server-side-encryption-customer-algorithm", OL_CONTEXT_REQUEST)   \
    X(IF_NONE_MATCH, "s3:if-none-match", OL_CONTEXT_REQUEST)                                       \
    X(IF_MATCH, "s3:if-match", OL_CONTEXT_REQUEST)                                                 \
    X(CREATION_OPERATION, "s3:ObjectCreationOperation", OL_CONTEXT_REQUEST)                        \
    X(LOCK_MODE, "s3:object-lock-mode", OL_CONTEXT_REQUEST)                                        \
    X(LOCK_UNTIL, "s3:object-lock-retain-until-date", OL_CONTEXT_REQUEST)                          \
    X(LOCK_DAYS, "s3:object-lock-remaining-retention-days", OL_CONTEXT_REQUEST)                    \
    X(LOCK_HOLD, "s3:object-lock-legal-hold", OL_CONTEXT_REQUEST)                                  \
    /* tags */                                                                                     \
    X(EXISTING_OBJECT_TAG, "s3:ExistingObjectTag", OL_CONTEXT_REQUEST | OL_CONTEXT_SUFFIX)         \
    X(REQUEST_OBJECT_TAG, "s3:RequestObjectTag", OL_CONTEXT_REQUEST | OL_CONTEXT_SUFFIX)           \
    X(REQUEST_OBJECT_TAG_KEYS, "s3:RequestObjectTagKeys", OL_CONTEXT_REQUEST | OL_CONTEXT_MANY)    \
    X(BUCKET_TAG, "s3:BucketTag", OL_CONTEXT_REQUEST | OL_CONTEXT_SUFFIX)                          \
    X(REQUEST_TAG, "aws:RequestTag", OL_CONTEXT_REQUEST | OL_CONTEXT_SUFFIX)                       \
    X(TAG_KEYS, "aws:TagKeys", OL_CONTEXT_REQUEST | OL_CONTEXT_MANY)                               \
    X(RESOURCE_TAG, "aws:ResourceTag", OL_CONTEXT_REQUEST | OL_CONTEXT_SUFFIX)                     \
    /* a service that asks on somebody's behalf */                                                 \
    X(SOURCE_ARN, "aws:SourceArn", OL_CONTEXT_REQUEST)                                             \
    X(SOURCE_ACCOUNT, "aws:SourceAccount", OL_CONTEXT_REQUEST)                                     \
    /* STS */                                                                                      \
    X(EXTERNAL_ID, "sts:ExternalId", OL_CONTEXT_REQUEST)                                           \
    X(ROLE_SESSION_NAME, "sts:RoleSessionName", OL_CONTEXT_REQUEST)                                \
    X(STS_SOURCE_IDENTITY, "sts:SourceIdentity", OL_CONTEXT_REQUEST)                               \
    X(DURATION_SECONDS, "sts:DurationSeconds", OL_CONTEXT_REQUEST)                                 \
    /* the use of a master key */                                                                  \
    X(KMS_VIA_SERVICE, "kms:ViaService", OL_CONTEXT_REQUEST) /* "s3.REGION.amazonaws.com" */       \
    X(KMS_CALLER_ACCOUNT, "kms:CallerAccount", OL_CONTEXT_REQUEST)                                 \
    X(KMS_CONTEXT, "kms:EncryptionContext", OL_CONTEXT_REQUEST | OL_CONTEXT_SUFFIX)                \
    X(KMS_CONTEXT_KEYS, "kms:EncryptionContextKeys", OL_CONTEXT_REQUEST | OL_CONTEXT_MANY)         \
    X(KMS_REQUEST_ALIAS, "kms:RequestAlias", OL_CONTEXT_REQUEST) /* "alias/NAME", as it was named */ \
    X(KMS_ALGORITHM, "kms:EncryptionAlgorithm", OL_CONTEXT_REQUEST) /* of Decrypt */               \
    X(KMS_KEY_SPEC, "kms:KeySpec", OL_CONTEXT_REQUEST)                                             \
    X(KMS_KEY_USAGE, "kms:KeyUsage", OL_CONTEXT_REQUEST)                                           \
    /* time */                                                                                     \
    X(CURRENT_TIME, "aws:CurrentTime", OL_CONTEXT_OWN)                                             \
    X(EPOCH_TIME, "aws:EpochTime", OL_CONTEXT_OWN)                                                 \
    /* who asks */                                                                                 \
    X(PRINCIPAL_ARN, "aws:PrincipalArn", OL_CONTEXT_OWN) /* of a session: its role's ARN */        \
    X(PRINCIPAL_ACCOUNT, "aws:PrincipalAccount", OL_CONTEXT_OWN)                                   \
    X(PRINCIPAL_TYPE, "aws:PrincipalType", OL_CONTEXT_OWN)                                         \
    X(PRINCIPAL_TAG, "aws:PrincipalTag", OL_CONTEXT_OWN | OL_CONTEXT_SUFFIX)                       \
    X(PRINCIPAL_IS_SERVICE, "aws:PrincipalIsAWSService", OL_CONTEXT_OWN)                           \
    X(PRINCIPAL_SERVICE, "aws:PrincipalServiceName", OL_CONTEXT_OWN)                               \
    X(USER_ID, "aws:userid", OL_CONTEXT_OWN)                                                       \
    X(USER_NAME, "aws:username", OL_CONTEXT_OWN)                                                   \
    X(TOKEN_ISSUE_TIME, "aws:TokenIssueTime", OL_CONTEXT_OWN)                                      \
    X(MFA_PRESENT, "aws:MultiFactorAuthPresent", OL_CONTEXT_OWN) /* temporary credentials only */  \
    X(MFA_AGE, "aws:MultiFactorAuthAge", OL_CONTEXT_OWN)         /* seconds */                     \
    /* the way it came */                                                                          \
    X(CALLED_VIA, "aws:CalledVia", OL_CONTEXT_OWN | OL_CONTEXT_MANY)                               \
    X(CALLED_VIA_FIRST, "aws:CalledViaFirst", OL_CONTEXT_OWN)                                      \
    X(CALLED_VIA_LAST, "aws:CalledViaLast", OL_CONTEXT_OWN)                                        \
    X(VIA_AWS_SERVICE, "aws:ViaAWSService", OL_CONTEXT_OWN)                                        \
    X(DATA_ACCESS_POINT_ARN, "s3:DataAccessPointArn", OL_CONTEXT_OWN)                              \
    X(DATA_ACCESS_POINT_ACCOUNT, "s3:DataAccessPointAccount", OL_CONTEXT_OWN)                      \
    X(NETWORK_ORIGIN, "s3:AccessPointNetworkOrigin", OL_CONTEXT_OWN) /* Internet or VPC */         \
    X(RESOURCE_ACCOUNT, "aws:ResourceAccount", OL_CONTEXT_OWN)                                     \
    X(S3_RESOURCE_ACCOUNT, "s3:ResourceAccount", OL_CONTEXT_OWN)                                   \
    /* organizations, federation and others that there is nothing of here */                       \
    X(PRINCIPAL_ORG_ID, "aws:PrincipalOrgID", OL_CONTEXT_NEVER)                                    \
    X(PRINCIPAL_ORG_PATHS, "aws:PrincipalOrgPaths", OL_CONTEXT_NEVER | OL_CONTEXT_MANY)            \
    X(PRINCIPAL_SERVICE_LIST, "aws:PrincipalServiceNamesList", OL_CONTEXT_NEVER | OL_CONTEXT_MANY) \
    X(RESOURCE_ORG_ID, "aws:ResourceOrgID", OL_CONTEXT_NEVER)                                      \
    X(RESOURCE_ORG_PATHS, "aws:ResourceOrgPaths", OL_CONTEXT_NEVER | OL_CONTEXT_MANY)              \
    X(SOURCE_ORG_ID, "aws:SourceOrgID", OL_CONTEXT_NEVER)                                          \
    X(SOURCE_ORG_PATHS, "aws:SourceOrgPaths", OL_CONTEXT_NEVER | OL_CONTEXT_MANY)                  \
    X(SOURCE_OWNER, "aws:SourceOwner", OL_CONTEXT_NEVER)                                           \
    X(SOURCE_IDENTITY, "aws:SourceIdentity", OL_CONTEXT_NEVER)                                     \
    X(FEDERATED_PROVIDER, "aws:FederatedProvider", OL_CONTEXT_NEVER)                               \
    X(ACCESS_GRANTS_INSTANCE, "s3:AccessGrantsInstanceArn", OL_CONTEXT_NEVER)                      \
    X(GRANT_IS_FOR_SERVICE, "kms:GrantIsForAWSResource", OL_CONTEXT_NEVER) /* nothing grants */     \
    X(GRANT_OPERATIONS, "kms:GrantOperations", OL_CONTEXT_NEVER | OL_CONTEXT_MANY)                 \
    X(GRANT_CONSTRAINT, "kms:GrantConstraintType", OL_CONTEXT_NEVER)                               \
    X(GRANTEE, "kms:GranteePrincipal", OL_CONTEXT_NEVER)                                           \
    X(RETIRING_PRINCIPAL, "kms:RetiringPrincipal", OL_CONTEXT_NEVER)                               \
    X(INVENTORY_FIELDS, "s3:InventoryAccessibleOptionalFields", OL_CONTEXT_NEVER | OL_CONTEXT_MANY)
/* clang-format on */

enum ol_context_key {
#define OL_CONTEXT_ENUM(id, name, traits) OL_CONTEXT_##id,
    OL_CONTEXT_KEYS(OL_CONTEXT_ENUM)
#undef OL_CONTEXT_ENUM
    OL_CONTEXT_KEY_COUNT
};

/* The values of a key. Zeroed: absent. A key that is present with no value has a count of 0. */
typedef struct ol_context_values {
    bool present;
    size_t count;
    ol_slice one;         /* when count is 1 and `many` NULL */
    const ol_slice *many; /* else count of them */
} ol_context_values;

static inline void ol_context_set(ol_context_values *values, ol_slice one)
{
    *values = (ol_context_values){.present = true, .count = 1, .one = one};
}

static inline void ol_context_set_many(ol_context_values *values, const ol_slice *many,
                                       size_t count)
{
    *values = (ol_context_values){.present = true, .count = count, .many = many};
}

/* Asked for keys with the trait REQUEST, during a decision, on its thread, perhaps several times
 * for the same key. `suffix` is what follows the '/' (or ':') of keys with the trait SUFFIX, else empty.
 * *values is absent when it is called; what it sets lives until the decision is over.
 * Returns OL_OK; OL_WAIT: not known yet, so that the decision returns OL_WAIT and is to be asked
 * again when it is; or an error, which the decision returns. */
typedef int (*ol_context_values_cb)(void *arg, enum ol_context_key key, ol_slice suffix,
                                    ol_context_values *values, ol_error *err);

/* A key by its name in any case ("AWS:sourceip", "s3:ExistingObjectTag/Team": *suffix is "Team";
 * "kms:EncryptionContext:aws:s3:arn": "aws:s3:arn").
 * Keys of s3-object-lambda are those of s3. False when there is none. */
bool ol_context_key_find(ol_slice name, enum ol_context_key *key, ol_slice *suffix);
/* Without the suffix. */
const char *ol_context_key_name(enum ol_context_key key);
unsigned ol_context_key_traits(enum ol_context_key key);

#endif
