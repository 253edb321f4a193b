/* SPDX-License-Identifier: MIT */
/* Counts, digests, passes on; judges at the end. */
#include "s3/upload/upload_verify.h"

#include <stdio.h>

typedef struct verify {
    ol_checksum sums[OL_PROMISES_MAX + 1]; /* one for each kind that is promised or wanted */
    size_t sum_count;
    uint64_t bytes;
} verify;

/* Two promises about one digest (x-amz-content-sha256, x-amz-checksum-sha256) share it. */
static ol_checksum *find_sum(verify *self, enum ol_checksum_kind kind)
{
    for (size_t i = 0; i < self->sum_count; i++)
        if (self->sums[i].kind == kind)
            return &self->sums[i];
    return NULL;
}

static void drop_sums(verify *self)
{
    for (size_t i = 0; i < self->sum_count; i++)
        ol_checksum_fini(&self->sums[i]);
    self->sum_count = 0;
}

static int add_sum(verify *self, enum ol_checksum_kind kind, ol_error *err)
{
    if (find_sum(self, kind))
        return OL_OK;
    int rc = ol_checksum_init(&self->sums[self->sum_count], kind);
    if (rc != OL_OK) {
        drop_sums(self);
        return ol_error_set(err, rc, "%s is not available", ol_checksum_name(kind));
    }
    self->sum_count++;
    return OL_OK;
}

static int open_stage(ol_stage *st, ol_error *err)
{
    const ol_upload_verify_config *config = st->config;
    verify *self = st->state;
    int rc = OL_OK;
    for (size_t i = 0; rc == OL_OK && i < config->promise_count; i++)
        rc = add_sum(self, config->promises[i].checksum, err);
    if (rc == OL_OK && config->sum)
        rc = add_sum(self, config->sum_kind, err);
    return rc;
}

static int take(ol_stage *st, ol_slice in, ol_error *err)
{
    const ol_upload_verify_config *config = st->config;
    verify *self = st->state;
    self->bytes += in.len;
    if (config->length >= 0 && self->bytes > (uint64_t)config->length)
        return ol_error_set(err, OL_EINCOMPLETEBODY, "more bytes than announced");
    if (self->bytes > config->bytes_max)
        return ol_error_set(err, OL_ETOOLARGE, "more than %llu bytes",
                            (unsigned long long)config->bytes_max);
    for (size_t i = 0; i < self->sum_count; i++) {
        int rc = ol_checksum_update(&self->sums[i], in);
        if (rc != OL_OK)
            return ol_error_set(err, rc, "%s failed", ol_checksum_name(self->sums[i].kind));
    }
    return ol_stage_write(st, in, err);
}

static int reserve(ol_stage *st, ol_span *span)
{
    return ol_stage_reserve(st, span);
}

static int broken(const ol_promise *promise, ol_error *err)
{
    switch (promise->kind) {
    case OL_PROMISE_PAYLOAD_SHA256:
        return ol_error_set(err, OL_ESHA256MISMATCH, NULL);
    case OL_PROMISE_CONTENT_MD5:
        return ol_error_say(err, OL_EBADDIGEST,
                            "The Content-MD5 you specified did not match what we received.");
    default:
        return ol_error_say(err, OL_EBADDIGEST,
                            "The %s you specified did not match the calculated checksum.",
                            ol_checksum_name(promise->checksum));
    }
}

/* `value` is the digest of what came. */
static int judge(const ol_promise *promise, const uint8_t *value, size_t len, ol_error *err)
{
    uint8_t parsed[OL_CHECKSUM_BYTES_MAX];
    const uint8_t *wanted = promise->value;
    if (promise->text) {
        if (!ol_checksum_parse(promise->checksum, ol_slice_cstr(promise->text), parsed))
            return ol_error_say(err, OL_EINVALIDREQUEST,
                                "Value for %s trailing header is invalid.",
                                ol_checksum_header(promise->checksum));
        wanted = parsed;
    }
    return memcmp(wanted, value, len) == 0 ? OL_OK : broken(promise, err);
}

static void keep(const ol_upload_verify_config *config, const uint8_t *value, size_t len)
{
    char text[OL_CHECKSUM_TEXT_SIZE];
    *config->sum = (ol_object_checksum){0};
    ol_checksum_text(value, len, text);
    snprintf(config->sum->name, sizeof config->sum->name, "%s", ol_checksum_name(config->sum_kind));
    snprintf(config->sum->text, sizeof config->sum->text, "%s", text);
}

static int judge_all(const ol_upload_verify_config *config, ol_checksum *sum, ol_error *err)
{
    uint8_t value[OL_CHECKSUM_BYTES_MAX];
    size_t len;
    int rc = ol_checksum_final(sum, value, &len);
    if (rc != OL_OK)
        return ol_error_set(err, rc, "%s failed", ol_checksum_name(sum->kind));
    for (size_t i = 0; i < config->promise_count && rc == OL_OK; i++)
        if (config->promises[i].checksum == sum->kind)
            rc = judge(&config->promises[i], value, len, err);
    if (rc == OL_OK && config->sum && config->sum_kind == sum->kind)
        keep(config, value, len);
    return rc;
}

static int finish(ol_stage *st, ol_error *err)
{
    const ol_upload_verify_config *config = st->config;
    verify *self = st->state;
    if (config->length >= 0 && self->bytes != (uint64_t)config->length)
        return ol_error_set(err, OL_EINCOMPLETEBODY, "%llu of %lld bytes",
                            (unsigned long long)self->bytes, (long long)config->length);
    for (size_t i = 0; i < self->sum_count; i++) {
        int rc = judge_all(config, &self->sums[i], err);
        if (rc != OL_OK)
            return rc;
    }
    return ol_stage_finish(st, err);
}

static void close_stage(ol_stage *st)
{
    drop_sums(st->state);
}

const ol_stage_ops ol_upload_verify_ops = {
    .name = "verify",
    .phase = OL_PHASE_VERIFY,
    .state_size = sizeof(verify),
    .open = open_stage,
    .write = take,
    .finish = finish,
    .reserve = reserve,
    .close = close_stage,
};
