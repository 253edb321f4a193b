/* SPDX-License-Identifier: MIT */
/*
 * Root's keys: where they come from, who may read them, and that they are made once.
 */
#include "lib/check.h"

#include "control/config/credentials.h"
#include "scratch.h"

static scratch s;
static char data[256], file[300];

static int setup(void **state)
{
    (void)state;
    ol_test_scratch_open(&s);
    scratch_path(&s, "data", data);
    snprintf(file, sizeof(file), "%s/credentials", data);
    unsetenv("OBJLENS_ACCESS_KEY");
    unsetenv("OBJLENS_SECRET_KEY");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    ol_test_scratch_close(&s);
    return 0;
}

static mode_t mode_of(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 07777;
}

static void write_file(const char *text, mode_t mode)
{
    mkdir(data, 0700);
    scratch_write(&s, "data/credentials", ol_slice_cstr(text), mode);
}

static void assert_refused(const char *says)
{
    ol_credentials keys;
    ol_error err = {0};
    assert_code(ol_credentials_obtain(&keys, data, &err), OL_ECONFIG);
    if (!strstr(err.detail, says))
        fail_msg("said: %s", err.detail);
    ol_credentials_fini(&keys);
}

static void test_they_are_made_once(void **state)
{
    (void)state;
    ol_credentials first, second;
    ol_error err = {0};
    umask(0); /* the modes must not depend on it */
    assert_code_of(ol_credentials_obtain(&first, data, &err), OL_OK, &err);
    assert_true(first.made);
    assert_int_equal(strlen(first.access_key), 20);
    assert_int_equal(strlen(first.secret_key), 40);
    assert_string_equal(first.path, file);
    assert_int_equal(mode_of(file), 0600);
    assert_int_equal(mode_of(data), 0700);

    assert_code_of(ol_credentials_obtain(&second, data, &err), OL_OK, &err);
    assert_false(second.made);
    assert_string_equal(second.access_key, first.access_key);
    assert_string_equal(second.secret_key, first.secret_key);
    ol_credentials_fini(&first);
    assert_int_equal(first.secret_key[0], 0);
    ol_credentials_fini(&second);
}

static void test_two_makings_differ(void **state)
{
    (void)state;
    ol_credentials first, second;
    ol_error err = {0};
    assert_code(ol_credentials_obtain(&first, data, &err), OL_OK);
    assert_int_equal(unlink(file), 0);
    assert_code(ol_credentials_obtain(&second, data, &err), OL_OK);
    assert_true(second.made);
    assert_string_not_equal(first.access_key, second.access_key);
    assert_string_not_equal(first.secret_key, second.secret_key);
}

static void test_the_environment_comes_first(void **state)
{
    (void)state;
    ol_credentials keys;
    ol_error err = {0};
    setenv("OBJLENS_ACCESS_KEY", "envkey", 1);
    setenv("OBJLENS_SECRET_KEY", "envsecret", 1);
    assert_code_of(ol_credentials_obtain(&keys, data, &err), OL_OK, &err);
    assert_string_equal(keys.access_key, "envkey");
    assert_string_equal(keys.secret_key, "envsecret");
    assert_string_equal(keys.path, "");
    assert_false(keys.made);
    assert_int_not_equal(access(data, F_OK), 0); /* nothing was made */
}

static void test_half_an_environment_is_refused(void **state)
{
    (void)state;
    setenv("OBJLENS_ACCESS_KEY", "envkey", 1);
    assert_refused("OBJLENS_SECRET_KEY is not set");
    unsetenv("OBJLENS_ACCESS_KEY");
    setenv("OBJLENS_SECRET_KEY", "envsecret", 1);
    assert_refused("OBJLENS_ACCESS_KEY is not set");
    setenv("OBJLENS_ACCESS_KEY", "", 1);
    assert_refused("the access key must be");
}

#define GOOD "[default]\naws_access_key_id = filekey\naws_secret_access_key=filesecret\n"

static void test_a_file_of_ones_own(void **state)
{
    (void)state;
    ol_credentials keys;
    ol_error err = {0};
    write_file("# ours\r\n" GOOD, 0400);
    assert_code_of(ol_credentials_obtain(&keys, data, &err), OL_OK, &err);
    assert_string_equal(keys.access_key, "filekey");
    assert_string_equal(keys.secret_key, "filesecret");
}

static void test_a_file_that_others_can_reach_is_refused(void **state)
{
    (void)state;
    static const mode_t modes[] = {0604, 0640, 0660, 0610, 0601, 0644};
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        write_file(GOOD, modes[i]);
        assert_refused("is open to group or others");
    }
}

static void test_a_file_that_is_none_is_refused(void **state)
{
    (void)state;
    write_file("nonsense\n", 0600);
    assert_refused("the access key must be");
    write_file("aws_access_key_id = filekey\n", 0600);
    assert_refused("the secret key must be");
    assert_int_equal(unlink(file), 0);
    assert_int_equal(symlink("elsewhere", file), 0);
    assert_refused("is a symbolic link");
    assert_int_equal(unlink(file), 0);
    assert_int_equal(mkfifo(file, 0600), 0);
    assert_refused("is not a regular file");
}

static void test_a_file_of_another_user_is_refused(void **state)
{
    (void)state;
    write_file(GOOD, 0600);
    if (chown(file, 12345, (gid_t)-1) != 0)
        skip_because("only root can give files away");
    assert_refused("belongs to another user");
}

static void test_a_folder_that_cannot_be_made(void **state)
{
    (void)state;
    ol_credentials keys;
    ol_error err = {0};
    char path[300];
    scratch_write(&s, "plain", OL_SLICE_LIT("x"), 0600);
    snprintf(path, sizeof(path), "%s/plain/data", s.folder);
    assert_code(ol_credentials_obtain(&keys, path, &err), OL_ECONFIG);
    assert_non_null(strstr(err.detail, path));
}

int main(void)
{
#define EACH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        EACH(test_they_are_made_once),
        EACH(test_two_makings_differ),
        EACH(test_the_environment_comes_first),
        EACH(test_half_an_environment_is_refused),
        EACH(test_a_file_of_ones_own),
        EACH(test_a_file_that_others_can_reach_is_refused),
        EACH(test_a_file_that_is_none_is_refused),
        EACH(test_a_file_of_another_user_is_refused),
        EACH(test_a_folder_that_cannot_be_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
