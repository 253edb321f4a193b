/* SPDX-License-Identifier: MIT */
/*
 * Files that payloads of pii name: lists, patterns, keys; and check digits by name.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

/* Before cmocka, which has a macro of the name fail. */
#include "config.h"
#include "files.h"

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char first[] = "/tmp/ol_pii_files_XXXXXX", second[] = "/tmp/ol_pii_files_XXXXXX";

static int folder(uint32_t index, const char **path)
{
    *path = index == 0 ? first : second;
    return index < 2 ? OBJLENS_OK : OBJLENS_ENOTFOUND;
}

static const struct objlens_host host = {
    .abi_major = OBJLENS_ABI_MAJOR, .abi_minor = OBJLENS_ABI_MINOR, .size = sizeof(host), .preload_folder = folder};

static void path_of(const char *in, const char *name, char path[256])
{
    snprintf(path, 256, "%s/%s", in, name);
}

static void put(const char *in, const char *name, const char *text)
{
    char path[256];
    path_of(in, name, path);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fputs(text, f) >= 0, 1);
    assert_int_equal(fclose(f), 0);
}

static void take_away(const char *in, const char *name)
{
    char path[256];
    path_of(in, name, path);
    assert_int_equal(remove(path), 0);
}

static int make_folders(void **state)
{
    char below[256];
    (void)state;
    if (!mkdtemp(first) || !mkdtemp(second))
        return -1;
    path_of(first, "sub", below);
    if (mkdir(below, 0700) != 0)
        return -1;
    put(first, "names.txt", "\xef\xbb\xbfRed Falcon\r\n\n  Mole \t\n");
    put(first, "sub/staff.re", "\\bE-\\d{5}\\b\n");
    put(first, "good.key", "0123456789abcdef\n");
    put(first, "short.key", "short\n");
    put(first, "LOUD.KEY", "0123456789abcdef\n");
    put(first, "custom.json", "[{\"name\":\"P\",\"words\":{\"file\":\"names.txt\"}},{\"name\":\"S\",\"pattern\":{\"file\":\"sub/staff.re\"}}]");
    put(first, "empty.txt", "\n \n");
    put(first, ".hidden", "x");
    put(second, "names.txt", "other");
    put(second, "more.txt", "more");
    return 0;
}

static int remove_folders(void **state)
{
    static const char *const names[] = {"names.txt", "sub/staff.re", "good.key", "short.key", "LOUD.KEY", "custom.json", "empty.txt", ".hidden", "sub"};
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        take_away(first, names[i]);
    take_away(second, "names.txt");
    take_away(second, "more.txt");
    return rmdir(first) == 0 && rmdir(second) == 0 ? 0 : -1;
}

static void load(void)
{
    char reason[256] = "";
    if (!pii_files_load(&host, reason, sizeof(reason)))
        fail_msg("%s", reason);
}

static void test_what_is_read(void **state)
{
    (void)state;
    const char *bytes;
    size_t size;
    load();
    assert_true(pii_files_find("names.txt", &bytes, &size));
    assert_memory_equal(bytes, "\xef\xbb\xbfRed", 6);
    assert_true(pii_files_find("sub/staff.re", &bytes, &size));
    assert_true(pii_files_find("more.txt", &bytes, &size));
    assert_int_equal(size, 4);
    assert_false(pii_files_find(".hidden", &bytes, &size));
    assert_false(pii_files_find("../more.txt", &bytes, &size));
    pii_files_drop();
    assert_false(pii_files_find("names.txt", &bytes, &size));
}

/* Rather no transform than one that lacks a list. */
static void test_what_cannot_be_read_is_said(void **state)
{
    (void)state;
    char reason[256] = "", path[256];
    const char *bytes;
    size_t size;
    path_of(second, "broken", path);
    assert_int_equal(symlink("/nowhere/at/all", path), 0);
    assert_false(pii_files_load(&host, reason, sizeof(reason)));
    assert_non_null(strstr(reason, "broken"));
    assert_false(pii_files_find("names.txt", &bytes, &size));
    take_away(second, "broken");
    put(second, "large", "");
    path_of(second, "large", path);
    assert_int_equal(truncate(path, (off_t)PII_FILES_BYTES_MAX + 1), 0);
    assert_false(pii_files_load(&host, reason, sizeof(reason)));
    assert_non_null(strstr(reason, "64 MiB"));
    take_away(second, "large");
}

