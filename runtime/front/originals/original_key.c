/* SPDX-License-Identifier: MIT */
/*
 * The content key of an original. Raw keys cost time (RSA, scrypt): they are tried on a thread of their
 * own. A KMS is asked on the loop. What was opened not long ago by raw keys is in the book.
 *
 * The answers to wrong keys, wrong paddings and forgeries are all one, and come at the same point.
 */
#include <openssl/evp.h>

#include "base/alloc.h"
#include "front/keys/key_permission.h"
#include "front/originals/original_private.h"

typedef ol_original_opening opening;

static void next_way(opening *self);

/* ---- what names the version, and how it was encrypted ---- */

static void add(EVP_MD_CTX *md, ol_slice item)
{
    uint64_t len = item.len;
    EVP_DigestUpdate(md, &len, sizeof(len));
    if (item.len > 0)
        EVP_DigestUpdate(md, item.data, item.len);
}

static bool make_digest(opening *self)
{
    const ol_object_info *info = self->info;
    unsigned len = 0;
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    bool good = md && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1;
    if (good) {
        add(md, ol_slice_of(self->rule->digest, sizeof(self->rule->digest)));
        add(md, self->ref.bucket);
        add(md, self->ref.key);
        add(md, self->ref.version);
        add(md, info->etag);
        add(md, ol_slice_of((const uint8_t *)&info->size, sizeof(info->size)));
        add(md, ol_slice_of((const uint8_t *)&info->last_modified_ms,
                            sizeof(info->last_modified_ms)));
        for (size_t i = 0; i < info->header_count; i++)
            if (ol_sealed_is_private_header(info->headers[i].name)) {
                add(md, info->headers[i].name);
                add(md, info->headers[i].value);
            }
        add(md, ol_slice_of(self->first, self->first_have));
        add(md, self->instruction);
        good = EVP_DigestFinal_ex(md, self->note.digest, &len) == 1;
    }
    EVP_MD_CTX_free(md);
    return good;
}

/* ---- the audit ---- */

/* A raw key was used, or none could open it: a line, as for a key of a KMS. `opened` NULL: none. */
static void note_use(const opening *self, const ol_opened *opened, int code, bool cached)
{
    const ol_key_audit_entry entry = {.event = OL_KEY_OPENED,
                                      .code = code,
                                      .use = &self->use,
                                      .key = opened ? opened->key_id : OL_SLICE_NONE,
                                      .request_id = ol_slice_cstr(self->request->id),
                                      .cached = cached};
    ol_key_service_note(self->request->worker->shared->keys, &entry);
}

/* Names are for the audit only: without memory the line goes without. */
static void name_key(opening *self)
{
    if (self->ask.by_key)
        self->opened->key_id = ol_arena_copy(self->opened->arena, self->ask.by_key->id);
}

/* ---- the key is there ---- */

static void settle_tail(opening *self)
{
    ol_error err = {0};
    size_t len = ol_sealed_tail_bytes(self->opened->sealed);
    int rc = ol_sealed_settle_tail(self->opened->sealed, ol_slice_of(self->tail, len), &err);
    if (rc == OL_OK) {
        self->note.verified = true; /* as far as it can be */
        self->note.plain_size = ol_sealed_plain_size(self->opened->sealed);
        ol_original_opened(self);
    } else {
        ol_original_fail(self, &err);
    }
}

static bool needs_tail(const opening *self)
{
    size_t len = ol_sealed_tail_bytes(self->opened->sealed);
    return len > 0 && len <= self->info->size &&
           ol_sealed_plain_size(self->opened->sealed) == UINT64_MAX;
}

/* What is complete now may be known to others from here on. */
static void note_opened(opening *self)
{
    ol_sealed *sealed = self->opened->sealed;
    if (self->note.verified) {
        ol_sealed_set_verified(sealed, self->note.plain_size);
    } else if (ol_sealed_is_chunked(sealed) && ol_sealed_plain_size(sealed) != UINT64_MAX &&
               !self->by_kms) {
        self->note.plain_size = ol_sealed_plain_size(sealed);
        self->note.opened = self->opened;
        ol_opened_book_put(self->request->worker->shared->opened_book, &self->note);
        self->note.opened = NULL;
    }
}

