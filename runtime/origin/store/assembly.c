/* SPDX-License-Identifier: MIT */
/*
 * The rules of CompleteMultipartUpload. Of several faults the first in this order is told:
 * a part that is not there or is another one, a wrong checksum of the whole, a list without the
 * checksums that a composite upload promised, a part that is too small, a wrong size.
 */
#include "origin/store/assembly.h"

#include <stdio.h>

#include "base/encode.h"

#define MD5_BYTES 16

/* ---- the client's list ---- */

/* As clients write it: with or without quotes, in either case. */
static void take_etag(ol_slice etag, char out[33])
{
    if (etag.len >= 2 && etag.data[0] == '"' && etag.data[etag.len - 1] == '"')
        etag = ol_slice_of(etag.data + 1, etag.len - 2);
    uint8_t digest[MD5_BYTES];
    size_t len;
    out[0] = '\0';
    if (etag.len == 2 * MD5_BYTES &&
        ol_hex_decode(etag, digest, sizeof digest, &len) == OL_OK)
        ol_hex_encode(digest, sizeof digest, out);
}

int ol_assembly_take_list(ol_assembly *a, const ol_complete_request *req, ol_wanted_part *parts,
                          ol_error *err)
{
    if (req->part_count == 0)
        return ol_error_say(err, OL_EMALFORMEDXML, "You must specify at least one part");
    a->parts = parts;
    a->count = (uint32_t)req->part_count;
    a->claimed = req->checksum;
    a->size = req->size;
    for (size_t i = 0; i < req->part_count; i++) {
        const ol_part *from = &req->parts[i];
        if (from->number < 1 || from->number > OL_PARTS_MAX)
            return ol_error_set(err, OL_EINVALIDPART, NULL);
        if (i > 0 && from->number <= from[-1].number)
            return ol_error_set(err, OL_EINVALIDPARTORDER, NULL);
        parts[i].number = from->number;
        parts[i].checksum = from->checksum;
        take_etag(from->etag, parts[i].etag);
    }
    return OL_OK;
}

/* ---- part by part ---- */

static int trouble(int result, ol_error *err)
{
    return ol_error_set(err, result, "store: cannot compute the checksum of an upload");
}

/* An upload that named no algorithm gets the checksum that its parts allow: over the whole if
 * that can be had. */
static int begin_sums(ol_assembly *a, const char *name, ol_error *err)
{
    enum ol_checksum_kind kind;
    a->summing = ol_checksum_of_name(ol_slice_cstr(name), &kind);
    if (!a->summing)
        return OL_OK;
    bool named = a->checksum_name[0] != '\0';
    bool composite = named ? a->checksum_composite : !ol_checksum_may_be(kind, false);
    int result = ol_checksum_parts_init(&a->sums, kind, composite);
    return result == OL_OK ? OL_OK : trouble(result, err);
}

int ol_assembly_begin(ol_assembly *a, ol_slice checksum_name, bool composite, ol_error *err)
{
    if (checksum_name.len > 0 && checksum_name.len < sizeof a->checksum_name)
        memcpy(a->checksum_name, checksum_name.data, checksum_name.len);
    a->checksum_composite = composite;
    a->sums_given = true;
    a->etags = EVP_MD_CTX_new();
    if (!a->etags)
        return ol_error_set(err, OL_ENOMEM, "store: no memory for a digest");
    if (EVP_DigestInit_ex2(a->etags, a->md5, NULL) != 1)
        return trouble(OL_EINTERNAL, err);
    return OL_OK;
}

static void stop_sums(ol_assembly *a)
{
    if (a->summing)
        ol_checksum_parts_fini(&a->sums);
    a->summing = false;
}

static int add_sum(ol_assembly *a, const ol_stored_part *part, ol_error *err)
{
    if (a->next == 0) {
        int result = begin_sums(a, part->checksum.name, err);
        if (result != OL_OK)
            return result;
    }
    if (!a->summing)
        return OL_OK;
    uint8_t value[OL_CHECKSUM_BYTES_MAX];
    bool same = strcmp(part->checksum.name, ol_checksum_name(a->sums.kind)) == 0 &&
                ol_checksum_parse(a->sums.kind, ol_slice_cstr(part->checksum.text), value);
    if (!same) {
        stop_sums(a);
        return OL_OK;
    }
    int result = ol_checksum_parts_add(&a->sums, value, part->size);
    return result == OL_OK ? OL_OK : trouble(result, err);
}

