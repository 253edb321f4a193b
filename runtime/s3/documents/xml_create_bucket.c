/* SPDX-License-Identifier: MIT */
/* The body of CreateBucket (xml.h). What is not known is never skipped. */
#include "s3/documents/xml.h"
#include "s3/documents/xml_reader.h"

static int malformed(ol_error *err, const char *why)
{
    return ol_error_set(err, OL_EMALFORMEDXML, "%s", why);
}

static int not_implemented(const char *element, ol_error *err)
{
    return ol_error_say(err, OL_ENOTIMPLEMENTED,
                        "An element you provided implies functionality that is not implemented: "
                        "%.100s",
                        element);
}

typedef struct creating {
    ol_arena *arena;
    ol_slice *location;
} creating;

static int on_create_open(void *arg, const ol_xml_path *path, ol_error *err)
{
    (void)arg;
    if (ol_xml_path_is(path, "CreateBucketConfiguration", NULL, NULL) ||
        ol_xml_path_is(path, "CreateBucketConfiguration", "LocationConstraint", NULL))
        return OL_OK;
    if (path->depth > 1 && strcmp(path->names[0], "CreateBucketConfiguration") == 0)
        return not_implemented(path->names[path->depth - 1], err);
    return malformed(err, "an unknown element");
}

static int on_create_close(void *arg, const ol_xml_path *path, ol_slice text, ol_error *err)
{
    creating *c = arg;
    if (path->depth == 1)
        return ol_xml_is_blank(text) ? OL_OK : malformed(err, "text where elements belong");
    if (c->location->data)
        return malformed(err, "two locations");
    if (text.len == 0)
        return OL_OK;
    *c->location = ol_arena_copy(c->arena, text);
    return c->location->data ? OL_OK : ol_error_set(err, OL_ENOMEM, "location");
}

int ol_s3_xml_parse_create_bucket(ol_slice xml, ol_arena *arena, ol_slice *location, ol_error *err)
{
    creating c = {.arena = arena, .location = location};
    const ol_xml_events events = {&c, on_create_open, on_create_close};
    *location = OL_SLICE_NONE;
    if (ol_xml_is_blank(xml))
        return OL_OK;
    return ol_xml_read(xml, &events, err);
}
