/* SPDX-License-Identifier: MIT */
/*
 * The table, as the services document their actions, and a hash of it that is made once.
 */
#include "access/actions.h"

#include <pthread.h>

#include "base/fnv.h"

typedef struct row {
    const char *name;
    uint8_t service_len;
    uint8_t target;
} row;

#define S3(name, target) {"s3:" name, 2, OL_ACTION_ON_##target}
#define LAMBDA(name, target) {"s3-object-lambda:" name, 16, OL_ACTION_ON_##target}
#define STS(name) {"sts:" name, 3, OL_ACTION_ON_SERVICE}
#define KMS(name) {"kms:" name, 3, OL_ACTION_ON_SERVICE}

static const row rows[] = {
    /* objects */
    S3("AbortMultipartUpload", OBJECT),
    S3("BypassGovernanceRetention", OBJECT),
    S3("DeleteObject", OBJECT),
    S3("DeleteObjectTagging", OBJECT),
    S3("DeleteObjectVersion", OBJECT),
    S3("DeleteObjectVersionTagging", OBJECT),
    S3("GetObject", OBJECT),
    S3("GetObjectAcl", OBJECT),
    S3("GetObjectAttributes", OBJECT),
    S3("GetObjectLegalHold", OBJECT),
    S3("GetObjectRetention", OBJECT),
    S3("GetObjectTagging", OBJECT),
    S3("GetObjectTorrent", OBJECT),
    S3("GetObjectVersion", OBJECT),
    S3("GetObjectVersionAcl", OBJECT),
    S3("GetObjectVersionAttributes", OBJECT),
    S3("GetObjectVersionForReplication", OBJECT),
    S3("GetObjectVersionTagging", OBJECT),
    S3("GetObjectVersionTorrent", OBJECT),
    S3("InitiateReplication", OBJECT),
    S3("ListMultipartUploadParts", OBJECT),
    S3("ObjectOwnerOverrideToBucketOwner", OBJECT),
    S3("PutObject", OBJECT),
    S3("PutObjectAcl", OBJECT),
    S3("PutObjectLegalHold", OBJECT),
    S3("PutObjectRetention", OBJECT),
    S3("PutObjectTagging", OBJECT),
    S3("PutObjectVersionAcl", OBJECT),
    S3("PutObjectVersionTagging", OBJECT),
    S3("ReplicateDelete", OBJECT),
    S3("ReplicateObject", OBJECT),
    S3("ReplicateTags", OBJECT),
    S3("RestoreObject", OBJECT),
    S3("UpdateObjectEncryption", OBJECT),
    /* buckets */
    S3("CreateBucket", BUCKET),
    S3("CreateBucketMetadataTableConfiguration", BUCKET),
    S3("DeleteBucket", BUCKET),
    S3("DeleteBucketMetadataTableConfiguration", BUCKET),
    S3("DeleteBucketOwnershipControls", BUCKET),
    S3("DeleteBucketPolicy", BUCKET),
    S3("DeleteBucketWebsite", BUCKET),
    S3("GetAccelerateConfiguration", BUCKET),
    S3("GetAnalyticsConfiguration", BUCKET),
    S3("GetBucketAbac", BUCKET),
    S3("GetBucketAcl", BUCKET),
    S3("GetBucketCORS", BUCKET),
    S3("GetBucketLocation", BUCKET),
    S3("GetBucketLogging", BUCKET),
    S3("GetBucketMetadataTableConfiguration", BUCKET),
    S3("GetBucketNotification", BUCKET),
    S3("GetBucketObjectLockConfiguration", BUCKET),
    S3("GetBucketOwnershipControls", BUCKET),
    S3("GetBucketPolicy", BUCKET),
    S3("GetBucketPolicyStatus", BUCKET),
    S3("GetBucketPublicAccessBlock", BUCKET),
    S3("GetBucketRequestPayment", BUCKET),
    S3("GetBucketTagging", BUCKET),
    S3("GetBucketVersioning", BUCKET),
    S3("GetBucketWebsite", BUCKET),
    S3("GetEncryptionConfiguration", BUCKET),
    S3("GetIntelligentTieringConfiguration", BUCKET),
    S3("GetInventoryConfiguration", BUCKET),
    S3("GetLifecycleConfiguration", BUCKET),
    S3("GetMetricsConfiguration", BUCKET),
    S3("GetReplicationConfiguration", BUCKET),
    S3("ListBucket", BUCKET),
    S3("ListBucketMultipartUploads", BUCKET),
    S3("ListBucketVersions", BUCKET),
    S3("PutAccelerateConfiguration", BUCKET),
    S3("PutAnalyticsConfiguration", BUCKET),
    S3("PutBucketAbac", BUCKET),
    S3("PutBucketAcl", BUCKET),
    S3("PutBucketCORS", BUCKET),
    S3("PutBucketLogging", BUCKET),
    S3("PutBucketNotification", BUCKET),
    S3("PutBucketObjectLockConfiguration", BUCKET),
    S3("PutBucketOwnershipControls", BUCKET),
    S3("PutBucketPolicy", BUCKET),
    S3("PutBucketPublicAccessBlock", BUCKET),
    S3("PutBucketRequestPayment", BUCKET),
    S3("PutBucketTagging", BUCKET),
    S3("PutBucketVersioning", BUCKET),
    S3("PutBucketWebsite", BUCKET),
    S3("PutEncryptionConfiguration", BUCKET),
    S3("PutIntelligentTieringConfiguration", BUCKET),
    S3("PutInventoryConfiguration", BUCKET),
    S3("PutLifecycleConfiguration", BUCKET),
    S3("PutMetricsConfiguration", BUCKET),
    S3("PutReplicationConfiguration", BUCKET),
    /* access points, accounts, and the rest */
    S3("AssociateAccessGrantsIdentityCenter", SERVICE),
    S3("CreateAccessGrant", SERVICE),
    S3("CreateAccessGrantsInstance", SERVICE),
    S3("CreateAccessGrantsLocation", SERVICE),
    S3("CreateAccessPoint", SERVICE),
    S3("CreateAccessPointForObjectLambda", SERVICE),
    S3("CreateJob", SERVICE),
    S3("CreateMultiRegionAccessPoint", SERVICE),
    S3("CreateStorageLensGroup", SERVICE),
    S3("DeleteAccessGrant", SERVICE),
    S3("DeleteAccessGrantsInstance", SERVICE),
    S3("DeleteAccessGrantsInstanceResourcePolicy", SERVICE),
    S3("DeleteAccessGrantsLocation", SERVICE),
    S3("DeleteAccessPoint", SERVICE),
    S3("DeleteAccessPointForObjectLambda", SERVICE),
    S3("DeleteAccessPointPolicy", SERVICE),
    S3("DeleteAccessPointPolicyForObjectLambda", SERVICE),
    S3("DeleteAccessPointScope", SERVICE),
    S3("DeleteJobTagging", SERVICE),
    S3("DeleteMultiRegionAccessPoint", SERVICE),
    S3("DeleteStorageLensConfiguration", SERVICE),
    S3("DeleteStorageLensConfigurationTagging", SERVICE),
    S3("DeleteStorageLensGroup", SERVICE),
    S3("DescribeJob", SERVICE),
    S3("DescribeMultiRegionAccessPointOperation", SERVICE),
    S3("DissociateAccessGrantsIdentityCenter", SERVICE),
    S3("GetAccessGrant", SERVICE),
    S3("GetAccessGrantsInstance", SERVICE),
    S3("GetAccessGrantsInstanceForPrefix", SERVICE),
    S3("GetAccessGrantsInstanceResourcePolicy", SERVICE),
    S3("GetAccessGrantsLocation", SERVICE),
    S3("GetAccessPoint", SERVICE),
    S3("GetAccessPointConfigurationForObjectLambda", SERVICE),
    S3("GetAccessPointForObjectLambda", SERVICE),
    S3("GetAccessPointPolicy", SERVICE),
    S3("GetAccessPointPolicyForObjectLambda", SERVICE),
    S3("GetAccessPointPolicyStatus", SERVICE),
    S3("GetAccessPointPolicyStatusForObjectLambda", SERVICE),
    S3("GetAccessPointScope", SERVICE),
    S3("GetAccountPublicAccessBlock", SERVICE),
    S3("GetDataAccess", SERVICE),
    S3("GetJobTagging", SERVICE),
    S3("GetMultiRegionAccessPoint", SERVICE),
    S3("GetMultiRegionAccessPointPolicy", SERVICE),
    S3("GetMultiRegionAccessPointPolicyStatus", SERVICE),
    S3("GetMultiRegionAccessPointRoutes", SERVICE),
    S3("GetStorageLensConfiguration", SERVICE),
    S3("GetStorageLensConfigurationTagging", SERVICE),
    S3("GetStorageLensDashboard", SERVICE),
    S3("GetStorageLensGroup", SERVICE),
    S3("ListAccessGrants", SERVICE),
    S3("ListAccessGrantsInstances", SERVICE),
    S3("ListAccessGrantsLocations", SERVICE),
    S3("ListAccessPoints", SERVICE),
    S3("ListAccessPointsForObjectLambda", SERVICE),
    S3("ListAllMyBuckets", SERVICE),
    S3("ListCallerAccessGrants", SERVICE),
    S3("ListJobs", SERVICE),
    S3("ListMultiRegionAccessPoints", SERVICE),
    S3("ListStorageLensConfigurations", SERVICE),
    S3("ListStorageLensGroups", SERVICE),
    S3("ListTagsForResource", SERVICE),
    S3("PauseReplication", SERVICE),
    S3("PutAccessGrantsInstanceResourcePolicy", SERVICE),
    S3("PutAccessPointConfigurationForObjectLambda", SERVICE),
    S3("PutAccessPointPolicy", SERVICE),
    S3("PutAccessPointPolicyForObjectLambda", SERVICE),
    S3("PutAccessPointPublicAccessBlock", SERVICE),
    S3("PutAccessPointScope", SERVICE),
    S3("PutAccountPublicAccessBlock", SERVICE),
    S3("PutJobTagging", SERVICE),
    S3("PutMultiRegionAccessPointPolicy", SERVICE),
    S3("PutStorageLensConfiguration", SERVICE),
    S3("PutStorageLensConfigurationTagging", SERVICE),
    S3("SubmitMultiRegionAccessPointRoutes", SERVICE),
    S3("TagResource", SERVICE),
    S3("UntagResource", SERVICE),
    S3("UpdateAccessGrantsLocation", SERVICE),
    S3("UpdateJobPriority", SERVICE),
    S3("UpdateJobStatus", SERVICE),
    S3("UpdateStorageLensGroup", SERVICE),
    /* through an Object Lambda access point, which is one resource whatever the key */
    LAMBDA("AbortMultipartUpload", SERVICE),
    LAMBDA("DeleteObject", SERVICE),
    LAMBDA("DeleteObjectTagging", SERVICE),
    LAMBDA("DeleteObjectVersion", SERVICE),
    LAMBDA("DeleteObjectVersionTagging", SERVICE),
    LAMBDA("GetObject", SERVICE),
    LAMBDA("GetObjectAcl", SERVICE),
    LAMBDA("GetObjectLegalHold", SERVICE),
    LAMBDA("GetObjectRetention", SERVICE),
    LAMBDA("GetObjectTagging", SERVICE),
    LAMBDA("GetObjectVersion", SERVICE),
    LAMBDA("GetObjectVersionAcl", SERVICE),
    LAMBDA("GetObjectVersionTagging", SERVICE),
    LAMBDA("ListBucket", SERVICE),
    LAMBDA("ListBucketMultipartUploads", SERVICE),
    LAMBDA("ListBucketVersions", SERVICE),
    LAMBDA("ListMultipartUploadParts", SERVICE),
    LAMBDA("PutObject", SERVICE),
    LAMBDA("PutObjectAcl", SERVICE),
    LAMBDA("PutObjectLegalHold", SERVICE),
    LAMBDA("PutObjectRetention", SERVICE),
    LAMBDA("PutObjectTagging", SERVICE),
    LAMBDA("PutObjectVersionAcl", SERVICE),
    LAMBDA("PutObjectVersionTagging", SERVICE),
    LAMBDA("RestoreObject", SERVICE),
    LAMBDA("WriteGetObjectResponse", SERVICE),
    /* who may become whom */
    STS("AssumeRole"),
    STS("AssumeRoleWithSAML"),
    STS("AssumeRoleWithWebIdentity"),
    STS("DecodeAuthorizationMessage"),
    STS("GetAccessKeyInfo"),
    STS("GetCallerIdentity"),
    STS("GetFederationToken"),
    STS("GetServiceBearerToken"),
    STS("GetSessionToken"),
    STS("SetSourceIdentity"),
    STS("TagSession"),
    /* what master keys are used for */
    KMS("CancelKeyDeletion"),
    KMS("ConnectCustomKeyStore"),
    KMS("CreateAlias"),
    KMS("CreateCustomKeyStore"),
    KMS("CreateGrant"),
    KMS("CreateKey"),
    KMS("Decrypt"),
    KMS("DeleteAlias"),
    KMS("DeleteCustomKeyStore"),
    KMS("DeleteImportedKeyMaterial"),
    KMS("DeriveSharedSecret"),
    KMS("DescribeCustomKeyStores"),
    KMS("DescribeKey"),
    KMS("DisableKey"),
    KMS("DisableKeyRotation"),
    KMS("DisconnectCustomKeyStore"),
    KMS("EnableKey"),
    KMS("EnableKeyRotation"),
    KMS("Encrypt"),
    KMS("GenerateDataKey"),
    KMS("GenerateDataKeyPair"),
    KMS("GenerateDataKeyPairWithoutPlaintext"),
    KMS("GenerateDataKeyWithoutPlaintext"),
    KMS("GenerateMac"),
    KMS("GenerateRandom"),
    KMS("GetKeyPolicy"),
    KMS("GetKeyRotationStatus"),
    KMS("GetParametersForImport"),
    KMS("GetPublicKey"),
    KMS("ImportKeyMaterial"),
    KMS("ListAliases"),
    KMS("ListGrants"),
    KMS("ListKeyPolicies"),
    KMS("ListKeyRotations"),
    KMS("ListKeys"),
    KMS("ListResourceTags"),
    KMS("ListRetirableGrants"),
    KMS("PutKeyPolicy"),
    KMS("ReEncryptFrom"),
    KMS("ReEncryptTo"),
    KMS("ReplicateKey"),
    KMS("RetireGrant"),
    KMS("RevokeGrant"),
    KMS("RotateKeyOnDemand"),
    KMS("ScheduleKeyDeletion"),
    KMS("Sign"),
    KMS("SynchronizeMultiRegionKey"),
    KMS("TagResource"),
    KMS("UntagResource"),
    KMS("UpdateAlias"),
    KMS("UpdateCustomKeyStore"),
    KMS("UpdateKeyDescription"),
    KMS("UpdatePrimaryRegion"),
    KMS("Verify"),
    KMS("VerifyMac"),
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))
#define BUCKETS 1024u /* a power of two, well above the number of rows */
_Static_assert(ROWS < OL_ACTIONS_MAX && ROWS * 2 < BUCKETS, "the hash has room");

