/* SPDX-License-Identifier: MIT */
#include "front/originals/guarded.h"

#include "base/alloc.h"
#include "crypto/formats/pgp_packets.h"
#include "s3/sigv4/hmac.h"

#define NAME_KIND "plain"
#define NAME_ITEMS 4

/* A read_at that waits for the look. */
typedef struct waiting_read {
    ol_guarded_wait wait;
    ol_guarded *object;
    uint64_t offset;
    ol_span span;
    ol_read_cb cb;
    void *arg;
    struct waiting_read *next, **back;
} waiting_read;

struct ol_guarded {
    ol_object base; /* first */
    ol_object *original;
    ol_opened_book *book;
    ol_guarded_wait *waits;
    waiting_read *reads;
    bool plain, looking, telling, closed;
    uint8_t first[OL_SEALED_PEEK_BYTES];
    size_t name_len;
    uint8_t name[];
};

static const ol_origin guarded_origin;

ol_guarded *ol_guarded_of(const ol_object *object)
{
    return object->origin == &guarded_origin ? (ol_guarded *)(uintptr_t)object : NULL;
}

static const ol_object_info *info(const ol_object *object)
{
    const ol_object *original = ol_guarded_of(object)->original;
    return original->origin->ops->info(original);
}

/* ---- what is seen ---- */

static bool says_pgp(const ol_object_info *about)
{
    for (size_t i = 0; i < about->header_count; i++)
        if (ol_slice_ieq(about->headers[i].name, OL_SLICE_LIT("x-amz-meta-s3tools-gpgenc")))
            return true;
    return false;
}

enum ol_sealed_format ol_guarded_recognise(const ol_object_info *about, ol_slice first)
{
    enum ol_sealed_format format = ol_sealed_recognise_bytes(first);
    bool may_be_other = format == OL_SEALED_PGP && !ol_pgp_is_text(first) && !says_pgp(about);
    return may_be_other ? OL_SEALED_NONE : format;
}

int ol_guarded_judge(const ol_guarded *self, ol_slice first, ol_error *err)
{
    if (ol_guarded_recognise(info(&self->base), first) == OL_SEALED_NONE)
        return OL_OK;
    return ol_error_set(err, OL_EDECRYPT, "it is encrypted, and no rule allows its format");
}

size_t ol_guarded_first_bytes(const ol_guarded *self)
{
    uint64_t size = info(&self->base)->size;
    return size < OL_SEALED_PEEK_BYTES ? (size_t)size : OL_SEALED_PEEK_BYTES;
}

void ol_guarded_saw(ol_guarded *self)
{
    self->plain = true;
}

/* ---- what is remembered ---- */

static void make_note(const ol_guarded *self, ol_opened_note *note)
{
    *note = (ol_opened_note){.verified = true};
    ol_sha256_of(ol_slice_of(self->name, self->name_len), note->digest);
}

static bool is_known(ol_guarded *self)
{
    ol_opened_note note;
    make_note(self, &note);
    self->plain = ol_opened_book_find(self->book, &note);
    return self->plain;
}

static void remember(const ol_guarded *self)
{
    ol_opened_note note;
    make_note(self, &note);
    ol_opened_book_put(self->book, &note);
}

/* ---- looking ---- */

static int judge(ol_guarded *self, size_t got, ol_error *err)
{
    if (got < ol_guarded_first_bytes(self))
        return ol_error_set(err, OL_EDECRYPT, "the body is shorter than it says");
    int rc = ol_guarded_judge(self, ol_slice_of(self->first, got), err);
    self->plain = rc == OL_OK;
    if (self->plain)
        remember(self);
    return rc;
}

/* Whoever is told may close the object. */
static void tell(ol_guarded *self, const ol_error *err)
{
    self->telling = true;
    for (ol_guarded_wait *wait; !self->closed && (wait = self->waits) != NULL;) {
        ol_guarded_wait_cancel(wait);
        wait->cb(wait->arg, err);
    }
    self->telling = false;
    if (self->closed)
        ol_free(self);
}

static void on_first(void *arg, const ol_error *read_err, size_t got)
{
    ol_guarded *self = arg;
    ol_error err = {0};
    int rc;
    self->looking = false;
    if (read_err) {
        err = *read_err;
        rc = err.code;
    } else {
        rc = judge(self, got, &err);
    }
    tell(self, rc == OL_OK ? NULL : &err);
}

static int start_look(ol_guarded *self, ol_error *err)
{
    const ol_span span = {self->first, ol_guarded_first_bytes(self)};
    size_t got = 0;
    if (is_known(self) || span.len == 0)
        return OL_OK;
    int rc = self->original->origin->ops->read_at(self->original, 0, span, &got, on_first, self, err);
    self->looking = rc == OL_WAIT;
    return rc == OL_OK ? judge(self, got, err) : rc;
}

int ol_guarded_look(ol_guarded *self, ol_guarded_wait *wait, ol_error *err)
{
    if (self->plain)
        return OL_OK;
    int rc = self->looking ? OL_WAIT : start_look(self, err);
    if (rc != OL_WAIT)
        return rc;
    wait->next = self->waits;
    wait->back = &self->waits;
    if (wait->next)
        wait->next->back = &wait->next;
    self->waits = wait;
    return OL_WAIT;
}

void ol_guarded_wait_cancel(ol_guarded_wait *wait)
{
    if (!wait->back)
        return;
    *wait->back = wait->next;
    if (wait->next)
        wait->next->back = wait->back;
    wait->next = NULL;
    wait->back = NULL;
}

/* ---- read_at ---- */

