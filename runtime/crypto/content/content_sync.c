/* SPDX-License-Identifier: MIT */
#include "crypto/content/content_sync.h"

#include <errno.h>
#include <poll.h>

#include "base/alloc.h"
#include "crypto/content/sealed_private.h"

#define ROOM_BYTES (256u * 1024)
#define WAIT_MS 120000

typedef struct running {
    const ol_content_ops *ops;
    const ol_content_io *io;
    void *cipher;
    uint8_t *in, *out;
    uint64_t offset, made;
} running;

/* For a cipher that works elsewhere. */
static int wait_for(running *self, ol_error *err)
{
    bool wants_room = false;
    struct pollfd fd = {.fd = self->ops->poll_fd(self->cipher, &wants_room)};
    fd.events = (short)(POLLIN | (wants_room ? POLLOUT : 0));
    int rc;
    while ((rc = poll(&fd, 1, WAIT_MS)) < 0 && errno == EINTR)
        continue;
    return rc > 0 ? OL_OK : ol_error_set(err, OL_ETIMEOUT, "content cipher: no answer");
}

/* Everything that is made of this input. OL_DONE at the end. */
static int feed(running *self, ol_slice in, bool last, ol_error *err)
{
    for (;;) {
        size_t made = 0, before = in.len;
        int rc = self->ops->step(self->cipher, &in, last, (ol_span){self->out, ROOM_BYTES}, &made,
                                 err);
        if (rc == OL_WAIT)
            rc = wait_for(self, err);
        else if (rc == OL_OK && made == 0 && in.len == before)
            return in.len == 0 && !last ? OL_OK : ol_sealed_wrong(err);
        if (rc < 0)
            return rc;
        self->made += made;
        int wrote = made > 0 && self->io->write
                        ? self->io->write(self->io->arg, ol_slice_of(self->out, made), err)
                        : OL_OK;
        if (wrote != OL_OK)
            return wrote;
        if (rc == OL_DONE)
            return rc;
        if (in.len == 0 && !last)
            return OL_OK;
    }
}

static int run(running *self, ol_error *err)
{
    for (;;) {
        size_t got = 0;
        int rc = self->io->read(self->io->arg, self->offset, (ol_span){self->in, ROOM_BYTES}, &got,
                                err);
        if (rc != OL_OK)
            return rc;
        self->offset += got;
        bool last = got < ROOM_BYTES;
        rc = feed(self, ol_slice_of(self->in, got), last, err);
        if (rc < 0)
            return rc;
        if (last)
            return rc == OL_DONE ? OL_OK : ol_sealed_wrong(err);
        if (rc == OL_DONE)
            return ol_sealed_wrong(err); /* something follows the end */
    }
}

int ol_content_run(ol_sealed *sealed, const ol_content_io *io, uint64_t *plain_size, ol_error *err)
{
    ol_content_config config = {.sealed = sealed, .mode = OL_CONTENT_RELEASE};
    running self = {.ops = sealed->content, .io = io};
    self.cipher = ol_calloc(1, self.ops->state_size);
    self.in = ol_malloc(ROOM_BYTES);
    self.out = ol_malloc(ROOM_BYTES);
    int rc = self.cipher && self.in && self.out ? OL_OK : ol_error_set(err, OL_ENOMEM, "content");
    if (rc == OL_OK)
        rc = self.ops->begin(self.cipher, &config, err);
    if (rc == OL_OK)
        rc = run(&self, err);
    *plain_size = self.made;
    if (self.cipher) {
        self.ops->fini(self.cipher);
        ol_wipe(self.cipher, self.ops->state_size);
    }
    if (self.out)
        ol_wipe(self.out, ROOM_BYTES);
    ol_free(self.cipher);
    ol_free(self.in);
    ol_free(self.out);
    return rc;
}
