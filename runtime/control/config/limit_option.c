/* SPDX-License-Identifier: MIT */
#include "control/config/limit_option.h"

#include "control/config/quantity.h"
#include "control/config/schema.h"
#include "control/config/suggest.h"

static const ol_field *find_limit(ol_slice key, ol_error *err)
{
    const ol_schema *schema = &ol_schema_transform_limits;
    const ol_field *field = ol_schema_field(schema, key);
    if (field)
        return field;
    ol_suggest suggest;
    char tail[OL_SUGGEST_TEXT_SIZE], shown[OL_TEXT_SHOW_SIZE];
    ol_suggest_init(&suggest, key);
    for (size_t i = 0; i < schema->field_count; i++)
        ol_suggest_offer(&suggest, ol_slice_cstr(schema->fields[i].key));
    ol_error_set(err, OL_EINVAL, "there is no limit %s%s", ol_text_show(key, false, shown),
                 ol_suggest_text(&suggest, tail));
    return NULL;
}

int ol_limit_option_set(ol_transform_limits *limits, const char *text, ol_error *err)
{
    const char *equals = strchr(text, '=');
    if (!equals)
        return ol_error_set(err, OL_EINVAL, "a limit is written KEY=VALUE");
    const ol_field *field = find_limit(ol_slice_of(text, (size_t)(equals - text)), err);
    if (!field)
        return OL_EINVAL;
    bool wide = field->type == OL_FIELD_NUMBER64 || field->type == OL_FIELD_SIZE64;
    bool size = field->type == OL_FIELD_SIZE || field->type == OL_FIELD_SIZE64;
    ol_slice value = ol_slice_cstr(equals + 1);
    uint64_t number;
    bool ok = size ? ol_size_parse(value, &number) : ol_slice_u64(value, &number);
    if (!ok || number < field->min || number > field->max)
        return ol_error_set(err, OL_EINVAL, "the limit %s must be a %s between %llu and %llu",
                            field->key, size ? "size" : "whole number",
                            (unsigned long long)field->min, (unsigned long long)field->max);
    uint8_t *at = (uint8_t *)limits + field->offset;
    if (wide)
        *(uint64_t *)(void *)at = number;
    else
        *(uint32_t *)(void *)at = (uint32_t)number;
    return OL_OK;
}
