/* SPDX-License-Identifier: MIT */
/*
 * The sink of a PUT, of an object or a part. A small body is gathered and sent when it is whole:
 * its digest is signed, and it may be sent again. A larger one is streamed: as it comes
 * (UNSIGNED-PAYLOAD), or in chunks that are signed or end in a checksum. Its length must be known.
 */
#include "origin/s3/put.h"

#include <stdio.h>

#include "base/alloc.h"
#include "origin/s3/answer.h"

typedef struct put_state {
    ol_stage *stage;
    ol_s3_attachment *at;
    ol_arena *arena; /* of the call */
    ol_s3_call *call;
    enum ol_s3_body kind;
    uint8_t *small;       /* OL_S3_BODY_MEMORY */
    ol_s3_chunks chunks;  /* the kinds with chunks */
    uint64_t total;
    ol_slice waiting;     /* of a write that returned OL_WAIT: what was not taken yet */
    bool waits, flying, writable, dead, ended, last_sent, answered;
} put_state;

static const ol_s3_put_config *config_of(const put_state *state)
{
    return state->stage->config;
}

static bool has_chunks(const put_state *state)
{
    return state->kind > OL_S3_BODY_UNSIGNED;
}

static void fail(put_state *state, const ol_error *err)
{
    if (!ol_stage_is_over(state->stage))
        ol_stage_fail(state->stage, err);
}

static void stage_ready(put_state *state)
{
    if (!state->waits || state->waiting.len > 0 || state->flying)
        return;
    state->waits = false;
    ol_stage_ready(state->stage);
}

/* ---- bytes to the service ---- */

/* The answer will say why, if nothing can be written any more. */
static void send_bytes(put_state *state, ol_slice bytes)
{
    int rc = ol_s3_call_write(state->call, bytes);
    state->flying = rc == OL_WAIT;
    state->dead = rc < 0;
}

static bool can_send(const put_state *state)
{
    return state->call && state->writable && !state->flying && !state->dead;
}

static void pump_plain(put_state *state)
{
    ol_slice bytes = state->waiting;
    state->waiting = OL_SLICE_NONE;
    if (bytes.len > 0)
        send_bytes(state, bytes);
}

static void pump_chunks(put_state *state)
{
    ol_s3_chunk_signer *signer = ol_s3_call_chunks(state->call);
    while (!state->flying && !state->dead) {
        state->waiting = ol_s3_chunks_take(&state->chunks, state->waiting);
        if (ol_s3_chunks_room(&state->chunks).len > 0)
            return;
        send_bytes(state, ol_s3_chunks_seal(&state->chunks, signer));
        if (!state->flying)
            ol_s3_chunks_clear(&state->chunks);
    }
}

static ol_slice trailer_of(const put_state *state)
{
    const ol_object_checksum *checksum = config_of(state)->checksum;
    return checksum ? ol_slice_cstr(checksum->text) : OL_SLICE_NONE;
}

static void pump_end(put_state *state)
{
    if (state->waiting.len > 0 || !state->ended || !can_send(state))
        return;
    if (has_chunks(state) && !state->last_sent) {
        state->last_sent = true;
        send_bytes(state, ol_s3_chunks_seal_last(&state->chunks, ol_s3_call_chunks(state->call),
                                           trailer_of(state)));
        if (state->flying || state->dead)
            return;
    }
    ol_s3_call_end(state->call);
}

static void pump(put_state *state)
{
    if (can_send(state) && has_chunks(state))
        pump_chunks(state);
    else if (can_send(state))
        pump_plain(state);
    pump_end(state);
}

/* ---- what the call says ---- */

static void on_writable(void *arg)
{
    put_state *state = arg;
    state->writable = true;
    if (state->flying && has_chunks(state))
        ol_s3_chunks_clear(&state->chunks);
    state->flying = false;
    pump(state);
    stage_ready(state);
}

static void on_answer(void *arg, const ol_http_answer *answer)
{
    put_state *state = arg;
    ol_put_result *result = config_of(state)->result;
    state->answered = true;
    if (result)
        ol_s3_put_result_of(answer, result);
}

static int on_data(void *arg, ol_slice data)
{
    (void)arg;
    (void)data; /* a PUT is answered by its head */
    return OL_OK;
}

