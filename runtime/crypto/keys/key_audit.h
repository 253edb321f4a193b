/* SPDX-License-Identifier: MIT */
/*
 * Who used which key for what: one JSON line for each data key that was made, opened or refused, to a
 * log of its own and to whoever else wants it. No key, no context's value and no wrapped key is ever in
 * it.
 *
 *   {"time":"…","event":"Decrypt","outcome":"ok","who":"arn:…","key":"arn:…:key/…","version":2,
 *    "object":"arn:aws:s3:::bucket/key","olap":"arn:…","request_id":"…","cached":true}
 *
 * `event` is GenerateDataKey, Decrypt, DescribeKey or ReEncrypt; `outcome` is ok, denied (by us or by the KMS) or
 * failed, then with `error`. What is empty is left out. The KMS that audits stands in front of the one
 * that remembers, so that hits are written too. A denial by policy happens before any KMS is asked:
 * whoever decides it calls ol_key_audit_denied.
 */
#ifndef OL_CRYPTO_KEY_AUDIT_H
#define OL_CRYPTO_KEY_AUDIT_H

#include "crypto/kms/kms.h"
#include "observe/log.h"

enum ol_key_event { OL_KEY_MADE, OL_KEY_OPENED, OL_KEY_LOOKED, OL_KEY_REWRAPPED };

/* Where lines go. Both may be missing. */
typedef struct ol_key_audit {
    ol_log *log;
    void (*line)(void *arg, ol_slice line); /* without its end; from any thread, never blocks */
    void *arg;
} ol_key_audit;

/* One line; `code` is OL_OK or the error. Any thread, never blocks. */
typedef struct ol_key_audit_entry {
    enum ol_key_event event;
    int code;
    const ol_key_use *use; /* NULL: nothing known */
    ol_slice key;          /* ARN where it is known, else as it was asked for */
    uint32_t version;      /* 0 = not known */
    ol_slice request_id;
    bool cached;
} ol_key_audit_entry;
void ol_key_audit_write(const ol_key_audit *audit, const ol_key_audit_entry *entry);

/* A KMS that writes a line for each generate and open of `kms`. Both are borrowed and outlive it;
 * `audit` NULL: nothing is written. */
int ol_key_audit_wrap(const ol_key_audit *audit, ol_kms *kms, ol_kms **wrapper, ol_error *err);

/* Refused by policy, before any KMS was asked. */
void ol_key_audit_denied(const ol_key_audit *audit, enum ol_key_event event,
                         const ol_key_use *use, ol_slice key, ol_slice request_id);

#endif
