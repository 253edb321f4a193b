/* SPDX-License-Identifier: MIT */
/*
 * Uploads in parts when something dies or fails. The server is killed at every durable step of
 * putting a part, completing, aborting and removing: afterwards there is the upload or the object,
 * whole, and no file that belongs to neither. Then every step fails instead, and every allocation.
 */
#include "store_multipart.h"
#include "store_trap.h"

#include <signal.h>
#include <sys/wait.h>

#define SMALL_BYTES 40000

static ol_slice first, second, again, old;
static ol_slice replaced; /* the object that was there before: `first`, then `old` */

static int make_bodies(void **state)
{
    (void)state;
    first = kit_bytes(PART, 1);
    second = kit_bytes(SMALL_BYTES, 2);
    again = kit_bytes(SMALL_BYTES + 1, 3);
    old = kit_bytes(SMALL_BYTES + 2, 4);
    replaced = kit_bytes(PART + SMALL_BYTES, 0);
    memcpy((void *)replaced.data, first.data, PART);
    memcpy((void *)(replaced.data + PART), old.data, SMALL_BYTES);
    return 0;
}

static int drop_bodies(void **state)
{
    (void)state;
    kit_free(first), kit_free(second), kit_free(again), kit_free(old), kit_free(replaced);
    return 0;
}

/* ---- what is done ---- */

enum act { REPLACE_PART, COMPLETE, ABORT, REMOVE, PUT_OVER, ACTS };

/* An upload of "k" with parts 1, 2 and (unwanted) 3, over an object in two parts. */
static void prepare(store_kit *kit, kit_id *id)
{
    const size_t lens[] = {PART, SMALL_BYTES};
    kit_put_parts(kit, "k", replaced, lens, 2, NULL);
    assert_code(kit_create(kit, "k", id), OL_OK);
    assert_code(kit_part(kit, "k", id, 1, first), OL_OK);
    assert_code(kit_part(kit, "k", id, 2, second), OL_OK);
    assert_code(kit_part(kit, "k", id, 3, old), OL_OK);
}

static int complete_without_last(store_kit *kit, const kit_id *id)
{
    ol_part_list *list;
    assert_code(kit_parts_of(kit, "k", kit_id_of(id), 0, 1000, &list), OL_OK);
    ol_complete_request req = kit_completion("k", id, list->parts, 2);
    int rc = kit_complete_as(kit, &req, NULL);
    ol_arena_destroy(list->arena);
    return rc;
}

static int act_out(store_kit *kit, const kit_id *id, enum act act)
{
    switch (act) {
    case REPLACE_PART: return kit_part(kit, "k", id, 2, again);
    case ABORT: return kit_abort(kit, "k", id);
    case REMOVE: return kit_remove(kit, "k");
    case PUT_OVER: return kit_put(kit, "k", old);
    default: return complete_without_last(kit, id);
    }
}

/* ---- what must be so afterwards ---- */

static bool object_is(store_kit *kit, ol_slice one, ol_slice two)
{
    ol_test_collect collect = {0};
    int rc = kit_get(kit, OL_SLICE_LIT("b"), OL_SLICE_LIT("k"), &collect);
    ol_slice body = ol_test_collect_out(&collect);
    bool same = rc == OL_OK && ol_slice_eq(ol_slice_first(body, one.len), one) &&
                ol_slice_eq(ol_slice_from(body, one.len), two);
    ol_test_collect_fini(&collect);
    return same;
}

/* The object that was there before, of two parts. */
static bool has_old_object(store_kit *kit)
{
    return object_is(kit, first, ol_slice_first(old, SMALL_BYTES));
}

/* 0: no such upload. Otherwise its parts are what they should be, and `second_bytes` says which of
 * the two versions of the second there is. */
static unsigned look_at_upload(store_kit *kit, const kit_id *id, uint64_t *second_bytes)
{
    ol_part_list *list;
    int rc = kit_parts_of(kit, "k", kit_id_of(id), 0, 1000, &list);
    if (rc == OL_ENOSUCHUPLOAD)
        return 0;
    assert_code(rc, OL_OK);
    assert_int_equal(list->count, 3);
    assert_int_equal(list->parts[0].size, PART);
    *second_bytes = list->parts[1].size;
    unsigned count = (unsigned)list->count;
    ol_arena_destroy(list->arena);
    return count;
}

/* `done`: it was answered with success. Whether it happened. */
static bool check(store_kit *kit, const kit_id *id, enum act act, bool done)
{
    uint64_t second_bytes = 0;
    unsigned upload = look_at_upload(kit, id, &second_bytes);
    unsigned files = kit_files(kit, "objects");
    assert_int_equal(kit_files(kit, "tmp"), 0);
    bool happened;
    if (act == COMPLETE) {
        happened = upload == 0;
        assert_int_equal(files, happened ? 2 : 5);
        assert_true(happened ? object_is(kit, first, second) : has_old_object(kit));
    } else if (act == REPLACE_PART) {
        assert_int_equal(upload, 3);
        assert_int_equal(files, 5);
        assert_true(has_old_object(kit));
        happened = second_bytes == again.len;
        assert_true(happened || second_bytes == second.len);
    } else if (act == ABORT) {
        happened = upload == 0;
        assert_int_equal(files, happened ? 2 : 5);
        assert_true(has_old_object(kit));
    } else {
        assert_int_equal(upload, 3);
        happened = !has_old_object(kit);
        assert_int_equal(files, happened ? 3 + (act == PUT_OVER) : 5);
        if (happened && act == PUT_OVER)
            assert_true(object_is(kit, old, OL_SLICE_NONE));
    }
    assert_true(happened || !done);
    return happened;
}

