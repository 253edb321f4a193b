/* SPDX-License-Identifier: MIT */
/*
 * Objects that clients encrypted before they sent them: which format, whether it may be opened here,
 * the content key, and how plaintext and ciphertext positions correspond.
 *
 *   recognise   from the object's metadata (and, for formats that have none, its first bytes)
 *   open        asynchronous: reads an instruction file if one is needed, unwraps the content key
 *               (KMS), checks commitment: afterwards everything is known but the content's own tag
 *   content     a stage that decrypts (content_stage.h)
 *
 * Whatever is wrong with keys, tags, padding or names is one error, OL_EDECRYPT, with one text and one
 * timing class; the log's detail may say more only where no oracle can hide (format not allowed,
 * no key of that kind). Sources: AWS S3 Encryption Client and Encryption SDK specifications, rclone
 * crypt, age v1, RFC 9580.
 */
#ifndef OL_CRYPTO_SEALED_H
#define OL_CRYPTO_SEALED_H

#include "crypto/keys/keys.h"
#include "http/headers.h"

enum ol_sealed_format {
    OL_SEALED_NONE = 0,
    OL_SEALED_S3_V1 = 1 << 0,
    OL_SEALED_S3_V2 = 1 << 1,
    OL_SEALED_S3_V3 = 1 << 2,
    OL_SEALED_AWS_SDK = 1 << 3, /* AWS Encryption SDK message */
    OL_SEALED_RCLONE = 1 << 4,
    OL_SEALED_AGE = 1 << 5,
    OL_SEALED_PGP = 1 << 6,
    OL_SEALED_OPENSSL = 1 << 7 /* openssl enc: no authentication, legacy only */
};

/* What may be opened; of an origin, a bucket or an Object Lambda access point. */
typedef struct ol_sealed_rules {
    unsigned formats;        /* enum ol_sealed_format; default: S3_V2 and S3_V3 and AWS_SDK */
    bool legacy;             /* CBC, V1 wraps, AESWrap, kms without context, OAEP-SHA256; default off */
    bool require_commitment; /* only what commits to its key (V3, SDK suites 0478 and 0578) */
    bool ranged;             /* parts of unauthenticated-until-the-end content may be read by CTR/CBC */
    bool unverified_stream;  /* release before the tag was seen; a bad one then breaks the body */
    ol_slice instruction_suffix; /* ".instruction" */
} ol_sealed_rules;

#define OL_SEALED_PEEK_BYTES 64u /* of the first bytes, enough to recognise any format */
#define OL_INSTRUCTION_BYTES_MAX (64u * 1024)

/* From metadata alone: S3_V1…V3 by their markers; two markers: OL_EDECRYPT. */
int ol_sealed_recognise(const ol_header *headers, size_t count, enum ol_sealed_format *format,
                        bool *needs_instruction, ol_error *err);
/* From the first bytes: the formats without metadata. */
enum ol_sealed_format ol_sealed_recognise_bytes(ol_slice first);

typedef struct ol_sealed ol_sealed; /* an opened object: content key in secret memory, counted */

/* Which keys an opening may use. Raw ones cost time (RSA, scrypt) and want a thread of their own, a KMS
 * wants a loop. */
enum ol_sealed_by {
    OL_SEALED_BY_ANY,
    OL_SEALED_BY_RAW, /* never waits; OL_SKIP where only a KMS could open it: ask again, by KMS */
    OL_SEALED_BY_KMS
};

