/* SPDX-License-Identifier: MIT */
/*
 * How fast the decrypting stage is: MB/s of CPU for an object of AES-256-GCM that comes in blocks of
 * 64 KiB and goes to a sink that forgets it. Built with the tests and run by hand, in a Release build:
 * decrypt_speed [SECONDS]. The same figure of OpenSSL: openssl speed -evp aes-256-gcm -decrypt.
 */
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/alloc.h"
#include "crypto/content/sealed_private.h"
#include "crypto/keys/secret.h"
#include "pipeline/pipeline.h"

#define BLOCK_BYTES 65536u
#define BLOCKS 4096u /* a body of 256 MiB */
#define TAG_BYTES 16u

typedef struct body {
    const uint8_t *block;
    const uint8_t *tag;
} body;

static int feed(ol_stage *st, ol_error *err)
{
    const body *all = st->config;
    ol_head head = {.status = 200, .content_length = -1};
    ol_headers_init(&head.headers, ol_stage_arena(st));
    int rc = ol_stage_head(st, &head, err);
    for (unsigned i = 0; rc == OL_OK && i < BLOCKS; i++)
        rc = ol_stage_write(st, ol_slice_of(all[i].block, BLOCK_BYTES), err);
    if (rc == OL_OK)
        rc = ol_stage_write(st, ol_slice_of(all[BLOCKS - 1].tag, TAG_BYTES), err);
    return rc == OL_OK ? ol_stage_finish(st, err) : rc;
}

static void begin(ol_stage *st)
{
    ol_error err = {0};
    if (feed(st, &err) < 0)
        ol_stage_fail(st, &err);
}

static int forget(ol_stage *st, ol_slice in, ol_error *err)
{
    (void)st, (void)in, (void)err;
    return OL_OK;
}

static int take_head(ol_stage *st, ol_head *head, ol_error *err)
{
    (void)st, (void)head, (void)err;
    return OL_OK;
}

static const ol_stage_ops source = {.name = "source", .phase = OL_PHASE_SOURCE, .resume = begin};
static const ol_stage_ops sink = {
    .name = "sink", .phase = OL_PHASE_SINK, .head = take_head, .write = forget};

static void on_done(void *arg, const ol_error *err)
{
    *(int *)arg = err ? err->code : OL_DONE;
}

static double cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Every block is other ciphertext: it depends on where it stands. */
static bool make(body *all, uint8_t *room, ol_sealed *sealed)
{
    static uint8_t plain[BLOCK_BYTES];
    int len;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    bool good = ctx && EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, sealed->key, sealed->iv) == 1;
    for (unsigned i = 0; good && i < BLOCKS; i++) {
        all[i] = (body){room + (size_t)i * BLOCK_BYTES, room + (size_t)BLOCKS * BLOCK_BYTES};
        good = EVP_EncryptUpdate(ctx, room + (size_t)i * BLOCK_BYTES, &len, plain, BLOCK_BYTES) == 1;
    }
    uint8_t *tag = room + (size_t)BLOCKS * BLOCK_BYTES;
    good = good && EVP_EncryptFinal_ex(ctx, tag, &len) == 1 &&
           EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES, tag) == 1;
    EVP_CIPHER_CTX_free(ctx);
    return good;
}

static int decrypt_once(ol_loop *loop, const body *all, const ol_content_config *config)
{
    static const ol_pipeline_ops ops = {.on_done = on_done};
    ol_pipeline *pipeline = NULL;
    ol_error err = {0};
    int done = OL_OK;
    ol_arena *arena = ol_arena_new(1u << 20);
    int rc = arena ? ol_pipeline_new(&pipeline, loop, arena, &ops, &done) : OL_ENOMEM;
    if (rc == OL_OK)
        rc = ol_pipeline_add(pipeline, &source, all, NULL);
    if (rc == OL_OK)
        rc = ol_pipeline_add(pipeline, &ol_content_stage_ops, config, NULL);
    if (rc == OL_OK)
        rc = ol_pipeline_add(pipeline, &sink, NULL, NULL);
    if (rc == OL_OK)
        rc = ol_pipeline_start(pipeline, &err);
    while (rc == OL_OK && done == OL_OK)
        uv_run(ol_loop_uv(loop), UV_RUN_ONCE);
    ol_pipeline_close(pipeline);
    ol_arena_destroy(arena);
    return rc == OL_OK && done == OL_DONE ? OL_OK : OL_EINTERNAL;
}

static ol_sealed *new_object(void)
{
    uint8_t *key = ol_secret_alloc(32);
    ol_sealed *sealed = key ? ol_sealed_new(OL_SEALED_S3_V2, key, 32) : NULL;
    if (!sealed)
        return NULL;
    memset(sealed->iv, 7, 12);
    sealed->iv_len = 12;
    sealed->content = &ol_content_gcm;
    sealed->plain_size = (uint64_t)BLOCKS * BLOCK_BYTES;
    return sealed;
}

int main(int argc, char **argv)
{
    double seconds = argc > 1 ? strtod(argv[1], NULL) : 3;
    static body all[BLOCKS];
    uint8_t *room = malloc((size_t)BLOCKS * BLOCK_BYTES + TAG_BYTES);
    ol_sealed *sealed = new_object();
    ol_loop *loop = NULL;
    ol_content_config config = {.sealed = sealed, .mode = OL_CONTENT_RELEASE};
    if (!room || !sealed || ol_loop_new(&loop, 0) != OL_OK || !make(all, room, sealed))
        return 1;
    double start = cpu_seconds(), spent = 0, bytes = 0;
    while (spent < seconds) {
        if (decrypt_once(loop, all, &config) != OL_OK)
            return 1;
        bytes += (double)BLOCKS * BLOCK_BYTES;
        spent = cpu_seconds() - start;
    }
    printf("%.0f\n", bytes / spent / 1e6);
    ol_sealed_release(sealed);
    ol_loop_stop(loop);
    ol_loop_run(loop);
    ol_loop_destroy(loop);
    free(room);
    return 0;
}
