/* SPDX-License-Identifier: MIT */
#include "crypto/formats/pgp_packets.h"

#include "crypto/content/sealed_text.h"

#define TAG_PUBLIC_SESSION_KEY 1u
#define TAG_PASSWORD_SESSION_KEY 3u
#define TAG_SECRET_KEY 5u
#define TAG_MARKER 10u
#define TAG_PROTECTED 18u
#define TAG_AEAD 20u

#define SESSION_KEYS_MAX 32u
#define SESSION_KEY_BYTES_MAX 8192u
#define MARKERS_MAX 4u

static const ol_slice message_text = {(const uint8_t *)"-----BEGIN PGP MESSAGE-----", 27};
static const ol_slice key_text = {(const uint8_t *)"-----BEGIN PGP PRIVATE KEY BLOCK-----", 37};

static bool is_data(unsigned tag)
{
    return tag == TAG_PROTECTED || tag == TAG_AEAD;
}

static bool read_tag(ol_pgp_packets *walk, uint8_t byte)
{
    if (!(byte & 0x80))
        return false;
    walk->is_old = !(byte & 0x40);
    walk->tag = walk->is_old ? byte >> 2 & 0x0f : byte & 0x3f;
    walk->length_have = 0;
    walk->length_need = walk->is_old ? 1u << (byte & 3) : 1;
    walk->to_the_end = walk->is_old && (byte & 3) == 3;
    walk->is_partial = walk->any_part = false;
    return true;
}

/* ---- what a packet of this kind may be like ---- */

static bool is_legal(ol_pgp_packets *walk)
{
    bool whole = !walk->is_partial && !walk->to_the_end;
    switch (walk->tag) {
    case TAG_PUBLIC_SESSION_KEY:
    case TAG_PASSWORD_SESSION_KEY:
        return whole && ++walk->session_keys <= SESSION_KEYS_MAX && walk->left > 0 &&
               walk->left <= SESSION_KEY_BYTES_MAX;
    case TAG_MARKER:
        return whole && ++walk->markers <= MARKERS_MAX && walk->left == 3;
    case TAG_PROTECTED:
    case TAG_AEAD:
        return walk->session_keys > 0;
    default:
        return false;
    }
}

/* ---- lengths ---- */

static uint64_t number(const uint8_t *at, unsigned count)
{
    uint64_t value = 0;
    while (count-- > 0)
        value = value << 8 | *at++;
    return value;
}

/* False: more bytes of it are needed. */
static bool length_is_known(ol_pgp_packets *walk)
{
    const uint8_t *at = walk->length;
    walk->is_partial = false;
    if (walk->is_old) {
        walk->left = number(at, walk->length_need);
        return true;
    }
    if (walk->length_have == 1)
        walk->length_need = at[0] < 192 || (at[0] >= 224 && at[0] < 255) ? 1 : at[0] < 224 ? 2 : 5;
    if (walk->length_have < walk->length_need)
        return false;
    walk->is_partial = at[0] >= 224 && at[0] < 255;
    walk->left = walk->is_partial         ? 1ull << (at[0] & 0x1f)
                 : walk->length_need == 5 ? number(at + 1, 4)
                 : walk->length_need == 2 ? ((uint64_t)(at[0] - 192) << 8) + at[1] + 192
                                          : at[0];
    return true;
}

static void end_part(ol_pgp_packets *walk)
{
    if (walk->is_partial) {
        walk->place = OL_PGP_LENGTH;
        walk->any_part = true;
        walk->length_have = 0;
        walk->length_need = 1;
    } else {
        walk->place = is_data(walk->tag) ? OL_PGP_END : OL_PGP_TAG;
    }
}

static bool take_length(ol_pgp_packets *walk, uint8_t byte)
{
    walk->length[walk->length_have++] = byte;
    if (walk->length_have < walk->length_need || !length_is_known(walk))
        return true;
    if (!walk->any_part && !is_legal(walk))
        return false;
    walk->place = OL_PGP_BODY;
    if (walk->left == 0)
        end_part(walk);
    return true;
}

static bool take_tag(ol_pgp_packets *walk, uint8_t byte)
{
    if (!read_tag(walk, byte))
        return false;
    walk->place = walk->to_the_end ? OL_PGP_BODY : OL_PGP_LENGTH;
    return !walk->to_the_end || is_legal(walk);
}

static void take_body(ol_pgp_packets *walk, ol_slice *bytes)
{
    size_t len = walk->to_the_end || walk->left > bytes->len ? bytes->len : (size_t)walk->left;
    *bytes = ol_slice_from(*bytes, len);
    if (walk->to_the_end)
        return;
    walk->left -= len;
    if (walk->left == 0)
        end_part(walk);
}

int ol_pgp_packets_take(ol_pgp_packets *walk, ol_slice bytes)
{
    bool good = true;
    while (good && bytes.len > 0) {
        if (walk->place == OL_PGP_BODY) {
            take_body(walk, &bytes);
            continue;
        }
        good = walk->place == OL_PGP_TAG      ? take_tag(walk, bytes.data[0])
               : walk->place == OL_PGP_LENGTH ? take_length(walk, bytes.data[0])
                                              : false;
        bytes = ol_slice_from(bytes, 1);
    }
    return good ? OL_OK : OL_EDECRYPT;
}

bool ol_pgp_packets_is_whole(const ol_pgp_packets *walk)
{
    return walk->place == OL_PGP_END || (walk->place == OL_PGP_BODY && walk->to_the_end);
}

/* ---- recognising ---- */

bool ol_pgp_is_text(ol_slice first)
{
    return ol_slice_starts(ol_sealed_skip_white(first), message_text);
}

/* A session key, of a length and a version that they have. */
bool ol_pgp_is_message(ol_slice first)
{
    ol_pgp_packets walk = {.place = OL_PGP_TAG};
    size_t at = 0;
    if (ol_pgp_is_text(first))
        return true;
    while (at < first.len && walk.place != OL_PGP_BODY)
        if (ol_pgp_packets_take(&walk, ol_slice_of(first.data + at++, 1)) != OL_OK)
            return false;
    if (at >= first.len || walk.place != OL_PGP_BODY || walk.session_keys != 1)
        return false;
    uint8_t version = first.data[at];
    return walk.tag == TAG_PUBLIC_SESSION_KEY ? version == 3 : version == 4 || version == 5;
}

bool ol_pgp_is_secret_key(ol_slice material)
{
    ol_pgp_packets walk = {.place = OL_PGP_TAG};
    if (ol_slice_starts(ol_sealed_skip_white(material), key_text))
        return true;
    return material.len > 64 && read_tag(&walk, material.data[0]) && walk.tag == TAG_SECRET_KEY;
}
