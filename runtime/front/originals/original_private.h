/* SPDX-License-Identifier: MIT */
/*
 * The steps of opening an original: original.c looks at the object and decides; original_key.c gets the
 * content key; original_bytes.c reads what these need of the body and of an instruction file.
 */
#ifndef OL_FRONT_ORIGINAL_PRIVATE_H
#define OL_FRONT_ORIGINAL_PRIVATE_H

#include "front/originals/original.h"
#include "front/originals/unsealed.h"
#include "net/offload.h"

#define OL_ORIGINAL_HEADER_BYTES_MAX (1u << 20)

/* In memory of the caller's, until its callback has run. */
typedef struct ol_original_opening {
    ol_request *request;
    ol_arena *arena;
    const ol_client_encryption *rule;
    ol_object_ref ref;
    ol_object_cb cb;
    void *arg;
    ol_object *object;
    const ol_object_info *info;
    /* only of what may be encrypted: */
    enum ol_sealed_format format;
    ol_opened *opened;
    /* the body's first bytes, in heap memory */
    uint8_t *first;
    size_t first_have, first_want, first_room;
    bool seen; /* they were looked at: a format that is not allowed would have been refused */
    /* the last ones */
    uint8_t tail[OL_SEALED_TAIL_BYTES];
    ol_slice instruction;
    ol_object *file; /* the instruction file */
    uint8_t *file_bytes;
    void (*next)(struct ol_original_opening *self); /* when the reading that is under way is done */
    /* the key */
    ol_sealed_ask ask;
    ol_key_use use;
    ol_task task;
    ol_error task_err;
    int task_rc;
    bool by_kms;
    ol_key_ask key_ask; /* whether the caller may use a key of a KMS */
    unsigned attempt;
    ol_opened *best; /* openssl: the way with the most padding so far */
    bool tie;
    ol_opened_note note;
} ol_original_opening;

/* ---- original.c: the ends; each is the last thing done ---- */

void ol_original_fail(ol_original_opening *self, const ol_error *err);
/* In general words for the client; `why` is for the log. */
void ol_original_refuse(ol_original_opening *self, const char *why);
/* Its key is known: `opened`, with its length or not. */
void ol_original_opened(ol_original_opening *self);
/* The client left meanwhile: then the opening has been ended. */
bool ol_original_is_over(ol_original_opening *self);

/* ---- original_bytes.c ---- */

/* first_want bytes, or all there are. Then next. */
void ol_original_read_first(ol_original_opening *self);
/* As many as the format's header takes. Then next. */
void ol_original_read_header(ol_original_opening *self);
void ol_original_read_tail(ol_original_opening *self, size_t len);
/* `instruction`, left empty where there is none. Then next. */
void ol_original_read_instruction(ol_original_opening *self);

/* ---- original_key.c ---- */

/* Ends in ol_original_opened, or in one of the others. */
void ol_original_find_key(ol_original_opening *self);

#endif
