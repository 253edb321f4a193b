/* SPDX-License-Identifier: MIT */
/* Whose groups may write: the users and groups of this system are those below. */
#include "lib/check.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>

#include "transform/writers.h"

enum { ADA = 1001, BOB, EVE, DAN, FAY, NOBODY, BROKEN };
enum { OF_ADA = 2001, OF_BOB, OF_EVE, OF_FAY, USERS, NO_GROUP, BROKEN_GROUP };

static char *none[] = {NULL}, *bob_alone[] = {"bob", NULL}, *eve_and_ada[] = {"eve", "ada", NULL};

int __wrap_getpwuid_r(uid_t uid, struct passwd *user, char *bytes, size_t size, struct passwd **found);
int __wrap_getgrgid_r(gid_t gid, struct group *group, char *bytes, size_t size, struct group **found);

int __wrap_getpwuid_r(uid_t uid, struct passwd *user, char *bytes, size_t size, struct passwd **found)
{
    (void)bytes;
    (void)size;
    static const struct passwd users[] = {
        {.pw_uid = ADA, .pw_name = "ada", .pw_gid = OF_ADA},
        {.pw_uid = BOB, .pw_name = "bob", .pw_gid = OF_BOB},
        {.pw_uid = EVE, .pw_name = "eve", .pw_gid = OF_EVE},
        {.pw_uid = DAN, .pw_name = "dan", .pw_gid = USERS},
        {.pw_uid = FAY, .pw_name = "fay", .pw_gid = USERS},
    };
    *found = NULL;
    for (size_t i = 0; i < sizeof(users) / sizeof(users[0]); i++)
        if (users[i].pw_uid == uid) {
            *user = users[i];
            *found = user;
        }
    return uid == BROKEN ? EIO : 0;
}

int __wrap_getgrgid_r(gid_t gid, struct group *group, char *bytes, size_t size, struct group **found)
{
    (void)bytes;
    (void)size;
    const struct group groups[] = {
        {.gr_gid = OF_ADA, .gr_name = "ada", .gr_mem = none},
        {.gr_gid = OF_BOB, .gr_name = "bob", .gr_mem = bob_alone},
        {.gr_gid = OF_EVE, .gr_name = "eve", .gr_mem = eve_and_ada},
        {.gr_gid = OF_FAY, .gr_name = "fay", .gr_mem = none},
        {.gr_gid = USERS, .gr_name = "users", .gr_mem = none},
    };
    *found = NULL;
    for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
        if (groups[i].gr_gid == gid) {
            *group = groups[i];
            *found = group;
        }
    return gid == BROKEN_GROUP ? EIO : 0;
}

static bool others(mode_t mode, uid_t uid, gid_t gid)
{
    const struct stat info = {.st_mode = S_IFREG | mode, .st_uid = uid, .st_gid = gid};
    return ol_others_may_write(&info);
}

static void test_modes(void **state)
{
    (void)state;
    assert_false(others(0644, ADA, USERS));
    assert_false(others(0755, NOBODY, NO_GROUP));
    assert_true(others(0664, ADA, USERS));
    assert_true(others(0646, ADA, OF_ADA));
    assert_true(others(0666, ADA, OF_ADA));
    assert_true(others(0622, ADA, OF_ADA));
}

static void test_a_group_of_ones_own(void **state)
{
    (void)state;
    assert_false(others(0664, ADA, OF_ADA));
    assert_false(others(0775, BOB, OF_BOB)); /* who is listed, too */
    assert_true(others(0664, EVE, OF_EVE));  /* with somebody else */
    assert_true(others(0664, FAY, OF_FAY));  /* not his first: he need not be in it */
    assert_true(others(0664, ADA, OF_BOB));
    assert_true(others(0664, BOB, OF_ADA));
}

static void test_what_nobody_knows(void **state)
{
    (void)state;
    assert_true(others(0664, NOBODY, OF_ADA));
    assert_true(others(0664, ADA, NO_GROUP));
    assert_true(others(0664, BROKEN, OF_ADA));
    assert_true(others(0664, ADA, BROKEN_GROUP));
}

/* The first one of all of them, and it lists nobody. */
static void test_a_group_of_all(void **state)
{
    (void)state;
    assert_true(others(0664, DAN, USERS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_modes), cmocka_unit_test(test_a_group_of_ones_own),
                                       cmocka_unit_test(test_what_nobody_knows),
                                       cmocka_unit_test(test_a_group_of_all)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
