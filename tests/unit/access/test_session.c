/* SPDX-License-Identifier: MIT */
/* Session tokens: sealed, opened, tampered with, expired, of another key; and the identities that
 * come out of them. */
#include "lib/alloc_check.h"
#include "unit/access/ask.h"

#include <string.h>

#include "access/session.h"
#include "base/alloc.h"

#define KEY OL_SLICE_LIT("0123456789abcdef0123456789abcdef")
#define OLD_KEY OL_SLICE_LIT("another key of sixteen or more")

static const ol_session_claims claims = {
    .kind = OL_SESSION_OF_ROLE,
    .issued_ms = ASK_NOW_MS,
    .expires_ms = ASK_NOW_MS + 3600000,
    .mfa_ms = ASK_NOW_MS - 5,
    .account_id = OL_SLICE_LIT(ASK_ACCOUNT),
    .arn = OL_SLICE_LIT("arn:aws:iam::" ASK_ACCOUNT ":role/path/worker"),
    .name = OL_SLICE_LIT("s1"),
    .policy = OL_SLICE_LIT("{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"s3:GetObject\","
                           "\"Resource\":\"*\"}}"),
    .chain = OL_SLICE_LIT("arn:aws:iam::" ASK_ACCOUNT ":user/ann"),
};

typedef struct fixture {
    ol_session_sealer *sealer;
    ol_arena *arena;
    ol_buf token;
    ol_session_credentials sealed, opened;
    ol_session_claims said;
    ol_error err;
} fixture;

static ol_session_sealer *sealer_of(const ol_slice *keys, size_t count)
{
    ol_session_sealer *sealer;
    ol_error err = {0};
    assert_code_of(ol_session_sealer_new(&sealer, keys, count, &err), OL_OK, &err);
    return sealer;
}

static void setup(fixture *f)
{
    *f = (fixture){.arena = ol_arena_new(64 * 1024)};
    const ol_slice keys[] = {KEY, OLD_KEY};
    f->sealer = sealer_of(keys, 2);
    ol_buf_init(&f->token, OL_SESSION_TOKEN_BYTES_MAX);
    assert_code_of(ol_session_seal(f->sealer, &claims, &f->token, &f->sealed, &f->err), OL_OK,
                   &f->err);
}

static void teardown(fixture *f)
{
    ol_session_sealer_destroy(f->sealer);
    ol_buf_fini(&f->token);
    ol_arena_destroy(f->arena);
}

static int open_at(fixture *f, const char *access_key, ol_slice token, int64_t now_ms)
{
    f->err = (ol_error){0};
    ol_arena_reset(f->arena);
    int rc = ol_session_open(f->sealer, ol_slice_cstr(access_key), token, now_ms, f->arena, &f->said,
                             &f->opened, &f->err);
    assert_int_equal(rc, f->err.code);
    return rc;
}

static void what_is_sealed_comes_out(void **state)
{
    (void)state;
    fixture f;
    setup(&f);
    assert_int_equal(strlen(f.sealed.access_key), 20);
    assert_int_equal(strncmp(f.sealed.access_key, "ASIA", 4), 0);
    assert_int_equal(strlen(f.sealed.secret), 40);
    assert_int_equal(open_at(&f, f.sealed.access_key, ol_buf_slice(&f.token), ASK_NOW_MS), OL_OK);
    assert_string_equal(f.opened.secret, f.sealed.secret);
    assert_string_equal(f.opened.access_key, f.sealed.access_key);
    assert_int_equal(f.said.kind, claims.kind);
    assert_int_equal(f.said.issued_ms, claims.issued_ms);
    assert_int_equal(f.said.expires_ms, claims.expires_ms);
    assert_int_equal(f.said.mfa_ms, claims.mfa_ms);
    assert_slices(f.said.account_id, claims.account_id);
    assert_slices(f.said.arn, claims.arn);
    assert_slices(f.said.name, claims.name);
    assert_slices(f.said.policy, claims.policy);
    assert_slices(f.said.chain, claims.chain);
    teardown(&f);
}

static void no_two_tokens_are_alike(void **state)
{
    (void)state;
    fixture f;
    ol_buf second;
    ol_session_credentials other;
    setup(&f);
    ol_buf_init(&second, OL_SESSION_TOKEN_BYTES_MAX);
    assert_int_equal(ol_session_seal(f.sealer, &claims, &second, &other, &f.err), OL_OK);
    assert_false(ol_slice_eq(ol_buf_slice(&second), ol_buf_slice(&f.token)));
    assert_string_not_equal(other.access_key, f.sealed.access_key);
    assert_string_not_equal(other.secret, f.sealed.secret);
    /* nor does one go with the other's access key */
    assert_int_equal(open_at(&f, other.access_key, ol_buf_slice(&f.token), ASK_NOW_MS),
                     OL_EINVALIDTOKEN);
    ol_buf_fini(&second);
    teardown(&f);
}

