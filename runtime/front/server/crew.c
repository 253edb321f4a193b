/* SPDX-License-Identifier: MIT */
#include "front/server/crew.h"

#include <errno.h>
#include <semaphore.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/encode.h"
#include "base/turns.h"

static unsigned worker_count(const ol_config *config)
{
    if (config->loops > 0)
        return config->loops;
    unsigned cores = uv_available_parallelism();
    return cores > 0 ? cores : 1;
}

/* Our own listeners share their port among the loops (SO_REUSEPORT), and so would silently
 * share it with another server of ours. A plain bind tells whether anybody listens there. */
static int check_port_free(const ol_config_listener *listener, ol_error *err)
{
    struct sockaddr_storage address = {0};
    int one = 1;
    if (listener->port == 0)
        return OL_OK;
    bool v6 = uv_ip4_addr(listener->address, listener->port, (struct sockaddr_in *)&address) != 0;
    if (v6 && uv_ip6_addr(listener->address, listener->port, (struct sockaddr_in6 *)&address) != 0)
        return ol_error_set(err, OL_ECONFIG, "%s is no IP address", listener->address);
    int fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return ol_error_set(err, OL_EINTERNAL, "socket: %s", strerror(errno));
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    int rc = bind(fd, (struct sockaddr *)&address, sizeof(address));
    int reason = errno;
    close(fd);
    if (rc == 0)
        return OL_OK;
    return ol_error_set(err, OL_ECONFIG, "cannot listen on %s port %u: %s", listener->address,
                        listener->port, strerror(reason));
}

/* An admin port that nobody asked for is done without when it is taken. */
static bool wants_admin(const ol_config *config)
{
    ol_error err = {0};
    if (!config->admin.address)
        return false;
    if (!config->admin_optional || check_port_free(&config->admin, &err) == OL_OK)
        return true;
    ol_say("warn", "no admin listener: %s", err.detail);
    return false;
}

static int check_ports_free(const ol_config *config, bool admin, ol_error *err)
{
    int rc = admin ? check_port_free(&config->admin, err) : OL_OK;
    for (size_t i = 0; rc == OL_OK && i < config->listener_count; i++)
        rc = check_port_free(&config->listeners[i], err);
    return rc;
}

static int listen_all(ol_crew *crew, ol_error *err)
{
    const ol_config *config = crew->generation->config;
    crew->has_admin = wants_admin(config);
    int rc = check_ports_free(config, crew->has_admin, err);
    if (rc != OL_OK)
        return rc;
    for (size_t i = 0; i < config->listener_count; i++)
        crew->ports[i] = config->listeners[i].port;
    for (unsigned i = 0; rc == OL_OK && i < crew->count; i++)
        rc = ol_worker_listen(&crew->workers[i], crew->ports, err);
    if (rc == OL_OK && crew->has_admin)
        rc = ol_admin_listen(&crew->admin, &config->admin, &crew->admin_port, err);
    return rc;
}

/* A new realm on its way to a worker. */
typedef struct delivery {
    ol_post post;
    ol_worker *worker;
    ol_realm *realm;
    sem_t *done;
} delivery;

int ol_crew_init(ol_crew *crew, ol_shared *shared, ol_generation *generation, ol_realm *realm,
                 ol_error *err)
{
    const ol_config *config = generation->config;
    crew->generation = ol_generation_acquire(generation);
    crew->count = worker_count(config);
    crew->workers = ol_calloc(crew->count, sizeof(*crew->workers));
    crew->ports = ol_calloc(config->listener_count + 1, sizeof(*crew->ports));
    crew->gone = ol_calloc(crew->count, sizeof(*crew->gone));
    crew->deliveries = ol_calloc(crew->count, sizeof(delivery));
    pthread_mutex_init(&crew->lock, NULL);
    if (!crew->workers || !crew->ports || !crew->gone || !crew->deliveries)
        return ol_error_set(err, OL_ENOMEM, "workers");
    int rc = OL_OK;
    for (unsigned i = 0; rc == OL_OK && i < crew->count; i++)
        rc = ol_worker_init(&crew->workers[i], i, shared, generation, realm, err);
    if (rc == OL_OK)
        rc = ol_admin_init(&crew->admin, crew->workers, crew->count, err);
    return rc == OL_OK ? listen_all(crew, err) : rc;
}

