/* SPDX-License-Identifier: MIT */
/* Answers of the KMS JSON API. Input: one byte that chooses (verb, and whether it is a refusal), then
 * the text. */
#include <assert.h>
#include <stdlib.h>

#include "crypto/keys/secret.h"
#include "crypto/kms/kms_aws_answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_answer(const ol_kms_aws_asked *asked, ol_span text)
{
    ol_kms_given given;
    enum ol_kms_state state = OL_KMS_MISSING;
    ol_error err = {0};
    int rc = ol_kms_aws_answer_read(asked, text, &given, &state, &err);
    assert(rc == err.code && rc <= 0);
    assert((given.key != NULL) == (rc == OL_OK && asked->verb != OL_KMS_STATE));
    assert(rc != OL_OK || ol_kms_aws_is_key(asked->key_id, given.used_key));
    ol_secret_free(given.key, given.key_len);
}

static void try_refusal(const ol_kms_aws_asked *asked, ol_slice text)
{
    ol_error err = {0};
    bool again;
    int rc = ol_kms_aws_refusal_read(asked, 400, text, text, &again, &err);
    assert(rc < 0 && rc == err.code);
    for (const char *c = err.message; *c; c++)
        assert((unsigned char)*c >= ' ');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    ol_arena *arena = ol_arena_new(1 << 20);
    const ol_kms_aws_asked asked = {.verb = (enum ol_kms_verb)(data[0] % 3),
                                    .key_id = data[0] & 64 ? OL_SLICE_LIT("a") : OL_SLICE_NONE,
                                    .name = "fuzz",
                                    .arena = arena};
    uint8_t *copy = malloc(size); /* at least one byte */
    memcpy(copy, data + 1, size - 1);
    if (data[0] & 128)
        try_refusal(&asked, ol_slice_of(copy, size - 1));
    else
        try_answer(&asked, (ol_span){copy, size - 1});
    free(copy);
    ol_arena_destroy(arena);
    return 0;
}
