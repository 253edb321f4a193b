/* SPDX-License-Identifier: MIT */
#include "crypto/kms/kms_asking.h"

#include "crypto/keys/secret.h"

static int ask_next(ol_kms_asking *self, ol_error *err);

/* ---- names ---- */

/* Behind the last '/', or all of it. */
static ol_slice id_of(ol_slice name)
{
    size_t start = name.len;
    while (start > 0 && name.data[start - 1] != '/')
        start--;
    return ol_slice_from(name, start);
}

/* Fields of an ARN count from 0; empty when there are not so many. */
static ol_slice field_of(ol_slice arn, int at)
{
    ptrdiff_t colon = 0;
    for (; at > 0 && colon >= 0; at--) {
        colon = ol_slice_find(arn, ':');
        arn = ol_slice_from(arn, (size_t)colon + 1);
    }
    if (colon < 0)
        return OL_SLICE_NONE;
    colon = ol_slice_find(arn, ':');
    return colon < 0 ? arn : ol_slice_first(arn, (size_t)colon);
}

static bool is_arn(ol_slice name)
{
    return ol_slice_starts(name, OL_SLICE_LIT("arn:"));
}

bool ol_kms_key_may_be(ol_slice configured, ol_slice named)
{
    const ol_slice alias = OL_SLICE_LIT("alias/");
    ol_slice resource = is_arn(configured) ? field_of(configured, 5) : configured;
    if (ol_slice_eq(configured, named) || ol_slice_starts(resource, alias))
        return true;
    if (!ol_slice_eq(id_of(configured), id_of(named)))
        return false;
    bool many_regions = ol_slice_starts(id_of(named), OL_SLICE_LIT("mrk-")) &&
                        ol_slice_eq(field_of(configured, 1), field_of(named, 1)) &&
                        ol_slice_eq(field_of(configured, 4), field_of(named, 4));
    return !is_arn(configured) || !is_arn(named) || many_regions;
}

/* ---- one after the other ---- */

/* Another key may be the right one; that a KMS cannot be asked is not an answer. */
static bool may_be_another(int code)
{
    return code == OL_EDECRYPT || code == OL_EKMSNOTFOUND || code == OL_EACCESS;
}

static int take_answer(ol_kms_asking *self, const ol_error *failure, ol_error *err)
{
    if (!failure) {
        uint8_t *key = self->call_.key;
        self->call_.key = NULL;
        return self->use(self, key, self->call_.key_len, err);
    }
    if (!may_be_another(failure->code)) {
        *err = *failure;
        return failure->code;
    }
    if (self->refusal_.code == OL_OK || self->refusal_.code == OL_EDECRYPT)
        self->refusal_ = *failure;
    return ask_next(self, err);
}

static void tell(ol_kms_asking *self, int rc, const ol_error *err)
{
    if (rc != OL_WAIT)
        self->ask->cb(self->ask, rc == OL_OK ? NULL : err);
}

static void on_key(ol_kms_call *call, const ol_error *failure)
{
    ol_kms_asking *self = call->arg;
    ol_error err = {0};
    self->kms_ = NULL;
    self->ask->private_[0] = NULL;
    tell(self, take_answer(self, failure, &err), &err);
}

static int wait_here(ol_kms_asking *self)
{
    self->ask->private_[0] = (void *)(uintptr_t)&ol_kms_asking_opener;
    self->ask->private_[1] = self;
    return OL_WAIT;
}

static int ask_kms(ol_kms_asking *self, ol_error *err)
{
    ol_sealed_ask *ask = self->ask;
    const ol_key *key = self->key_;
    ol_error failure = {0};
    self->call_ = (ol_kms_call){.loop = ask->loop,
                                .arena = ask->arena,
                                .key_id = ask->permitted.len > 0 ? ask->permitted : key->id,
                                .context = *self->context,
                                .blob = self->blob_,
                                .request_id = ask->request_id,
                                .use = ask->use,
                                .cb = on_key,
                                .arg = self};
    int rc = key->kms->ops->open(key->kms, &self->call_, &failure);
    if (rc != OL_WAIT)
        return take_answer(self, rc == OL_OK ? NULL : &failure, err);
    self->kms_ = key->kms;
    return wait_here(self);
}

/* A key that the caller may not use is not asked; another one may open it. */
static int ask_permission(ol_kms_asking *self, ol_error *err)
{
    ol_sealed_ask *ask = self->ask;
    ol_error refusal = {0};
    ask->permitted = OL_SLICE_NONE;
    int rc = ask->permit ? ask->permit(ask, self->key_, self->context, &refusal) : OL_OK;
    self->permitting_ = rc == OL_WAIT;
    if (rc == OL_WAIT)
        return wait_here(self);
    return rc == OL_OK ? ask_kms(self, err) : take_answer(self, &refusal, err);
}

void ol_sealed_permitted(ol_sealed_ask *ask, const ol_error *refusal)
{
    ol_kms_asking *self = ask->private_[1];
    ol_error err = {0};
    self->permitting_ = false;
    ask->private_[0] = NULL;
    int rc = refusal ? take_answer(self, refusal, &err) : ask_kms(self, &err);
    tell(self, rc, &err);
}

static int ask_next(ol_kms_asking *self, ol_error *err)
{
    self->key_ = self->next(self, &self->blob_);
    if (self->key_)
        return ask_permission(self, err);
    if (self->refusal_.code == OL_OK)
        return ol_sealed_refused(err, "no KMS key is configured that could open it");
    *err = self->refusal_;
    return err->code;
}

int ol_kms_asking_start(ol_kms_asking *self, ol_error *err)
{
    return ask_next(self, err);
}

static void cancel(ol_sealed_ask *ask)
{
    ol_kms_asking *self = ask->private_[1];
    ask->private_[0] = NULL;
    if (self->permitting_ && ask->drop)
        ask->drop(ask);
    self->permitting_ = false;
    if (self->kms_)
        self->kms_->ops->cancel(self->kms_, &self->call_);
    self->kms_ = NULL;
}

const ol_sealed_opener ol_kms_asking_opener = {.cancel = cancel};
