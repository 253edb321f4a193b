/* SPDX-License-Identifier: MIT */
/*
 * A KMS that answers when the test says so, or at once. Its keys are made of the first byte of what it
 * is given. Thread-safe over loops; each loop's calls are answered by that loop.
 */
#ifndef OL_TESTS_CRYPTO_FAKE_KMS_H
#define OL_TESTS_CRYPTO_FAKE_KMS_H

#include "crypto/keys/secret.h"
#include "crypto/kms/kms.h"

#define FAKE_WAITING_MAX 64

typedef struct fake_kms {
    ol_kms base; /* first */
    bool at_once, next_turn;
    int refusal; /* a code, or OL_OK */
    enum ol_kms_state key_state;
    unsigned asked, made, cancelled, looked; /* atomic */
    ol_kms_call *waiting[FAKE_WAITING_MAX];
    size_t waiting_count;
    ol_post posts[FAKE_WAITING_MAX];
} fake_kms;

static int fake_fill(fake_kms *kms, ol_kms_call *call, ol_error *err)
{
    if (kms->refusal != OL_OK)
        return ol_error_set(err, kms->refusal, "fake");
    call->key_len = 32;
    call->key = ol_secret_alloc(32);
    call->used_key = ol_arena_copy(call->arena, OL_SLICE_LIT("arn:aws:kms:r:a:key/fake"));
    call->key_version = 7;
    call->wrapped = OL_SLICE_LIT("wrapped");
    call->cached = false;
    if (!call->key || !call->used_key.data) {
        ol_secret_free(call->key, 32);
        call->key = NULL;
        return ol_error_set(err, OL_ENOMEM, "fake");
    }
    memset(call->key, call->blob.len > 0 ? call->blob.data[0] : 'w', 32);
    return OL_OK;
}

static void fake_answer(fake_kms *kms, ol_kms_call *call)
{
    ol_error err = {0};
    int rc = fake_fill(kms, call, &err);
    call->cb(call, rc == OL_OK ? NULL : &err);
}

static inline void fake_answer_all(fake_kms *kms)
{
    while (kms->waiting_count > 0)
        fake_answer(kms, kms->waiting[--kms->waiting_count]);
}

static void fake_on_turn(void *arg)
{
    ol_kms_call *call = arg;
    fake_answer(call->private_[1], call);
}

static int fake_take(fake_kms *kms, ol_kms_call *call, ol_error *err)
{
    if (kms->at_once)
        return fake_fill(kms, call, err);
    if (kms->next_turn) {
        ol_post *post = ol_arena_alloc(call->arena, sizeof *post);
        if (!post)
            return ol_error_set(err, OL_ENOMEM, "fake");
        *post = (ol_post){.fn = fake_on_turn, .arg = call};
        call->private_[1] = kms;
        ol_loop_post(call->loop, post);
        return OL_WAIT;
    }
    kms->waiting[kms->waiting_count++] = call;
    return OL_WAIT;
}

static int fake_open(ol_kms *base, ol_kms_call *call, ol_error *err)
{
    fake_kms *kms = (fake_kms *)base;
    __atomic_add_fetch(&kms->asked, 1, __ATOMIC_RELAXED);
    return fake_take(kms, call, err);
}

static int fake_generate(ol_kms *base, ol_kms_call *call, ol_error *err)
{
    fake_kms *kms = (fake_kms *)base;
    __atomic_add_fetch(&kms->made, 1, __ATOMIC_RELAXED);
    return fake_take(kms, call, err);
}

static int fake_state(ol_kms *base, ol_kms_call *call, enum ol_kms_state *state, ol_error *err)
{
    fake_kms *kms = (fake_kms *)base;
    __atomic_add_fetch(&kms->looked, 1, __ATOMIC_RELAXED);
    *state = kms->key_state;
    call->used_key = OL_SLICE_LIT("arn:aws:kms:r:a:key/fake");
    return kms->refusal == OL_OK ? OL_OK : ol_error_set(err, kms->refusal, "fake");
}

static void fake_cancel(ol_kms *base, ol_kms_call *call)
{
    fake_kms *kms = (fake_kms *)base;
    for (size_t i = 0; i < kms->waiting_count; i++)
        if (kms->waiting[i] == call)
            kms->waiting[i] = kms->waiting[--kms->waiting_count];
    kms->cancelled++;
}

static const ol_kms_ops fake_ops = {.name = "fake",
                                    .generate = fake_generate,
                                    .open = fake_open,
                                    .state = fake_state,
                                    .cancel = fake_cancel};

#endif
