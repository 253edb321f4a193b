/* SPDX-License-Identifier: MIT */
#include "control/config/build.h"

#include <stdio.h>

#include "base/alloc.h"
#include "control/config/names.h"
#include "control/config/suggest.h"
#include "transform/host/walls.h"

#define PAGE_BYTES 4096 /* slots are mapped into hosts */

/* ---- what the build_*.c files share ---- */

void *ol_build_alloc(ol_builder *b, size_t count, size_t size)
{
    void *block = ol_arena_calloc(b->draft->arena, (count ? count : 1) * size);
    b->no_memory |= !block;
    return block;
}

const char *ol_build_text(ol_builder *b, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    char *copy = ol_arena_strdup(b->draft->arena, text);
    b->no_memory |= !copy;
    return copy ? copy : "";
}

void ol_build_mistake(ol_builder *b, int line, const char *format, ...)
{
    char text[400];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    ol_report_add(b->draft->report, line, "%s", text);
}

const char *ol_build_label(const char *word, const ol_draft_place *at,
                           char out[OL_BUILD_LABEL_SIZE])
{
    char shown[OL_TEXT_SHOW_SIZE];
    bool named = at->name.bytes.data != NULL;
    snprintf(out, OL_BUILD_LABEL_SIZE, "%s%s%s", word, named ? " " : "",
             named ? ol_text_show(at->name.bytes, at->name.hidden, shown) : "");
    return out;
}

const ol_draft_place *ol_build_index(ol_builder *b, ol_map *map, ol_slice name,
                                     const ol_draft_place *at)
{
    const ol_draft_place *first = ol_map_get(map, name);
    if (!first && ol_map_put(map, name, (void *)(uintptr_t)at, NULL) != OL_OK)
        b->no_memory = true;
    return first;
}

void ol_build_index_once(ol_builder *b, ol_map *map, const char *word, const ol_draft_place *at)
{
    const ol_draft_place *first = ol_build_index(b, map, at->name.bytes, at);
    char label[OL_BUILD_LABEL_SIZE];
    if (first)
        ol_build_mistake(b, at->line, "%s: stands on line %d already",
                         ol_build_label(word, at, label), first->line);
}

static bool offer_name(void *arg, ol_slice key, void *value)
{
    (void)value;
    ol_suggest_offer(arg, key);
    return true;
}

bool ol_build_resolve(ol_builder *b, const ol_map *map, const char *label, const char *word,
                      const ol_text *reference)
{
    if (!reference->bytes.data || reference->unknown)
        return false;
    if (ol_map_get(map, reference->bytes))
        return true;
    if (ol_report_is_full(b->draft->report))
        return false;
    ol_suggest suggest;
    ol_suggest_init(&suggest, reference->bytes);
    if (!reference->hidden)
        ol_map_each(map, offer_name, &suggest);
    char tail[OL_SUGGEST_TEXT_SIZE], shown[OL_TEXT_SHOW_SIZE];
    ol_build_mistake(b, reference->line, "%s: unknown %s %s%s", label, word,
                     ol_text_show(reference->bytes, reference->hidden, shown),
                     ol_suggest_text(&suggest, tail));
    return false;
}

/* ---- settings, limits, logs ---- */

static ol_slice setting_or(const ol_text *text, const char *fallback)
{
    return text->bytes.data && !text->unknown ? text->bytes : ol_slice_cstr(fallback);
}

static void build_walls(ol_builder *b)
{
    const ol_text_list *given = &b->draft->settings.sandbox_required;
    for (size_t i = 0; i < given->count; i++)
        b->config->walls_required |= ol_wall_of(given->items[i].bytes);
}

static void build_domains(ol_builder *b)
{
    const ol_text_list *given = &b->draft->settings.domains;
    ol_slice *domains = ol_build_alloc(b, given->count, sizeof(*domains));
    size_t count = 0;
    for (size_t i = 0; domains && i < given->count; i++)
        if (!given->items[i].unknown)
            domains[count++] = given->items[i].bytes;
    b->config->domains = domains;
    b->config->domain_count = count;
}

static void build_settings(ol_builder *b)
{
    const ol_draft_settings *settings = &b->draft->settings;
    b->config->region = setting_or(&settings->region, "us-east-1");
    b->config->account_id = setting_or(&settings->account, "000000000000");
    b->config->loops = settings->loops;
    b->config->base_path = setting_or(&settings->base_path, NULL);
    b->config->amazon_hosts = settings->amazon_hosts == OL_DRAFT_YES;
    b->config->legacy_form_signatures = settings->legacy_form_signatures == OL_DRAFT_YES;
    if (settings->keyring.bytes.data) {
        b->config->keyring_path =
            ol_draft_path(b->draft->arena, b->draft->folder, settings->keyring.bytes);
        b->no_memory |= !b->config->keyring_path;
    }
    b->config->sse_c_over_http = settings->sse_c_over_http == OL_DRAFT_YES;
    build_domains(b);
    build_walls(b);
    if (settings->data.bytes.data) {
        b->config->data_path = (const char *)settings->data.bytes.data;
        return;
    }
    b->config->data_path =
        ol_draft_path(b->draft->arena, b->draft->folder, OL_SLICE_LIT(OL_CONFIG_DATA_PATH));
    b->no_memory |= !b->config->data_path;
}

