/* SPDX-License-Identifier: MIT */
/* An encrypted original that is played, and the object over it that gives what it was before. */
#ifndef OL_TESTS_UNSEALED_KIT_H
#define OL_TESTS_UNSEALED_KIT_H

#include <openssl/evp.h>

#include "lib/alloc_check.h"
#include "lib/check.h"
#include "lib/pipeline_stages.h"
#include "lib/scratch.h"

#include "base/alloc.h"
#include "crypto/content/sealed_private.h"
#include "crypto/keys/secret.h"
#include "front/originals/unsealed.h"

#ifndef KIT_UNUSED
#define KIT_UNUSED __attribute__((unused))
#endif

#define SMALL_BYTES 3000u
#define LARGE_BYTES 600000u /* three blocks of the spool */
#define TAG_BYTES 16u

static const uint8_t key_bytes[32] = "0123456789abcdef0123456789abcde";
static uint8_t plain[LARGE_BYTES], cipher[LARGE_BYTES + TAG_BYTES];

/* ---- the encrypted object ---- */

typedef struct played {
    ol_object base;
    ol_object_info info;
    size_t piece_bytes;
    unsigned bodies; /* that were asked for */
    unsigned closes;
    ol_slice bytes;
    bool swaps; /* gives other bytes the second time */
} played;

static uint8_t other[LARGE_BYTES + TAG_BYTES];

static KIT_UNUSED int play_body(ol_object *object, ol_byte_range range, ol_arena *arena,
                     const ol_stage_ops **ops, const void **config)
{
    played *p = (played *)object;
    ol_test_feed *feed = ol_arena_calloc(arena, sizeof(*feed));
    if (!feed)
        return OL_ENOMEM;
    const uint8_t *from = p->bodies++ > 0 && p->swaps ? other : p->bytes.data;
    *feed = (ol_test_feed){.body = ol_slice_of(from + range.start, range.length),
                           .piece_bytes = p->piece_bytes};
    *ops = &ol_test_feed_ops;
    *config = feed;
    return OL_OK;
}

static const ol_object_info *play_info(const ol_object *object)
{
    return &((const played *)object)->info;
}

static KIT_UNUSED void play_close(ol_object *object)
{
    ((played *)object)->closes++;
}

static KIT_UNUSED void play_drop(ol_object *object)
{
    (void)object;
}

static const ol_origin_ops play_ops = {.name = "played",
                                       .body = play_body,
                                       .info = play_info,
                                       .drop_reads = play_drop,
                                       .close_object = play_close};
static ol_origin play_origin = {.ops = &play_ops};

static const ol_header headers[] = {
    {{(const uint8_t *)"content-type", 12}, {(const uint8_t *)"text/plain", 10}},
    {{(const uint8_t *)"x-amz-meta-x-amz-iv", 19}, {(const uint8_t *)"AAAA", 4}},
    {{(const uint8_t *)"x-amz-checksum-crc32", 20}, {(const uint8_t *)"AAAA", 4}},
};

/* ---- the rig ---- */

typedef struct rig {
    ol_test_bench bench;
    played sealed;
    ol_client_encryption rule;
    ol_object *object;
    ol_opened_book *book;
    ol_opened_note note;
    ol_view_disk *spool;
    uint64_t spool_bytes, object_bytes;
    size_t size;
    bool hides_size; /* only the content tells its length */
    bool chunked;
    ol_test_collect collect;
    ol_byte_range range;
    bool settled;
    int settle_rc;
} rig;

static KIT_UNUSED void encrypt(size_t size)
{
    uint8_t iv[12];
    int len = 0, rest = 0;
    memset(iv, 7, sizeof(iv));
    for (size_t i = 0; i < size; i++)
        plain[i] = (uint8_t)(i * 131 >> 3);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    assert_int_equal(EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key_bytes, iv), 1);
    assert_int_equal(EVP_EncryptUpdate(ctx, cipher, &len, plain, (int)size), 1);
    assert_int_equal(EVP_EncryptFinal_ex(ctx, cipher + len, &rest), 1);
    assert_int_equal(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES, cipher + size), 1);
    EVP_CIPHER_CTX_free(ctx);
}

