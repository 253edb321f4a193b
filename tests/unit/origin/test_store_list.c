/* SPDX-License-Identifier: MIT */
/* Listing, against a model that looks at every key each time. */
#include "store_kit.h"

#include "origin/store/store_private.h"

#define KEYS_MAX 400
#define KEY_BYTES 12

typedef struct model {
    char keys[KEYS_MAX][KEY_BYTES + 1];
    size_t count;
} model;

typedef struct expected {
    ol_slice items[KEYS_MAX]; /* keys and common prefixes, in order */
    bool is_prefix[KEYS_MAX];
    size_t count;
    bool truncated;
} expected;

static int by_bytes(const void *a, const void *b)
{
    return ol_slice_cmp(ol_slice_cstr(a), ol_slice_cstr(b));
}

/* Keys over few letters, so that prefixes, delimiters and neighbours meet often. */
static void random_key(ol_test_random *random, char out[KEY_BYTES + 1])
{
    static const char *const letters[] = {"a", "b", "/", "/", "\xff", "\x01", "-", "\xc3\xa9"};
    size_t len = 1 + ol_test_random_below(random, 6);
    out[0] = '\0';
    for (size_t i = 0; i < len && strlen(out) + 2 <= KEY_BYTES; i++)
        strcat(out, letters[ol_test_random_below(random, 8)]);
}

static void model_add(model *m, const char *key)
{
    for (size_t i = 0; i < m->count; i++) {
        if (strcmp(m->keys[i], key) == 0)
            return;
    }
    strcpy(m->keys[m->count++], key);
    qsort(m->keys, m->count, sizeof m->keys[0], by_bytes);
}

static void model_remove(model *m, size_t index)
{
    memmove(m->keys[index], m->keys[index + 1], (m->count - index - 1) * sizeof m->keys[0]);
    m->count--;
}

static ol_slice model_item(const ol_list_request *req, ol_slice key, bool *is_prefix)
{
    *is_prefix = false;
    if (req->delimiter.len == 0)
        return key;
    for (size_t at = req->prefix.len; at + req->delimiter.len <= key.len; at++) {
        if (memcmp(key.data + at, req->delimiter.data, req->delimiter.len) == 0) {
            *is_prefix = true;
            return ol_slice_first(key, at + req->delimiter.len);
        }
    }
    return key;
}

static void model_list(const model *m, const ol_list_request *req, expected *want)
{
    *want = (expected){.count = 0};
    for (size_t i = 0; i < m->count; i++) {
        ol_slice key = ol_slice_cstr(m->keys[i]);
        bool is_prefix;
        if (!ol_slice_starts(key, req->prefix))
            continue;
        ol_slice item = model_item(req, key, &is_prefix);
        if (req->start_after.len > 0 && ol_slice_cmp(item, req->start_after) <= 0)
            continue;
        if (want->count > 0 && is_prefix && want->is_prefix[want->count - 1] &&
            ol_slice_eq(want->items[want->count - 1], item))
            continue;
        if (want->count == req->max_keys) {
            want->truncated = req->max_keys > 0;
            return;
        }
        want->is_prefix[want->count] = is_prefix;
        want->items[want->count++] = item;
    }
}

static void compare(const ol_list_result *got, const expected *want)
{
    size_t objects = 0, prefixes = 0;
    for (size_t i = 0; i < want->count; i++) {
        if (want->is_prefix[i]) {
            assert_true(prefixes < got->common_prefix_count);
            assert_slices(got->common_prefixes[prefixes++], want->items[i]);
        } else {
            assert_true(objects < got->object_count);
            assert_slices(got->objects[objects++].key, want->items[i]);
        }
    }
    assert_int_equal(got->object_count, objects);
    assert_int_equal(got->common_prefix_count, prefixes);
    assert_int_equal(got->truncated, want->truncated);
    if (want->truncated)
        assert_slices(got->next_start_after, want->items[want->count - 1]);
}

