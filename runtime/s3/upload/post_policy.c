/* SPDX-License-Identifier: MIT */
/*
 * A policy is JSON: an expiration and a list of conditions, {"field": "value"} or
 * [operator, "$field", value]. Every field of the form must be spoken of, but for a few.
 */
#include "s3/upload/post_policy.h"

#include <jansson.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/encode.h"
#include "s3/upload/post_part.h"

#define CONDITIONS_MAX 200

typedef struct condition {
    bool starts_with; /* else equal */
    ol_slice field;   /* without '$' */
    ol_slice value;
} condition;

struct ol_post_policy {
    int64_t expires_ms;
    condition *conditions;
    size_t count;
    uint64_t min, max;
};

static int invalid(ol_error *err, const char *what)
{
    char message[200];
    ol_buf text;
    ol_buf_init_fixed(&text, message, sizeof message);
    ol_buf_addf(&text, "Invalid Policy: %.150s", what);
    return ol_error_custom(err, OL_EINVALIDREQUEST, 400, OL_SLICE_LIT("InvalidPolicyDocument"),
                           ol_buf_slice(&text));
}

static int denied(ol_error *err, const char *what)
{
    return ol_error_say(err, OL_EACCESS, "Invalid according to Policy: %s", what);
}

/* ---- reading ---- */

static int copy_text(json_t *from, ol_arena *arena, ol_slice *out, ol_error *err)
{
    *out = ol_arena_copy(arena, ol_slice_of(json_string_value(from), json_string_length(from)));
    return out->data ? OL_OK : ol_error_set(err, OL_ENOMEM, "policy");
}

static int add_condition(ol_post_policy *policy, bool starts_with, const char *field, json_t *value,
                         ol_arena *arena, ol_error *err)
{
    condition *c = &policy->conditions[policy->count];
    if (!json_is_string(value))
        return invalid(err, "Invalid Simple-Condition: value must be a string.");
    c->starts_with = starts_with;
    c->field = ol_slice_cstr(ol_arena_strdup(arena, field));
    if (!c->field.data)
        return ol_error_set(err, OL_ENOMEM, "policy");
    int rc = copy_text(value, arena, &c->value, err);
    if (rc == OL_OK)
        policy->count++;
    return rc;
}

/* Ranges narrow each other. */
static int add_range(ol_post_policy *policy, json_t *list, ol_error *err)
{
    uint64_t bounds[2];
    if (json_array_size(list) != 3)
        return invalid(err, "Invalid content-length-range: wrong number of arguments.");
    for (size_t i = 0; i < 2; i++) {
        json_t *bound = json_array_get(list, i + 1);
        bool ok = json_is_integer(bound) && json_integer_value(bound) >= 0;
        if (ok)
            bounds[i] = (uint64_t)json_integer_value(bound);
        else if (!json_is_string(bound) ||
                 !ol_slice_u64(ol_slice_of(json_string_value(bound), json_string_length(bound)),
                               &bounds[i]))
            return invalid(err, "Invalid content-length-range: not a number.");
    }
    policy->min = bounds[0] > policy->min ? bounds[0] : policy->min;
    policy->max = bounds[1] < policy->max ? bounds[1] : policy->max;
    return OL_OK;
}

static int read_list(ol_post_policy *policy, json_t *list, ol_arena *arena, ol_error *err)
{
    ol_slice word = ol_slice_cstr(json_string_value(json_array_get(list, 0)));
    if (ol_slice_ieq(word, OL_SLICE_LIT("content-length-range")))
        return add_range(policy, list, err);
    bool starts_with = ol_slice_ieq(word, OL_SLICE_LIT("starts-with"));
    if (!starts_with && !ol_slice_ieq(word, OL_SLICE_LIT("eq")))
        return invalid(err, "Invalid Condition: unknown operation.");
    const char *field = json_string_value(json_array_get(list, 1));
    if (json_array_size(list) != 3 || !field || field[0] != '$' || !field[1])
        return invalid(err, "Invalid Condition: wrong arguments.");
    return add_condition(policy, starts_with, field + 1, json_array_get(list, 2), arena, err);
}

