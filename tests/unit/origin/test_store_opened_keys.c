/* SPDX-License-Identifier: MIT */
/* Keys of objects that are remembered: what is a hit, what ends an entry; and that a store which
 * remembers them asks its users, tells the audit and sees changes as one that does not. */
#include "store_sealed.h"

#include <pthread.h>

#include "base/clock.h"
#include "crypto/keys/opened_keys.h"

static const uint8_t dek[32] = "a data key of thirty-two bytes .";
static const uint8_t salt[OL_AT_REST_SALT_BYTES] = "salt";

static ol_opened_keys *new_keys(size_t entries_max, uint32_t age_ms)
{
    ol_opened_keys *keys = NULL;
    const ol_opened_keys_limits limits = {.entries_max = entries_max, .age_ms = age_ms};
    assert_code(ol_opened_keys_new(&keys, &limits, NULL), OL_OK);
    return keys;
}

static ol_opened_name name_of(const char *record, const char *bucket, const char *object,
                              const char *key_id)
{
    return (ol_opened_name){ol_slice_cstr(record), ol_slice_cstr(bucket), ol_slice_cstr(object),
                            ol_slice_cstr(key_id)};
}

static int add(ol_opened_keys *keys, const ol_opened_name *name, uint64_t epoch, uint64_t until_ms)
{
    ol_at_rest_key *key = NULL;
    int rc = ol_at_rest_key_new(&key, dek, 1, salt, NULL);
    if (rc != OL_OK)
        return rc;
    ol_opened_keys_add(keys, epoch, until_ms, name, key, OL_SLICE_LIT("arn:key"), 3);
    ol_at_rest_key_release(key);
    return OL_OK;
}

static void remember(ol_opened_keys *keys, const ol_opened_name *name)
{
    assert_code(add(keys, name, ol_opened_keys_epoch(keys), UINT64_MAX), OL_OK);
}

static bool has(ol_opened_keys *keys, const ol_opened_name *name)
{
    ol_opened_key found;
    if (!ol_opened_keys_find(keys, name, &found))
        return false;
    assert_memory_equal(ol_at_rest_key_bytes(found.key), dek, sizeof dek);
    assert_string_equal(found.used_key, "arn:key");
    assert_int_equal(found.version, 3);
    ol_at_rest_key_release(found.key);
    return true;
}

static size_t secrets(void)
{
    ol_secret_stats stats;
    ol_secret_read_stats(&stats);
    return stats.bytes_in_use;
}

/* ---- what is a hit ---- */

static void a_hit_is_the_same_to_the_byte(void **state)
{
    (void)state;
    ol_opened_keys *keys = new_keys(8, 60000);
    const ol_opened_name name = name_of("record", "bucket", "object", "key");
    const ol_opened_name others[] = {
        name_of("recorD", "bucket", "object", "key"),  name_of("record", "buckeT", "object", "key"),
        name_of("record", "bucket", "objecT", "key"),  name_of("record", "bucket", "object", "keY"),
        name_of("recordb", "ucket", "object", "key"),  name_of("record", "bucketo", "bject", "key"),
        name_of("record", "bucket", "objectk", "ey"),  name_of("", "recordbucket", "object", "key"),
    };
    assert_false(has(keys, &name));
    remember(keys, &name);
    assert_true(has(keys, &name));
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_false(has(keys, &others[i]));
    ol_opened_keys_stats stats;
    ol_opened_keys_read_stats(keys, &stats);
    assert_int_equal(stats.hits, 1);
    assert_int_equal(stats.misses, 9);
    assert_int_equal(stats.entries, 1);
    ol_opened_keys_destroy(keys);
}

static void what_is_too_long_is_not_remembered(void **state)
{
    (void)state;
    static char record[9000];
    memset(record, 'r', sizeof record - 1);
    ol_opened_keys *keys = new_keys(8, 60000);
    const ol_opened_name name = name_of(record, "bucket", "object", "key");
    remember(keys, &name);
    assert_false(has(keys, &name));
    ol_opened_keys_destroy(keys);
}

