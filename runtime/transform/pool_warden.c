/* SPDX-License-Identifier: MIT */
/*
 * The warden of one host, on its pool's loop: first the socket by which the listener arrives, then
 * the listener, until the program is loaded; for a program that declares threads, until the host
 * is gone. A descriptor is closed in the turn in which its poll is, after it.
 */
#include <unistd.h>

#include "transform/pool_private.h"

static void stop_listening(ol_pool_host *host)
{
    if (!host->listener_polled)
        return;
    host->listener_polled = false;
    uv_close((uv_handle_t *)&host->listener_poll, ol_pool_host_handle_closed);
    ol_warden_close_listener(&host->child.warden);
}

static void answer(ol_pool_host *host)
{
    if (!ol_warden_answer(&host->child.warden)) {
        stop_listening(host);
        return;
    }
    if (!ol_warden_is_flooded(&host->child.warden))
        return;
    ol_pool_host_kill_for(host, ol_pool_host_executing(host), OL_ETRANSFORM,
                          "transform %s asked too often for what it may not have",
                          host->program->name);
}

static void on_asked(uv_poll_t *poll, int status, int events)
{
    ol_pool_host *host = poll->data;
    (void)events;
    if (status < 0 || host->state >= OL_HOST_DYING)
        stop_listening(host);
    else
        answer(host);
}

static void on_control(uv_poll_t *poll, int status, int events)
{
    ol_pool_host *host = poll->data;
    (void)status;
    (void)events;
    host->control_polled = false;
    uv_close((uv_handle_t *)poll, ol_pool_host_handle_closed);
    /* Without a listener the host waits for answers in vain, until it is given up. */
    if (ol_warden_take(&host->child.warden) &&
        ol_pool_host_poll(host, &host->listener_poll, host->child.warden.listener_fd, on_asked) ==
            OL_OK)
        host->listener_polled = true;
}

int ol_pool_warden_start(ol_pool_host *host)
{
    if (!ol_program_asks_warden(host->program))
        return OL_OK;
    int rc = ol_pool_host_poll(host, &host->control_poll, host->child.warden.socket_fd, on_control);
    host->control_polled = rc == OL_OK;
    return rc;
}

bool ol_pool_warden_seal(ol_pool_host *host, uint32_t threads_max)
{
    if (!ol_program_asks_warden(host->program)) {
        ol_warden_fini(&host->child.warden); /* it was there to tell the host that we live */
        return true;
    }
    bool kept = ol_warden_seal(&host->child.warden, threads_max);
    if (ol_warden_is_over(&host->child.warden))
        ol_pool_warden_stop(host);
    return kept;
}

void ol_pool_warden_stop(ol_pool_host *host)
{
    if (host->control_polled)
        uv_close((uv_handle_t *)&host->control_poll, ol_pool_host_handle_closed);
    host->control_polled = false;
    stop_listening(host);
    ol_warden_fini(&host->child.warden);
}
