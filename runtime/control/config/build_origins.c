/* SPDX-License-Identifier: MIT */
/*
 * Origins: the embedded store, which is always the first, and remote ones; and the place where
 * what the API makes is kept.
 */
#include "control/config/build.h"
#include "control/config/names.h"

static const char *path_or_null(const ol_text *text)
{
    return text->unknown ? NULL : (const char *)text->bytes.data;
}

/* ---- credentials ---- */

static bool is_given(const ol_text *text)
{
    return text->bytes.data || text->unknown;
}

/* What was written implies where credentials come from, unless that is written too. */
static enum ol_s3_credentials_from source_of(const ol_draft_origin *from)
{
    if (from->credentials != OL_DRAFT_CHOICE_UNSET)
        return (enum ol_s3_credentials_from)from->credentials;
    return is_given(&from->credentials_file) ? OL_S3_CREDENTIALS_FILE : OL_S3_CREDENTIALS_STATIC;
}

static void build_credentials(ol_builder *b, const char *label, const ol_draft_origin *from,
                              ol_s3_credentials_options *to)
{
    bool keys = is_given(&from->access_key) && is_given(&from->secret_key);
    bool any_key = is_given(&from->access_key) || is_given(&from->secret_key) ||
                   is_given(&from->session_token);
    to->from = source_of(from);
    to->access_key = path_or_null(&from->access_key);
    to->secret_key = path_or_null(&from->secret_key);
    to->session_token = path_or_null(&from->session_token);
    to->file = path_or_null(&from->credentials_file);
    to->profile = path_or_null(&from->profile);
    if (to->from == OL_S3_CREDENTIALS_STATIC && !keys)
        ol_build_mistake(b, from->at.line,
                         "%s: \"access_key\" and \"secret_key\" are missing (or \"credentials\": "
                         "\"environment\", \"file\" or \"anonymous\")",
                         label);
    else if (to->from != OL_S3_CREDENTIALS_STATIC && any_key)
        ol_build_mistake(b, from->at.line, "%s: keys go with credentials = \"static\" only", label);
    if ((to->from == OL_S3_CREDENTIALS_FILE) != is_given(&from->credentials_file))
        ol_build_mistake(b, from->at.line,
                         "%s: credentials = \"file\" and \"credentials_file\" belong together",
                         label);
}

/* ---- origins ---- */

static void build_origin(ol_builder *b, const ol_draft_origin *from, ol_config_origin *to)
{
    char label[OL_BUILD_LABEL_SIZE];
    ol_build_label("origin", &from->at, label);
    ol_build_index_once(b, b->origins, "origin", &from->at);
    to->name = from->at.name.bytes;
    to->options = from->options;
    to->options.name = (const char *)from->at.name.bytes.data;
    to->options.endpoint = path_or_null(&from->endpoint);
    to->options.region = from->region.bytes.data ? path_or_null(&from->region) : "us-east-1";
    to->options.virtual_host = from->addressing == 1;
    to->options.payload = (enum ol_s3_payload)from->payload;
    to->options.checksums = (enum ol_s3_checksums)from->checksums;
    to->options.canonical_ids = (enum ol_s3_canonical_ids)from->canonical_ids;
    to->options.ca_file = path_or_null(&from->ca);
    if (to->options.backoff_base_ms > to->options.backoff_max_ms)
        ol_build_mistake(b, from->at.line,
                         "%s: limits: backoff_base_ms is above backoff_max_ms", label);
    build_credentials(b, label, from, &to->options.credentials);
}

unsigned ol_build_origin_index(ol_builder *b, const char *label, const ol_text *name)
{
    if (!is_given(name))
        return b->config->default_origin;
    if (!ol_build_resolve(b, b->origins, label, "origin", name))
        return 0;
    for (unsigned i = 0; i < b->config->origin_count; i++)
        if (ol_slice_eq(b->config->origins[i].name, name->bytes))
            return i;
    return 0;
}

/* ---- control state ---- */

static void build_control(ol_builder *b)
{
    static const ol_draft_control none = {.refresh_s = 2};
    const ol_draft_control *given = b->draft->control.count ? b->draft->control.items : &none;
    ol_config_control *control = &b->config->control;
    control->refresh_s = given->refresh_s;
    control->place = given->at.off ? OL_CONTROL_NOWHERE
                     : is_given(&given->bucket) ? OL_CONTROL_IN_BUCKET
                                                : OL_CONTROL_IN_DATA_FOLDER;
    if (control->place != OL_CONTROL_IN_BUCKET) {
        if (is_given(&given->origin) || is_given(&given->prefix))
            ol_build_mistake(b, given->at.line,
                             "control: \"origin\" and \"prefix\" go with \"bucket\" only");
        return;
    }
    control->bucket = given->bucket.bytes;
    control->prefix = given->prefix.bytes.data ? given->prefix.bytes : OL_SLICE_LIT("objlens/");
    control->origin = ol_build_origin_index(b, "control", &given->origin);
}

void ol_build_origins(ol_builder *b)
{
    static const ol_draft_place store_place;
    const ol_draft_origin *given = b->draft->origins.items;
    size_t count = b->draft->origins.count;
    ol_config_origin *origins = ol_build_alloc(b, count + 1, sizeof(*origins));
    if (!origins)
        return;
    origins[0] = (ol_config_origin){.name = OL_SLICE_LIT(OL_NAME_STORE), .is_store = true};
    ol_build_index(b, b->origins, origins[0].name, &store_place);
    for (size_t i = 0; i < count; i++)
        build_origin(b, &given[i], &origins[i + 1]);
    b->config->origins = origins;
    b->config->origin_count = count + 1;
    b->config->default_origin =
        ol_build_origin_index(b, "default_origin", &b->draft->settings.default_origin);
    build_control(b);
    b->config->uses_store = b->config->default_origin == 0 ||
                            (b->config->control.place == OL_CONTROL_IN_BUCKET &&
                             b->config->control.origin == 0);
}