/* ---- what ends an entry ---- */

static void those_not_used_for_longest_make_room_and_are_wiped(void **state)
{
    (void)state;
    size_t before = secrets();
    ol_opened_keys *keys = new_keys(2, 60000);
    const ol_opened_name a = name_of("a", "", "", ""), b = name_of("b", "", "", ""),
                         c = name_of("c", "", "", "");
    remember(keys, &a);
    size_t one = secrets() - before;
    assert_true(one > 0);
    remember(keys, &b);
    remember(keys, &b); /* in place of itself */
    assert_int_equal(secrets() - before, 2 * one);
    assert_true(has(keys, &a));
    remember(keys, &c);
    assert_int_equal(secrets() - before, 2 * one);
    assert_false(has(keys, &b));
    assert_true(has(keys, &a));
    assert_true(has(keys, &c));
    ol_opened_keys_stats stats;
    ol_opened_keys_read_stats(keys, &stats);
    assert_int_equal(stats.evicted, 1);
    assert_int_equal(stats.entries, 2);
    ol_opened_keys_destroy(keys);
    assert_int_equal(secrets(), before);
}

static void clearing_forgets_also_what_was_asked_before(void **state)
{
    (void)state;
    size_t before = secrets();
    ol_opened_keys *keys = new_keys(8, 60000);
    const ol_opened_name name = name_of("r", "b", "o", "k");
    uint64_t epoch = ol_opened_keys_epoch(keys);
    remember(keys, &name);
    ol_opened_key reader;
    assert_true(ol_opened_keys_find(keys, &name, &reader));
    ol_opened_keys_clear(keys);
    assert_false(has(keys, &name));
    assert_memory_equal(ol_at_rest_key_bytes(reader.key), dek, sizeof dek); /* it reads on */
    ol_at_rest_key_release(reader.key);
    assert_int_equal(secrets(), before);
    assert_code(add(keys, &name, epoch, UINT64_MAX), OL_OK); /* the answer of an old keyring */
    assert_false(has(keys, &name));
    assert_int_equal(secrets(), before);
    remember(keys, &name);
    assert_true(has(keys, &name));
    ol_opened_keys_destroy(keys);
    assert_int_equal(secrets(), before);
}

static void an_entry_ends_when_its_keeper_says(void **state)
{
    (void)state;
    size_t before = secrets();
    ol_opened_keys *keys = new_keys(8, 60000);
    const ol_opened_name name = name_of("r", "b", "o", "k");
    uint64_t epoch = ol_opened_keys_epoch(keys);
    assert_code(add(keys, &name, epoch, 0), OL_OK);
    assert_false(has(keys, &name));
    assert_code(add(keys, &name, epoch, ol_clock_mono_ms()), OL_OK); /* it is over */
    assert_true(secrets() > before);
    assert_false(has(keys, &name));
    assert_int_equal(secrets(), before);
    assert_code(add(keys, &name, epoch, ol_clock_mono_ms()), OL_OK);
    ol_opened_keys_expire(keys);
    assert_int_equal(secrets(), before);
    remember(keys, &name);
    ol_opened_keys_expire(keys);
    assert_true(has(keys, &name));
    ol_opened_keys_stats stats;
    ol_opened_keys_read_stats(keys, &stats);
    assert_int_equal(stats.expired, 2);
    ol_opened_keys_destroy(keys);
}

static void it_can_be_switched_off(void **state)
{
    (void)state;
    const ol_opened_name name = name_of("r", "b", "o", "k");
    for (unsigned way = 0; way < 2; way++) {
        ol_opened_keys *keys = new_keys(way ? 8 : 0, way ? 0 : 60000);
        remember(keys, &name);
        assert_false(has(keys, &name));
        ol_opened_keys_destroy(keys);
    }
    ol_opened_keys *keys = NULL;
    const ol_opened_keys_limits limits = {.entries_max = OL_OPENED_KEYS_MAX + 1, .age_ms = 1};
    assert_code(ol_opened_keys_new(&keys, &limits, NULL), OL_ECONFIG);
}

