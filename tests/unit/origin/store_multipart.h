/* SPDX-License-Identifier: MIT */
/* Uploads in parts as synchronous calls, on top of store_kit.h. */
#ifndef OL_TESTS_ORIGIN_STORE_MULTIPART_H
#define OL_TESTS_ORIGIN_STORE_MULTIPART_H

#include <openssl/evp.h>

#include "store_kit.h"

#include "base/encode.h"
#include "s3/upload/checksum_parts.h"

#define PART OL_PART_BYTES_MIN

typedef struct kit_id {
    char text[OL_UPLOAD_ID_SIZE];
} kit_id;

static inline ol_slice kit_id_of(const kit_id *id)
{
    return ol_slice_cstr(id->text);
}

/* ---- answers ---- */

typedef struct kit_upload_answer {
    kit_answer common; /* first */
    kit_id id;
    ol_put_result result;
    ol_part_list *parts;
    ol_uploads_result *uploads;
    char text[4096];
} kit_upload_answer;

static inline void kit_on_created(void *arg, const ol_error *err, ol_slice upload_id)
{
    kit_upload_answer *answer = arg;
    kit_take(&answer->common, err);
    if (!err)
        snprintf(answer->id.text, sizeof answer->id.text, "%.*s", OL_SLICE_FMT(upload_id));
}

static inline void kit_on_put(void *arg, const ol_error *err, const ol_put_result *result)
{
    kit_upload_answer *answer = arg;
    kit_take(&answer->common, err);
    assert_true((err == NULL) == (result != NULL));
    if (result)
        answer->result = *result;
}

static inline void kit_on_parts(void *arg, const ol_error *err, ol_part_list *list)
{
    kit_take(arg, err);
    ((kit_upload_answer *)arg)->parts = list;
}

static inline void kit_on_uploads(void *arg, const ol_error *err, ol_uploads_result *list)
{
    kit_take(arg, err);
    ((kit_upload_answer *)arg)->uploads = list;
}

static inline void kit_on_text(void *arg, const ol_error *err, ol_slice text)
{
    kit_upload_answer *answer = arg;
    kit_take(&answer->common, err);
    snprintf(answer->text, sizeof answer->text, "%.*s", OL_SLICE_FMT(text));
}

static inline int kit_upload_settle(store_kit *kit, int rc, kit_upload_answer *answer)
{
    return kit_settle(kit, rc, &answer->common);
}

/* ---- calls ---- */

static inline int kit_create_as(store_kit *kit, const ol_upload_request *req, kit_id *id)
{
    kit_upload_answer answer = {.id = {""}};
    int rc = kit->origin->ops->upload_create(kit->origin, kit->bench.loop.loop, req, kit_on_created,
                                             &answer, NULL);
    rc = kit_upload_settle(kit, rc, &answer);
    *id = answer.id;
    return rc;
}

static inline int kit_create(store_kit *kit, const char *key, kit_id *id)
{
    ol_upload_request req = {.bucket = OL_SLICE_LIT("b"), .key = ol_slice_cstr(key)};
    return kit_create_as(kit, &req, id);
}

static inline int kit_part_as(store_kit *kit, ol_part_request *req, ol_test_feed *feed)
{
    ol_test_bench_again(&kit->bench);
    const ol_stage_ops *ops;
    const void *config;
    ol_error err = {0};
    int rc =
        kit->origin->ops->upload_part(kit->origin, req, kit->bench.arena, &ops, &config, &err);
    kit->bench.err = err;
    if (rc != OL_OK)
        return rc;
    ol_test_bench_feed(&kit->bench, feed);
    ol_test_bench_add(&kit->bench, ops, config);
    return ol_test_bench_run(&kit->bench);
}

static inline ol_part_request kit_part_request(const char *key, const kit_id *id, uint32_t number,
                                               ol_slice body)
{
    return (ol_part_request){.bucket = OL_SLICE_LIT("b"),
                             .key_user = &kit_anybody.user,
                             .key = ol_slice_cstr(key),
                             .upload_id = kit_id_of(id),
                             .number = number,
                             .size = (int64_t)body.len};
}

static inline int kit_part(store_kit *kit, const char *key, const kit_id *id, uint32_t number,
                           ol_slice body)
{
    ol_put_result result = {.etag = ""};
    ol_part_request req = kit_part_request(key, id, number, body);
    req.result = &result;
    ol_test_feed feed = {.body = body, .piece_bytes = 200000};
    int rc = kit_part_as(kit, &req, &feed);
    assert_true((rc == OL_OK) == (result.etag[0] != '\0'));
    return rc;
}

static inline int kit_parts_if(store_kit *kit, const char *key, ol_slice upload_id, ol_slice if_match,
                               uint32_t marker, uint32_t max, ol_part_list **list)
{
    kit_upload_answer answer = {.id = {""}};
    ol_object_ref ref = {
        .bucket = OL_SLICE_LIT("b"), .key = ol_slice_cstr(key), .if_match = if_match};
    int rc = kit->origin->ops->parts_list(kit->origin, kit->bench.loop.loop, &ref, upload_id,
                                          marker, max, kit_on_parts, &answer, NULL);
    rc = kit_upload_settle(kit, rc, &answer);
    *list = answer.parts;
    assert_true((rc == OL_OK) == (answer.parts != NULL));
    return rc;
}