static int read_condition(ol_post_policy *policy, json_t *item, ol_arena *arena, ol_error *err)
{
    if (json_is_array(item))
        return read_list(policy, item, arena, err);
    if (!json_is_object(item))
        return invalid(err, "Invalid Condition: neither an object nor a list.");
    if (json_object_size(item) != 1)
        return invalid(err, "Invalid Simple-Condition: Simple-Conditions must have exactly one "
                            "property specified.");
    void *entry = json_object_iter(item);
    return add_condition(policy, false, json_object_iter_key(entry), json_object_iter_value(entry),
                         arena, err);
}

static int read_conditions(ol_post_policy *policy, json_t *list, ol_arena *arena, ol_error *err)
{
    size_t count = json_array_size(list);
    if (!json_is_array(list))
        return invalid(err, "Policy missing conditions.");
    if (count > CONDITIONS_MAX)
        return invalid(err, "Policy has too many conditions.");
    policy->conditions = ol_arena_calloc(arena, (count + 1) * sizeof *policy->conditions);
    if (!policy->conditions)
        return ol_error_set(err, OL_ENOMEM, "policy");
    int rc = OL_OK;
    for (size_t i = 0; rc == OL_OK && i < count; i++)
        rc = read_condition(policy, json_array_get(list, i), arena, err);
    return rc;
}

static int read_policy(ol_post_policy *policy, json_t *root, ol_arena *arena, ol_error *err)
{
    const char *name;
    json_t *value;
    if (!json_is_object(root))
        return invalid(err, "Invalid JSON.");
    json_object_foreach(root, name, value) {
        if (strcmp(name, "expiration") != 0 && strcmp(name, "conditions") != 0)
            return invalid(err, "Unexpected property.");
    }
    json_t *expiration = json_object_get(root, "expiration");
    if (!expiration)
        return invalid(err, "Policy missing expiration.");
    if (!json_is_string(expiration) ||
        !ol_clock_parse_iso8601(ol_slice_cstr(json_string_value(expiration)), &policy->expires_ms))
        return invalid(err, "Invalid 'expiration' value.");
    return read_conditions(policy, json_object_get(root, "conditions"), arena, err);
}

static json_t *parse_json(ol_slice base64, ol_error *err)
{
    uint8_t *bytes = ol_malloc(base64.len + 1);
    size_t len;
    json_t *root = NULL;
    if (!bytes) {
        ol_error_set(err, OL_ENOMEM, "policy");
        return NULL;
    }
    if (ol_base64_decode(base64, bytes, base64.len + 1, &len) != OL_OK || len == 0)
        invalid(err, "Invalid Base64.");
    else if (!(root = json_loadb((const char *)bytes, len, JSON_REJECT_DUPLICATES, NULL)))
        invalid(err, "Invalid JSON.");
    ol_free(bytes);
    return root;
}

int ol_post_policy_parse(ol_slice base64, ol_arena *arena, ol_post_policy **out, ol_error *err)
{
    ol_error why = {0};
    *out = NULL;
    ol_post_policy *policy = ol_arena_calloc(arena, sizeof *policy);
    if (!policy)
        return ol_error_set(err, OL_ENOMEM, "policy");
    policy->max = UINT64_MAX;
    json_t *root = parse_json(base64, &why);
    int rc = root ? read_policy(policy, root, arena, &why) : why.code;
    json_decref(root);
    if (rc == OL_OK)
        *out = policy;
    else if (err && err->code == OL_OK)
        *err = why;
    return rc;
}

/* ---- checking ---- */

static bool is_named(ol_slice name, const char *wanted)
{
    return ol_slice_ieq(name, ol_slice_cstr(wanted));
}

