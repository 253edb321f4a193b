/* SPDX-License-Identifier: MIT */
/*
 * The source stage of a body. It takes over the answer that open holds when that is the range it
 * was built for, and asks anew otherwise. Bytes go down as they come, in the memory they came to,
 * straight into memory that the stage below offers, or in a pipe, where nobody looks at them. An answer that is cut off is continued by
 * a ranged read under the same ETag, so often and no oftener.
 */
#include "origin/s3/object.h"
#include "origin/s3/operations.h"

#define HEADERS_MORE 8 /* room for what later stages add */
#define PIPED_BYTES_MIN (32 * OL_KIB) /* of the body that is left: less is not worth a pipe */

typedef struct body_config {
    ol_s3_object *object;
    ol_byte_range range;
    ol_header *headers; /* of the response, with room for more; in the arena of the pipeline */
} body_config;

typedef struct body_state {
    ol_stage *stage;
    ol_s3_object *object;
    ol_s3_call *call; /* NULL: none under way */
    uint64_t at, end;
    uint32_t resumes_left;
    ol_pipe *pipe; /* NULL: none is in use */
    bool begun;
    bool waiting;  /* a slice of the call's is lent to the stage below */
    bool finished;
} body_state;

static const ol_s3_call_ops call_ops;

static void fail(body_state *state, const ol_error *err)
{
    if (state->call)
        ol_s3_call_abort(state->call);
    state->call = NULL;
    if (!ol_stage_is_over(state->stage))
        ol_stage_fail(state->stage, err);
}

static void give_pipe_back(body_state *state)
{
    ol_pipe_close(state->pipe);
    state->pipe = NULL;
}

static void finish(body_state *state)
{
    ol_error err = {0};
    give_pipe_back(state);
    if (state->finished || ol_stage_is_over(state->stage))
        return;
    state->finished = true;
    if (ol_stage_finish(state->stage, &err) != OL_OK)
        fail(state, &err);
}

static ol_byte_range rest_of(const body_state *state)
{
    return (ol_byte_range){state->at, state->end - state->at};
}

static int fetch(body_state *state, ol_error *err)
{
    return ol_s3_object_fetch(state->object, rest_of(state), ol_stage_arena(state->stage),
                              &state->call, &call_ops, state, err);
}

/* ---- what the call says ---- */

static void on_writable(void *arg)
{
    (void)arg;
}

static void on_answer(void *arg, const ol_http_answer *answer)
{
    body_state *state = arg;
    ol_error err = {0};
    if (ol_s3_object_check(state->object, rest_of(state), answer, &err) != OL_OK)
        fail(state, &err);
}

static int push(body_state *state, ol_slice data)
{
    ol_error err = {0};
    uint64_t left = state->end - state->at;
    if (data.len > left) { /* lengths were checked at the head */
        ol_error_set(&err, OL_EORIGIN, "s3 origin: more bytes than announced");
        fail(state, &err);
        return OL_ECANCELED;
    }
    state->at += data.len;
    state->stage->last_write = state->at == state->end;
    int rc = ol_stage_write(state->stage, data, &err);
    if (rc == OL_WAIT) {
        state->waiting = true;
        return OL_WAIT;
    }
    if (rc < 0) { /* latched already, or nobody wants more */
        if (state->call)
            ol_s3_call_abort(state->call);
        state->call = NULL;
        return OL_ECANCELED;
    }
    if (state->at == state->end)
        finish(state);
    return OL_OK;
}

static int on_data(void *arg, ol_slice data)
{
    return push(arg, data);
}

static void on_alloc(void *arg, ol_span *span)
{
    body_state *state = arg;
    if (!state->waiting && !ol_stage_is_over(state->stage) &&
        ol_stage_reserve(state->stage, span) != OL_OK)
        *span = (ol_span){NULL, 0};
}

/* A body that nobody below looks at is not copied, while enough of it is left. */
static ol_pipe *on_pipe(void *arg)
{
    body_state *state = arg;
    if (state->waiting || state->end - state->at < PIPED_BYTES_MIN ||
        !ol_stage_takes_piped(state->stage))
        return NULL;
    if (!state->pipe)
        state->pipe = ol_pipe_open(ol_stage_loop(state->stage));
    return state->pipe;
}

