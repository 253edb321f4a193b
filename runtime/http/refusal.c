/* SPDX-License-Identifier: MIT */
/*
 * Answers to requests that never become an exchange.
 */
#include <stdio.h>

#include "http/connection.h"
#include "http/syntax.h"
#include "observe/request_id.h"

static const char *code_of(int status)
{
    switch (status) {
    case 408:
        return "RequestTimeout";
    case 414:
        return "InvalidURI";
    case 431:
        return "RequestHeaderSectionTooLarge";
    case 501:
        return "NotImplemented";
    case 503:
        return "ServiceUnavailable";
    case 505:
        return "HTTPVersionNotSupported";
    default:
        return "BadRequest";
    }
}

static int write_answer(ol_http_conn *conn, int status, const char *why, const char *id)
{
    char body[512];
    const char *mark = conn->server->handler.mark;
    int len = snprintf(body, sizeof(body),
                       "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                       "<Error><Code>%s</Code><Message>The request was refused: %s.</Message>"
                       "<RequestId>%s</RequestId></Error>",
                       code_of(status), why, id);
    int rc = ol_buf_addf(&conn->out.gathered,
                         "HTTP/1.1 %d %s\r\nContent-Type: application/xml\r\n"
                         "x-amz-request-id: %s\r\nDate: %s\r\nContent-Length: %d\r\n"
                         "%sConnection: close\r\n\r\n",
                         status, ol_http_reason(status), id, ol_http_server_date(conn->server),
                         len, mark ? mark : "");
    return rc == OL_OK ? ol_buf_add(&conn->out.gathered, ol_slice_of(body, (size_t)len)) : rc;
}

void ol_http_conn_refuse(ol_http_conn *conn, int status, const char *why)
{
    ol_http_server *server = conn->server;
    char id[OL_REQUEST_ID_SIZE];
    ol_request_id_make(id);
    if (status != 503)
        server->stats.protocol_errors++;
    if (server->handler.on_refused)
        server->handler.on_refused(server->handler.arg, conn->x.request.peer, id, status, why);
    if (write_answer(conn, status, why, id) != OL_OK) {
        ol_http_conn_break(conn, OL_ENOMEM, false);
        return;
    }
    int rc = ol_outbox_send(&conn->out, OL_SLICE_NONE, false);
    if (rc < 0)
        ol_http_conn_break(conn, rc, false);
    else
        ol_http_conn_linger(conn);
}
