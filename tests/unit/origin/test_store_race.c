/* SPDX-License-Identifier: MIT */
/*
 * Three loops on three threads, one store, few keys, a cache that is too small. Each key has one
 * writer, who puts every third version as an upload in parts; everybody reads everything. A read
 * that starts after a write was answered sees that write or a later one; and once anybody has
 * seen a version, nobody who asks later sees an older one. Run under ThreadSanitizer it also shows
 * that the store's threads share soundly.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "store_kit.h"

#define LOOPS 3
#define KEYS 9
#define ACTORS 6 /* a loop; each third one writes */
#ifdef OBJLENS_SANITIZED
#define STEPS 400
#else
#define STEPS 1000
#endif

typedef struct key_state {
    atomic_uint floor; /* the highest version that was answered or seen */
} key_state;

static key_state keys[KEYS];
static ol_origin *origin;
static atomic_uint faults, reads, hits_absent, uploads;

typedef struct looper looper;

typedef struct actor {
    looper *looper;
    unsigned number, left;
    bool writer;
    ol_test_random random;
    ol_arena *arena;
    ol_pipeline *pipeline;
    ol_test_feed feed;
    uint8_t *body;
    unsigned key, version, floor;
    unsigned versions[KEYS]; /* written by this actor */
    char upload_id[OL_UPLOAD_ID_SIZE]; /* empty: a plain PUT */
    ol_put_result result;
    ol_object *object;
    uint8_t seen[8];
    ol_post turn;
} actor;

struct looper {
    ol_loop *loop;
    pthread_t thread;
    unsigned index, running;
    actor actors[ACTORS];
};

static void next_step(actor *a);

static void fault(const char *what, const actor *a, unsigned seen)
{
    if (atomic_fetch_add(&faults, 1) < 5)
        print_error("key %u: %s (floor %u, seen %u)\n", a->key, what, a->floor, seen);
}

static void raise_floor(unsigned key, unsigned version)
{
    unsigned now = atomic_load(&keys[key].floor);
    while (now < version && !atomic_compare_exchange_weak(&keys[key].floor, &now, version))
        continue;
}

static ol_slice key_name(unsigned key, char out[8])
{
    snprintf(out, 8, "key-%u", key);
    return ol_slice_cstr(out);
}

static size_t body_len(unsigned key, unsigned version)
{
    static const size_t lens[] = {8, 500, 20000, 16384, 70000};
    return lens[(key + version) % 5];
}

static void on_turn(void *arg)
{
    next_step(arg);
}

/* Not from within a callback of what just ended: stacks would grow. */
static void step_done(actor *a)
{
    a->turn = (ol_post){.fn = on_turn, .arg = a};
    ol_loop_defer(a->looper->loop, &a->turn);
}

/* ---- writing ---- */

static void write_done(actor *a, const ol_error *err)
{
    if (err)
        fault(err->detail, a, 0);
    raise_floor(a->key, a->version);
    step_done(a);
}

static void on_completed(void *arg, const ol_error *err, const ol_put_result *result)
{
    (void)result;
    write_done(arg, err);
}

static void complete(actor *a)
{
    char name[8];
    ol_part part = {.number = 1, .etag = ol_slice_cstr(a->result.etag)};
    ol_complete_request req = {.bucket = OL_SLICE_LIT("b"), .key = key_name(a->key, name),
                               .upload_id = ol_slice_cstr(a->upload_id), .parts = &part,
                               .part_count = 1, .size = -1};
    if (origin->ops->upload_complete(origin, a->looper->loop, &req, on_completed, a, NULL) !=
        OL_WAIT)
        abort();
}

static void on_written(void *arg, const ol_error *err)
{
    actor *a = arg;
    ol_pipeline_close(a->pipeline);
    if (!err && a->upload_id[0])
        complete(a);
    else
        write_done(a, err);
}

static const ol_pipeline_ops pipeline_ops = {.on_done = on_written};

static int make_sink(actor *a, const ol_stage_ops **ops, const void **config, ol_error *err)
{
    char name[8];
    ol_slice bucket = OL_SLICE_LIT("b"), key = key_name(a->key, name);
    ol_put_request put = {.bucket = bucket, .key = key, .size = (int64_t)a->feed.body.len};
    ol_part_request part = {.bucket = bucket, .key = key, .number = 1,
                            .upload_id = ol_slice_cstr(a->upload_id),
                            .size = (int64_t)a->feed.body.len, .result = &a->result};
    return a->upload_id[0] ? origin->ops->upload_part(origin, &part, a->arena, ops, config, err)
                           : origin->ops->put(origin, &put, a->arena, ops, config, err);
}

