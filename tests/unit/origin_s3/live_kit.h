/* SPDX-License-Identifier: MIT */
/*
 * A bucket of its own for each case at a real service: OBJLENS_TEST_S3 names its endpoint, AWS_ACCESS_KEY_ID
 * and AWS_SECRET_ACCESS_KEY its credentials, OBJLENS_TEST_S3_CA (for https) its certificate. Cases are
 * skipped without; tests/integration/test_remote_origin.py runs them with one (tests/origins/ceph-rgw.sh).
 */
#ifndef OL_TESTS_LIVE_KIT_H
#define OL_TESTS_LIVE_KIT_H

#include "origin_kit.h"

#define BUCKET_MAX 64

typedef struct live {
    okit *k;
    char bucket[BUCKET_MAX];
    uint8_t *bytes;
    size_t len;
} live;

static KIT_UNUSED okit *kit_of_env(void)
{
    okit *k = okit_new(getenv("OBJLENS_TEST_S3"));
    k->options.credentials.from = OL_S3_CREDENTIALS_ENVIRONMENT;
    k->options.ca_file = getenv("OBJLENS_TEST_S3_CA");
    return k;
}

static int set_up(void **state)
{
    static unsigned number;
    okit_answer a;
    *state = NULL;
    if (!getenv("OBJLENS_TEST_S3"))
        return 0;
    live *l = calloc(1, sizeof *l);
    ol_test_random random = {.state = 7};
    l->k = kit_of_env();
    okit_open(l->k);
    l->len = 6 * 1024 * 1024 + 12345;
    l->bytes = malloc(l->len);
    ol_test_random_fill(&random, l->bytes, l->len);
    snprintf(l->bucket, sizeof l->bucket, "objlens-%d-%u-%llx", (int)getpid(), number++,
             (unsigned long long)ol_clock_wall_ms());
    assert_code_of(okit_bucket_create(l->k, l->bucket, &a), OL_OK, &a.err);
    *state = l;
    return 0;
}

static void empty(live *l)
{
    okit_answer a, b;
    const ol_list_request req = {.bucket = ol_slice_cstr(l->bucket), .max_keys = 1000};
    assert_code_of(okit_list(l->k, &req, &a), OL_OK, &a.err);
    for (size_t i = 0; i < a.list->object_count; i++) {
        char key[2048];
        snprintf(key, sizeof key, "%.*s", OL_SLICE_FMT(a.list->objects[i].key));
        assert_code_of(okit_remove(l->k, l->bucket, key, &b), OL_OK, &b.err);
    }
    ol_arena_destroy(a.list->arena);
}

static int tear_down(void **state)
{
    live *l = *state;
    if (!l)
        return 0;
    okit_answer a = {0};
    ol_origin *o = l->k->origin;
    empty(l);
    int rc = okit_wait(l->k, &a, o->ops->bucket_remove(o, l->k->bench.loop.loop,
                                                       ol_slice_cstr(l->bucket), okit_on_done, &a,
                                                       &a.err));
    assert_code_of(rc, OL_OK, &a.err);
    okit_close(l->k);
    free(l->bytes);
    free(l);
    return 0;
}

static live *live_of(void **state)
{
    if (!*state)
        skip_because("OBJLENS_TEST_S3 names no service");
    return *state;
}

/* The first `len` of l->bytes, as a whole and a range of them. */
static KIT_UNUSED void check_body(live *l, const char *key, size_t len)
{
    okit_answer a;
    ol_buf out;
    ol_buf_init(&out, 64 << 20);
    assert_code_of(okit_get(l->k, l->bucket, key, NULL, &out, &a), OL_OK, &a.err);
    assert_slices(ol_buf_slice(&out), ol_slice_of(l->bytes, len));
    if (len > 10) {
        assert_code_of(okit_get(l->k, l->bucket, key, "bytes=3-9", &out, &a), OL_OK, &a.err);
        assert_slices(ol_buf_slice(&out), ol_slice_of(l->bytes + 3, 7));
    }
    ol_buf_fini(&out);
}

#define LIVE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
