/* SPDX-License-Identifier: MIT */
/*
 * An encrypted original as the object that it was before: whole, in pieces, by read_at; verified first,
 * spooled, streamed; damaged, cut into bytes, closed at every point, without memory. The encrypted
 * object below it is played by this test.
 */
#include <openssl/evp.h>

#include "lib/alloc_check.h"
#include "lib/check.h"
#include "lib/pipeline_stages.h"
#include "lib/scratch.h"

#include "base/alloc.h"
#include "crypto/sealed_private.h"
#include "crypto/secret.h"
#include "front/unsealed.h"

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

static int play_body(ol_object *object, ol_byte_range range, ol_arena *arena,
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

static void play_close(ol_object *object)
{
    ((played *)object)->closes++;
}

static void play_drop(ol_object *object)
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

static void encrypt(size_t size)
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

static void set_up(rig *r, size_t size, enum ol_unverified unverified)
{
    *r = (rig){.size = size, .rule.unverified = unverified, .object_bytes = 1 << 30};
    r->sealed = (played){.base.origin = &play_origin, .bytes = ol_slice_of(cipher, size + TAG_BYTES)};
    r->range = (ol_byte_range){0, size};
    encrypt(size);
}

static ol_opened *make_opened(const rig *r)
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

static int open_object(rig *r)
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

static void add_source(rig *r)
{
    const ol_stage_ops *ops;
    const void *config;
    int rc = r->object->origin->ops->body(r->object, r->range, r->bench.arena, &ops, &config);
    if (rc == OL_OK)
        ol_test_bench_add(&r->bench, ops, config);
    else
        r->bench.rc = rc;
}

static int run(rig *r)
{
    ol_test_bench_open(&r->bench);
    int rc = r->bench.rc == OL_OK ? open_object(r) : r->bench.rc;
    if (rc != OL_OK)
        return rc;
    add_source(r);
    ol_test_bench_collect(&r->bench, &r->collect);
    return ol_test_bench_run(&r->bench);
}

static void tear_down(rig *r)
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

static void assert_gave(const rig *r, size_t start, size_t len)
{
    assert_int_equal(r->collect.len, len);
    assert_true(len == 0 || memcmp(r->collect.data, plain + start, len) == 0);
}

static ol_test_scratch scratch;

static void open_spool(rig *r, uint64_t bytes)
{
    ol_error err = {0};
    assert_int_equal(ol_view_disk_open(&r->spool, ol_test_scratch_path(&scratch, "spool"), bytes,
                                       &err), OL_OK);
}

/* ---- whole bodies ---- */

static void gives_plaintext_and_its_head(void **state)
{
    (void)state;
    rig r;
    set_up(&r, SMALL_BYTES, OL_UNVERIFIED_FIRST_PASS);
    assert_code(run(&r), OL_OK);
    assert_gave(&r, 0, SMALL_BYTES);
    assert_int_equal(r.collect.head.content_length, SMALL_BYTES);
    assert_non_null(ol_headers_get(&r.collect.head.headers, "content-type").data);
    assert_non_null(ol_headers_get(&r.collect.head.headers, "last-modified").data);
    assert_null(ol_headers_get(&r.collect.head.headers, "x-amz-meta-x-amz-iv").data);
    assert_null(ol_headers_get(&r.collect.head.headers, "x-amz-checksum-crc32").data);
    const ol_object_info *info = r.object->origin->ops->info(r.object);
    assert_int_equal(info->size, SMALL_BYTES);
    assert_int_equal(info->header_count, 1);
    assert_int_equal(info->part_count, 0);
    assert_int_equal(r.sealed.bodies, 1); /* what is small was kept in memory */
    tear_down(&r);
    assert_int_equal(r.sealed.closes, 1);
}

static void large_ones_are_read_twice_or_spooled_or_streamed(void **state)
{
    (void)state;
    static const unsigned bodies[] = {[OL_UNVERIFIED_FIRST_PASS] = 2,
                                      [OL_UNVERIFIED_SPOOL] = 1,
                                      [OL_UNVERIFIED_STREAM] = 1};
    for (int how = 0; how < 3; how++) {
        rig r;
        set_up(&r, LARGE_BYTES, (enum ol_unverified)how);
        open_spool(&r, 1 << 24);
        r.collect.wait_every = 2;
        assert_code(run(&r), OL_OK);
        assert_gave(&r, 0, LARGE_BYTES);
        assert_int_equal(r.sealed.bodies, bodies[how]);
        tear_down(&r);
    }
}

static void is_indifferent_to_pieces(void **state)
{
    (void)state;
    for (int how = 0; how < 3; how++) {
        rig r;
        set_up(&r, 2000, (enum ol_unverified)how);
        r.sealed.piece_bytes = 1;
        r.collect.wait_every = 1;
        assert_code(run(&r), OL_OK);
        assert_gave(&r, 0, 2000);
        tear_down(&r);
    }
}

static void an_empty_plaintext_is_verified_too(void **state)
{
    (void)state;
    for (int damaged = 0; damaged < 2; damaged++) {
        rig r;
        set_up(&r, 0, OL_UNVERIFIED_FIRST_PASS);
        cipher[3] ^= (uint8_t)damaged;
        assert_code(run(&r), damaged ? OL_EDECRYPT : OL_OK);
        assert_gave(&r, 0, 0);
        tear_down(&r);
    }
}

static void damage_gives_nothing(void **state)
{
    (void)state;
    static const size_t at[] = {0, LARGE_BYTES / 2, LARGE_BYTES - 1, LARGE_BYTES, LARGE_BYTES + 15};
    for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++)
        for (int how = 0; how < 2; how++) {
            rig r;
            set_up(&r, LARGE_BYTES, (enum ol_unverified)how);
            open_spool(&r, 1 << 24);
            cipher[at[i]] ^= 1;
            assert_code(run(&r), OL_EDECRYPT);
            assert_gave(&r, 0, 0);
            assert_false(r.collect.headed);
            tear_down(&r);
        }
}

