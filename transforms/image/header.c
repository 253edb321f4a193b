/* SPDX-License-Identifier: MIT */
#include "header.h"

#include <string.h>

static uint32_t be16(const unsigned char *at)
{
    return (uint32_t)at[0] << 8 | at[1];
}

static uint32_t be32(const unsigned char *at)
{
    return be16(at) << 16 | be16(at + 2);
}

static uint32_t le16(const unsigned char *at)
{
    return (uint32_t)at[1] << 8 | at[0];
}

static uint32_t le24(const unsigned char *at)
{
    return le16(at) | (uint32_t)at[2] << 16;
}

static enum image_header_result judged(const struct image_header *header)
{
    return header->width > 0 && header->height > 0 ? IMAGE_HEADER_OK : IMAGE_HEADER_DAMAGED;
}

uint64_t image_header_memory(const struct image_header *header, uint64_t width, uint64_t height)
{
    return header->whole ? width * height * header->pixel_bytes / header->shared_pixels : 0;
}

/* ---- JPEG ---- */

static bool is_frame(unsigned marker)
{
    return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
}

/* `at`: the frame's components, 3 bytes each; the second byte is the sampling across and down. What makes no sense is
 * taken for four components in full. */
static void read_sampling(struct image_header *header, const unsigned char *at, unsigned count, size_t size)
{
    unsigned across = 1, down = 1, blocks = 0;
    bool sound = count > 0 && count <= 4 && size >= 3 * (size_t)count;
    for (unsigned i = 0; sound && i < count; i++) {
        unsigned h = at[3 * i + 1] >> 4, v = at[3 * i + 1] & 15;
        sound = h >= 1 && h <= 4 && v >= 1 && v <= 4;
        across = h > across ? h : across;
        down = v > down ? v : down;
        blocks += h * v;
    }
    header->pixel_bytes = sound ? 2 * blocks : 8;
    header->shared_pixels = sound ? across * down : 1;
}

static enum image_header_result read_frame(struct image_header *header, unsigned marker,
                                           const unsigned char *at, size_t size)
{
    if (size < 8)
        return IMAGE_HEADER_DAMAGED;
    header->height = be16(at + 3);
    header->width = be16(at + 5);
    header->whole = (marker & 3) == 2; /* progressive: all its coefficients, of 2 bytes */
    read_sampling(header, at + 8, at[7], size - 8);
    return judged(header);
}

/* Segments up to the frame's header, which comes before any scan. */
static enum image_header_result read_jpeg(struct image_header *header, const unsigned char *bytes,
                                          size_t size)
{
    size_t at = 2;
    for (;;) {
        while (at + 1 < size && bytes[at] == 0xff && bytes[at + 1] == 0xff)
            at++;
        if (at + 4 > size)
            return IMAGE_HEADER_MORE;
        unsigned marker = bytes[at + 1], length = be16(bytes + at + 2);
        if (bytes[at] != 0xff || marker < 0xc0 || (marker >= 0xd0 && marker <= 0xda) || length < 2)
            return IMAGE_HEADER_DAMAGED;
        if (is_frame(marker)) {
            if (size - at - 2 < length)
                return IMAGE_HEADER_MORE;
            return read_frame(header, marker, bytes + at + 2, length);
        }
        at += 2 + (size_t)length;
        if (at > size)
            return IMAGE_HEADER_MORE;
    }
}

/* ---- the others ---- */

static enum image_header_result read_png(struct image_header *header, const unsigned char *bytes,
                                         size_t size)
{
    static const unsigned char channels[] = {1, 0, 3, 3, 2, 0, 4};
    if (size < 29)
        return IMAGE_HEADER_MORE;
    unsigned depth = bytes[24], color = bytes[25];
    if (be32(bytes + 8) != 13 || memcmp(bytes + 12, "IHDR", 4) != 0 || color > 6 || bytes[28] > 1)
        return IMAGE_HEADER_DAMAGED;
    header->width = be32(bytes + 16);
    header->height = be32(bytes + 20);
    header->whole = bytes[28] == 1;
    header->pixel_bytes = channels[color] * (depth > 8 ? 2u : 1u);
    return header->width <= INT32_MAX && header->height <= INT32_MAX ? judged(header)
                                                                     : IMAGE_HEADER_DAMAGED;
}

static enum image_header_result read_webp(struct image_header *header, const unsigned char *bytes,
                                          size_t size)
{
    if (size < 30)
        return IMAGE_HEADER_MORE;
    const unsigned char *body = bytes + 20;
    header->whole = true;
    header->pixel_bytes = 4; /* and once more for what comes out, if it is not made smaller */
    if (memcmp(bytes + 12, "VP8X", 4) == 0) {
        header->width = le24(body + 4) + 1;
        header->height = le24(body + 7) + 1;
    } else if (memcmp(bytes + 12, "VP8L", 4) == 0 && body[0] == 0x2f) {
        header->width = (le16(body + 1) & 0x3fff) + 1;
        header->height = ((le24(body + 2) >> 6) & 0x3fff) + 1;
    } else if (memcmp(bytes + 12, "VP8 ", 4) == 0 && memcmp(body + 3, "\x9d\x01\x2a", 3) == 0) {
        header->width = le16(body + 6) & 0x3fff;
        header->height = le16(body + 8) & 0x3fff;
    } else {
        return IMAGE_HEADER_DAMAGED;
    }
    return judged(header);
}

static enum image_header_result read_gif(struct image_header *header, const unsigned char *bytes,
                                         size_t size)
{
    if (size < 10)
        return IMAGE_HEADER_MORE;
    header->width = le16(bytes + 6);
    header->height = le16(bytes + 8);
    header->whole = true;
    header->pixel_bytes = 4;
    return judged(header);
}

static enum image_header_result read_heif(struct image_header *header, const unsigned char *brand)
{
    static const struct {
        const char *brand;
        enum image_format format;
    } brands[] = {{"avif", IMAGE_AVIF}, {"heic", IMAGE_HEIC}, {"heix", IMAGE_HEIC}, {"mif1", IMAGE_HEIC}};
    for (size_t i = 0; i < sizeof(brands) / sizeof(brands[0]); i++)
        if (memcmp(brand, brands[i].brand, 4) == 0) {
            header->format = brands[i].format;
            header->whole = true;
            header->pixel_bytes = 8;
            return IMAGE_HEADER_OK;
        }
    return IMAGE_HEADER_UNKNOWN;
}

enum image_header_result image_header_read(struct image_header *header, const void *bytes,
                                           size_t size)
{
    const unsigned char *at = bytes;
    *header = (struct image_header){.format = IMAGE_SAME, .shared_pixels = 1};
    if (size < 12)
        return IMAGE_HEADER_MORE;
    if (memcmp(at, "\xff\xd8\xff", 3) == 0) {
        header->format = IMAGE_JPEG;
        return read_jpeg(header, at, size);
    }
    if (memcmp(at, "\x89PNG\r\n\x1a\n", 8) == 0) {
        header->format = IMAGE_PNG;
        return read_png(header, at, size);
    }
    if (memcmp(at, "RIFF", 4) == 0 && memcmp(at + 8, "WEBP", 4) == 0) {
        header->format = IMAGE_WEBP;
        return read_webp(header, at, size);
    }
    if (memcmp(at, "GIF87a", 6) == 0 || memcmp(at, "GIF89a", 6) == 0) {
        header->format = IMAGE_GIF;
        return read_gif(header, at, size);
    }
    return memcmp(at + 4, "ftyp", 4) == 0 ? read_heif(header, at + 8) : IMAGE_HEADER_UNKNOWN;
}
