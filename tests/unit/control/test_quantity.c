/* SPDX-License-Identifier: MIT */
/*
 * Sizes, addresses, limits on a command line, and suggestions.
 */
#include "lib/check.h"

#include <string.h>

#include "base/limits.h"
#include "control/config/limit_option.h"
#include "control/config/quantity.h"
#include "control/config/suggest.h"

static void test_sizes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t bytes;
    } good[] = {
        {"0", 0}, {"65536", 65536}, {"64 KiB", 65536}, {"64KiB", 65536}, {"64 KiB ", 65536}, {"16 MiB", 16 * OL_MIB},
        {"1 GiB", 1ull << 30}, {"16777215 TiB", 16777215ull << 40},
        {"18446744073709551615", UINT64_MAX},
    };
    static const char *const bad[] = {
        "", " ", "KiB", "64 ", " 64", "64 KB", "64 kib", "64 B", "-1", "+1", "1.5 GiB", "0x10", "1e3",
        "16777216 TiB", "18446744073709551616", "64 Ki B", "64 KiBx",
    };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        uint64_t bytes = 1;
        if (!ol_size_parse(ol_slice_cstr(good[i].text), &bytes) || bytes != good[i].bytes)
            fail_msg("\"%s\" gave %llu", good[i].text, (unsigned long long)bytes);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        uint64_t bytes;
        if (ol_size_parse(ol_slice_cstr(bad[i]), &bytes))
            fail_msg("\"%s\" passed", bad[i]);
    }
}

static void test_addresses(void **state)
{
    (void)state;
    static const struct {
        const char *text, *host;
        uint16_t port;
    } good[] = {
        {"127.0.0.1:9000", "127.0.0.1", 9000}, {"0.0.0.0:0", "0.0.0.0", 0},
        {"[::1]:65535", "::1", 65535},         {"[::ffff:10.0.0.1]:80", "::ffff:10.0.0.1", 80},
        {"localhost:1", "127.0.0.1", 1},
    };
    static const char *const bad[] = {
        "", ":", "9000", ":9000", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1",
        "127.0.0.1:x", "127.0.0.1:90 ", "::1:9000", "[::1]", "[::1]9000", "[]:9000", "[127.0.0.1]:1",
        "256.0.0.1:1", "1.2.3:1", "example.com:1", "[fe80::1%eth0]:1", "*:9000",
    };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        ol_socket_address address;
        assert_true(ol_address_parse(ol_slice_cstr(good[i].text), &address));
        assert_string_equal(address.host, good[i].host);
        assert_int_equal(address.port, good[i].port);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ol_socket_address address;
        if (ol_address_parse(ol_slice_cstr(bad[i]), &address))
            fail_msg("\"%s\" passed", bad[i]);
    }
}

static void test_limits_on_a_command_line(void **state)
{
    (void)state;
    ol_transform_limits limits;
    ol_error err = {0};
    ol_transform_limits_default(&limits);
    assert_code(ol_limit_option_set(&limits, "cpu_ms=500", &err), OL_OK);
    assert_int_equal(limits.cpu_ms, 500);
    assert_code(ol_limit_option_set(&limits, "memory_bytes=64MiB", &err), OL_OK);
    assert_int_equal(limits.memory_bytes, 64 * OL_MIB);
    assert_code(ol_limit_option_set(&limits, "log_bytes=0", &err), OL_OK);
    assert_int_equal(limits.log_bytes, 0);
    assert_int_equal(limits.wall_ms, OL_TRANSFORM_WALL_MS);

    static const struct {
        const char *text, *says;
    } bad[] = {
        {"cpu_ms", "a limit is written KEY=VALUE"},
        {"cpu=5", "there is no limit \"cpu\""},
        {"cpu_m=5", "did you mean \"cpu_ms\"?"},
        {"cpu_ms=0", "must be a whole number between 1 and"},
        {"cpu_ms=5s", "must be a whole number"},
        {"cpu_ms=5 KiB", "must be a whole number"},
        {"memory_bytes=1", "must be a size between"},
        {"memory_bytes=", "must be a size"},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ol_error_clear(&err);
        assert_code(ol_limit_option_set(&limits, bad[i].text, &err), OL_EINVAL);
        if (!strstr(err.detail, bad[i].says))
            fail_msg("%s: %s", bad[i].text, err.detail);
    }
}

static const char *suggest(const char *typed, char out[OL_SUGGEST_TEXT_SIZE])
{
    static const char *const words[] = {"listen", "limits", "logs", "user", "access_point"};
    ol_suggest suggestion;
    ol_suggest_init(&suggestion, ol_slice_cstr(typed));
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        ol_suggest_offer(&suggestion, ol_slice_cstr(words[i]));
    return ol_suggest_text(&suggestion, out);
}

static void test_suggestions(void **state)
{
    (void)state;
    char out[OL_SUGGEST_TEXT_SIZE];
    assert_string_equal(suggest("listn", out), "; did you mean \"listen\"?");
    assert_string_equal(suggest("lisetn", out), "; did you mean \"listen\"?");
    assert_string_equal(suggest("limit", out), "; did you mean \"limits\"?");
    assert_string_equal(suggest("acces_piont", out), "; did you mean \"access_point\"?");
    assert_string_equal(suggest("bucket", out), "");
    assert_string_equal(suggest("", out), "");
    char longest[200];
    memset(longest, 'l', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    assert_string_equal(suggest(longest, out), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_limits_on_a_command_line),
        cmocka_unit_test(test_suggestions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
