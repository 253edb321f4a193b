/* SPDX-License-Identifier: MIT */
#include "whole.h"

#include <string.h>
#include <zlib.h>

/* Of a JPEG. Each scan makes the decoder go over the whole picture again, for some 30 bytes of the file. Programs
 * write 10 or 20. */
#define SCANS_MAX 100u
/* Of a PNG: its texts and its profile, decompressed, each counted as that much more for what it costs besides. */
#define TEXT_BYTES_MAX (8u << 20)
#define TEXT_COST_BYTES 4096u

static uint32_t be32(const unsigned char *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* ---- PNG ---- */

/* Where a chunk's compressed text begins: behind its name and, in iTXt, two flags and two more names. NULL: the chunk
 * holds nothing that is compressed. */
static const unsigned char *compressed_part(const unsigned char *type, const unsigned char *body,
                                            const unsigned char *end)
{
    bool itxt = memcmp(type, "iTXt", 4) == 0;
    if (!itxt && memcmp(type, "zTXt", 4) != 0 && memcmp(type, "iCCP", 4) != 0)
        return NULL;
    const unsigned char *at = memchr(body, 0, (size_t)(end - body));
    if (!itxt)
        return at && end - at > 2 ? at + 2 : NULL;
    if (!at || end - at < 3 || at[1] != 1)
        return NULL;
    at += 3;
    for (int names = 0; at && names < 2; names++) {
        at = memchr(at, 0, (size_t)(end - at));
        at = at ? at + 1 : NULL;
    }
    return at;
}

/* Its size when it is decompressed; something over `most` when that is more. */
static size_t inflated_size(const unsigned char *from, size_t size, size_t most)
{
    unsigned char room[16384];
    z_stream z = {.next_in = (unsigned char *)(uintptr_t)from, .avail_in = (unsigned)size};
    int rc = inflateInit(&z);
    if (rc != Z_OK)
        return 0;
    while (rc == Z_OK && z.total_out <= most) {
        z.next_out = room;
        z.avail_out = sizeof(room);
        rc = inflate(&z, Z_NO_FLUSH);
    }
    inflateEnd(&z);
    return z.total_out;
}

static size_t text_cost(const unsigned char *type, const unsigned char *body, size_t length, size_t most)
{
    if (memcmp(type, "tEXt", 4) != 0 && memcmp(type, "zTXt", 4) != 0 && memcmp(type, "iTXt", 4) != 0 &&
        memcmp(type, "iCCP", 4) != 0)
        return 0;
    const unsigned char *packed = compressed_part(type, body, body + length);
    size_t unpacked = packed ? inflated_size(packed, (size_t)(body + length - packed), most) : 0;
    return TEXT_COST_BYTES + length + unpacked;
}

/* All chunks up to the last, each with its checksum. */
static enum image_result check_png(const unsigned char *bytes, size_t size)
{
    size_t at = 8, text = 0;
    while (size - at >= 12) {
        const unsigned char *type = bytes + at + 4;
        size_t length = be32(bytes + at);
        if (length > size - at - 12 || crc32_z(0, type, length + 4) != be32(type + 4 + length))
            return IMAGE_DAMAGED;
        if (memcmp(type, "IEND", 4) == 0)
            return IMAGE_OK;
        text += text_cost(type, type + 4, length, TEXT_BYTES_MAX);
        if (text > TEXT_BYTES_MAX)
            return IMAGE_MUCH_TEXT;
        at += 12 + length;
    }
    return IMAGE_DAMAGED;
}

/* ---- JPEG ---- */

/* Searched from the back: some cameras append data of their own behind the end marker. */
static bool has_jpeg_end(const unsigned char *bytes, size_t size)
{
    const unsigned char *at = size > 0 ? memrchr(bytes, 0xd9, size) : NULL;
    while (at && at > bytes && at[-1] != 0xff)
        at = memrchr(bytes, 0xd9, (size_t)(at - bytes));
    return at && at > bytes;
}

/* A marker with a segment behind it. */
static bool has_length(unsigned marker)
{
    return marker >= 0xc0 && marker != 0xff && (marker < 0xd0 || marker > 0xd9);
}

/* Counted before decoding, from marker to marker as the decoder goes. */
static bool has_many_scans(const unsigned char *bytes, size_t size)
{
    const unsigned char *at = bytes, *end = bytes + size;
    unsigned scans = 0;
    while (scans <= SCANS_MAX && (at = memchr(at, 0xff, (size_t)(end - at))) && end - at >= 4) {
        unsigned marker = at[1];
        size_t length = (size_t)at[2] << 8 | at[3];
        if (marker == 0xd9)
            break;
        scans += marker == 0xda;
        at += marker == 0xff ? 1 : 2;
        if (has_length(marker))
            at += length < (size_t)(end - at) ? length : (size_t)(end - at);
    }
    return scans > SCANS_MAX;
}

static enum image_result check_jpeg(const unsigned char *bytes, size_t size)
{
    if (!has_jpeg_end(bytes, size))
        return IMAGE_DAMAGED;
    return has_many_scans(bytes, size) ? IMAGE_MANY_SCANS : IMAGE_OK;
}

/* ---- the others ---- */

static bool webp_is_whole(const unsigned char *bytes, size_t size)
{
    size_t length = (size_t)bytes[4] | (size_t)bytes[5] << 8 | (size_t)bytes[6] << 16 | (size_t)bytes[7] << 24;
    return length <= size - 8;
}

static size_t color_table(unsigned flags)
{
    return flags & 0x80 ? (size_t)3 << ((flags & 7) + 1) : 0;
}

/* From block to block up to the trailer; each ends with a chain of sub-blocks. */
static bool gif_is_whole(const unsigned char *bytes, size_t size)
{
    if (size < 13)
        return false;
    size_t at = 13 + color_table(bytes[10]);
    while (at < size && bytes[at] != ';') {
        bool picture = bytes[at] == ',';
        if (picture && size - at < 10)
            return false;
        at += picture ? 11 + color_table(bytes[at + 9]) : 2;
        while (at < size && bytes[at] != 0)
            at += 1 + (size_t)bytes[at];
        at++;
    }
    return at < size;
}

/* AVIF and HEIC: boxes, the last of which may reach to the end, whatever that is. */
static bool heif_is_whole(const unsigned char *bytes, size_t size)
{
    size_t at = 0;
    while (size - at >= 8) {
        uint64_t length = be32(bytes + at);
        if (length == 0)
            return true;
        if (length == 1 && size - at >= 16)
            length = (uint64_t)be32(bytes + at + 8) << 32 | be32(bytes + at + 12);
        if (length < 8 || length > size - at)
            return false;
        at += length;
    }
    return at == size;
}

enum image_result image_whole_check(enum image_format format, const void *bytes, size_t size)
{
    switch (format) {
    case IMAGE_JPEG:
        return check_jpeg(bytes, size);
    case IMAGE_PNG:
        return check_png(bytes, size);
    case IMAGE_WEBP:
        return webp_is_whole(bytes, size) ? IMAGE_OK : IMAGE_DAMAGED;
    case IMAGE_GIF:
        return gif_is_whole(bytes, size) ? IMAGE_OK : IMAGE_DAMAGED;
    default:
        return heif_is_whole(bytes, size) ? IMAGE_OK : IMAGE_DAMAGED;
    }
}