static void tokens_expire(void **state)
{
    (void)state;
    fixture f;
    setup(&f);
    ol_slice token = ol_buf_slice(&f.token);
    assert_int_equal(open_at(&f, f.sealed.access_key, token, claims.expires_ms - 1), OL_OK);
    assert_int_equal(open_at(&f, f.sealed.access_key, token, claims.expires_ms), OL_EEXPIREDTOKEN);
    assert_string_equal(f.err.s3_code, "ExpiredToken");
    assert_string_equal(f.opened.secret, "");
    teardown(&f);
}

/* Each bit of the token, flipped; each length of it; and what is no token at all. */
static void nothing_else_opens(void **state)
{
    (void)state;
    fixture f;
    setup(&f);
    char copy[OL_SESSION_TOKEN_BYTES_MAX];
    size_t len = f.token.len;
    for (size_t i = 0; i < len; i++) {
        memcpy(copy, f.token.data, len);
        copy[i] = copy[i] == 'A' ? 'B' : 'A';
        assert_int_equal(open_at(&f, f.sealed.access_key, ol_slice_of(copy, len), ASK_NOW_MS),
                         OL_EINVALIDTOKEN);
        assert_int_equal(open_at(&f, f.sealed.access_key, ol_slice_first(ol_buf_slice(&f.token), i),
                                 ASK_NOW_MS),
                         OL_EINVALIDTOKEN);
    }
    assert_string_equal(f.opened.secret, "");
    assert_int_equal(open_at(&f, "AKIAAAAAAAAAAAAAAAAA", ol_buf_slice(&f.token), ASK_NOW_MS),
                     OL_EINVALIDTOKEN);
    assert_int_equal(open_at(&f, "ASIA", ol_buf_slice(&f.token), ASK_NOW_MS), OL_EINVALIDTOKEN);
    static char large[OL_SESSION_TOKEN_BYTES_MAX + 4];
    memset(large, 'A', sizeof(large));
    assert_int_equal(open_at(&f, f.sealed.access_key, ol_slice_of(large, sizeof(large)), ASK_NOW_MS),
                     OL_EINVALIDTOKEN);
    teardown(&f);
}

static void keys_can_be_changed(void **state)
{
    (void)state;
    fixture f;
    setup(&f);
    const ol_slice rotated[] = {OLD_KEY, KEY}, others[] = {OLD_KEY};
    ol_session_sealer_destroy(f.sealer);
    f.sealer = sealer_of(rotated, 2);
    assert_int_equal(open_at(&f, f.sealed.access_key, ol_buf_slice(&f.token), ASK_NOW_MS), OL_OK);
    assert_string_equal(f.opened.secret, f.sealed.secret);
    ol_session_sealer_destroy(f.sealer);
    f.sealer = sealer_of(others, 1);
    assert_int_equal(open_at(&f, f.sealed.access_key, ol_buf_slice(&f.token), ASK_NOW_MS),
                     OL_EINVALIDTOKEN);
    teardown(&f);
}

static void bad_keys_and_claims_are_refused(void **state)
{
    (void)state;
    ol_session_sealer *sealer;
    ol_error err = {0};
    const ol_slice weak[] = {KEY, OL_SLICE_LIT("too short")};
    assert_int_equal(ol_session_sealer_new(&sealer, weak, 2, &err), OL_ECONFIG);
    assert_int_equal(ol_session_sealer_new(&sealer, weak, 0, NULL), OL_ECONFIG);
    assert_int_equal(ol_session_sealer_new(&sealer, weak, OL_SESSION_KEYS_MAX + 1, NULL), OL_ECONFIG);
    fixture f;
    setup(&f);
    static uint8_t text[OL_SESSION_POLICY_BYTES_MAX + 1];
    ol_session_claims large = claims;
    large.policy = ol_slice_of(text, sizeof(text));
    assert_int_equal(ol_session_seal(f.sealer, &large, &f.token, &f.sealed, &f.err), OL_EINVAL);
    /* and the largest that is taken fits */
    memset(text, 'x', sizeof(text));
    large.policy = ol_slice_of(text, OL_SESSION_POLICY_BYTES_MAX);
    large.arn = large.chain = ol_slice_of(text, OL_SESSION_ARN_BYTES_MAX);
    large.name = ol_slice_of(text, OL_SESSION_NAME_BYTES_MAX);
    ol_buf_clear(&f.token);
    assert_int_equal(ol_session_seal(f.sealer, &large, &f.token, &f.sealed, NULL), OL_OK);
    assert_int_equal(open_at(&f, f.sealed.access_key, ol_buf_slice(&f.token), ASK_NOW_MS), OL_OK);
    teardown(&f);
    assert_true(ol_session_name_ok(OL_SLICE_LIT("a.b-c_d=e,f@g+1")));
    assert_false(ol_session_name_ok(OL_SLICE_LIT("a")));
    assert_false(ol_session_name_ok(OL_SLICE_LIT("a/b")));
    assert_false(ol_session_name_ok(OL_SLICE_LIT("a b")));
    assert_false(ol_session_name_ok(ol_slice_of(text, 65)));
}

