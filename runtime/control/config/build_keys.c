/* SPDX-License-Identifier: MIT */
#include "control/config/build_people.h"

void ol_build_person_once(ol_builder *b, ol_map *map, const char *label, ol_slice account,
                          const ol_draft_place *at)
{
    const ol_draft_place *first =
        ol_build_index(b, map, ol_build_key(b, account, at->name.bytes), at);
    if (first)
        ol_build_mistake(b, at->line, "%s: stands on line %d already", label, first->line);
}

void ol_people_add(ol_people_builder *people, const ol_identity *identity)
{
    const ol_identity **added =
        ol_draft_list_add(people->b->draft, &people->identities, sizeof(*added));
    if (added)
        *added = identity;
    else
        people->b->no_memory = true;
}

/* ---- keys ---- */

static bool is_given(const ol_text *text)
{
    return text->bytes.data || text->unknown;
}

static void add_key(ol_people_builder *people, const char *word, const ol_draft_place *owner,
                    const ol_text *access_key, const ol_text *secret_key,
                    const ol_identity *identity, bool active)
{
    ol_builder *b = people->b;
    char label[OL_BUILD_LABEL_SIZE];
    ol_realm_key *key = ol_draft_list_add(b->draft, &people->keys, sizeof(*key));
    if (!key) {
        b->no_memory = true;
        return;
    }
    *key = (ol_realm_key){.access_key = access_key->bytes,
                          .secret_key = secret_key->bytes,
                          .identity = identity,
                          .active = active};
    if (!access_key->bytes.data || access_key->unknown)
        return;
    const ol_draft_place *first = ol_build_index(b, b->keys, access_key->bytes, owner);
    if (first)
        ol_build_mistake(b, access_key->line, "%s: access_key is that of the %s on line %d already",
                         ol_build_label(word, owner, label),
                         first->name.bytes.data ? "user" : "root", first->line);
}

static void check_pair(ol_builder *b, const char *label, const ol_draft_user *user)
{
    bool access_key = is_given(&user->access_key), secret_key = is_given(&user->secret_key);
    if (access_key && !secret_key)
        ol_build_mistake(b, user->at.line, "%s: \"secret_key\" is missing", label);
    else if (!access_key && secret_key)
        ol_build_mistake(b, user->at.line, "%s: \"access_key\" is missing", label);
}

/* ---- certificates and devices ---- */

static void add_certificates(ol_builder *b, const char *label, const ol_text_list *subjects,
                             const ol_identity *identity)
{
    for (size_t i = 0; i < subjects->count; i++) {
        const ol_text *subject = &subjects->items[i];
        if (subject->unknown)
            continue;
        if (ol_map_get(b->config->certificate_map, subject->bytes))
            ol_build_mistake(b, subject->line, "%s: certificates: somebody else has that subject",
                             label);
        else if (ol_map_put(b->config->certificate_map, subject->bytes,
                            (void *)(uintptr_t)identity, NULL) != OL_OK)
            b->no_memory = true;
    }
}

static ol_slice decode_base32(ol_builder *b, ol_slice text)
{
    uint8_t *out = ol_build_alloc(b, text.len, 1);
    uint32_t bits = 0;
    unsigned bit_count = 0;
    size_t len = 0;
    for (size_t i = 0; out && i < text.len; i++) {
        uint8_t c = text.data[i];
        if (c == '=' || c == ' ')
            continue;
        uint8_t value = c >= '2' && c <= '7' ? (uint8_t)(c - '2' + 26) : (uint8_t)((c & 31) - 1);
        bits = (bits << 5) | value;
        bit_count += 5;
        if (bit_count < 8)
            continue;
        bit_count -= 8;
        out[len++] = (uint8_t)(bits >> bit_count);
    }
    ol_slice secret = ol_slice_of(out, len);
    if (!out || ol_draft_guard_secret(b->draft->arena, secret) != OL_OK)
        b->no_memory = true;
    return secret;
}

static void add_devices(ol_builder *b, const char *label, const ol_draft_list *list,
                        const ol_identity *identity)
{
    const ol_draft_mfa *given = list->items;
    for (size_t i = 0; i < list->count; i++) {
        ol_realm_mfa *mfa = ol_build_alloc(b, 1, sizeof(*mfa));
        if (!mfa || given[i].serial.unknown || given[i].secret.unknown ||
            !given[i].serial.bytes.data || !given[i].secret.bytes.data)
            continue;
        *mfa = (ol_realm_mfa){.identity = identity,
                              .serial = given[i].serial.bytes,
                              .secret = decode_base32(b, given[i].secret.bytes)};
        if (ol_build_index(b, b->serials, mfa->serial, &given[i].at))
            ol_build_mistake(b, given[i].at.line, "%s: mfa: the serial number is used already",
                             label);
        else if (ol_map_put(b->config->mfa_map, mfa->serial, mfa, NULL) != OL_OK)
            b->no_memory = true;
    }
}

/* ---- all of it ---- */

void ol_people_add_keys(ol_people_builder *people, const char *word, const ol_draft_user *user,
                        const ol_identity *identity, bool needed)
{
    ol_builder *b = people->b;
    const ol_draft_key *keys = user->keys.items;
    char label[OL_BUILD_LABEL_SIZE];
    ol_build_label(word, &user->at, label);
    check_pair(b, label, user);
    if (is_given(&user->access_key) && is_given(&user->secret_key))
        add_key(people, word, &user->at, &user->access_key, &user->secret_key, identity, true);
    for (size_t i = 0; i < user->keys.count; i++)
        add_key(people, word, &user->at, &keys[i].access_key, &keys[i].secret_key, identity,
                keys[i].active != OL_DRAFT_NO);
    add_certificates(b, label, &user->certificates, identity);
    add_devices(b, label, &user->mfa, identity);
    bool proved = is_given(&user->access_key) || is_given(&user->secret_key) ||
                  user->keys.count || user->certificates.count;
    if (needed && !proved && !user->at.mistaken)
        ol_build_mistake(b, user->at.line, "%s: \"access_key\" is missing", label);
}

void ol_people_finish(ol_people_builder *people)
{
    ol_config *config = people->b->config;
    config->identities = people->identities.items;
    config->identity_count = people->identities.count;
    config->keys = people->keys.items;
    config->key_count = people->keys.count;
}
