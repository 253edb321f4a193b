/* SPDX-License-Identifier: MIT */
#include "base/alloc.h"
#include "front/originals/guarded.h"
#include "front/originals/original_private.h"

#define FORMATS_IN_BODY                                                                            \
    (OL_SEALED_AWS_SDK | OL_SEALED_RCLONE | OL_SEALED_AGE | OL_SEALED_PGP | OL_SEALED_OPENSSL)

typedef ol_original_opening opening;

const ol_client_encryption *ol_original_rule(const ol_request *request)
{
    const ol_target *target = &request->target;
    const ol_config *config = request->generation->config;
    const ol_client_encryption *rule = target->olap ? target->olap->options.client_encryption : NULL;
    if (!rule && target->rule)
        rule = target->rule->client_encryption;
    if (!rule && target->rule && target->rule->origin < config->origin_count)
        rule = config->origins[target->rule->origin].client_encryption;
    if (!rule)
        rule = config->client_encryption;
    return rule ? rule : &ol_client_encryption_none;
}

/* ---- the ends ---- */

static void close_all(opening *self)
{
    if (self->object)
        self->object->origin->ops->close_object(self->object);
    if (self->file)
        self->file->origin->ops->close_object(self->file);
    ol_opened_release(self->opened);
    ol_opened_release(self->best);
    ol_segments_release(self->note.segments);
    self->note.segments = NULL;
    ol_free(self->first);
    self->object = self->file = NULL;
    self->opened = self->best = NULL;
    self->first = NULL;
}

void ol_original_fail(opening *self, const ol_error *err)
{
    const ol_error copy = *err;
    close_all(self);
    self->cb(self->arg, &copy, NULL);
}

void ol_original_refuse(opening *self, const char *why)
{
    ol_error err = ol_error_none();
    ol_error_set(&err, OL_EDECRYPT, "%s", why);
    ol_original_fail(self, &err);
}

bool ol_original_is_over(opening *self)
{
    ol_error err = ol_error_none();
    if (!self->request->gone)
        return false;
    ol_error_set(&err, OL_EPEER, "the client left before the end");
    ol_original_fail(self, &err);
    return true;
}

static void give(opening *self)
{
    ol_object *object = self->object;
    self->object = NULL;
    close_all(self);
    self->cb(self->arg, NULL, object);
}

/* Nobody saw its first bytes. */
static void give_guarded(opening *self)
{
    ol_error err = ol_error_none();
    int rc = ol_guarded_new(&self->object, self->object, &self->ref,
                            self->request->worker->shared->opened_book, &err);
    if (rc == OL_OK)
        give(self);
    else
        ol_original_fail(self, &err);
}

static void as_plain(opening *self)
{
    if (self->rule->refuses_plain)
        ol_original_refuse(self, "it is not encrypted, and the rule refuses that");
    else if (self->seen || self->rule->passes_sealed)
        give(self);
    else
        give_guarded(self);
}

static void not_allowed(opening *self)
{
    if (self->rule->passes_sealed)
        give(self);
    else
        ol_original_refuse(self, "it is encrypted, and no rule allows its format");
}

static void on_settled(void *arg, const ol_error *err)
{
    opening *self = arg;
    if (err)
        ol_original_fail(self, err);
    else if (!ol_original_is_over(self))
        give(self);
}

void ol_original_opened(opening *self)
{
    const ol_config *config = self->request->generation->config;
    const ol_shared *shared = self->request->worker->shared;
    ol_unsealed_make make = {.loop = self->request->worker->loop,
                             .sealed = self->object,
                             .opened = self->opened,
                             .rule = self->rule,
                             .book = shared->opened_book,
                             .note = self->note,
                             .keeps_opened = !self->by_kms,
                             .spool = shared->spool,
                             .object_bytes_max = config->spool.object_bytes,
                             .verify_bytes_max = config->limits.verify_bytes_max};
    ol_object *object = NULL;
    ol_error err = ol_error_none();
    int rc = ol_unsealed_new(&object, &make, &err);
    if (rc == OL_OK) {
        self->object = object;
        self->opened = NULL;
        rc = ol_unsealed_settle(object, &self->request->gone, on_settled, self, &err);
    }
    if (rc == OL_OK)
        give(self);
    else if (rc < 0)
        ol_original_fail(self, &err);
}

