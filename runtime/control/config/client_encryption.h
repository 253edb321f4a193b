/* SPDX-License-Identifier: MIT */
/*
 * Rules for originals that clients encrypted before they stored them: what of them may be opened for a
 * transform, with which keys, and what becomes of the others. They stand with an origin, a bucket or an
 * Object Lambda access point, or hold for all; the nearest rule counts alone.
 */
#ifndef OL_CONTROL_CLIENT_ENCRYPTION_H
#define OL_CONTROL_CLIENT_ENCRYPTION_H

#include "crypto/content/sealed.h"

/* What becomes of content whose authenticity shows only at its end. */
enum ol_unverified {
    OL_UNVERIFIED_FIRST_PASS, /* it is read twice: verified, then released */
    OL_UNVERIFIED_SPOOL,      /* it waits on disk, encrypted under a key of this process */
    OL_UNVERIFIED_STREAM      /* it is released as it comes; a forgery breaks the body at its end */
};

#define OL_CLIENT_ENCRYPTION_DIGEST_BYTES 32

typedef struct ol_client_encryption {
    ol_sealed_rules rules;
    enum ol_unverified unverified;
    bool instruction_files; /* wrapped keys may lie beside the object */
    bool passes_sealed;     /* what is encrypted in a format that is not allowed is shown as it is */
    bool refuses_plain;     /* what is not encrypted at all is refused */
    bool has_context;
    ol_context context;   /* that is expected */
    const ol_slice *keys; /* names of client keys */
    size_t key_count;
    unsigned index; /* among the configuration's rules */
    uint8_t digest[OL_CLIENT_ENCRYPTION_DIGEST_BYTES]; /* of all of the above */
} ol_client_encryption;

/* What holds where nothing is said: nothing is opened, nothing encrypted is shown to a transform. */
extern const ol_client_encryption ol_client_encryption_none;

#endif