static void on_done(void *arg, const ol_error *failed)
{
    put_state *state = arg;
    ol_error err = {0};
    state->call = NULL;
    if (failed) {
        fail(state, failed);
        return;
    }
    if (!state->ended) {
        ol_error_set(&err, OL_EORIGIN, "s3 origin: it answered before it had the body");
        fail(state, &err);
        return;
    }
    if (!ol_stage_is_over(state->stage) && ol_stage_finish(state->stage, &err) != OL_OK)
        fail(state, &err);
}

static const ol_s3_call_ops call_ops = {
    .on_writable = on_writable,
    .on_answer = on_answer,
    .on_data = on_data,
    .on_done = on_done,
};

/* ---- the request ---- */

typedef struct headers {
    ol_header items[OL_S3_PUT_HEADERS_MAX + 4];
    size_t count;
} headers;

static void add(headers *list, const char *name, ol_slice value)
{
    list->items[list->count++] = (ol_header){ol_slice_cstr(name), value};
}

static bool forwards_checksum(const put_state *state, enum ol_checksum_kind *kind)
{
    const ol_s3_put_config *config = config_of(state);
    if (!config->checksum || config->checksum->name[0] == '\0' || !config->origin->checksums ||
        config->checksum->composite)
        return false;
    char header[40];
    snprintf(header, sizeof header, "x-amz-checksum-%s", config->checksum->name);
    return ol_checksum_of_header(ol_slice_cstr(header), kind);
}

/* What says how the body is sent. */
static int add_body_headers(put_state *state, headers *list, ol_error *err)
{
    enum ol_checksum_kind kind;
    bool forwards = forwards_checksum(state, &kind);
    if (has_chunks(state)) {
        char *size = ol_arena_printf(state->arena, "%lld", (long long)config_of(state)->size);
        if (!size)
            return ol_error_set(err, OL_ENOMEM, "s3 origin: request");
        add(list, "x-amz-decoded-content-length", ol_slice_cstr(size));
    }
    if (has_chunks(state) && state->kind != OL_S3_BODY_CHUNKS) {
        add(list, "x-amz-trailer", ol_slice_cstr(ol_checksum_header(state->chunks.checksum)));
        add(list, "x-amz-sdk-checksum-algorithm",
            ol_slice_cstr(ol_checksum_name(state->chunks.checksum)));
    } else if (forwards && config_of(state)->checksum->text[0]) {
        ol_slice text = ol_arena_copy(state->arena, trailer_of(state));
        if (!text.data)
            return ol_error_set(err, OL_ENOMEM, "s3 origin: request");
        add(list, ol_checksum_header(kind), text);
    }
    return OL_OK;
}

static int start(put_state *state, ol_error *err)
{
    const ol_s3_put_config *config = config_of(state);
    headers list = {.count = config->header_count};
    memcpy(list.items, config->headers, config->header_count * sizeof(ol_header));
    int rc = add_body_headers(state, &list, err);
    if (rc != OL_OK)
        return rc;
    uint64_t bytes = (uint64_t)config->size;
    const ol_s3_request request = {
        .method = "PUT",
        .bucket = config->bucket,
        .key = config->key,
        .params = config->params,
        .param_count = config->param_count,
        .headers = list.items,
        .header_count = list.count,
        .body_kind = state->kind,
        .body = ol_slice_of(state->small, state->kind == OL_S3_BODY_MEMORY ? state->total : 0),
        .stream_bytes = has_chunks(state) ? ol_s3_chunks_length(&state->chunks, bytes) : bytes,
        .retry = config->conditional ? OL_S3_RETRY_UNSENT : OL_S3_RETRY_SAFE};
    return ol_s3_call_start(&state->call, state->at, &request, state->arena, &call_ops, state, err);
}

/* ---- the stage ---- */

static enum ol_s3_body kind_of(const put_state *state)
{
    const ol_s3_put_config *config = config_of(state);
    enum ol_checksum_kind kind;
    if (config->size <= (int64_t)OL_S3_SMALL_PUT_BYTES_MAX)
        return OL_S3_BODY_MEMORY;
    bool trailer = forwards_checksum(state, &kind) && config->checksum->text[0] == '\0';
    if (config->origin->sign_chunks)
        return trailer ? OL_S3_BODY_CHUNKS_TRAILER : OL_S3_BODY_CHUNKS;
    return trailer ? OL_S3_BODY_UNSIGNED_TRAILER : OL_S3_BODY_UNSIGNED;
}

