/* SPDX-License-Identifier: MIT */
#include "base/alloc.h"
#include "front/originals/unsealed_private.h"

static const ol_origin unsealed_origin;

static ol_unsealed *of(const ol_object *object)
{
    return (ol_unsealed *)(uintptr_t)object;
}

bool ol_unsealed_hides(ol_slice name)
{
    static const char *const of_bytes[] = {"content-md5", "x-amz-meta-md5chksum",
                                           "x-amz-mp-parts-count", "x-amz-checksum-type"};
    ol_slice checksum = OL_SLICE_LIT("x-amz-checksum-");
    if (ol_sealed_is_private_header(name) ||
        ol_slice_ieq(ol_slice_first(name, checksum.len), checksum))
        return true;
    for (size_t i = 0; i < sizeof(of_bytes) / sizeof(of_bytes[0]); i++)
        if (ol_slice_ieq(name, ol_slice_cstr(of_bytes[i])))
            return true;
    return false;
}

/* ---- the object's own operations ---- */

static const ol_object_info *info(const ol_object *object)
{
    return &of(object)->info;
}

void ol_unsealed_free(ol_unsealed *self)
{
    if (self->sealed)
        self->sealed->origin->ops->close_object(self->sealed);
    ol_opened_release(self->opened);
    ol_segments_release(self->segments);
    ol_arena_destroy(self->arena);
    ol_free(self);
}

static void close_object(ol_object *object)
{
    ol_unsealed *self = of(object);
    ol_unsealed_drop_reads(object);
    ol_unsealed_pass_end(self);
    ol_unsealed_kept_fini(&self->kept);
    self->closed = true;
    if (!self->notifying)
        ol_unsealed_free(self);
}

static const ol_origin_ops unsealed_ops = {
    .name = "unsealed",
    .body = ol_unsealed_body,
    .read_at = ol_unsealed_read_at,
    .info = info,
    .drop_reads = ol_unsealed_drop_reads,
    .close_object = close_object,
};

static const ol_origin unsealed_origin = {.ops = &unsealed_ops};

const uint8_t *ol_unsealed_digest(const ol_object *object)
{
    return object->origin == &unsealed_origin ? of(object)->note.digest : NULL;
}

/* ---- making one ---- */

static bool copy_info(ol_unsealed *self)
{
    const ol_object_info *from = self->sealed->origin->ops->info(self->sealed);
    ol_header *headers = ol_arena_calloc(self->arena, (from->header_count + 1) * sizeof(*headers));
    self->info = *from; /* its slices live as long as the sealed object */
    self->info.headers = headers;
    self->info.header_count = 0;
    self->info.checksum = (ol_object_checksum){.composite = false};
    self->info.part_count = 0;
    self->info.part = (ol_byte_range){0};
    for (size_t i = 0; headers && i < from->header_count; i++)
        if (!ol_unsealed_hides(from->headers[i].name))
            headers[self->info.header_count++] = from->headers[i];
    return headers != NULL;
}

static void take_known_size(ol_unsealed *self)
{
    uint64_t size = ol_sealed_plain_size(self->opened->sealed);
    if (size == UINT64_MAX && self->note.verified)
        size = self->note.plain_size;
    self->settled = size != UINT64_MAX;
    self->info.size = self->settled ? size : 0;
}

int ol_unsealed_new(ol_object **object, const ol_unsealed_make *make, ol_error *err)
{
    ol_unsealed *self = ol_calloc(1, sizeof(*self));
    ol_arena *arena = self ? ol_arena_new(OL_UNSEALED_ARENA_BYTES_MAX) : NULL;
    if (!arena) {
        ol_free(self);
        return ol_error_set(err, OL_ENOMEM, "opened original");
    }
    *self = (ol_unsealed){.base.origin = (ol_origin *)(uintptr_t)&unsealed_origin,
                          .loop = make->loop,
                          .sealed = make->sealed,
                          .opened = make->opened,
                          .rule = make->rule,
                          .book = make->book,
                          .note = make->note,
                          .keeps_opened = make->keeps_opened,
                          .arena = arena,
                          .object_bytes_max = make->object_bytes_max,
                          .verify_bytes_max = make->verify_bytes_max,
                          .spool = make->rule->unverified == OL_UNVERIFIED_SPOOL ? make->spool
                                                                                 : NULL,
                          .verified = make->note.verified};
    self->note.opened = NULL;
    self->note.segments = NULL;
    if (!copy_info(self)) {
        ol_arena_destroy(arena);
        ol_free(self);
        return ol_error_set(err, OL_ENOMEM, "opened original");
    }
    self->segments = ol_segments_acquire(make->note.segments);
    take_known_size(self);
    *object = &self->base;
    return OL_OK;
}

int ol_unsealed_settle(ol_object *object, const bool *gone, ol_done_cb cb, void *arg, ol_error *err)
{
    ol_unsealed *self = of(object);
    if (self->settled)
        return OL_OK;
    self->gone = gone;
    self->settle_wait = (ol_unsealed_wait){.cb = cb, .arg = arg};
    return ol_unsealed_ready(self, true, &self->settle_wait, err);
}