static void a_streamed_one_breaks_at_its_end(void **state)
{
    (void)state;
    rig r;
    set_up(&r, LARGE_BYTES, OL_UNVERIFIED_STREAM);
    cipher[LARGE_BYTES] ^= 1;
    assert_code(run(&r), OL_EDECRYPT);
    assert_true(r.collect.headed && !r.collect.finished);
    tear_down(&r);
}

/* What an origin swaps between two readings is seen at the end of the second; a spool does not ask
 * again. */
static void swapped_bytes_break_the_body(void **state)
{
    (void)state;
    for (int how = 0; how < 2; how++) {
        rig r;
        set_up(&r, LARGE_BYTES, (enum ol_unverified)how);
        open_spool(&r, 1 << 24);
        memcpy(other, cipher, sizeof(other));
        other[LARGE_BYTES / 2] ^= 1;
        r.sealed.swaps = true;
        assert_code(run(&r), how == OL_UNVERIFIED_SPOOL ? OL_OK : OL_EDECRYPT);
        assert_int_equal(r.collect.finished, how == OL_UNVERIFIED_SPOOL);
        size_t right = r.collect.len; /* nothing of the segment with the other byte */
        assert_true(how == OL_UNVERIFIED_SPOOL || right <= LARGE_BYTES / 2);
        assert_gave(&r, 0, right);
        tear_down(&r);
    }
}

/* Neither does a part come out that has other bytes than the whole that was verified, wherever the other
 * byte is in it; what lies in other segments does. */
