/* SPDX-License-Identifier: MIT */
/* Copies, uploads in parts and bodies of unknown length at a real service. */
#include "live_kit.h"

static void copies(void **state)
{
    live *l = live_of(state);
    okit_answer a;
    ol_origin *o = l->k->origin;
    assert_code_of(okit_put(l->k, l->bucket, "from + ü", ol_slice_of(l->bytes, 1000), &a), OL_OK,
                   &a.err);
    ol_copy_request req = {.source = okit_ref(l->bucket, "from + ü"),
                           .bucket = ol_slice_cstr(l->bucket),
                           .key = OL_SLICE_LIT("to")};
    char etag[OL_ETAG_SIZE];
    memcpy(etag, a.put.etag, sizeof etag);
    req.source.if_match = ol_slice_cstr(etag);
    a = (okit_answer){0};
    assert_code_of(okit_wait(l->k, &a, o->ops->copy(o, l->k->bench.loop.loop, &req, okit_on_put,
                                                    &a, &a.err)),
                   OL_OK, &a.err);
    assert_string_equal(a.put.etag, etag);
    check_body(l, "to", 1000);
    req.source.if_match = OL_SLICE_LIT("00000000000000000000000000000000");
    a = (okit_answer){0};
    assert_code(okit_wait(l->k, &a, o->ops->copy(o, l->k->bench.loop.loop, &req, okit_on_put, &a,
                                                 &a.err)),
                OL_EPRECONDITION);
    req.source = okit_ref(l->bucket, "from + ü");
    req.if_none_match_any = true;
    a = (okit_answer){0};
    assert_code(okit_wait(l->k, &a, o->ops->copy(o, l->k->bench.loop.loop, &req, okit_on_put, &a,
                                                 &a.err)),
                OL_EPRECONDITION);
}

static void begin_upload(live *l, const char *key, char id[OL_UPLOAD_ID_SIZE])
{
    okit_answer a = {0};
    ol_origin *o = l->k->origin;
    const ol_header type = {OL_SLICE_LIT("content-type"), OL_SLICE_LIT("text/x-parts")};
    const ol_upload_request req = {.bucket = ol_slice_cstr(l->bucket),
                                   .key = ol_slice_cstr(key),
                                   .headers = &type,
                                   .header_count = 1,
                                   .checksum_name = OL_SLICE_LIT("CRC32C")};
    assert_code_of(okit_wait(l->k, &a, o->ops->upload_create(o, l->k->bench.loop.loop, &req,
                                                             okit_on_text, &a, &a.err)),
                   OL_OK, &a.err);
    snprintf(id, OL_UPLOAD_ID_SIZE, "%.250s", a.text);
}

static void put_part(live *l, const char *key, const char *id, uint32_t number, ol_slice body,
                     char etag[OL_ETAG_SIZE])
{
    okit_answer a = {0};
    const ol_stage_ops *ops;
    const void *config;
    const ol_part_request req = {.bucket = ol_slice_cstr(l->bucket),
                                 .key = ol_slice_cstr(key),
                                 .upload_id = ol_slice_cstr(id),
                                 .number = number,
                                 .size = (int64_t)body.len,
                                 .result = &a.put};
    ol_origin *o = l->k->origin;
    assert_code_of(o->ops->upload_part(o, &req, l->k->bench.arena, &ops, &config, &a.err), OL_OK,
                   &a.err);
    assert_code_of(okit_run_sink(l->k, ops, config, body, 0, &a), OL_OK, &a.err);
    memcpy(etag, a.put.etag, OL_ETAG_SIZE);
}

static void an_upload_in_parts(void **state)
{
    live *l = live_of(state);
    char id[OL_UPLOAD_ID_SIZE], etags[2][OL_ETAG_SIZE];
    size_t cut = 5 * 1024 * 1024;
    okit_answer a;
    ol_origin *o = l->k->origin;
    ol_loop *loop = l->k->bench.loop.loop;
    begin_upload(l, "in parts", id);
    put_part(l, "in parts", id, 2, ol_slice_of(l->bytes, cut), etags[0]);
    put_part(l, "in parts", id, 5, ol_slice_of(l->bytes + cut, l->len - cut), etags[1]);

    const ol_uploads_request uploads = {.bucket = ol_slice_cstr(l->bucket), .max_uploads = 1000};
    a = (okit_answer){0};
    assert_code_of(okit_wait(l->k, &a, o->ops->upload_list(o, loop, &uploads, okit_on_uploads, &a,
                                                           &a.err)),
                   OL_OK, &a.err);
    assert_int_equal(a.uploads->count, 1);
    assert_slices(a.uploads->uploads[0].upload_id, ol_slice_cstr(id));
    assert_slice(a.uploads->uploads[0].key, "in parts");
    ol_arena_destroy(a.uploads->arena);

    const ol_object_ref ref = okit_ref(l->bucket, "in parts");
    a = (okit_answer){0};
    assert_code_of(okit_wait(l->k, &a, o->ops->parts_list(o, loop, &ref, ol_slice_cstr(id), 0, 1000,
                                                          okit_on_parts, &a, &a.err)),
                   OL_OK, &a.err);
    assert_int_equal(a.parts->count, 2);
    assert_int_equal(a.parts->parts[1].number, 5);
    assert_int_equal(a.parts->parts[1].size, l->len - cut);
    assert_slices(a.parts->parts[0].etag, ol_slice_cstr(etags[0]));
    ol_arena_destroy(a.parts->arena);

    const ol_part parts[] = {{.number = 2, .etag = ol_slice_cstr(etags[0])},
                             {.number = 5, .etag = ol_slice_cstr(etags[1])}};
    const ol_complete_request complete = {.bucket = ol_slice_cstr(l->bucket),
                                          .key = OL_SLICE_LIT("in parts"),
                                          .upload_id = ol_slice_cstr(id),
                                          .parts = parts,
                                          .part_count = 2,
                                          .size = (int64_t)l->len};
    a = (okit_answer){0};
    assert_code_of(okit_wait(l->k, &a, o->ops->upload_complete(o, loop, &complete, okit_on_put, &a,
                                                               &a.err)),
                   OL_OK, &a.err);
    assert_string_equal(a.put.etag + 32, "-2");
    check_body(l, "in parts", l->len);
    a = (okit_answer){0};
    assert_code_of(okit_wait(l->k, &a, o->ops->parts_list(o, loop, &ref, OL_SLICE_NONE, 0, 1000,
                                                          okit_on_parts, &a, &a.err)),
                   OL_OK, &a.err);
    ol_arena_destroy(a.parts->arena);
}

