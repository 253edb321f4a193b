/* SPDX-License-Identifier: MIT */
/*
 * One version of one object, as the store holds it in memory: metadata, and either the whole
 * body, or the file that holds it. Written by its maker only; immutable once others can see it;
 * counted, so that cache, readers and writers share it without copies. One allocation.
 *
 * An entry is also the ol_object that callers hold when it has its body in memory: opening a
 * cached object allocates nothing.
 */
#ifndef OL_ORIGIN_STORE_ENTRY_H
#define OL_ORIGIN_STORE_ENTRY_H

#include <stdatomic.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/limits.h"
#include "crypto/at_rest/at_rest_record.h"
#include "origin/origin.h"
#include "origin/store/folder.h"
#include "s3/upload/checksum.h"

#define OL_HEADERS_BLOB_BYTES_MAX (32 * OL_KIB)

typedef struct ol_entry ol_entry;
typedef struct ol_read_op ol_read_op;

/* What an ol_object is inside the store. */
typedef struct ol_handle {
    ol_object object; /* first */
    ol_entry *entry;  /* counted, unless this is the entry's own handle */
    const ol_object_info *info;
    ol_loop *loop;    /* NULL in the entry's own handle */
    ol_at_rest_key *key; /* counted; of an encrypted object, unless opened without */
    ol_read_op *reads; /* running read_at calls */
} ol_handle;

/* A part of an object that was uploaded in parts. */
typedef struct ol_entry_part {
    uint64_t end; /* where it ends in the object */
    uint32_t number;
    bool has_checksum; /* of the object's algorithm */
    uint8_t checksum[OL_CHECKSUM_BYTES_MAX];
    ol_file_id file;
    bool has_mark; /* of an encrypted one */
    uint8_t mark[OL_AT_REST_MARK_BYTES];
} ol_entry_part;

struct ol_entry {
    ol_handle self; /* first */
    atomic_uint refs;

    /* The cache's, under its shard's lock. */
    uint64_t hash;
    ol_entry *chain;
    ol_entry *newer, *older;
    size_t cost;
    bool touched;

    ol_slice bucket;
    ol_object_info info;     /* headers are the first of `headers` */
    ol_header *headers;      /* the object's, then etag (quoted) and last-modified */
    size_t headers_all;
    ol_slice headers_blob;   /* as in the database */
    const ol_at_rest_record *record; /* encrypted: so is the body; NULL: plain */
    ol_slice record_bytes;   /* as in the database */
    ol_slice mark;           /* the part's (of a whole object or of a part); of several parts their
                                table's MAC */
    atomic_bool table_known; /* that MAC has been found right */
    uint64_t stored_bytes;   /* of the body where it stands */
    ol_slice body;           /* when in_memory */
    uint8_t *body_space;     /* the same, for the maker */
    struct ol_pages *pages;  /* the body stands in pages of these; NULL: in the entry */
    bool in_memory;
    bool has_file;
    ol_file_id file;
    int fd; /* of the file, or -1 */
    const ol_entry_part *parts; /* info.part_count of them; instead of a file */
    struct ol_pins *pins; /* holds the parts' files, unless NULL */
    int64_t part_set;
    struct ol_janitor *janitor; /* closes fd */
    atomic_size_t *account; /* counts `cost` while the entry lives; may be NULL */
    char etag_quoted[OL_ETAG_SIZE + 2];
    char modified_text[OL_HTTP_DATE_SIZE];
};

typedef struct ol_entry_spec {
    ol_origin *origin;
    ol_slice bucket, key;
    ol_slice headers_blob, tags, acl;
    ol_slice etag; /* OL_ETAG_SIZE - 1 bytes at most */
    ol_object_checksum checksum;
    ol_slice record, mark; /* empty: not encrypted; a part has a mark only */
    const ol_entry_part *parts;
    uint32_t part_count;
    uint64_t size;
    int64_t modified_ms;
    bool in_memory; /* make room for the body as it is stored */
    struct ol_pages *pages; /* where to, if it is a large one; may be NULL */
    atomic_size_t *account;
} ol_entry_spec;

/* One reference. OL_OK, OL_ENOMEM, or OL_EORIGIN when the blob is malformed. */
int ol_entry_new(ol_entry **entry, const ol_entry_spec *spec, ol_error *err);
/* Only before others can see it. */
void ol_entry_set_modified(ol_entry *entry, int64_t modified_ms);
static inline ol_entry *ol_entry_acquire(ol_entry *entry)
{
    atomic_fetch_add_explicit(&entry->refs, 1, memory_order_relaxed);
    return entry;
}
void ol_entry_release(ol_entry *entry);

/* The key fits the record, and what the record's key vouches for is so: the length, and the table of
 * parts where it has a MAC. */
bool ol_entry_is_authentic(ol_entry *entry, const ol_at_rest_key *key);

/* The part of an entry with parts in which a byte stands; that must be within the object. */
const ol_entry_part *ol_entry_part_at(const ol_entry *entry, uint64_t at);
/* Where the part begins. */
uint64_t ol_entry_part_start(const ol_entry *entry, const ol_entry_part *part);
/* By its number, or NULL. */
const ol_entry_part *ol_entry_part_find(const ol_entry *entry, uint32_t number);

/* Headers to and from the form they are kept in. OL_OK, OL_ENOMEM, OL_EMETADATATOOLARGE. */
int ol_headers_blob_make(ol_buf *out, const ol_header *headers, size_t count, ol_error *err);

#endif