typedef struct ol_sealed_ask {
    ol_loop *loop; /* not needed by raw keys */
    enum ol_sealed_by by;
    ol_arena *arena; /* outlives the ol_sealed */
    const ol_keys *keys;
    const ol_sealed_rules *rules;
    const ol_header *headers; /* x-amz-meta-… of the object, lower case */
    size_t header_count;
    ol_slice instruction; /* the file's JSON; empty = there is none */
    ol_slice first;       /* first bytes of the body: for formats whose header is in the body: as many as
                             ol_sealed_header_bytes asked for */
    uint64_t size;        /* of the ciphertext; UINT64_MAX = not known */
    const ol_context *expected_context; /* the caller's; NULL = any */
    unsigned attempt; /* formats that cannot tell how they were made are tried in several ways: 0, 1, …
                         until open says OL_SKIP. Others take 0 only */
    ol_slice request_id;
    const ol_key_use *use; /* for a KMS's audit; NULL = nothing known */
    /* May the caller use this KMS key? Asked before each use of one, remembered or not; NULL = nobody
     * needs to be asked. OL_OK; OL_WAIT: then ol_sealed_permitted is called once, on a later turn,
     * unless `drop` was; negative: no. */
    int (*permit)(struct ol_sealed_ask *ask, const ol_key *key, const ol_context *context,
                  ol_error *err);
    void (*drop)(struct ol_sealed_ask *ask);
    ol_slice permitted; /* set by it: what the key is called from here on; empty = as before */
    void (*cb)(struct ol_sealed_ask *ask, const ol_error *err);
    void *arg;
    ol_sealed *sealed; /* the answer */
    const ol_key *by_key; /* one of `keys`, if it was a raw one by which it was opened and that is known before
                             the content is read; else NULL */
    void *private_[64];
} ol_sealed_ask;

/* How many of the body's first bytes open needs: 0 for S3_V*; for others `first` may be asked for
 * again with more (OL_WAIT: *bytes more are needed; at most 1 MiB). */
int ol_sealed_header_bytes(enum ol_sealed_format format, ol_slice first, size_t *bytes,
                           ol_error *err);
/* OL_OK: at once. OL_WAIT: cb. Negative: refused, err filled. OL_SKIP: no such attempt. */
int ol_sealed_open(ol_sealed_ask *ask, ol_error *err);
void ol_sealed_cancel(ol_sealed_ask *ask);
/* What `permit` waited for: NULL = yes. */
void ol_sealed_permitted(ol_sealed_ask *ask, const ol_error *err);
void ol_sealed_release(ol_sealed *sealed);

enum ol_sealed_format ol_sealed_format_of(const ol_sealed *sealed);
const char *ol_sealed_format_name(enum ol_sealed_format format);
/* Of the plaintext; UINT64_MAX when only the content can tell (CBC, some SDK messages, PGP). */
uint64_t ol_sealed_plain_size(const ol_sealed *sealed);
/* Is every piece authenticated before it is released (chunked formats)? Otherwise a first pass, a
 * spool, or unverified_stream is needed. */
bool ol_sealed_is_chunked(const ol_sealed *sealed);
/* CBC tells the plaintext's length by its last bytes, and nothing more is there to be verified: how
 * many of them are wanted (0: the format is another one, or its size is not known), and what they say.
 * Before anybody else holds `sealed`. OL_OK or OL_EDECRYPT, OL_ENOMEM. */
#define OL_SEALED_TAIL_BYTES 32u
size_t ol_sealed_tail_bytes(const ol_sealed *sealed);
int ol_sealed_settle_tail(ol_sealed *sealed, ol_slice tail, ol_error *err);
/* The whole of this version was found authentic, and so long: parts of it may be read from now on,
 * whatever the rules say, where its format has a way. Before anybody else holds `sealed`. */
void ol_sealed_set_verified(ol_sealed *sealed, uint64_t plain_size);
/* The ciphertext span that a plaintext range needs. OL_ENOTIMPLEMENTED where the format or the rules do
 * not allow parts. */
typedef struct ol_sealed_span {
    uint64_t start, length; /* of ciphertext */
    uint64_t plain_start;   /* where the plaintext that comes out begins */
} ol_sealed_span;
int ol_sealed_range(const ol_sealed *sealed, uint64_t start, uint64_t length, ol_sealed_span *span);
/* The object's headers without all that belongs to the encryption. */
bool ol_sealed_is_private_header(ol_slice name);

#endif
