/* SPDX-License-Identifier: MIT */
#include "base/alloc.h"
#include "crypto/content/sealed_private.h"
#include "crypto/keys/secret.h"

int ol_sealed_wrong(ol_error *err)
{
    return ol_error_set(err, OL_EDECRYPT, NULL);
}

int ol_sealed_refused(ol_error *err, const char *why)
{
    return ol_error_set(err, OL_EDECRYPT, "%s", why);
}

/* ---- an opened object ---- */

ol_sealed *ol_sealed_new(enum ol_sealed_format format, uint8_t *key, size_t key_len)
{
    ol_sealed *sealed = ol_calloc(1, sizeof(*sealed));
    if (!sealed) {
        ol_secret_free(key, key_len);
        return NULL;
    }
    sealed->references = 1;
    sealed->format = format;
    sealed->key = key;
    sealed->key_len = key_len;
    sealed->cipher_size = sealed->plain_size = sealed->claimed_size = UINT64_MAX;
    return sealed;
}

void ol_sealed_release(ol_sealed *sealed)
{
    if (!sealed || __atomic_sub_fetch(&sealed->references, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    if (sealed->fini_more)
        sealed->fini_more(sealed->more);
    ol_secret_free(sealed->key, sealed->key_len);
    ol_wipe(sealed, sizeof(*sealed));
    ol_free(sealed);
}

enum ol_sealed_format ol_sealed_format_of(const ol_sealed *sealed)
{
    return sealed->format;
}

uint64_t ol_sealed_plain_size(const ol_sealed *sealed)
{
    return sealed->plain_size;
}

bool ol_sealed_is_chunked(const ol_sealed *sealed)
{
    return sealed->chunked;
}

void ol_sealed_set_verified(ol_sealed *sealed, uint64_t plain_size)
{
    sealed->plain_size = plain_size;
    sealed->ranged = true;
}

int ol_sealed_range(const ol_sealed *sealed, uint64_t start, uint64_t length, ol_sealed_span *span)
{
    if (!sealed->content->range || (!sealed->chunked && !sealed->ranged))
        return OL_ENOTIMPLEMENTED;
    if (sealed->plain_size != UINT64_MAX &&
        (start >= sealed->plain_size || length > sealed->plain_size - start))
        return OL_ERANGE;
    return sealed->content->range(sealed, start, length, span);
}

const char *ol_sealed_format_name(enum ol_sealed_format format)
{
    switch (format) {
    case OL_SEALED_NONE:
        return "none";
    case OL_SEALED_S3_V1:
        return "s3-v1";
    case OL_SEALED_S3_V2:
        return "s3-v2";
    case OL_SEALED_S3_V3:
        return "s3-v3";
    case OL_SEALED_AWS_SDK:
        return "aws-encryption-sdk";
    case OL_SEALED_RCLONE:
        return "rclone";
    case OL_SEALED_AGE:
        return "age";
    case OL_SEALED_PGP:
        return "openpgp";
    case OL_SEALED_OPENSSL:
        return "openssl";
    }
    return "unknown";
}

/* ---- opening ---- */

int ol_sealed_open(ol_sealed_ask *ask, ol_error *err)
{
    enum ol_sealed_format format;
    bool needs_instruction;
    ask->sealed = NULL;
    ask->by_key = NULL;
    int rc = ol_sealed_recognise(ask->headers, ask->header_count, &format, &needs_instruction, err);
    if (rc != OL_OK)
        return rc;
    if (format == OL_SEALED_NONE && ask->instruction.len > 0)
        rc = ol_sealed_recognise_instruction(ask->instruction, &format, err);
    if (rc != OL_OK)
        return rc;
    if (format == OL_SEALED_NONE)
        format = ol_sealed_recognise_bytes(ask->first);
    if (format == OL_SEALED_NONE)
        return ol_sealed_refused(err, "no format of encryption that is known");
    if (!(ask->rules->formats & (unsigned)format))
        return ol_sealed_refused(err, "the rules do not allow this format of encryption");
    return ol_sealed_openers_of(format)->open(ask, format, err);
}

void ol_sealed_cancel(ol_sealed_ask *ask)
{
    const ol_sealed_opener *opener = ask->private_[0];
    if (opener && opener->cancel)
        opener->cancel(ask);
}
