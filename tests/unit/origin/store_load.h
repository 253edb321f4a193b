/* SPDX-License-Identifier: MIT */
/*
 * A load of changes on one store, many at once on one loop: each key is written or removed again
 * and again, one change at a time, and each version's body says what it is. Somebody else keeps
 * the book: `on_issue` before a change starts, `on_ack` when it was answered.
 */
#ifndef OL_TESTS_ORIGIN_STORE_LOAD_H
#define OL_TESTS_ORIGIN_STORE_LOAD_H

#include <stdlib.h>

#include "lib/check.h"
#include "lib/pipeline_stages.h"
#include "origin/store/store.h"

#define LOAD_KEYS 24
#define LOAD_BYTES_MAX 400000u

/* Every fifth version of a key is its removal. */
static inline bool load_is_removal(unsigned version)
{
    return version % 5 == 4;
}

/* Small, medium and large by turns, so that each kind replaces each. */
static inline size_t load_len(unsigned key, unsigned version)
{
    static const size_t lens[] = {40, 1000, 17000, 16384, 70000, 300, 400000};
    return lens[(key * 3 + version * 5 + version / 7) % 7];
}

/* "key version" again and again. */
static inline void load_fill(unsigned key, unsigned version, uint8_t *out, size_t len)
{
    char text[24];
    size_t text_len = (size_t)snprintf(text, sizeof text, "%u %u|", key, version);
    for (size_t at = 0; at < len; at += text_len)
        memcpy(out + at, text, len - at < text_len ? len - at : text_len);
}

static inline bool load_is_body(unsigned key, unsigned version, ol_slice body)
{
    if (body.len != load_len(key, version))
        return false;
    uint8_t *want = malloc(body.len);
    load_fill(key, version, want, body.len);
    bool same = memcmp(want, body.data, body.len) == 0;
    free(want);
    return same;
}

typedef struct load_book {
    void (*on_issue)(void *arg, unsigned key, unsigned version);
    void (*on_ack)(void *arg, unsigned key, unsigned version);
    void *arg;
} load_book;

typedef struct load load;

typedef struct load_actor {
    load *load;
    unsigned key, version, left;
    char name[16];
    ol_arena *arena;
    ol_pipeline *pipeline;
    ol_test_feed feed;
    uint8_t *body;
    bool removing;
    ol_post turn;
} load_actor;

struct load {
    ol_origin *origin;
    ol_loop *loop;
    const load_book *book;
    unsigned running;
    unsigned failed;
    load_actor actors[LOAD_KEYS];
};

/* How the bodies are encrypted; NULL: not at all. */
static const ol_sse *load_sse;

static void load_next(load_actor *a);

static void load_end(load_actor *a, const ol_error *err)
{
    if (a->pipeline)
        ol_pipeline_close(a->pipeline);
    a->pipeline = NULL;
    if (err)
        a->load->failed++;
    else
        a->load->book->on_ack(a->load->book->arg, a->key, a->version);
    a->version++;
    if (a->left == 0) {
        a->load->running--;
        return;
    }
    a->left--;
    load_next(a);
}

static void load_on_done(void *arg, const ol_error *err)
{
    load_end(arg, err);
}

static void load_on_removed(void *arg, const ol_error *err, const ol_remove_result *result)
{
    (void)result;
    load_end(arg, err);
}

static const ol_pipeline_ops load_pipeline_ops = {.on_done = load_on_done};

static void load_put(load_actor *a)
{
    size_t len = load_len(a->key, a->version);
    load_fill(a->key, a->version, a->body, len);
    a->feed = (ol_test_feed){.body = ol_slice_of(a->body, len), .piece_bytes = 100000};
    ol_arena_reset(a->arena);
    ol_put_request req = {.bucket = OL_SLICE_LIT("b"), .key = ol_slice_cstr(a->name),
                          .size = a->version % 2 ? (int64_t)len : -1,
                          .sse = load_sse,
                          .key_user = &kit_anybody.user};
    const ol_stage_ops *ops;
    const void *config;
    ol_error err = {0};
    if (a->load->origin->ops->put(a->load->origin, &req, a->arena, &ops, &config, &err) != OL_OK ||
        ol_pipeline_new(&a->pipeline, a->load->loop, a->arena, &load_pipeline_ops, a) != OL_OK ||
        ol_pipeline_add(a->pipeline, &ol_test_feed_ops, &a->feed, NULL) != OL_OK ||
        ol_pipeline_add(a->pipeline, ops, config, NULL) != OL_OK ||
        ol_pipeline_start(a->pipeline, &err) != OL_OK)
        abort();
}

static void load_next(load_actor *a)
{
    a->load->book->on_issue(a->load->book->arg, a->key, a->version);
    if (!load_is_removal(a->version)) {
        load_put(a);
        return;
    }
    ol_error err = {0};
    ol_remove_request removal = {.bucket = OL_SLICE_LIT("b"), .key = ol_slice_cstr(a->name),
                                 .if_modified_ms = -1, .if_size = -1};
    if (a->load->origin->ops->remove(a->load->origin, a->load->loop, &removal, load_on_removed, a,
                                     &err) != OL_WAIT)
        abort();
}

/* Start `changes` of each key, from the versions given on. */
static inline void load_start(load *l, ol_origin *origin, ol_loop *loop, const load_book *book,
                              const unsigned versions[LOAD_KEYS], unsigned changes)
{
    *l = (load){.origin = origin, .loop = loop, .book = book, .running = LOAD_KEYS};
    for (unsigned i = 0; i < LOAD_KEYS; i++) {
        load_actor *a = &l->actors[i];
        *a = (load_actor){.load = l, .key = i, .version = versions[i], .left = changes - 1};
        snprintf(a->name, sizeof a->name, "key-%u", i);
        a->arena = ol_arena_new(1 << 20);
        a->body = malloc(LOAD_BYTES_MAX);
        if (!a->arena || !a->body)
            abort();
        load_next(a);
    }
}

static inline void load_fini(load *l)
{
    for (unsigned i = 0; i < LOAD_KEYS; i++) {
        if (l->actors[i].pipeline)
            ol_pipeline_close(l->actors[i].pipeline);
        ol_arena_destroy(l->actors[i].arena);
        free(l->actors[i].body);
    }
}

/* What a reader finds must be version `low`, or one up to `high` (issued, maybe not answered).
 * Versions start at 1; 0 = never written. `found` receives which. False: neither. */
static inline bool load_matches(unsigned key, unsigned low, unsigned high, const ol_slice *body,
                                unsigned *found)
{
    for (unsigned version = low; version <= high; version++) {
        bool absent = version == 0 || load_is_removal(version);
        if (absent ? body == NULL : body && load_is_body(key, version, *body)) {
            *found = version;
            return true;
        }
    }
    return false;
}

#endif
