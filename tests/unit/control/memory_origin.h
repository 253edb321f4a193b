/* SPDX-License-Identifier: MIT */
/*
 * An origin that holds one object in memory, for the place where control state is kept. It keeps
 * the conditions of a PUT, and can be told to be down, to refuse, or to be slower than asked for.
 * Several loops may use it at once.
 */
#ifndef OL_TESTS_CONTROL_MEMORY_ORIGIN_H
#define OL_TESTS_CONTROL_MEMORY_ORIGIN_H

#include <pthread.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "lib/check.h"
#include "origin/origin.h"

typedef struct memory_origin {
    ol_origin base;
    pthread_mutex_t lock;
    ol_buf content;
    bool present;
    unsigned version;
    bool down, read_only;
    bool contended; /* somebody else writes just before every PUT */
    unsigned opens, puts; /* that were asked for */
    void (*on_stored)(void *arg); /* once, between a PUT and its answer; without the lock */
    void *on_stored_arg;
} memory_origin;

typedef struct memory_object {
    ol_object base;
    ol_object_info info;
    char etag[16];
    ol_buf content;
} memory_object;

/* An answer on a later turn. */
typedef struct memory_answer {
    ol_post post;
    ol_object_cb cb;
    void *arg;
    ol_error err;
    ol_object *object;
} memory_answer;

static inline void memory_etag(const memory_origin *m, char out[16])
{
    snprintf(out, 16, "v%u", m->version);
}

static inline ol_object *memory_snapshot(memory_origin *m)
{
    memory_object *object = ol_calloc(1, sizeof(*object));
    assert_non_null(object);
    object->base.origin = &m->base;
    memory_etag(m, object->etag);
    ol_buf_init(&object->content, OL_MIB);
    assert_int_equal(ol_buf_add(&object->content, ol_buf_slice(&m->content)), OL_OK);
    object->info.etag = ol_slice_cstr(object->etag);
    object->info.size = object->content.len;
    return &object->base;
}

static inline void memory_tell(void *arg)
{
    memory_answer *answer = arg;
    answer->cb(answer->arg, answer->err.code ? &answer->err : NULL, answer->object);
    ol_free(answer);
}

static inline int memory_open(ol_origin *o, ol_loop *loop, const ol_object_ref *ref, ol_object **out,
                              ol_object_cb cb, void *arg, ol_error *err)
{
    memory_origin *m = (memory_origin *)o;
    (void)out;
    (void)err;
    assert_true(ref->open_for == OL_OPEN_FOR_INFO);
    memory_answer *answer = ol_calloc(1, sizeof(*answer));
    assert_non_null(answer);
    pthread_mutex_lock(&m->lock);
    m->opens++;
    if (m->down)
        ol_error_set(&answer->err, OL_EUNAVAILABLE, "the origin is down");
    else if (!m->present)
        ol_error_set(&answer->err, OL_ENOSUCHKEY, NULL);
    else
        answer->object = memory_snapshot(m);
    pthread_mutex_unlock(&m->lock);
    answer->cb = cb;
    answer->arg = arg;
    answer->post = (ol_post){.fn = memory_tell, .arg = answer};
    ol_loop_defer(loop, &answer->post);
    return OL_WAIT;
}

/* At once, and never more than 100 bytes of what was asked for. */
static inline int memory_read_at(ol_object *object, uint64_t offset, ol_span span, size_t *got,
                                 ol_read_cb cb, void *arg, ol_error *err)
{
    memory_object *self = (memory_object *)object;
    (void)cb;
    (void)arg;
    (void)err;
    ol_slice rest = ol_slice_from(ol_buf_slice(&self->content), (size_t)offset);
    rest = ol_slice_first(ol_slice_first(rest, span.len), 100);
    memcpy(span.data, rest.data, rest.len);
    *got = rest.len;
    return OL_OK;
}

static inline const ol_object_info *memory_info(const ol_object *object)
{
    return &((const memory_object *)object)->info;
}

static inline void memory_close_object(ol_object *object)
{
    memory_object *self = (memory_object *)object;
    ol_buf_fini(&self->content);
    ol_free(self);
}

/* ---- put ---- */

typedef struct memory_put {
    memory_origin *m;
    bool if_none_match_any;
    char if_match[16];
    ol_put_result *result;
    ol_buf content;
} memory_put;

