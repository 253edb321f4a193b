/* SPDX-License-Identifier: MIT */
/* The breaker's three states. */
#include "http/breaker.h"

void ol_http_breaker_init(ol_http_breaker *breaker, uint32_t failures_max, uint32_t open_ms)
{
    *breaker = (ol_http_breaker){.failures_max = failures_max, .open_ms = open_ms};
}

int ol_http_breaker_ask(ol_http_breaker *breaker, uint64_t now_ms, bool *probe)
{
    *probe = false;
    if (breaker->state == OL_HTTP_BREAKER_CLOSED)
        return OL_OK;
    if (breaker->state == OL_HTTP_BREAKER_OPEN) {
        if (now_ms - breaker->opened_ms < breaker->open_ms)
            return OL_EUNAVAILABLE;
        breaker->state = OL_HTTP_BREAKER_HALF_OPEN;
    }
    if (breaker->probing)
        return OL_EUNAVAILABLE;
    breaker->probing = *probe = true;
    return OL_OK;
}

void ol_http_breaker_succeeded(ol_http_breaker *breaker)
{
    breaker->state = OL_HTTP_BREAKER_CLOSED;
    breaker->failures = 0;
    breaker->probing = false;
}

bool ol_http_breaker_failed(ol_http_breaker *breaker, uint64_t now_ms, bool probe)
{
    if (breaker->failures_max == 0)
        return false;
    breaker->failures++;
    bool opens = breaker->state == OL_HTTP_BREAKER_CLOSED
                     ? breaker->failures >= breaker->failures_max
                     : probe;
    if (!opens)
        return false;
    breaker->state = OL_HTTP_BREAKER_OPEN;
    breaker->opened_ms = now_ms;
    breaker->probing = false;
    return true;
}

void ol_http_breaker_unknown(ol_http_breaker *breaker, bool probe)
{
    if (probe)
        breaker->probing = false;
}
