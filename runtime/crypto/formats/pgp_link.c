/* SPDX-License-Identifier: MIT */
#include "crypto/formats/pgp_link.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crypto/formats/pgp_packets.h"

/* ---- the host ---- */

static bool start_host(ol_pgp_link *self, int theirs)
{
    char *const argv[] = {(char *)(uintptr_t)"objlens", (char *)(uintptr_t)OL_PGP_HOST_COMMAND, NULL};
    /* Its arithmetic would start as many threads as there are processors otherwise. */
    char *const environment[] = {(char *)(uintptr_t)"BOTAN_THREAD_POOL_SIZE=1", NULL};
    posix_spawn_file_actions_t actions;
    if (posix_spawn_file_actions_init(&actions) != 0)
        return false;
    bool good = posix_spawn_file_actions_adddup2(&actions, theirs, STDIN_FILENO) == 0 &&
                posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0) == 0 &&
                posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0) == 0 &&
                posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1) == 0 &&
                posix_spawn(&self->pid, "/proc/self/exe", &actions, NULL, argv, environment) == 0;
    posix_spawn_file_actions_destroy(&actions);
    if (!good)
        self->pid = 0;
    return good;
}

static bool send_all(int fd, const void *bytes, size_t len)
{
    return len == 0 || send(fd, bytes, len, MSG_NOSIGNAL) == (ssize_t)len;
}

static bool send_record(int fd, const ol_key *key)
{
    uint32_t len = key ? (uint32_t)key->material_len : 0;
    const uint8_t head[4] = {(uint8_t)(len >> 24), (uint8_t)(len >> 16), (uint8_t)(len >> 8),
                             (uint8_t)len};
    return send_all(fd, head, sizeof(head)) && send_all(fd, key ? key->material : NULL, len);
}

bool ol_pgp_holds_key(const ol_key *key)
{
    return (key->kind == OL_KEY_RSA || key->kind == OL_KEY_PASSWORD) &&
           ol_pgp_is_secret_key(ol_slice_of(key->material, key->material_len));
}

/* The socket holds all of it before the host reads any. */
static bool send_keys(int fd, const ol_pgp_order *order)
{
    static const uint8_t end[4] = {0xff, 0xff, 0xff, 0xff};
    const uint8_t mode = (uint8_t)order->mode;
    size_t total = 0;
    bool good = send_all(fd, &mode, 1) && send_record(fd, order->password);
    for (size_t i = 0; good && i < order->count; i++) {
        const ol_key *key = ol_keys_at(order->keys, order->first + i);
        total += ol_pgp_holds_key(key) ? key->material_len : 0;
        if (ol_pgp_holds_key(key) && total <= OL_PGP_KEYS_BYTES_MAX)
            good = send_record(fd, key);
    }
    return good && send_all(fd, end, sizeof(end));
}

int ol_pgp_link_start(ol_pgp_link *self, const ol_pgp_order *order, ol_error *err)
{
    int pair[2];
    *self = (ol_pgp_link){.fd = -1};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return ol_error_set(err, OL_EUNAVAILABLE, "openpgp host: %s", strerror(errno));
    self->fd = pair[0];
    bool good = fcntl(self->fd, F_SETFL, O_NONBLOCK) == 0 && start_host(self, pair[1]) &&
                send_keys(self->fd, order);
    close(pair[1]);
    if (self->pid == 0)
        close(self->fd);
    return good ? OL_OK : ol_error_set(err, OL_EUNAVAILABLE, "openpgp host: it does not start");
}

void ol_pgp_link_end(ol_pgp_link *self)
{
    if (self->pid == 0)
        return;
    close(self->fd);
    kill(self->pid, SIGKILL);
    while (waitpid(self->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    self->pid = 0;
}

/* ---- moving bytes ---- */

static bool would_block(ssize_t n)
{
    return n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
}

/* A host that has ended tells why in what it wrote before: that comes with receiving. */
static void send_some(ol_pgp_link *self, ol_slice *in, bool last)
{
    ssize_t n = in->len > 0 ? send(self->fd, in->data, in->len, MSG_NOSIGNAL) : 0;
    if (n > 0)
        *in = ol_slice_from(*in, (size_t)n);
    if (in->len > 0 || !last || self->sent_all)
        return;
    shutdown(self->fd, SHUT_WR);
    self->sent_all = true;
}

static int take_head(ol_pgp_link *self)
{
    const uint8_t *b = self->head;
    uint32_t len = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
    self->head_have = 0;
    if (len == OL_PGP_AUTHENTIC && self->sent_all) {
        self->done = true;
        return OL_DONE;
    }
    if (len == 0 || len > OL_PGP_RECORD_BYTES_MAX)
        return OL_EDECRYPT;
    self->left = len;
    return OL_OK;
}

/* OL_OK: something came. */
static int receive_some(ol_pgp_link *self, ol_span out, size_t *made)
{
    bool in_record = self->left > 0;
    uint8_t *to = in_record ? out.data + *made : self->head + self->head_have;
    size_t room = in_record ? out.len - *made : sizeof(self->head) - self->head_have;
    if (in_record && room > self->left)
        room = self->left;
    if (room == 0)
        return OL_WAIT;
    ssize_t n = recv(self->fd, to, room, 0);
    if (would_block(n))
        return OL_WAIT;
    if (n <= 0)
        return OL_EDECRYPT;
    if (in_record) {
        self->left -= (size_t)n;
        *made += (size_t)n;
        return OL_OK;
    }
    self->head_have += (size_t)n;
    return self->head_have == sizeof(self->head) ? take_head(self) : OL_OK;
}

int ol_pgp_link_step(ol_pgp_link *self, ol_slice *in, bool last, ol_span out, size_t *made)
{
    size_t before = in->len;
    int rc;
    *made = 0;
    if (self->done)
        return in->len > 0 ? OL_EDECRYPT : OL_DONE;
    send_some(self, in, last);
    do
        rc = receive_some(self, out, made);
    while (rc == OL_OK && *made < out.len);
    if (rc == OL_DONE || rc < 0)
        return rc;
    bool starves = in->len == 0 && !last;
    return in->len < before || *made > 0 || starves ? OL_OK : OL_WAIT;
}
