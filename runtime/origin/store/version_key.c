/* SPDX-License-Identifier: MIT */
/* Making and opening data keys: first the user is asked, then the KMS. That is told whose they are: "aws:s3:arn", as S3 does. */
#include "origin/store/version_key.h"

#include <openssl/rand.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "crypto/keys/secret.h"

#define ARENA_BYTES_MAX (64 * OL_KIB)
#define PLACE_BYTES_MAX 2048u

/* Bucket, NUL, key. */
typedef struct place {
    uint8_t bytes[PLACE_BYTES_MAX];
    size_t len;
} place;

static ol_slice place_of(place *p, ol_slice bucket, ol_slice key)
{
    ol_buf out;
    ol_buf_init_fixed(&out, p->bytes, sizeof p->bytes);
    ol_buf_add(&out, bucket);
    ol_buf_add_byte(&out, 0);
    ol_buf_add(&out, key);
    return ol_buf_slice(&out);
}

static int damaged(ol_error *err)
{
    return ol_error_set(err, OL_EORIGIN, "store: the record of an encrypted object is damaged");
}

static int no_memory(ol_error *err)
{
    return ol_error_set(err, OL_ENOMEM, "store: no memory for a data key");
}

static ol_kms *kms_of(const ol_store_options *options, enum ol_sse_mode mode)
{
    return mode == OL_SSE_S3 && options->s3_kms ? options->s3_kms : options->kms;
}

/* ---- what both begin with ---- */

static int begin(ol_version_key *self, const ol_version_place *where, ol_version_key_cb cb,
                 ol_error *err)
{
    *self = (ol_version_key){.options_ = where->options, .user_ = where->user, .cb_ = cb};
    self->call_.loop = where->loop;
    ol_buf_init(&self->record, OL_AT_REST_RECORD_BYTES_MAX);
    if (where->bucket.len + 1 + where->key.len >= PLACE_BYTES_MAX)
        return ol_error_set(err, OL_EKEYTOOLONG, NULL);
    self->arena_ = ol_arena_new(ARENA_BYTES_MAX);
    if (!self->arena_)
        return no_memory(err);
    self->bucket_ = ol_arena_copy(self->arena_, where->bucket);
    self->key_name_ = ol_arena_copy(self->arena_, where->key);
    return self->bucket_.data && self->key_name_.data ? OL_OK : no_memory(err);
}

/* Dual-layer encryption has two keys that know nothing of each other, and one call for both. */
static unsigned layers_of(const ol_version_key *self)
{
    return self->record_.mode == OL_SSE_DSSE ? 2 : 1;
}

/* The object's ARN goes to the audit; it, or its bucket's, into the context. */
static int add_arn(ol_version_key *self, bool of_bucket, ol_error *err)
{
    const char *text = ol_arena_printf(self->arena_, "arn:aws:s3:::%.*s/%.*s",
                                       OL_SLICE_FMT(self->bucket_), OL_SLICE_FMT(self->key_name_));
    if (!text)
        return no_memory(err);
    ol_slice object = ol_slice_cstr(text);
    if (self->user_)
        self->use_ = self->user_->use;
    self->use_.object = object;
    ol_slice bound = ol_slice_first(object, object.len - self->key_name_.len - 1);
    if (ol_context_add(&self->call_.context, OL_SLICE_LIT("aws:s3:arn"),
                       of_bucket ? bound : object) == OL_OK)
        return OL_OK;
    return ol_error_say(err, OL_EINVAL,
                        "The encryption context names another object as aws:s3:arn.");
}

static void on_answer(ol_kms_call *call, const ol_error *err);

/* The call's context: the user's, and where the object stands. */
static int prepare(ol_version_key *self, ol_slice context, bool of_bucket, ol_error *err)
{
    if (context.len > 0) {
        int rc = ol_context_parse(&self->call_.context, context, self->arena_, err);
        if (rc != OL_OK)
            return rc;
    }
    self->call_.arena = self->arena_;
    self->call_.key_bytes = layers_of(self) * OL_DATA_KEY_BYTES;
    self->call_.cb = on_answer;
    self->call_.arg = self;
    self->call_.use = &self->use_;
    if (self->user_)
        self->call_.request_id = self->user_->request_id;
    return add_arn(self, of_bucket, err);
}

/* ---- permission, and the KMS ---- */