static int read_original(ol_guarded *self, uint64_t offset, ol_span span, size_t *got,
                         ol_read_cb cb, void *arg, ol_error *err)
{
    return self->original->origin->ops->read_at(self->original, offset, span, got, cb, arg, err);
}

static void end_read(waiting_read *read)
{
    ol_guarded_wait_cancel(&read->wait);
    *read->back = read->next;
    if (read->next)
        read->next->back = read->back;
    ol_free(read);
}

static void on_looked(void *arg, const ol_error *look_err)
{
    const waiting_read read = *(waiting_read *)arg;
    ol_error err = {0};
    size_t got = 0;
    end_read(arg);
    if (look_err) {
        read.cb(read.arg, look_err, 0);
        return;
    }
    int rc = read_original(read.object, read.offset, read.span, &got, read.cb, read.arg, &err);
    if (rc == OL_OK)
        read.cb(read.arg, NULL, got);
    else if (rc < 0)
        read.cb(read.arg, &err, 0);
}

static int read_at(ol_object *object, uint64_t offset, ol_span span, size_t *got, ol_read_cb cb,
                   void *arg, ol_error *err)
{
    ol_guarded *self = ol_guarded_of(object);
    if (self->plain)
        return read_original(self, offset, span, got, cb, arg, err);
    waiting_read *read = ol_calloc(1, sizeof(*read));
    if (!read)
        return ol_error_set(err, OL_ENOMEM, "read_at");
    *read = (waiting_read){
        .object = self, .offset = offset, .span = span, .cb = cb, .arg = arg};
    read->wait = (ol_guarded_wait){.cb = on_looked, .arg = read};
    int rc = ol_guarded_look(self, &read->wait, err);
    if (rc != OL_WAIT) {
        ol_free(read);
        return rc == OL_OK ? read_original(self, offset, span, got, cb, arg, err) : rc;
    }
    read->next = self->reads;
    read->back = &self->reads;
    if (read->next)
        read->next->back = &read->next;
    self->reads = read;
    return OL_WAIT;
}

/* ---- the other operations ---- */

static int body(ol_object *object, ol_byte_range range, ol_arena *arena, const ol_stage_ops **ops,
                const void **config)
{
    ol_object *original = ol_guarded_of(object)->original;
    return original->origin->ops->body(original, range, arena, ops, config);
}

/* The look is one of the original's reads. Nobody waits for it but reads: a pipeline over the object is
 * closed before this is called. */
static void drop_reads(ol_object *object)
{
    ol_guarded *self = ol_guarded_of(object);
    while (self->reads)
        end_read(self->reads);
    self->original->origin->ops->drop_reads(self->original);
    self->looking = false;
}

static void close_object(ol_object *object)
{
    ol_guarded *self = ol_guarded_of(object);
    while (self->reads)
        end_read(self->reads);
    while (self->waits)
        ol_guarded_wait_cancel(self->waits);
    self->original->origin->ops->close_object(self->original);
    self->closed = true;
    if (!self->telling)
        ol_free(self);
}

static const ol_origin_ops guarded_ops = {
    .name = "guarded",
    .body = body,
    .read_at = read_at,
    .info = info,
    .drop_reads = drop_reads,
    .close_object = close_object,
};

static const ol_origin guarded_origin = {.ops = &guarded_ops};

/* ---- making one ---- */

/* Items carry their length, so that no two lists of items give the same name. Bytes as they lie in
 * memory: the name is hashed at once and goes nowhere. */
static void add_item(ol_buf *name, ol_slice item)
{
    ol_buf_add(name, ol_slice_of(&item.len, sizeof(item.len)));
    ol_buf_add(name, item);
}

/* What the book knows it by, before it is hashed: bucket, key, version, ETag, size and date. */
static void write_name(ol_buf *name, const ol_slice items[NAME_ITEMS], const ol_object_info *about)
{
    ol_buf_add(name, OL_SLICE_LIT(NAME_KIND));
    for (size_t i = 0; i < NAME_ITEMS; i++)
        add_item(name, items[i]);
    ol_buf_add(name, ol_slice_of(&about->size, sizeof(about->size)));
    ol_buf_add(name, ol_slice_of(&about->last_modified_ms, sizeof(about->last_modified_ms)));
}

static size_t name_bytes(const ol_slice items[NAME_ITEMS], const ol_object_info *about)
{
    size_t bytes = sizeof(NAME_KIND) + sizeof(about->size) + sizeof(about->last_modified_ms);
    for (size_t i = 0; i < NAME_ITEMS; i++)
        bytes += sizeof(items[i].len) + items[i].len;
    return bytes;
}

int ol_guarded_new(ol_object **object, ol_object *original, const ol_object_ref *ref,
                   ol_opened_book *book, ol_error *err)
{
    const ol_object_info *about = original->origin->ops->info(original);
    const ol_slice items[NAME_ITEMS] = {ref->bucket, ref->key, ref->version, about->etag};
    size_t room = name_bytes(items, about);
    ol_buf name;
    ol_guarded *self = ol_malloc(sizeof(*self) + room);
    if (!self)
        return ol_error_set(err, OL_ENOMEM, "guarded original");
    memset(self, 0, sizeof(*self));
    self->base.origin = (ol_origin *)(uintptr_t)&guarded_origin;
    self->original = original;
    self->book = about->etag.len > 0 ? book : NULL;
    ol_buf_init_fixed(&name, self->name, room);
    write_name(&name, items, about);
    self->name_len = name.len;
    *object = &self->base;
    return OL_OK;
}
