/* SPDX-License-Identifier: MIT */
/* Chunks: framing before and behind the gathered bytes, in one piece of memory. */
#include "origin/s3/chunks.h"

#include <assert.h>
#include <stdio.h>

#include "base/alloc.h"

#define FRONT_BYTES 128 /* length and signature */
#define BACK_BYTES 512  /* CRLF, the last chunk's frame, the trailer and its signature */
#define SIGNATURE_BYTES (sizeof(";chunk-signature=") - 1 + OL_SHA256_HEX_SIZE - 1)
#define TRAILER_SIGNATURE "x-amz-trailer-signature:"

static bool is_signed(const ol_s3_chunks *chunks)
{
    return chunks->kind != OL_S3_BODY_UNSIGNED_TRAILER;
}

static bool has_trailer(const ol_s3_chunks *chunks)
{
    return chunks->kind != OL_S3_BODY_CHUNKS;
}

int ol_s3_chunks_init(ol_s3_chunks *chunks, enum ol_s3_body kind, enum ol_checksum_kind checksum)
{
    *chunks = (ol_s3_chunks){.kind = kind, .checksum = checksum};
    chunks->memory = ol_malloc(FRONT_BYTES + OL_S3_CHUNK_BYTES + BACK_BYTES);
    return chunks->memory ? OL_OK : OL_ENOMEM;
}

void ol_s3_chunks_fini(ol_s3_chunks *chunks)
{
    ol_free(chunks->memory);
    chunks->memory = NULL;
}

/* ---- lengths ---- */

static size_t hex_digits(uint64_t number)
{
    size_t digits = 1;
    while (number >>= 4)
        digits++;
    return digits;
}

static uint64_t frame_length(const ol_s3_chunks *chunks, uint64_t bytes)
{
    return hex_digits(bytes) + (is_signed(chunks) ? SIGNATURE_BYTES : 0) + 2;
}

static uint64_t trailer_length(const ol_s3_chunks *chunks)
{
    if (!has_trailer(chunks))
        return 0;
    size_t value = (ol_checksum_size(chunks->checksum) + 2) / 3 * 4;
    size_t length = strlen(ol_checksum_header(chunks->checksum)) + 1 + value + 2;
    if (is_signed(chunks))
        length += sizeof(TRAILER_SIGNATURE) - 1 + OL_SHA256_HEX_SIZE - 1 + 2;
    return length;
}

uint64_t ol_s3_chunks_length(const ol_s3_chunks *chunks, uint64_t body_bytes)
{
    uint64_t full = body_bytes / OL_S3_CHUNK_BYTES, rest = body_bytes % OL_S3_CHUNK_BYTES;
    uint64_t length = full * (frame_length(chunks, OL_S3_CHUNK_BYTES) + OL_S3_CHUNK_BYTES + 2);
    if (rest > 0)
        length += frame_length(chunks, rest) + rest + 2;
    return length + frame_length(chunks, 0) + trailer_length(chunks) + 2;
}

/* ---- gathering ---- */

ol_span ol_s3_chunks_room(const ol_s3_chunks *chunks)
{
    return (ol_span){chunks->memory + FRONT_BYTES + chunks->len, OL_S3_CHUNK_BYTES - chunks->len};
}

ol_slice ol_s3_chunks_take(ol_s3_chunks *chunks, ol_slice in)
{
    ol_span room = ol_s3_chunks_room(chunks);
    size_t take = in.len < room.len ? in.len : room.len;
    if (take > 0 && in.data != room.data)
        memcpy(room.data, in.data, take);
    chunks->len += take;
    return ol_slice_from(in, take);
}

void ol_s3_chunks_clear(ol_s3_chunks *chunks)
{
    chunks->len = 0;
}

/* ---- sealing ---- */

static size_t frame(const ol_s3_chunks *chunks, ol_s3_chunk_signer *signer, ol_slice data,
                    char out[FRONT_BYTES])
{
    if (!is_signed(chunks))
        return (size_t)snprintf(out, FRONT_BYTES, "%zx\r\n", data.len);
    ol_s3_sign_chunk(signer, data);
    return (size_t)snprintf(out, FRONT_BYTES, "%zx;chunk-signature=%s\r\n", data.len,
                            signer->signature);
}

/* The gathered bytes with their frame. The CRLF behind them is included. */
static ol_slice seal(ol_s3_chunks *chunks, ol_s3_chunk_signer *signer)
{
    char text[FRONT_BYTES];
    uint8_t *data = chunks->memory + FRONT_BYTES;
    size_t len = frame(chunks, signer, ol_slice_of(data, chunks->len), text);
    memcpy(data - len, text, len);
    memcpy(data + chunks->len, "\r\n", 2);
    return ol_slice_of(data - len, len + chunks->len + 2);
}

ol_slice ol_s3_chunks_seal(ol_s3_chunks *chunks, ol_s3_chunk_signer *signer)
{
    assert(chunks->len == OL_S3_CHUNK_BYTES);
    return seal(chunks, signer);
}

static size_t add_trailer(const ol_s3_chunks *chunks, ol_s3_chunk_signer *signer, ol_slice value,
                          char *out, size_t size)
{
    char line[128];
    const char *name = ol_checksum_header(chunks->checksum);
    int len = snprintf(line, sizeof line, "%s:%.*s\n", name, OL_SLICE_FMT(value));
    if (!is_signed(chunks))
        return (size_t)snprintf(out, size, "%.*s\r\n", len - 1, line);
    ol_s3_sign_trailer(signer, ol_slice_of(line, (size_t)len));
    return (size_t)snprintf(out, size, "%.*s\r\n" TRAILER_SIGNATURE "%s\r\n", len - 1, line,
                            signer->signature);
}

ol_slice ol_s3_chunks_seal_last(ol_s3_chunks *chunks, ol_s3_chunk_signer *signer, ol_slice value)
{
    uint8_t *data = chunks->memory + FRONT_BYTES;
    ol_slice sealed = chunks->len > 0 ? seal(chunks, signer) : ol_slice_of(data, 0);
    char *back = (char *)(uintptr_t)(sealed.data + sealed.len);
    size_t used = frame(chunks, signer, OL_SLICE_NONE, back);
    if (has_trailer(chunks))
        used += add_trailer(chunks, signer, value, back + used, BACK_BYTES - 4 - used);
    memcpy(back + used, "\r\n", 2);
    return ol_slice_of(sealed.data, sealed.len + used + 2);
}