/* What is wrong with a payload; "" for nothing. */
static void expect(const char *payload, const char *wrong)
{
    struct pii_config *config;
    assert_int_equal(pii_config_new(pii_heap, payload, strlen(payload), &config), OBJLENS_OK);
    if (wrong[0] == '\0')
        assert_string_equal(config->kit.reason, "");
    else if (!strstr(config->kit.reason, wrong))
        fail_msg("%s: \"%s\", not \"%s\"", payload, config->kit.reason, wrong);
    pii_config_destroy(config);
}

static void test_payloads(void **state)
{
    (void)state;
    load();
    expect("{\"custom\":{\"file\":\"custom.json\"}}", "");
    expect("{\"custom\":[{\"name\":\"P\",\"words\":{\"file\":\"more.txt\"}}]}", "");
    expect("{\"operator\":\"hash\",\"key\":{\"file\":\"good.key\"}}", "");
    expect("{\"operator\":{\"operator\":\"hash\",\"key\":{\"file\":\"good.key\"}}}", "");
    expect("{\"key\":{\"file\":\"short.key\"}}", "16 to 256 bytes");
    expect("{\"key\":{\"file\":\"names.txt\"}}", "must end in .key");
    expect("{\"key\":{\"file\":\"other.key\"}}", "no file \"other.key\"");
    expect("{\"custom\":{\"file\":\"good.key\"}}", "is a key");
    expect("{\"custom\":[{\"name\":\"P\",\"words\":{\"file\":\"good.key\"}}]}", "is a key");
    expect("{\"custom\":[{\"name\":\"P\",\"words\":{\"file\":\"LOUD.KEY\"}}]}", "is a key");
    expect("{\"custom\":[{\"name\":\"P\",\"pattern\":{\"file\":\"good.key\"}}]}", "is a key");
    expect("{\"custom\":[{\"name\":\"P\",\"pattern\":{\"file\":\"empty.txt\",\"x\":1}}]}", "alone");
    expect("{\"custom\":[{\"name\":\"P\",\"pattern\":{}}]}", "alone");
    expect("{\"custom\":[{\"name\":\"P\",\"words\":{\"file\":\"empty.txt\"}}]}", "one a line");
    expect("{\"custom\":{\"file\":\"names.txt\"}}", "not JSON");
    expect("{\"custom\":{\"file\":\"nowhere\"}}", "no file \"nowhere\"");
    pii_files_drop();
}

static bool checks(const char *name, const char *code)
{
    const struct pii_check *check = pii_check_named(name);
    assert_non_null(check);
    return pii_check_bytes(check, (const uint8_t *)code, strlen(code));
}

/* Examples of the standards, each with another last digit as well. */
static void test_checks(void **state)
{
    (void)state;
    static const char *const rows[][3] = {
        {"luhn", "7992-7398-713", "79927398714"},
        {"verhoeff", "2363", "2364"},
        {"mod11", "ISBN 0-306-40615-2", "0306406153"},
        {"mod11", "0-8044-2957-X", "0-8044-2957-9"},
        {"mod11_10", "07945", "07946"},
        {"mod97", "794 44", "79445"},
        {"iban", "gb82 WEST 1234 5698 7654 32", "GB83WEST12345698765432"},
        {"ean", "4006381333931", "4006381333932"},
        {"aba", "011000015", "011000016"},
        {"nhs", "943 476 5919", "9434765918"},
        {"vin", "1M8GDM9AXKP042788", "1M8GDM9A1KP042788"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_true(checks(rows[i][0], rows[i][1]));
        assert_false(checks(rows[i][0], rows[i][2]));
        assert_false(checks(rows[i][0], ""));
        assert_false(checks(rows[i][0], "X"));
        assert_non_null(strstr(pii_check_names(), rows[i][0]));
    }
    assert_false(checks("vin", "1O8GDM9AXKP042788"));
    assert_null(pii_check_named("none"));
    char zeros[200];
    memset(zeros, '0', sizeof(zeros) - 1);
    zeros[sizeof(zeros) - 1] = '\0';
    assert_false(checks("luhn", zeros));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_read),
        cmocka_unit_test(test_what_cannot_be_read_is_said),
        cmocka_unit_test(test_payloads),
        cmocka_unit_test(test_checks),
    };
    return cmocka_run_group_tests(tests, make_folders, remove_folders);
}