/* ---- which format ---- */

static bool is_instruction_file(const opening *self)
{
    ol_slice suffix = self->rule->rules.instruction_suffix;
    if (!self->rule->instruction_files)
        return false;
    for (size_t i = 0; i < self->info->header_count; i++)
        if (ol_slice_ieq(self->info->headers[i].name,
                         OL_SLICE_LIT("x-amz-meta-x-amz-crypto-instr-file")))
            return true;
    return ol_slice_ends(self->ref.key, suffix);
}

static bool is_allowed(const opening *self)
{
    return self->rule->rules.formats & (unsigned)self->format;
}

static void on_instruction(opening *self)
{
    if (self->format != OL_SEALED_NONE)
        ol_original_find_key(self);
    else if (self->instruction.len == 0)
        as_plain(self);
    else
        ol_original_find_key(self); /* the file says which format it is */
}

static void on_header(opening *self)
{
    ol_original_find_key(self);
}

static void no_format(opening *self)
{
    self->next = on_instruction;
    if (self->rule->instruction_files)
        ol_original_read_instruction(self);
    else
        as_plain(self);
}

static void on_first(opening *self)
{
    ol_slice first = ol_slice_of(self->first, self->first_have);
    self->seen = true;
    self->format = ol_sealed_recognise_bytes(first);
    if (!is_allowed(self))
        self->format = ol_guarded_recognise(self->info, first);
    self->next = on_header;
    if (self->format == OL_SEALED_NONE)
        no_format(self);
    else if (is_allowed(self))
        ol_original_read_header(self);
    else
        not_allowed(self);
}

static void by_metadata(opening *self, bool needs_instruction)
{
    self->next = on_instruction;
    if (!is_allowed(self))
        not_allowed(self);
    else if (!needs_instruction)
        ol_original_find_key(self);
    else if (self->rule->instruction_files)
        ol_original_read_instruction(self);
    else
        ol_original_refuse(self, "it needs an instruction file, and the rule allows none");
}

static void look(opening *self)
{
    ol_error err = ol_error_none();
    bool needs_instruction = false;
    int rc = ol_sealed_recognise(self->info->headers, self->info->header_count, &self->format,
                                 &needs_instruction, &err);
    if (rc != OL_OK) {
        ol_original_fail(self, &err);
    } else if (is_instruction_file(self)) {
        ol_error_set(&err, OL_ENOSUCHKEY, "an instruction file");
        ol_original_fail(self, &err);
    } else if (self->format != OL_SEALED_NONE) {
        by_metadata(self, needs_instruction);
    } else if (self->rule->rules.formats & FORMATS_IN_BODY) {
        self->first_want = OL_SEALED_PEEK_BYTES;
        self->next = on_first;
        ol_original_read_first(self);
    } else {
        no_format(self);
    }
}

/* ---- opening ---- */

static void on_object(void *arg, const ol_error *open_err, ol_object *object)
{
    opening *self = arg;
    if (open_err) {
        self->cb(self->arg, open_err, NULL);
        return;
    }
    self->object = object;
    self->info = object->origin->ops->info(object);
    look(self);
}

void ol_original_open(ol_request *request, ol_arena *arena, const ol_object_ref *ref,
                      ol_object_cb cb, void *arg)
{
    ol_error err = ol_error_none();
    ol_origin *origin = request->target.origin;
    ol_object *object = NULL;
    opening *self = ol_arena_alloc(arena, sizeof(*self));
    if (!self) {
        ol_error_set(&err, OL_ENOMEM, "opening an original");
        cb(arg, &err, NULL);
        return;
    }
    *self = (opening){.request = request,
                      .arena = arena,
                      .rule = ol_original_rule(request),
                      .ref = *ref,
                      .cb = cb,
                      .arg = arg};
    int rc = origin->ops->open(origin, request->worker->loop, ref, &object, on_object, self, &err);
    if (rc == OL_OK)
        on_object(self, NULL, object);
    else if (rc < 0)
        cb(arg, &err, NULL);
}
