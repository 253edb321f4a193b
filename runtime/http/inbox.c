/* SPDX-License-Identifier: MIT */
/* Unused bytes: the window, and whose memory it lies in. */
#include "http/inbox.h"

#include "base/alloc.h"

#define COPY_BYTES_MAX 4096 /* waiting bytes up to this are copied */
#define KEEP_BYTES_MAX (32 * OL_KIB)

void ol_inbox_init(ol_inbox *inbox, size_t bytes_max)
{
    *inbox = (ol_inbox){0};
    ol_buf_init_secret(&inbox->copy_, bytes_max);
}

void ol_inbox_drop(ol_inbox *inbox)
{
    if (inbox->fresh_ || inbox->kept_) /* heads may hold keys */
        ol_wipe_slice(inbox->window);
    inbox->window = OL_SLICE_NONE;
    inbox->fresh_ = false;
    ol_read_buf_release(inbox->kept_);
    inbox->kept_ = NULL;
    if (inbox->copy_.cap > KEEP_BYTES_MAX)
        ol_buf_fini(&inbox->copy_);
    if (inbox->copy_.len > 0)
        ol_buf_clear(&inbox->copy_);
}

void ol_inbox_fini(ol_inbox *inbox)
{
    ol_inbox_drop(inbox);
    ol_buf_fini(&inbox->copy_);
}

int ol_inbox_push(ol_inbox *inbox, ol_slice data)
{
    inbox->fresh_ = inbox->copy_.len == 0;
    if (inbox->fresh_) {
        inbox->window = data;
        return OL_OK;
    }
    int rc = ol_buf_add(&inbox->copy_, data);
    ol_wipe_slice(data);
    inbox->window = ol_buf_slice(&inbox->copy_);
    return rc;
}

void ol_inbox_reload(ol_inbox *inbox)
{
    if (inbox->window.len == 0 && inbox->copy_.len > 0 && !inbox->kept_)
        inbox->window = ol_buf_slice(&inbox->copy_);
}

static bool lies_in_copy(const ol_inbox *inbox)
{
    const ol_buf *copy = &inbox->copy_;
    const uint8_t *at = inbox->window.data;
    return copy->len > 0 && at >= copy->data && at < copy->data + copy->len;
}

static int copy_window(ol_inbox *inbox)
{
    ol_buf *copy = &inbox->copy_;
    int rc = OL_OK;
    if (lies_in_copy(inbox)) {
        ol_buf_consume(copy, copy->len - inbox->window.len);
    } else {
        if (copy->len > 0)
            ol_buf_clear(copy);
        rc = ol_buf_add(copy, inbox->window);
        ol_wipe_slice(inbox->window);
        ol_read_buf_release(inbox->kept_);
        inbox->kept_ = NULL;
    }
    inbox->window = ol_buf_slice(copy);
    return rc;
}

int ol_inbox_settle(ol_inbox *inbox, ol_stream *stream, enum ol_inbox_rest rest)
{
    bool fresh = inbox->fresh_;
    int rc = OL_OK;
    if (rest == OL_INBOX_LENT) {
        if (fresh)
            inbox->kept_ = ol_stream_keep(stream);
    } else if (rest == OL_INBOX_DROP || inbox->window.len == 0) {
        ol_inbox_drop(inbox);
    } else if (rest == OL_INBOX_CONTINUE) {
        rc = copy_window(inbox);
        inbox->window = OL_SLICE_NONE;
    } else if (fresh && inbox->window.len > COPY_BYTES_MAX) {
        inbox->kept_ = ol_stream_keep(stream);
    } else if (fresh) {
        rc = copy_window(inbox);
    }
    inbox->fresh_ = false;
    return rc;
}