/* Taken from what the KMS gave; wiped there. */
static int take(ol_version_key *self, ol_error *err);

static int call_kms(ol_version_key *self, ol_error *err)
{
    ol_kms *kms = kms_of(self->options_, (enum ol_sse_mode)self->record_.mode);
    if (!self->making_ && ol_version_key_recall_(self, kms))
        return OL_OK;
    int rc = self->making_ ? kms->ops->generate(kms, &self->call_, err)
                           : kms->ops->open(kms, &self->call_, err);
    if (rc == OL_WAIT)
        self->kms_ = kms;
    return rc == OL_OK ? take(self, err) : rc;
}

/* The key that was permitted is the one that is used, whatever its alias means by now. */
static int use_asked(ol_version_key *self, ol_error *err)
{
    if (self->ask_.arn)
        self->call_.key_id = ol_arena_copy(self->arena_, ol_slice_cstr(self->ask_.arn));
    ol_free(self->ask_.arn);
    self->ask_.arn = NULL;
    return self->call_.key_id.data || self->call_.key_id.len == 0 ? OL_OK : no_memory(err);
}

/* That it does not open means that what was kept is damaged, not that a client may try another. */
static int judge(const ol_version_key *self, int rc, ol_error *err)
{
    if (self->making_ || rc != OL_EDECRYPT)
        return rc;
    ol_error_clear(err);
    return damaged(err);
}

static void on_permitted(ol_key_ask *ask, const ol_error *failure)
{
    ol_version_key *self = ask->arg;
    ol_error err = ol_error_none();
    self->asks_ = false;
    int rc = failure ? failure->code : use_asked(self, &err);
    if (failure)
        err = *failure;
    if (rc == OL_OK)
        rc = judge(self, call_kms(self, &err), &err);
    if (rc != OL_WAIT)
        self->cb_(self, rc == OL_OK ? NULL : &err);
}

/* Nobody's keys are used on nobody's behalf. */
static int ask_user(ol_version_key *self, ol_error *err)
{
    if (self->record_.mode == OL_SSE_S3)
        return OL_OK;
    if (!self->user_)
        return ol_error_set(err, OL_EACCESS, "store: a master key is used on nobody's behalf");
    self->ask_ = (ol_key_ask){.decrypt = !self->making_,
                              .key_id = self->call_.key_id,
                              .context = &self->call_.context,
                              .loop = self->call_.loop,
                              .cb = on_permitted,
                              .arg = self};
    int rc = self->user_->ask(self->user_, &self->ask_, err);
    self->asks_ = rc == OL_WAIT;
    return rc == OL_OK ? use_asked(self, err) : rc;
}

static int go(ol_version_key *self, ol_error *err)
{
    int rc = ask_user(self, err);
    return rc == OL_OK ? judge(self, call_kms(self, err), err) : rc;
}

/* ---- making ---- */

static int write_record(ol_version_key *self, ol_error *err)
{
    place p;
    int rc = ol_at_rest_record_write(&self->record_, self->key,
                                     place_of(&p, self->bucket_, self->key_name_), &self->record);
    if (rc == OL_ELIMIT)
        return ol_error_say(err, OL_EINVAL, "The encryption context is too long.");
    return rc == OL_OK ? OL_OK : no_memory(err);
}

static int make_of_customer(ol_version_key *self, const uint8_t *customer_key, ol_error *err)
{
    uint8_t wrapped[OL_AT_REST_CUSTOMER_BYTES];
    place p;
    int rc = ol_at_rest_key_new(&self->key, NULL, 1, self->record_.salt, err);
    if (rc == OL_OK)
        rc = ol_at_rest_customer_wrap(customer_key, place_of(&p, self->bucket_, self->key_name_),
                                      self->key, &self->record_, wrapped, err);
    return rc == OL_OK ? write_record(self, err) : rc;
}

/* The KMS has made one. */
static int take_made(ol_version_key *self, ol_error *err)
{
    const ol_kms_call *call = &self->call_;
    int rc = call->key_len == call->key_bytes
                 ? ol_at_rest_key_new(&self->key, call->key, layers_of(self), self->record_.salt, err)
                 : ol_error_set(err, OL_EKMSUNAVAILABLE, "store: a data key of a wrong length");
    self->record_.key_id = call->used_key;
    self->record_.wrapped = call->wrapped;
    return rc == OL_OK ? write_record(self, err) : rc;
}

