/* SPDX-License-Identifier: MIT */
#include "pipeline/replay_stage.h"

#include <assert.h>
#include <inttypes.h>

#define XXH_STATIC_LINKING_ONLY /* the state's size, so that it needs no heap */
#include <xxhash.h>
#if defined(__x86_64__)
#include <xxh_x86dispatch.h> /* the same functions, by what the processor can do */
#endif

#define HASH_ALIGNMENT 64u

_Static_assert(sizeof(XXH3_state_t) + HASH_ALIGNMENT <= OL_REPLAY_HASH_BYTES,
               "the record has room for an aligned hash state");

typedef struct replay {
    ol_replay *record;
    uint64_t skip; /* bytes still to be swallowed */
    XXH3_state_t *seen; /* digest of the swallowed bytes; NULL in a first run */
} replay;

static XXH3_state_t *align_hash(uint8_t *memory)
{
    uintptr_t at = ((uintptr_t)memory + HASH_ALIGNMENT - 1) & ~(uintptr_t)(HASH_ALIGNMENT - 1);
    return (XXH3_state_t *)at;
}

static XXH3_state_t *hash_of(ol_replay *record)
{
    return align_hash(record->hash_);
}

void ol_replay_init(ol_replay *record)
{
    *record = (ol_replay){0};
    XXH3_128bits_reset(hash_of(record));
}

static int open_stage(ol_stage *st, ol_error *err)
{
    replay *self = st->state;
    /* Configs are const because stages may share them; a record has one stage at a time. */
    self->record = (ol_replay *)st->config;
    self->skip = self->record->bytes;
    if (self->skip == 0)
        return OL_OK;
    uint8_t *memory = ol_arena_alloc(ol_stage_arena(st), OL_REPLAY_HASH_BYTES);
    if (!memory)
        return ol_error_set(err, OL_ENOMEM, "replay");
    self->seen = align_hash(memory);
    XXH3_128bits_reset(self->seen);
    return OL_OK;
}

static void store_digest(const XXH3_state_t *hash, uint8_t out[OL_REPLAY_DIGEST_BYTES])
{
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(hash));
    memcpy(out, canonical.digest, OL_REPLAY_DIGEST_BYTES);
}

static void hash_field(XXH3_state_t *hash, const void *data, size_t len)
{
    uint64_t length = len; /* keeps neighbours apart */
    XXH3_128bits_update(hash, &length, sizeof(length));
    if (len)
        XXH3_128bits_update(hash, data, len);
}

static void digest_head(const ol_head *head, uint8_t out[OL_REPLAY_DIGEST_BYTES])
{
    uint8_t memory[OL_REPLAY_HASH_BYTES];
    XXH3_state_t *hash = align_hash(memory);
    XXH3_128bits_reset(hash);
    hash_field(hash, &head->status, sizeof(head->status));
    hash_field(hash, &head->content_length, sizeof(head->content_length));
    for (size_t i = 0; i < head->headers.count; i++) {
        const ol_header *header = &head->headers.items[i];
        hash_field(hash, header->name.data, header->name.len);
        hash_field(hash, header->value.data, header->value.len);
    }
    store_digest(hash, out);
}

static int take_head(ol_stage *st, ol_head *head, ol_error *err)
{
    replay *self = st->state;
    uint8_t digest[OL_REPLAY_DIGEST_BYTES];
    digest_head(head, digest);
    if (!self->record->head_sent) {
        memcpy(self->record->head_digest_, digest, sizeof(digest));
        return ol_stage_head(st, head, err);
    }
    if (memcmp(self->record->head_digest_, digest, sizeof(digest)) != 0)
        return ol_error_set(err, OL_EDIVERGED, "run again, the head differs");
    ol_stage_head_known(st);
    return OL_OK;
}