static int everything(void *arg)
{
    (void)arg;
    ol_opened_keys *keys = NULL;
    const ol_opened_keys_limits limits = {.entries_max = 1, .age_ms = 60000};
    int rc = ol_opened_keys_new(&keys, &limits, NULL);
    if (rc != OL_OK)
        return rc;
    const ol_opened_name a = name_of("a", "b", "o", "k"), b = name_of("b", "b", "o", "k");
    uint64_t epoch = ol_opened_keys_epoch(keys);
    rc = add(keys, &a, epoch, UINT64_MAX);
    if (rc == OL_OK)
        rc = add(keys, &b, epoch, UINT64_MAX);
    if (rc == OL_OK && !has(keys, &b)) /* no memory to remember is no error of the request's */
        rc = OL_ENOMEM;
    ol_opened_keys_destroy(keys);
    return rc;
}

static void survives_allocation_failures(void **state)
{
    (void)state;
    size_t before = secrets();
    assert_true(ol_test_fail_each(everything, NULL) > 4);
    assert_int_equal(secrets(), before);
}

/* ---- threads ---- */

enum { THREADS = 4, ROUNDS = 2000 };

static void *use(void *arg)
{
    ol_opened_keys *keys = arg;
    static const char *const records[] = {"a", "b", "c", "d"};
    for (unsigned i = 0; i < ROUNDS; i++) {
        const ol_opened_name name = name_of(records[i % 4], "b", "o", "k");
        ol_opened_key found;
        if (i % 97 == 96)
            ol_opened_keys_clear(keys);
        else if (ol_opened_keys_find(keys, &name, &found))
            ol_at_rest_key_release(found.key);
        else
            add(keys, &name, ol_opened_keys_epoch(keys), UINT64_MAX);
    }
    return NULL;
}

static void is_shared_by_threads(void **state)
{
    (void)state;
    size_t before = secrets();
    ol_opened_keys *keys = new_keys(3, 60000);
    pthread_t threads[THREADS];
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, use, keys), 0);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    ol_opened_keys_destroy(keys);
    assert_int_equal(secrets(), before);
}

/* ---- a store that remembers ---- */

static kit_kms kms;
static ol_opened_keys *opened;

static void open_sealed(store_kit *kit)
{
    kit_kms_init(&kms);
    kms.until_ms = UINT64_MAX;
    kit_anybody.answer = kit_anybody.later = OL_OK;
    opened = new_keys(8, 60000);
    kit_init(kit);
    kit->options.kms = &kms.kms;
    kit->options.opened = opened;
    kit_start(kit);
    assert_code(ol_store_ensure_bucket(kit->origin, OL_SLICE_LIT("b"), NULL), OL_OK);
}

static void close_sealed(store_kit *kit)
{
    kit_anybody.answer = kit_anybody.later = OL_OK;
    kit_fini(kit);
    ol_opened_keys_destroy(opened);
}

static int put(store_kit *kit, const char *key, ol_slice body, enum ol_sse_mode mode)
{
    ol_sse sse = kit_sse(mode);
    return kit_put_sse(kit, key, body, &sse, NULL);
}

static void the_kms_is_asked_once_and_the_user_each_time(void **state)
{
    (void)state;
    static const enum ol_sse_mode modes[] = {OL_SSE_S3, OL_SSE_KMS, OL_SSE_DSSE};
    for (unsigned i = 0; i < 6; i++) {
        store_kit kit;
        open_sealed(&kit);
        kms.later = i >= 3;
        assert_code(put(&kit, "k", OL_SLICE_LIT("some body"), modes[i % 3]), OL_OK);
        kit_anybody.asked = 0;
        for (unsigned read = 1; read <= 4; read++) {
            if (read == 3)
                kit_restart(&kit); /* what is remembered is not the store's */
            kit_expect_with(&kit, "k", NULL, OL_SLICE_LIT("some body"));
            assert_int_equal(kms.opened, 1);
            assert_int_equal(kms.again, read - 1);
            assert_int_equal(kit_anybody.asked, modes[i % 3] == OL_SSE_S3 ? 0 : read);
        }
        ol_object *object = NULL;
        kit_anybody.answer = OL_EACCESS;
        if (modes[i % 3] != OL_SSE_S3)
            assert_code(kit_open_with(&kit, "k", NULL, &object), OL_EACCESS);
        kit_anybody.answer = OL_OK;
        ol_opened_keys_clear(opened); /* the key was disabled */
        kms.fails = OL_EKMSDISABLED;
        assert_code(kit_open_with(&kit, "k", NULL, &object), OL_EKMSDISABLED);
        kms.fails = 0;
        close_sealed(&kit);
    }
}

