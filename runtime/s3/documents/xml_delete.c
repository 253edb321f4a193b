/* SPDX-License-Identifier: MIT */
/* DeleteObjects: what it is sent and what it answers (xml.h). What is not known is never skipped. */
#include "base/clock.h"
#include "base/limits.h"
#include "s3/documents/xml.h"
#include "s3/documents/xml_reader.h"
#include "s3/documents/xml_writer.h"

#define OBJECTS_FIRST 16

typedef struct deleting {
    ol_arena *arena;
    ol_s3_delete_request *out;
    size_t room;
    bool has_root;
    unsigned seen; /* fields of the open object, one bit each */
} deleting;

static int malformed(ol_error *err, const char *why)
{
    return ol_error_set(err, OL_EMALFORMEDXML, "%s", why);
}

/* ---- the fields of an object ---- */

static int keep(deleting *d, ol_slice text, ol_slice *out, ol_error *err)
{
    *out = ol_arena_copy(d->arena, text);
    return out->data ? OL_OK : ol_error_set(err, OL_ENOMEM, "an object to delete");
}

static int on_key(deleting *d, ol_s3_delete_object *object, ol_slice text, ol_error *err)
{
    if (text.len == 0)
        return malformed(err, "an object needs one key");
    if (text.len > OL_KEY_BYTES_MAX)
        return ol_error_set(err, OL_EKEYTOOLONG, "%zu bytes", text.len);
    return keep(d, text, &object->key, err);
}

static int on_version(deleting *d, ol_s3_delete_object *object, ol_slice text, ol_error *err)
{
    if (text.len >= OL_VERSION_ID_SIZE)
        return malformed(err, "a VersionId is too long");
    return text.len > 0 ? keep(d, text, &object->version, err) : OL_OK;
}

static int on_etag(deleting *d, ol_s3_delete_object *object, ol_slice text, ol_error *err)
{
    text = ol_slice_trim(text);
    if (text.len >= 2 && text.data[0] == '"' && text.data[text.len - 1] == '"')
        text = ol_slice_of(text.data + 1, text.len - 2);
    if (text.len == 0 || text.len >= OL_ETAG_SIZE)
        return malformed(err, "an ETag that is none");
    return keep(d, text, &object->etag, err);
}

static int on_modified(deleting *d, ol_s3_delete_object *object, ol_slice text, ol_error *err)
{
    (void)d;
    text = ol_slice_trim(text);
    if (!ol_clock_parse_iso8601(text, &object->modified_ms) &&
        !ol_clock_parse_http_date(text, &object->modified_ms))
        return malformed(err, "a LastModifiedTime that is none");
    object->modified_ms -= object->modified_ms % 1000;
    return OL_OK;
}

static int on_size(deleting *d, ol_s3_delete_object *object, ol_slice text, ol_error *err)
{
    uint64_t size;
    (void)d;
    if (!ol_slice_u64(ol_slice_trim(text), &size) || size > INT64_MAX)
        return malformed(err, "a Size that is none");
    object->size = (int64_t)size;
    return OL_OK;
}

static const struct field {
    const char *name;
    int (*read)(deleting *d, ol_s3_delete_object *object, ol_slice text, ol_error *err);
} fields[] = {{"Key", on_key},
              {"VersionId", on_version},
              {"ETag", on_etag},
              {"LastModifiedTime", on_modified},
              {"Size", on_size}};
#define FIELDS (sizeof fields / sizeof fields[0])
#define KEY_SEEN 1u

static size_t find_field(const char *name)
{
    size_t i = 0;
    while (i < FIELDS && strcmp(fields[i].name, name) != 0)
        i++;
    return i;
}

/* ---- the document ---- */

static int begin_object(deleting *d, ol_error *err)
{
    if (d->out->count == OL_LIST_KEYS_MAX)
        return malformed(err, "too many objects");
    if (d->out->count == d->room) {
        size_t room = d->room ? 2 * d->room : OBJECTS_FIRST;
        ol_s3_delete_object *objects = ol_arena_alloc(d->arena, room * sizeof *objects);
        if (!objects)
            return ol_error_set(err, OL_ENOMEM, "objects to delete");
        if (d->out->count > 0)
            memcpy(objects, d->out->objects, d->out->count * sizeof *objects);
        d->out->objects = objects;
        d->room = room;
    }
    d->out->objects[d->out->count] = (ol_s3_delete_object){.modified_ms = -1, .size = -1};
    d->seen = 0;
    return OL_OK;
}

