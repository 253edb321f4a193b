/* SPDX-License-Identifier: MIT */
/*
 * Opening, asking, closing. For a body one GET is sent and its answer paused at its first bytes;
 * for metadata a HEAD. A Range that the service cannot satisfy is not the end: a HEAD tells what
 * there is, and whoever asked decides.
 */
#include "origin/s3/object.h"

#include <stdio.h>

#include "origin/s3/operations.h"
#include "s3/request/range.h"

#define DRAIN_BYTES_MAX (64 * OL_KIB)

static int send_open(ol_s3_object *object, const char *method, ol_slice range, ol_error *err);

/* ---- the end of opening ---- */

static void discard(ol_s3_object *object)
{
    ol_s3_object_let_go(object);
    ol_s3_arena_give(object->at, object->arena);
}

static void refuse(ol_s3_object *object, const ol_error *failed)
{
    ol_error err = *failed;
    ol_object_cb cb = object->cb;
    void *arg = object->arg;
    discard(object);
    cb(arg, &err, NULL);
}

static int check_pin(ol_s3_object *object, const ol_http_answer *answer, ol_error *err)
{
    bool weak;
    ol_slice etag = ol_s3_etag_of(&answer->headers, &weak);
    ol_slice wanted = object->if_match;
    bool any = wanted.len == 0 || ol_slice_eq_cstr(wanted, "*");
    if (!any && !ol_slice_eq(wanted, etag)) /* a service that does not know If-Match */
        return ol_error_set(err, OL_EPRECONDITION, NULL);
    if (!weak && etag.len > 0)
        object->pin = object->fields.items[object->info.header_count].value;
    return OL_OK;
}

static int settle_part(ol_s3_object *object, const ol_s3_extent *extent, ol_error *err)
{
    if (object->part_number == 0)
        return OL_OK;
    if (extent->partial)
        object->info.part = extent->range;
    else if (object->info.part_count == 0 && object->part_number == 1)
        object->info.part = (ol_byte_range){0, extent->size};
    else if (object->info.part_count == 0)
        return ol_error_set(err, OL_ERANGE, "s3 origin: the object has no parts");
    else /* it ignored partNumber */
        return ol_error_say(err, OL_ENOTIMPLEMENTED,
                            "The service that holds the object does not tell where its parts are.");
    return OL_OK;
}

static int read_answer(ol_s3_object *object, const ol_http_answer *answer, ol_error *err)
{
    ol_s3_extent extent;
    int rc = ol_s3_extent_of(answer, &extent, err);
    if (rc == OL_OK)
        rc = ol_s3_info_of(answer, extent.size, object->arena, &object->info,
                           &object->fields, err);
    if (rc == OL_OK)
        rc = check_pin(object, answer, err);
    if (rc == OL_OK)
        rc = settle_part(object, &extent, err);
    object->held_range = extent.range;
    return rc;
}

/* ---- what the call says ---- */

static void on_writable(void *arg)
{
    (void)arg;
}

static void on_answer(void *arg, const ol_http_answer *answer)
{
    ol_s3_object *object = arg;
    ol_error err = {0};
    if (read_answer(object, answer, &err) != OL_OK) {
        refuse(object, &err);
        return;
    }
    ol_object_cb cb = object->cb;
    object->cb = NULL;
    if (!answer->body_follows) { /* HEAD, or nothing in it: the connection goes back by itself */
        ol_s3_call_abandon(object->held);
        object->held = NULL;
    }
    cb(object->arg, NULL, &object->object);
}

static int on_data(void *arg, ol_slice data)
{
    ol_s3_object *object = arg;
    object->held_data = data;
    return OL_WAIT;
}

static void on_done(void *arg, const ol_error *failed)
{
    ol_s3_object *object = arg;
    ol_error err = {0};
    object->held = NULL;
    object->held_data = OL_SLICE_NONE;
    if (!object->cb)
        return; /* opened already: whoever wants the body asks again */
    if (failed->code == OL_ERANGE && object->hinted) {
        object->hinted = false;
        if (send_open(object, "HEAD", OL_SLICE_NONE, &err) == OL_OK)
            return;
        failed = &err;
    }
    refuse(object, failed);
}

static const ol_s3_call_ops open_ops = {
    .on_writable = on_writable,
    .on_answer = on_answer,
    .on_data = on_data,
    .on_done = on_done,
};

/* ---- requests ---- */

