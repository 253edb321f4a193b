/* SPDX-License-Identifier: MIT */
/* Keyring files, and what a keyring wrapped. Input: one byte that chooses, then the lines of a file
 * without its last, which is made here (else nothing would ever get past it), or a wrapped key. */
#include <assert.h>
#include <stdlib.h>

#include "base/encode.h"
#include "crypto/keys/keyring.h"
#include "crypto/keys/secret.h"
#include "s3/sigv4/hmac.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_again(const ol_keyring *ring)
{
    ol_buf text;
    ol_keyring *again;
    ol_error err = {0};
    ol_buf_init_secret(&text, OL_KEYRING_FILE_BYTES_MAX);
    assert(ol_keyring_format(ring, &text) == OL_OK);
    assert(ol_keyring_parse(&again, ol_buf_slice(&text), &err) == OL_OK);
    assert(again->key_count == ring->key_count && again->alias_count == ring->alias_count);
    ol_keyring_destroy(again);
    ol_buf_fini(&text);
}

static void try_file(ol_slice lines)
{
    ol_keyring *ring;
    ol_error err = {0};
    uint8_t sum[OL_SHA256_BYTES];
    char digits[OL_SHA256_HEX_SIZE];
    ol_buf text;
    ol_buf_init(&text, lines.len + 128);
    ol_sha256_of(lines, sum);
    ol_hex_encode(sum, sizeof sum, digits);
    ol_buf_add(&text, lines);
    ol_buf_addf(&text, "end %s\n", digits);
    int rc = ol_keyring_parse(&ring, ol_buf_slice(&text), &err);
    assert(rc == err.code);
    if (rc == OL_OK) {
        try_again(ring);
        ol_keyring_destroy(ring);
    }
    ol_buf_fini(&text);
}

static void try_blob(ol_slice blob)
{
    ol_keyring *ring;
    ol_keyring_key *key;
    ol_keyring_opened opened;
    ol_error err = {0};
    const ol_context none = {0};
    if (ol_keyring_new(&ring, "r", "1", &err) != OL_OK)
        return;
    int rc = ol_keyring_add_key(ring, "a", 0, &key, &err);
    if (rc == OL_OK)
        rc = ol_keyring_open(ring, NULL, &none, blob, &opened, &err);
    assert(rc < 0); /* its material is random */
    ol_keyring_destroy(ring);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    if (data[0] % 2)
        try_blob(ol_slice_of(data + 1, size - 1));
    else
        try_file(ol_slice_of(data + 1, size - 1));
    return 0;
}
