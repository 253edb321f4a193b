/* SPDX-License-Identifier: MIT */
/* Gathering and sending. */
#include "http/outbox.h"

#include <stdio.h>

#define GATHER_BYTES_MAX (8 * OL_KIB)
#define FRAME_BYTES 32 /* more than a chunk's frame needs */
#define OUT_BYTES_MAX (1 * OL_MIB)
#define KEEP_BYTES_MAX (16 * OL_KIB)

void ol_outbox_init(ol_outbox *outbox, ol_stream *stream)
{
    *outbox = (ol_outbox){.stream = stream};
    ol_buf_init(&outbox->gathered, OUT_BYTES_MAX);
}

void ol_outbox_init_secret(ol_outbox *outbox, ol_stream *stream)
{
    ol_outbox_init(outbox, stream);
    ol_buf_init_secret(&outbox->gathered, OUT_BYTES_MAX);
}

void ol_outbox_fini(ol_outbox *outbox)
{
    ol_buf_fini(&outbox->gathered);
}

void ol_outbox_reset(ol_outbox *outbox)
{
    outbox->lent_ = false;
    if (outbox->gathered.cap > KEEP_BYTES_MAX)
        ol_buf_fini(&outbox->gathered);
    ol_buf_clear(&outbox->gathered);
}

int ol_outbox_send(ol_outbox *outbox, ol_slice data, bool chunked)
{
    ol_slice parts[OL_STREAM_PARTS_MAX];
    size_t count = 0;
    bool frame = chunked && data.len > 0;
    if (outbox->gathered.len > 0)
        parts[count++] = ol_buf_slice(&outbox->gathered);
    if (frame) {
        int len = snprintf(outbox->frame_, sizeof(outbox->frame_), "%zx\r\n", data.len);
        parts[count++] = ol_slice_of(outbox->frame_, (size_t)len);
    }
    if (data.len > 0)
        parts[count++] = data;
    if (frame)
        parts[count++] = OL_SLICE_LIT("\r\n");
    int rc = ol_stream_write(outbox->stream, parts, count);
    if (rc == OL_OK && outbox->gathered.len > 0)
        ol_buf_clear(&outbox->gathered);
    outbox->lent_ = rc == OL_WAIT;
    return rc;
}

bool ol_outbox_gather(ol_outbox *outbox, ol_slice data, bool chunked)
{
    ol_buf *out = &outbox->gathered;
    size_t need = data.len + FRAME_BYTES;
    if (outbox->lent_ || need > GATHER_BYTES_MAX || out->len > GATHER_BYTES_MAX - need)
        return false;
    if (ol_buf_reserve(out, need) != OL_OK)
        return false;
    if (chunked)
        ol_buf_addf(out, "%zx\r\n", data.len);
    ol_buf_add(out, data);
    if (chunked)
        ol_buf_add(out, OL_SLICE_LIT("\r\n"));
    return true;
}

void ol_outbox_drained(ol_outbox *outbox)
{
    if (!outbox->lent_)
        return;
    outbox->lent_ = false;
    if (outbox->gathered.len > 0)
        ol_buf_clear(&outbox->gathered);
}
