/* SPDX-License-Identifier: MIT */
/*
 * What the attempts to get out share. An attempt is a function that returns true when it got somewhere;
 * escape_list.h names them all and says how each must end.
 */
#ifndef OL_TESTS_ESCAPE_H
#define OL_TESTS_ESCAPE_H

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "objlens/transform.h"

#define WAKE_FD 4
#define SERVER 1 /* not even its number is to be had */

static const struct objlens_host *host;
static struct objlens_call *the_call;

#define TRY(name) static bool name(void)
#define SYS(...) (syscall(__VA_ARGS__) >= 0)

/* Until the server has had enough. */
static bool wait_for_the_end(void)
{
    for (;;)
        poll(NULL, 0, 1000);
    return false;
}

/* ---- the shared memory: what stands where is the host's own knowledge, and an attacker's ---- */

#define MAGIC 0x6f6c7731u
#define RING 2048u

struct message {
    uint16_t type, flags;
    uint32_t job, slot, offset, length, grant, credits;
    int32_t code;
    uint64_t a, b, spare[2];
};

static uint8_t *base; /* the control page */

static volatile uint32_t *word_at(size_t line)
{
    return (volatile uint32_t *)(base + line * 64);
}

#define TO_HOST_TAIL word_at(1)
#define TO_HOST_HEAD word_at(2)
#define TO_SERVER_TAIL word_at(3)
#define TO_SERVER_HEAD word_at(4)
#define HOST_SLEEPS word_at(5)
#define SERVER_SLEEPS word_at(6)
#define EXECUTING ((volatile uint64_t *)(base + 7 * 64))

static struct message *to_server(uint32_t i)
{
    return (struct message *)(base + 4096 + RING * 64) + i % RING;
}

/* From a slot that we were lent, down to the page that begins it all. */
static void find_memory(void)
{
    void *span;
    size_t size;
    if (host->out_span(the_call, &span, &size) != OBJLENS_OK)
        abort();
    uint8_t *page = (uint8_t *)((uintptr_t)span & ~(uintptr_t)4095);
    while (*(volatile uint32_t *)page != MAGIC)
        page -= 4096;
    base = page;
}

static void wake_server(void)
{
    uint64_t one = 1;
    if (write(WAKE_FD, &one, sizeof(one)) < 0)
        abort();
}

static void say(struct message message)
{
    uint32_t tail = *TO_SERVER_TAIL;
    *to_server(tail) = message;
    *TO_SERVER_TAIL = tail + 1;
    wake_server();
}

#endif
