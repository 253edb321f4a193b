/* SPDX-License-Identifier: MIT */
#include "front/request/acl_permission.h"

#include <string.h>

#include "s3/documents/acl.h"

static const ol_acl_permission_row rows[] = {
    {"GetObject", true, OL_ACL_OF_OBJECT, OL_ACL_READ},
    {"GetObjectVersion", true, OL_ACL_OF_OBJECT, OL_ACL_READ},
    {"GetObjectAcl", true, OL_ACL_OF_OBJECT, OL_ACL_READ_ACP},
    {"GetObjectVersionAcl", true, OL_ACL_OF_OBJECT, OL_ACL_READ_ACP},
    {"PutObjectAcl", true, OL_ACL_OF_OBJECT, OL_ACL_WRITE_ACP},
    {"PutObjectVersionAcl", true, OL_ACL_OF_OBJECT, OL_ACL_WRITE_ACP},
    {"GetObjectAttributes", true, OL_ACL_OF_BUCKET, 0},
    {"GetObjectVersionAttributes", true, OL_ACL_OF_BUCKET, 0},
    {"GetObjectTagging", true, OL_ACL_OF_BUCKET, 0},
    {"GetObjectVersionTagging", true, OL_ACL_OF_BUCKET, 0},
    {"PutObjectTagging", true, OL_ACL_OF_BUCKET, 0},
    {"PutObjectVersionTagging", true, OL_ACL_OF_BUCKET, 0},
    {"DeleteObjectTagging", true, OL_ACL_OF_BUCKET, 0},
    {"DeleteObjectVersionTagging", true, OL_ACL_OF_BUCKET, 0},
    {"ListBucket", false, OL_ACL_OF_BUCKET, OL_ACL_READ},
    {"ListBucketVersions", false, OL_ACL_OF_BUCKET, OL_ACL_READ},
    {"ListBucketMultipartUploads", false, OL_ACL_OF_BUCKET, OL_ACL_READ},
    {"PutObject", false, OL_ACL_OF_BUCKET, OL_ACL_WRITE},
    {"DeleteObject", false, OL_ACL_OF_BUCKET, OL_ACL_WRITE},
    {"DeleteObjectVersion", false, OL_ACL_OF_BUCKET, OL_ACL_WRITE},
    {"AbortMultipartUpload", false, OL_ACL_OF_BUCKET, OL_ACL_WRITE},
    {"ListMultipartUploadParts", false, OL_ACL_OF_BUCKET, OL_ACL_WRITE},
    {"GetBucketAcl", false, OL_ACL_OF_BUCKET, OL_ACL_READ_ACP},
    {"PutBucketAcl", false, OL_ACL_OF_BUCKET, OL_ACL_WRITE_ACP},
};

const ol_acl_permission_row *ol_acl_permission_of(const char *action)
{
    static const ol_acl_permission_row none = {"", false, OL_ACL_OF_BUCKET, 0};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (strcmp(rows[i].action, action) == 0)
            return &rows[i];
    return &none;
}