static int on_open(void *arg, const ol_xml_path *path, ol_error *err)
{
    deleting *d = arg;
    if (ol_xml_path_is(path, "Delete", NULL, NULL)) {
        d->has_root = true;
        return OL_OK;
    }
    if (ol_xml_path_is(path, "Delete", "Quiet", NULL))
        return OL_OK;
    if (ol_xml_path_is(path, "Delete", "Object", NULL))
        return begin_object(d, err);
    if (path->depth == 3 && ol_xml_path_is(path, "Delete", "Object", path->names[2]) &&
        find_field(path->names[2]) < FIELDS)
        return OL_OK;
    return malformed(err, "an unknown element");
}

static int on_quiet(deleting *d, ol_slice text, ol_error *err)
{
    d->out->quiet = ol_slice_eq_cstr(text, "true");
    if (!d->out->quiet && !ol_slice_eq_cstr(text, "false"))
        return malformed(err, "Quiet is true or false");
    return OL_OK;
}

static int on_field(deleting *d, const char *name, ol_slice text, ol_error *err)
{
    size_t field = find_field(name);
    if (d->seen & (1u << field))
        return malformed(err, "a field of an object twice");
    d->seen |= 1u << field;
    return fields[field].read(d, &d->out->objects[d->out->count], text, err);
}

static int on_close(void *arg, const ol_xml_path *path, ol_slice text, ol_error *err)
{
    deleting *d = arg;
    const char *name = path->names[path->depth - 1];
    if (path->depth == 3)
        return on_field(d, name, text, err);
    if (strcmp(name, "Quiet") == 0)
        return on_quiet(d, text, err);
    if (!ol_xml_is_blank(text))
        return malformed(err, "text where elements belong");
    if (path->depth == 1)
        return OL_OK;
    if (!(d->seen & KEY_SEEN))
        return malformed(err, "an object without a key");
    d->out->count++;
    return OL_OK;
}

int ol_s3_xml_parse_delete(ol_slice xml, ol_arena *arena, ol_s3_delete_request *out, ol_error *err)
{
    deleting d = {.arena = arena, .out = out};
    const ol_xml_events events = {&d, on_open, on_close};
    *out = (ol_s3_delete_request){0};
    int rc = ol_xml_read(xml, &events, err);
    if (rc == OL_OK && (!d.has_root || out->count == 0))
        rc = malformed(err, "nothing to delete");
    return rc;
}

/* ---- the answer ---- */

static void put_outcome(ol_xml_writer *w, const ol_s3_delete_outcome *outcome)
{
    const ol_error *err = outcome->err;
    const char *element = err ? "Error" : "Deleted";
    ol_xml_open(w, element);
    ol_xml_text(w, "Key", outcome->key);
    if (outcome->version.len > 0)
        ol_xml_text(w, "VersionId", outcome->version);
    if (err) {
        const char *code = err->s3_code[0] ? err->s3_code : ol_code_s3(err->code);
        ol_xml_text(w, "Code", ol_slice_cstr(code));
        ol_xml_text(w, "Message", ol_slice_cstr(err->message));
    } else if (outcome->delete_marker) {
        ol_xml_bool(w, "DeleteMarker", true);
        ol_xml_text(w, "DeleteMarkerVersionId", outcome->delete_marker_version_id);
    }
    ol_xml_close(w, element);
}

int ol_s3_xml_delete_result(ol_buf *out, const ol_s3_delete_outcome *outcomes, size_t count,
                            bool quiet)
{
    ol_xml_writer w;
    ol_xml_begin(&w, out, "DeleteResult", true);
    for (size_t i = 0; i < count; i++)
        if (outcomes[i].err || !quiet)
            put_outcome(&w, &outcomes[i]);
    ol_xml_close(&w, "DeleteResult");
    return w.rc;
}