static int check_mode(ol_kms *kms, const ol_sse *sse, ol_error *err)
{
    if (sse->mode != OL_SSE_C && !kms)
        return ol_error_say(err, OL_ENOTIMPLEMENTED,
                            "There is no key management here: objects can be encrypted with keys "
                            "of the customer's only.");
    if (sse->mode == OL_SSE_C && !sse->customer_key)
        return ol_error_set(err, OL_EINTERNAL, "store: SSE-C without a key");
    return OL_OK;
}

int ol_version_key_make(ol_version_key *self, const ol_version_place *where, const ol_sse *sse,
                        ol_version_key_cb cb, ol_error *err)
{
    const ol_store_options *options = where->options;
    int rc = begin(self, where, cb, err);
    if (rc == OL_OK)
        rc = check_mode(kms_of(options, sse->mode), sse, err);
    if (rc == OL_OK && RAND_bytes(self->record_.salt, OL_AT_REST_SALT_BYTES) != 1)
        rc = ol_error_set(err, OL_EINTERNAL, "store: no random bytes");
    if (rc != OL_OK)
        return rc;
    self->making_ = true;
    self->record_.mode = (uint8_t)sse->mode;
    self->record_.table_signed = sse->mode == OL_SSE_C;
    if (sse->mode == OL_SSE_C)
        return make_of_customer(self, sse->customer_key, err);
    bool is_kms = sse->mode == OL_SSE_KMS || sse->mode == OL_SSE_DSSE;
    self->record_.bucket_key = sse->mode == OL_SSE_KMS && sse->bucket_key;
    ol_slice asked = is_kms             ? sse->kms_key
                     : options->s3_key ? ol_slice_cstr(options->s3_key)
                                       : OL_SLICE_NONE;
    self->call_.key_id = ol_arena_copy(self->arena_, asked);
    if (is_kms)
        self->record_.context = ol_arena_copy(self->arena_, sse->context);
    rc = prepare(self, self->record_.context, self->record_.bucket_key, err);
    return rc == OL_OK ? go(self, err) : rc;
}

/* ---- opening ---- */

static int check_key(ol_at_rest_key **key, const ol_at_rest_record *record, ol_slice where,
                     ol_error *err)
{
    if (ol_at_rest_record_is(record, *key, where))
        return OL_OK;
    ol_at_rest_key_release(*key);
    *key = NULL;
    return damaged(err);
}

int ol_version_key_of_customer(ol_at_rest_key **out, const ol_at_rest_record *record,
                               const uint8_t *customer_key, ol_slice bucket, ol_slice key,
                               ol_error *err)
{
    place p;
    ol_slice where = place_of(&p, bucket, key);
    int rc = ol_at_rest_customer_open(customer_key, where, record, out, err);
    return rc == OL_OK ? check_key(out, record, where, err) : rc;
}

int ol_version_key_unfit(ol_error *err)
{
    return ol_error_say(err, OL_EINVALIDREQUEST,
                        "The multipart upload initiate requested encryption. Subsequent part "
                        "requests must include the appropriate encryption parameters.");
}

int ol_version_key_of_upload(ol_at_rest_key **out, const ol_at_rest_record *record,
                             const uint8_t *customer_key, ol_slice bucket, ol_slice key,
                             ol_error *err)
{
    *out = NULL;
    if ((record->mode == OL_SSE_C) != (customer_key != NULL))
        return ol_version_key_unfit(err);
    if (!customer_key)
        return OL_OK;
    int rc = ol_version_key_of_customer(out, record, customer_key, bucket, key, err);
    if (rc != OL_ESSECWRONG)
        return rc;
    ol_error_clear(err);
    return ol_error_say(err, OL_EINVALIDREQUEST,
                        "The provided encryption parameters did not match the ones used originally.");
}

/* By the newest version of its master key. That it cannot be done is nobody's trouble: the old one
 * opens it. */
