/* SPDX-License-Identifier: MIT */
/*
 * The language, part seven: rules for originals that clients encrypted.
 */
#include "control/config/schema_parts.h"

#define SUFFIX_BYTES_MAX 64

/* In the order of the enums of client_encryption.h. */
static const char *const unverified[] = {
    [OL_UNVERIFIED_FIRST_PASS] = "first-pass",
    [OL_UNVERIFIED_SPOOL] = "spool",
    [OL_UNVERIFIED_STREAM] = "stream",
    NULL,
};
static const char *const commitments[] = {"allow", "require", NULL};
static const char *const ranges[] = {"verified", "unverified", NULL};
static const char *const otherwise[] = {"refuse", "pass", NULL};
static const char *const plain[] = {"accept", "refuse", NULL};

static const ol_field client_encryption_fields[] = {
    {"keys", OL_FIELD_TEXTS, AT(ol_draft_client_encryption, keys)},
    {"formats", OL_FIELD_TEXTS, AT(ol_draft_client_encryption, formats),
     .wrong = ol_name_sealed_format_wrong,
     .fallback = "{ \"s3-v2\", \"s3-v3\", \"aws-encryption-sdk\" }"},
    {"legacy", OL_FIELD_BOOL, AT(ol_draft_client_encryption, legacy), .fallback = "false"},
    {"commitment", OL_FIELD_CHOICE, AT(ol_draft_client_encryption, commitment),
     .choices = commitments, .fallback = "\"allow\""},
    {"context", OL_FIELD_MAP, AT(ol_draft_client_encryption, context)},
    {"unverified", OL_FIELD_CHOICE, AT(ol_draft_client_encryption, unverified),
     .choices = unverified, .fallback = "\"first-pass\""},
    {"ranges", OL_FIELD_CHOICE, AT(ol_draft_client_encryption, ranges), .choices = ranges,
     .fallback = "\"verified\""},
    {"instruction_files", OL_FIELD_BOOL, AT(ol_draft_client_encryption, instruction_files),
     .fallback = "false"},
    {"instruction_suffix", OL_FIELD_TEXT, AT(ol_draft_client_encryption, instruction_suffix),
     .max = SUFFIX_BYTES_MAX, .fallback = "\".instruction\""},
    {"otherwise", OL_FIELD_CHOICE, AT(ol_draft_client_encryption, otherwise),
     .choices = otherwise, .fallback = "\"refuse\""},
    {"plain", OL_FIELD_CHOICE, AT(ol_draft_client_encryption, plain), .choices = plain,
     .fallback = "\"accept\""},
};

static void prepare_client_encryption(const ol_draft *draft, void *item)
{
    (void)draft;
    ((ol_draft_client_encryption *)item)->given = true;
}

const ol_schema ol_schema_client_encryption = {
    .word = "client_encryption",
    .written = "client_encryption { keys = { … }, formats = { … } }",
    .form = OL_FORM_TABLE,
    .once = true,
    .list_offset = offsetof(ol_draft, client_encryption),
    .item_size = sizeof(ol_draft_client_encryption),
    .prepare = prepare_client_encryption,
    FIELDS(client_encryption_fields),
};

static const ol_field spool_fields[] = {
    {"folder", OL_FIELD_FOLDER, AT(ol_draft_spool, folder), .required = true},
    {"bytes", OL_FIELD_SIZE64, AT(ol_draft_spool, bytes), .min = OL_MIB, .max = 1024 * TIB,
     .fallback = "16 GiB"},
    {"object_bytes", OL_FIELD_SIZE64, AT(ol_draft_spool, object_bytes), .max = 1024 * TIB},
};

static void prepare_spool(const ol_draft *draft, void *item)
{
    (void)draft;
    ((ol_draft_spool *)item)->bytes = OL_DRAFT_SPOOL_BYTES;
}

const ol_schema ol_schema_spool = {
    .word = "spool",
    .written = "spool { folder = \"…\", bytes = \"16 GiB\" }",
    .form = OL_FORM_TABLE,
    .once = true,
    .list_offset = offsetof(ol_draft, spool),
    .item_size = sizeof(ol_draft_spool),
    .prepare = prepare_spool,
    FIELDS(spool_fields),
};
