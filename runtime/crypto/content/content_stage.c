/* SPDX-License-Identifier: MIT */
/*
 * Drives a content cipher (sealed_private.h) as a stage. One buffer of plaintext; it is wiped, and
 * nothing of it is left behind in the arena.
 */
#include "base/alloc.h"
#include "crypto/content/content_wait.h"
#include "crypto/content/sealed_private.h"

#define ROOM_BYTES (64u * 1024)

typedef struct content {
    void *cipher;
    uint8_t *room;
    ol_content_wait *wait; /* of a cipher that works elsewhere, once it had to be waited for */
    ol_slice in; /* what write was given and is not consumed yet; borrowed */
    bool in_waits;   /* write answered OL_WAIT */
    bool last;       /* the ciphertext has ended */
    bool done;       /* and was authentic */
    uint64_t made;   /* plaintext so far, from span.plain_start on */
    uint64_t passed; /* PART */
} content;

static const ol_content_config *config_of(const ol_stage *st)
{
    return st->config;
}

static void close_stage(ol_stage *st)
{
    content *self = st->state;
    const ol_content_ops *ops = config_of(st)->sealed->content;
    ol_content_wait_destroy(self->wait);
    self->wait = NULL;
    if (self->cipher) {
        ops->fini(self->cipher);
        ol_wipe(self->cipher, ops->state_size);
    }
    if (self->room)
        ol_wipe(self->room, ROOM_BYTES);
    ol_free(self->cipher);
    ol_free(self->room);
    self->cipher = NULL;
    self->room = NULL;
}

static int open_stage(ol_stage *st, ol_error *err)
{
    content *self = st->state;
    const ol_content_config *config = config_of(st);
    const ol_content_ops *ops = config->sealed->content;
    self->room = ol_malloc(ROOM_BYTES);
    self->cipher = ol_calloc(1, ops->state_size);
    int rc = self->room && self->cipher ? OL_OK : ol_error_set(err, OL_ENOMEM, "content");
    if (rc == OL_OK)
        rc = ops->begin(self->cipher, config, err);
    if (rc != OL_OK)
        close_stage(st);
    return rc;
}

static int take_head(ol_stage *st, ol_head *head, ol_error *err)
{
    const ol_content_config *config = config_of(st);
    uint64_t size = config->mode == OL_CONTENT_PART ? config->plain_length
                                                    : config->sealed->plain_size;
    for (size_t i = head->headers.count; i > 0; i--) {
        ol_slice name = head->headers.items[i - 1].name;
        if (!ol_sealed_is_private_header(name))
            continue;
        char text[64];
        int len = snprintf(text, sizeof(text), "%.*s", OL_SLICE_FMT(name));
        if (len > 0 && (size_t)len < sizeof(text))
            ol_headers_remove(&head->headers, text);
        i = head->headers.count + 1; /* one that is there twice is taken out twice */
    }
    head->content_length = size == UINT64_MAX ? -1 : (int64_t)size;
    return ol_stage_head(st, head, err);
}

/* Of the next `len` bytes of plaintext, what the stage below is to get. */
static ol_slice wanted(content *self, const ol_content_config *config, size_t len)
{
    uint64_t from = self->made;
    ol_slice all = ol_slice_of(self->room, len);
    self->made += len;
    if (config->mode == OL_CONTENT_VERIFY)
        return OL_SLICE_NONE;
    if (config->mode == OL_CONTENT_RELEASE)
        return all;
    uint64_t skip = config->plain_start - config->span.plain_start;
    if (from < skip)
        all = ol_slice_from(all, skip - from < len ? (size_t)(skip - from) : len);
    uint64_t rest = config->plain_length - self->passed;
    all = ol_slice_first(all, rest < all.len ? (size_t)rest : all.len);
    self->passed += all.len;
    return all;
}

static void on_cipher(void *arg);

/* OL_WAIT: on_cipher goes on. */
static int wait_for_cipher(ol_stage *st, ol_error *err)
{
    content *self = st->state;
    bool wants_room = false;
    int fd = config_of(st)->sealed->content->poll_fd(self->cipher, &wants_room);
    if (!self->wait)
        self->wait = ol_content_wait_new(ol_stage_loop(st), fd, on_cipher, st);
    int rc = self->wait ? ol_content_wait_start(self->wait, wants_room, err)
                        : ol_error_set(err, OL_ENOMEM, "content");
    return rc == OL_OK ? OL_WAIT : rc;
}

/* Works until the input is used up, the stage below is full, or the end is reached. */
static int pump(ol_stage *st, ol_error *err)
{
    content *self = st->state;
    const ol_content_config *config = config_of(st);
    const ol_content_ops *ops = config->sealed->content;
    if (self->wait)
        ol_content_wait_stop(self->wait);
    while (!self->done && (self->in.len > 0 || self->last)) {
        size_t made = 0, before = self->in.len;
        int rc = ops->step(self->cipher, &self->in, self->last,
                           (ol_span){self->room, ROOM_BYTES}, &made, err);
        if (rc == OL_WAIT)
            return wait_for_cipher(st, err);
        if (rc < 0)
            return rc;
        self->done = rc == OL_DONE;
        ol_slice out = wanted(self, config, made);
        rc = out.len > 0 ? ol_stage_write(st, out, err) : OL_OK;
        if (rc != OL_OK)
            return rc;
        if (made == 0 && self->in.len == before && !self->done)
            return before > 0 || self->last ? ol_sealed_wrong(err) : OL_OK;
    }
    return OL_OK;
}

static int end(ol_stage *st, ol_error *err)
{
    content *self = st->state;
    const ol_content_config *config = config_of(st);
    if (!self->done ||
        (config->mode == OL_CONTENT_PART && self->passed != config->plain_length))
        return ol_sealed_wrong(err);
    return ol_stage_finish(st, err);
}

static int take(ol_stage *st, ol_slice in, ol_error *err)
{
    content *self = st->state;
    self->in = in;
    int rc = pump(st, err);
    self->in_waits = rc == OL_WAIT;
    return rc;
}

static int finish(ol_stage *st, ol_error *err)
{
    content *self = st->state;
    self->last = true;
    int rc = pump(st, err);
    if (rc == OL_WAIT)
        return OL_OK; /* resume goes on */
    return rc == OL_OK ? end(st, err) : rc;
}

static void resume(ol_stage *st)
{
    content *self = st->state;
    ol_error err = {0};
    int rc = pump(st, &err);
    if (rc == OL_WAIT)
        return;
    if (rc == OL_OK && self->last)
        rc = end(st, &err);
    if (rc < 0) {
        ol_stage_fail(st, &err);
        return;
    }
    if (self->in_waits) {
        self->in_waits = false;
        ol_stage_ready(st);
    }
}

static void on_cipher(void *arg)
{
    ol_stage *st = arg;
    if (!ol_stage_is_over(st))
        resume(st);
}

const ol_stage_ops ol_content_stage_ops = {
    .name = "decrypt",
    .phase = OL_PHASE_DECRYPT,
    .state_size = sizeof(content),
    .open = open_stage,
    .head = take_head,
    .write = take,
    .finish = finish,
    .resume = resume,
    .close = close_stage,
};