static void send_body(actor *a)
{
    size_t len = body_len(a->key, a->version);
    memset(a->body, (int)(a->version & 0xff), len);
    memcpy(a->body, &a->version, sizeof a->version);
    a->feed = (ol_test_feed){.body = ol_slice_of(a->body, len)};
    ol_arena_reset(a->arena);
    const ol_stage_ops *ops;
    const void *config;
    ol_error err = {0};
    if (make_sink(a, &ops, &config, &err) != OL_OK ||
        ol_pipeline_new(&a->pipeline, a->looper->loop, a->arena, &pipeline_ops, a) != OL_OK ||
        ol_pipeline_add(a->pipeline, &ol_test_feed_ops, &a->feed, NULL) != OL_OK ||
        ol_pipeline_add(a->pipeline, ops, config, NULL) != OL_OK ||
        ol_pipeline_start(a->pipeline, &err) != OL_OK)
        abort();
}

static void on_created(void *arg, const ol_error *err, ol_slice upload_id)
{
    actor *a = arg;
    if (err) {
        write_done(a, err);
        return;
    }
    snprintf(a->upload_id, sizeof a->upload_id, "%.*s", OL_SLICE_FMT(upload_id));
    send_body(a);
}

static void start_write(actor *a)
{
    char name[8];
    a->key = a->looper->index + LOOPS * (unsigned)ol_test_random_below(&a->random, KEYS / LOOPS);
    a->version = ++a->versions[a->key];
    a->upload_id[0] = '\0';
    if (a->version % 3 != 0) {
        send_body(a);
        return;
    }
    atomic_fetch_add(&uploads, 1);
    ol_upload_request req = {.bucket = OL_SLICE_LIT("b"), .key = key_name(a->key, name)};
    if (origin->ops->upload_create(origin, a->looper->loop, &req, on_created, a, NULL) != OL_WAIT)
        abort();
}

/* ---- reading ---- */

static void look(actor *a)
{
    unsigned seen;
    memcpy(&seen, a->seen, sizeof seen);
    if (seen < a->floor)
        fault("an old version", a, seen);
    if (origin->ops->info(a->object)->size != body_len(a->key, seen))
        fault("another version's size", a, seen);
    raise_floor(a->key, seen);
    atomic_fetch_add(&reads, 1);
    origin->ops->close_object(a->object);
    a->object = NULL;
    step_done(a);
}

static void on_read(void *arg, const ol_error *err, size_t got)
{
    actor *a = arg;
    if (err || got != sizeof(unsigned))
        fault("a read failed", a, 0);
    look(a);
}

static void on_object(void *arg, const ol_error *err, ol_object *object)
{
    actor *a = arg;
    if (err) {
        if (err->code != OL_ENOSUCHKEY || a->floor > 0)
            fault(err->detail[0] ? err->detail : "no such key", a, 0);
        atomic_fetch_add(&hits_absent, 1);
        step_done(a);
        return;
    }
    a->object = object;
    size_t got;
    ol_error read_err = {0};
    int rc = origin->ops->read_at(object, 0, (ol_span){a->seen, sizeof(unsigned)}, &got, on_read, a,
                                  &read_err);
    if (rc == OL_OK)
        look(a);
    else if (rc != OL_WAIT)
        abort();
}

static void start_read(actor *a)
{
    char name[8];
    a->key = (unsigned)ol_test_random_below(&a->random, KEYS);
    a->floor = atomic_load(&keys[a->key].floor);
    ol_object_ref ref = {.bucket = OL_SLICE_LIT("b"), .key = key_name(a->key, name)};
    ol_object *object;
    ol_error err = {0};
    int rc = origin->ops->open(origin, a->looper->loop, &ref, &object, on_object, a, &err);
    if (rc == OL_OK)
        on_object(a, NULL, object);
    else if (rc != OL_WAIT)
        abort();
}

/* ---- the loops ---- */

static void next_step(actor *a)
{
    if (a->left-- == 0) {
        if (--a->looper->running == 0)
            ol_loop_stop(a->looper->loop);
    } else if (a->writer) {
        start_write(a);
    } else {
        start_read(a);
    }
}

static void *run_loop(void *arg)
{
    looper *l = arg;
    for (unsigned i = 0; i < ACTORS; i++) {
        l->actors[i].turn = (ol_post){.fn = on_turn, .arg = &l->actors[i]};
        ol_loop_post(l->loop, &l->actors[i].turn);
    }
    ol_loop_run(l->loop);
    return NULL;
}

