/* SPDX-License-Identifier: MIT */
#include "crypto/formats/age_header.h"

#include <string.h>

#define LINE_BYTES 64u /* of a stanza's body; a shorter one ends it */
#define BODY_LINES_MAX 16u

static const ol_slice first_line = {(const uint8_t *)"age-encryption.org/v1", 21};

typedef struct lines {
    ol_slice all;
    size_t at;
} lines;

/* OL_OK, or OL_WAIT when no whole line is left. */
static int next_line(lines *l, ol_slice *line)
{
    ol_slice rest = ol_slice_from(l->all, l->at);
    ptrdiff_t end = ol_slice_find(rest, '\n');
    if (end < 0)
        return OL_WAIT;
    *line = ol_slice_first(rest, (size_t)end);
    l->at += (size_t)end + 1;
    return OL_OK;
}

static int digit(uint8_t c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Base64 without padding, canonical. False when it is not, or longer than `max` bytes. */
static bool decode(ol_slice text, uint8_t *out, size_t max, size_t *len)
{
    uint32_t bits = 0;
    unsigned have = 0;
    *len = 0;
    for (size_t i = 0; i < text.len; i++) {
        int value = digit(text.data[i]);
        if (value < 0)
            return false;
        bits = bits << 6 | (uint32_t)value;
        have += 6;
        if (have < 8)
            continue;
        have -= 8;
        if (*len == max)
            return false;
        out[(*len)++] = (uint8_t)(bits >> have);
    }
    return have < 6 && (bits & ((1u << have) - 1)) == 0;
}

static ol_slice word(ol_slice *rest)
{
    ptrdiff_t space = ol_slice_find(*rest, ' ');
    ol_slice found = space < 0 ? *rest : ol_slice_first(*rest, (size_t)space);
    *rest = space < 0 ? OL_SLICE_NONE : ol_slice_from(*rest, (size_t)space + 1);
    return found;
}

/* Printable words with one space between any two. */
static bool is_line_of_words(ol_slice text)
{
    bool in_word = false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < 32 || text.data[i] > 126 || (text.data[i] == ' ' && !in_word))
            return false;
        in_word = text.data[i] != ' ';
    }
    return in_word;
}

/* "-> KIND ARGUMENT…" */
static bool read_arguments(ol_age_stanza *stanza, ol_slice rest)
{
    if (!is_line_of_words(rest))
        return false;
    ol_slice kind = word(&rest);
    ol_slice argument = word(&rest), second = word(&rest);
    size_t len;
    uint64_t number;
    if (ol_slice_eq_cstr(kind, "X25519")) {
        stanza->kind = OL_AGE_X25519;
        if (!decode(argument, stanza->bytes_, 32, &len) || len != 32 || second.len > 0)
            return false;
    } else if (ol_slice_eq_cstr(kind, "scrypt")) {
        stanza->kind = OL_AGE_SCRYPT;
        if (!decode(argument, stanza->bytes_, 16, &len) || len != 16 ||
            !ol_slice_u64(second, &number) || second.data[0] == '0' || number > OL_AGE_LOG_N_MAX)
            return false;
        stanza->log_n = (unsigned)number;
    } else {
        return true;
    }
    stanza->argument = ol_slice_of(stanza->bytes_, len);
    return rest.len == 0;
}

static int read_body(ol_age_stanza *stanza, lines *l)
{
    ol_slice line;
    for (unsigned i = 0; i < BODY_LINES_MAX; i++) {
        size_t len;
        uint8_t other[LINE_BYTES];
        if (next_line(l, &line) != OL_OK)
            return OL_WAIT;
        bool known = stanza->kind != OL_AGE_OTHER;
        if (line.len > LINE_BYTES ||
            !decode(line, known ? stanza->bytes_ + 32 : other, known ? 64 : sizeof(other), &len))
            return OL_EDECRYPT;
        if (known && (i > 0 || line.len == LINE_BYTES))
            return OL_EDECRYPT; /* what we know has 32 bytes: one short line */
        if (known)
            stanza->body = ol_slice_of(stanza->bytes_ + 32, len);
        if (line.len < LINE_BYTES)
            return OL_OK;
    }
    return OL_EDECRYPT;
}