static void take_key(opening *self)
{
    self->opened->sealed = self->ask.sealed;
    self->ask.sealed = NULL;
    if (self->format == OL_SEALED_NONE) /* an instruction file told it */
        self->format = ol_sealed_format_of(self->opened->sealed);
    self->next = settle_tail;
    if (needs_tail(self)) {
        ol_original_read_tail(self, ol_sealed_tail_bytes(self->opened->sealed));
        return;
    }
    note_opened(self);
    ol_original_opened(self);
}

/* ---- permission for a key of a KMS ---- */

/* OL_OK: the key goes by its ARN from here on, where its name had to be looked up. */
static int note_permitted(opening *self)
{
    char *arn = self->key_ask.arn;
    self->key_ask.arn = NULL;
    if (!arn)
        return OL_OK;
    self->ask.permitted = ol_arena_copy(self->opened->arena, ol_slice_cstr(arn));
    ol_free(arn);
    return self->ask.permitted.data ? OL_OK : OL_ENOMEM;
}

static void on_permitted(ol_key_ask *key_ask, const ol_error *err)
{
    opening *self = key_ask->arg;
    ol_error no_memory = {0};
    int rc = note_permitted(self);
    if (!err && rc != OL_OK) {
        ol_error_set(&no_memory, rc, "permission for a key");
        err = &no_memory;
    }
    ol_sealed_permitted(&self->ask, err);
}

static int permit(ol_sealed_ask *ask, const ol_key *key, const ol_context *context, ol_error *err)
{
    opening *self = ask->arg;
    ol_key_user *user = ol_key_user_of(self->request);
    if (!user)
        return ol_error_set(err, OL_ENOMEM, "permission for a key");
    self->key_ask = (ol_key_ask){.decrypt = true,
                                 .key_id = key->id,
                                 .context = context,
                                 .loop = self->request->worker->loop,
                                 .cb = on_permitted,
                                 .arg = self};
    int rc = user->ask(user, &self->key_ask, err);
    if (rc != OL_OK)
        return rc;
    rc = note_permitted(self);
    return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "permission for a key");
}

/* ---- asking ---- */

static bool prepare_use(opening *self)
{
    const ol_request *request = self->request;
    char *object = ol_arena_printf(self->arena, "arn:aws:s3:::%.*s/%.*s",
                                   OL_SLICE_FMT(self->ref.bucket), OL_SLICE_FMT(self->ref.key));
    if (!object)
        return false;
    self->use = (ol_key_use){.who = request->who->arn,
                             .object = ol_slice_cstr(object),
                             .olap = request->target.olap ? request->target.olap->arn
                                                          : OL_SLICE_NONE};
    return true;
}

static void prepare(opening *self)
{
    const ol_request *request = self->request;
    self->ask = (ol_sealed_ask){.loop = request->worker->loop,
                                .by = OL_SEALED_BY_RAW,
                                .arena = self->opened->arena,
                                .keys = self->note.keys,
                                .rules = &self->rule->rules,
                                .headers = self->info->headers,
                                .header_count = self->info->header_count,
                                .instruction = self->instruction,
                                .first = ol_slice_of(self->first, self->first_have),
                                .size = self->info->size,
                                .expected_context = self->rule->has_context ? &self->rule->context
                                                                            : NULL,
                                .attempt = self->attempt,
                                .request_id = ol_slice_cstr(request->id),
                                .use = &self->use,
                                .permit = permit,
                                .arg = self};
}

static void on_kms(ol_sealed_ask *ask, const ol_error *err)
{
    opening *self = ask->arg;
    if (err)
        ol_original_fail(self, err);
    else if (ol_original_is_over(self))
        ol_sealed_release(ask->sealed);
    else
        take_key(self);
}

static void ask_kms(opening *self)
{
    ol_error err = {0};
    self->by_kms = true;
    self->ask.by = OL_SEALED_BY_KMS;
    self->ask.cb = on_kms;
    int rc = ol_sealed_open(&self->ask, &err);
    if (rc == OL_OK)
        take_key(self);
    else if (rc == OL_SKIP)
        ol_original_refuse(self, "no key could open it");
    else if (rc < 0)
        ol_original_fail(self, &err);
}

/* On a thread of the pool. */
static void try_raw_keys(ol_task *task)
{
    opening *self = task->arg;
    self->task_rc = ol_sealed_open(&self->ask, &self->task_err);
}

