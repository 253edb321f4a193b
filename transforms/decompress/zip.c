/* SPDX-License-Identifier: MIT */
/*
 * Happy path: zip_directory.c walks through all entries; the one that is asked for, and is there
 * once only, is unpacked from behind its local header, which must say the same as the directory.
 * What comes out is compared with the directory's size and CRC-32.
 */
#include "zip.h"

#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "media_type.h"
#include "unpack.h"
#include "zip_directory.h"
#include "zip_list.h"
#include "zip_name.h"

#define LOCAL_BYTES 30u
#define PIECE_BYTES (64 * 1024u)

enum { STORED = 0, DEFLATED = 8, BZIP2 = 12, ZSTD = 93, XZ = 95 };

struct zip {
    const struct dc_config *config;
    struct dc_output *out;
    struct dc_zip_source source;
    struct dc_zip_directory directory;
};

static int refuse(struct zip *z, int status, const char *code, const char *text)
{
    char message[160];
    if (z->source.result != OBJLENS_OK)
        return z->source.result; /* it could not be read: the host knows why */
    if (z->out->kit.result != OBJLENS_OK)
        return z->out->kit.result;
    snprintf(message, sizeof(message), "decompress: zip: %s", text);
    return z->source.host->fail(z->source.call, status, code, message);
}

static int refuse_damaged(struct zip *z)
{
    return refuse(z, 400, "InvalidCompressionFormat", "the archive is damaged");
}

/* ---- finding ---- */

static bool is_wanted(struct zip *z, const struct dc_zip_entry *entry, const char *name,
                      size_t size)
{
    const uint8_t *own = dc_zip_read(&z->source, entry->name_at, entry->name_size);
    return own && dc_zip_name_is(own, entry->name_size, name, size);
}

/* Programs disagree about which of two of the same name counts: none does. */
static int find(struct zip *z, const char *name, size_t size, struct dc_zip_entry *found)
{
    struct dc_zip_entry entry;
    enum dc_zip_step step;
    unsigned count = 0;
    while ((step = dc_zip_directory_next(&z->directory, &entry)) == DC_ZIP_ENTRY) {
        if (!is_wanted(z, &entry, name, size))
            continue;
        *found = entry;
        count++;
    }
    if (step == DC_ZIP_BAD || z->source.result != OBJLENS_OK)
        return refuse_damaged(z);
    if (count == 0)
        return refuse(z, 404, "NoSuchEntry", "there is no file of this name in the archive");
    if (count > 1)
        return refuse(z, 400, "InvalidCompressionFormat",
                      "the archive has several files of this name");
    return OBJLENS_OK;
}

/* ---- unpacking ---- */

/* Where its data begins; 0 when the local header does not go with the directory. */
static uint64_t data_of(struct zip *z, const struct dc_zip_entry *entry, const char *name,
                        size_t name_size)
{
    uint64_t limit = z->directory.start;
    if (limit - entry->header_at < LOCAL_BYTES)
        return 0;
    const uint8_t *local =
        dc_zip_read(&z->source, entry->header_at, LOCAL_BYTES + entry->name_size);
    if (!local || memcmp(local, "PK\3\4", 4) != 0 || dc_little(local + 8, 2) != entry->method ||
        dc_little(local + 26, 2) != entry->name_size ||
        !dc_zip_name_is(local + LOCAL_BYTES, entry->name_size, name, name_size))
        return 0;
    uint64_t data = entry->header_at + LOCAL_BYTES + entry->name_size + dc_little(local + 28, 2);
    if (data > limit || entry->packed_size > limit - data)
        return 0;
    return data;
}

static const struct dc_format *format_of(uint16_t method)
{
    switch (method) {
    case DEFLATED: return &dc_deflate;
    case BZIP2: return &dc_bzip2;
    case ZSTD: return &dc_zstd;
    case XZ: return &dc_xz;
    default: return NULL;
    }
}

static int copy_stored(struct zip *z, const struct dc_zip_entry *entry, uint64_t at)
{
    for (uint64_t done = 0, n; done < entry->size; done += n) {
        n = entry->size - done < PIECE_BYTES ? entry->size - done : PIECE_BYTES;
        const uint8_t *bytes = dc_zip_read(&z->source, at + done, (size_t)n);
        if (!bytes || !dc_output_write(z->out, bytes, (size_t)n))
            return refuse_damaged(z);
    }
    return OBJLENS_OK;
}