/* ---- killed ---- */

typedef struct fuse {
    enum ol_store_point point;
    int left; /* arrivals before the end */
} fuse;

static int on_point(void *arg, enum ol_store_point point, const char *name)
{
    (void)name;
    fuse *f = arg;
    if (point == f->point && f->left-- == 0)
        kill(getpid(), SIGKILL);
    return 0;
}

/* In a child: prepare, tell the id, act, tell that it was answered. */
static void child_run(store_kit *kit, enum act act, fuse *f, int fd)
{
    kit_id id = {""};
    kit_start(kit);
    assert_code(ol_store_ensure_bucket(kit->origin, OL_SLICE_LIT("b"), NULL), OL_OK);
    prepare(kit, &id);
    if (write(fd, &id, sizeof id) != sizeof id)
        _exit(9);
    ol_store_hook_set(on_point, f);
    int rc = act_out(kit, &id, act);
    if (write(fd, &rc, sizeof rc) != sizeof rc)
        _exit(9);
    kit_stop(kit);
    _exit(0);
}

/* The steps are all taken in the build that sees what is left behind, ASan's. TSan is here for the threads, which are at
 * work whichever step is the last. */
#ifdef __SANITIZE_THREAD__
#define EACH 3
#else
#define EACH 1
#endif

/* Whether the fuse was reached. */
static bool kill_at(enum act act, fuse f, bool *happened)
{
    store_kit kit;
    kit_init(&kit);
    ol_test_bench_close(&kit.bench);
    kit.bench = (ol_test_bench){.done = false};
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(fds[0]);
        child_run(&kit, act, &f, fds[1]);
    }
    close(fds[1]);
    kit_id id;
    int rc = OL_EINTERNAL;
    assert_int_equal(read(fds[0], &id, sizeof id), sizeof id);
    bool answered = read(fds[0], &rc, sizeof rc) == sizeof rc;
    assert_true(!answered || rc == OL_OK);
    close(fds[0]);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    assert_true(killed || (WIFEXITED(status) && WEXITSTATUS(status) == 0));
    kit_start(&kit);
    *happened = check(&kit, &id, act, answered);
    kit_restart(&kit);
    assert_int_equal(check(&kit, &id, act, answered), *happened);
    kit_fini(&kit);
    return killed;
}

static void killed_at_every_step(void **state)
{
    (void)state;
    const enum ol_store_point points[] = {
        OL_STORE_TEMP_CREATE, OL_STORE_FILE_WRITE,   OL_STORE_FILE_SYNC,  OL_STORE_FILE_SYNCED,
        OL_STORE_RENAME,      OL_STORE_RENAMED,      OL_STORE_SHELF_SYNC, OL_STORE_SHELF_SYNCED,
        OL_STORE_COMMIT,      OL_STORE_COMMITTED,    OL_STORE_PUBLISHED,  OL_STORE_UNLINK,
    };
    unsigned step = 0, killed = 0, before = 0, after = 0;
    for (int act = 0; act < ACTS; act++) {
        for (size_t p = 0; p < sizeof points / sizeof *points; p++) {
            for (int left = 0; left < (points[p] == OL_STORE_UNLINK ? 3 : 1); left++) {
                bool happened;
                if (step++ % EACH != 0 || !kill_at((enum act)act, (fuse){points[p], left}, &happened))
                    continue;
                killed++;
                *(happened ? &after : &before) += 1;
            }
        }
    }
    assert_true(killed >= 35 / EACH && before >= 15 / EACH && after >= 15 / EACH);
}

/* ---- failing ---- */

static void every_step_may_fail(void **state)
{
    (void)state;
    const struct {
        enum ol_store_point point;
        int fault, code;
        bool breaks;
    } steps[] = {
        {OL_STORE_TEMP_CREATE, EACCES, OL_EINTERNAL, false},
        {OL_STORE_FILE_WRITE, ENOSPC, OL_ENOSPACE, false},
        {OL_STORE_FILE_SYNC, EIO, OL_EINTERNAL, true},
        {OL_STORE_FILE_SYNC, ENOSPC, OL_ENOSPACE, false},
        {OL_STORE_RENAME, EIO, OL_EINTERNAL, false},
        {OL_STORE_SHELF_SYNC, EIO, OL_EINTERNAL, true},
        {OL_STORE_COMMIT, EIO, OL_EINTERNAL, false},
    };
    for (int act = 0; act < ACTS; act++) {
        if (act == PUT_OVER)
            continue;
        for (size_t s = 0; s < sizeof steps / sizeof *steps; s++) {
            if (act != REPLACE_PART && steps[s].point != OL_STORE_COMMIT)
                continue;
            store_kit kit;
            kit_open(&kit);
            kit_id id;
            prepare(&kit, &id);
            trap t;
            trap_open(&t);
            trap_fail(&t, steps[s].point, steps[s].fault, 0);
            assert_code(act_out(&kit, &id, (enum act)act), steps[s].code);
            trap_close(&t);
            assert_true(has_old_object(&kit));
            kit_restart(&kit);
            assert_false(check(&kit, &id, (enum act)act, false));
            assert_code(act_out(&kit, &id, (enum act)act), OL_OK);
            kit_restart(&kit);
            assert_true(check(&kit, &id, (enum act)act, true));
            kit_fini(&kit);
        }
    }
}

