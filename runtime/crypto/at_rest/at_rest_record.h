/* SPDX-License-Identifier: MIT */
/*
 * What stands beside an encrypted version and says how to open it. The record: mode, key id, context,
 * wrapped data key, salt, what the data key commits to, and a MAC over all of it and over the place
 * (bucket and key) it belongs to. A mark for each part: its random id, and a MAC over number, id and
 * length. For versions of several parts a MAC over the table of parts. Under a customer's key, which need
 * not be there when an upload is completed, that is made by a key which is derived from the data key when
 * the upload begins, and kept with the upload until it is completed; a flag says so.
 *
 * Form of a record, numbers big endian: "OLAR", version, suite, chunk exponent, mode, flags, salt (32),
 * commitment (32), check value (32), then lengths (16 bits each) and bytes of key id, context and
 * wrapped key, then the MAC (32).
 */
#ifndef OL_CRYPTO_AT_REST_RECORD_H
#define OL_CRYPTO_AT_REST_RECORD_H

#include "base/buf.h"
#include "crypto/at_rest/at_rest.h"
#include "s3/sigv4/hmac.h"

#define OL_AT_REST_RECORD_BYTES_MAX (24u * 1024)
#define OL_AT_REST_MARK_BYTES (OL_AT_REST_ID_BYTES + OL_AT_REST_MAC_BYTES)
#define OL_AT_REST_CUSTOMER_BYTES (OL_AT_REST_KEY_BYTES + OL_AT_REST_TAG_BYTES)

typedef struct ol_at_rest_record {
    uint8_t mode; /* the caller's numbers */
    unsigned layers; /* of a parsed one; written is the key's */
    bool bucket_key;
    bool table_signed; /* versions of several parts have a MAC by ol_at_rest_table_key, always */
    uint8_t salt[OL_AT_REST_SALT_BYTES];
    uint8_t commitment[OL_AT_REST_MAC_BYTES];
    uint8_t check[OL_AT_REST_MAC_BYTES]; /* of a customer's key; else zeroes */
    ol_slice key_id, context, wrapped;
    ol_slice signed_, mac_; /* of a parsed one */
} ol_at_rest_record;

/* Appends it; the commitment is the key's. `place`: what it belongs to. OL_OK, OL_ENOMEM, OL_ELIMIT. */
int ol_at_rest_record_write(const ol_at_rest_record *record, const ol_at_rest_key *key,
                            ol_slice place, ol_buf *out);
/* Slices point into `bytes`. False: it is not one of ours. */
bool ol_at_rest_record_read(ol_at_rest_record *record, ol_slice bytes);
/* Is this the key, and the record whole, and of this place? */
bool ol_at_rest_record_is(const ol_at_rest_record *record, const ol_at_rest_key *key,
                          ol_slice place);

void ol_at_rest_mark_make(const ol_at_rest_key *key, uint32_t number, uint64_t length,
                          const uint8_t id[OL_AT_REST_ID_BYTES],
                          uint8_t mark[OL_AT_REST_MARK_BYTES]);
bool ol_at_rest_mark_is(const ol_at_rest_key *key, uint32_t number, uint64_t length,
                        const uint8_t mark[OL_AT_REST_MARK_BYTES]);

/* The table of parts, in their order. */
typedef struct ol_at_rest_table {
    ol_sha256 sha;
    uint32_t count;
    uint64_t length;
} ol_at_rest_table;

void ol_at_rest_table_init(ol_at_rest_table *table);
void ol_at_rest_table_add(ol_at_rest_table *table, uint32_t number, uint64_t length,
                          const uint8_t id[OL_AT_REST_ID_BYTES]);
void ol_at_rest_table_end(ol_at_rest_table *table, const ol_at_rest_key *key,
                          uint8_t mac[OL_AT_REST_MAC_BYTES]);
/* What can sign the table of this version, and nothing else; the caller wipes it. */
void ol_at_rest_table_key(const ol_at_rest_key *key, uint8_t table_key[OL_AT_REST_KEY_BYTES]);
void ol_at_rest_table_end_by(ol_at_rest_table *table, const uint8_t table_key[OL_AT_REST_KEY_BYTES],
                             uint8_t mac[OL_AT_REST_MAC_BYTES]);

/* A customer's key (32 bytes). Wraps the data key under what is derived from it by the salt; `wrapped`
 * has OL_AT_REST_CUSTOMER_BYTES. Fills the check value. */
int ol_at_rest_customer_wrap(const uint8_t *customer_key, ol_slice place,
                             const ol_at_rest_key *key, ol_at_rest_record *record,
                             uint8_t *wrapped, ol_error *err);
/* OL_ESSECWRONG: another key. OL_EORIGIN: the right key, and it does not open. */
int ol_at_rest_customer_open(const uint8_t *customer_key, ol_slice place,
                             const ol_at_rest_record *record, ol_at_rest_key **key, ol_error *err);

#endif
