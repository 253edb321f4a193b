/* SPDX-License-Identifier: MIT */
/*
 * <CompleteMultipartUpload>: up to 10,000 parts, so they are read from the reader's events. The
 * array grows by doubling in the arena; what it outgrows stays there, which the arena's size
 * allows for.
 */
#include "s3/documents/xml_checksum.h"
#include "s3/documents/xml_multipart.h"
#include "s3/documents/xml_reader.h"

#define PARTS_FIRST 16

typedef struct completing {
    ol_arena *arena;
    ol_s3_complete *out;
    size_t room;
    ol_part part; /* the open one */
    bool has_number;
} completing;

static int malformed(ol_error *err, const char *why)
{
    return ol_error_set(err, OL_EMALFORMEDXML, "%s", why);
}

static int on_open(void *arg, const ol_xml_path *path, ol_error *err)
{
    completing *c = arg;
    if (ol_xml_path_is(path, "CompleteMultipartUpload", NULL, NULL))
        return OL_OK;
    if (ol_xml_path_is(path, "CompleteMultipartUpload", "Part", NULL)) {
        if (c->out->count == OL_PARTS_MAX)
            return malformed(err, "too many parts");
        c->part = (ol_part){0};
        c->has_number = false;
        return OL_OK;
    }
    if (path->depth == 3 && strcmp(path->names[0], "CompleteMultipartUpload") == 0 &&
        strcmp(path->names[1], "Part") == 0)
        return OL_OK;
    return malformed(err, "an unknown element");
}

static int on_number(completing *c, ol_slice text, ol_error *err)
{
    uint64_t number;
    if (c->has_number || !ol_slice_u64(text, &number))
        return malformed(err, "a part has one number");
    if (number < 1 || number > OL_PARTS_MAX)
        return ol_error_say(err, OL_EINVAL, "PartNumber must be from 1 to %d.", OL_PARTS_MAX);
    c->part.number = (uint32_t)number;
    c->has_number = true;
    return OL_OK;
}

static int on_etag(completing *c, ol_slice text, ol_error *err)
{
    if (text.len >= 2 && text.data[0] == '"' && text.data[text.len - 1] == '"')
        text = ol_slice_of(text.data + 1, text.len - 2);
    if (c->part.etag.data || text.len == 0 || text.len >= OL_ETAG_SIZE)
        return malformed(err, "a part has one ETag");
    c->part.etag = ol_arena_copy(c->arena, text);
    return c->part.etag.data ? OL_OK : ol_error_set(err, OL_ENOMEM, "a part");
}

static int on_field(completing *c, const char *name, ol_slice text, ol_error *err)
{
    if (strcmp(name, "PartNumber") == 0)
        return on_number(c, ol_slice_trim(text), err);
    if (strcmp(name, "ETag") == 0)
        return on_etag(c, ol_slice_trim(text), err);
    if (c->part.checksum.name[0])
        return malformed(err, "two checksums");
    return ol_xml_checksum_read(name, ol_slice_trim(text), &c->part.checksum)
               ? OL_OK
               : malformed(err, "an unknown element");
}

static int add_part(completing *c, ol_error *err)
{
    if (!c->has_number || !c->part.etag.data)
        return malformed(err, "a part without number or ETag");
    if (c->out->count == c->room) {
        size_t room = c->room ? 2 * c->room : PARTS_FIRST;
        if (room > OL_PARTS_MAX)
            room = OL_PARTS_MAX;
        ol_part *parts = ol_arena_alloc(c->arena, room * sizeof *parts);
        if (!parts)
            return ol_error_set(err, OL_ENOMEM, "parts");
        if (c->out->count > 0)
            memcpy(parts, c->out->parts, c->out->count * sizeof *parts);
        c->out->parts = parts;
        c->room = room;
    }
    c->out->parts[c->out->count++] = c->part;
    return OL_OK;
}

static int on_close(void *arg, const ol_xml_path *path, ol_slice text, ol_error *err)
{
    completing *c = arg;
    if (path->depth == 3)
        return on_field(c, path->names[2], text, err);
    if (!ol_xml_is_blank(text))
        return malformed(err, "text where elements belong");
    return path->depth == 2 ? add_part(c, err) : OL_OK;
}

int ol_s3_xml_parse_complete(ol_slice xml, ol_arena *arena, ol_s3_complete *out, ol_error *err)
{
    static const ol_xml_bounds bounds = {.document_bytes_max = OL_XML_COMPLETE_BYTES_MAX};
    completing c = {.arena = arena, .out = out};
    const ol_xml_events events = {&c, on_open, on_close};
    *out = (ol_s3_complete){0};
    int rc = ol_xml_read_as(xml, &bounds, &events, err);
    return rc == OL_OK && out->count == 0 ? malformed(err, "no parts") : rc;
}