static void looper_init(looper *l, unsigned index)
{
    *l = (looper){.index = index, .running = ACTORS};
    assert_code(ol_loop_new(&l->loop, index), OL_OK);
    for (unsigned i = 0; i < ACTORS; i++) {
        actor *a = &l->actors[i];
        *a = (actor){.looper = l, .number = i, .writer = i == 0, .left = STEPS};
        a->random.state = 1 + index * 100 + i;
        a->arena = ol_arena_new(1 << 20);
        a->body = malloc(100000);
    }
}

static void looper_fini(looper *l)
{
    ol_loop_destroy(l->loop);
    for (unsigned i = 0; i < ACTORS; i++) {
        ol_arena_destroy(l->actors[i].arena);
        free(l->actors[i].body);
    }
}

/* Now and then a row that was read is held back until a batch has been committed and answered,
 * and a commit until readers have come by. */
static int dawdle(void *arg, enum ol_store_point point, const char *name)
{
    (void)arg, (void)name;
    static atomic_uint reading, published;
    if (point == OL_STORE_PUBLISHED)
        atomic_fetch_add(&published, 1);
    if (point == OL_STORE_COMMITTED)
        usleep(200);
    if (point != OL_STORE_ROW_READ || atomic_fetch_add(&reading, 1) % 4 != 0)
        return 0;
    unsigned before = atomic_load(&published);
    for (int i = 0; i < 50 && atomic_load(&published) - before < 2; i++)
        usleep(200);
    return 0;
}

static void nobody_sees_the_past(size_t cache_bytes_max, size_t object_bytes_max)
{
    store_kit kit;
    kit_open(&kit);
    kit_stop(&kit);
    kit.options.cache_bytes_max = cache_bytes_max;
    kit.options.cache_object_bytes_max = object_bytes_max;
    kit.options.read_threads = 3;
    kit_start(&kit);
    origin = kit.origin;
    atomic_store(&reads, 0);
    atomic_store(&faults, 0);
    atomic_store(&uploads, 0);
    for (unsigned i = 0; i < KEYS; i++)
        atomic_store(&keys[i].floor, 0);
    ol_store_hook_set(dawdle, NULL);
    static looper loopers[LOOPS];
    for (unsigned i = 0; i < LOOPS; i++)
        looper_init(&loopers[i], i);
    for (unsigned i = 0; i < LOOPS; i++)
        assert_int_equal(pthread_create(&loopers[i].thread, NULL, run_loop, &loopers[i]), 0);
    for (unsigned i = 0; i < LOOPS; i++)
        assert_int_equal(pthread_join(loopers[i].thread, NULL), 0);
    ol_store_stats stats;
    ol_store_stats_get(kit.origin, &stats);
    for (unsigned i = 0; i < LOOPS; i++)
        looper_fini(&loopers[i]);
    kit_stop(&kit);
    ol_store_hook_set(NULL, NULL);
    assert_int_equal(atomic_load(&faults), 0);
    assert_true(atomic_load(&reads) > STEPS);
    assert_true(cache_bytes_max == 0 || (stats.cache_hits > 10 && stats.cache_misses > 10));
    assert_true(stats.cache_bytes <= cache_bytes_max);
    assert_true(atomic_load(&uploads) > STEPS / 2);
    /* Beginning, part, completion: three instead of one. */
    assert_int_equal(stats.commits, LOOPS * STEPS + 2 * atomic_load(&uploads));
    assert_int_equal(kit_files(&kit, "tmp"), 0);
    kit_start(&kit);
    kit_fini(&kit);
}

static void with_a_cache(void **state)
{
    (void)state;
    nobody_sees_the_past(64 << 20, 256 * OL_KIB);
}

static void with_a_small_cache(void **state)
{
    (void)state;
    nobody_sees_the_past(16 * 60000, 256 * OL_KIB);
}

static void without_a_cache(void **state)
{
    (void)state;
    nobody_sees_the_past(0, 256 * OL_KIB);
}

/* Bodies of files and of parts are opened while their objects are replaced. */
static void with_files_and_parts(void **state)
{
    (void)state;
    nobody_sees_the_past(64 << 20, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(with_a_cache),
        cmocka_unit_test(with_a_small_cache),
        cmocka_unit_test(without_a_cache),
        cmocka_unit_test(with_files_and_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
