/* SPDX-License-Identifier: MIT */
/* The listening socket, by libuv. */
#include "net/listener.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>

#define BACKLOG 1024

static int parse_address(const char *text, uint16_t port, struct sockaddr_storage *out)
{
    if (uv_ip4_addr(text, port, (struct sockaddr_in *)out) == 0)
        return OL_OK;
    return uv_ip6_addr(text, port, (struct sockaddr_in6 *)out) == 0 ? OL_OK : OL_EINVAL;
}

static void on_uv_connection(uv_stream_t *server, int status)
{
    ol_listener *listener = server->data;
    if (status == 0) /* otherwise out of descriptors: libuv has dropped the connection */
        listener->on_connection(listener);
}

static int set_reuse(uv_tcp_t *tcp)
{
    uv_os_fd_t fd;
    int on = 1;
    int rc = uv_fileno((uv_handle_t *)tcp, &fd);
    if (rc == 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) != 0)
        rc = -errno;
    return rc;
}

static void learn_port(ol_listener *listener)
{
    struct sockaddr_storage bound;
    int len = sizeof(bound);
    if (uv_tcp_getsockname(&listener->tcp, (struct sockaddr *)&bound, &len) != 0)
        return;
    listener->port = ntohs(bound.ss_family == AF_INET
                               ? ((struct sockaddr_in *)&bound)->sin_port
                               : ((struct sockaddr_in6 *)&bound)->sin6_port);
}

int ol_listener_open(ol_listener *listener, ol_loop *loop, const char *address, uint16_t port,
                     ol_error *err)
{
    struct sockaddr_storage where = {0};
    int parsed = parse_address(address, port, &where);
    int rc = uv_tcp_init_ex(ol_loop_uv(loop), &listener->tcp,
                            parsed == OL_OK ? where.ss_family : AF_UNSPEC);
    listener->tcp.data = listener;
    if (rc != 0) { /* no socket to be had; make the handle closable all the same */
        uv_tcp_init(ol_loop_uv(loop), &listener->tcp);
        listener->tcp.data = listener;
    }
    if (parsed != OL_OK)
        return ol_error_say(err, OL_ECONFIG, "\"%s\" is not an IP address", address);
    if (rc == 0)
        rc = set_reuse(&listener->tcp);
    if (rc == 0)
        rc = uv_tcp_bind(&listener->tcp, (struct sockaddr *)&where, 0);
    if (rc == 0)
        rc = uv_listen((uv_stream_t *)&listener->tcp, BACKLOG, on_uv_connection);
    if (rc != 0)
        return ol_error_say(err, OL_ECONFIG, "cannot listen on %s port %u: %s", address,
                            (unsigned)port, uv_strerror(rc));
    learn_port(listener);
    return OL_OK;
}

static void on_uv_closed(uv_handle_t *handle)
{
    ol_listener *listener = handle->data;
    listener->on_closed(listener);
}

void ol_listener_close(ol_listener *listener, void (*on_closed)(ol_listener *listener))
{
    listener->on_closed = on_closed;
    uv_close((uv_handle_t *)&listener->tcp, on_uv_closed);
}
