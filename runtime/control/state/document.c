/* SPDX-License-Identifier: MIT */
#include "control/state/document.h"

#include <jansson.h>
#include <pthread.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/encode.h"
#include "control/config/features.h"
#include "control/config/names.h"
#include "control/state/realm.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void use_our_heap(void)
{
    json_set_alloc_funcs(ol_malloc, ol_free);
}

static void prepare(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, use_our_heap);
}

/* ---- shapes ---- */

typedef bool (*shape_fn)(const json_t *value);

typedef struct shape_field {
    const char *key;
    shape_fn fits;
    bool required;
} shape_field;

static ol_slice text_of(const json_t *value)
{
    return ol_slice_of(json_string_value(value), json_string_length(value));
}

static bool is_text(const json_t *value)
{
    return json_is_string(value) && !memchr(text_of(value).data, '\0', text_of(value).len);
}

static bool is_account(const json_t *value)
{
    return is_text(value) && !ol_name_account_wrong(text_of(value));
}

static bool is_bucket(const json_t *value)
{
    return is_text(value) && !ol_name_bucket_wrong(text_of(value));
}

static bool is_vpc(const json_t *value)
{
    return is_text(value) && !ol_name_vpc_wrong(text_of(value));
}

static bool is_flag(const json_t *value)
{
    return json_is_boolean(value);
}

static bool is_time(const json_t *value)
{
    return json_is_integer(value) && json_integer_value(value) >= 0;
}

static bool is_ownership(const json_t *value)
{
    enum ol_ownership ownership;
    return is_text(value) &&
           (text_of(value).len == 0 || ol_ownership_from_name(text_of(value), &ownership));
}

static bool fits(const json_t *value, const shape_field *fields, size_t count)
{
    size_t known = 0;
    if (!json_is_object(value))
        return false;
    for (size_t i = 0; i < count; i++) {
        const json_t *field = json_object_get(value, fields[i].key);
        if (field ? !fields[i].fits(field) : fields[i].required)
            return false;
        known += field != NULL;
    }
    return known == json_object_size(value);
}

static bool is_block(const json_t *value)
{
    static const shape_field fields[] = {
        {"block_public_acls", is_flag, true},
        {"ignore_public_acls", is_flag, true},
        {"block_public_policy", is_flag, true},
        {"restrict_public_buckets", is_flag, true},
    };
    return fits(value, fields, COUNT(fields));
}

static bool is_block_or_null(const json_t *value)
{
    return json_is_null(value) || is_block(value);
}

static bool is_list(const json_t *value, shape_fn item, size_t least, size_t most)
{
    if (!json_is_array(value) || json_array_size(value) < least || json_array_size(value) > most)
        return false;
    for (size_t i = 0; i < json_array_size(value); i++)
        if (!item(json_array_get(value, i)))
            return false;
    return true;
}

static bool is_prefixes(const json_t *value)
{
    return is_list(value, is_text, 1, OL_CONTROL_SCOPE_PREFIXES_MAX);
}

static bool is_action(const json_t *value)
{
    enum ol_realm_action action;
    return is_text(value) && ol_realm_action_parse(text_of(value), &action);
}

static bool is_actions(const json_t *value)
{
    return is_list(value, is_action, 1, OL_ACTIONS);
}

static bool is_feature(const json_t *value)
{
    unsigned feature;
    return is_text(value) && ol_feature_parse(text_of(value), &feature);
}

static bool is_features(const json_t *value)
{
    return is_list(value, is_feature, 1, OL_FEATURES);
}

static bool is_function(const json_t *value)
{
    ol_function_name name;
    return is_text(value) && text_of(value).len <= OL_CONTROL_FUNCTION_BYTES_MAX &&
           ol_function_name_parse(text_of(value), &name);
}

static bool is_view(const json_t *value)
{
    static const shape_field fields[] = {
        {"actions", is_actions, true},
        {"function", is_function, true},
        {"payload", is_text, false},
    };
    return fits(value, fields, COUNT(fields));
}