/* All pages of a request. */
static void walk(store_kit *kit, const model *m, ol_list_request req)
{
    char after[KEY_BYTES + 1];
    for (int pages = 0; pages < KEYS_MAX + 2; pages++) {
        expected want;
        ol_list_result *got;
        model_list(m, &req, &want);
        assert_code(kit_list(kit, &req, &got), OL_OK);
        compare(got, &want);
        bool more = got->truncated;
        if (more) {
            memcpy(after, got->next_start_after.data, got->next_start_after.len);
            req.start_after = ol_slice_of(after, got->next_start_after.len);
        }
        ol_arena_destroy(got->arena);
        if (!more)
            return;
    }
    fail_msg("pages without end");
}

static void random_request(ol_test_random *random, ol_list_request *req,
                           char texts[2][KEY_BYTES + 1])
{
    static const char *const delimiters[] = {"", "/", "/", "-", "a", "//", "\xff", "\xc3"};
    *req = (ol_list_request){.bucket = OL_SLICE_LIT("b")};
    req->max_keys = (uint32_t)(1 + ol_test_random_below(random, 20));
    req->delimiter = ol_slice_cstr(delimiters[ol_test_random_below(random, 8)]);
    if (ol_test_random_below(random, 2)) {
        random_key(random, texts[0]);
        req->prefix = ol_slice_first(ol_slice_cstr(texts[0]), 1 + ol_test_random_below(random, 3));
    }
    if (ol_test_random_below(random, 2)) {
        random_key(random, texts[1]);
        req->start_after = ol_slice_cstr(texts[1]);
    }
}

static void pages_are_what_the_model_says(void **state)
{
    (void)state;
    store_kit kit;
    kit_open(&kit);
    ol_test_random random = {20261120};
    model m = {.count = 0};
    for (int round = 0; round < 150; round++) {
        for (int i = 0; i < 4 && m.count < KEYS_MAX; i++) {
            char key[KEY_BYTES + 1];
            random_key(&random, key);
            assert_code(kit_put(&kit, key, OL_SLICE_LIT("x")), OL_OK);
            model_add(&m, key);
        }
        if (m.count > 50) {
            size_t index = ol_test_random_below(&random, m.count);
            assert_code(kit_remove(&kit, m.keys[index]), OL_OK);
            model_remove(&m, index);
        }
        for (int i = 0; i < 4; i++) {
            ol_list_request req;
            char texts[2][KEY_BYTES + 1];
            random_request(&random, &req, texts);
            walk(&kit, &m, req);
        }
    }
    assert_true(m.count > 100);
    kit_fini(&kit);
}

static void listed_objects_have_their_metadata(void **state)
{
    (void)state;
    store_kit kit;
    kit_open(&kit);
    ol_slice body = kit_bytes(50000, 1);
    assert_code(kit_put(&kit, "large", body), OL_OK);
    assert_code(kit_put(&kit, "small", ol_slice_first(body, 3)), OL_OK);
    ol_list_request req = {.bucket = OL_SLICE_LIT("b"), .max_keys = 1000};
    ol_list_result *list;
    assert_code(kit_list(&kit, &req, &list), OL_OK);
    assert_int_equal(list->object_count, 2);
    for (size_t i = 0; i < 2; i++) {
        ol_object *object;
        assert_code(kit_open_object(&kit, req.bucket, list->objects[i].key, OL_SLICE_NONE, &object,
                                    NULL), OL_OK);
        const ol_object_info *info = kit.origin->ops->info(object);
        assert_int_equal(info->size, list->objects[i].size);
        assert_slices(info->etag, list->objects[i].etag);
        assert_int_equal(info->last_modified_ms, list->objects[i].last_modified_ms);
        kit_close_object(&kit, object);
    }
    ol_arena_destroy(list->arena);
    kit_free(body);
    kit_fini(&kit);
}