typedef struct get_text {
    ol_s3_param params[2];
    ol_header headers[3 + OL_S3_ENCRYPTION_HEADERS_MAX];
    size_t param_count, header_count;
} get_text;

static void add_param(get_text *text, const char *name, ol_slice value)
{
    if (value.len > 0)
        text->params[text->param_count++] = (ol_s3_param){name, value};
}

static void add_header(get_text *text, const char *name, ol_slice value)
{
    if (value.len > 0)
        text->headers[text->header_count++] = (ol_header){ol_slice_cstr(name), value};
}

static int start(const ol_s3_object *object, const char *method, get_text *text, ol_arena *arena,
                 ol_s3_call **call, const ol_s3_call_ops *ops, void *arg, ol_error *err)
{
    for (size_t i = 0; i < object->encryption.count; i++)
        text->headers[text->header_count++] = object->encryption.headers[i];
    const ol_s3_request request = {.method = method,
                                   .bucket = object->bucket,
                                   .key = object->key,
                                   .params = text->params,
                                   .param_count = text->param_count,
                                   .headers = text->headers,
                                   .header_count = text->header_count,
                                   .retry = OL_S3_RETRY_SAFE};
    return ol_s3_call_start(call, object->at, &request, arena, ops, arg, err);
}

static ol_slice quoted(const ol_s3_object *object, ol_slice etag)
{
    if (etag.len == 0)
        return OL_SLICE_NONE;
    bool any = ol_slice_eq_cstr(etag, "*");
    return ol_slice_cstr(
        ol_arena_printf(object->arena, any ? "%.*s" : "\"%.*s\"", OL_SLICE_FMT(etag)));
}

static int send_open(ol_s3_object *object, const char *method, ol_slice range, ol_error *err)
{
    get_text text = {0};
    char *part = NULL;
    if (object->part_number > 0) {
        part = ol_arena_printf(object->arena, "%u", (unsigned)object->part_number);
        if (!part)
            return ol_error_set(err, OL_ENOMEM, "s3 origin: object");
    }
    ol_slice pin = quoted(object, object->if_match);
    if (object->if_match.len > 0 && !pin.data)
        return ol_error_set(err, OL_ENOMEM, "s3 origin: object");
    add_param(&text, "partNumber", ol_slice_cstr(part));
    add_param(&text, "versionId", object->version);
    add_header(&text, "if-match", pin);
    add_header(&text, "range", range);
    if (object->at->origin->checksums)
        add_header(&text, "x-amz-checksum-mode", OL_SLICE_LIT("ENABLED"));
    return start(object, method, &text, object->arena, &object->held, &open_ops, object, err);
}

int ol_s3_object_fetch(const ol_s3_object *object, ol_byte_range range, ol_arena *arena,
                       ol_s3_call **call, const ol_s3_call_ops *ops, void *arg, ol_error *err)
{
    get_text text = {0};
    if (object->pin.len == 0)
        return ol_error_set(err, OL_EORIGIN,
                            "s3 origin: without an ETag an object can be read once only");
    char *bytes = ol_arena_printf(arena, "bytes=%llu-%llu", (unsigned long long)range.start,
                                  (unsigned long long)(range.start + range.length - 1));
    if (!bytes)
        return ol_error_set(err, OL_ENOMEM, "s3 origin: object");
    bool whole = range.start == 0 && range.length == object->info.size;
    add_param(&text, "versionId", object->version);
    add_header(&text, "if-match", object->pin);
    if (!whole)
        add_header(&text, "range", ol_slice_cstr(bytes));
    return start(object, "GET", &text, arena, call, ops, arg, err);
}

int ol_s3_object_check(const ol_s3_object *object, ol_byte_range range,
                       const ol_http_answer *answer, ol_error *err)
{
    ol_s3_extent extent;
    bool weak;
    int rc = ol_s3_extent_of(answer, &extent, err);
    if (rc != OL_OK)
        return rc;
    ol_slice etag = ol_s3_etag_of(&answer->headers, &weak);
    if (weak || !ol_slice_eq(etag, object->info.etag) || extent.size != object->info.size) {
        ol_error changed = {.code = OL_EPRECONDITION};
        ol_s3_object_judge(object, &changed, err);
        return err->code;
    }
    if (extent.range.start != range.start || extent.range.length != range.length)
        return ol_error_set(err, OL_EORIGIN, "origin %s: another range than was asked for",
                            object->at->origin->options.name);
    return OL_OK;
}