static bool is_views(const json_t *value)
{
    return is_list(value, is_view, 1, OL_CONTROL_TRANSFORMATIONS_MAX);
}

/* ---- sections ---- */

static const shape_field account_fields[] = {
    {"public_access_block", is_block, true},
};

static const shape_field bucket_fields[] = {
    {"owner", is_account, false},
    {"policy", is_text, false},
    {"binds_root", is_flag, false},
    {"cors", is_text, false},
    {"acl", is_text, false},
    {"tags", is_text, false},
    {"ownership", is_ownership, false},
    {"encryption", is_text, false},
    {"public_access_block", is_block_or_null, false},
};

static const shape_field access_point_fields[] = {
    {"bucket", is_bucket, true},
    {"bucket_account", is_account, false},
    {"vpc", is_vpc, false},
    {"prefixes", is_prefixes, false},
    {"public_access_block", is_block, true},
    {"policy", is_text, false},
    {"created_ms", is_time, true},
};

static const shape_field olap_fields[] = {
    {"supporting", is_text, true},
    {"views", is_views, true},
    {"features", is_features, false},
    {"metrics", is_flag, false},
    {"policy", is_text, false},
    {"created_ms", is_time, true},
};

static bool is_account_key(ol_slice key)
{
    return !ol_name_account_wrong(key);
}

static bool is_bucket_key(ol_slice key)
{
    return !ol_name_bucket_wrong(key);
}

static bool is_door_key(ol_slice key)
{
    return key.len > 13 && key.data[12] == '/' &&
           !ol_name_account_wrong(ol_slice_first(key, 12)) &&
           ol_access_point_name_ok(ol_slice_from(key, 13), false);
}

static const struct section {
    const char *name;
    bool (*key_fits)(ol_slice key);
    const shape_field *fields;
    size_t field_count;
} sections[] = {
    {OL_DOCUMENT_ACCOUNTS, is_account_key, account_fields, COUNT(account_fields)},
    {OL_DOCUMENT_BUCKETS, is_bucket_key, bucket_fields, COUNT(bucket_fields)},
    {OL_DOCUMENT_ACCESS_POINTS, is_door_key, access_point_fields, COUNT(access_point_fields)},
    {OL_DOCUMENT_OLAPS, is_door_key, olap_fields, COUNT(olap_fields)},
};

static int check_section(const json_t *value, const struct section *section, ol_error *err)
{
    if (!json_is_object(value))
        return ol_error_set(err, OL_ECONFIG, "\"%s\" is missing", section->name);
    for (void *at = json_object_iter((json_t *)(uintptr_t)value); at;
         at = json_object_iter_next((json_t *)(uintptr_t)value, at)) {
        const char *key = json_object_iter_key(at);
        if (!section->key_fits(ol_slice_cstr(key)))
            return ol_error_set(err, OL_ECONFIG, "\"%s\" holds a name that is none",
                                section->name);
        if (!fits(json_object_iter_value(at), section->fields, section->field_count))
            return ol_error_set(err, OL_ECONFIG, "\"%s\": \"%.100s\" is not as it must be",
                                section->name, key);
    }
    return OL_OK;
}

static int check(const json_t *document, ol_error *err)
{
    const json_t *version = json_object_get(document, "version");
    if (!json_is_object(document) || !json_is_integer(version))
        return ol_error_set(err, OL_ECONFIG, "it has no version");
    if (json_integer_value(version) != OL_DOCUMENT_VERSION)
        return ol_error_set(err, OL_ECONFIG, "it is of version %lld; this program knows %d",
                            (long long)json_integer_value(version), OL_DOCUMENT_VERSION);
    for (size_t i = 0; i < COUNT(sections); i++) {
        int rc = check_section(json_object_get(document, sections[i].name), &sections[i], err);
        if (rc != OL_OK)
            return rc;
    }
    if (json_object_size(document) != COUNT(sections) + 1)
        return ol_error_set(err, OL_ECONFIG, "it has a section that this program does not know");
    return OL_OK;
}

/* ---- life ---- */

