/* SPDX-License-Identifier: MIT */
/*
 * Object Ownership of a bucket: whose an object is that somebody else wrote, and whether access
 * control lists count at all.
 */
#ifndef OL_S3_OWNERSHIP_H
#define OL_S3_OWNERSHIP_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

enum ol_ownership {
    OL_OWNERSHIP_NONE, /* no controls: as OBJECT_WRITER; GET answers 404 */
    OL_OWNERSHIP_BUCKET_OWNER_ENFORCED, /* lists do not count; AWS's default */
    OL_OWNERSHIP_BUCKET_OWNER_PREFERRED,
    OL_OWNERSHIP_OBJECT_WRITER
};

/* "BucketOwnerEnforced"; false when it is none. For documents, x-amz-object-ownership, and the
 * configuration file. */
bool ol_ownership_from_name(ol_slice name, enum ol_ownership *out);
const char *ol_ownership_name(enum ol_ownership ownership); /* "" for NONE */

/* <OwnershipControls> with one rule. `arena` is scratch. OL_EMALFORMEDXML, OL_ENOMEM. */
int ol_ownership_parse(ol_slice xml, ol_arena *arena, enum ol_ownership *out, ol_error *err);
int ol_ownership_write(ol_buf *out, enum ol_ownership ownership);

#endif
