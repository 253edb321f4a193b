/* SPDX-License-Identifier: MIT */
/*
 * From a host's name to an open stream: addresses are tried one after the other.
 */
#include <netdb.h>
#include <stdio.h>

#include "base/alloc.h"
#include "http/client_private.h"

static void try_next(ol_client_conn *conn);

static void on_attempt_closed(void *arg)
{
    ol_client_conn *conn = arg;
    if (conn->phase == OL_CLIENT_CLOSED)
        ol_client_conn_stream_closed(conn);
    else
        try_next(conn);
}

void ol_client_conn_attempt_failed(ol_client_conn *conn, int code)
{
    bool more = conn->next_address && code == OL_EUNAVAILABLE;
    if (!more) {
        ol_client_conn_break(conn, code, ol_stream_reason(&conn->stream), false);
        return;
    }
    conn->phase = OL_CLIENT_BETWEEN;
    ol_stream_close(&conn->stream, on_attempt_closed);
}

static void try_address(ol_client_conn *conn, const struct sockaddr *address)
{
    const ol_client_host *host = conn->host;
    conn->phase = OL_CLIENT_CONNECTING;
    ol_stream_init(&conn->stream, conn->client->loop, &ol_client_stream_ops, conn);
    if (conn->client->limits.wipes_answers)
        ol_stream_wipe_reads(&conn->stream);
    int rc = ol_stream_connect(&conn->stream, address, host->tls, host->name);
    if (rc != OL_OK)
        ol_client_conn_attempt_failed(conn, rc);
}

static void set_port(struct sockaddr *address, uint16_t port)
{
    if (address->sa_family == AF_INET)
        ((struct sockaddr_in *)address)->sin_port = htons(port);
    else
        ((struct sockaddr_in6 *)address)->sin6_port = htons(port);
}

static void try_next(ol_client_conn *conn)
{
    struct addrinfo *info = conn->next_address;
    conn->next_address = info->ai_next;
    set_port(info->ai_addr, conn->host->port);
    try_address(conn, info->ai_addr);
}

static void on_resolved(uv_getaddrinfo_t *req, int status, struct addrinfo *addresses)
{
    ol_client_lookup *lookup = req->data;
    ol_client_conn *conn = lookup->conn;
    ol_free(lookup);
    if (!conn) {
        uv_freeaddrinfo(addresses);
        return;
    }
    conn->lookup = NULL;
    if (status != 0 || !addresses) {
        ol_client_conn_break(conn, OL_EUNAVAILABLE, status ? uv_strerror(status) : "no address",
                             false);
        return;
    }
    conn->addresses = conn->next_address = addresses;
    try_next(conn);
}

void ol_client_conn_forget_addresses(ol_client_conn *conn)
{
    if (conn->lookup) {
        conn->lookup->conn = NULL; /* it frees itself; a lookup that runs cannot be stopped */
        uv_cancel((uv_req_t *)&conn->lookup->req);
        conn->lookup = NULL;
    }
    if (conn->addresses)
        uv_freeaddrinfo(conn->addresses);
    conn->addresses = conn->next_address = NULL;
}

static int look_up(ol_client_conn *conn)
{
    ol_client_lookup *lookup = ol_calloc(1, sizeof(*lookup));
    if (!lookup)
        return OL_ENOMEM;
    struct addrinfo hints = {.ai_family = AF_UNSPEC,
                             .ai_socktype = SOCK_STREAM,
                             .ai_protocol = IPPROTO_TCP,
                             .ai_flags = AI_ADDRCONFIG};
    lookup->conn = conn;
    lookup->req.data = lookup;
    int rc = uv_getaddrinfo(ol_loop_uv(conn->client->loop), &lookup->req, on_resolved,
                            conn->host->name, NULL, &hints);
    if (rc != 0) {
        ol_free(lookup);
        return rc == UV_ENOMEM ? OL_ENOMEM : OL_EUNAVAILABLE;
    }
    conn->lookup = lookup;
    return OL_OK;
}

int ol_client_conn_connect(ol_client_conn *conn)
{
    struct sockaddr_storage address = {0};
    const ol_client_host *host = conn->host;
    conn->phase = OL_CLIENT_RESOLVING;
    bool literal = uv_ip4_addr(host->name, host->port, (struct sockaddr_in *)&address) == 0 ||
                   uv_ip6_addr(host->name, host->port, (struct sockaddr_in6 *)&address) == 0;
    if (!literal)
        return look_up(conn);
    conn->phase = OL_CLIENT_CONNECTING;
    ol_stream_init(&conn->stream, conn->client->loop, &ol_client_stream_ops, conn);
    if (conn->client->limits.wipes_answers)
        ol_stream_wipe_reads(&conn->stream);
    int rc = ol_stream_connect(&conn->stream, (struct sockaddr *)&address, host->tls, host->name);
    return rc;
}