static int report(struct zip *z, enum dc_failure failure, const struct dc_format *format)
{
    if (z->source.result != OBJLENS_OK || z->out->kit.result != OBJLENS_OK)
        return refuse_damaged(z);
    return dc_failure_report(failure, format, z->source.host, z->source.call);
}

static int unpack(struct zip *z, const struct dc_zip_entry *entry, uint64_t at,
                  const struct dc_format *format)
{
    struct dc_unpack u;
    enum dc_failure failure = DC_FINE;
    dc_unpack_init(&u, format, z->config, z->out);
    u.made_max = entry->size;
    for (uint64_t done = 0, n; done < entry->packed_size && failure == DC_FINE; done += n) {
        n = entry->packed_size - done < PIECE_BYTES ? entry->packed_size - done : PIECE_BYTES;
        const uint8_t *bytes = dc_zip_read(&z->source, at + done, (size_t)n);
        failure = bytes ? dc_unpack_write(&u, bytes, (size_t)n) : DC_FAIL_TRUNCATED;
        if (z->out->kit.result != OBJLENS_OK)
            failure = DC_FAIL_TRUNCATED;
    }
    if (failure == DC_FINE)
        failure = dc_unpack_finish(&u);
    dc_unpack_fini(&u);
    return failure == DC_FINE ? OBJLENS_OK : report(z, failure, format);
}

static int answer_file(struct zip *z, const struct dc_zip_entry *entry, const char *name,
                       size_t name_size)
{
    const struct dc_format *format = format_of(entry->method);
    const struct objlens_host *host = z->source.host;
    if (entry->flags & (DC_ZIP_ENCRYPTED | DC_ZIP_STRONG))
        return refuse(z, 400, "InvalidCompressionFormat", "the file is encrypted");
    if (!format && entry->method != STORED)
        return refuse(z, 400, "InvalidCompressionFormat",
                      "the file is compressed by a method that is not supported");
    uint64_t at = data_of(z, entry, name, name_size);
    if (at == 0 || (!format && entry->packed_size != entry->size))
        return refuse_damaged(z);
    const char *type = dc_media_type_of_name(name, name_size);
    int rc = host->set_header(z->source.call, "content-type", type, strlen(type));
    if (rc != OBJLENS_OK)
        return rc;
    z->out->sums = true;
    rc = format ? unpack(z, entry, at, format) : copy_stored(z, entry, at);
    if (rc == OBJLENS_OK && (z->out->total != entry->size || z->out->crc != entry->crc))
        rc = refuse(z, 400, "InvalidCompressionFormat", "the file differs from its size or checksum");
    return rc;
}

/* ---- the answer ---- */

static int answer(struct zip *z, const char *name, size_t name_size)
{
    struct dc_zip_entry entry = {0};
    if (dc_zip_source_init(&z->source, z->out->kit.host, z->out->kit.call) != OBJLENS_OK)
        return refuse(z, 400, "InvalidCompressionFormat",
                      "an archive is read out of order: not from a pipe, and only by the first transform of a chain");
    if (!dc_zip_directory_open(&z->directory, &z->source))
        return refuse(z, 400, "InvalidCompressionFormat", "there is no archive that could be read");
    if (!name)
        return dc_zip_list(&z->directory, z->out) ? OBJLENS_OK : refuse_damaged(z);
    int rc = find(z, name, name_size, &entry);
    return rc == OBJLENS_OK ? answer_file(z, &entry, name, name_size) : rc;
}

int dc_zip_answer(const struct dc_config *config, struct dc_output *out, const char *name,
                  size_t name_size)
{
    struct zip *z = out->kit.host->alloc(out->kit.call, sizeof(*z));
    if (!z)
        return OBJLENS_ENOMEM;
    z->config = config;
    z->out = out;
    int rc = answer(z, name, name_size);
    if (rc == OBJLENS_OK) {
        kit_output_finish(&out->kit);
        rc = out->kit.result;
    }
    out->kit.host->free(out->kit.call, z);
    return rc;
}