static ol_action table[BUCKETS];
static pthread_once_t table_made = PTHREAD_ONCE_INIT;

static inline uint8_t fold(uint8_t c)
{
    return (uint8_t)(c >= 'A' && c <= 'Z' ? c | 0x20u : c);
}

static uint64_t hash_more(uint64_t hash, ol_slice text)
{
    for (size_t i = 0; i < text.len; i++)
        hash = ol_fnv_byte(hash, fold(text.data[i]));
    return hash;
}

static uint32_t hash_of(ol_slice service, ol_slice name)
{
    uint64_t hash = hash_more(hash_more(OL_FNV_START, service), name);
    return (uint32_t)(hash ^ hash >> 32) & (BUCKETS - 1);
}

static ol_slice row_service(const row *r)
{
    return ol_slice_of(r->name, r->service_len);
}

static ol_slice row_name(const row *r)
{
    return ol_slice_cstr(r->name + r->service_len + 1);
}

static void make_table(void)
{
    memset(table, 0xFF, sizeof(table));
    for (size_t i = 0; i < ROWS; i++) {
        uint32_t at = hash_of(row_service(&rows[i]), row_name(&rows[i]));
        while (table[at] != OL_ACTION_NONE)
            at = (at + 1) & (BUCKETS - 1);
        table[at] = (ol_action)i;
    }
}