static void swapped_bytes_are_in_no_part(void **state)
{
    (void)state;
    static const struct {
        ol_byte_range range;
        size_t at;
        bool comes;
    } cases[] = {{{LARGE_BYTES / 2 - 10, 20}, LARGE_BYTES / 2, false},
                 {{0, 1}, 0, false},
                 {{LARGE_BYTES - 1, 1}, LARGE_BYTES - 1, false},
                 {{100, 200000}, 200099, false},
                 {{100, 200000}, 100, false},
                 {{100, 1000}, LARGE_BYTES / 2, true},
                 {{65536, 65536}, 65535, true},
                 {{65536, 65536}, 131072, true}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        for (size_t piece_bytes = 0; piece_bytes < 2000; piece_bytes += 1999) {
            rig r;
            set_up(&r, LARGE_BYTES, OL_UNVERIFIED_FIRST_PASS);
            r.sealed.piece_bytes = piece_bytes;
            memcpy(other, cipher, sizeof(other));
            other[cases[i].at] ^= 1;
            r.sealed.swaps = true;
            r.range = cases[i].range;
            r.collect.wait_every = 1;
            assert_code(run(&r), cases[i].comes ? OL_OK : OL_EDECRYPT);
            if (cases[i].comes)
                assert_gave(&r, cases[i].range.start, cases[i].range.length);
            else
                assert_true(r.collect.len <= cases[i].at - cases[i].range.start);
            tear_down(&r);
        }
}

/* ---- limits ---- */

static void limits_have_names(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        rig r;
        set_up(&r, LARGE_BYTES, OL_UNVERIFIED_SPOOL);
        open_spool(&r, i == 0 ? 1 << 24 : 1 << 18);
        if (i == 0)
            r.object_bytes = LARGE_BYTES - 1;
        assert_code(run(&r), i == 0 ? OL_EVERIFYSIZE : OL_EVERIFYROOM);
        assert_gave(&r, 0, 0);
        tear_down(&r);
    }
}

/* ---- lengths that only the content tells ---- */

static void on_settled(void *arg, const ol_error *err)
{
    rig *r = arg;
    r->settled = true;
    r->settle_rc = err ? err->code : OL_OK;
}

static void a_pass_finds_the_length(void **state)
{
    (void)state;
    for (int damaged = 0; damaged < 2; damaged++) {
        rig r;
        bool gone = false;
        ol_error err = {0};
        set_up(&r, LARGE_BYTES, OL_UNVERIFIED_STREAM);
        r.hides_size = true;
        cipher[5] ^= (uint8_t)damaged;
        ol_test_bench_open(&r.bench);
        assert_code(open_object(&r), OL_OK);
        assert_code(ol_unsealed_settle(r.object, &gone, on_settled, &r, &err), OL_WAIT);
        ol_test_loop_until(&r.bench.loop, &r.settled, 10000);
        assert_code(r.settle_rc, damaged ? OL_EDECRYPT : OL_OK);
        if (!damaged)
            assert_int_equal(r.object->origin->ops->info(r.object)->size, LARGE_BYTES);
        tear_down(&r);
    }
}

static void nobody_waits_for_a_client_who_left(void **state)
{
    (void)state;
    rig r;
    bool gone = true;
    ol_error err = {0};
    set_up(&r, LARGE_BYTES, OL_UNVERIFIED_FIRST_PASS);
    r.hides_size = true;
    ol_test_bench_open(&r.bench);
    assert_code(open_object(&r), OL_OK);
    assert_code(ol_unsealed_settle(r.object, &gone, on_settled, &r, &err), OL_WAIT);
    ol_test_loop_until(&r.bench.loop, &r.settled, 10000);
    assert_code(r.settle_rc, OL_EPEER);
    tear_down(&r);
}

/* ---- pieces and reads ---- */

static void pieces_come_after_the_whole_was_verified(void **state)
{
    (void)state;
    static const ol_byte_range ranges[] = {
        {0, 1}, {15, 2}, {LARGE_BYTES - 1, 1}, {262140, 10}, {100, 300000}, {7, 0}};
    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
        for (int how = 0; how < 3; how++) {
            rig r;
            set_up(&r, LARGE_BYTES, (enum ol_unverified)how);
            open_spool(&r, 1 << 24);
            r.range = ranges[i];
            assert_code(run(&r), OL_OK);
            assert_gave(&r, ranges[i].start, ranges[i].length);
            tear_down(&r);
        }
}