static inline int memory_put_head(ol_stage *st, ol_head *head, ol_error *err)
{
    (void)st;
    (void)head;
    (void)err;
    return OL_OK;
}

static inline int memory_put_write(ol_stage *st, ol_slice in, ol_error *err)
{
    memory_put *put = (memory_put *)(uintptr_t)st->config;
    (void)err;
    return ol_buf_add(&put->content, in);
}

static inline int memory_put_store(memory_put *put, ol_error *err)
{
    memory_origin *m = put->m;
    char etag[16];
    memory_etag(m, etag);
    m->puts++;
    if (m->down || m->read_only)
        return ol_error_set(err, OL_EUNAVAILABLE, "the origin is down");
    m->version += m->contended;
    memory_etag(m, etag);
    if (put->if_none_match_any && m->present)
        return ol_error_set(err, OL_EPRECONDITION, NULL);
    if (put->if_match[0] && (!m->present || strcmp(put->if_match, etag) != 0))
        return ol_error_set(err, OL_EPRECONDITION, NULL);
    ol_buf_clear(&m->content);
    assert_int_equal(ol_buf_add(&m->content, ol_buf_slice(&put->content)), OL_OK);
    m->present = true;
    m->version++;
    memory_etag(m, put->result->etag);
    return OL_OK;
}

static inline int memory_put_finish(ol_stage *st, ol_error *err)
{
    memory_put *put = (memory_put *)(uintptr_t)st->config;
    pthread_mutex_lock(&put->m->lock);
    int rc = memory_put_store(put, err);
    void (*on_stored)(void *arg) = rc == OL_OK ? put->m->on_stored : NULL;
    if (on_stored)
        put->m->on_stored = NULL;
    pthread_mutex_unlock(&put->m->lock);
    if (on_stored)
        on_stored(put->m->on_stored_arg);
    return rc == OL_OK ? ol_stage_finish(st, err) : rc;
}

static inline void memory_put_close(ol_stage *st)
{
    ol_buf_fini(&((memory_put *)(uintptr_t)st->config)->content);
}

static const ol_stage_ops memory_put_ops = {
    .name = "memory",
    .phase = OL_PHASE_SINK,
    .head = memory_put_head,
    .write = memory_put_write,
    .finish = memory_put_finish,
    .close = memory_put_close,
};

static inline int memory_put_make(ol_origin *o, const ol_put_request *req, ol_arena *arena,
                                  const ol_stage_ops **ops, const void **config, ol_error *err)
{
    (void)err;
    memory_put *put = ol_arena_calloc(arena, sizeof(*put));
    assert_non_null(put);
    put->m = (memory_origin *)o;
    put->if_none_match_any = req->if_none_match_any;
    snprintf(put->if_match, sizeof(put->if_match), "%.*s", OL_SLICE_FMT(req->if_match));
    put->result = req->result;
    ol_buf_init(&put->content, OL_MIB);
    *ops = &memory_put_ops;
    *config = put;
    return OL_OK;
}

static const ol_origin_ops memory_ops = {
    .name = "memory",
    .open = memory_open,
    .read_at = memory_read_at,
    .info = memory_info,
    .close_object = memory_close_object,
    .put = memory_put_make,
};

static inline void memory_origin_open(memory_origin *m)
{
    *m = (memory_origin){.base = {.ops = &memory_ops}, .version = 1};
    pthread_mutex_init(&m->lock, NULL);
    ol_buf_init(&m->content, OL_MIB);
}

static inline void memory_origin_close(memory_origin *m)
{
    ol_buf_fini(&m->content);
    pthread_mutex_destroy(&m->lock);
}

static inline void memory_origin_set(memory_origin *m, const char *content)
{
    pthread_mutex_lock(&m->lock);
    ol_buf_clear(&m->content);
    m->present = content != NULL;
    m->version++;
    if (content)
        assert_int_equal(ol_buf_add_cstr(&m->content, content), OL_OK);
    pthread_mutex_unlock(&m->lock);
}

static inline void memory_origin_down(memory_origin *m, bool down)
{
    pthread_mutex_lock(&m->lock);
    m->down = down;
    pthread_mutex_unlock(&m->lock);
}

#endif