/* A file of a part is gone, or has another length: an error, never other bytes. */
static void a_damaged_part_is_an_error(void **state)
{
    (void)state;
    for (int way = 0; way < 3; way++) {
        store_kit kit;
        kit_open(&kit);
        const size_t lens[] = {PART, SMALL_BYTES};
        ol_slice both = kit_bytes(PART + SMALL_BYTES, 5);
        kit_put_parts(&kit, "k", both, lens, 2, NULL);
        assert_int_equal(kit_files(&kit, "objects"), 2);
        /* The one that was visited last is either of the two. */
        const char *file = kit_counted.last;
        assert_int_equal(way ? truncate(file, way == 1 ? 5 : 2 * PART) : unlink(file), 0);
        ol_test_collect collect = {0};
        assert_code(kit_get(&kit, OL_SLICE_LIT("b"), OL_SLICE_LIT("k"), &collect), OL_EORIGIN);
        assert_true(collect.len < both.len);
        if (collect.len > 0)
            assert_memory_equal(collect.data, both.data, collect.len);
        ol_test_collect_fini(&collect);
        kit_free(both);
        kit_fini(&kit);
    }
}

/* ---- no memory ---- */

static bool is_expected(int rc)
{
    return rc == OL_OK || rc == OL_ENOMEM;
}

static int work(store_kit *kit)
{
    kit_id id = {""};
    ol_uploads_request req = {.bucket = OL_SLICE_LIT("b"), .max_uploads = 10};
    ol_uploads_result *list = NULL;
    char text[4096];
    int rc = kit_create(kit, "k", &id);
    if (rc == OL_OK)
        rc = kit_part(kit, "k", &id, 1, second);
    if (rc == OL_OK)
        rc = kit_uploads(kit, &req, &list);
    if (list)
        ol_arena_destroy(list->arena);
    if (rc == OL_OK)
        rc = kit_complete(kit, "k", &id, NULL);
    if (rc == OL_OK)
        rc = kit_attribute_set(kit, "k", OL_ATTRIBUTE_TAGS, "a=1");
    if (rc == OL_OK)
        rc = kit_attribute(kit, "k", OL_ATTRIBUTE_TAGS, text);
    ol_test_collect collect = {0};
    if (rc == OL_OK)
        rc = kit_get(kit, OL_SLICE_LIT("b"), OL_SLICE_LIT("k"), &collect);
    ol_test_collect_fini(&collect);
    if (rc == OL_OK)
        rc = kit_create(kit, "k", &id);
    if (rc == OL_OK)
        rc = kit_part(kit, "k", &id, 1, second);
    if (rc == OL_OK)
        rc = kit_abort(kit, "k", &id);
    if (rc == OL_OK)
        rc = kit_remove(kit, "k");
    return rc;
}

typedef struct scene {
    store_kit kit;
    unsigned works;
    bool whole;
} scene;

static int run_scene(void *arg)
{
    scene *s = arg;
    store_kit *kit = &s->kit;
    /* Whole in memory, or through its parts. */
    kit->options.cache_object_bytes_max = s->whole ? 256 * OL_KIB : 0;
    ol_test_bench_open(&kit->bench);
    int rc = kit->bench.rc;
    if (rc == OL_OK)
        rc = ol_store_open(&kit->origin, &kit->options, NULL);
    if (rc == OL_OK)
        rc = ol_store_ensure_bucket(kit->origin, OL_SLICE_LIT("b"), NULL);
    if (rc == OL_OK) {
        s->works++;
        rc = work(kit);
    }
    assert_true(is_expected(rc));
    ol_test_bench_close(&kit->bench);
    kit->bench = (ol_test_bench){.done = false};
    ol_store_close(kit->origin);
    kit->origin = NULL;
    return rc;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    for (int whole = 0; whole < 2; whole++) {
        scene s = {.whole = whole};
        kit_init(&s.kit);
        ol_test_bench_close(&s.kit.bench);
        unsigned tried = ol_test_fail_each(run_scene, &s);
        assert_true(tried > 30 && s.works > 10);
        kit_start(&s.kit);
        assert_int_equal(kit_files(&s.kit, "tmp"), 0);
        kit_fini(&s.kit);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(killed_at_every_step),
        cmocka_unit_test(every_step_may_fail),
        cmocka_unit_test(a_damaged_part_is_an_error),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, make_bodies, drop_bodies);
}
