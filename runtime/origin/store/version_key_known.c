/* SPDX-License-Identifier: MIT */
/*
 * Data keys that were opened before. Whoever asks has been asked for permission, and a hit is written
 * into the audit as every use is. A key that could be wrapped anew is not remembered: it is to come
 * to the KMS once more.
 */
#include "origin/store/version_key.h"

static ol_opened_name name_of(const ol_version_key *self)
{
    const ol_at_rest_record *record = &self->record_;
    return (ol_opened_name){
        .record = ol_slice_of(record->signed_.data, record->signed_.len + record->mac_.len),
        .bucket = self->bucket_,
        .object = self->key_name_,
        .key_id = self->call_.key_id};
}

bool ol_version_key_recall_(ol_version_key *self, ol_kms *kms)
{
    ol_opened_keys *opened = self->options_->opened;
    if (!opened)
        return false;
    const ol_opened_name name = name_of(self);
    ol_opened_key found;
    self->epoch_ = ol_opened_keys_epoch(opened);
    if (!ol_opened_keys_find(opened, &name, &found))
        return false;
    self->key = found.key;
    self->call_.used_key = ol_slice_cstr(found.used_key);
    self->call_.key_version = found.version;
    if (kms->ops->again)
        kms->ops->again(kms, &self->call_);
    self->call_.used_key = OL_SLICE_NONE;
    return true;
}

void ol_version_key_remember_(const ol_version_key *self)
{
    const ol_kms_call *call = &self->call_;
    if (!self->options_->opened)
        return;
    const ol_opened_name name = name_of(self);
    ol_opened_keys_add(self->options_->opened, self->epoch_, call->until_ms, &name, self->key,
                       call->used_key, call->key_version);
}