/* Compares the swallowed bytes with the record once all of them are there. */
static int compare(const replay *self, ol_error *err)
{
    if (self->record->sealed)
        return ol_error_set(err, OL_EDIVERGED, "run again after it had ended");
    if (self->record->recallable)
        return ol_error_set(err, OL_EDIVERGED, "run again, and nothing to compare with");
    uint8_t first[OL_REPLAY_DIGEST_BYTES], again[OL_REPLAY_DIGEST_BYTES];
    store_digest(hash_of(self->record), first);
    store_digest(self->seen, again);
    if (memcmp(first, again, sizeof(first)) == 0)
        return OL_OK;
    return ol_error_set(err, OL_EDIVERGED, "run again, the first %" PRIu64 " bytes differ",
                        self->record->bytes);
}

/* The transform whose output this is has ended well. */
static bool is_last_write(const ol_stage *st)
{
    const ol_stage *up = st->up;
    while (up && up->ops->phase != OL_PHASE_TRANSFORM)
        up = up->up;
    return up && up->last_write;
}

static int pass(ol_stage *st, ol_slice in, ol_error *err)
{
    ol_replay *record = ((replay *)st->state)->record;
    if (in.len == 0)
        return OL_OK;
    record->head_sent = true;
    record->bytes += in.len;
    if (is_last_write(st))
        record->sealed = true;
    else if (!record->recallable)
        XXH3_128bits_update(hash_of(record), in.data, in.len);
    return ol_stage_write(st, in, err);
}

static int write_on(ol_stage *st, ol_slice in, ol_error *err)
{
    replay *self = st->state;
    if (self->skip == 0)
        return pass(st, in, err);
    size_t swallow = in.len < self->skip ? in.len : (size_t)self->skip;
    XXH3_128bits_update(self->seen, in.data, swallow);
    self->skip -= swallow;
    if (self->skip > 0)
        return OL_OK;
    int rc = compare(self, err);
    return rc == OL_OK ? pass(st, ol_slice_from(in, swallow), err) : rc;
}

static int reserve(ol_stage *st, ol_span *span)
{
    const replay *self = st->state;
    /* Memory of the sink's must not be filled with bytes that it will not get. */
    return self->skip == 0 ? ol_stage_reserve(st, span) : OL_SKIP;
}

static int finish(ol_stage *st, ol_error *err)
{
    const replay *self = st->state;
    if (self->skip > 0)
        return ol_error_set(err, OL_EDIVERGED, "run again, it ended %" PRIu64 " bytes too early",
                            self->skip);
    return ol_stage_finish(st, err);
}

const ol_stage_ops ol_replay_stage_ops = {
    .name = "replay",
    .phase = OL_PHASE_CHECKSUM,
    .state_size = sizeof(replay),
    .open = open_stage,
    .head = take_head,
    .write = write_on,
    .finish = finish,
    .reserve = reserve,
};

/* ---- recalling ---- */

static int open_recall(ol_stage *st, ol_error *err)
{
    ol_replay *record = (ol_replay *)st->config;
    (void)err;
    record->recalled_ = 0;
    XXH3_128bits_reset(hash_of(record));
    return OL_OK;
}

static int ignore_head(ol_stage *st, ol_head *head, ol_error *err)
{
    (void)st, (void)head, (void)err;
    return OL_OK;
}

static int recall(ol_stage *st, ol_slice in, ol_error *err)
{
    ol_replay *record = (ol_replay *)st->config;
    (void)err;
    record->recalled_ += in.len;
    if (in.len > 0)
        XXH3_128bits_update(hash_of(record), in.data, in.len);
    return OL_OK;
}

static int finish_recall(ol_stage *st, ol_error *err)
{
    ol_replay *record = (ol_replay *)st->config;
    if (record->recalled_ != record->bytes)
        return ol_error_set(err, OL_EDIVERGED, "%" PRIu64 " bytes recalled of %" PRIu64,
                            record->recalled_, record->bytes);
    record->recallable = false;
    return ol_stage_finish(st, err);
}

const ol_stage_ops ol_replay_recall_ops = {
    .name = "recall",
    .phase = OL_PHASE_SINK,
    .open = open_recall,
    .head = ignore_head,
    .write = recall,
    .finish = finish_recall,
};