/* A Content-Type with commas is a list, each item of which must begin so. */
static bool starts_with(const condition *c, ol_slice value)
{
    if (!is_named(c->field, "content-type") || ol_slice_find(value, ',') < 0)
        return ol_slice_starts(value, c->value);
    while (value.len > 0) {
        ptrdiff_t comma = ol_slice_find(value, ',');
        ol_slice item = comma < 0 ? value : ol_slice_first(value, (size_t)comma);
        if (!ol_slice_starts(ol_slice_trim(item), c->value))
            return false;
        value = ol_slice_from(value, item.len + 1);
    }
    return true;
}

static ol_slice form_value(const ol_post_form *form, ol_slice name, ol_slice bucket)
{
    if (is_named(name, "bucket"))
        return bucket;
    for (size_t i = 0; i < ol_post_form_count(form); i++)
        if (ol_slice_ieq(ol_post_form_field(form, i)->name, name))
            return ol_post_form_field(form, i)->value;
    return OL_SLICE_NONE;
}

static bool holds(const condition *c, ol_slice value)
{
    return c->starts_with ? starts_with(c, value) : ol_slice_eq(value, c->value);
}

/* In S3's words: the condition as a list, and nothing of the form. */
static int failed(const condition *c, ol_error *err)
{
    char text[240];
    ol_buf list;
    ol_buf_init_fixed(&list, text, sizeof text);
    ol_buf_addf(&list, "Policy Condition failed: [\"%s\", \"$%.*s\", \"%.*s\"]",
                c->starts_with ? "starts-with" : "eq", OL_SLICE_FMT(ol_slice_first(c->field, 60)),
                OL_SLICE_FMT(ol_slice_first(c->value, 100)));
    return denied(err, ol_buf_cstr(&list));
}

static bool needs_no_condition(ol_slice name)
{
    static const char *const free_fields[] = {"policy", "x-amz-signature", "signature",
                                              "awsaccesskeyid", "file", "bucket"};
    for (size_t i = 0; i < sizeof free_fields / sizeof free_fields[0]; i++)
        if (is_named(name, free_fields[i]))
            return true;
    /* A checksum of the file takes nothing from the signer. */
    return ol_post_is_ignored(name) ||
           ol_slice_ieq(ol_slice_first(name, 15), OL_SLICE_LIT("x-amz-checksum-"));
}

static bool is_spoken_of(const ol_post_policy *policy, ol_slice name)
{
    for (size_t i = 0; i < policy->count; i++)
        if (ol_slice_ieq(policy->conditions[i].field, name))
            return true;
    return false;
}

static int extra(ol_slice name, ol_error *err)
{
    return ol_error_say(err, OL_EACCESS,
                        "Invalid according to Policy: Extra input fields: %.*s",
                        OL_SLICE_FMT(ol_slice_first(name, 100)));
}

int ol_post_policy_check(const ol_post_policy *policy, const ol_post_form *form, ol_slice bucket,
                         int64_t now_ms, ol_error *err)
{
    if (now_ms >= policy->expires_ms)
        return denied(err, "Policy expired.");
    if (!is_spoken_of(policy, OL_SLICE_LIT("bucket")))
        return extra(OL_SLICE_LIT("bucket"), err);
    for (size_t i = 0; i < policy->count; i++) {
        const condition *c = &policy->conditions[i];
        if (!holds(c, form_value(form, c->field, bucket)))
            return failed(c, err);
    }
    for (size_t i = 0; i < ol_post_form_count(form); i++) {
        ol_slice name = ol_post_form_field(form, i)->name;
        if (!needs_no_condition(name) && !is_spoken_of(policy, name))
            return extra(name, err);
    }
    return OL_OK;
}

void ol_post_policy_range(const ol_post_policy *policy, uint64_t *min, uint64_t *max)
{
    *min = policy->min;
    *max = policy->max;
}

int ol_post_policy_check_size(const ol_post_policy *policy, uint64_t size, ol_error *err)
{
    if (size > policy->max)
        return ol_error_set(err, OL_ETOOLARGE, "above content-length-range");
    if (size < policy->min)
        return ol_error_set(err, OL_EPARTTOOSMALL, "below content-length-range");
    return OL_OK;
}