static void run_worker(void *arg)
{
    ol_worker *worker = arg;
    char name[16];
    snprintf(name, sizeof(name), "objlens-%u", worker->index);
    pthread_setname_np(pthread_self(), name);
    ol_turns_take(OL_TURNS_FIRST);
    ol_loop_run(worker->loop);
}

/* ---- doing something on a worker's loop, and waiting for it ---- */

typedef struct errand {
    ol_post post;
    ol_crew *crew;
    ol_worker *worker;
    ol_generation *generation;
    ol_generation *old;
    ol_realm *realm;
    sem_t done;
} errand;

static void run_errand(errand *self, ol_loop_fn fn)
{
    sem_init(&self->done, 0, 0);
    self->post = (ol_post){.fn = fn, .arg = self};
    ol_loop_post(self->worker->loop, &self->post);
    while (sem_wait(&self->done) != 0)
        ;
    sem_destroy(&self->done);
}

static void errand_done(void *arg)
{
    errand *self = arg;
    sem_post(&self->done);
}

static void on_transform_event(void *arg, const char *name, bool reloaded, const char *text)
{
    (void)arg;
    ol_say(reloaded ? "info" : "warn", "transform %s: %s", name, text);
}

static void watch(void *arg)
{
    errand *self = arg;
    if (ol_registry_watch(self->generation->registry, self->worker->loop, on_transform_event,
                          NULL) != OL_OK)
        ol_say("warn", "transform files are not watched: out of memory");
    errand_done(self);
}

static void unwatch(void *arg)
{
    errand *self = arg;
    ol_registry_unwatch(self->old->registry, errand_done, self);
}

static void use(void *arg)
{
    errand *self = arg;
    ol_worker_use(self->worker, self->generation, self->realm);
    errand_done(self);
}

int ol_crew_start(ol_crew *crew, ol_error *err)
{
    for (unsigned i = 0; i < crew->count; i++) {
        pthread_mutex_lock(&crew->lock);
        int rc = uv_thread_create(&crew->workers[i].thread, run_worker, &crew->workers[i]);
        crew->started += rc == 0;
        pthread_mutex_unlock(&crew->lock);
        if (rc != 0)
            return ol_error_set(err, OL_ENOMEM, "thread of worker %u", i);
    }
    errand self = {.worker = &crew->workers[0], .generation = crew->generation};
    run_errand(&self, watch);
    __atomic_store_n(&crew->admin.ready, true, __ATOMIC_RELEASE);
    return OL_OK;
}

/* ---- a new realm, from the control thread ---- */

static void deliver(void *arg)
{
    delivery *self = arg;
    ol_loop *loop = self->worker->loop;
    ol_worker_use_realm(self->worker, self->realm);
    sem_post(self->done); /* `self` may be gone from here on */
    ol_loop_unhold(loop);
}

/* A loop that is held does not end before it has done this; one that has ended takes nothing. True
 * when an answer will come. */
static bool dispatch(ol_crew *crew, unsigned index, delivery *self)
{
    if (crew->gone[index])
        return false;
    if (index >= crew->started) {
        ol_worker_use_realm(self->worker, self->realm); /* nobody runs it yet */
        return false;
    }
    self->post = (ol_post){.fn = deliver, .arg = self};
    ol_loop_hold(self->worker->loop);
    ol_loop_post(self->worker->loop, &self->post);
    return true;
}

void ol_crew_use_realm(ol_crew *crew, ol_realm *realm)
{
    delivery *deliveries = crew->deliveries;
    sem_t done;
    unsigned sent = 0;
    sem_init(&done, 0, 0);
    pthread_mutex_lock(&crew->lock);
    for (unsigned i = 0; i < crew->count; i++) {
        deliveries[i] =
            (delivery){.worker = &crew->workers[i], .realm = realm, .done = &done};
        sent += dispatch(crew, i, &deliveries[i]);
    }
    pthread_mutex_unlock(&crew->lock);
    while (sent > 0)
        sent -= sem_wait(&done) == 0;
    sem_destroy(&done);
}

void ol_crew_use(ol_crew *crew, ol_generation *generation, ol_realm *realm)
{
    ol_generation *old = crew->generation;
    crew->generation = ol_generation_acquire(generation);
    for (unsigned i = 0; i < crew->count; i++) {
        errand self = {.worker = &crew->workers[i], .generation = generation, .realm = realm};
        run_errand(&self, use);
    }
    errand last = {.worker = &crew->workers[0], .generation = generation, .old = old};
    run_errand(&last, unwatch);
    run_errand(&last, watch);
    ol_generation_release(old);
}

