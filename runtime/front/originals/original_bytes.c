/* SPDX-License-Identifier: MIT */
/*
 * What opening needs to see: the body's first bytes, its last ones, an instruction file. Each reading
 * ends in `next`, or in a failure.
 */
#include "base/alloc.h"
#include "front/originals/original_private.h"
#include "front/request/authorize.h"

typedef ol_original_opening opening;

static bool make_opened(opening *self)
{
    ol_error err = {0};
    if (self->opened || (self->opened = ol_opened_new()))
        return true;
    ol_error_set(&err, OL_ENOMEM, "opening an original");
    ol_original_fail(self, &err);
    return false;
}

/* ---- the first bytes ---- */

static void take_first(opening *self, const ol_error *err, size_t got)
{
    if (err) {
        ol_original_fail(self, err);
        return;
    }
    if (ol_original_is_over(self))
        return;
    self->first_have += got;
    if (got == 0 || self->first_have >= self->first_want)
        self->next(self);
    else
        ol_original_read_first(self);
}

static void on_first(void *arg, const ol_error *err, size_t got)
{
    take_first(arg, err, got);
}

static bool make_room(opening *self)
{
    if (self->first_room >= self->first_want)
        return true;
    uint8_t *room = ol_realloc(self->first, self->first_want);
    if (!room)
        return false;
    self->first = room;
    self->first_room = self->first_want;
    return true;
}

void ol_original_read_first(opening *self)
{
    ol_error err = {0};
    uint64_t size = self->info->size;
    size_t got = 0;
    if (self->first_want > size)
        self->first_want = (size_t)size;
    if (self->first_have >= self->first_want) {
        self->next(self);
        return;
    }
    if (!make_room(self)) {
        ol_error_set(&err, OL_ENOMEM, "opening an original");
        ol_original_fail(self, &err);
        return;
    }
    ol_span rest = {self->first + self->first_have, self->first_want - self->first_have};
    int rc = self->object->origin->ops->read_at(self->object, self->first_have, rest, &got, on_first,
                                                self, &err);
    if (rc != OL_WAIT)
        take_first(self, rc == OL_OK ? NULL : &err, got);
}

/* ---- the header of a format that has one in its body ---- */

static void more_header(opening *self)
{
    ol_error err = {0};
    size_t want = 0;
    ol_slice first = ol_slice_of(self->first, self->first_have);
    int rc = ol_sealed_header_bytes(self->format, first, &want, &err);
    if (rc < 0) {
        ol_original_fail(self, &err);
    } else if (want > OL_ORIGINAL_HEADER_BYTES_MAX) {
        ol_original_refuse(self, "its header is too long");
    } else if (want <= self->first_have || self->first_have == self->info->size) {
        ol_original_find_key(self);
    } else {
        self->first_want = want;
        ol_original_read_first(self);
    }
}

void ol_original_read_header(opening *self)
{
    self->next = more_header;
    more_header(self);
}

/* ---- the last bytes ---- */

static void take_tail(opening *self, const ol_error *err, size_t got)
{
    if (err)
        ol_original_fail(self, err);
    else if (got != self->first_want)
        ol_original_refuse(self, "the body is shorter than it says");
    else if (!ol_original_is_over(self))
        self->next(self);
}

static void on_tail(void *arg, const ol_error *err, size_t got)
{
    take_tail(arg, err, got);
}

void ol_original_read_tail(opening *self, size_t len)
{
    ol_error err = {0};
    size_t got = 0;
    self->first_want = len;
    int rc = self->object->origin->ops->read_at(self->object, self->info->size - len,
                                                (ol_span){self->tail, len}, &got, on_tail, self,
                                                &err);
    if (rc != OL_WAIT)
        take_tail(self, rc == OL_OK ? NULL : &err, got);
}

/* ---- the instruction file ---- */

static void end_file(opening *self)
{
    self->file->origin->ops->close_object(self->file);
    self->file = NULL;
}

static void take_file(opening *self, const ol_error *err, size_t got)
{
    if (err) {
        ol_original_fail(self, err);
        return;
    }
    if (ol_original_is_over(self))
        return;
    self->instruction = ol_slice_of(self->file_bytes, got);
    end_file(self);
    self->next(self);
}

static void on_file_bytes(void *arg, const ol_error *err, size_t got)
{
    take_file(arg, err, got);
}

static void read_file(opening *self)
{
    ol_error err = {0};
    size_t got = 0;
    uint64_t size = self->file->origin->ops->info(self->file)->size;
    if (size == 0 || size > OL_INSTRUCTION_BYTES_MAX) {
        ol_original_refuse(self, "the instruction file is empty or too long");
        return;
    }
    self->file_bytes = ol_arena_alloc(self->opened->arena, (size_t)size);
    if (!self->file_bytes) {
        ol_error_set(&err, OL_ENOMEM, "opening an original");
        ol_original_fail(self, &err);
        return;
    }
    int rc = self->file->origin->ops->read_at(self->file, 0,
                                              (ol_span){self->file_bytes, (size_t)size}, &got,
                                              on_file_bytes, self, &err);
    if (rc != OL_WAIT)
        take_file(self, rc == OL_OK ? NULL : &err, got);
}

static void on_file(void *arg, const ol_error *err, ol_object *file)
{
    opening *self = arg;
    self->file = file;
    if (err && err->code == OL_ENOSUCHKEY)
        self->next(self); /* `instruction` is empty: there is none */
    else if (err)
        ol_original_fail(self, err);
    else if (!ol_original_is_over(self))
        read_file(self);
}

/* Of the same bucket, beside the object; the current version, for it has none of its own. */
void ol_original_read_instruction(opening *self)
{
    ol_request *request = self->request;
    ol_error err = {0};
    ol_object *file = NULL;
    if (!make_opened(self))
        return;
    char *key = ol_arena_printf(self->arena, "%.*s%.*s", OL_SLICE_FMT(self->ref.key),
                                OL_SLICE_FMT(self->rule->rules.instruction_suffix));
    if (!key) {
        ol_error_set(&err, OL_ENOMEM, "opening an original");
        ol_original_fail(self, &err);
        return;
    }
    /* Who may not read the file has nothing decrypted by it. */
    const ol_authorize_ask ask = {
        .action = "GetObject", .key = ol_slice_cstr(key), .view = true};
    if (ol_authorize_beside(request, &ask, &err) != OL_OK) {
        ol_original_fail(self, &err);
        return;
    }
    const ol_object_ref ref = {.bucket = self->ref.bucket,
                               .key = ol_slice_cstr(key),
                               .open_for = OL_OPEN_FOR_INFO,
                               .key_user = self->ref.key_user};
    ol_origin *origin = request->target.origin;
    int rc = origin->ops->open(origin, request->worker->loop, &ref, &file, on_file, self, &err);
    if (rc != OL_WAIT)
        on_file(self, rc == OL_OK ? NULL : &err, file);
}
