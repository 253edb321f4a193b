/* SPDX-License-Identifier: MIT */
#include "crypto/formats/age_armor.h"

#include "base/encode.h"
#include "crypto/content/sealed_text.h"

#define COLUMNS 64u

static const ol_slice opening = {(const uint8_t *)"-----BEGIN AGE ENCRYPTED FILE-----", 34};
static const ol_slice closing = {(const uint8_t *)"-----END AGE ENCRYPTED FILE-----", 32};

static int take_body_line(ol_age_armor *armor, ol_slice line, ol_buf *out)
{
    uint8_t bytes[COLUMNS];
    size_t len;
    if (ol_slice_eq(line, closing)) {
        armor->place = OL_AGE_ARMOR_AFTER;
        return OL_OK;
    }
    if (armor->is_complete || line.len == 0 || line.len > COLUMNS ||
        ol_base64_decode(line, bytes, sizeof(bytes), &len) != OL_OK)
        return OL_EDECRYPT;
    armor->is_complete = line.len < COLUMNS || line.data[line.len - 1] == '=';
    return ol_buf_add(out, ol_slice_of(bytes, len));
}

static int take_line(ol_age_armor *armor, ol_buf *out)
{
    ol_slice line = ol_slice_of(armor->line, armor->len);
    armor->len = 0;
    if (line.len > 0 && line.data[line.len - 1] == '\r')
        line.len--;
    if (armor->place == OL_AGE_ARMOR_BODY)
        return take_body_line(armor, line, out);
    if (ol_sealed_skip_white(line).len == 0)
        return OL_OK;
    if (armor->place == OL_AGE_ARMOR_AFTER || !ol_slice_eq(line, opening))
        return OL_EDECRYPT;
    armor->place = OL_AGE_ARMOR_BODY;
    return OL_OK;
}

bool ol_age_armor_is_one(ol_slice first)
{
    return ol_slice_starts(ol_sealed_skip_white(first), opening);
}

int ol_age_armor_take(ol_age_armor *armor, ol_slice text, ol_buf *out)
{
    int rc = OL_OK;
    for (size_t i = 0; rc == OL_OK && i < text.len; i++) {
        uint8_t c = text.data[i];
        bool is_blank = c == ' ' || c == '\t' || c == '\r';
        if (c == '\n')
            rc = take_line(armor, out);
        else if (is_blank && armor->len == 0 && armor->place != OL_AGE_ARMOR_BODY)
            continue; /* there may be any number of these around it */
        else if (armor->len == sizeof(armor->line))
            rc = OL_EDECRYPT;
        else
            armor->line[armor->len++] = c;
    }
    return rc;
}

int ol_age_armor_end(ol_age_armor *armor, ol_buf *out)
{
    int rc = armor->len > 0 ? take_line(armor, out) : OL_OK;
    return rc == OL_OK && armor->place != OL_AGE_ARMOR_AFTER ? OL_EDECRYPT : rc;
}
