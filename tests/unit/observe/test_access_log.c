/* SPDX-License-Identifier: MIT */
/* Access lines: what is in them, what is left out, and that no request can forge one. */
#include "lib/check.h"
#include "lib/scratch.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/limits.h"
#include "observe/access_log.h"
#include "observe/request_id.h"

/* One line as it stands in the file. */
static void write_line(const ol_access_line *line, ol_buf *out)
{
    ol_test_scratch scratch;
    ol_log *log;
    ol_error err = {0};
    ol_test_scratch_open(&scratch);
    const char *path = ol_test_scratch_path(&scratch, "log");
    assert_code_of(ol_log_open(&log, path, &err), OL_OK, &err);
    ol_access_log_write(log, line);
    ol_log_close(log);
    ol_buf_init(out, 1 << 20);
    ol_test_file_read(path, out);
    ol_test_scratch_close(&scratch);
}

static void everything(void **state)
{
    (void)state;
    ol_access_line line = {
        .request_id = "01234567-89ab-4cde-8fab-0123456789ab",
        .wall_ms = 784111777123,
        .peer = "127.0.0.1",
        .who = OL_SLICE_LIT("arn:aws:iam::000000000000:user/ann"),
        .operation = "GetObject",
        .via = "object-lambda",
        .target = OL_SLICE_LIT("orders"),
        .key = OL_SLICE_LIT("a/b.csv"),
        .transforms = OL_SLICE_LIT("pii,xml_json"),
        .status = 500,
        .bytes_in = 0,
        .bytes_out = UINT64_MAX,
        .first_byte_us = 99,
        .total_us = 100,
        .code = OL_ETRANSFORM,
        .error = "LambdaRuntimeError",
        .detail = "line 3: attempt to call nil",
        .broken = true,
        .retried = true,
        .view = "follow",
        .stages = {{"store", 1, 2, 10}, {"respond", 4, 5, 123456}},
        .stage_count = 2,
    };
    ol_buf out;
    write_line(&line, &out);
    assert_slice(ol_buf_slice(&out),
                 "{\"time\":\"1994-11-06T08:49:37.123Z\","
                 "\"request_id\":\"01234567-89ab-4cde-8fab-0123456789ab\",\"peer\":\"127.0.0.1\","
                 "\"who\":\"arn:aws:iam::000000000000:user/ann\",\"operation\":\"GetObject\","
                 "\"via\":\"object-lambda\",\"target\":\"orders\",\"key\":\"a/b.csv\","
                 "\"transforms\":[\"pii\",\"xml_json\"],\"status\":500,\"bytes_in\":0,"
                 "\"bytes_out\":18446744073709551615,\"first_byte_us\":99,\"total_us\":100,"
                 "\"code\":\"OL_ETRANSFORM\",\"error\":\"LambdaRuntimeError\",\"broken\":true,"
                 "\"retried\":true,\"view\":\"follow\",\"detail\":\"line 3: attempt to call nil\","
                 "\"stages\":[{\"name\":\"store\",\"busy_us\":1,\"bytes_in\":2,\"bytes_out\":10},"
                 "{\"name\":\"respond\",\"busy_us\":4,\"bytes_in\":5,\"bytes_out\":123456}]}\n");
    ol_buf_fini(&out);
}

static void what_is_absent_is_left_out(void **state)
{
    (void)state;
    ol_access_line line = {.status = 403, .total_us = 5};
    ol_buf out;
    write_line(&line, &out);
    assert_slice(ol_buf_slice(&out), "{\"time\":\"1970-01-01T00:00:00.000Z\",\"status\":403,"
                                     "\"bytes_in\":0,\"bytes_out\":0,\"total_us\":5}\n");
    ol_buf_fini(&out);
    ol_access_log_write(NULL, &line);
}

static void keys_cannot_forge_lines(void **state)
{
    (void)state;
    ol_access_line line = {.key = OL_SLICE_LIT("a\"}\n{\"status\":200,\x1b[2J\xFF\xC2\x9B\\"),
                           .status = 404};
    ol_buf out;
    write_line(&line, &out);
    assert_slice(ol_buf_slice(&out),
                 "{\"time\":\"1970-01-01T00:00:00.000Z\","
                 "\"key\":\"a\\\"}\\n{\\\"status\\\":200,\\u001b[2J\xEF\xBF\xBD\\u009b\\\\\","
                 "\"status\":404,\"bytes_in\":0,\"bytes_out\":0,\"total_us\":0}\n");
    ol_buf_fini(&out);
}

