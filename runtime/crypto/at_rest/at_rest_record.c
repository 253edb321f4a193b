/* SPDX-License-Identifier: MIT */
/* Records, marks and tables of parts. */
#include "crypto/at_rest/at_rest_record.h"

#include <openssl/crypto.h>

#include "base/alloc.h"

#define HEAD_BYTES (4 + 5 + OL_AT_REST_SALT_BYTES + 2 * OL_AT_REST_MAC_BYTES)
#define FLAG_BUCKET_KEY 1u
#define FLAG_TABLE_SIGNED 2u

static void put_be(uint8_t *out, uint64_t number, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        out[i] = (uint8_t)(number >> (8 * (bytes - 1 - i)));
}

static bool same(const void *a, const void *b)
{
    return CRYPTO_memcmp(a, b, OL_AT_REST_MAC_BYTES) == 0;
}

/* ---- records ---- */

static int add_text(ol_buf *out, ol_slice text)
{
    uint8_t len[2];
    if (text.len > UINT16_MAX)
        return OL_ELIMIT;
    put_be(len, text.len, sizeof len);
    int rc = ol_buf_add(out, ol_slice_of(len, sizeof len));
    return rc == OL_OK ? ol_buf_add(out, text) : rc;
}

static int add_head(const ol_at_rest_record *record, const ol_at_rest_key *key, ol_buf *out)
{
    uint8_t head[HEAD_BYTES], *at = head + 9;
    memcpy(head, OL_AT_REST_MAGIC, 4);
    head[4] = OL_AT_REST_VERSION;
    head[5] = ol_at_rest_key_layers(key) > 1 ? OL_AT_REST_SUITE_GCM_CTR : OL_AT_REST_SUITE_GCM;
    head[6] = OL_AT_REST_CHUNK_EXPONENT;
    head[7] = record->mode;
    head[8] = (uint8_t)((record->bucket_key ? FLAG_BUCKET_KEY : 0) |
                        (record->table_signed ? FLAG_TABLE_SIGNED : 0));
    memcpy(at, record->salt, OL_AT_REST_SALT_BYTES);
    memcpy(at + OL_AT_REST_SALT_BYTES, ol_at_rest_commitment(key), OL_AT_REST_MAC_BYTES);
    memcpy(at + OL_AT_REST_SALT_BYTES + OL_AT_REST_MAC_BYTES, record->check, OL_AT_REST_MAC_BYTES);
    return ol_buf_add(out, ol_slice_of(head, sizeof head));
}

/* Over the digests of both, so that neither can run into the other. */
static void sign(const ol_at_rest_key *key, ol_slice record, ol_slice place,
                 uint8_t mac[OL_AT_REST_MAC_BYTES])
{
    uint8_t message[6 + 2 * OL_SHA256_BYTES] = "record";
    ol_sha256_of(record, message + 6);
    ol_sha256_of(place, message + 6 + OL_SHA256_BYTES);
    ol_at_rest_mac(key, ol_slice_of(message, sizeof message), mac);
}

int ol_at_rest_record_write(const ol_at_rest_record *record, const ol_at_rest_key *key,
                            ol_slice place, ol_buf *out)
{
    size_t begin = out->len;
    int rc = add_head(record, key, out);
    const ol_slice texts[] = {record->key_id, record->context, record->wrapped};
    for (size_t i = 0; rc == OL_OK && i < sizeof texts / sizeof *texts; i++)
        rc = add_text(out, texts[i]);
    if (rc != OL_OK)
        return rc;
    uint8_t mac[OL_AT_REST_MAC_BYTES];
    sign(key, ol_slice_from(ol_buf_slice(out), begin), place, mac);
    return ol_buf_add(out, ol_slice_of(mac, sizeof mac));
}

static bool take_text(ol_slice *rest, ol_slice *text)
{
    if (rest->len < 2)
        return false;
    size_t len = (size_t)rest->data[0] << 8 | rest->data[1];
    if (rest->len - 2 < len)
        return false;
    *text = ol_slice_of(rest->data + 2, len);
    *rest = ol_slice_from(*rest, 2 + len);
    return true;
}

