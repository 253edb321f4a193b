/* SPDX-License-Identifier: MIT */
/*
 * Session tokens. The input is a token as a client sends it, and once more the bytes inside one
 * after a seal that was broken. Nothing that a fuzzer makes up may open, and claims that can be
 * read are written back as they were.
 */
#include <assert.h>

#include "access/session_claims.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_open(const ol_session_sealer *sealer, ol_slice access_key, ol_slice token)
{
    ol_session_claims claims;
    ol_session_credentials credentials;
    ol_error err = {0};
    ol_arena *arena = ol_arena_new(64 * OL_KIB);
    if (!arena)
        return;
    int rc = ol_session_open(sealer, access_key, token, 0, arena, &claims, &credentials, &err);
    assert(rc < 0 && rc == err.code);
    assert(credentials.secret[0] == '\0');
    ol_arena_destroy(arena);
}

static void try_claims(ol_slice text)
{
    uint8_t room[OL_SESSION_CLAIMS_BYTES_MAX];
    ol_session_claims claims;
    ol_slice written;
    if (!ol_session_claims_read(text, &claims))
        return;
    assert(ol_session_claims_write(&claims, room, &written, NULL) == OL_OK);
    assert(ol_slice_eq(written, text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static ol_session_sealer *sealer;
    static const ol_slice keys[] = {OL_SLICE_LIT("not in any corpus: 8d1f20c2a96b")};
    ol_slice input = ol_slice_of(data, size);
    if (!sealer && ol_session_sealer_new(&sealer, keys, 1, NULL) != OL_OK)
        return 0;
    try_open(sealer, OL_SLICE_LIT("ASIAAAAAAAAAAAAAAAAA"), input);
    if (size > 20)
        try_open(sealer, ol_slice_first(input, 20), ol_slice_from(input, 20));
    try_claims(input);
    return 0;
}