static void build_limits(ol_builder *b)
{
    const ol_draft_limits *given = b->draft->limits.count ? b->draft->limits.items : NULL;
    ol_limits *limits = &b->config->limits;
    if (given)
        *limits = given->limits;
    else
        ol_limits_default(limits);
    int line = given ? given->at.line : 0;
    if (limits->http.url_bytes_max > limits->http.head_bytes_max)
        ol_build_mistake(b, line, "limits: http.url_bytes_max is above http.head_bytes_max");
    if (limits->slot_bytes % PAGE_BYTES != 0)
        ol_build_mistake(b, line, "limits: slot_bytes must be a multiple of 4 KiB");
    if (limits->cache_bytes_max && limits->cache_object_bytes_max > limits->cache_bytes_max)
        ol_build_mistake(b, line, "limits: cache_object_bytes_max is above cache_bytes_max");
    if (given && given->transform.slice_ms > given->transform.unyieldable_ms)
        ol_build_mistake(b, line, "limits: transform.slice_ms is above transform.unyieldable_ms");
}

static const char *log_or(const ol_text *text, const char *fallback)
{
    if (text->off)
        return NULL;
    return text->bytes.data ? (const char *)text->bytes.data : fallback;
}

static void build_logs(ol_builder *b)
{
    static const ol_draft_logs none;
    const ol_draft_logs *logs = b->draft->logs.count ? b->draft->logs.items : &none;
    b->config->access_log = log_or(&logs->access, "-");
    b->config->transform_log = log_or(&logs->transforms, "--");
}

/* ---- the snapshot's own tables ---- */

static void index_config(ol_builder *b)
{
    ol_config *config = b->config;
    int rc = OL_OK;
    for (size_t i = 0; rc == OL_OK && i < config->key_count; i++)
        rc = ol_map_put(config->key_map, config->keys[i].access_key,
                        (void *)(uintptr_t)&config->keys[i], NULL);
    for (size_t i = 0; rc == OL_OK && i < config->identity_count; i++)
        rc = ol_map_put(config->identity_map, config->identities[i]->arn,
                        (void *)(uintptr_t)config->identities[i], NULL);
    for (size_t i = 0; rc == OL_OK && i < config->role_count; i++) {
        const ol_realm_role *role = &config->roles[i];
        rc = ol_map_put(config->role_map, role->identity->arn, (void *)(uintptr_t)role, NULL);
        if (rc == OL_OK)
            rc = ol_map_put(config->identity_map, role->identity->arn,
                            (void *)(uintptr_t)role->identity, NULL);
    }
    b->no_memory |= rc != OL_OK;
}

static ol_map **config_maps(ol_config *config, size_t i)
{
    ol_map **maps[] = {&config->key_map, &config->identity_map, &config->role_map,
                       &config->certificate_map, &config->mfa_map};
    return i < sizeof(maps) / sizeof(maps[0]) ? maps[i] : NULL;
}

/* The snapshot lives in the draft's arena; from here on the arena is its own. */
static ol_config *make_config(ol_draft *draft, const char *file)
{
    ol_config *config = ol_arena_calloc(draft->arena, sizeof(*config));
    if (!config)
        return NULL;
    bool ok = true;
    config->arena = draft->arena;
    config->references_ = 1;
    for (size_t i = 0; config_maps(config, i); i++)
        ok = (*config_maps(config, i) = ol_map_new()) && ok;
    config->file = file ? ol_arena_strdup(draft->arena, file) : NULL;
    draft->arena = NULL;
    if (ok && (config->file || !file))
        return config;
    ol_config_release(config);
    return NULL;
}

static ol_map **builder_map(ol_builder *b, size_t i)
{
    ol_map **maps[] = {&b->accounts, &b->buckets, &b->access_points, &b->transforms, &b->olaps,
                       &b->users,    &b->groups,  &b->roles,         &b->keys,       &b->addresses,
                       &b->origins,  &b->vpcs,    &b->serials,       &b->kms,        &b->client_keys};
    return i < sizeof(maps) / sizeof(maps[0]) ? maps[i] : NULL;
}

static bool make_maps(ol_builder *b)
{
    bool ok = true;
    for (size_t i = 0; builder_map(b, i); i++)
        ok = (*builder_map(b, i) = ol_map_new()) && ok;
    return ok;
}

static void free_maps(ol_builder *b)
{
    for (size_t i = 0; builder_map(b, i); i++)
        ol_map_destroy(*builder_map(b, i), NULL);
}

static void build_all(ol_builder *b)
{
    build_settings(b);
    build_limits(b);
    build_logs(b);
    ol_build_origins(b);
    ol_build_keys(b);
    ol_build_client_encryptions(b);
    ol_build_accounts(b);
    if (b->no_memory)
        return; /* what follows leans on accounts and origins */
    ol_build_listeners(b);
    ol_build_places(b);
    ol_build_transforms(b);
    ol_build_olaps(b);
    ol_build_views(b);
    ol_build_identities(b);
    ol_build_master_keys(b);
    index_config(b);
}

int ol_draft_build(ol_draft *draft, const char *file, ol_config **config)
{
    ol_arena *arena = draft->arena;
    ol_builder b = {.draft = draft, .config = make_config(draft, file)};
    if (!b.config)
        return OL_ENOMEM;
    draft->arena = arena; /* lent back while building; the snapshot owns it */
    if (make_maps(&b))
        build_all(&b);
    else
        b.no_memory = true;
    free_maps(&b);
    draft->arena = NULL;
    int rc = b.no_memory ? OL_ENOMEM : ol_report_result(draft->report);
    if (rc == OL_OK)
        *config = b.config;
    else
        ol_config_release(b.config);
    return rc;
}
