/* SPDX-License-Identifier: MIT */
/*
 * The pool: hosts, their connections and the calls that wait for one.
 */
#include "base/alloc.h"
#include "http/client_private.h"

#define IN_BYTES_MAX (OL_READ_BYTES + OL_MIB)

static uint64_t now_ms(const ol_http_client *client)
{
    return ol_loop_now_ms(client->loop);
}

/* ---- hosts ---- */

static bool is_host(const ol_client_host *host, const ol_http_peer *peer)
{
    return host->port == peer->port && host->tls == peer->tls &&
           strcmp(host->name, peer->host) == 0;
}

ol_client_host *ol_client_host_find(ol_http_client *client, const ol_http_peer *peer)
{
    for (ol_client_host *host = client->hosts; host; host = host->next) {
        if (is_host(host, peer))
            return host;
    }
    ol_client_host *host = ol_calloc(1, sizeof(*host));
    if (!host)
        return NULL;
    host->name = ol_strdup(peer->host);
    if (!host->name) {
        ol_free(host);
        return NULL;
    }
    host->client = client;
    host->port = peer->port;
    host->tls = peer->tls;
    host->waiting_tail = &host->waiting;
    host->next = client->hosts;
    if (host->next)
        host->next->prev = host;
    client->hosts = host;
    return host;
}

void ol_client_host_tidy(ol_client_host *host)
{
    if (host->refs > 0)
        return;
    if (host->prev)
        host->prev->next = host->next;
    else
        host->client->hosts = host->next;
    if (host->next)
        host->next->prev = host->prev;
    ol_free(host->name);
    ol_free(host);
}

void ol_client_host_release(ol_client_host *host)
{
    host->refs--;
    ol_client_host_tidy(host);
}

/* ---- connections ---- */

static ol_client_conn *conn_new(ol_client_host *host)
{
    ol_http_client *client = host->client;
    ol_client_conn *conn = ol_calloc(1, sizeof(*conn));
    if (!conn)
        return NULL;
    conn->client = client;
    conn->host = host;
    conn->deadline = now_ms(client) + client->limits.connect_timeout_ms;
    conn->scan = (ol_head_scan){.response = true,
                                .head_bytes_max = client->limits.head_bytes_max,
                                .headers_max = client->limits.headers_max};
    ol_inbox_init(&conn->in, IN_BYTES_MAX);
    ol_outbox_init_secret(&conn->out, &conn->stream);
    conn->next = client->conns;
    if (conn->next)
        conn->next->prev = conn;
    client->conns = conn;
    client->stats.connections++;
    host->conns++;
    host->refs++;
    return conn;
}

void ol_client_conn_free(ol_client_conn *conn)
{
    ol_http_client *client = conn->client;
    if (conn->prev)
        conn->prev->next = conn->next;
    else
        client->conns = conn->next;
    if (conn->next)
        conn->next->prev = conn->prev;
    client->stats.connections--;
    ol_inbox_fini(&conn->in);
    ol_outbox_fini(&conn->out);
    ol_client_host_release(conn->host);
    ol_free(conn);
    ol_client_check_done(client);
}

/* `call` gets this connection, which is open. */
static void give(ol_client_conn *conn, ol_http_call *call)
{
    conn->call = call;
    call->conn = conn;
    conn->deadline = 0;
    conn->heard = false;
    ol_client_call_todo(call, OL_CALL_BEGIN);
}

static int open_new(ol_http_call *call)
{
    ol_client_conn *conn = conn_new(call->host);
    if (!conn)
        return OL_ENOMEM;
    conn->call = call;
    call->conn = conn;
    call->deadline = 0;
    ol_client_sweep(call->client);
    int rc = ol_client_conn_connect(conn);
    if (rc != OL_OK)
        ol_client_conn_break(conn, rc, "cannot connect", false); /* the call hears of it */
    return OL_OK;
}

static ol_client_conn *take_idle(ol_client_host *host)
{
    ol_client_conn *conn = host->idle;
    if (conn) {
        host->idle = conn->next_idle;
        host->client->stats.idle--;
    }
    return conn;
}

static void unlink_idle(ol_client_conn *conn)
{
    for (ol_client_conn **link = &conn->host->idle; *link; link = &(*link)->next_idle) {
        if (*link == conn) {
            *link = conn->next_idle;
            conn->client->stats.idle--;
            return;
        }
    }
}

/* ---- who gets what ---- */

static void enqueue(ol_http_call *call, bool first)
{
    ol_client_host *host = call->host;
    call->waiting = true;
    call->deadline = now_ms(call->client) + call->client->limits.connect_timeout_ms;
    call->next_waiting = first ? host->waiting : NULL;
    if (first) {
        host->waiting = call;
        if (!call->next_waiting)
            host->waiting_tail = &call->next_waiting;
    } else {
        *host->waiting_tail = call;
        host->waiting_tail = &call->next_waiting;
    }
    host->waiting_count++;
    call->client->stats.waiting++;
    ol_client_sweep(call->client);
}

void ol_client_unqueue(ol_http_call *call)
{
    if (!call->waiting)
        return;
    ol_client_host *host = call->host;
    ol_http_call **link = &host->waiting;
    while (*link != call)
        link = &(*link)->next_waiting;
    *link = call->next_waiting;
    if (!*link)
        host->waiting_tail = link;
    call->waiting = false;
    host->waiting_count--;
    call->client->stats.waiting--;
}

int ol_client_dispatch(ol_http_call *call, bool fresh, bool first)
{
    ol_client_host *host = call->host;
    const ol_http_client_limits *limits = &call->client->limits;
    ol_client_conn *conn = fresh ? NULL : take_idle(host);
    if (conn) {
        conn->reused = true;
        call->client->stats.reused++;
        give(conn, call);
        return OL_OK;
    }
    if (host->conns < limits->connections_per_host_max)
        return open_new(call);
    if (!first && host->waiting_count >= limits->waiting_per_host_max)
        return OL_ESLOWDOWN;
    enqueue(call, first);
    return OL_OK;
}

static ol_http_call *next_waiting(ol_client_host *host)
{
    ol_http_call *call = host->waiting;
    if (call)
        ol_client_unqueue(call);
    return call;
}

void ol_client_conn_idle(ol_client_conn *conn)
{
    ol_http_client *client = conn->client;
    ol_head_scan_reset(&conn->scan);
    ol_outbox_reset(&conn->out);
    /* A head and its body often come in one; a large body is better left for a pipe. */
    ol_stream_read_large(&conn->stream, !conn->host->bodies_apart);
    ol_http_call *call = next_waiting(conn->host);
    if (call) {
        conn->reused = true;
        client->stats.reused++;
        give(conn, call);
        return;
    }
    conn->deadline = now_ms(client) + client->limits.idle_timeout_ms;
    conn->next_idle = conn->host->idle;
    conn->host->idle = conn;
    client->stats.idle++;
}

void ol_client_conn_leave(ol_client_conn *conn)
{
    ol_client_host *host = conn->host;
    unlink_idle(conn);
    host->conns--;
    if (host->client->closing)
        return;
    ol_http_call *call = next_waiting(host);
    if (!call)
        return;
    int rc = open_new(call);
    if (rc != OL_OK)
        ol_client_call_finish(call, rc, "out of memory");
}
