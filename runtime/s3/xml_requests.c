/* SPDX-License-Identifier: MIT */
/* The bodies of DeleteObjects and CreateBucket (xml.h). What is not known is never skipped. */
#include "base/limits.h"
#include "s3/xml.h"
#include "s3/xml_reader.h"

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

/* Text between a parent's elements is layout, nothing else. */
static bool is_blank(ol_slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!memchr(" \t\r\n", text.data[i], 4))
            return false;
    return true;
}

/* ---- DeleteObjects ---- */

typedef struct deleting {
    ol_arena *arena;
    ol_s3_delete_request *out;
    size_t room;
    bool has_key, has_root;
} deleting;

static int add_key(deleting *d, ol_slice text, ol_error *err)
{
    if (d->has_key || text.len == 0)
        return malformed(err, "an object needs one key");
    if (text.len > OL_KEY_BYTES_MAX)
        return ol_error_set(err, OL_EKEYTOOLONG, "%zu bytes", text.len);
    if (d->out->count == d->room) {
        size_t room = d->room ? 2 * d->room : 16;
        ol_slice *keys = ol_arena_alloc(d->arena, room * sizeof *keys);
        if (!keys)
            return ol_error_set(err, OL_ENOMEM, "keys to delete");
        if (d->out->count > 0)
            memcpy(keys, d->out->keys, d->out->count * sizeof *keys);
        d->out->keys = keys;
        d->room = room;
    }
    ol_slice copy = ol_arena_copy(d->arena, text);
    if (!copy.data)
        return ol_error_set(err, OL_ENOMEM, "a key to delete");
    d->out->keys[d->out->count++] = copy;
    d->has_key = true;
    return OL_OK;
}

static int on_delete_open(void *arg, const ol_xml_path *path, ol_error *err)
{
    deleting *d = arg;
    const char *name = path->names[path->depth - 1];
    if (ol_xml_path_is(path, "Delete", NULL, NULL)) {
        d->has_root = true;
        return OL_OK;
    }
    if (ol_xml_path_is(path, "Delete", "Quiet", NULL))
        return OL_OK;
    if (ol_xml_path_is(path, "Delete", "Object", NULL)) {
        if (d->out->count == OL_LIST_KEYS_MAX)
            return malformed(err, "too many objects");
        d->has_key = false;
        return OL_OK;
    }
    if (ol_xml_path_is(path, "Delete", "Object", "Key") ||
        ol_xml_path_is(path, "Delete", "Object", "VersionId"))
        return OL_OK;
    if (ol_xml_path_is(path, "Delete", "Object", "ETag") ||
        ol_xml_path_is(path, "Delete", "Object", "LastModifiedTime") ||
        ol_xml_path_is(path, "Delete", "Object", "Size"))
        return not_implemented(name, err);
    return malformed(err, "an unknown element");
}

static int on_quiet(deleting *d, ol_slice text, ol_error *err)
{
    d->out->quiet = ol_slice_eq_cstr(text, "true");
    if (!d->out->quiet && !ol_slice_eq_cstr(text, "false"))
        return malformed(err, "Quiet is true or false");
    return OL_OK;
}

static int on_delete_close(void *arg, const ol_xml_path *path, ol_slice text, ol_error *err)
{
    deleting *d = arg;
    const char *name = path->names[path->depth - 1];
    if (strcmp(name, "Key") == 0)
        return add_key(d, text, err);
    if (strcmp(name, "Quiet") == 0)
        return on_quiet(d, text, err);
    if (strcmp(name, "VersionId") == 0)
        return text.len == 0 || ol_slice_eq_cstr(text, "null") ? OL_OK
                                                               : not_implemented(name, err);
    if (!is_blank(text))
        return malformed(err, "text where elements belong");
    if (strcmp(name, "Object") == 0 && !d->has_key)
        return malformed(err, "an object without a key");
    return OL_OK;
}

int ol_s3_xml_parse_delete(ol_slice xml, ol_arena *arena, ol_s3_delete_request *out, ol_error *err)
{
    deleting d = {.arena = arena, .out = out};
    const ol_xml_events events = {&d, on_delete_open, on_delete_close};
    *out = (ol_s3_delete_request){0};
    int rc = ol_xml_read(xml, &events, err);
    if (rc == OL_OK && (!d.has_root || out->count == 0))
        rc = malformed(err, "nothing to delete");
    return rc;
}

/* ---- CreateBucket ---- */

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
        return is_blank(text) ? OL_OK : malformed(err, "text where elements belong");
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
    if (is_blank(xml))
        return OL_OK;
    return ol_xml_read(xml, &events, err);
}
