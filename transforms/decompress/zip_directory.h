/* SPDX-License-Identifier: MIT */
/*
 * The directory of a zip file (APPNOTE.TXT 4.3 and 4.5.3; Zip64 too), entry by entry: nothing of
 * it is held, however many there are.
 */
#ifndef DC_ZIP_DIRECTORY_H
#define DC_ZIP_DIRECTORY_H

#include "zip_source.h"

struct dc_zip_directory {
    struct dc_zip_source *source;
    uint64_t start, end; /* in the file */
    uint64_t base;       /* what stands before the archive: offsets count from here */
    uint64_t count;
    uint64_t next, done; /* where the next entry's record is, how many came */
};

struct dc_zip_entry {
    uint64_t name_at; /* in the file */
    size_t name_size;
    uint16_t flags, method, date, time;
    uint32_t crc;
    uint64_t packed_size, size;
    uint64_t header_at; /* its local header, in the file */
};

enum { DC_ZIP_ENCRYPTED = 1, DC_ZIP_STRONG = 1 << 6, DC_ZIP_UTF8 = 1 << 11 };

/* False: not a zip file that can be read, or the source failed. */
bool dc_zip_directory_open(struct dc_zip_directory *d, struct dc_zip_source *source);

enum dc_zip_step { DC_ZIP_ENTRY, DC_ZIP_END, DC_ZIP_BAD };
enum dc_zip_step dc_zip_directory_next(struct dc_zip_directory *d, struct dc_zip_entry *entry);

#endif