static void oversize_fields_are_left_out_whole(void **state)
{
    (void)state;
    static char control[3000];
    memset(control, 1, sizeof(control));
    ol_access_line line = {.key = ol_slice_of(control, sizeof(control)), .status = 200};
    ol_buf out;
    write_line(&line, &out);
    assert_slice(ol_buf_slice(&out),
                 "{\"time\":\"1970-01-01T00:00:00.000Z\",\"status\":200,"
                 "\"bytes_in\":0,\"bytes_out\":0,\"total_us\":0,\"cut\":true}\n");
    ol_buf_fini(&out);
    /* The longest key there is, of the worst bytes, does fit. */
    line.key = OL_SLICE_NONE;
    write_line(&line, &out);
    size_t without_key = out.len;
    ol_buf_fini(&out);
    line.key = ol_slice_of(control, OL_KEY_BYTES_MAX);
    write_line(&line, &out);
    assert_int_equal(out.len, without_key + strlen(",\"key\":\"\"") + 6 * OL_KEY_BYTES_MAX);
    assert_null(strstr(ol_buf_cstr(&out), "cut"));
    ol_buf_fini(&out);
}

static void every_length_up_to_the_limit(void **state)
{
    (void)state;
    static char text[OL_LOG_LINE_BYTES_MAX + 100];
    memset(text, 'k', sizeof(text));
    for (size_t len = OL_LOG_LINE_BYTES_MAX - 250; len < sizeof(text); len += 1) {
        if (len % 3 && len < OL_LOG_LINE_BYTES_MAX - 150)
            continue;
        ol_access_line line = {.key = ol_slice_of(text, len), .status = 200, .retried = true};
        ol_buf out;
        write_line(&line, &out);
        assert_true(out.len <= OL_LOG_LINE_BYTES_MAX);
        assert_true(ol_slice_ends(ol_buf_slice(&out), OL_SLICE_LIT("}\n")));
        bool whole = strstr(ol_buf_cstr(&out), "\"key\"") && strstr(ol_buf_cstr(&out), "retried") &&
                     strstr(ol_buf_cstr(&out), "total_us");
        assert_int_equal(whole, strstr(ol_buf_cstr(&out), "\"cut\":true}") == NULL);
        ol_buf_fini(&out);
    }
}

/* ---- request ids ---- */

#define IDS 50000
static char ids[2 * IDS][OL_REQUEST_ID_SIZE];

static void *make_ids(void *arg)
{
    for (int i = 0; i < IDS; i++)
        ol_request_id_make(((char(*)[OL_REQUEST_ID_SIZE])arg)[i]);
    return NULL;
}

static int compare(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void request_ids_are_uuids_and_differ(void **state)
{
    (void)state;
    pthread_t other;
    assert_int_equal(pthread_create(&other, NULL, make_ids, ids[IDS]), 0);
    make_ids(ids);
    pthread_join(other, NULL);
    qsort(ids, 2 * IDS, sizeof(ids[0]), compare);
    unsigned seen_variants = 0;
    for (int i = 0; i < 2 * IDS; i++) {
        assert_int_equal(strlen(ids[i]), 36);
        for (int c = 0; c < 36; c++) {
            bool dash = c == 8 || c == 13 || c == 18 || c == 23;
            assert_non_null(strchr(dash ? "-" : "0123456789abcdef", ids[i][c]));
        }
        assert_int_equal(ids[i][14], '4');
        assert_non_null(strchr("89ab", ids[i][19]));
        seen_variants |= 1u << (ids[i][19] % 32);
        assert_true(i == 0 || strcmp(ids[i - 1], ids[i]) != 0);
    }
    assert_int_equal(__builtin_popcount(seen_variants), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything),
        cmocka_unit_test(what_is_absent_is_left_out),
        cmocka_unit_test(keys_cannot_forge_lines),
        cmocka_unit_test(oversize_fields_are_left_out_whole),
        cmocka_unit_test(every_length_up_to_the_limit),
        cmocka_unit_test(request_ids_are_uuids_and_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