static int read_stanza(ol_age_header *header, lines *l, ol_slice line)
{
    if (header->count == OL_AGE_STANZAS_MAX)
        return OL_EDECRYPT;
    ol_age_stanza *stanza = &header->stanzas[header->count++];
    if (!read_arguments(stanza, ol_slice_from(line, 3)))
        return OL_EDECRYPT;
    return read_body(stanza, l);
}

static int read_mac(ol_age_header *header, const lines *l, ol_slice line)
{
    size_t len;
    if (header->count == 0 || line.len < 4 ||
        !decode(ol_slice_from(line, 4), header->mac, sizeof(header->mac), &len) || len != 32)
        return OL_EDECRYPT;
    /* A passphrase stands alone: else whoever knows another key could pass it off as that. */
    for (size_t i = 0; i < header->count; i++)
        if (header->stanzas[i].kind == OL_AGE_SCRYPT && header->count > 1)
            return OL_EDECRYPT;
    header->authenticated = ol_slice_of(l->all.data, (size_t)(line.data - l->all.data) + 3);
    header->size = l->at;
    return OL_OK;
}

int ol_age_header_read(ol_age_header *header, ol_slice bytes)
{
    lines l = {.all = bytes};
    ol_slice line;
    memset(header, 0, sizeof(*header));
    int rc = next_line(&l, &line);
    if (rc == OL_OK && !ol_slice_eq(line, first_line))
        return OL_EDECRYPT;
    while (rc == OL_OK) {
        rc = next_line(&l, &line);
        if (rc == OL_OK && ol_slice_starts(line, OL_SLICE_LIT("--- ")))
            return read_mac(header, &l, line);
        if (rc == OL_OK && !ol_slice_starts(line, OL_SLICE_LIT("-> ")))
            return OL_EDECRYPT;
        if (rc == OL_OK)
            rc = read_stanza(header, &l, line);
    }
    return rc == OL_WAIT && bytes.len >= OL_AGE_HEADER_BYTES_MAX ? OL_EDECRYPT : rc;
}

/* ---- Bech32 (BIP 173) ---- */

static uint32_t polymod(uint32_t sum, uint8_t value)
{
    static const uint32_t generator[] = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3};
    uint32_t top = sum >> 25;
    sum = (sum & 0x1ffffff) << 5 ^ value;
    for (int i = 0; i < 5; i++)
        sum ^= top >> i & 1 ? generator[i] : 0;
    return sum;
}

bool ol_age_identity_read(ol_slice text, uint8_t secret[32])
{
    static const char alphabet[] = "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L";
    static const ol_slice prefix = {(const uint8_t *)"AGE-SECRET-KEY-1", 16};
    text = ol_slice_trim(text);
    if (!ol_slice_starts(text, prefix) || text.len != prefix.len + 52 + 6)
        return false;
    uint32_t sum = 1, bits = 0;
    unsigned have = 0, len = 0;
    /* The part for people is hashed in lower case: high bits, a zero, low bits. */
    for (size_t i = 0; i < prefix.len - 1; i++)
        sum = polymod(sum, (uint8_t)((prefix.data[i] >= 'A' ? prefix.data[i] | 0x20
                                                              : prefix.data[i]) >> 5));
    sum = polymod(sum, 0);
    for (size_t i = 0; i < prefix.len - 1; i++)
        sum = polymod(sum, (prefix.data[i] >= 'A' ? prefix.data[i] | 0x20 : prefix.data[i]) & 31);
    for (size_t i = prefix.len; i < text.len; i++) {
        const char *found = text.data[i] ? strchr(alphabet, text.data[i]) : NULL;
        if (!found)
            return false;
        uint8_t value = (uint8_t)(found - alphabet);
        sum = polymod(sum, value);
        bits = bits << 5 | value;
        have += 5;
        if (have >= 8 && len < 32) {
            have -= 8;
            secret[len++] = (uint8_t)(bits >> have);
        }
    }
    return sum == 1 && len == 32;
}