static void on_done(void *arg, const ol_error *failed)
{
    body_state *state = arg;
    ol_error err = {0};
    state->call = NULL;
    if (state->at == state->end || ol_stage_is_over(state->stage))
        return;
    bool cut = failed && failed->code == OL_EORIGIN && !state->waiting;
    if (cut && state->resumes_left > 0 && state->object->pin.len > 0) {
        state->resumes_left--;
        ol_s3_count(&state->object->at->counters.resumes, 1);
        if (fetch(state, &err) != OL_OK)
            fail(state, &err);
        return;
    }
    ol_s3_object_judge(state->object, failed, &err);
    fail(state, &err);
}

static const ol_s3_call_ops call_ops = {
    .on_writable = on_writable,
    .on_answer = on_answer,
    .on_data = on_data,
    .on_alloc = on_alloc,
    .on_pipe = on_pipe,
    .on_done = on_done,
};

/* ---- the stage ---- */

static int body_open(ol_stage *st, ol_error *err)
{
    (void)err;
    const body_config *config = st->config;
    body_state *state = st->state;
    *state = (body_state){.stage = st,
                          .object = config->object,
                          .at = config->range.start,
                          .end = config->range.start + config->range.length,
                          .resumes_left = config->object->at->origin->options.resumes_max};
    return OL_OK;
}

static int send_head(ol_stage *st, ol_error *err)
{
    const body_config *config = st->config;
    ol_head head = {.status = 200, .content_length = (int64_t)config->range.length};
    ol_headers_init(&head.headers, ol_stage_arena(st));
    head.headers.items = config->headers;
    head.headers.count = config->object->fields.count;
    head.headers.cap = head.headers.count + HEADERS_MORE;
    return ol_stage_head(st, &head, err);
}

/* The held answer, when it is what is wanted. Its first bytes are here or will come. */
static bool adopt(body_state *state)
{
    ol_s3_object *object = state->object;
    const ol_byte_range *held = &object->held_range;
    if (!object->held)
        return false;
    if (held->start != state->at || held->length != state->end - state->at) {
        ol_s3_object_let_go(object);
        return false;
    }
    ol_slice data = object->held_data;
    state->call = object->held;
    object->held = NULL;
    object->held_data = OL_SLICE_NONE;
    ol_s3_call_hand_over(state->call, &call_ops, state);
    if (data.len > 0 && push(state, data) == OL_OK && state->call)
        ol_s3_call_resume(state->call);
    return true;
}

static void begin(body_state *state)
{
    ol_error err = {0};
    state->begun = true;
    if (send_head(state->stage, &err) != OL_OK) {
        fail(state, &err);
        return;
    }
    if (state->at == state->end) {
        finish(state);
        return;
    }
    if (!adopt(state) && fetch(state, &err) != OL_OK)
        fail(state, &err);
}

static void body_resume(ol_stage *st)
{
    body_state *state = st->state;
    if (!state->begun) {
        begin(state);
        return;
    }
    if (!state->waiting)
        return;
    state->waiting = false;
    if (state->call)
        ol_s3_call_resume(state->call);
    if (state->at == state->end)
        finish(state);
}

static void body_close(ol_stage *st)
{
    body_state *state = st->state;
    if (state->call)
        ol_s3_call_abort(state->call);
    state->call = NULL;
    give_pipe_back(state);
}

static const ol_stage_ops body_ops = {
    .name = "s3",
    .phase = OL_PHASE_SOURCE,
    .state_size = sizeof(body_state),
    .open = body_open,
    .resume = body_resume,
    .close = body_close,
};

int ol_s3_body(ol_object *o, ol_byte_range range, ol_arena *arena, const ol_stage_ops **ops,
               const void **config)
{
    ol_s3_object *object = ol_s3_object_of(o);
    if (range.start > object->info.size || range.length > object->info.size - range.start)
        return OL_EINVAL;
    body_config *c = ol_arena_calloc(arena, sizeof *c);
    if (!c)
        return OL_ENOMEM;
    c->object = object;
    c->range = range;
    *ops = &body_ops;
    *config = c;
    /* What a head points to outlives the object. */
    return ol_s3_fields_copy(&object->fields, HEADERS_MORE, arena, &c->headers);
}
