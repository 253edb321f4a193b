/* SPDX-License-Identifier: MIT */
#include "crypto/content/content_wait.h"

#include "base/alloc.h"

struct ol_content_wait {
    uv_poll_t poll;
    void (*cb)(void *arg);
    void *arg;
};

ol_content_wait *ol_content_wait_new(ol_loop *loop, int fd, void (*cb)(void *arg), void *arg)
{
    ol_content_wait *wait = ol_calloc(1, sizeof(*wait));
    if (!wait)
        return NULL;
    wait->cb = cb;
    wait->arg = arg;
    if (uv_poll_init(ol_loop_uv(loop), &wait->poll, fd) != 0) {
        ol_free(wait);
        return NULL;
    }
    wait->poll.data = wait;
    return wait;
}

static void on_event(uv_poll_t *poll, int status, int events)
{
    (void)status, (void)events; /* the cipher finds out */
    ol_content_wait *wait = poll->data;
    uv_poll_stop(poll);
    wait->cb(wait->arg);
}

int ol_content_wait_start(ol_content_wait *wait, bool for_room, ol_error *err)
{
    int events = UV_READABLE | UV_DISCONNECT | (for_room ? UV_WRITABLE : 0);
    int rc = uv_poll_start(&wait->poll, events, on_event);
    return rc == 0 ? OL_OK : ol_error_set(err, OL_EINTERNAL, "content cipher: %s", uv_strerror(rc));
}

void ol_content_wait_stop(ol_content_wait *wait)
{
    uv_poll_stop(&wait->poll);
}

static void on_closed(uv_handle_t *handle)
{
    ol_free(handle->data);
}

void ol_content_wait_destroy(ol_content_wait *wait)
{
    if (wait)
        uv_close((uv_handle_t *)&wait->poll, on_closed);
}
