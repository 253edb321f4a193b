/* SPDX-License-Identifier: MIT */
/*
 * Accounts: the default one, which is always the first, and those that have a block.
 */
#include "control/config/build.h"
#include "control/state/realm_private.h"

ol_public_access_block ol_build_block(const ol_draft_public_access *given)
{
    if (given->all != OL_DRAFT_UNSET)
        return given->all == OL_DRAFT_YES ? OL_PUBLIC_ACCESS_BLOCK_ALL
                                          : (ol_public_access_block){0};
    return (ol_public_access_block){given->block_public_acls == OL_DRAFT_YES,
                                    given->ignore_public_acls == OL_DRAFT_YES,
                                    given->block_public_policy == OL_DRAFT_YES,
                                    given->restrict_public_buckets == OL_DRAFT_YES};
}

static ol_slice canonical_id(ol_builder *b, ol_slice account)
{
    char id[OL_CANONICAL_ID_SIZE];
    if (ol_canonical_id_make(id, account))
        return ol_slice_cstr(ol_build_text(b, "%s", id));
    b->no_memory = true;
    return OL_SLICE_NONE;
}

static void fill_account(const ol_draft_account *from, ol_realm_account *to)
{
    const ol_text *id = &from->canonical_id;
    if (id->bytes.data && !id->unknown)
        to->canonical_id = id->bytes;
    to->display_name = from->display_name.bytes;
    if (!from->public_access.given)
        return;
    to->has_public_access_block = true;
    to->public_access_block_declared = true;
    to->public_access_block = ol_build_block(&from->public_access);
}

static ol_realm_account *find(ol_realm_account *accounts, size_t count, ol_slice id)
{
    for (size_t i = 0; i < count; i++)
        if (ol_slice_eq(accounts[i].id, id))
            return &accounts[i];
    return NULL;
}

static void check_canonical_ids(ol_builder *b, const ol_realm_account *accounts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t k = i + 1; k < count; k++)
            if (accounts[i].canonical_id.len &&
                ol_slice_eq(accounts[i].canonical_id, accounts[k].canonical_id))
                ol_build_mistake(b, 0, "account \"%.*s\": has the canonical id of account \"%.*s\"",
                                 OL_SLICE_FMT(accounts[k].id), OL_SLICE_FMT(accounts[i].id));
}

void ol_build_accounts(ol_builder *b)
{
    static const ol_draft_place nowhere;
    const ol_draft_account *given = b->draft->accounts.items;
    size_t given_count = b->draft->accounts.count, count = 1;
    ol_realm_account *accounts = ol_build_alloc(b, given_count + 1, sizeof(*accounts));
    if (!accounts)
        return;
    accounts[0].id = b->config->account_id;
    for (size_t i = 0; i < given_count; i++) {
        const ol_draft_place *at = &given[i].root.at;
        ol_build_index_once(b, b->accounts, "account", at);
        ol_realm_account *account = find(accounts, count, at->name.bytes);
        if (!account) {
            account = &accounts[count++];
            account->id = at->name.bytes;
        }
        fill_account(&given[i], account);
    }
    for (size_t i = 0; i < count; i++)
        if (!accounts[i].canonical_id.len)
            accounts[i].canonical_id = canonical_id(b, accounts[i].id);
    check_canonical_ids(b, accounts, count);
    if (!ol_map_get(b->accounts, accounts[0].id))
        ol_build_index(b, b->accounts, accounts[0].id, &nowhere);
    b->config->accounts = accounts;
    b->config->account_count = count;
}

const ol_realm_account *ol_build_account(ol_builder *b, const char *label, const ol_text *name)
{
    const ol_config *config = b->config;
    if (!name->bytes.data || !ol_build_resolve(b, b->accounts, label, "account", name))
        return &config->accounts[0];
    for (size_t i = 0; i < config->account_count; i++)
        if (ol_slice_eq(config->accounts[i].id, name->bytes))
            return &config->accounts[i];
    return &config->accounts[0];
}

ol_slice ol_build_key(ol_builder *b, ol_slice account, ol_slice name)
{
    return ol_slice_cstr(
        ol_build_text(b, "%.*s/%.*s", OL_SLICE_FMT(account), OL_SLICE_FMT(name)));
}