static void on_raw_keys(ol_task *task)
{
    opening *self = task->arg;
    if (self->task_rc == OL_OK)
        name_key(self);
    if (self->format != OL_SEALED_OPENSSL && self->task_rc != OL_SKIP)
        note_use(self, self->opened, self->task_rc, false);
    if (self->request->gone && self->task_rc == OL_OK)
        ol_sealed_release(self->ask.sealed);
    if (ol_original_is_over(self))
        return;
    if (self->format == OL_SEALED_OPENSSL)
        next_way(self);
    else if (self->task_rc == OL_OK)
        take_key(self);
    else if (self->task_rc == OL_SKIP)
        ask_kms(self);
    else
        ol_original_fail(self, &self->task_err);
}

static void submit(opening *self)
{
    ol_error err = {0};
    self->task_err = err;
    self->task = (ol_task){.work = try_raw_keys,
                           .done = on_raw_keys,
                           .loop = self->request->worker->loop,
                           .arg = self};
    prepare(self);
    int rc = ol_offload_submit(self->request->worker->shared->key_pool, &self->task);
    if (rc == OL_OK)
        return;
    ol_error_set(&err, rc, "too many keys are being tried at once");
    ol_original_fail(self, &err);
}

/* ---- openssl: several ways, and the padding tells ----
 * A wrong way ends in what looks like padding now and then, hardly ever in much of it: the way with the
 * most padding is it. Two that are alike: neither. */

static uint64_t size_of(const ol_opened *opened)
{
    return opened ? ol_sealed_plain_size(opened->sealed) : UINT64_MAX;
}

static void judge_way(opening *self)
{
    ol_error err = {0};
    size_t len = ol_sealed_tail_bytes(self->opened->sealed);
    int rc = ol_sealed_settle_tail(self->opened->sealed, ol_slice_of(self->tail, len), &err);
    uint64_t size = rc == OL_OK ? size_of(self->opened) : UINT64_MAX;
    if (rc == OL_OK && size == size_of(self->best))
        self->tie = true;
    if (rc == OL_OK && size < size_of(self->best)) {
        ol_opened_release(self->best);
        self->best = ol_opened_acquire(self->opened);
        self->tie = false;
    }
    ol_opened *fresh = ol_opened_new();
    ol_opened_release(self->opened);
    self->opened = fresh;
    if (!fresh) {
        ol_error_set(&err, OL_ENOMEM, "opening an original");
        ol_original_fail(self, &err);
        return;
    }
    self->attempt++;
    submit(self);
}

static void end_ways(opening *self)
{
    ol_error err = {0};
    bool found = self->best && !self->tie;
    note_use(self, found ? self->best : NULL, found ? OL_OK : OL_EDECRYPT, false);
    if (!found) {
        ol_error_set(&err, OL_EDECRYPT, NULL);
        ol_original_fail(self, &err);
        return;
    }
    ol_opened_release(self->opened);
    self->opened = self->best;
    self->best = NULL;
    self->note.verified = true;
    self->note.plain_size = size_of(self->opened);
    ol_original_opened(self);
}

static void next_way(opening *self)
{
    if (self->task_rc == OL_OK) {
        self->opened->sealed = self->ask.sealed;
        self->ask.sealed = NULL;
        self->next = judge_way;
        if (needs_tail(self))
            ol_original_read_tail(self, ol_sealed_tail_bytes(self->opened->sealed));
        else
            ol_original_refuse(self, "no ciphertext has this length");
    } else if (self->task_rc == OL_SKIP) {
        end_ways(self);
    } else {
        ol_original_fail(self, &self->task_err);
    }
}

/* ---- beginning ---- */

void ol_original_find_key(opening *self)
{
    const ol_request *request = self->request;
    ol_error err = {0};
    if (!self->opened)
        self->opened = ol_opened_new();
    self->note.keys = request->generation->client_keys[self->rule->index];
    if (!self->opened || !make_digest(self) || !prepare_use(self)) {
        ol_error_set(&err, OL_ENOMEM, "opening an original");
        ol_original_fail(self, &err);
        return;
    }
    ol_opened_book_find(request->worker->shared->opened_book, &self->note);
    if (!self->note.opened) {
        submit(self);
        return;
    }
    ol_opened_release(self->opened);
    self->opened = self->note.opened;
    self->note.opened = NULL;
    note_use(self, self->opened, OL_OK, true);
    ol_original_opened(self);
}