static inline int kit_parts_of(store_kit *kit, const char *key, ol_slice upload_id, uint32_t marker,
                               uint32_t max, ol_part_list **list)
{
    return kit_parts_if(kit, key, upload_id, OL_SLICE_NONE, marker, max, list);
}

static inline int kit_complete_as(store_kit *kit, const ol_complete_request *req,
                                  ol_put_result *result)
{
    kit_upload_answer answer = {.id = {""}};
    int rc = kit->origin->ops->upload_complete(kit->origin, kit->bench.loop.loop, req, kit_on_put,
                                               &answer, NULL);
    rc = kit_upload_settle(kit, rc, &answer);
    if (result)
        *result = answer.result;
    return rc;
}

static inline ol_complete_request kit_completion(const char *key, const kit_id *id,
                                                 const ol_part *parts, size_t count)
{
    return (ol_complete_request){.bucket = OL_SLICE_LIT("b"),
                                 .key_user = &kit_anybody.user,
                                 .key = ol_slice_cstr(key),
                                 .upload_id = kit_id_of(id),
                                 .parts = parts,
                                 .part_count = count,
                                 .size = -1};
}

/* With every part that there is. */
static inline int kit_complete(store_kit *kit, const char *key, const kit_id *id,
                               ol_put_result *result)
{
    ol_part_list *list;
    int rc = kit_parts_of(kit, key, kit_id_of(id), 0, 1000, &list);
    if (rc != OL_OK)
        return rc;
    ol_complete_request req = kit_completion(key, id, list->parts, list->count);
    rc = kit_complete_as(kit, &req, result);
    ol_arena_destroy(list->arena);
    return rc;
}

static inline int kit_abort(store_kit *kit, const char *key, const kit_id *id)
{
    kit_answer answer = {0};
    return kit_settle(kit,
                      kit->origin->ops->upload_abort(kit->origin, kit->bench.loop.loop,
                                                     OL_SLICE_LIT("b"), ol_slice_cstr(key),
                                                     kit_id_of(id), kit_on_done, &answer, NULL),
                      &answer);
}

static inline int kit_uploads(store_kit *kit, const ol_uploads_request *req,
                              ol_uploads_result **list)
{
    kit_upload_answer answer = {.id = {""}};
    int rc = kit->origin->ops->upload_list(kit->origin, kit->bench.loop.loop, req, kit_on_uploads,
                                           &answer, NULL);
    rc = kit_upload_settle(kit, rc, &answer);
    *list = answer.uploads;
    return rc;
}

static inline size_t kit_uploads_count(store_kit *kit)
{
    ol_uploads_request req = {.bucket = OL_SLICE_LIT("b"), .max_uploads = 1000};
    ol_uploads_result *list;
    assert_code(kit_uploads(kit, &req, &list), OL_OK);
    size_t count = list->count;
    ol_arena_destroy(list->arena);
    return count;
}

/* An upload of these lengths, cut from `body`, completed. */
static inline void kit_put_parts(store_kit *kit, const char *key, ol_slice body,
                                 const size_t *lens, uint32_t count, ol_put_result *result)
{
    kit_id id;
    assert_code(kit_create(kit, key, &id), OL_OK);
    for (uint32_t i = 0; i < count; i++) {
        assert_code(kit_part(kit, key, &id, i + 1, ol_slice_first(body, lens[i])), OL_OK);
        body = ol_slice_from(body, lens[i]);
    }
    assert_int_equal(body.len, 0);
    assert_code(kit_complete(kit, key, &id, result), OL_OK);
}

/* ---- attributes ---- */

static inline int kit_attribute(store_kit *kit, const char *key, enum ol_attribute which,
                                char text[4096])
{
    kit_upload_answer answer = {.id = {""}};
    ol_object_ref ref = {.bucket = OL_SLICE_LIT("b"), .key = ol_slice_cstr(key)};
    int rc = kit->origin->ops->attribute_get(kit->origin, kit->bench.loop.loop, &ref, which,
                                             kit_on_text, &answer, NULL);
    rc = kit_upload_settle(kit, rc, &answer);
    memcpy(text, answer.text, sizeof answer.text);
    return rc;
}

static inline int kit_attribute_set_as(store_kit *kit, const ol_object_ref *ref,
                                       enum ol_attribute which, const char *text)
{
    kit_answer answer = {0};
    return kit_settle(kit,
                      kit->origin->ops->attribute_set(kit->origin, kit->bench.loop.loop, ref, which,
                                                      ol_slice_cstr(text), kit_on_done, &answer,
                                                      NULL),
                      &answer);
}

static inline int kit_attribute_set(store_kit *kit, const char *key, enum ol_attribute which,
                                    const char *text)
{
    ol_object_ref ref = {.bucket = OL_SLICE_LIT("b"), .key = ol_slice_cstr(key)};
    return kit_attribute_set_as(kit, &ref, which, text);
}

#endif
