/* SPDX-License-Identifier: MIT */
/*
 * The server's own messages: a line on standard error, in one write. When nobody reads there
 * and the pipe is full, the message is lost rather than a loop held up.
 */
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "observe/log.h"

#define LINE_BYTES_MAX 1024u

/* A message stays one line and steers no terminal, whatever was put into it. */
static void blunt(char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c < 0x20 || c == 0x7F)
            *text = '?';
    }
}

void ol_say(const char *level, const char *format, ...)
{
    char line[LINE_BYTES_MAX];
    bool is_info = strcmp(level, "info") == 0;
    size_t start = (size_t)snprintf(line, 64, "objlens: %.16s%s", is_info ? "" : level,
                                    is_info ? "" : ": ");
    va_list args;
    va_start(args, format);
    int len = vsnprintf(line + start, sizeof(line) - start - 1, format, args);
    va_end(args);
    if (len < 0)
        return;
    blunt(line);
    size_t end = strlen(line);
    line[end++] = '\n';
    struct pollfd writable = {.fd = STDERR_FILENO, .events = POLLOUT};
    if (poll(&writable, 1, 0) != 1)
        return;
    ssize_t written = write(STDERR_FILENO, line, end);
    (void)written;
}
