/* SPDX-License-Identifier: MIT */
#include "control/build.h"
#include "control/quantity.h"

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

static void build_listener(ol_builder *b, const ol_draft_listener *from, ol_config_listener *to)
{
    if (build_address(b, "listen", from, to))
        check_used_once(b, "listen", from, to);
    to->certificate_file = path_of(&from->certificate);
    to->key_file = path_of(&from->key);
    if (!to->certificate_file != !to->key_file)
        ol_build_mistake(b, from->at.line, "listen: \"certificate\" and \"key\" belong together");
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
}