static void a_piece_of_what_is_damaged_elsewhere_is_refused(void **state)
{
    (void)state;
    for (int ranged = 0; ranged < 2; ranged++) {
        rig r;
        set_up(&r, LARGE_BYTES, OL_UNVERIFIED_STREAM);
        r.rule.rules.ranged = ranged;
        r.range = (ol_byte_range){100, 100};
        cipher[LARGE_BYTES - 1] ^= 1;
        assert_code(run(&r), ranged ? OL_OK : OL_EDECRYPT);
        assert_gave(&r, 100, ranged ? 100 : 0);
        tear_down(&r);
    }
}

typedef struct read_result {
    bool done;
    int rc;
    size_t got;
} read_result;

static void on_read(void *arg, const ol_error *err, size_t got)
{
    read_result *result = arg;
    *result = (read_result){true, err ? err->code : OL_OK, got};
}

static void reads_share_one_pass(void **state)
{
    (void)state;
    for (int how = 0; how < 2; how++) {
        rig r;
        uint8_t a[1000], b[1000];
        read_result first = {0}, second = {0};
        size_t got;
        ol_error err = {0};
        set_up(&r, LARGE_BYTES, (enum ol_unverified)how);
        open_spool(&r, 1 << 24);
        ol_test_bench_open(&r.bench);
        assert_code(open_object(&r), OL_OK);
        const ol_origin_ops *ops = r.object->origin->ops;
        assert_code(ops->read_at(r.object, 1000, (ol_span){a, sizeof(a)}, &got, on_read, &first,
                                 &err), OL_WAIT);
        assert_code(ops->read_at(r.object, LARGE_BYTES - 10, (ol_span){b, sizeof(b)}, &got, on_read,
                                 &second, &err), OL_WAIT);
        ol_test_loop_until(&r.bench.loop, &first.done, 10000);
        ol_test_loop_until(&r.bench.loop, &second.done, 10000);
        assert_code(first.rc, OL_OK);
        assert_int_equal(first.got, sizeof(a));
        assert_memory_equal(a, plain + 1000, sizeof(a));
        assert_int_equal(second.got, 10);
        assert_memory_equal(b, plain + LARGE_BYTES - 10, 10);
        assert_int_equal(r.sealed.bodies, how == OL_UNVERIFIED_SPOOL ? 1 : 3);
        assert_code(ops->read_at(r.object, LARGE_BYTES, (ol_span){b, 1}, &got, on_read, &second,
                                 &err), OL_OK);
        assert_int_equal(got, 0);
        tear_down(&r);
    }
}

static void dropped_reads_are_not_called_back(void **state)
{
    (void)state;
    rig r;
    uint8_t a[1000];
    read_result result = {0};
    size_t got;
    ol_error err = {0};
    set_up(&r, LARGE_BYTES, OL_UNVERIFIED_FIRST_PASS);
    ol_test_bench_open(&r.bench);
    assert_code(open_object(&r), OL_OK);
    const ol_origin_ops *ops = r.object->origin->ops;
    assert_code(ops->read_at(r.object, 0, (ol_span){a, sizeof(a)}, &got, on_read, &result, &err),
                OL_WAIT);
    ops->drop_reads(r.object);
    ol_test_loop_turns(&r.bench.loop, 50);
    assert_false(result.done);
    tear_down(&r);
}

/* ---- what is remembered ---- */

