/* SPDX-License-Identifier: MIT */
#include "access/context.h"

typedef struct row {
    const char *name;
    unsigned traits;
} row;

static const row rows[OL_CONTEXT_KEY_COUNT] = {
#define ROW(id, key_name, key_traits) [OL_CONTEXT_##id] = {key_name, key_traits},
    OL_CONTEXT_KEYS(ROW)
#undef ROW
};

/* "s3-object-lambda:authType" is "s3:authType". */
static bool same_service(ol_slice given, ol_slice service)
{
    if (ol_slice_ieq(given, service))
        return true;
    return ol_slice_eq_cstr(service, "s3") &&
           ol_slice_ieq(given, OL_SLICE_LIT("s3-object-lambda"));
}

static bool same_name(ol_slice given, ol_slice name)
{
    ptrdiff_t a = ol_slice_find(given, ':'), b = ol_slice_find(name, ':');
    return same_service(ol_slice_first(given, (size_t)a), ol_slice_first(name, (size_t)b)) &&
           ol_slice_ieq(ol_slice_from(given, (size_t)a), ol_slice_from(name, (size_t)b));
}

/* "kms:EncryptionContext:NAME", whose NAME may have anything in it. */
static bool find_encryption_context(ol_slice name, enum ol_context_key *key, ol_slice *suffix)
{
    ol_slice stem = OL_SLICE_LIT("kms:EncryptionContext:");
    if (name.len <= stem.len || !ol_slice_ieq(ol_slice_first(name, stem.len), stem))
        return false;
    *key = OL_CONTEXT_KMS_CONTEXT;
    *suffix = ol_slice_from(name, stem.len);
    return true;
}

bool ol_context_key_find(ol_slice name, enum ol_context_key *key, ol_slice *suffix)
{
    if (find_encryption_context(name, key, suffix))
        return true;
    ptrdiff_t slash = ol_slice_find(name, '/');
    ol_slice stem = slash < 0 ? name : ol_slice_first(name, (size_t)slash);
    *suffix = slash < 0 ? OL_SLICE_NONE : ol_slice_from(name, (size_t)slash + 1);
    if (ol_slice_find(stem, ':') < 0)
        return false;
    for (int i = 0; i < OL_CONTEXT_KEY_COUNT; i++) {
        if (!same_name(stem, ol_slice_cstr(rows[i].name)))
            continue;
        *key = (enum ol_context_key)i;
        if (*key == OL_CONTEXT_KMS_CONTEXT) /* its name stands behind a colon */
            return false;
        return (rows[i].traits & OL_CONTEXT_SUFFIX) ? suffix->len > 0 : slash < 0;
    }
    return false;
}

const char *ol_context_key_name(enum ol_context_key key)
{
    return rows[key].name;
}

unsigned ol_context_key_traits(enum ol_context_key key)
{
    return rows[key].traits;
}
