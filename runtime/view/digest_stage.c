/* SPDX-License-Identifier: MIT */
#include "view/digest_stage.h"

#include "s3/upload/crc.h"

static ol_view_digest *digest_of(const ol_stage *st)
{
    return (ol_view_digest *)(uintptr_t)st->config;
}

static int copy_head(ol_view_digest *digest, const ol_head *head)
{
    digest->facts.head = (ol_head){.status = head->status, .content_length = 0};
    ol_headers_init(&digest->facts.head.headers, digest->arena);
    int rc = OL_OK;
    for (size_t i = 0; rc == OL_OK && i < head->headers.count; i++)
        rc = ol_headers_add(&digest->facts.head.headers, head->headers.items[i].name,
                            head->headers.items[i].value);
    return rc;
}

static int take_head(ol_stage *st, ol_head *head, ol_error *err)
{
    int rc = copy_head(digest_of(st), head);
    if (rc != OL_OK)
        return ol_error_set(err, rc, "the head of a view");
    return ol_stage_head(st, head, err);
}

static int digest_bytes(ol_stage *st, ol_slice in, ol_error *err)
{
    ol_view_digest *digest = digest_of(st);
    ol_view_facts *facts = &digest->facts;
    facts->head.content_length += (int64_t)in.len;
    facts->crc64nvme = ol_crc_update(OL_CRC64NVME, facts->crc64nvme, in);
    if (!digest->known)
        facts->crc32 = (uint32_t)ol_crc_update(OL_CRC32, facts->crc32, in);
    return ol_stage_write(st, in, err);
}

/* The other checksum is taken over from what is known, for bytes that are the same. */
static void settle(ol_view_digest *digest)
{
    ol_view_facts *facts = &digest->facts;
    const ol_view_facts *known = digest->known;
    facts->has_checksums = true;
    if (!known)
        return;
    facts->crc32 = known->crc32;
    facts->unstable = facts->crc64nvme != known->crc64nvme ||
                      facts->head.content_length != known->head.content_length;
}

static int finish(ol_stage *st, ol_error *err)
{
    ol_view_digest *digest = digest_of(st);
    settle(digest);
    digest->complete = true;
    if (digest->on_complete)
        digest->on_complete(digest->arg);
    return ol_stage_finish(st, err);
}

const ol_stage_ops ol_view_digest_stage_ops = {
    .name = "digest",
    .phase = OL_PHASE_RANGE, /* behind the chain, before what cuts or compares */
    .head = take_head,
    .write = digest_bytes,
    .finish = finish,
    .reserve = ol_stage_reserve,
};
