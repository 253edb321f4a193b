/* SPDX-License-Identifier: MIT */
#include "transform/vouch.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/encode.h"

/* ---- keys ---- */

int ol_vouch_keys_add(ol_vouch_keys *keys, const char *path, ol_error *err)
{
    if (keys->count == OL_VOUCH_KEYS_MAX)
        return ol_error_set(err, OL_ELIMIT, "more than %u keys", OL_VOUCH_KEYS_MAX);
    FILE *file = fopen(path, "re");
    if (!file)
        return ol_error_set(err, OL_ECONFIG, "%s: %s", path, strerror(errno));
    EVP_PKEY *key = PEM_read_PUBKEY(file, NULL, NULL, NULL);
    fclose(file);
    size_t len = OL_VOUCH_KEY_BYTES;
    bool good = key && EVP_PKEY_id(key) == EVP_PKEY_ED25519 &&
                EVP_PKEY_get_raw_public_key(key, keys->keys[keys->count], &len) == 1 &&
                len == OL_VOUCH_KEY_BYTES;
    EVP_PKEY_free(key);
    if (!good)
        return ol_error_set(err, OL_ECONFIG, "%s: is no Ed25519 public key in PEM", path);
    keys->count++;
    return OL_OK;
}

bool ol_vouch_digest_parse(ol_slice text, uint8_t digest[32])
{
    size_t len;
    return text.len == 64 && ol_hex_decode(text, digest, 32, &len) == OL_OK && len == 32;
}

/* ---- the pin ---- */

static int check_digest(const ol_vouch *vouch, const ol_program *program, ol_error *err)
{
    char is[65];
    if (CRYPTO_memcmp(vouch->digest, program->digest, sizeof(vouch->digest)) == 0)
        return OL_OK;
    ol_hex_encode(program->digest, sizeof(program->digest), is);
    return ol_error_set(err, OL_ECONFIG, "its SHA-256 is not the pinned one, but %s", is);
}

/* ---- the signature ---- */

static int read_signature(const char *path, uint8_t signature[OL_VOUCH_SIGNATURE_BYTES],
                          ol_error *err)
{
    char name[4096];
    uint8_t bytes[OL_VOUCH_SIGNATURE_BYTES + 1];
    int len = snprintf(name, sizeof(name), "%s.sig", path);
    if (len < 0 || (size_t)len >= sizeof(name))
        return ol_error_set(err, OL_ECONFIG, "its path is too long");
    int fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return ol_error_set(err, OL_ECONFIG, "it is not signed: %s.sig: %s", path, strerror(errno));
    ssize_t got = read(fd, bytes, sizeof(bytes));
    close(fd);
    if (got != OL_VOUCH_SIGNATURE_BYTES)
        return ol_error_set(err, OL_ECONFIG, "%s.sig is not a signature of 64 bytes", path);
    memcpy(signature, bytes, OL_VOUCH_SIGNATURE_BYTES);
    return OL_OK;
}

static bool signed_by(const uint8_t key[OL_VOUCH_KEY_BYTES], const uint8_t *signature,
                      ol_slice bytes)
{
    EVP_PKEY *pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key, OL_VOUCH_KEY_BYTES);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool good = pkey && context && EVP_DigestVerifyInit(context, NULL, NULL, NULL, pkey) == 1 &&
                EVP_DigestVerify(context, signature, OL_VOUCH_SIGNATURE_BYTES, bytes.data,
                                 bytes.len) == 1;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(pkey);
    return good;
}

/* The bytes of the sealed copy, which is what hosts load. */
static int check_signature(const ol_vouch *vouch, const ol_program *program, ol_error *err)
{
    uint8_t signature[OL_VOUCH_SIGNATURE_BYTES];
    struct stat info;
    int rc = read_signature(program->path, signature, err);
    if (rc != OL_OK)
        return rc;
    if (fstat(program->image_fd, &info) != 0)
        return ol_error_set(err, OL_EINTERNAL, "its copy: %s", strerror(errno));
    size_t size = (size_t)info.st_size;
    void *bytes = mmap(NULL, size, PROT_READ, MAP_SHARED, program->image_fd, 0);
    if (bytes == MAP_FAILED)
        return ol_error_set(err, OL_ENOMEM, "its signature");
    bool good = false;
    for (unsigned i = 0; !good && i < vouch->keys.count; i++)
        good = signed_by(vouch->keys.keys[i], signature, ol_slice_of(bytes, size));
    munmap(bytes, size);
    return good ? OL_OK
                : ol_error_set(err, OL_ECONFIG, "its signature is by none of the keys (%s.sig)",
                               program->path);
}

int ol_vouch_check(const ol_vouch *vouch, ol_program *program, ol_error *err)
{
    bool wants_signature = vouch->keys.count > 0 && program->kind == OL_PROGRAM_SHARED;
    int rc = OL_OK;
    program->pinned = vouch->ships || vouch->has_digest || wants_signature;
    if (vouch->has_digest)
        rc = check_digest(vouch, program, err);
    else if (wants_signature && !vouch->ships)
        rc = check_signature(vouch, program, err);
    if (rc != OL_OK)
        program->pinned = false;
    return rc;
}