static int take_memory(put_state *state, ol_error *err)
{
    enum ol_checksum_kind kind = OL_CHECKSUM_CRC32;
    int64_t size = config_of(state)->size;
    int rc = OL_OK;
    forwards_checksum(state, &kind);
    if (has_chunks(state))
        rc = ol_s3_chunks_init(&state->chunks, state->kind, kind);
    if (state->kind == OL_S3_BODY_MEMORY && size != 0) {
        state->small = ol_malloc(size > 0 ? (size_t)size : OL_S3_SMALL_PUT_BYTES_MAX);
        rc = state->small ? OL_OK : OL_ENOMEM;
    }
    return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "s3 origin: memory of an upload");
}

static void put_close(ol_stage *st)
{
    put_state *state = st->state;
    if (state->call)
        ol_s3_call_abort(state->call);
    if (state->arena)
        ol_s3_arena_give(state->at, state->arena);
    ol_s3_chunks_fini(&state->chunks);
    ol_free(state->small);
}

static int put_open(ol_stage *st, ol_error *err)
{
    put_state *state = st->state;
    const ol_s3_put_config *config = st->config;
    *state = (put_state){.stage = st};
    state->at = ol_s3_attachment_of(config->origin, ol_stage_loop(st), err);
    if (!state->at)
        return err->code;
    state->arena = ol_s3_arena_take(state->at, err);
    if (!state->arena)
        return err->code;
    state->kind = kind_of(state);
    int rc = take_memory(state, err);
    if (rc != OL_OK)
        put_close(st); /* a stage that did not open is not closed */
    return rc;
}

static int check_total(put_state *state, size_t more, ol_error *err)
{
    int64_t declared = config_of(state)->size;
    if (declared >= 0 && state->total + more > (uint64_t)declared)
        return ol_error_say(err, OL_EINVALIDREQUEST, "The body is longer than was declared.");
    if (declared < 0 && state->total + more > OL_S3_SMALL_PUT_BYTES_MAX)
        return ol_error_set(err, OL_EMISSINGLENGTH, NULL);
    state->total += more;
    return OL_OK;
}

static int put_write(ol_stage *st, ol_slice in, ol_error *err)
{
    put_state *state = st->state;
    size_t before = state->total;
    int rc = check_total(state, in.len, err);
    if (rc != OL_OK)
        return rc;
    if (state->kind == OL_S3_BODY_MEMORY) {
        if (in.len > 0 && in.data != state->small + before)
            memcpy(state->small + before, in.data, in.len);
        return OL_OK;
    }
    if (!state->call && !state->writable) {
        rc = start(state, err);
        if (rc != OL_OK)
            return rc;
    }
    state->waiting = in;
    pump(state);
    /* Bytes that chunks have taken are a copy; plain ones are lent for as long as they fly. */
    bool lent = state->waiting.len > 0 || state->dead || !state->call ||
                (state->flying && !has_chunks(state));
    state->waits = lent;
    return lent ? OL_WAIT : OL_OK;
}

static int put_reserve(ol_stage *st, ol_span *span)
{
    const put_state *state = st->state;
    if (state->kind == OL_S3_BODY_MEMORY) {
        int64_t size = config_of(state)->size;
        size_t cap = size >= 0 ? (size_t)size : OL_S3_SMALL_PUT_BYTES_MAX;
        *span = (ol_span){state->small + state->total, cap - state->total};
    } else if (has_chunks(state) && !state->flying) {
        *span = ol_s3_chunks_room(&state->chunks);
    } else {
        return OL_SKIP;
    }
    return span->len > 0 ? OL_OK : OL_SKIP;
}

static int put_finish(ol_stage *st, ol_error *err)
{
    put_state *state = st->state;
    int64_t declared = config_of(state)->size;
    if (declared >= 0 && state->total != (uint64_t)declared)
        return ol_error_set(err, OL_EINCOMPLETEBODY, "s3 origin: the body is shorter than declared");
    state->ended = true;
    if (state->kind == OL_S3_BODY_MEMORY)
        return start(state, err);
    pump(state);
    return OL_OK;
}

const ol_stage_ops ol_s3_put_ops = {
    .name = "s3",
    .phase = OL_PHASE_SINK,
    .state_size = sizeof(put_state),
    .open = put_open,
    .write = put_write,
    .finish = put_finish,
    .reserve = put_reserve,
    .close = put_close,
};