static void uploads_that_fail(void **state)
{
    live *l = live_of(state);
    char id[OL_UPLOAD_ID_SIZE], etags[2][OL_ETAG_SIZE];
    okit_answer a;
    ol_origin *o = l->k->origin;
    ol_loop *loop = l->k->bench.loop.loop;
    begin_upload(l, "k", id);
    put_part(l, "k", id, 1, OL_SLICE_LIT("small"), etags[0]);
    put_part(l, "k", id, 2, OL_SLICE_LIT("small too"), etags[1]);
    ol_part parts[] = {{.number = 1, .etag = ol_slice_cstr(etags[0])},
                       {.number = 2, .etag = ol_slice_cstr(etags[1])}};
    ol_complete_request complete = {.bucket = ol_slice_cstr(l->bucket),
                                    .key = OL_SLICE_LIT("k"),
                                    .upload_id = ol_slice_cstr(id),
                                    .parts = parts,
                                    .part_count = 2,
                                    .size = -1};
    a = (okit_answer){0};
    assert_code(okit_wait(l->k, &a, o->ops->upload_complete(o, loop, &complete, okit_on_put, &a,
                                                            &a.err)),
                OL_EPARTTOOSMALL);
    parts[0].number = 3;
    a = (okit_answer){0};
    assert_code(okit_wait(l->k, &a, o->ops->upload_complete(o, loop, &complete, okit_on_put, &a,
                                                            &a.err)),
                OL_EINVALIDPARTORDER);
    complete.part_count = 1;
    parts[0].number = 1;
    parts[0].etag = OL_SLICE_LIT("00000000000000000000000000000000");
    a = (okit_answer){0};
    assert_code(okit_wait(l->k, &a, o->ops->upload_complete(o, loop, &complete, okit_on_put, &a,
                                                            &a.err)),
                OL_EINVALIDPART);
    a = (okit_answer){0};
    assert_code_of(okit_wait(l->k, &a, o->ops->upload_abort(o, loop, ol_slice_cstr(l->bucket),
                                                            OL_SLICE_LIT("k"), ol_slice_cstr(id),
                                                            okit_on_done, &a, &a.err)),
                   OL_OK, &a.err);
    a = (okit_answer){0};
    assert_code(okit_wait(l->k, &a, o->ops->upload_abort(o, loop, ol_slice_cstr(l->bucket),
                                                         OL_SLICE_LIT("k"), ol_slice_cstr(id),
                                                         okit_on_done, &a, &a.err)),
                OL_ENOSUCHUPLOAD);
}

static void a_body_of_unknown_length(void **state)
{
    live *l = live_of(state);
    okit_answer a;
    ol_put_request req = {.bucket = ol_slice_cstr(l->bucket),
                          .key = OL_SLICE_LIT("unknown"),
                          .size = -1};
    const size_t sizes[] = {0, 1000, 8 << 20, (8 << 20) + 1, 17 << 20};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        uint8_t *body = calloc(1, sizes[i] + 1);
        ol_slice bytes = ol_slice_of(body, sizes[i]);
        ol_buf out;
        memcpy(body, l->bytes, sizes[i] < l->len ? sizes[i] : l->len);
        assert_code_of(okit_put_req(l->k, &req, bytes, 100000, &a), OL_OK, &a.err);
        assert_int_equal(strchr(a.put.etag, '-') != NULL, sizes[i] > 8 << 20);
        ol_buf_init(&out, 64 << 20);
        assert_code_of(okit_get(l->k, l->bucket, "unknown", NULL, &out, &a), OL_OK, &a.err);
        assert_true(ol_slice_eq(ol_buf_slice(&out), bytes));
        ol_buf_fini(&out);
        free(body);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LIVE_TEST(copies),
        LIVE_TEST(an_upload_in_parts),
        LIVE_TEST(uploads_that_fail),
        LIVE_TEST(a_body_of_unknown_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