static void a_new_version_and_a_changed_record_are_opened_anew(void **state)
{
    (void)state;
    store_kit kit;
    open_sealed(&kit);
    assert_code(put(&kit, "k", OL_SLICE_LIT("one"), OL_SSE_KMS), OL_OK);
    kit_expect_with(&kit, "k", NULL, OL_SLICE_LIT("one"));
    assert_code(put(&kit, "k", OL_SLICE_LIT("two"), OL_SSE_KMS), OL_OK);
    kit_expect_with(&kit, "k", NULL, OL_SLICE_LIT("two"));
    assert_int_equal(kms.opened, 2);
    kit_stop(&kit);
    /* Its last byte is of a code that differs each time, and may be 0 itself. */
    kit_sql(&kit, "UPDATE objects SET record = substr(record, 1, length(record) - 1)"
                  " || CASE substr(record, -1) WHEN x'00' THEN x'01' ELSE x'00' END");
    kit_start(&kit);
    ol_object *object;
    assert_code(kit_open_with(&kit, "k", NULL, &object), OL_EORIGIN);
    close_sealed(&kit);
}

static void keys_of_customers_are_not_remembered(void **state)
{
    (void)state;
    store_kit kit;
    open_sealed(&kit);
    assert_code(put(&kit, "k", OL_SLICE_LIT("mine"), OL_SSE_C), OL_OK);
    kit_expect_with(&kit, "k", kit_key_a, OL_SLICE_LIT("mine"));
    ol_object *object;
    assert_code(kit_open_with(&kit, "k", kit_key_b, &object), OL_ESSECWRONG);
    assert_code(kit_open_with(&kit, "k", NULL, &object), OL_ESSECNEEDED);
    ol_opened_keys_stats stats;
    ol_opened_keys_read_stats(opened, &stats);
    assert_int_equal(stats.entries + stats.hits + stats.misses, 0);
    close_sealed(&kit);
}

static void what_the_keeper_will_not_have_remembered_is_not(void **state)
{
    (void)state;
    store_kit kit;
    open_sealed(&kit);
    kms.until_ms = 0;
    assert_code(put(&kit, "k", OL_SLICE_LIT("body"), OL_SSE_S3), OL_OK);
    kit_expect_with(&kit, "k", NULL, OL_SLICE_LIT("body"));
    kit_expect_with(&kit, "k", NULL, OL_SLICE_LIT("body"));
    assert_int_equal(kms.opened, 2);
    close_sealed(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hit_is_the_same_to_the_byte),
        cmocka_unit_test(what_is_too_long_is_not_remembered),
        cmocka_unit_test(those_not_used_for_longest_make_room_and_are_wiped),
        cmocka_unit_test(clearing_forgets_also_what_was_asked_before),
        cmocka_unit_test(an_entry_ends_when_its_keeper_says),
        cmocka_unit_test(it_can_be_switched_off),
        cmocka_unit_test(survives_allocation_failures),
        cmocka_unit_test(is_shared_by_threads),
        cmocka_unit_test(the_kms_is_asked_once_and_the_user_each_time),
        cmocka_unit_test(a_new_version_and_a_changed_record_are_opened_anew),
        cmocka_unit_test(keys_of_customers_are_not_remembered),
        cmocka_unit_test(what_the_keeper_will_not_have_remembered_is_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