/* ---- the end ---- */

typedef struct farewell {
    ol_crew *crew;
    ol_post *posts; /* one a worker */
    struct farewell_arg {
        struct farewell *all;
        ol_worker *worker;
    } *args;
    unsigned left; /* atomic */
    uint32_t drain_ms;
    int done_fd;
} farewell;

static void worker_finished(struct farewell_arg *self)
{
    farewell *all = self->all;
    ol_crew *crew = all->crew;
    pthread_mutex_lock(&crew->lock);
    crew->gone[self->worker->index] = true;
    pthread_mutex_unlock(&crew->lock);
    ol_loop_stop(self->worker->loop);
    if (__atomic_sub_fetch(&all->left, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    int done_fd = all->done_fd;
    ol_free(all->posts);
    ol_free(all->args);
    ol_free(all);
    uint64_t one = 1;
    while (write(done_fd, &one, sizeof(one)) < 0)
        ;
}

static void on_unwatched(void *arg)
{
    worker_finished(arg);
}

static void on_admin_closed(void *arg)
{
    struct farewell_arg *self = arg;
    ol_registry_unwatch(self->all->crew->generation->registry, on_unwatched, self);
}

static void on_drained(void *arg)
{
    struct farewell_arg *self = arg;
    if (self->worker->index == 0)
        ol_admin_close(&self->all->crew->admin, on_admin_closed, self);
    else
        worker_finished(self);
}

static void drain(void *arg)
{
    struct farewell_arg *self = arg;
    ol_worker_drain(self->worker, self->all->drain_ms, on_drained, self);
}

void ol_crew_drain(ol_crew *crew, uint32_t drain_ms, int done_fd)
{
    farewell *all = ol_calloc(1, sizeof(*all));
    ol_post *posts = ol_calloc(crew->count, sizeof(*posts));
    struct farewell_arg *args = ol_calloc(crew->count, sizeof(*args));
    if (!all || !posts || !args)
        _exit(1); /* told to stop, and too poor to do it orderly: the store survives that */
    *all = (farewell){.crew = crew, .posts = posts, .args = args, .left = crew->count,
                      .drain_ms = drain_ms, .done_fd = done_fd};
    __atomic_store_n(&crew->admin.ready, false, __ATOMIC_RELEASE);
    for (unsigned i = 0; i < crew->count; i++) {
        args[i] = (struct farewell_arg){.all = all, .worker = &crew->workers[i]};
        posts[i] = (ol_post){.fn = drain, .arg = &args[i]};
        ol_loop_post(crew->workers[i].loop, &posts[i]);
    }
}

/* A start that failed: what was made is closed on this thread, loop by loop. */
static void stop_loop(void *arg)
{
    ol_loop_stop(arg);
}

static void on_unstarted_drained(void *arg)
{
    ol_crew *crew = arg;
    ol_admin_close(&crew->admin, stop_loop, crew->workers[0].loop);
}

static void close_unstarted(ol_crew *crew, ol_worker *worker)
{
    bool has_admin = worker->index == 0 && crew->admin.server;
    ol_worker_drain(worker, 0, has_admin ? on_unstarted_drained : stop_loop,
                    has_admin ? (void *)crew : (void *)worker->loop);
    ol_loop_run(worker->loop);
}

void ol_crew_join(ol_crew *crew)
{
    for (unsigned i = 0; i < crew->started; i++)
        uv_thread_join(&crew->workers[i].thread);
}

void ol_crew_fini(ol_crew *crew)
{
    for (unsigned i = crew->started; i < crew->count; i++)
        if (crew->workers && crew->workers[i].generation)
            close_unstarted(crew, &crew->workers[i]);
    for (unsigned i = 0; crew->workers && i < crew->count; i++)
        if (crew->workers[i].generation)
            ol_worker_fini(&crew->workers[i]);
    ol_generation_release(crew->generation);
    ol_free(crew->workers);
    ol_free(crew->ports);
    ol_free(crew->gone);
    ol_free(crew->deliveries);
    pthread_mutex_destroy(&crew->lock);
}