ol_action ol_action_find(ol_slice service, ol_slice name)
{
    pthread_once(&table_made, make_table);
    for (uint32_t at = hash_of(service, name); table[at] != OL_ACTION_NONE;
         at = (at + 1) & (BUCKETS - 1)) {
        const row *r = &rows[table[at]];
        if (ol_slice_ieq(row_name(r), name) && ol_slice_ieq(row_service(r), service))
            return table[at];
    }
    return OL_ACTION_NONE;
}

ol_action ol_action_parse(ol_slice text)
{
    ptrdiff_t colon = ol_slice_find(text, ':');
    if (colon < 0)
        return OL_ACTION_NONE;
    return ol_action_find(ol_slice_first(text, (size_t)colon),
                          ol_slice_from(text, (size_t)colon + 1));
}

ol_slice ol_action_name(ol_action action)
{
    return action < ROWS ? ol_slice_cstr(rows[action].name) : OL_SLICE_LIT("an unknown action");
}

enum ol_action_target ol_action_target(ol_action action)
{
    return action < ROWS ? rows[action].target : OL_ACTION_ON_SERVICE;
}

size_t ol_action_count(void)
{
    return ROWS;
}

bool ol_action_service_known(ol_slice service)
{
    return ol_slice_ieq(service, OL_SLICE_LIT("s3")) ||
           ol_slice_ieq(service, OL_SLICE_LIT("s3-object-lambda")) ||
           ol_slice_ieq(service, OL_SLICE_LIT("sts")) ||
           ol_slice_ieq(service, OL_SLICE_LIT("kms"));
}
