/* SPDX-License-Identifier: MIT */
/*
 * A circuit breaker: after so many failures in a row nothing is sent for a while; then one
 * request is let through, and what becomes of it decides. Belongs to one loop; time is given.
 */
#ifndef OL_HTTP_BREAKER_H
#define OL_HTTP_BREAKER_H

#include "base/error.h"

enum ol_http_breaker_state { OL_HTTP_BREAKER_CLOSED, OL_HTTP_BREAKER_HALF_OPEN, OL_HTTP_BREAKER_OPEN };

typedef struct ol_http_breaker {
    uint32_t failures_max; /* 0: never opens */
    uint32_t open_ms;
    enum ol_http_breaker_state state;
    uint32_t failures;     /* in a row */
    uint64_t opened_ms;
    bool probing;          /* half-open: the one request is under way */
} ol_http_breaker;

void ol_http_breaker_init(ol_http_breaker *breaker, uint32_t failures_max, uint32_t open_ms);
/* OL_OK: send, and report it by one of the functions below; *probe is to be handed to it.
 * OL_EUNAVAILABLE: do not. */
int ol_http_breaker_ask(ol_http_breaker *breaker, uint64_t now_ms, bool *probe);
void ol_http_breaker_succeeded(ol_http_breaker *breaker);
/* True when this failure has opened it. */
bool ol_http_breaker_failed(ol_http_breaker *breaker, uint64_t now_ms, bool probe);
/* Given up before anything could be learned. */
void ol_http_breaker_unknown(ol_http_breaker *breaker, bool probe);

#endif
