/* SPDX-License-Identifier: MIT */
/*
 * The server dies. First with the kernel surviving (SIGKILL): what had been answered is there,
 * what had not is there whole or not at all. Then with the power: a shadow of the data folder
 * holds only what has been synced, directory entries included, and at many moments that shadow
 * is opened as a store.
 */
#include "store_kit.h"
#include "store_load.h"
#include "store_vfs.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/clock.h"

/* What is found after a crash is looked at in ASan's build, of all of them. TSan is here for the threads of the load, which
 * is the same each time. */
#ifdef __SANITIZE_THREAD__
#define ROUNDS 3
#define MOMENTS_MAX 6
#else
#define ROUNDS 8
#define MOMENTS_MAX 18
#endif

typedef struct book {
    unsigned acked[LOAD_KEYS];
    unsigned issued[LOAD_KEYS];
} book;

/* Look at every key of a store that was opened after a crash; the book then says what is. */
static void check_store(store_kit *kit, book *b)
{
    kit->customer_key = load_sse ? load_sse->customer_key : NULL;
    for (unsigned key = 0; key < LOAD_KEYS; key++) {
        char name[16];
        snprintf(name, sizeof name, "key-%u", key);
        ol_test_collect collect = {0};
        int rc = kit_get(kit, OL_SLICE_LIT("b"), ol_slice_cstr(name), &collect);
        assert_true(rc == OL_OK || rc == OL_ENOSUCHKEY);
        ol_slice body = ol_test_collect_out(&collect);
        unsigned found = 0;
        if (!load_matches(key, b->acked[key], b->issued[key], rc == OL_OK ? &body : NULL, &found))
            fail_msg("key %u: neither version %u (answered) nor up to %u (asked), but %s of %zu",
                     key, b->acked[key], b->issued[key], rc == OL_OK ? "a body" : "none", body.len);
        b->acked[key] = b->issued[key] = found;
        ol_test_collect_fini(&collect);
    }
}

/* ---- SIGKILL ---- */

typedef struct record {
    uint32_t ack, key, version;
} record;

static void write_record(void *arg, uint32_t ack, unsigned key, unsigned version)
{
    record r = {ack, key, version};
    if (write(*(int *)arg, &r, sizeof r) != sizeof r)
        _exit(9);
}

static void tell_issue(void *arg, unsigned key, unsigned version)
{
    write_record(arg, 0, key, version);
}

static void tell_ack(void *arg, unsigned key, unsigned version)
{
    write_record(arg, 1, key, version);
}

static void child_run(const ol_store_options *options, const book *b, int fd)
{
    ol_origin *origin;
    ol_loop *loop;
    ol_error err = {0};
    if (ol_store_open(&origin, options, &err) != OL_OK || ol_loop_new(&loop, 0) != OL_OK ||
        ol_store_ensure_bucket(origin, OL_SLICE_LIT("b"), &err) != OL_OK)
        _exit(8);
    const load_book teller = {.on_issue = tell_issue, .on_ack = tell_ack, .arg = &fd};
    unsigned versions[LOAD_KEYS];
    for (unsigned i = 0; i < LOAD_KEYS; i++)
        versions[i] = b->acked[i] + 1;
    static load l;
    load_start(&l, origin, loop, &teller, versions, 1000000);
    for (;;)
        uv_run(ol_loop_uv(loop), UV_RUN_ONCE);
}

