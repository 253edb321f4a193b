/* SPDX-License-Identifier: MIT */
/*
 * A light client at a steady pace: so many requests a second over a few connections, each sent when
 * it is due and not when the one before was answered. Prints what each took from when it was due, in
 * microseconds. In C and, where it may be, ahead of everybody else on its core: a slow client would
 * measure itself.
 *
 *   light PORT RATE SECONDS <REQUEST        REQUEST: a request's head, as it is to be sent
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS 4
#define REQUEST_BYTES 8192
#define ANSWER_BYTES 16384

static char request[REQUEST_BYTES];
static size_t request_bytes;
static int64_t begin_ns;
static int port, rate, count; /* a second; in all */
static uint32_t *taken_us;    /* by request */

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000ll + now.tv_nsec;
}

static void sleep_until(int64_t ns)
{
    struct timespec until = {.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
        ;
}

static void give_up(const char *why)
{
    fprintf(stderr, "light: %s\n", why);
    exit(1);
}

static int connected(void)
{
    struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port),
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
    if (fd < 0 || connect(fd, (struct sockaddr *)&server, sizeof(server)) != 0)
        give_up("no connection");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    return fd;
}

/* A head with a length and as much body, or a chunked answer to its last chunk. */
static int is_whole(const char *answer, size_t bytes)
{
    const char *body = strstr(answer, "\r\n\r\n");
    if (!body)
        return 0;
    body += 4;
    const char *length = strcasestr(answer, "\r\ncontent-length:");
    if (length && length < body)
        return bytes - (size_t)(body - answer) >= strtoul(length + 17, NULL, 10);
    return bytes >= 5 && memcmp(answer + bytes - 5, "0\r\n\r\n", 5) == 0;
}

static void ask(int fd)
{
    char answer[ANSWER_BYTES + 1];
    size_t bytes = 0;
    if (write(fd, request, request_bytes) != (ssize_t)request_bytes)
        give_up("a request could not be sent");
    do {
        ssize_t n = read(fd, answer + bytes, ANSWER_BYTES - bytes);
        if (n <= 0)
            give_up("the connection was cut");
        bytes += (size_t)n;
        answer[bytes] = '\0';
    } while (!is_whole(answer, bytes));
    if (strncmp(answer, "HTTP/1.1 200 ", 13) != 0)
        give_up(answer);
}

static void *run(void *arg)
{
    int fd = connected();
    for (int i = (int)(intptr_t)arg; i < count; i += CONNECTIONS) {
        int64_t due = begin_ns + i * 1000000000ll / rate;
        sleep_until(due);
        ask(fd);
        taken_us[i] = (uint32_t)((now_ns() - due) / 1000);
    }
    close(fd);
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t threads[CONNECTIONS];
    if (argc != 4)
        give_up("usage: light PORT RATE SECONDS <REQUEST");
    port = atoi(argv[1]);
    rate = atoi(argv[2]);
    count = (int)(rate * atof(argv[3]));
    request_bytes = fread(request, 1, sizeof(request), stdin);
    taken_us = calloc((size_t)count, sizeof(*taken_us));
    if (count <= 0 || !taken_us)
        give_up("nothing to do");
    if (sched_setscheduler(0, SCHED_FIFO, &(struct sched_param){.sched_priority = 1}) != 0)
        fprintf(stderr, "light: not ahead of others, what they take is in the figures\n");
    begin_ns = now_ns() + 20000000;
    for (intptr_t i = 0; i < CONNECTIONS; i++)
        if (pthread_create(&threads[i], NULL, run, (void *)i) != 0)
            give_up("no thread");
    for (int i = 0; i < CONNECTIONS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < count; i++)
        printf("%u\n", taken_us[i]);
    return 0;
}
