/* SPDX-License-Identifier: MIT */
/* What an access control list allows to whom. */
#include "lib/check.h"

#include "access/acl.h"

static bool allows(const char *text, const char *caller, unsigned permission, bool ignore_public)
{
    ol_arena *arena = ol_arena_new(64 * 1024);
    ol_acl acl;
    ol_error err = {0};
    assert_code_of(ol_acl_read_text(ol_slice_cstr(text), OL_SLICE_NONE, arena, &acl, &err), OL_OK,
                   &err);
    bool answer = ol_acl_allows(&acl, ol_slice_cstr(caller), permission, ignore_public);
    ol_arena_destroy(arena);
    return answer;
}

static void each_permission_by_itself(void **state)
{
    (void)state;
    static const char *const lists[] = {"o;r:ann", "o;w:ann", "o;R:ann", "o;W:ann", "o;f:ann"};
    for (int list = 0; list < 5; list++)
        for (int asked = 0; asked < 4; asked++) {
            bool want = list == 4 || list == asked;
            assert_true(allows(lists[list], "ann", 1u << asked, false) == want);
            assert_false(allows(lists[list], "bob", 1u << asked, false));
            assert_false(allows(lists[list], "", 1u << asked, false));
        }
    assert_false(allows("o;r:ann;w:ann", "ann", OL_ACL_FULL_CONTROL, false));
    assert_true(allows("o;r:ann;f:ann", "ann", OL_ACL_FULL_CONTROL, false));
}

static void groups(void **state)
{
    (void)state;
    assert_true(allows("o;r:*", "", OL_ACL_READ, false));
    assert_true(allows("o;r:*", "ann", OL_ACL_READ, false));
    assert_false(allows("o;r:*", "ann", OL_ACL_READ, true));
    assert_false(allows("o;r:@", "", OL_ACL_READ, false));
    assert_true(allows("o;r:@", "ann", OL_ACL_READ, false));
    assert_false(allows("o;r:@", "ann", OL_ACL_READ, true));
    assert_false(allows("o;w:!", "ann", OL_ACL_WRITE, false));
    /* An id that looks like a group's sign is an id. */
    assert_false(allows("o;r:%2A", "ann", OL_ACL_READ, false));
    assert_true(allows("o;r:%2A", "*", OL_ACL_READ, false));
    /* What is granted to somebody by id is not public. */
    assert_true(allows("o;r:ann;r:*", "ann", OL_ACL_READ, true));
}

/* The owner always governs the list, and gets the rest only when it says so. */
static void the_owner(void **state)
{
    (void)state;
    assert_true(allows("o", "o", OL_ACL_READ_ACP, false));
    assert_true(allows("o", "o", OL_ACL_WRITE_ACP, false));
    assert_false(allows("o", "o", OL_ACL_READ, false));
    assert_false(allows("o", "o", OL_ACL_WRITE, false));
    assert_true(allows("o;f:o", "o", OL_ACL_WRITE, false));
    assert_false(allows("o", "", OL_ACL_READ_ACP, false));
}

static void nobody_owns_what_has_no_owner(void **state)
{
    (void)state;
    const ol_acl acl = {0};
    assert_false(ol_acl_allows(&acl, OL_SLICE_NONE, OL_ACL_READ_ACP, false));
}

static void public_lists(void **state)
{
    (void)state;
    static const struct {
        enum ol_acl_grantee grantee;
        bool is_public;
    } cases[] = {{OL_ACL_CANONICAL, false},
                 {OL_ACL_ALL_USERS, true},
                 {OL_ACL_AUTHENTICATED_USERS, true},
                 {OL_ACL_LOG_DELIVERY, false}};
    for (size_t i = 0; i < 4; i++) {
        ol_acl_grant grants[] = {{OL_ACL_CANONICAL, OL_SLICE_LIT("a"), OL_ACL_FULL_CONTROL},
                                 {cases[i].grantee, OL_SLICE_LIT("b"), OL_ACL_WRITE_ACP}};
        const ol_acl acl = {.grants = grants, .count = 2};
        assert_true(ol_acl_is_public(&acl) == cases[i].is_public);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_permission_by_itself),     cmocka_unit_test(groups),
        cmocka_unit_test(the_owner),                     cmocka_unit_test(public_lists),
        cmocka_unit_test(nobody_owns_what_has_no_owner),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
