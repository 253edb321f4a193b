/* SPDX-License-Identifier: MIT */
#include "front/originals/segments.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "crypto/keys/secret.h"

#define KEY_BYTES 32u
#define TAG_BYTES 16u
#define NONCE_BYTES 12u
#define SEGMENT_BYTES_MIN (64u * OL_KIB)
#define SEGMENT_BYTES_MAX (1u * OL_MIB)
#define COUNT_WANTED 4096u

typedef struct tag {
    uint8_t bytes[TAG_BYTES];
} tag;

struct ol_segments {
    int references; /* atomic */
    uint8_t *key;   /* secret memory */
    size_t segment_bytes;
    uint64_t size; /* of the plaintext so far */
    tag *tags;
    size_t count, room;
    EVP_CIPHER_CTX *ctx; /* while it is being made: of the segment at hand */
};

/* ---- one digest ---- */

static bool start_digest(EVP_CIPHER_CTX *ctx, const ol_segments *of, uint64_t index)
{
    uint8_t nonce[NONCE_BYTES] = {0};
    for (int i = 0; i < 8; i++)
        nonce[NONCE_BYTES - 1 - i] = (uint8_t)(index >> (8 * i));
    return EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, of->key, nonce) == 1;
}

static bool add_digest(EVP_CIPHER_CTX *ctx, ol_slice bytes)
{
    int unused;
    return bytes.len == 0 ||
           EVP_EncryptUpdate(ctx, NULL, &unused, bytes.data, (int)bytes.len) == 1;
}

static bool end_digest(EVP_CIPHER_CTX *ctx, tag *out)
{
    uint8_t unused[TAG_BYTES];
    int len;
    return EVP_EncryptFinal_ex(ctx, unused, &len) == 1 &&
           EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES, out->bytes) == 1;
}

/* ---- the table ---- */

static size_t segment_bytes_for(uint64_t size)
{
    size_t bytes = SEGMENT_BYTES_MIN;
    while (bytes < SEGMENT_BYTES_MAX && size / bytes >= COUNT_WANTED)
        bytes *= 2;
    return bytes;
}

ol_segments *ol_segments_new(uint64_t size)
{
    ol_segments *self = ol_calloc(1, sizeof(*self));
    if (!self)
        return NULL;
    *self = (ol_segments){.references = 1, .segment_bytes = segment_bytes_for(size)};
    self->key = ol_secret_alloc(KEY_BYTES);
    self->ctx = EVP_CIPHER_CTX_new();
    if (self->key && self->ctx && RAND_priv_bytes(self->key, KEY_BYTES) == 1)
        return self;
    ol_segments_release(self);
    return NULL;
}

ol_segments *ol_segments_acquire(ol_segments *segments)
{
    if (segments)
        __atomic_add_fetch(&segments->references, 1, __ATOMIC_RELAXED);
    return segments;
}

