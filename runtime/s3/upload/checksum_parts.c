/* SPDX-License-Identifier: MIT */
/*
 * Combining CRCs. All three are reflected, with the register all ones at the start and inverted
 * at the end; then check(A B) = check(A) * x^(8 * bytes of B) + check(B), in the polynomials over
 * GF(2) modulo the check's own. A polynomial stands in a word with x^0 in the highest bit.
 */
#include "s3/upload/checksum_parts.h"

#include <stdio.h>

static const struct field {
    unsigned bits;
    uint64_t modulus; /* without its highest term */
} fields[OL_CRC_KINDS] = {
    [OL_CRC32] = {32, 0xedb88320u},
    [OL_CRC32C] = {32, 0x82f63b78u},
    [OL_CRC64NVME] = {64, 0x9a6c9329ac4bc9b5ull},
};

static uint64_t multiply(const struct field *f, uint64_t a, uint64_t b)
{
    uint64_t product = 0;
    for (uint64_t bit = 1ull << (f->bits - 1); bit && a; bit >>= 1) {
        if (a & bit) {
            product ^= b;
            a ^= bit;
        }
        b = b & 1 ? b >> 1 ^ f->modulus : b >> 1;
    }
    return product;
}

/* x^(8 * bytes) */
static uint64_t step_of(const struct field *f, uint64_t bytes)
{
    uint64_t power = 1ull << (f->bits - 1 - 8); /* x^8, squared from step to step */
    uint64_t result = 1ull << (f->bits - 1);    /* x^0 */
    for (; bytes; bytes >>= 1) {
        if (bytes & 1)
            result = multiply(f, result, power);
        power = multiply(f, power, power);
    }
    return result;
}

uint64_t ol_crc_combine(enum ol_crc_kind kind, uint64_t a, uint64_t b, uint64_t b_bytes)
{
    const struct field *f = &fields[kind];
    return multiply(f, a, step_of(f, b_bytes)) ^ b;
}

/* ---- which algorithms ---- */

static bool crc_of(enum ol_checksum_kind kind, enum ol_crc_kind *crc)
{
    switch (kind) {
    case OL_CHECKSUM_CRC32: *crc = OL_CRC32; return true;
    case OL_CHECKSUM_CRC32C: *crc = OL_CRC32C; return true;
    case OL_CHECKSUM_CRC64NVME: *crc = OL_CRC64NVME; return true;
    default: return false;
    }
}

bool ol_checksum_may_be(enum ol_checksum_kind kind, bool composite)
{
    enum ol_crc_kind crc;
    return composite ? kind != OL_CHECKSUM_CRC64NVME : crc_of(kind, &crc);
}

bool ol_checksum_is_composite_by_default(enum ol_checksum_kind kind)
{
    return kind != OL_CHECKSUM_CRC64NVME;
}

bool ol_checksum_of_name(ol_slice name, enum ol_checksum_kind *kind)
{
    for (int i = 0; i < OL_CHECKSUM_MD5; i++) {
        if (ol_slice_ieq(name, ol_slice_cstr(ol_checksum_name((enum ol_checksum_kind)i)))) {
            *kind = (enum ol_checksum_kind)i;
            return true;
        }
    }
    return false;
}

/* ---- part by part ---- */

int ol_checksum_parts_init(ol_checksum_parts *sum, enum ol_checksum_kind kind, bool composite)
{
    *sum = (ol_checksum_parts){.kind = kind, .composite = composite};
    if (!ol_checksum_may_be(kind, composite))
        return OL_EINVAL;
    return composite ? ol_checksum_init(&sum->over, kind) : OL_OK;
}

void ol_checksum_parts_fini(ol_checksum_parts *sum)
{
    if (sum->composite)
        ol_checksum_fini(&sum->over);
}

static uint64_t number_of(const uint8_t *value, size_t len)
{
    uint64_t number = 0;
    for (size_t i = 0; i < len; i++)
        number = number << 8 | value[i];
    return number;
}

int ol_checksum_parts_add(ol_checksum_parts *sum, const uint8_t *value, uint64_t bytes)
{
    size_t len = ol_checksum_size(sum->kind);
    sum->count++;
    if (sum->composite)
        return ol_checksum_update(&sum->over, ol_slice_of(value, len));
    enum ol_crc_kind crc;
    if (!crc_of(sum->kind, &crc))
        return OL_EINTERNAL;
    /* Parts of an upload have nearly all the same length. */
    if (sum->step == 0 || sum->step_bytes != bytes) {
        sum->step = step_of(&fields[crc], bytes);
        sum->step_bytes = bytes;
    }
    sum->crc = multiply(&fields[crc], sum->crc, sum->step) ^ number_of(value, len);
    return OL_OK;
}

int ol_checksum_parts_final(ol_checksum_parts *sum, char out[OL_CHECKSUM_PARTS_TEXT_SIZE])
{
    uint8_t value[OL_CHECKSUM_BYTES_MAX];
    size_t len = ol_checksum_size(sum->kind);
    if (sum->composite) {
        int result = ol_checksum_final(&sum->over, value, &len);
        if (result != OL_OK)
            return result;
    } else {
        for (size_t i = 0; i < len; i++)
            value[i] = (uint8_t)(sum->crc >> 8 * (len - 1 - i));
    }
    ol_checksum_text(value, len, out);
    if (sum->composite) {
        size_t at = strlen(out);
        snprintf(out + at, OL_CHECKSUM_PARTS_TEXT_SIZE - at, "-%u", sum->count);
    }
    return OL_OK;
}
