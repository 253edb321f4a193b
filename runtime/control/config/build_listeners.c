/* SPDX-License-Identifier: MIT */
#include "access/session_token.h"
#include "control/config/build.h"
#include "control/config/quantity.h"
#include "control/config/ranges.h"

static bool build_address(ol_builder *b, const char *word, const ol_draft_listener *from,
                          ol_config_listener *to)
{
    if (!from->address.bytes.data || from->address.unknown)
        return false;
    ol_socket_address address;
    char shown[OL_TEXT_SHOW_SIZE];
    if (!ol_address_parse(from->address.bytes, &address)) {
        ol_build_mistake(b, from->address.line,
                         "%s: %s is not an address and port such as \"127.0.0.1:9000\" or "
                         "\"[::1]:9000\"",
                         word, ol_text_show(from->address.bytes, from->address.hidden, shown));
        return false;
    }
    to->address = ol_build_text(b, "%s", address.host);
    to->port = address.port;
    return true;
}

/* Port 0 asks for any free one, as often as one likes. */
static void check_used_once(ol_builder *b, const char *word, const ol_draft_listener *from,
                            const ol_config_listener *to)
{
    ol_slice place = ol_slice_cstr(ol_build_text(b, "%s %u", to->address, to->port));
    const ol_draft_place *first =
        to->port ? ol_build_index(b, b->addresses, place, &from->at) : NULL;
    if (first)
        ol_build_mistake(b, from->address.line, "%s: the address is used on line %d already", word,
                         first->line);
}

static const char *path_of(const ol_text *text)
{
    return (const char *)text->bytes.data;
}

static void check_pair(ol_builder *b, int line, const ol_tls_certificate *pair)
{
    if (!pair->certificate_file != !pair->key_file)
        ol_build_mistake(b, line, "listen: \"certificate\" and \"key\" belong together");
}

/* The pair beside the address, then the list. */
static void build_certificates(ol_builder *b, const ol_draft_listener *from, ol_config_listener *to)
{
    const ol_draft_certificate *given = from->certificates.items;
    size_t count = from->certificates.count;
    ol_tls_certificate first = {path_of(&from->certificate), path_of(&from->key)};
    ol_tls_certificate *pairs = ol_build_alloc(b, count + 1, sizeof(*pairs));
    if (!pairs)
        return;
    check_pair(b, from->at.line, &first);
    if (first.certificate_file || first.key_file)
        pairs[to->certificate_count++] = first;
    for (size_t i = 0; i < count; i++)
        pairs[to->certificate_count++] =
            (ol_tls_certificate){path_of(&given[i].certificate), path_of(&given[i].key)};
    to->certificates = pairs;
}

static void build_client_certificates(ol_builder *b, const ol_draft_listener *from,
                                      ol_config_listener *to)
{
    to->client_ca_file = path_of(&from->client_ca);
    to->client_certificate_required = from->client_certificate_required == OL_DRAFT_YES;
    bool asks = to->client_ca_file || from->client_ca.unknown;
    if (asks && to->certificate_count == 0)
        ol_build_mistake(b, from->at.line, "listen: \"client_ca\" goes with \"certificate\" only");
    if (to->client_certificate_required && !asks)
        ol_build_mistake(b, from->at.line,
                         "listen: \"client_certificate_required\" goes with \"client_ca\" only");
}

static void build_listener(ol_builder *b, const ol_draft_listener *from, ol_config_listener *to)
{
    const ol_policy_rules rules = {.kind = OL_POLICY_ENDPOINT};
    if (build_address(b, "listen", from, to))
        check_used_once(b, "listen", from, to);
    build_certificates(b, from, to);
    build_client_certificates(b, from, to);
    to->hsts_s = from->hsts_s;
    to->vpc = from->vpc.bytes;
    to->endpoint = from->endpoint.bytes;
    ol_build_policy(b, "listen: policy", &from->policy, &rules, &to->policy);
}

static bool port_is_taken(const ol_config *config, uint16_t port)
{
    for (size_t i = 0; i < config->listener_count; i++)
        if (config->listeners[i].port == port)
            return true;
    return false;
}

/* Nobody said anything: loopback, on the next port behind the first listener's. */
static void build_default_admin(ol_config *config)
{
    uint16_t port = config->listeners[0].port;
    while (port != 0 && port_is_taken(config, port))
        port = port == UINT16_MAX ? 1024 : (uint16_t)(port + 1);
    config->admin = (ol_config_listener){.address = "127.0.0.1", .port = port};
    config->admin_optional = true;
}

static void build_admin(ol_builder *b)
{
    const ol_draft_listener *given = b->draft->admins.count ? b->draft->admins.items : NULL;
    if (!given)
        build_default_admin(b->config);
    else if (!given->at.off && build_address(b, "admin", given, &b->config->admin))
        check_used_once(b, "admin", given, &b->config->admin);
}

/* ---- networks and session keys ---- */

static void build_vpcs(ol_builder *b)
{
    const ol_draft_vpc *given = b->draft->vpcs.items;
    size_t count = b->draft->vpcs.count;
    ol_config_vpc *vpcs = ol_build_alloc(b, count, sizeof(*vpcs));
    for (size_t i = 0; vpcs && i < count; i++) {
        ol_config_range *ranges = ol_build_alloc(b, given[i].ranges.count, sizeof(*ranges));
        ol_build_index_once(b, b->vpcs, "vpc", &given[i].at);
        vpcs[i].name = given[i].at.name.bytes;
        vpcs[i].ranges = ranges;
        for (size_t k = 0; ranges && k < given[i].ranges.count; k++)
            if (ol_range_parse(given[i].ranges.items[k].bytes, &ranges[vpcs[i].range_count]))
                vpcs[i].range_count++;
    }
    b->config->vpcs = vpcs;
    b->config->vpc_count = vpcs ? count : 0;
}

static void build_session_keys(ol_builder *b)
{
    const ol_draft_sts *given = b->draft->sts.count ? b->draft->sts.items : NULL;
    if (!given)
        return;
    const ol_draft_sts_key *old = given->old_keys.items;
    size_t count = 1 + given->old_keys.count;
    if (count > OL_SESSION_KEYS_MAX)
        ol_build_mistake(b, given->at.line, "sts: more than %d keys", OL_SESSION_KEYS_MAX);
    ol_slice *keys = ol_build_alloc(b, count, sizeof(*keys));
    if (!keys)
        return;
    keys[0] = given->key.bytes;
    for (size_t i = 1; i < count; i++)
        keys[i] = old[i - 1].key.bytes;
    b->config->sts_keys = keys;
    b->config->sts_key_count = count;
}

void ol_build_listeners(ol_builder *b)
{
    const ol_draft_listener *given = b->draft->listeners.items;
    size_t count = b->draft->listeners.count;
    ol_config_listener *listeners = ol_build_alloc(b, count, sizeof(*listeners));
    if (!listeners)
        return;
    listeners[0] = (ol_config_listener){.address = "127.0.0.1", .port = 9000};
    for (size_t i = 0; i < count; i++) {
        listeners[i] = (ol_config_listener){0};
        build_listener(b, &given[i], &listeners[i]);
    }
    b->config->listeners = listeners;
    b->config->listener_count = count ? count : 1;
    build_admin(b);
    build_vpcs(b);
    build_session_keys(b);
}
