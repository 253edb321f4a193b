/* SPDX-License-Identifier: MIT */
/*
 * The four switches that keep a bucket, an access point or an account from becoming public:
 * what they are, and their XML. What they do is decided in access/.
 */
#ifndef OL_S3_PUBLIC_ACCESS_BLOCK_H
#define OL_S3_PUBLIC_ACCESS_BLOCK_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "s3/documents/xml_tree.h"

typedef struct ol_public_access_block {
    bool block_public_acls;       /* refuse to put an ACL that is public */
    bool ignore_public_acls;      /* act as if public grants were not there */
    bool block_public_policy;     /* refuse to put a policy that is public */
    bool restrict_public_buckets; /* a public policy serves the owner's account only */
} ol_public_access_block;

#define OL_PUBLIC_ACCESS_BLOCK_ALL ((ol_public_access_block){true, true, true, true})

/* What holds where several apply (account, bucket, access point): each switch that any sets. */
static inline ol_public_access_block ol_public_access_block_or(ol_public_access_block a,
                                                               ol_public_access_block b)
{
    return (ol_public_access_block){a.block_public_acls || b.block_public_acls,
                                    a.ignore_public_acls || b.ignore_public_acls,
                                    a.block_public_policy || b.block_public_policy,
                                    a.restrict_public_buckets || b.restrict_public_buckets};
}

/* <PublicAccessBlockConfiguration>; a switch that is left out is off. `arena` is scratch.
 * `bounds` NULL: S3's namespace. OL_EMALFORMEDXML, OL_ENOMEM. */
int ol_public_access_block_parse(ol_slice xml, const ol_xml_bounds *bounds, ol_arena *arena,
                                 ol_public_access_block *out, ol_error *err);
/* The same from an element inside a larger document. */
int ol_public_access_block_read(const ol_xml_node *node, ol_public_access_block *out,
                                ol_error *err);
/* The document; `xmlns` as in ol_xml_begin_ns, NULL for S3's. */
int ol_public_access_block_write(ol_buf *out, const ol_public_access_block *block,
                                 const char *xmlns);

#endif
