/* SPDX-License-Identifier: MIT */
/*
 * Root, users, and their keys. Nothing here puts a key into a mistake.
 */
#include <openssl/evp.h>

#include "control/build.h"

static const ol_slice *build_texts(ol_builder *b, const ol_text_list *list)
{
    ol_slice *out = ol_build_alloc(b, list->count, sizeof(*out));
    for (size_t i = 0; out && i < list->count; i++)
        out[i] = list->items[i].bytes;
    return out;
}

static void build_policy(ol_builder *b, const ol_draft_list *policy, ol_identity *identity)
{
    const ol_draft_statement *given = policy->items;
    ol_statement *statements = ol_build_alloc(b, policy->count, sizeof(*statements));
    for (size_t i = 0; statements && i < policy->count; i++)
        statements[i] = (ol_statement){
            .allow = given[i].effect == OL_DRAFT_ALLOW,
            .actions = build_texts(b, &given[i].actions),
            .action_count = given[i].actions.count,
            .resources = build_texts(b, &given[i].resources),
            .resource_count = given[i].resources.count,
        };
    identity->statements = statements;
    identity->statement_count = policy->count;
}

/* AWS gives users an id of this form; ours follows from account and name, so that it is the
 * same in every replica. */
static ol_slice principal_id(ol_builder *b, ol_slice account, ol_slice name)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    uint8_t digest[EVP_MAX_MD_SIZE];
    const char *input = ol_build_text(b, "%.*s/%.*s", OL_SLICE_FMT(account), OL_SLICE_FMT(name));
    if (EVP_Digest(input, strlen(input), digest, NULL, EVP_sha256(), NULL) != 1) {
        b->no_memory = true;
        return OL_SLICE_NONE;
    }
    char id[22] = "AIDA";
    for (size_t i = 4; i < sizeof(id) - 1; i++)
        id[i] = letters[digest[i] & 31];
    return ol_slice_cstr(ol_build_text(b, "%s", id));
}

static const ol_identity *build_identity(ol_builder *b, const ol_draft_user *user, bool root)
{
    ol_identity *identity = ol_build_alloc(b, 1, sizeof(*identity));
    if (!identity)
        return NULL;
    ol_slice account = b->config->account_id, name = user->at.name.bytes;
    identity->root = root;
    identity->account_id = account;
    identity->user_name = root ? OL_SLICE_NONE : name;
    identity->principal_id = root ? account : principal_id(b, account, name);
    identity->arn = ol_slice_cstr(
        root ? ol_build_text(b, "arn:aws:iam::%.*s:root", OL_SLICE_FMT(account))
             : ol_build_text(b, "arn:aws:iam::%.*s:user/%.*s", OL_SLICE_FMT(account),
                             OL_SLICE_FMT(name)));
    build_policy(b, &user->policy, identity);
    return identity;
}

static void build_key(ol_builder *b, const ol_draft_user *user, bool root, ol_config_key *key)
{
    char label[OL_BUILD_LABEL_SIZE];
    const char *word = root ? "root" : "user";
    *key = (ol_config_key){.access_key = user->access_key.bytes,
                           .secret_key = user->secret_key.bytes,
                           .identity = build_identity(b, user, root)};
    if (!root)
        ol_build_index_once(b, b->users, word, &user->at);
    if (!key->access_key.data || user->access_key.unknown)
        return;
    const ol_draft_place *first = ol_build_index(b, b->keys, key->access_key, &user->at);
    if (first)
        ol_build_mistake(b, user->access_key.line,
                         "%s: access_key is that of the %s on line %d already",
                         ol_build_label(word, &user->at, label),
                         first->name.bytes.data ? "user" : "root", first->line);
}

void ol_build_identities(ol_builder *b)
{
    const ol_draft_list *roots = &b->draft->roots, *users = &b->draft->users;
    size_t count = roots->count + users->count;
    if (count == 0)
        ol_build_mistake(b, 0, "there is neither root nor a user: nobody could sign a request");
    ol_config_key *keys = ol_build_alloc(b, count, sizeof(*keys));
    if (!keys)
        return;
    for (size_t i = 0; i < roots->count; i++)
        build_key(b, &((const ol_draft_user *)roots->items)[i], true, &keys[i]);
    for (size_t i = 0; i < users->count; i++)
        build_key(b, &((const ol_draft_user *)users->items)[i], false, &keys[roots->count + i]);
    b->config->keys = keys;
    b->config->key_count = count;
}