void ol_segments_release(ol_segments *segments)
{
    if (!segments || __atomic_sub_fetch(&segments->references, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    EVP_CIPHER_CTX_free(segments->ctx);
    ol_secret_free(segments->key, KEY_BYTES);
    if (segments->tags)
        ol_wipe(segments->tags, segments->room * sizeof(tag));
    ol_free(segments->tags);
    ol_free(segments);
}

static int make_room(ol_segments *self)
{
    if (self->count < self->room)
        return OL_OK;
    if (self->count == OL_SEGMENTS_MAX)
        return OL_ELIMIT;
    size_t room = self->room ? self->room * 2 : 16;
    tag *tags = ol_realloc(self->tags, room * sizeof(tag));
    if (!tags)
        return OL_ENOMEM;
    self->tags = tags;
    self->room = room;
    return OL_OK;
}

static int close_segment(ol_segments *self)
{
    int rc = make_room(self);
    if (rc != OL_OK)
        return rc;
    return end_digest(self->ctx, &self->tags[self->count++]) ? OL_OK : OL_EINTERNAL;
}

int ol_segments_add(ol_segments *segments, ol_slice plain)
{
    while (plain.len > 0) {
        size_t have = (size_t)(segments->size % segments->segment_bytes);
        ol_slice now = ol_slice_first(plain, segments->segment_bytes - have);
        if (have == 0 && !start_digest(segments->ctx, segments, segments->count))
            return OL_EINTERNAL;
        if (!add_digest(segments->ctx, now))
            return OL_EINTERNAL;
        segments->size += now.len;
        plain = ol_slice_from(plain, now.len);
        int rc = have + now.len == segments->segment_bytes ? close_segment(segments) : OL_OK;
        if (rc != OL_OK)
            return rc;
    }
    return OL_OK;
}

int ol_segments_end(ol_segments *segments)
{
    int rc = segments->size % segments->segment_bytes > 0 ? close_segment(segments) : OL_OK;
    EVP_CIPHER_CTX_free(segments->ctx);
    segments->ctx = NULL;
    return rc;
}

size_t ol_segments_memory(const ol_segments *segments)
{
    return sizeof(*segments) + segments->room * sizeof(tag);
}

ol_byte_range ol_segments_around(const ol_segments *segments, ol_byte_range range)
{
    uint64_t bytes = segments->segment_bytes;
    uint64_t start = range.start - range.start % bytes;
    uint64_t end = (range.start + range.length + bytes - 1) / bytes * bytes;
    return (ol_byte_range){start, (end < segments->size ? end : segments->size) - start};
}

/* ---- the stage ---- */

typedef struct checking {
    EVP_CIPHER_CTX *ctx;
    uint8_t *segment;
    size_t size; /* of that memory */
    size_t have;
    uint64_t at; /* where it begins in the plaintext */
    ol_slice in; /* what write was given and is not consumed yet; borrowed */
    bool in_waits, flushing, head_sent;
    ol_head head;
} checking;

static const ol_segments *table_of(const ol_stage *st)
{
    return ((const ol_segments_config *)st->config)->segments;
}

static void close_stage(ol_stage *st)
{
    checking *self = st->state;
    EVP_CIPHER_CTX_free(self->ctx);
    if (self->segment)
        ol_wipe(self->segment, self->size);
    ol_free(self->segment);
    self->ctx = NULL;
    self->segment = NULL;
}

static int open_stage(ol_stage *st, ol_error *err)
{
    checking *self = st->state;
    const ol_segments_config *config = st->config;
    const ol_segments *table = config->segments;
    self->at = config->start;
    self->size = table->size < table->segment_bytes ? (size_t)table->size + 1 : table->segment_bytes;
    self->segment = ol_malloc(self->size);
    self->ctx = EVP_CIPHER_CTX_new();
    if (self->segment && self->ctx)
        return OL_OK;
    close_stage(st);
    return ol_error_set(err, OL_ENOMEM, "segments");
}

/* Waits for the first segment: an answer that has begun can only be broken off. */
static int take_head(ol_stage *st, ol_head *head, ol_error *err)
{
    (void)err;
    checking *self = st->state;
    self->head = *head;
    return OL_OK;
}

static int send_head(ol_stage *st, ol_error *err)
{
    checking *self = st->state;
    if (self->head_sent)
        return OL_OK;
    self->head_sent = true;
    return ol_stage_head(st, &self->head, err);
}

static size_t wanted(const ol_stage *st)
{
    const checking *self = st->state;
    const ol_segments *table = table_of(st);
    uint64_t left = self->at < table->size ? table->size - self->at : 0;
    return left < table->segment_bytes ? (size_t)left : table->segment_bytes;
}

static bool is_what_it_was(const ol_stage *st)
{
    const checking *self = st->state;
    const ol_segments *table = table_of(st);
    tag now;
    size_t index = (size_t)(self->at / table->segment_bytes);
    return start_digest(self->ctx, table, index) &&
           add_digest(self->ctx, ol_slice_of(self->segment, self->have)) &&
           end_digest(self->ctx, &now) &&
           ol_slice_eq_secret(ol_slice_of(now.bytes, TAG_BYTES),
                              ol_slice_of(table->tags[index].bytes, TAG_BYTES));
}

static void next_segment(checking *self)
{
    self->at += self->have;
    self->have = 0;
    self->flushing = false;
}

/* The segment is complete. */
static int pass_on(ol_stage *st, ol_error *err)
{
    checking *self = st->state;
    if (!is_what_it_was(st))
        return ol_error_set(err, OL_EDECRYPT, "the origin gives other bytes than it did");
    int rc = send_head(st, err);
    if (rc != OL_OK)
        return rc;
    self->flushing = true;
    rc = ol_stage_write(st, ol_slice_of(self->segment, self->have), err);
    if (rc == OL_OK)
        next_segment(self);
    return rc;
}

static int pump(ol_stage *st, ol_error *err)
{
    checking *self = st->state;
    while (self->in.len > 0) {
        size_t need = wanted(st);
        if (need == 0)
            return ol_error_set(err, OL_EDECRYPT, "longer than it can be");
        ol_slice now = ol_slice_first(self->in, need - self->have);
        memcpy(self->segment + self->have, now.data, now.len);
        self->have += now.len;
        self->in = ol_slice_from(self->in, now.len);
        int rc = self->have == need ? pass_on(st, err) : OL_OK;
        if (rc != OL_OK)
            return rc;
    }
    return OL_OK;
}

static int take(ol_stage *st, ol_slice in, ol_error *err)
{
    checking *self = st->state;
    self->in = in;
    int rc = pump(st, err);
    self->in_waits = rc == OL_WAIT;
    return rc;
}

static int finish(ol_stage *st, ol_error *err)
{
    checking *self = st->state;
    if (self->have > 0)
        return ol_error_set(err, OL_EDECRYPT, "shorter than it must be");
    int rc = send_head(st, err);
    return rc == OL_OK ? ol_stage_finish(st, err) : rc;
}

static void resume(ol_stage *st)
{
    checking *self = st->state;
    ol_error err = {0};
    if (self->flushing)
        next_segment(self);
    int rc = pump(st, &err);
    if (rc < 0)
        ol_stage_fail(st, &err);
    if (rc != OL_OK || !self->in_waits)
        return;
    self->in_waits = false;
    ol_stage_ready(st);
}

const ol_stage_ops ol_segments_stage_ops = {
    .name = "checked",
    .phase = OL_PHASE_DECRYPT,
    .state_size = sizeof(checking),
    .open = open_stage,
    .head = take_head,
    .write = take,
    .finish = finish,
    .resume = resume,
    .close = close_stage,
};