/* Across versions: what a token of this key is made into must not change unnoticed. */
static void the_form_is_fixed(void **state)
{
    (void)state;
    fixture f;
    setup(&f);
    assert_int_equal(f.token.len, (1 + 16 + 1 + 3 * 8 + 5 * 2 + claims.account_id.len +
                                   claims.arn.len + claims.name.len + claims.policy.len +
                                   claims.chain.len + 16 + 2) / 3 * 4);
    teardown(&f);
}

/* ---- identities ---- */

static void roles_become_sessions(void **state)
{
    (void)state;
    ol_arena *arena = ol_arena_new(64 * 1024);
    ol_identity role = {.kind = OL_IDENTITY_ROLE,
                        .account_id = OL_SLICE_LIT(ASK_ACCOUNT),
                        .canonical_id = OL_SLICE_LIT("canon1"),
                        .arn = claims.arn,
                        .principal_id = OL_SLICE_LIT("AROAX")};
    const ol_identity *who;
    ol_error err = {0};
    assert_code_of(ol_session_identity(&role, &claims, arena, &who, &err), OL_OK, &err);
    assert_int_equal(who->kind, OL_IDENTITY_SESSION);
    assert_slice(who->arn, "arn:aws:sts::" ASK_ACCOUNT ":assumed-role/worker/s1");
    assert_slices(who->role_arn, claims.arn);
    assert_slice(who->principal_id, "AROAX:s1");
    assert_true(who->temporary);
    assert_int_equal(who->mfa_ms, claims.mfa_ms);
    assert_int_equal(ol_policy_statement_count(who->session_policy), 1);
    /* a token for the role is none for a user of its name, nor the reverse */
    role.kind = OL_IDENTITY_USER;
    assert_code(ol_session_identity(&role, &claims, arena, &who, NULL), OL_EINVALIDTOKEN);
    role.kind = OL_IDENTITY_ROLE;
    role.arn = OL_SLICE_LIT("arn:aws:iam::" ASK_ACCOUNT ":role/other");
    assert_code(ol_session_identity(&role, &claims, arena, &who, NULL), OL_EINVALIDTOKEN);
    ol_arena_destroy(arena);
}

static void users_stay_themselves(void **state)
{
    (void)state;
    ol_arena *arena = ol_arena_new(64 * 1024);
    ol_identity ann = ask_person("ann");
    ol_session_claims self = {.kind = OL_SESSION_OF_SELF,
                              .issued_ms = 7,
                              .account_id = ann.account_id,
                              .arn = ann.arn};
    const ol_identity *who;
    assert_code(ol_session_identity(&ann, &self, arena, &who, NULL), OL_OK);
    assert_int_equal(who->kind, OL_IDENTITY_USER);
    assert_slices(who->arn, ann.arn);
    assert_true(who->temporary);
    assert_int_equal(who->issued_ms, 7);
    assert_null(who->session_policy);
    self.policy = OL_SLICE_LIT("{");
    assert_code(ol_session_identity(&ann, &self, arena, &who, NULL), OL_EMALFORMEDPOLICY);
    ol_arena_destroy(arena);
}

static int seal_and_open(void *arg)
{
    (void)arg;
    const ol_slice keys[] = {KEY, OLD_KEY};
    ol_session_sealer *sealer;
    ol_session_credentials made, opened;
    ol_session_claims said;
    ol_error err = {0};
    ol_buf token;
    ol_arena *arena = ol_arena_new(64 * 1024);
    if (!arena)
        return OL_ENOMEM;
    ol_buf_init(&token, OL_SESSION_TOKEN_BYTES_MAX);
    int rc = ol_session_sealer_new(&sealer, keys, 2, &err);
    if (rc == OL_OK)
        rc = ol_session_seal(sealer, &claims, &token, &made, &err);
    if (rc == OL_OK)
        rc = ol_session_open(sealer, ol_slice_cstr(made.access_key), ol_buf_slice(&token),
                             ASK_NOW_MS, arena, &said, &opened, &err);
    ol_identity role = {.kind = OL_IDENTITY_ROLE, .account_id = claims.account_id, .arn = claims.arn};
    const ol_identity *who;
    if (rc == OL_OK)
        rc = ol_session_identity(&role, &said, arena, &who, &err);
    ol_session_sealer_destroy(sealer);
    ol_buf_fini(&token);
    ol_arena_destroy(arena);
    return rc;
}

static void survives_want_of_memory(void **state)
{
    (void)state;
    assert_true(ol_test_fail_each(seal_and_open, NULL) > 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_sealed_comes_out),
        cmocka_unit_test(no_two_tokens_are_alike),
        cmocka_unit_test(tokens_expire),
        cmocka_unit_test(nothing_else_opens),
        cmocka_unit_test(keys_can_be_changed),
        cmocka_unit_test(bad_keys_and_claims_are_refused),
        cmocka_unit_test(the_form_is_fixed),
        cmocka_unit_test(roles_become_sessions),
        cmocka_unit_test(users_stay_themselves),
        cmocka_unit_test(survives_want_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