static void bounds_of_a_request(void **state)
{
    (void)state;
    store_kit kit;
    kit_open(&kit);
    assert_code(kit_put(&kit, "k", OL_SLICE_LIT("x")), OL_OK);
    ol_list_result *list;
    ol_list_request none = {.bucket = OL_SLICE_LIT("b"), .max_keys = 0};
    assert_code(kit_list(&kit, &none, &list), OL_OK);
    assert_int_equal(list->object_count, 0);
    assert_false(list->truncated);
    ol_arena_destroy(list->arena);
    ol_list_request many = {.bucket = OL_SLICE_LIT("b"), .max_keys = OL_LIST_KEYS_MAX + 1};
    assert_code(kit_list(&kit, &many, &list), OL_EINVAL);
    /* Longer than any key. */
    ol_slice text = kit_bytes(3000, 5);
    ol_list_request below = {.bucket = OL_SLICE_LIT("b"), .prefix = text, .max_keys = 10};
    assert_code(kit_list(&kit, &below, &list), OL_OK);
    assert_int_equal(list->object_count, 0);
    ol_arena_destroy(list->arena);
    memset((void *)text.data, 'a', text.len);
    ol_list_request after = {.bucket = OL_SLICE_LIT("b"), .start_after = text, .max_keys = 10};
    assert_code(kit_list(&kit, &after, &list), OL_OK);
    assert_int_equal(list->object_count, 1);
    ol_arena_destroy(list->arena);
    kit_free(text);
    kit_fini(&kit);
}

/* A page of full-length keys is the largest there is. */
static void the_largest_page_fits(void **state)
{
    (void)state;
    store_kit kit;
    kit_open(&kit);
    char key[OL_KEY_BYTES_MAX + 1];
    for (unsigned i = 0; i < OL_LIST_KEYS_MAX + 1; i++) {
        memset(key, 'k', OL_KEY_BYTES_MAX);
        snprintf(key + OL_KEY_BYTES_MAX - 4, 5, "%04u", i);
        assert_code(kit_put(&kit, key, OL_SLICE_NONE), OL_OK);
    }
    ol_list_request req = {.bucket = OL_SLICE_LIT("b"), .max_keys = OL_LIST_KEYS_MAX};
    ol_list_result *list;
    assert_code(kit_list(&kit, &req, &list), OL_OK);
    assert_int_equal(list->object_count, OL_LIST_KEYS_MAX);
    assert_true(list->truncated);
    req.start_after = list->next_start_after;
    ol_list_result *rest;
    assert_code(kit_list(&kit, &req, &rest), OL_OK);
    assert_int_equal(rest->object_count, 1);
    assert_false(rest->truncated);
    ol_arena_destroy(list->arena);
    ol_arena_destroy(rest->arena);
    kit_fini(&kit);
}

/* However many keys stand below a common prefix, it costs one more lookup. */
static void a_common_prefix_is_one_step(void **state)
{
    (void)state;
    store_kit kit;
    kit_init(&kit);
    kit.options.read_threads = 1;
    kit_start(&kit);
    assert_code(ol_store_ensure_bucket(kit.origin, OL_SLICE_LIT("b"), NULL), OL_OK);
    char key[24];
    for (unsigned i = 0; i < 3000; i++) {
        snprintf(key, sizeof key, "%c/%u", 'a' + i % 3, i);
        assert_code(kit_put(&kit, key, OL_SLICE_NONE), OL_OK);
    }
    sqlite3_stmt *stmt = ol_store_of(kit.origin)->readers.idle->list;
    sqlite3_stmt_status(stmt, SQLITE_STMTSTATUS_VM_STEP, 1);
    ol_list_request req = {.bucket = OL_SLICE_LIT("b"), .delimiter = OL_SLICE_LIT("/"),
                           .max_keys = 1000};
    ol_list_result *list;
    assert_code(kit_list(&kit, &req, &list), OL_OK);
    assert_int_equal(list->common_prefix_count, 3);
    assert_int_equal(list->object_count, 0);
    ol_arena_destroy(list->arena);
    int steps = sqlite3_stmt_status(stmt, SQLITE_STMTSTATUS_VM_STEP, 0);
    assert_in_range(steps, 1, 400);
    kit_fini(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_are_what_the_model_says),
        cmocka_unit_test(listed_objects_have_their_metadata),
        cmocka_unit_test(bounds_of_a_request),
        cmocka_unit_test(the_largest_page_fits),
        cmocka_unit_test(a_common_prefix_is_one_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