static void wrap_anew(ol_version_key *self)
{
    place p;
    ol_error unused = {0};
    ol_kms *kms = kms_of(self->options_, (enum ol_sse_mode)self->record_.mode);
    ol_at_rest_record record = self->record_;
    ol_kms_call call = {.loop = self->call_.loop,
                        .arena = self->arena_,
                        .key_id = self->call_.key_id,
                        .context = self->call_.context,
                        .blob = self->call_.blob,
                        .key_bytes = self->call_.key_bytes,
                        .request_id = self->call_.request_id,
                        .use = self->call_.use};
    if (!kms->ops->rewrap || kms->ops->rewrap(kms, &call, &unused) != OL_OK)
        return;
    record.wrapped = call.wrapped;
    if (ol_at_rest_record_write(&record, self->key,
                                place_of(&p, self->bucket_, self->key_name_),
                                &self->record) != OL_OK)
        ol_buf_clear(&self->record);
}

static int take_opened(ol_version_key *self, ol_error *err)
{
    place p;
    if (self->call_.key_len != self->call_.key_bytes)
        return damaged(err);
    int rc = ol_at_rest_key_new(&self->key, self->call_.key, layers_of(self), self->record_.salt,
                                err);
    if (rc != OL_OK)
        return rc;
    rc = check_key(&self->key, &self->record_, place_of(&p, self->bucket_, self->key_name_), err);
    if (rc == OL_OK && self->call_.stale)
        wrap_anew(self);
    else if (rc == OL_OK)
        ol_version_key_remember_(self);
    return rc;
}

static int take(ol_version_key *self, ol_error *err)
{
    int rc = self->making_ ? take_made(self, err) : take_opened(self, err);
    ol_secret_free(self->call_.key, self->call_.key_len);
    self->call_.key = NULL;
    return rc;
}

static void on_answer(ol_kms_call *call, const ol_error *failure)
{
    ol_version_key *self = call->arg;
    self->kms_ = NULL;
    ol_error err = ol_error_none();
    if (failure) {
        err = *failure;
        judge(self, failure->code, &err);
    } else {
        take(self, &err);
    }
    self->cb_(self, err.code ? &err : NULL);
}

int ol_version_key_open(ol_version_key *self, const ol_version_place *where,
                        const ol_at_rest_record *record, const uint8_t *customer_key,
                        ol_version_key_cb cb, ol_error *err)
{
    bool customer = record->mode == OL_SSE_C;
    int rc = begin(self, where, cb, err);
    if (rc != OL_OK)
        return rc;
    if (customer && !customer_key)
        return ol_error_set(err, OL_ESSECNEEDED, NULL);
    if (!customer && customer_key)
        return ol_error_set(err, OL_ESSECUNWANTED, NULL);
    if (customer)
        return ol_version_key_of_customer(&self->key, record, customer_key, where->bucket,
                                          where->key, err);
    bool dual = record->mode == OL_SSE_DSSE;
    if ((record->mode != OL_SSE_S3 && record->mode != OL_SSE_KMS && !dual) ||
        record->layers != (dual ? 2u : 1u))
        return damaged(err);
    if (!kms_of(where->options, record->mode))
        return ol_error_set(err, OL_EKMSUNAVAILABLE, "store: no KMS for an encrypted object");
    self->record_ = *record;
    self->call_.key_id = record->key_id;
    self->call_.blob = record->wrapped;
    rc = prepare(self, record->context, record->bucket_key, err);
    return rc == OL_OK ? go(self, err) : rc;
}

void ol_version_key_fini(ol_version_key *self)
{
    if (self->asks_)
        self->user_->drop(self->user_, &self->ask_);
    self->asks_ = false;
    if (self->kms_)
        self->kms_->ops->cancel(self->kms_, &self->call_);
    self->kms_ = NULL;
    ol_at_rest_key_release(self->key);
    self->key = NULL;
    ol_buf_fini(&self->record);
    ol_arena_destroy(self->arena_);
    self->arena_ = NULL;
}

/* ---- what is told ---- */

void ol_sse_of_record(const ol_at_rest_record *record, ol_sse *sse)
{
    *sse = (ol_sse){.mode = (enum ol_sse_mode)record->mode, .bucket_key = record->bucket_key};
    if (sse->mode == OL_SSE_KMS || sse->mode == OL_SSE_DSSE)
        sse->kms_key = record->key_id;
}

void ol_sse_tell(const ol_at_rest_record *record, ol_put_result *result)
{
    ol_sse sse;
    ol_sse_of_record(record, &sse);
    result->sse = sse.mode;
    result->sse_bucket_key = sse.bucket_key;
    snprintf(result->sse_key, sizeof result->sse_key, "%.*s", OL_SLICE_FMT(sse.kms_key));
}
