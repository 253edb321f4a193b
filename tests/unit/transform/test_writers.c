/* SPDX-License-Identifier: MIT */
/* Whose groups may write: the users, groups and access control lists of this system are those below. */
#include "lib/check.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <sys/xattr.h>

#include "transform/writers.h"

enum { ADA = 1001, BOB, EVE, DAN, FAY, GUS, HAL, IVY, KIM, NOBODY };
enum { OF_ADA = 2001, OF_BOB, OF_EVE, OF_FAY, OF_GUS, OF_IVY, STAFF, USERS, NO_GROUP, BROKEN_GROUP };

static const struct passwd users[] = {
    {.pw_uid = 0, .pw_name = "root", .pw_gid = 0},
    {.pw_uid = ADA, .pw_name = "ada", .pw_gid = OF_ADA},
    {.pw_uid = BOB, .pw_name = "bob", .pw_gid = OF_BOB},
    {.pw_uid = EVE, .pw_name = "eve", .pw_gid = OF_EVE},
    {.pw_uid = DAN, .pw_name = "dan", .pw_gid = USERS},
    {.pw_uid = FAY, .pw_name = "fay", .pw_gid = USERS},
    {.pw_uid = GUS, .pw_name = "gus", .pw_gid = OF_GUS},
    {.pw_uid = HAL, .pw_name = "hal", .pw_gid = OF_GUS},
    {.pw_uid = IVY, .pw_name = "ivy", .pw_gid = OF_IVY},
    {.pw_uid = IVY, .pw_name = "ivy too", .pw_gid = OF_IVY},
    {.pw_uid = KIM, .pw_name = "kim", .pw_gid = STAFF},
};
static size_t next_user = SIZE_MAX;

void __wrap_setpwent(void);
void __wrap_endpwent(void);
struct passwd *__wrap_getpwent(void);
int __wrap_getgrgid_r(gid_t gid, struct group *group, char *bytes, size_t size, struct group **found);
ssize_t __wrap_fgetxattr(int fd, const char *name, void *value, size_t size);
ssize_t __wrap_lgetxattr(const char *path, const char *name, void *value, size_t size);

void __wrap_setpwent(void)
{
    next_user = 0;
}

void __wrap_endpwent(void)
{
    next_user = SIZE_MAX;
}

struct passwd *__wrap_getpwent(void)
{
    static struct passwd user;
    if (next_user >= sizeof(users) / sizeof(users[0]))
        return NULL;
    user = users[next_user++];
    return &user;
}

int __wrap_getgrgid_r(gid_t gid, struct group *group, char *bytes, size_t size, struct group **found)
{
    (void)bytes;
    (void)size;
    static char *none[] = {NULL}, *bob_alone[] = {"bob", NULL}, *eve_and_ada[] = {"eve", "ada", NULL};
    const struct group groups[] = {
        {.gr_gid = 0, .gr_name = "root", .gr_mem = none},
        {.gr_gid = OF_ADA, .gr_name = "ada", .gr_mem = none},
        {.gr_gid = OF_BOB, .gr_name = "bob", .gr_mem = bob_alone},
        {.gr_gid = OF_EVE, .gr_name = "eve", .gr_mem = eve_and_ada},
        {.gr_gid = OF_FAY, .gr_name = "fay", .gr_mem = none},
        {.gr_gid = OF_GUS, .gr_name = "gus", .gr_mem = none},
        {.gr_gid = OF_IVY, .gr_name = "ivy", .gr_mem = none},
        {.gr_gid = STAFF, .gr_name = "staff", .gr_mem = none},
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

/* What is asked for is the list that the kernel goes by. */
static int acl_error = ENODATA; /* 0: there is one */

static ssize_t acl(const char *name)
{
    assert_string_equal(name, "system.posix_acl_access");
    errno = acl_error ? acl_error : ENODATA; /* that of a call before */
    return acl_error ? -1 : 44;
}

ssize_t __wrap_fgetxattr(int fd, const char *name, void *value, size_t size)
{
    (void)value;
    (void)size;
    assert_int_equal(fd, 7);
    return acl(name);
}

ssize_t __wrap_lgetxattr(const char *path, const char *name, void *value, size_t size)
{
    (void)value;
    (void)size;
    assert_string_equal(path, "/folder");
    return acl(name);
}

static bool others(mode_t mode, uid_t uid, gid_t gid)
{
    const struct stat info = {.st_mode = S_IFREG | mode, .st_uid = uid, .st_gid = gid};
    bool may = ol_others_may_write(7, &info);
    assert_int_equal(ol_others_may_write_at("/folder", &info), may);
    assert_true(next_user == SIZE_MAX);
    return may;
}

static void test_modes(void **state)
{
    (void)state;
    assert_false(others(0644, ADA, USERS));
    assert_false(others(0755, NOBODY, NO_GROUP));
    assert_true(others(0664, ADA, USERS));
    assert_true(others(0646, ADA, OF_ADA));
    assert_true(others(0666, ADA, OF_ADA));
}

static void test_a_group_of_ones_own(void **state)
{
    (void)state;
    assert_false(others(0664, ADA, OF_ADA));
    assert_false(others(0775, BOB, OF_BOB)); /* who is listed, too */
    assert_true(others(0664, EVE, OF_EVE));  /* with somebody else */
    assert_true(others(0664, FAY, OF_FAY));  /* not his first: he need not be in it */
    assert_true(others(0664, KIM, STAFF));   /* another name */
    assert_true(others(0664, DAN, USERS));   /* Fay's first, too */
    assert_true(others(0664, GUS, OF_GUS));  /* Hal's first, too */
    assert_true(others(0664, IVY, OF_IVY));  /* under two names, with a password each */
    assert_true(others(0664, ADA, OF_BOB));
    assert_true(others(0664, BOB, OF_ADA));
    assert_true(others(0664, 0, 0));
}

static void test_what_nobody_knows(void **state)
{
    (void)state;
    assert_true(others(0664, NOBODY, OF_ADA));
    assert_true(others(0664, ADA, NO_GROUP));
    assert_true(others(0664, ADA, BROKEN_GROUP));
}

static void test_lists(void **state)
{
    (void)state;
    static const struct {
        int error;
        bool others;
    } cases[] = {{0, true}, {EIO, true}, {EACCES, true}, {ERANGE, true}, {ENODATA, false}, {EOPNOTSUPP, false}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        acl_error = cases[i].error;
        assert_int_equal(others(0664, ADA, OF_ADA), cases[i].others);
        assert_false(others(0644, ADA, OF_ADA)); /* it grants no more than the group's bits say */
    }
    acl_error = ENODATA;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_modes), cmocka_unit_test(test_a_group_of_ones_own),
                                       cmocka_unit_test(test_what_nobody_knows), cmocka_unit_test(test_lists)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
