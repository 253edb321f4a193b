/* SPDX-License-Identifier: MIT */
/*
 * Threads that are hosts.
 *
 * Happy path: start → the thread runs ol_host_run_inline → stop → the thread ends and says so →
 * release → a thread for this alone joins it, unloads its library and frees all. From its release on a
 * host is in a list that is looked through at each start and each release, for threads that have
 * ended meanwhile.
 *
 * Unloading runs code of the library, which may not return either. So whoever starts and releases
 * hosts, which is one thread for many of them, waits for none of that.
 */
#include "transform/inline_host.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/memory_file.h"
#include "base/turns.h"
#include "transform/host/wire.h"

#define STACK_BYTES (8u * OL_MIB) /* as a process's first thread has it */
#define IMAGE_PATH_SIZE 160
#define COUNTER_BITS 48u
#define SETTLE_STEP_NS 1000000
#define NO_CLOCK ((clockid_t)-1) /* no time can be asked of it */

struct ol_inline_host {
    ol_host_inline run;
    ol_host_engines *engines;
    pthread_t thread;
    clockid_t cpu_clock;
    int end_fd;
    int source_fd; /* the shared object, as it was read; -1 for Lua */
    int image_fd;  /* this host's own copy of it */
    char image_path[IMAGE_PATH_SIZE];
    _Atomic bool ended, stopped;
    bool keep_memory;
    uint64_t released_ms;
    bool clearing; /* a thread is at it */
    struct ol_inline_host *next; /* released */
    struct ol_inline_host *next_ended;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static ol_inline_host *released; /* and not cleared away */
static _Atomic uint64_t images; /* made so far */
static ol_host_engines *engines_in_use = &ol_host_engines_all;

void ol_inline_hosts_engines(ol_host_engines *engines)
{
    engines_in_use = engines ? engines : &ol_host_engines_all;
}

/* ---- the shared object ---- */

/* A host has variables of its own in a process of its own. Here the dynamic loader must be made
 * to load the object once more: from another file, by a path that it never saw. ("//" and "/." lead
 * nowhere else, and spell a number.) */
static void name_image(ol_inline_host *host)
{
    uint64_t number = atomic_fetch_add(&images, 1);
    char spelled[2 * COUNTER_BITS + 1];
    for (unsigned bit = 0; bit < COUNTER_BITS; bit++)
        memcpy(spelled + 2 * bit, number >> bit & 1 ? "/." : "//", 2);
    spelled[2 * COUNTER_BITS] = '\0';
    snprintf(host->image_path, sizeof(host->image_path), "/proc/self/fd%s/%d", spelled,
             host->image_fd);
}

static bool copy_bytes(int from, int to)
{
    struct stat info;
    off_t at = 0;
    if (fstat(from, &info) != 0)
        return false;
    while (at < info.st_size)
        if (sendfile(to, from, &at, (size_t)(info.st_size - at)) <= 0)
            return false;
    return fcntl(to, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0;
}

/* On the host's own thread, since it may be 64 MiB. Without a copy the path leads to nothing, and the
 * dynamic loader says so. */
static void copy_image(ol_inline_host *host)
{
    host->image_fd = ol_memory_file("objlens-inline");
    if (host->image_fd >= 0 && copy_bytes(host->source_fd, host->image_fd))
        name_image(host);
    else
        snprintf(host->image_path, sizeof(host->image_path), "/proc/self/fd/none");
}

/* ---- the thread ---- */

static void say_over(const ol_inline_host *host)
{
    const uint64_t one = 1;
    ssize_t written = write(host->end_fd, &one, sizeof(one));
    (void)written;
}

static void *run(void *arg)
{
    ol_inline_host *host = arg;
    ol_turns_take(OL_TURNS_NEXT);
    if (host->source_fd >= 0)
        copy_image(host);
    host->run.image_path = host->image_path;
    ol_host_run_inline(*host->engines, &host->run);
    atomic_store(&host->ended, true);
    say_over(host);
    return NULL;
}

/* The process's signals are for its other threads. Faults stay what they are. */
static int make_thread(pthread_t *thread, void *(*body)(void *), ol_inline_host *host)
{
    pthread_attr_t attributes;
    sigset_t ours, before;
    sigfillset(&ours);
    const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP};
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
        sigdelset(&ours, faults[i]);
    int rc = pthread_attr_init(&attributes);
    if (rc != 0)
        return rc;
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    pthread_sigmask(SIG_SETMASK, &ours, &before);
    rc = pthread_create(thread, &attributes, body, host);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    if (rc == 0)
        pthread_setname_np(*thread, "ol-inline");
    return rc;
}

/* ---- the end ---- */

static void close_if_open(int fd)
{
    if (fd >= 0)
        close(fd);
}

/* No thread runs in it. */
static void free_host(ol_inline_host *host)
{
    close_if_open(host->image_fd);
    close_if_open(host->source_fd);
    close_if_open(host->run.wake_fd);
    close_if_open(host->end_fd);
    if (host->run.base && !host->keep_memory)
        munmap(host->run.base, host->run.size);
    ol_free(host);
}

static void forget(ol_inline_host *host)
{
    ol_inline_host **at = &released;
    while (*at != host)
        at = &(*at)->next;
    *at = host->next;
}

/* Its thread has ended, or is at its very end. */
static void *clear_away(void *arg)
{
    ol_inline_host *host = arg;
    pthread_join(host->thread, NULL);
    if (host->run.library)
        dlclose(host->run.library);
    pthread_mutex_lock(&lock);
    forget(host);
    free_host(host); /* in the lock: when the list is empty, nothing is left */
    pthread_mutex_unlock(&lock);
    return NULL;
}

/* Those whose threads have ended since the last look. *left: how many are not cleared away yet; *stuck: how
 * many of these for longer than OL_INLINE_STUCK_MS. */
static ol_inline_host *find_ended(unsigned *left, unsigned *stuck)
{
    ol_inline_host *ended = NULL;
    uint64_t now_ms = ol_clock_mono_ms();
    *left = *stuck = 0;
    pthread_mutex_lock(&lock);
    for (ol_inline_host *host = released; host; host = host->next) {
        ++*left;
        *stuck += now_ms - host->released_ms >= OL_INLINE_STUCK_MS;
        if (host->clearing || !atomic_load(&host->ended))
            continue;
        host->clearing = true;
        host->next_ended = ended;
        ended = host;
    }
    pthread_mutex_unlock(&lock);
    return ended;
}

static void start_clearing(ol_inline_host *host)
{
    pthread_t thread;
    if (make_thread(&thread, clear_away, host) == 0) {
        pthread_detach(thread);
        return;
    }
    pthread_mutex_lock(&lock);
    host->clearing = false; /* at the next look */
    pthread_mutex_unlock(&lock);
}

/* Have those cleared away that have ended. Returns how many are left. */
static unsigned clear_released(unsigned *stuck)
{
    unsigned left;
    for (ol_inline_host *host = find_ended(&left, stuck), *next; host; host = next) {
        next = host->next_ended;
        start_clearing(host);
    }
    return left;
}

void ol_inline_host_stop(ol_inline_host *host)
{
    ol_wire_control *control = (ol_wire_control *)host->run.base;
    if (atomic_exchange(&host->stopped, true))
        return;
    atomic_store(&control->stop, 1);
    atomic_store(&control->host_sleeps, 0);
    syscall(SYS_futex, &control->host_sleeps, FUTEX_WAKE, 1, NULL, NULL, 0);
    say_over(host);
}

bool ol_inline_host_is_over(const ol_inline_host *host)
{
    return atomic_load(&host->ended) || atomic_load(&host->stopped);
}

void ol_inline_host_release(ol_inline_host *host, bool keep_memory)
{
    unsigned stuck;
    host->keep_memory = keep_memory;
    host->released_ms = ol_clock_mono_ms();
    pthread_mutex_lock(&lock);
    host->next = released;
    released = host;
    pthread_mutex_unlock(&lock);
    clear_released(&stuck);
}

unsigned ol_inline_hosts_settle(uint32_t ms)
{
    uint64_t until_ms = ol_clock_mono_ms() + ms;
    unsigned stuck, left;
    while ((left = clear_released(&stuck)) > 0 && ol_clock_mono_ms() < until_ms)
        nanosleep(&(struct timespec){.tv_nsec = SETTLE_STEP_NS}, NULL);
    return left;
}

/* ---- the start ---- */

static int unavailable(ol_error *err, const char *what, int number)
{
    return ol_error_set(err, OL_EUNAVAILABLE, "starting an inline host: %s: %s", what,
                        strerror(number));
}

static int open_all(ol_inline_host *host, const ol_program *program, ol_error *err)
{
    host->run.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    host->end_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (program->image_fd >= 0)
        host->source_fd = fcntl(program->image_fd, F_DUPFD_CLOEXEC, 0);
    if (host->run.wake_fd < 0 || host->end_fd < 0 ||
        (program->image_fd >= 0 && host->source_fd < 0))
        return unavailable(err, "descriptors", errno);
    return OL_OK;
}

static int start_thread(ol_inline_host *host, const ol_program *program, ol_error *err)
{
    int rc = open_all(host, program, err);
    if (rc != OL_OK)
        return rc;
    rc = make_thread(&host->thread, run, host);
    if (rc != 0)
        return unavailable(err, "thread", rc);
    if (pthread_getcpuclockid(host->thread, &host->cpu_clock) != 0) /* it has ended already */
        host->cpu_clock = NO_CLOCK;
    return OL_OK;
}

int ol_inline_host_start(ol_inline_host **out, uint8_t *base, size_t size,
                         const ol_program *program, ol_error *err)
{
    unsigned stuck;
    /* At random, and now: the Lua engine sets a fixed seed (core_pii.c), which has no effect after this. */
    json_object_seed(0);
    clear_released(&stuck);
    if (stuck >= OL_INLINE_STUCK_MAX)
        return ol_error_set(err, OL_EUNAVAILABLE,
                            "%u threads of inline transforms do not end: no more are started",
                            stuck);
    ol_inline_host *host = ol_calloc(1, sizeof(*host));
    if (!host)
        return ol_error_set(err, OL_ENOMEM, "host");
    host->run = (ol_host_inline){.base = base, .size = size, .wake_fd = -1};
    host->engines = engines_in_use;
    host->end_fd = host->source_fd = host->image_fd = -1;
    int rc = start_thread(host, program, err);
    if (rc != OL_OK) {
        host->keep_memory = true; /* the caller's still */
        free_host(host);
        return rc;
    }
    *out = host;
    return OL_OK;
}

int ol_inline_host_wake_fd(const ol_inline_host *host)
{
    return host->run.wake_fd;
}

int ol_inline_host_end_fd(const ol_inline_host *host)
{
    return host->end_fd;
}

clockid_t ol_inline_host_cpu_clock(const ol_inline_host *host)
{
    return host->cpu_clock;
}
