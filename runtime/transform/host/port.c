/* SPDX-License-Identifier: MIT */
/*
 * The host sleeps on a futex in the shared memory; the server sleeps in its event loop and is
 * woken by an eventfd. Either is touched only when the other side said that it sleeps.
 */
#include "transform/host/port.h"

#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

#define SIGNAL_AFTER_NS 100000u /* a batch is not held back longer than this */
#define FULL_PAUSE_NS 20000

/* ---- opening ---- */

int ol_port_attach(ol_port *port, uint8_t *base, size_t size)
{
    ol_wire_control *control = (ol_wire_control *)base;
    *port = (ol_port){.base = base, .control = control, .wake_fd = OL_HOST_FD_WAKE};
    if (size < sizeof(*control) || control->magic != OL_WIRE_MAGIC ||
        !ol_wire_layout_make(&port->layout, control->slot_bytes, control->slots) ||
        port->layout.total > size || control->jobs_max == 0 ||
        control->jobs_max > OL_WIRE_JOBS_MAX)
        return OL_EPROTOCOL;
    ol_ring_writer_to_server(&port->out, base, &port->layout);
    ol_ring_reader_to_host(&port->in, base, &port->layout);
    return OL_OK;
}

int ol_port_open(ol_port *port, ol_error *err)
{
    struct stat info;
    if (fstat(OL_HOST_FD_SHARED, &info) != 0 || info.st_size < (off_t)sizeof(ol_wire_control))
        return ol_error_set(err, OL_EPROTOCOL, "no shared memory");
    size_t size = (size_t)info.st_size;
    void *base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE,
                      OL_HOST_FD_SHARED, 0);
    if (base == MAP_FAILED)
        return ol_error_set(err, OL_ENOMEM, "mapping the shared memory");
    if (ol_port_attach(port, base, size) != OL_OK)
        return ol_error_set(err, OL_EPROTOCOL, "the shared memory is not ours");
    return OL_OK;
}

/* ---- sending ---- */

static void wake_server(const ol_port *port)
{
    const uint64_t one = 1;
    ssize_t written = write(port->wake_fd, &one, sizeof(one));
    (void)written; /* a full counter means that it is awake already */
}

void ol_port_flush(ol_port *port)
{
    port->unsignalled_ns = 0;
    if (ol_ring_publish(&port->out))
        wake_server(port);
}

void ol_port_flush_if_due(ol_port *port, uint64_t now_ns)
{
    if (port->unsignalled_ns && now_ns - port->unsignalled_ns >= SIGNAL_AFTER_NS)
        ol_port_flush(port);
}

static void wait_for_server(ol_port *port)
{
    ol_port_flush(port);
    nanosleep(&(struct timespec){.tv_nsec = FULL_PAUSE_NS}, NULL);
}

static void put(ol_port *port, const ol_msg *msg)
{
    while (ol_ring_put(&port->out, msg) != OL_OK) {
        if (ol_port_is_stopped(port))
            return;
        wait_for_server(port);
    }
    port->text_ends[(port->out.next - 1) % (2 * OL_WIRE_RING)] = port->text_next;
    if (!port->unsignalled_ns)
        port->unsignalled_ns = ol_clock_mono_ns();
}

void ol_port_send(ol_port *port, const ol_msg *msg)
{
    put(port, msg);
}

static void free_texts(ol_port *port)
{
    uint32_t consumed = ol_ring_consumed(&port->out);
    if (consumed == port->text_seen)
        return;
    port->text_seen = consumed;
    port->text_freed = port->text_ends[(consumed - 1) % (2 * OL_WIRE_RING)];
}

/* A place for `length` bytes in one piece: texts do not wrap. */
static uint64_t take_text(ol_port *port, uint32_t length)
{
    uint64_t start = port->text_next;
    uint32_t at = (uint32_t)(start % OL_WIRE_TEXT_AREA);
    if (at + length > OL_WIRE_TEXT_AREA)
        start += OL_WIRE_TEXT_AREA - at;
    while (start + length - port->text_freed > OL_WIRE_TEXT_AREA) {
        free_texts(port);
        if (ol_port_is_stopped(port))
            break;
        if (start + length - port->text_freed > OL_WIRE_TEXT_AREA)
            wait_for_server(port);
    }
    port->text_next = start + length;
    return start;
}

void ol_port_send_text(ol_port *port, ol_msg *msg, ol_slice text)
{
    text = ol_slice_first(text, OL_WIRE_TEXT_MAX);
    uint64_t start = take_text(port, (uint32_t)text.len);
    msg->offset = (uint32_t)(start % OL_WIRE_TEXT_AREA);
    msg->length = (uint32_t)text.len;
    if (text.len)
        memcpy(port->base + port->layout.text + msg->offset, text.data, text.len);
    put(port, msg);
}

/* ---- receiving ---- */

int ol_port_receive(ol_port *port, ol_msg *msg)
{
    int rc = ol_ring_get(&port->in, msg);
    if (rc == OL_EPROTOCOL)
        _exit(70);
    return rc;
}

static void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#endif
}

/* True when something came. Costs the core, so only where the server has another one. */
static bool spin(ol_port *port)
{
    uint32_t spin_us = port->control->spin_us;
    if (spin_us == 0)
        return false;
    uint64_t until = ol_clock_mono_ns() + spin_us * 1000ull;
    do {
        if (atomic_load_explicit(port->in.tail, memory_order_acquire) != port->in.next)
            return true;
        relax();
    } while (ol_clock_mono_ns() < until);
    return false;
}

void ol_port_wait(ol_port *port, uint64_t bound_ns)
{
    struct timespec bound = {.tv_sec = (time_t)(bound_ns / 1000000000u),
                             .tv_nsec = (long)(bound_ns % 1000000000u)};
    ol_port_flush(port);
    if (spin(port) || !ol_ring_sleep(&port->in))
        return;
    /* Whoever sets `stop` clears the flag behind it: one of the two is seen. */
    if (atomic_load(&port->control->stop)) {
        ol_ring_awake(&port->in);
        return;
    }
    syscall(SYS_futex, port->in.sleeps, FUTEX_WAIT, 1, bound_ns ? &bound : NULL, NULL, 0);
    ol_ring_awake(&port->in);
}
