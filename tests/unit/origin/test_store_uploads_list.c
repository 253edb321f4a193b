/* SPDX-License-Identifier: MIT */
/* Lists of uploads in progress: order, prefixes, delimiters and pages, against a model. */
#include "store_multipart.h"

#include "base/clock.h"

#define UPLOADS 12

typedef struct model {
    const char *key;
    kit_id id;
} model;

static int by_key_and_id(const void *a, const void *b)
{
    const model *x = a, *y = b;
    int order = strcmp(x->key, y->key);
    return order ? order : strcmp(x->id.text, y->id.text);
}

static const char *const keys[UPLOADS] = {"a/1", "a/1", "a/2", "b", "b", "b",
                                          "c/x/1", "c/x/2", "c/y", "d", "a", "a/"};

static void begin_all(store_kit *kit, model *all)
{
    for (size_t i = 0; i < UPLOADS; i++) {
        all[i].key = keys[i];
        assert_code(kit_create(kit, keys[i], &all[i].id), OL_OK);
    }
    qsort(all, UPLOADS, sizeof *all, by_key_and_id);
}

/* Walk every page; the entries, prefixes among them, as one text. */
static void walk(store_kit *kit, const char *prefix, const char *delimiter, uint32_t max, char *out)
{
    char key_marker[64] = "", id_marker[64] = "";
    *out = '\0';
    for (int pages = 0; pages < 50; pages++) {
        ol_uploads_request req = {.bucket = OL_SLICE_LIT("b"),
                                  .prefix = ol_slice_cstr(prefix),
                                  .delimiter = ol_slice_cstr(delimiter),
                                  .key_marker = ol_slice_cstr(key_marker),
                                  .id_marker = ol_slice_cstr(id_marker),
                                  .max_uploads = max};
        ol_uploads_result *list;
        assert_code(kit_uploads(kit, &req, &list), OL_OK);
        assert_true(list->count + list->common_prefix_count <= max);
        size_t u = 0, c = 0;
        while (u < list->count || c < list->common_prefix_count) {
            bool upload = c == list->common_prefix_count ||
                          (u < list->count && ol_slice_cmp(list->uploads[u].key,
                                                           list->common_prefixes[c]) < 0);
            if (upload)
                sprintf(out + strlen(out), "%.*s=%.*s ", OL_SLICE_FMT(list->uploads[u].key),
                        OL_SLICE_FMT(list->uploads[u].upload_id));
            else
                sprintf(out + strlen(out), "[%.*s] ", OL_SLICE_FMT(list->common_prefixes[c]));
            u += upload;
            c += !upload;
        }
        bool more = list->truncated;
        snprintf(key_marker, sizeof key_marker, "%.*s", OL_SLICE_FMT(list->next_key_marker));
        snprintf(id_marker, sizeof id_marker, "%.*s", OL_SLICE_FMT(list->next_id_marker));
        ol_arena_destroy(list->arena);
        if (!more)
            return;
    }
    fail_msg("a listing does not end");
}

static void expect(const model *all, const char *prefix, const char *delimiter, char *out)
{
    char last[64] = "";
    *out = '\0';
    for (size_t i = 0; i < UPLOADS; i++) {
        if (strncmp(all[i].key, prefix, strlen(prefix)) != 0)
            continue;
        const char *at = *delimiter ? strstr(all[i].key + strlen(prefix), delimiter) : NULL;
        if (!at) {
            sprintf(out + strlen(out), "%s=%s ", all[i].key, all[i].id.text);
            continue;
        }
        char common[64];
        snprintf(common, sizeof common, "%.*s", (int)(at - all[i].key) + 1, all[i].key);
        if (strcmp(common, last) != 0)
            sprintf(out + strlen(out), "[%s] ", common);
        memcpy(last, common, sizeof last);
    }
}

static void pages_are_what_the_model_says(void **state)
{
    (void)state;
    store_kit kit;
    kit_open(&kit);
    model all[UPLOADS];
    begin_all(&kit, all);
    const char *const prefixes[] = {"", "a", "a/", "b", "c/", "c/x/", "zz"};
    for (size_t p = 0; p < sizeof prefixes / sizeof *prefixes; p++) {
        for (int d = 0; d < 2; d++) {
            for (uint32_t max = 1; max <= 14; max++) {
                char got[4096], wanted[4096];
                walk(&kit, prefixes[p], d ? "/" : "", max, got);
                expect(all, prefixes[p], d ? "/" : "", wanted);
                assert_string_equal(got, wanted);
            }
        }
    }
    kit_fini(&kit);
}