static KIT_UNUSED void set_up(rig *r, size_t size, enum ol_unverified unverified)
{
    *r = (rig){.size = size, .rule.unverified = unverified, .object_bytes = 1 << 30};
    r->sealed = (played){.base.origin = &play_origin, .bytes = ol_slice_of(cipher, size + TAG_BYTES)};
    r->range = (ol_byte_range){0, size};
    encrypt(size);
}

static KIT_UNUSED ol_opened *make_opened(const rig *r)
{
    ol_opened *opened = ol_opened_new();
    uint8_t *key = ol_secret_alloc(32);
    assert_non_null(key);
    memcpy(key, key_bytes, 32);
    ol_sealed *sealed = ol_sealed_new(OL_SEALED_S3_V2, key, 32);
    if (!opened || !sealed) {
        ol_opened_release(opened);
        ol_sealed_release(sealed);
        return NULL;
    }
    sealed->content = &ol_content_gcm;
    sealed->iv_len = 12;
    memset(sealed->iv, 7, 12);
    sealed->cipher_size = r->sealed.bytes.len;
    sealed->plain_size = r->hides_size ? UINT64_MAX : r->sealed.bytes.len - TAG_BYTES;
    sealed->ranged = r->rule.rules.ranged;
    opened->sealed = sealed;
    return opened;
}

static KIT_UNUSED int open_object(rig *r)
{
    ol_error err = {0};
    r->sealed.info = (ol_object_info){.size = r->sealed.bytes.len,
                                      .etag = OL_SLICE_LIT("abc"),
                                      .headers = headers,
                                      .header_count = 3,
                                      .part_count = 2};
    ol_unsealed_make make = {.loop = r->bench.loop.loop,
                             .sealed = &r->sealed.base,
                             .opened = make_opened(r),
                             .rule = &r->rule,
                             .book = r->book,
                             .note = r->note,
                             .keeps_opened = true,
                             .spool = r->spool,
                             .object_bytes_max = r->object_bytes,
                             .verify_bytes_max = 1 << 30};
    if (!make.opened)
        return OL_ENOMEM;
    int rc = ol_unsealed_new(&r->object, &make, &err);
    if (rc != OL_OK)
        ol_opened_release(make.opened);
    return rc;
}

static KIT_UNUSED void add_source(rig *r)
{
    const ol_stage_ops *ops;
    const void *config;
    int rc = r->object->origin->ops->body(r->object, r->range, r->bench.arena, &ops, &config);
    if (rc == OL_OK)
        ol_test_bench_add(&r->bench, ops, config);
    else
        r->bench.rc = rc;
}

static KIT_UNUSED int run(rig *r)
{
    ol_test_bench_open(&r->bench);
    int rc = r->bench.rc == OL_OK ? open_object(r) : r->bench.rc;
    if (rc != OL_OK)
        return rc;
    add_source(r);
    ol_test_bench_collect(&r->bench, &r->collect);
    return ol_test_bench_run(&r->bench);
}

static KIT_UNUSED void tear_down(rig *r)
{
    if (r->bench.loop.loop) {
        ol_test_bench_again(&r->bench);
        if (r->object)
            r->object->origin->ops->close_object(r->object);
        ol_test_loop_turns(&r->bench.loop, 3);
    }
    ol_test_collect_fini(&r->collect);
    ol_test_bench_close(&r->bench);
    ol_opened_book_destroy(r->book);
    ol_view_disk_close(r->spool);
}

static KIT_UNUSED void assert_gave(const rig *r, size_t start, size_t len)
{
    assert_int_equal(r->collect.len, len);
    assert_true(len == 0 || memcmp(r->collect.data, plain + start, len) == 0);
}

static ol_test_scratch scratch;

static KIT_UNUSED void open_spool(rig *r, uint64_t bytes)
{
    ol_error err = {0};
    assert_int_equal(ol_view_disk_open(&r->spool, ol_test_scratch_path(&scratch, "spool"), bytes,
                                       &err), OL_OK);
}

#endif