static void a_verified_version_is_not_verified_again(void **state)
{
    (void)state;
    rig r;
    ol_keys *keys;
    ol_opened_note note = {.plain_size = 7};
    ol_opened_book *book = ol_opened_book_new(100000);
    assert_int_equal(ol_keys_new(&keys), OL_OK);
    set_up(&r, LARGE_BYTES, OL_UNVERIFIED_FIRST_PASS);
    note.keys = keys;
    note.opened = make_opened(&r);
    assert_false(ol_opened_book_find(book, &(ol_opened_note){.keys = keys}));
    ol_opened_book_put(book, &note);
    ol_opened_release(note.opened);
    ol_opened_note found = {.keys = keys};
    assert_true(ol_opened_book_find(book, &found));
    assert_int_equal(found.plain_size, 7);
    assert_ptr_equal(found.opened, note.opened);
    ol_opened_release(found.opened);
    found = (ol_opened_note){.digest = {1}, .keys = keys};
    assert_false(ol_opened_book_find(book, &found));
    ol_opened_note by_others = {.keys = NULL};
    assert_true(ol_opened_book_find(book, &by_others));
    assert_null(by_others.opened); /* a key that other keys opened is not given out */
    ol_opened_book_destroy(book);
    ol_keys_release(keys);
}

/* Another object over the same version: its parts come without a pass of its own, and only what was
 * verified comes. */
static void what_was_remembered_is_compared(void **state)
{
    (void)state;
    ol_keys *keys;
    assert_int_equal(ol_keys_new(&keys), OL_OK);
    for (int lies = 0; lies < 2; lies++)
        for (int whole = 0; whole < 2; whole++) {
            rig r, again;
            ol_opened_note note = {.keys = keys};
            ol_opened_book *book = ol_opened_book_new(100000);
            set_up(&r, LARGE_BYTES, OL_UNVERIFIED_FIRST_PASS);
            r.book = book;
            r.note = note;
            assert_code(run(&r), OL_OK);
            r.book = NULL;
            tear_down(&r);
            assert_true(ol_opened_book_find(book, &note));
            assert_true(note.verified && note.segments);
            ol_opened_release(note.opened);
            note.opened = NULL;
            set_up(&again, LARGE_BYTES, OL_UNVERIFIED_FIRST_PASS);
            again.note = note;
            cipher[LARGE_BYTES / 2] ^= (uint8_t)lies;
            if (!whole)
                again.range = (ol_byte_range){LARGE_BYTES / 2, 5};
            assert_code(run(&again), lies ? OL_EDECRYPT : OL_OK);
            assert_int_equal(again.sealed.bodies, 1);
            assert_true(lies || again.collect.len == again.range.length);
            assert_true(!lies || again.collect.len <= (whole ? LARGE_BYTES / 2 : 0));
            ol_segments_release(note.segments);
            tear_down(&again);
            ol_opened_book_destroy(book);
        }
    ol_keys_release(keys);
}

/* A verification whose digests are forgotten is none for large ones. */
static void without_digests_it_is_verified_again(void **state)
{
    (void)state;
    rig r;
    set_up(&r, LARGE_BYTES, OL_UNVERIFIED_FIRST_PASS);
    r.note = (ol_opened_note){.verified = true, .plain_size = LARGE_BYTES};
    r.range = (ol_byte_range){10, 10};
    cipher[LARGE_BYTES - 1] ^= 1;
    assert_code(run(&r), OL_EDECRYPT);
    assert_gave(&r, 0, 0);
    tear_down(&r);
}