/* What the client says of the part. */
static int check_claims(ol_assembly *a, const ol_wanted_part *want, const ol_stored_part *part,
                        ol_error *err)
{
    if (!ol_slice_eq_cstr(part->etag, want->etag))
        return ol_error_set(err, OL_EINVALIDPART, NULL);
    const ol_object_checksum *claim = &want->checksum;
    if (claim->text[0] == '\0') {
        a->sums_given = false;
        return OL_OK;
    }
    bool same = strcmp(claim->text, part->checksum.text) == 0 &&
                (claim->name[0] == '\0' || strcmp(claim->name, part->checksum.name) == 0);
    return same ? OL_OK : ol_error_set(err, OL_EINVALIDPART, NULL);
}

int ol_assembly_add(ol_assembly *a, const ol_stored_part *part, ol_error *err)
{
    const ol_wanted_part *want = a->next < a->count ? &a->parts[a->next] : NULL;
    if (!want || part->number < want->number)
        return OL_SKIP;
    if (part->number > want->number)
        return ol_error_set(err, OL_EINVALIDPART, NULL);
    int result = check_claims(a, want, part, err);
    if (result == OL_OK)
        result = add_sum(a, part, err);
    if (result != OL_OK)
        return result;
    uint8_t digest[MD5_BYTES];
    size_t len;
    if (ol_hex_decode(part->etag, digest, sizeof digest, &len) != OL_OK ||
        EVP_DigestUpdate(a->etags, digest, sizeof digest) != 1)
        return trouble(OL_EINTERNAL, err);
    a->next++;
    a->total += part->size;
    if (part->size < OL_PART_BYTES_MIN && a->next < a->count)
        a->too_small = true;
    return OL_OK;
}

/* ---- the whole ---- */

static int end_sums(ol_assembly *a, ol_error *err)
{
    ol_object_checksum *sum = &a->result->checksum;
    *sum = (ol_object_checksum){.composite = false};
    if (a->summing) {
        snprintf(sum->name, sizeof sum->name, "%s", ol_checksum_name(a->sums.kind));
        sum->composite = a->sums.composite;
        int result = ol_checksum_parts_final(&a->sums, sum->text);
        if (result != OL_OK)
            return trouble(result, err);
    }
    const ol_object_checksum *claim = &a->claimed;
    bool same = strcmp(claim->text, sum->text) == 0 &&
                (claim->name[0] == '\0' || strcmp(claim->name, sum->name) == 0);
    if (claim->text[0] != '\0' && !same)
        return ol_error_set(err, OL_EBADDIGEST, NULL);
    return OL_OK;
}

static int check_whole(const ol_assembly *a, ol_error *err)
{
    if (a->checksum_name[0] != '\0' && a->checksum_composite && !a->sums_given)
        return ol_error_say(err, OL_EINVALIDREQUEST,
                            "The upload was created using a %s checksum. The complete request must "
                            "include the checksum for each part.",
                            a->checksum_name);
    if (a->too_small)
        return ol_error_set(err, OL_EPARTTOOSMALL, NULL);
    if (a->total > OL_OBJECT_BYTES_MAX)
        return ol_error_set(err, OL_ETOOLARGE, NULL);
    if (a->size >= 0 && (uint64_t)a->size != a->total)
        return ol_error_say(err, OL_EINVALIDREQUEST,
                            "The size of the object is not what x-amz-mp-object-size says.");
    return OL_OK;
}

int ol_assembly_end(ol_assembly *a, ol_error *err)
{
    if (a->next < a->count)
        return ol_error_set(err, OL_EINVALIDPART, NULL);
    int result = end_sums(a, err);
    if (result == OL_OK)
        result = check_whole(a, err);
    if (result != OL_OK)
        return result;
    uint8_t digest[MD5_BYTES];
    if (EVP_DigestFinal_ex(a->etags, digest, NULL) != 1)
        return trouble(OL_EINTERNAL, err);
    ol_hex_encode(digest, sizeof digest, a->result->etag);
    snprintf(a->result->etag + 2 * MD5_BYTES, OL_ETAG_SIZE - 2 * MD5_BYTES, "-%u", a->count);
    return OL_OK;
}

void ol_assembly_fini(ol_assembly *a)
{
    stop_sums(a);
    EVP_MD_CTX_free(a->etags);
    a->etags = NULL;
}
