/* SPDX-License-Identifier: MIT */
/* HMAC-SHA-256 against RFC 4231, SHA-256 against FIPS 180-4. */
#include "lib/check.h"

#include "base/encode.h"
#include "s3/sigv4/hmac.h"

static void assert_digest(const uint8_t digest[OL_SHA256_BYTES], const char *hex)
{
    char text[OL_SHA256_HEX_SIZE];
    ol_hex_encode(digest, OL_SHA256_BYTES, text);
    assert_string_equal(text, hex);
}

static void digests_known_texts(void **state)
{
    (void)state;
    uint8_t digest[OL_SHA256_BYTES];
    ol_sha256_of(OL_SLICE_NONE, digest);
    assert_digest(digest, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    ol_sha256_of(OL_SLICE_LIT("abc"), digest);
    assert_digest(digest, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void signs_as_rfc_4231_says(void **state)
{
    (void)state;
    uint8_t secret[131], data[50], out[OL_SHA256_BYTES];
    memset(secret, 0x0b, 20);
    ol_hmac_sha256(ol_slice_of(secret, 20), OL_SLICE_LIT("Hi There"), out);
    assert_digest(out, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    ol_hmac_sha256(OL_SLICE_LIT("Jefe"), OL_SLICE_LIT("what do ya want for nothing?"), out);
    assert_digest(out, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(secret, 0xaa, 20);
    memset(data, 0xdd, sizeof data);
    ol_hmac_sha256(ol_slice_of(secret, 20), ol_slice_of(data, sizeof data), out);
    assert_digest(out, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
    memset(secret, 0xaa, sizeof secret);
    ol_hmac_sha256(ol_slice_of(secret, 100), OL_SLICE_LIT("Hi There"), out); /* python's hmac */
    assert_digest(out, "4e9638590f2780370491dacfd8e20c85600da0ded385d8b4f68b00425d4518f2");
    /* A secret longer than a block is hashed first. */
    memset(secret, 0xaa, sizeof secret);
    ol_hmac_sha256(ol_slice_of(secret, sizeof secret),
                   OL_SLICE_LIT("Test Using Larger Than Block-Size Key - Hash Key First"), out);
    assert_digest(out, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

static void a_prepared_key_signs_many_times(void **state)
{
    (void)state;
    ol_hmac_key key;
    uint8_t out[OL_SHA256_BYTES];
    ol_hmac_key_init(&key, OL_SLICE_LIT("Jefe"));
    for (int i = 0; i < 3; i++) {
        ol_hmac_sign(&key, OL_SLICE_LIT("what do ya want for nothing?"), out);
        assert_digest(out, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digests_known_texts),
        cmocka_unit_test(signs_as_rfc_4231_says),
        cmocka_unit_test(a_prepared_key_signs_many_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