/* Memory for digests is bounded: the oldest go. */
static void the_book_holds_so_many_digests(void **state)
{
    (void)state;
    enum { NOTES = 300 };
    ol_keys *keys;
    static const uint8_t bytes[65536 * 2];
    ol_opened_book *book = ol_opened_book_new(100000);
    assert_int_equal(ol_keys_new(&keys), OL_OK);
    for (unsigned i = 0; i < NOTES; i++) {
        ol_opened_note note = {.digest = {(uint8_t)i, (uint8_t)(i >> 8)}, .keys = keys};
        note.segments = ol_segments_new(0);
        assert_int_equal(ol_segments_add(note.segments, ol_slice_of(bytes, sizeof(bytes))), OL_OK);
        assert_int_equal(ol_segments_end(note.segments), OL_OK);
        ol_opened_book_put(book, &note);
        ol_opened_book_put(book, &note); /* replaces */
        ol_segments_release(note.segments);
    }
    unsigned known = 0;
    for (unsigned i = 0; i < NOTES; i++) {
        ol_opened_note note = {.digest = {(uint8_t)i, (uint8_t)(i >> 8)}, .keys = keys};
        assert_true(ol_opened_book_find(book, &note));
        assert_true(note.segments || i < NOTES / 2);
        known += note.segments != NULL;
        ol_segments_release(note.segments);
    }
    assert_in_range(known, 250, 256);
    ol_opened_book_destroy(book);
    ol_keys_release(keys);
}

/* ---- endings ---- */

static void closes_at_every_turn(void **state)
{
    (void)state;
    for (int how = 0; how < 3; how++)
        for (unsigned turns = 0; turns < 40; turns++) {
            rig r;
            long live = ol_alloc_live();
            set_up(&r, LARGE_BYTES, (enum ol_unverified)how);
            open_spool(&r, 1 << 24);
            r.sealed.piece_bytes = 100000;
            r.collect.wait_every = 1;
            ol_test_bench_open(&r.bench);
            assert_code(open_object(&r), OL_OK);
            add_source(&r);
            ol_test_bench_collect(&r.bench, &r.collect);
            assert_code(ol_test_bench_start(&r.bench), OL_OK);
            ol_test_loop_turns(&r.bench.loop, turns);
            tear_down(&r);
            assert_no_leak(live);
        }
}

static int without_memory(void *arg)
{
    rig r;
    set_up(&r, *(const size_t *)arg, OL_UNVERIFIED_FIRST_PASS);
    r.range = (ol_byte_range){*(const size_t *)arg - 1000, 900};
    r.hides_size = false;
    int rc = run(&r);
    if (rc != OL_OK)
        assert_int_equal(r.collect.len, 0);
    tear_down(&r);
    return rc;
}

static void survives_any_failure_of_memory(void **state)
{
    (void)state;
    size_t sizes[] = {SMALL_BYTES, LARGE_BYTES};
    for (int i = 0; i < 2; i++)
        assert_true(ol_test_fail_each(without_memory, &sizes[i]) > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_plaintext_and_its_head),
        cmocka_unit_test(large_ones_are_read_twice_or_spooled_or_streamed),
        cmocka_unit_test(is_indifferent_to_pieces),
        cmocka_unit_test(an_empty_plaintext_is_verified_too),
        cmocka_unit_test(damage_gives_nothing),
        cmocka_unit_test(a_streamed_one_breaks_at_its_end),
        cmocka_unit_test(swapped_bytes_break_the_body),
        cmocka_unit_test(swapped_bytes_are_in_no_part),
        cmocka_unit_test(limits_have_names),
        cmocka_unit_test(a_pass_finds_the_length),
        cmocka_unit_test(nobody_waits_for_a_client_who_left),
        cmocka_unit_test(pieces_come_after_the_whole_was_verified),
        cmocka_unit_test(a_piece_of_what_is_damaged_elsewhere_is_refused),
        cmocka_unit_test(reads_share_one_pass),
        cmocka_unit_test(dropped_reads_are_not_called_back),
        cmocka_unit_test(a_verified_version_is_not_verified_again),
        cmocka_unit_test(what_was_remembered_is_compared),
        cmocka_unit_test(without_digests_it_is_verified_again),
        cmocka_unit_test(the_book_holds_so_many_digests),
        cmocka_unit_test(closes_at_every_turn),
        cmocka_unit_test(survives_any_failure_of_memory),
    };
    ol_test_scratch_open(&scratch);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    ol_test_scratch_close(&scratch);
    return failed;
}
