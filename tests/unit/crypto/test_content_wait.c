/* SPDX-License-Identifier: MIT */
/* A cipher that works elsewhere behind the stage: it is waited for, whatever else happens meanwhile. */
#include <sys/eventfd.h>
#include <unistd.h>

#include "lib/check.h"
#include "lib/pipeline_kit.h"

#include "crypto/content/sealed_private.h"
#include "crypto/keys/secret.h"

#define BYTES 200000u

/* Turns bytes around, and has to be waited for at every other step. */
typedef struct elsewhere {
    int fd;
    bool asked;
} elsewhere;

static int waits, opened;

static int begin(void *state, const ol_content_config *config, ol_error *err)
{
    (void)config, (void)err;
    elsewhere *self = state;
    self->fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
    assert_true(self->fd >= 0);
    opened++;
    return OL_OK;
}

static int step(void *state, ol_slice *in, bool last, ol_span out, size_t *made, ol_error *err)
{
    (void)err;
    elsewhere *self = state;
    *made = 0;
    self->asked = !self->asked;
    if (self->asked) {
        waits++;
        return OL_WAIT;
    }
    size_t len = in->len < out.len ? in->len : out.len;
    for (size_t i = 0; i < len; i++)
        out.data[i] = (uint8_t)(in->data[i] ^ 0xff);
    *in = ol_slice_from(*in, len);
    *made = len;
    return last && in->len == 0 ? OL_DONE : OL_OK;
}

static void fini(void *state)
{
    close(((elsewhere *)state)->fd);
    opened--;
}

static int poll_fd(void *state, bool *wants_room)
{
    *wants_room = false;
    return ((elsewhere *)state)->fd;
}

static const ol_content_ops ops = {.state_size = sizeof(elsewhere),
                                   .begin = begin,
                                   .step = step,
                                   .fini = fini,
                                   .poll_fd = poll_fd};

static ol_sealed *new_sealed(void)
{
    uint8_t *key = ol_secret_alloc(32);
    ol_sealed *sealed = key ? ol_sealed_new(OL_SEALED_PGP, key, 32) : NULL;
    assert_non_null(sealed);
    sealed->content = &ops;
    return sealed;
}

static void test_it_is_waited_for_in_every_way(void **state)
{
    (void)state;
    static uint8_t cipher[BYTES], plain[BYTES];
    ol_content_config config = {.sealed = new_sealed(), .mode = OL_CONTENT_RELEASE};
    for (size_t i = 0; i < BYTES; i++)
        plain[i] = (uint8_t)~(cipher[i] = (uint8_t)(i * 7));
    for (unsigned way = 0; way < OL_TEST_WAYS; way++) {
        ol_test_bench bench;
        ol_test_feed feed = {.body = ol_slice_of(cipher, way == 0 ? BYTES : 3000)};
        ol_test_pedant pedant = {0};
        ol_test_collect collect = {0};
        ol_test_bench_open(&bench);
        ol_test_bench_feed(&bench, &feed);
        ol_test_bench_above(&bench, way);
        ol_test_bench_add(&bench, &ol_content_stage_ops, &config);
        ol_test_bench_below(&bench, way, &pedant);
        ol_test_bench_collect(&bench, &collect);
        waits = 0;
        assert_int_equal(ol_test_bench_run(&bench), OL_OK);
        assert_true(waits > 0);
        assert_int_equal(collect.len, feed.body.len);
        assert_memory_equal(collect.data, plain, collect.len);
        ol_test_collect_fini(&collect);
        ol_test_bench_close(&bench);
        assert_int_equal(opened, 0);
    }
    ol_sealed_release(config.sealed);
}

static void test_given_up_while_it_is_waited_for(void **state)
{
    (void)state;
    ol_content_config config = {.sealed = new_sealed(), .mode = OL_CONTENT_VERIFY};
    ol_test_bench bench;
    ol_test_feed feed = {.body = OL_SLICE_LIT("some ciphertext")};
    ol_test_collect collect = {0};
    ol_test_bench_open(&bench);
    ol_test_bench_feed(&bench, &feed);
    ol_test_bench_add(&bench, &ol_content_stage_ops, &config);
    ol_test_bench_collect(&bench, &collect);
    waits = 0;
    assert_int_equal(ol_test_bench_start(&bench), OL_OK);
    while (waits == 0)
        uv_run(ol_loop_uv(bench.loop.loop), UV_RUN_ONCE);
    ol_test_collect_fini(&collect);
    ol_test_bench_close(&bench);
    assert_int_equal(opened, 0);
    ol_sealed_release(config.sealed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_is_waited_for_in_every_way),
        cmocka_unit_test(test_given_up_while_it_is_waited_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