ol_document *ol_document_new(void)
{
    prepare();
    json_t *document = json_object();
    bool ok = document &&
              json_object_set_new(document, "version", json_integer(OL_DOCUMENT_VERSION)) == 0;
    for (size_t i = 0; ok && i < COUNT(sections); i++)
        ok = json_object_set_new(document, sections[i].name, json_object()) == 0;
    if (ok)
        return document;
    json_decref(document);
    return NULL;
}

/* What could not be copied for want of memory is missing in a deep copy, without a word: so the
 * result is compared. */
ol_document *ol_document_copy(const ol_document *document)
{
    json_t *copy = json_deep_copy(document);
    if (copy && json_equal(copy, document))
        return copy;
    json_decref(copy);
    return NULL;
}

bool ol_document_same(const ol_document *a, const ol_document *b)
{
    return json_equal(a, b);
}

int ol_document_parse(ol_slice text, ol_document **document, ol_error *err)
{
    json_error_t where;
    prepare();
    json_t *parsed = json_loadb((const char *)text.data, text.len, JSON_REJECT_DUPLICATES, &where);
    if (!parsed && json_error_code(&where) == json_error_out_of_memory)
        return ol_error_set(err, OL_ENOMEM, "reading the control state");
    if (!parsed)
        return ol_error_set(err, OL_ECONFIG, "it is not whole JSON (line %d, column %d)",
                            where.line, where.column);
    int rc = check(parsed, err);
    if (rc == OL_OK)
        *document = parsed;
    else
        json_decref(parsed);
    return rc;
}

/* ---- writing ---- */

/* jansson's own writer leaves out what it finds no memory for, and says nothing. */
static int write_value(ol_buf *out, const json_t *value);

static int write_members(ol_buf *out, json_t *object)
{
    const char *key;
    json_t *value;
    bool first = true;
    int rc = ol_buf_add_byte(out, '{');
    json_object_foreach(object, key, value)
    {
        if (rc == OL_OK && !first)
            rc = ol_buf_add_byte(out, ',');
        if (rc == OL_OK)
            rc = ol_json_string(out, ol_slice_cstr(key));
        if (rc == OL_OK)
            rc = ol_buf_add_byte(out, ':');
        if (rc == OL_OK)
            rc = write_value(out, value);
        first = false;
    }
    return rc == OL_OK ? ol_buf_add_byte(out, '}') : rc;
}

static int write_items(ol_buf *out, const json_t *array)
{
    int rc = ol_buf_add_byte(out, '[');
    for (size_t i = 0; rc == OL_OK && i < json_array_size(array); i++) {
        if (i > 0)
            rc = ol_buf_add_byte(out, ',');
        if (rc == OL_OK)
            rc = write_value(out, json_array_get(array, i));
    }
    return rc == OL_OK ? ol_buf_add_byte(out, ']') : rc;
}

/* No deeper than the shapes above are. */
static int write_value(ol_buf *out, const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return write_members(out, (json_t *)(uintptr_t)value);
    case JSON_ARRAY:
        return write_items(out, value);
    case JSON_STRING:
        return ol_json_string(out, text_of(value));
    case JSON_INTEGER:
        return ol_buf_add_u64(out, (uint64_t)json_integer_value(value));
    case JSON_TRUE:
        return ol_buf_add_cstr(out, "true");
    case JSON_FALSE:
        return ol_buf_add_cstr(out, "false");
    default:
        return ol_buf_add_cstr(out, "null");
    }
}

int ol_document_write(const ol_document *document, ol_buf *out)
{
    int rc = write_value(out, document);
    return rc == OL_OK ? ol_buf_add_byte(out, '\n') : rc;
}

void ol_document_free(ol_document *document)
{
    json_decref(document);
}

void ol_document_key(char out[OL_DOCUMENT_KEY_SIZE], ol_slice account, ol_slice name)
{
    snprintf(out, OL_DOCUMENT_KEY_SIZE, "%.*s/%.*s", (int)(account.len < 12 ? account.len : 12),
             (const char *)account.data, (int)(name.len < 60 ? name.len : 60),
             (const char *)name.data);
}
