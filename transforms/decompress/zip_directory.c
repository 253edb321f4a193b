/* SPDX-License-Identifier: MIT */
#include "zip_directory.h"

#include <string.h>

#define END_BYTES 22u
#define END_COMMENT_BYTES_MAX 65535u
#define LOCATOR64_BYTES 20u
#define END64_BYTES 56u
#define RECORD_BYTES 46u
#define EXTRA_ZIP64 0x0001u
#define IN_ZIP64_32 0xffffffffu
#define IN_ZIP64_16 0xffffu

static bool is_end(const uint8_t *bytes, size_t left)
{
    return left >= END_BYTES && memcmp(bytes, "PK\5\6", 4) == 0 &&
           dc_little(bytes + 20, 2) == left - END_BYTES;
}

/* The end record: its comment reaches to the file's end exactly. 0 when there is none. */
static uint64_t find_end(struct dc_zip_source *s)
{
    uint64_t most = END_BYTES + END_COMMENT_BYTES_MAX;
    size_t tail = (size_t)(s->size < most ? s->size : most);
    const uint8_t *bytes = dc_zip_read(s, s->size - tail, tail);
    for (size_t left = END_BYTES; bytes && left <= tail; left++)
        if (is_end(bytes + tail - left, left))
            return s->size - left + 1; /* plus one: a file may be all end record */
    return 0;
}

/* What the directory's end says: where it should be, and how large it is. */
struct claim {
    uint64_t count, size, offset;
    uint64_t end_at; /* where the end records begin: right behind the directory */
};

static bool read_end64(struct dc_zip_source *s, struct claim *claim)
{
    uint64_t locator_at = claim->end_at - LOCATOR64_BYTES;
    const uint8_t *locator = claim->end_at >= LOCATOR64_BYTES
                                 ? dc_zip_read(s, locator_at, LOCATOR64_BYTES)
                                 : NULL;
    if (!locator || memcmp(locator, "PK\6\7", 4) != 0 || dc_little(locator + 4, 4) != 0)
        return false;
    /* Right before the locator, whatever stands before the archive. An extensible one is rare
     * and refused. */
    if (locator_at < END64_BYTES)
        return false;
    const uint8_t *end = dc_zip_read(s, locator_at - END64_BYTES, END64_BYTES);
    if (!end || memcmp(end, "PK\6\6", 4) != 0 || dc_little(end + 4, 8) != END64_BYTES - 12 ||
        dc_little(end + 16, 4) != 0 || dc_little(end + 20, 4) != 0)
        return false;
    *claim = (struct claim){.count = dc_little(end + 32, 8),
                            .size = dc_little(end + 40, 8),
                            .offset = dc_little(end + 48, 8),
                            .end_at = locator_at - END64_BYTES};
    return true;
}

static bool read_claim(struct dc_zip_source *s, uint64_t end_at, struct claim *claim)
{
    const uint8_t *end = dc_zip_read(s, end_at, END_BYTES);
    if (!end)
        return false;
    uint64_t disks = dc_little(end + 4, 4), here = dc_little(end + 8, 2);
    *claim = (struct claim){.count = dc_little(end + 10, 2),
                            .size = dc_little(end + 12, 4),
                            .offset = dc_little(end + 16, 4),
                            .end_at = end_at};
    bool is_64 = claim->count == IN_ZIP64_16 || claim->size == IN_ZIP64_32 ||
                 claim->offset == IN_ZIP64_32;
    if (is_64 && read_end64(s, claim))
        return true;
    return disks == 0 && here == claim->count; /* in one piece */
}

bool dc_zip_directory_open(struct dc_zip_directory *d, struct dc_zip_source *source)
{
    struct claim claim;
    uint64_t found = find_end(source);
    if (found == 0 || !read_claim(source, found - 1, &claim))
        return false;
    if (claim.size > claim.end_at || claim.offset > claim.end_at - claim.size)
        return false;
    uint64_t start = claim.end_at - claim.size;
    *d = (struct dc_zip_directory){.source = source,
                                   .start = start,
                                   .end = claim.end_at,
                                   .base = start - claim.offset,
                                   .count = claim.count,
                                   .next = start};
    return true;
}

/* A number of eight bytes from the Zip64 field, if the record's own says that it is there. */
static bool take_64(const uint8_t **at, size_t *left, uint64_t *value)
{
    if (*value != IN_ZIP64_32)
        return true;
    if (*left < 8)
        return false;
    *value = dc_little(*at, 8);
    *at += 8;
    *left -= 8;
    return true;
}

static bool widen(struct dc_zip_entry *entry, const uint8_t *field, size_t size)
{
    return take_64(&field, &size, &entry->size) && take_64(&field, &size, &entry->packed_size) &&
           take_64(&field, &size, &entry->header_at);
}

static bool read_extra(struct dc_zip_entry *entry, const uint8_t *extra, size_t size)
{
    while (size >= 4) {
        size_t field = (size_t)dc_little(extra + 2, 2);
        if (field > size - 4)
            return false;
        if (dc_little(extra, 2) == EXTRA_ZIP64)
            return widen(entry, extra + 4, field);
        extra += 4 + field;
        size -= 4 + field;
    }
    /* Without the field those are the numbers themselves. */
    return true;
}

static void read_record(struct dc_zip_entry *entry, const uint8_t *record)
{
    *entry = (struct dc_zip_entry){
        .flags = (uint16_t)dc_little(record + 8, 2),
        .method = (uint16_t)dc_little(record + 10, 2),
        .time = (uint16_t)dc_little(record + 12, 2),
        .date = (uint16_t)dc_little(record + 14, 2),
        .crc = (uint32_t)dc_little(record + 16, 4),
        .packed_size = dc_little(record + 20, 4),
        .size = dc_little(record + 24, 4),
        .name_size = (size_t)dc_little(record + 28, 2),
        .header_at = dc_little(record + 42, 4),
    };
}

enum dc_zip_step dc_zip_directory_next(struct dc_zip_directory *d, struct dc_zip_entry *entry)
{
    if (d->done == d->count)
        return d->next == d->end ? DC_ZIP_END : DC_ZIP_BAD;
    if (d->end - d->next < RECORD_BYTES)
        return DC_ZIP_BAD;
    const uint8_t *record = dc_zip_read(d->source, d->next, RECORD_BYTES);
    if (!record || memcmp(record, "PK\1\2", 4) != 0)
        return DC_ZIP_BAD;
    read_record(entry, record);
    size_t extra_size = (size_t)dc_little(record + 30, 2);
    size_t comment_size = (size_t)dc_little(record + 32, 2);
    size_t size = RECORD_BYTES + entry->name_size + extra_size + comment_size;
    if (size > d->end - d->next || dc_little(record + 34, 2) != 0)
        return DC_ZIP_BAD;
    entry->name_at = d->next + RECORD_BYTES;
    const uint8_t *extra =
        dc_zip_read(d->source, entry->name_at + entry->name_size, extra_size);
    if (!extra || !read_extra(entry, extra, extra_size) ||
        entry->header_at > d->start - d->base)
        return DC_ZIP_BAD;
    entry->header_at += d->base;
    d->next += size;
    d->done++;
    return DC_ZIP_ENTRY;
}
