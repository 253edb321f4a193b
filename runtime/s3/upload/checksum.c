/* SPDX-License-Identifier: MIT */
/*
 * Digests go through EVP, whose algorithms are fetched once for the process: a fetch takes
 * locks and costs more than hashing a small body.
 */
#include "s3/upload/checksum.h"

#include <openssl/evp.h>
#include <pthread.h>

#include "base/encode.h"
#include "s3/upload/crc.h"

static const struct row {
    const char *name;
    const char *header;
    const char *evp; /* NULL: a CRC */
    enum ol_crc_kind crc;
    size_t size;
} rows[OL_CHECKSUM_KINDS] = {
    [OL_CHECKSUM_CRC32] = {"CRC32", "x-amz-checksum-crc32", NULL, OL_CRC32, 4},
    [OL_CHECKSUM_CRC32C] = {"CRC32C", "x-amz-checksum-crc32c", NULL, OL_CRC32C, 4},
    [OL_CHECKSUM_CRC64NVME] = {"CRC64NVME", "x-amz-checksum-crc64nvme", NULL, OL_CRC64NVME, 8},
    [OL_CHECKSUM_SHA1] = {"SHA1", "x-amz-checksum-sha1", "SHA1", 0, 20},
    [OL_CHECKSUM_SHA256] = {"SHA256", "x-amz-checksum-sha256", "SHA256", 0, 32},
    [OL_CHECKSUM_MD5] = {"MD5", "content-md5", "MD5", 0, 16},
};

static EVP_MD *fetched[OL_CHECKSUM_KINDS]; /* NULL where OpenSSL refused; live with the process */
static pthread_once_t fetched_once = PTHREAD_ONCE_INIT;

static void fetch_all(void)
{
    for (int kind = 0; kind < OL_CHECKSUM_KINDS; kind++)
        if (rows[kind].evp)
            fetched[kind] = EVP_MD_fetch(NULL, rows[kind].evp, NULL);
}

int ol_checksum_init(ol_checksum *sum, enum ol_checksum_kind kind)
{
    *sum = (ol_checksum){.kind = kind};
    if (!rows[kind].evp)
        return OL_OK;
    pthread_once(&fetched_once, fetch_all);
    if (!fetched[kind])
        return OL_EINTERNAL;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    if (!ctx)
        return OL_ENOMEM;
    if (EVP_DigestInit_ex2(ctx, fetched[kind], NULL) != 1) {
        EVP_MD_CTX_free(ctx);
        return OL_EINTERNAL;
    }
    sum->digest = ctx;
    return OL_OK;
}

void ol_checksum_fini(ol_checksum *sum)
{
    EVP_MD_CTX_free(sum->digest);
    sum->digest = NULL;
}

int ol_checksum_update(ol_checksum *sum, ol_slice data)
{
    if (data.len == 0)
        return OL_OK;
    if (!rows[sum->kind].evp) {
        sum->crc = ol_crc_update(rows[sum->kind].crc, sum->crc, data);
        return OL_OK;
    }
    return EVP_DigestUpdate(sum->digest, data.data, data.len) == 1 ? OL_OK : OL_EINTERNAL;
}

int ol_checksum_final(ol_checksum *sum, uint8_t out[OL_CHECKSUM_BYTES_MAX], size_t *len)
{
    *len = rows[sum->kind].size;
    if (rows[sum->kind].evp) {
        unsigned written = 0;
        bool ok = EVP_DigestFinal_ex(sum->digest, out, &written) == 1 && written == *len;
        return ok ? OL_OK : OL_EINTERNAL;
    }
    for (size_t i = 0; i < *len; i++)
        out[i] = (uint8_t)(sum->crc >> 8 * (*len - 1 - i));
    return OL_OK;
}

size_t ol_checksum_size(enum ol_checksum_kind kind)
{
    return rows[kind].size;
}

const char *ol_checksum_header(enum ol_checksum_kind kind)
{
    return rows[kind].header;
}

const char *ol_checksum_name(enum ol_checksum_kind kind)
{
    return rows[kind].name;
}

bool ol_checksum_of_header(ol_slice name, enum ol_checksum_kind *kind)
{
    for (int i = 0; i < OL_CHECKSUM_MD5; i++) {
        if (ol_slice_ieq(name, ol_slice_cstr(rows[i].header))) {
            *kind = (enum ol_checksum_kind)i;
            return true;
        }
    }
    return false;
}

void ol_checksum_text(const uint8_t *value, size_t len, char out[OL_CHECKSUM_TEXT_SIZE])
{
    EVP_EncodeBlock((uint8_t *)out, value, (int)len);
}

bool ol_checksum_parse(enum ol_checksum_kind kind, ol_slice text,
                       uint8_t out[OL_CHECKSUM_BYTES_MAX])
{
    size_t len;
    return ol_base64_decode(text, out, OL_CHECKSUM_BYTES_MAX, &len) == OL_OK &&
           len == rows[kind].size;
}
