/* SPDX-License-Identifier: MIT */
/*
 * Completing an upload: the parts that the client names are held against those that there are,
 * and become the size, the ETag and the checksum of the whole. No I/O; the committer feeds it, part
 * by part in ascending order, and writes what comes of it.
 */
#ifndef OL_ORIGIN_STORE_ASSEMBLY_H
#define OL_ORIGIN_STORE_ASSEMBLY_H

#include <openssl/evp.h>

#include "crypto/at_rest/at_rest_record.h"
#include "origin/origin.h"
#include "s3/upload/checksum_parts.h"

#define OL_OBJECT_BYTES_MAX (5ull << 40)

/* A part as the client names it. */
typedef struct ol_wanted_part {
    uint32_t number;
    char etag[33]; /* MD5 in hex; empty: it cannot be one of ours */
    ol_object_checksum checksum;
} ol_wanted_part;

/* A part as it is stored; slices live as long as the row under the cursor. */
typedef struct ol_stored_part {
    uint32_t number;
    uint64_t size;
    ol_slice etag;
    ol_object_checksum checksum;
} ol_stored_part;

typedef struct ol_assembly {
    /* What is wanted; set before. */
    const EVP_MD *md5;
    ol_wanted_part *parts; /* ascending */
    uint32_t count;
    ol_object_checksum claimed;
    int64_t size; /* -1: not said */
    ol_put_result *result;

    /* What the upload says. */
    char checksum_name[12];
    bool checksum_composite;

    /* On the way. */
    uint32_t next; /* the part that is looked for */
    uint64_t total;
    bool too_small;  /* a part before this one was */
    bool sums_given; /* every part so far was named with its checksum */
    EVP_MD_CTX *etags;
    ol_checksum_parts sums;
    bool summing;
    ol_at_rest_table table; /* of an encrypted one: whoever has the key fills it */
} ol_assembly;

/* The client's list: copied into `parts`, which has room for req->part_count. OL_OK,
 * OL_EMALFORMEDXML (empty), OL_EINVALIDPARTORDER, OL_EINVALIDPART. */
int ol_assembly_take_list(ol_assembly *a, const ol_complete_request *req, ol_wanted_part *parts,
                          ol_error *err);

/* The three below return OL_OK; a refusal's code, with `err` filled; `fini` follows always. */
int ol_assembly_begin(ol_assembly *a, ol_slice checksum_name, bool composite, ol_error *err);
/* The stored parts, ascending. OL_SKIP: the client does not want this one. */
int ol_assembly_add(ol_assembly *a, const ol_stored_part *part, ol_error *err);
/* Fills etag and checksum of `result`. */
int ol_assembly_end(ol_assembly *a, ol_error *err);
void ol_assembly_fini(ol_assembly *a);

#endif
