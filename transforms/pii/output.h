/* SPDX-License-Identifier: MIT */
/*
 * Output, written straight into the room that the host lends. It knows where in the source it
 * stands: every byte of the source is either copied or skipped, in order. A UTF-16 source is read
 * as UTF-8 and written as UTF-16 again; the offsets are those of the source. The first failure is
 * kept; everything after it is dropped.
 */
#ifndef PII_OUTPUT_H
#define PII_OUTPUT_H

#include <objlens/transform.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum pii_coding { PII_UTF8, PII_UTF16LE, PII_UTF16BE };

struct pii_output {
    const struct objlens_host *host;
    struct objlens_call *call;
    enum pii_coding coding;
    bool silent;     /* nothing of the source leaves, nor what stands for it */
    uint64_t source; /* bytes of the source so far */
    uint8_t *room;
    size_t size, used;
    int result;
    uint8_t *held; /* a report that is short enough to be counted before it leaves; or NULL */
    size_t held_size, held_room;
    uint8_t part[4]; /* of UTF-16: a character that is not whole yet */
    size_t part_size;
};

void pii_output_init(struct pii_output *out, const struct objlens_host *host,
                     struct objlens_call *call);
/* Bytes of the source, as they are. */
void pii_output_copy(struct pii_output *out, const uint8_t *bytes, size_t size);
/* Bytes of the source that do not leave, or were kept to leave later with pii_output_write. */
void pii_output_skip(struct pii_output *out, const uint8_t *bytes, size_t size);
void pii_output_write(struct pii_output *out, const uint8_t *bytes, size_t size);
/* Not part of the object: written even when silent, and never as UTF-16. */
void pii_output_report(struct pii_output *out, const void *bytes, size_t size);
/* Hold a report back, up to PII_HELD_REPORT_BYTES; room is taken as it is needed. True at the end: all of it is still held. */
#define PII_HELD_REPORT_BYTES (512 * 1024)
void pii_output_hold(struct pii_output *out);
bool pii_output_holds(const struct pii_output *out);
void pii_output_release(struct pii_output *out);
/* Fail the request, unless it has failed already. */
void pii_output_fail(struct pii_output *out, int status, const char *code, const char *message);
/* Before the callback returns: the room goes back. */
void pii_output_flush(struct pii_output *out);

#endif