/* Reads what the child tells until `acks` answers came, kills it, reads the rest. */
static void follow_and_kill(book *b, pid_t child, int fd, unsigned acks)
{
    record r;
    bool killed = false;
    for (unsigned count = 0; read(fd, &r, sizeof r) == (ssize_t)sizeof r;) {
        if (r.ack)
            b->acked[r.key] = r.version;
        else
            b->issued[r.key] = r.version;
        count += r.ack;
        if (count >= acks && !killed) {
            kill(child, SIGKILL);
            killed = true;
        }
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void a_killed_server_keeps_its_word(void **state)
{
    (void)state;
    store_kit kit;
    kit_init(&kit);
    ol_test_bench_close(&kit.bench);
    kit.bench = (ol_test_bench){.done = false};
    book b = {.acked = {0}};
    ol_test_random random = {4711};
    unsigned answered = 0;
    for (int round = 0; round < ROUNDS; round++) {
        int fds[2];
        assert_int_equal(pipe(fds), 0);
        fflush(NULL);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            close(fds[0]);
            child_run(&kit.options, &b, fds[1]);
        }
        close(fds[1]);
        unsigned acks = 1 + (unsigned)ol_test_random_below(&random, 400);
        follow_and_kill(&b, child, fds[0], acks);
        close(fds[0]);
        answered += acks;
        kit_start(&kit);
        check_store(&kit, &b);
        kit_restart(&kit);
        check_store(&kit, &b);
        assert_int_equal(kit_files(&kit, "tmp"), 0);
        kit_stop(&kit);
    }
    assert_true(answered > 300);
    kit_start(&kit);
    kit_fini(&kit);
}

/* ---- power ---- */

typedef struct power {
    pthread_mutex_t lock;
    char data[160], shadow[160], root[100];
    book book;
    book at[MOMENTS_MAX];
    unsigned moments;
    unsigned events;
    ol_test_random random;
    bool eager_unlink; /* removals reach the disk at once; otherwise with the shelf's next sync */
    bool on;
} power;

static power p;

static void shell(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void shell(const char *format, ...)
{
    char command[1200];
    va_list args;
    va_start(args, format);
    vsnprintf(command, sizeof command, format, args);
    va_end(args);
    if (system(command) != 0)
        abort();
}

/* Plain C, since a shell for each would take long. False when there is no such file. */
static bool copy_file(const char *from, const char *to)
{
    char buffer[65536];
    int in = open(from, O_RDONLY | O_CLOEXEC);
    if (in < 0)
        return false;
    int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (out < 0)
        abort();
    for (ssize_t got; (got = read(in, buffer, sizeof buffer)) > 0;) {
        if (write(out, buffer, (size_t)got) != got)
            abort();
    }
    close(in);
    close(out);
    return true;
}

/* The power may fail now: the shadow as it is, and what had been answered. */
static void maybe_fail_power(void)
{
    if (++p.events % 7 != 0 || ol_test_random_below(&p.random, 3) != 0 || p.moments == MOMENTS_MAX)
        return;
    p.at[p.moments] = p.book;
    shell("cp -a %s %s/moment-%u", p.shadow, p.root, p.moments);
    p.moments++;
}

static void sync_shelf(const char *name)
{
    char from[400], to[800], inode[800];
    snprintf(from, sizeof from, "%s/%s", p.data, name);
    snprintf(to, sizeof to, "%s/%s", p.shadow, name);
    shell("rm -f %s/*", to);
    DIR *dir = opendir(from);
    for (struct dirent *item; (item = readdir(dir)) != NULL;) {
        if (item->d_name[0] == '.')
            continue;
        /* The name is durable; the content only if it was synced, else the file is empty. */
        snprintf(inode, sizeof inode, "%s/inodes/%s", p.root, item->d_name);
        snprintf(to, sizeof to, "%s/%s/%s", p.shadow, name, item->d_name);
        if (!copy_file(inode, to))
            close(open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    }
    closedir(dir);
}

static int on_point(void *arg, enum ol_store_point point, const char *name)
{
    (void)arg;
    char from[400], to[400];
    pthread_mutex_lock(&p.lock);
    if (p.on) {
        if (point == OL_STORE_FILE_SYNCED) {
            snprintf(from, sizeof from, "%s/%s", p.data, name);
            snprintf(to, sizeof to, "%s/inodes/%s", p.root, name + strlen("tmp/"));
            copy_file(from, to);
        } else if (point == OL_STORE_SHELF_SYNCED) {
            sync_shelf(name);
        } else if (point == OL_STORE_UNLINK && p.eager_unlink) {
            snprintf(to, sizeof to, "%s/%s", p.shadow, name);
            unlink(to);
        }
        maybe_fail_power();
    }
    pthread_mutex_unlock(&p.lock);
    return 0;
}

static void after_sync(void *arg, const char *path)
{
    (void)arg;
    char to[400];
    pthread_mutex_lock(&p.lock);
    if (p.on) {
        snprintf(to, sizeof to, "%s/%s", p.shadow, strrchr(path, '/') + 1);
        copy_file(path, to);
        maybe_fail_power();
    }
    pthread_mutex_unlock(&p.lock);
}

static void note_issue(void *arg, unsigned key, unsigned version)
{
    (void)arg;
    pthread_mutex_lock(&p.lock);
    p.book.issued[key] = version;
    pthread_mutex_unlock(&p.lock);
}

static void note_ack(void *arg, unsigned key, unsigned version)
{
    (void)arg;
    pthread_mutex_lock(&p.lock);
    p.book.acked[key] = version;
    pthread_mutex_unlock(&p.lock);
}

static void power_init(const store_kit *kit, bool eager_unlink)
{
    p = (power){.random = {815 + eager_unlink}, .eager_unlink = eager_unlink};
    pthread_mutex_init(&p.lock, NULL);
    kit_make_folder(p.root, sizeof p.root);
    snprintf(p.data, sizeof p.data, "%s", kit->path);
    snprintf(p.shadow, sizeof p.shadow, "%s/shadow", p.root);
    /* Opening made everything durable: the folder as it is now is what is on the disk. */
    shell("mkdir %s/inodes && cp -a %s %s", p.root, p.data, p.shadow);
}

static void run_load(store_kit *kit)
{
    static const load_book notes = {.on_issue = note_issue, .on_ack = note_ack};
    static load l;
    unsigned versions[LOAD_KEYS];
    for (unsigned i = 0; i < LOAD_KEYS; i++)
        versions[i] = 1;
    load_start(&l, kit->origin, kit->bench.loop.loop, &notes, versions, 25);
    for (uint64_t end = ol_clock_mono_ms() + 120000; l.running > 0;) {
        assert_true(ol_clock_mono_ms() < end);
        ol_test_loop_turns(&kit->bench.loop, 1);
    }
    assert_int_equal(l.failed, 0);
    load_fini(&l);
}

static void check_moment(unsigned moment)
{
    store_kit kit;
    kit_init(&kit);
    kit_remove_folder(kit.path);
    snprintf(kit.path, sizeof kit.path, "%s/moment-%u", p.root, moment);
    kit_start(&kit);
    check_store(&kit, &p.at[moment]);
    kit_restart(&kit);
    check_store(&kit, &p.at[moment]);
    kit_fini(&kit);
}

static void lose_power(bool eager_unlink)
{
    vfs_install((vfs_hooks){.after_sync = after_sync});
    store_kit kit;
    kit_open(&kit);
    kit.options.write_threads = 4;
    kit_restart(&kit);
    power_init(&kit, eager_unlink);
    ol_store_hook_set(on_point, NULL);
    p.on = true;
    run_load(&kit);
    pthread_mutex_lock(&p.lock);
    p.on = false;
    pthread_mutex_unlock(&p.lock);
    kit_stop(&kit);
    ol_store_hook_set(NULL, NULL);
    vfs_remove();
    assert_true(p.moments > MOMENTS_MAX / 2);
    for (unsigned i = 0; i < p.moments; i++)
        check_moment(i);
    kit_remove_folder(p.root);
    kit_remove_folder(kit.path);
}

static void a_power_loss_keeps_what_was_answered(void **state)
{
    (void)state;
    lose_power(false);
}

static void so_it_does_when_removals_are_early(void **state)
{
    (void)state;
    lose_power(true);
}

/* The same, of encrypted objects. */
static void encrypted(void (*test)(void **state), void **state)
{
    static const uint8_t key[OL_SSE_KEY_BYTES] = "a customer's key, of 32 bytes ..";
    static const ol_sse sse = {.mode = OL_SSE_C, .customer_key = key};
    load_sse = &sse;
    test(state);
    load_sse = NULL;
}

static void encrypted_a_killed_server_keeps_its_word(void **state)
{
    encrypted(a_killed_server_keeps_its_word, state);
}

static void encrypted_a_power_loss_keeps_what_was_answered(void **state)
{
    encrypted(a_power_loss_keeps_what_was_answered, state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_killed_server_keeps_its_word),
        cmocka_unit_test(a_power_loss_keeps_what_was_answered),
        cmocka_unit_test(so_it_does_when_removals_are_early),
        cmocka_unit_test(encrypted_a_killed_server_keeps_its_word),
        cmocka_unit_test(encrypted_a_power_loss_keeps_what_was_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