void ol_s3_object_judge(const ol_s3_object *object, const ol_error *failed, ol_error *err)
{
    if (!failed) {
        ol_error_set(err, OL_EORIGIN, "s3 origin: fewer bytes than announced");
        return;
    }
    bool gone = failed->code == OL_EPRECONDITION || failed->code == OL_ENOSUCHKEY ||
                failed->code == OL_ENOSUCHVERSION || failed->code == OL_ERANGE;
    if (!gone) {
        *err = *failed;
        return;
    }
    ol_error_say(err, OL_EORIGIN, "The original changed while it was read. Please try again.");
    snprintf(err->detail, sizeof err->detail, "origin %s: %.200s", object->at->origin->options.name,
             failed->detail[0] ? failed->detail : "another ETag or size than before");
}

/* ---- the operations ---- */

static ol_s3_object *object_new(ol_s3_attachment *at, const ol_object_ref *ref, ol_error *err)
{
    ol_arena *arena = ol_s3_arena_take(at, err);
    if (!arena)
        return NULL;
    ol_s3_object *object = ol_arena_calloc(arena, sizeof *object);
    if (object) {
        object->object.origin = &at->origin->base;
        object->at = at;
        object->arena = arena;
        object->part_number = ref->part_number;
        object->bucket = ol_arena_copy(arena, ref->bucket);
        object->key = ol_arena_copy(arena, ref->key);
        object->version = ol_arena_copy(arena, ref->version);
        object->if_match = ol_arena_copy(arena, ref->if_match);
    }
    if (!object || !object->bucket.data || !object->key.data || !object->version.data ||
        !object->if_match.data) {
        ol_s3_arena_give(at, arena);
        ol_error_set(err, OL_ENOMEM, "s3 origin: object");
        return NULL;
    }
    object->info.key = object->key;
    return object;
}

int ol_s3_open(ol_origin *o, ol_loop *loop, const ol_object_ref *ref, ol_object **out,
               ol_object_cb cb, void *arg, ol_error *err)
{
    ol_range_spec spec;
    *out = NULL;
    ol_s3_attachment *at = ol_s3_attachment_of(ol_s3_origin_of(o), loop, err);
    ol_s3_object *object = at ? object_new(at, ref, err) : NULL;
    if (!object)
        return err->code;
    object->cb = cb;
    object->arg = arg;
    int rc = ol_s3_encryption_of_key(at->origin, ref->customer_key, false, object->arena,
                                     &object->encryption, err);
    if (rc != OL_OK) {
        discard(object);
        return rc;
    }
    bool body = ref->open_for == OL_OPEN_FOR_BODY;
    object->hinted = body && ref->part_number == 0 && ref->range_hint.len > 0 &&
                     ol_s3_range_spec(ref->range_hint, &spec) == OL_OK;
    ol_slice range = object->hinted ? ol_arena_copy(object->arena, ref->range_hint) : OL_SLICE_NONE;
    rc = send_open(object, body ? "GET" : "HEAD", range, err);
    if (rc == OL_OK)
        return OL_WAIT;
    discard(object);
    return rc;
}

const ol_object_info *ol_s3_info(const ol_object *object)
{
    return &((const ol_s3_object *)object)->info;
}

/* The rest of a short answer is read and dropped, which keeps the connection. */
static void on_nothing(void *arg, const ol_http_answer *answer)
{
    (void)arg;
    (void)answer;
}

static int on_drained(void *arg, ol_slice data)
{
    (void)arg;
    (void)data;
    return OL_OK;
}

static void on_over(void *arg, const ol_error *err)
{
    (void)arg;
    (void)err;
}

static const ol_s3_call_ops drain_ops = {
    .on_writable = on_writable,
    .on_answer = on_nothing,
    .on_data = on_drained,
    .on_done = on_over,
};

void ol_s3_object_let_go(ol_s3_object *object)
{
    ol_s3_call *held = object->held;
    object->held = NULL;
    object->held_data = OL_SLICE_NONE;
    if (!held)
        return;
    if (object->cb || object->held_range.length > DRAIN_BYTES_MAX) {
        ol_s3_call_abort(held);
        return;
    }
    ol_s3_call_hand_over(held, &drain_ops, NULL);
    ol_s3_call_resume(held);
}

void ol_s3_close_object(ol_object *o)
{
    if (!o)
        return;
    ol_s3_object *object = ol_s3_object_of(o);
    ol_s3_drop_reads(o);
    ol_s3_window_free(object);
    discard(object);
}