/* By time of their beginning, since ids begin with it. */
static void uploads_of_a_key_are_in_order(void **state)
{
    (void)state;
    store_kit kit;
    kit_open(&kit);
    kit_id ids[3];
    for (int i = 0; i < 3; i++) {
        int64_t now = ol_clock_wall_ms();
        while (ol_clock_wall_ms() == now)
            continue; /* the next millisecond */
        assert_code(kit_create(&kit, "k", &ids[i]), OL_OK);
    }
    ol_uploads_request req = {.bucket = OL_SLICE_LIT("b"), .max_uploads = 10};
    ol_uploads_result *list;
    assert_code(kit_uploads(&kit, &req, &list), OL_OK);
    assert_int_equal(list->count, 3);
    for (int i = 0; i < 3; i++) {
        assert_true(ol_slice_eq_cstr(list->uploads[i].upload_id, ids[i].text));
        assert_int_equal(list->uploads[i].initiated_ms % 1000, 0);
    }
    ol_arena_destroy(list->arena);
    kit_fini(&kit);
}

static void bounds_of_a_request(void **state)
{
    (void)state;
    store_kit kit;
    kit_open(&kit);
    ol_uploads_request req = {.bucket = OL_SLICE_LIT("none"), .max_uploads = 1};
    ol_uploads_result *list;
    assert_code(kit_uploads(&kit, &req, &list), OL_ENOSUCHBUCKET);
    req.bucket = OL_SLICE_LIT("b");
    req.max_uploads = OL_LIST_KEYS_MAX + 1;
    assert_code(kit_uploads(&kit, &req, &list), OL_EINVAL);
    req.max_uploads = 0;
    assert_code(kit_uploads(&kit, &req, &list), OL_OK);
    assert_false(list->truncated);
    ol_arena_destroy(list->arena);
    kit_id id;
    assert_code(kit_create(&kit, "k", &id), OL_OK);
    req.max_uploads = 5;
    /* Markers that no upload has. */
    req.key_marker = OL_SLICE_LIT("k");
    req.id_marker = OL_SLICE_LIT("0");
    assert_code(kit_uploads(&kit, &req, &list), OL_OK);
    assert_int_equal(list->count, 1);
    ol_arena_destroy(list->arena);
    req.id_marker = OL_SLICE_LIT("zzz");
    assert_code(kit_uploads(&kit, &req, &list), OL_OK);
    assert_int_equal(list->count, 0);
    ol_arena_destroy(list->arena);
    ol_part_list *parts;
    assert_code(kit_parts_of(&kit, "none", OL_SLICE_NONE, 0, 10, &parts), OL_ENOSUCHKEY);
    assert_code(kit_parts_of(&kit, "k", kit_id_of(&id), 0, 1001, &parts), OL_EINVAL);
    assert_code(kit_parts_of(&kit, "k", kit_id_of(&id), 0, 0, &parts), OL_OK);
    assert_int_equal(parts->count, 0);
    assert_false(parts->truncated);
    ol_arena_destroy(parts->arena);
    kit_fini(&kit);
}

/* Every one as long as it may be. */
static void the_largest_page_fits(void **state)
{
    (void)state;
    store_kit kit;
    kit_open(&kit);
    static char key[OL_KEY_BYTES_MAX + 1], person[1025];
    memset(key, 'k', OL_KEY_BYTES_MAX);
    memset(person, 'p', 1024);
    ol_upload_request req = {.bucket = OL_SLICE_LIT("b"), .key = ol_slice_cstr(key),
                             .initiator = ol_slice_cstr(person), .owner = ol_slice_cstr(person)};
    kit_id id;
    for (int i = 0; i < 1001; i++)
        assert_code(kit_create_as(&kit, &req, &id), OL_OK);
    ol_uploads_request want = {.bucket = OL_SLICE_LIT("b"), .max_uploads = 1000};
    ol_uploads_result *list;
    assert_code(kit_uploads(&kit, &want, &list), OL_OK);
    assert_int_equal(list->count, 1000);
    assert_true(list->truncated);
    assert_int_equal(list->uploads[999].owner.len, 1024);
    ol_arena_destroy(list->arena);
    person[0] = '\0';
    req.initiator = OL_SLICE_NONE;
    static char longer[1026];
    memset(longer, 'p', 1025);
    req.owner = ol_slice_cstr(longer);
    assert_code(kit_create_as(&kit, &req, &id), OL_EINVAL);
    kit_fini(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_are_what_the_model_says),
        cmocka_unit_test(uploads_of_a_key_are_in_order),
        cmocka_unit_test(bounds_of_a_request),
        cmocka_unit_test(the_largest_page_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
