/* SPDX-License-Identifier: MIT */
#include "crypto/content/chunks.h"

#include "base/alloc.h"

typedef struct gathering {
    const ol_chunks *chunks;
    const uint8_t *key;
    uint8_t *chunk; /* ciphertext of the one that is being gathered */
    size_t have;
    size_t header_at;
    uint64_t index;
    bool part;
    bool ended; /* the last chunk was put out */
    bool reaches_end; /* a part: its span goes to the end of the body */
} gathering;

static int begin(void *state, const ol_content_config *config, ol_error *err)
{
    gathering *self = state;
    self->chunks = config->sealed->more;
    self->key = config->sealed->key;
    self->part = config->mode == OL_CONTENT_PART;
    self->chunk = ol_malloc(OL_CHUNK_BYTES);
    if (!self->chunk)
        return ol_error_set(err, OL_ENOMEM, "content cipher");
    if (self->part) {
        self->header_at = self->chunks->header.len;
        self->index = config->span.plain_start / OL_CHUNK_PLAIN_BYTES;
        self->reaches_end =
            config->span.start + config->span.length == config->sealed->cipher_size;
    }
    return OL_OK;
}

static void fini(void *state)
{
    gathering *self = state;
    ol_free(self->chunk);
}

static bool take_header(gathering *self, ol_slice *in)
{
    ol_slice rest = ol_slice_from(self->chunks->header, self->header_at);
    size_t len = rest.len < in->len ? rest.len : in->len;
    bool same = ol_slice_eq(ol_slice_first(rest, len), ol_slice_first(*in, len));
    self->header_at += len;
    *in = ol_slice_from(*in, len);
    return same;
}

static void gather(gathering *self, ol_slice *in)
{
    size_t room = OL_CHUNK_BYTES - self->have;
    size_t len = room < in->len ? room : in->len;
    if (len > 0)
        memcpy(self->chunk + self->have, in->data, len);
    self->have += len;
    *in = ol_slice_from(*in, len);
}

/* The chunk that was gathered. An empty one is only there where the whole body is empty. */
static int open_chunk(gathering *self, bool last, ol_span out, size_t *made, ol_error *err)
{
    size_t plain = self->have < OL_CHUNK_TAG_BYTES ? 0 : self->have - OL_CHUNK_TAG_BYTES;
    bool legal = self->have >= OL_CHUNK_TAG_BYTES && plain <= out.len &&
                 (plain > 0 || (self->index == 0 && self->chunks->marks_last));
    bool marked = last && (!self->part || self->reaches_end);
    if (!legal || !self->chunks->open(self->key, self->chunks, self->index, marked,
                                      ol_slice_of(self->chunk, self->have), out.data))
        return ol_sealed_wrong(err);
    *made = plain;
    self->have = 0;
    self->index++;
    self->ended = last;
    return last ? OL_DONE : OL_OK;
}

static int step(void *state, ol_slice *in, bool last, ol_span out, size_t *made, ol_error *err)
{
    gathering *self = state;
    *made = 0;
    if (self->ended)
        return in->len > 0 ? ol_sealed_wrong(err) : OL_DONE;
    if (!take_header(self, in))
        return ol_sealed_wrong(err);
    gather(self, in);
    bool full = self->have == OL_CHUNK_BYTES;
    bool is_last = last && in->len == 0;
    /* Whether a full chunk is the last one, only what follows tells. */
    if (full && in->len > 0)
        return open_chunk(self, false, out, made, err);
    if (!is_last)
        return OL_OK;
    if (self->header_at < self->chunks->header.len)
        return ol_sealed_wrong(err);
    if (self->have > 0 || self->chunks->marks_last)
        return open_chunk(self, true, out, made, err);
    self->ended = true;
    return OL_DONE;
}

/* ---- sizes ---- */

uint64_t ol_chunks_plain_size(const ol_chunks *chunks, uint64_t size)
{
    if (size == UINT64_MAX || size < chunks->header.len)
        return UINT64_MAX;
    uint64_t body = size - chunks->header.len, rest = body % OL_CHUNK_BYTES;
    bool empty_last = rest == OL_CHUNK_TAG_BYTES && body == rest && chunks->marks_last;
    if (body == 0)
        return chunks->marks_last ? UINT64_MAX : 0;
    if (rest != 0 && rest <= OL_CHUNK_TAG_BYTES && !empty_last)
        return UINT64_MAX;
    uint64_t count = body / OL_CHUNK_BYTES + (rest > 0);
    return body - count * OL_CHUNK_TAG_BYTES;
}

static int range(const ol_sealed *sealed, uint64_t start, uint64_t length, ol_sealed_span *span)
{
    const ol_chunks *chunks = sealed->more;
    if (sealed->plain_size == UINT64_MAX || length == 0)
        return OL_ENOTIMPLEMENTED;
    uint64_t first = start / OL_CHUNK_PLAIN_BYTES;
    uint64_t last = (start + length - 1) / OL_CHUNK_PLAIN_BYTES;
    span->start = chunks->header.len + first * OL_CHUNK_BYTES;
    span->plain_start = first * OL_CHUNK_PLAIN_BYTES;
    uint64_t end = chunks->header.len + (last + 1) * OL_CHUNK_BYTES;
    span->length = (end < sealed->cipher_size ? end : sealed->cipher_size) - span->start;
    return OL_OK;
}

ol_sealed *ol_chunks_sealed(enum ol_sealed_format format, ol_chunks *chunks, uint8_t *key,
                            size_t key_len, uint64_t size)
{
    ol_sealed *sealed = ol_sealed_new(format, key, key_len);
    if (!sealed)
        return NULL;
    sealed->content = &ol_content_chunks;
    sealed->more = chunks;
    sealed->chunked = true;
    sealed->cipher_size = size;
    sealed->plain_size = ol_chunks_plain_size(chunks, size);
    return sealed;
}

const ol_content_ops ol_content_chunks = {
    .state_size = sizeof(gathering),
    .room_min = OL_CHUNK_PLAIN_BYTES,
    .begin = begin,
    .step = step,
    .fini = fini,
    .range = range,
};