bool ol_at_rest_record_read(ol_at_rest_record *record, ol_slice bytes)
{
    *record = (ol_at_rest_record){.mode = 0};
    if (bytes.len < HEAD_BYTES + OL_AT_REST_MAC_BYTES || bytes.len > OL_AT_REST_RECORD_BYTES_MAX)
        return false;
    const uint8_t *head = bytes.data, *at = head + 9;
    if (memcmp(head, OL_AT_REST_MAGIC, 4) != 0 || head[4] != OL_AT_REST_VERSION ||
        (head[5] != OL_AT_REST_SUITE_GCM && head[5] != OL_AT_REST_SUITE_GCM_CTR) ||
        head[6] != OL_AT_REST_CHUNK_EXPONENT || head[8] > (FLAG_BUCKET_KEY | FLAG_TABLE_SIGNED))
        return false;
    record->layers = head[5] == OL_AT_REST_SUITE_GCM_CTR ? 2 : 1;
    record->mode = head[7];
    record->bucket_key = head[8] & FLAG_BUCKET_KEY;
    record->table_signed = head[8] & FLAG_TABLE_SIGNED;
    memcpy(record->salt, at, OL_AT_REST_SALT_BYTES);
    memcpy(record->commitment, at + OL_AT_REST_SALT_BYTES, OL_AT_REST_MAC_BYTES);
    memcpy(record->check, at + OL_AT_REST_SALT_BYTES + OL_AT_REST_MAC_BYTES, OL_AT_REST_MAC_BYTES);
    size_t signed_len = bytes.len - OL_AT_REST_MAC_BYTES;
    ol_slice rest = ol_slice_of(head + HEAD_BYTES, signed_len - HEAD_BYTES);
    record->signed_ = ol_slice_first(bytes, signed_len);
    record->mac_ = ol_slice_from(bytes, signed_len);
    return take_text(&rest, &record->key_id) && take_text(&rest, &record->context) &&
           take_text(&rest, &record->wrapped) && rest.len == 0;
}

bool ol_at_rest_record_is(const ol_at_rest_record *record, const ol_at_rest_key *key,
                          ol_slice place)
{
    uint8_t mac[OL_AT_REST_MAC_BYTES];
    sign(key, record->signed_, place, mac);
    bool committed = same(record->commitment, ol_at_rest_commitment(key));
    return same(mac, record->mac_.data) && committed;
}

/* ---- parts ---- */

static void sign_mark(const ol_at_rest_key *key, uint32_t number, uint64_t length,
                      const uint8_t *id, uint8_t mac[OL_AT_REST_MAC_BYTES])
{
    uint8_t message[4 + 4 + 8 + OL_AT_REST_ID_BYTES] = "mark";
    put_be(message + 4, number, 4);
    put_be(message + 8, length, 8);
    memcpy(message + 16, id, OL_AT_REST_ID_BYTES);
    ol_at_rest_mac(key, ol_slice_of(message, sizeof message), mac);
}

void ol_at_rest_mark_make(const ol_at_rest_key *key, uint32_t number, uint64_t length,
                          const uint8_t id[OL_AT_REST_ID_BYTES],
                          uint8_t mark[OL_AT_REST_MARK_BYTES])
{
    memcpy(mark, id, OL_AT_REST_ID_BYTES);
    sign_mark(key, number, length, id, mark + OL_AT_REST_ID_BYTES);
}

bool ol_at_rest_mark_is(const ol_at_rest_key *key, uint32_t number, uint64_t length,
                        const uint8_t mark[OL_AT_REST_MARK_BYTES])
{
    uint8_t mac[OL_AT_REST_MAC_BYTES];
    sign_mark(key, number, length, mark, mac);
    return same(mac, mark + OL_AT_REST_ID_BYTES);
}

void ol_at_rest_table_init(ol_at_rest_table *table)
{
    *table = (ol_at_rest_table){.count = 0};
    ol_sha256_init(&table->sha);
}

void ol_at_rest_table_add(ol_at_rest_table *table, uint32_t number, uint64_t length,
                          const uint8_t id[OL_AT_REST_ID_BYTES])
{
    uint8_t row[4 + 8 + OL_AT_REST_ID_BYTES];
    put_be(row, number, 4);
    put_be(row + 4, length, 8);
    memcpy(row + 12, id, OL_AT_REST_ID_BYTES);
    ol_sha256_update(&table->sha, row, sizeof row);
    table->count++;
    table->length += length;
}

#define TABLE_MESSAGE_BYTES (5 + 4 + 8 + OL_SHA256_BYTES)

static ol_slice table_message(ol_at_rest_table *table, uint8_t message[TABLE_MESSAGE_BYTES])
{
    memcpy(message, "table", 5);
    put_be(message + 5, table->count, 4);
    put_be(message + 9, table->length, 8);
    ol_sha256_final(&table->sha, message + 17);
    return ol_slice_of(message, TABLE_MESSAGE_BYTES);
}

void ol_at_rest_table_end(ol_at_rest_table *table, const ol_at_rest_key *key,
                          uint8_t mac[OL_AT_REST_MAC_BYTES])
{
    uint8_t message[TABLE_MESSAGE_BYTES];
    ol_at_rest_mac(key, table_message(table, message), mac);
}

void ol_at_rest_table_key(const ol_at_rest_key *key, uint8_t table_key[OL_AT_REST_KEY_BYTES])
{
    _Static_assert(OL_AT_REST_MAC_BYTES == OL_AT_REST_KEY_BYTES, "a MAC is a key");
    ol_at_rest_mac(key, OL_SLICE_LIT("key of the table"), table_key);
}

void ol_at_rest_table_end_by(ol_at_rest_table *table, const uint8_t table_key[OL_AT_REST_KEY_BYTES],
                             uint8_t mac[OL_AT_REST_MAC_BYTES])
{
    uint8_t message[TABLE_MESSAGE_BYTES];
    ol_hmac_sha256(ol_slice_of(table_key, OL_AT_REST_KEY_BYTES), table_message(table, message), mac);
}
