/* SPDX-License-Identifier: MIT */
/*
 * The engine of the pii transform alone, beside memchr over the same bytes:
 *
 *   pii_speed FILE...
 *
 * One line a file: GB/s of both, their ratio in percent, bytes a finding. Processor time of this
 * process; the best of several rounds, memchr and the engine in turns.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/engine.h"

#define PIECE (256 * 1024)
#define ROUNDS 7
#define BYTES_MIN (64u * 1024 * 1024) /* a round works on at least so many */

static uint64_t findings;

static void on_bytes(void *arg, const uint8_t *bytes, size_t size)
{
    (void)arg, (void)bytes, (void)size;
}

static void on_found(void *arg, const struct pii_match *m, const uint8_t *bytes, size_t size)
{
    (void)arg, (void)m, (void)bytes, (void)size;
    findings++;
}

static double cpu_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static uint8_t *read_file(const char *path, size_t *size)
{
    FILE *f = fopen(path, "rb");
    if (!f || fseek(f, 0, SEEK_END) != 0 || (*size = (size_t)ftell(f)) == 0)
        return NULL;
    rewind(f);
    uint8_t *bytes = malloc(*size);
    if (bytes && fread(bytes, 1, *size, f) != *size)
        bytes = NULL;
    fclose(f);
    return bytes;
}

static void run_engine(struct pii_engine *e, const uint8_t *bytes, size_t size)
{
    pii_engine_begin(e, NULL, 0);
    for (size_t at = 0; at < size; at += PIECE)
        if (!pii_engine_feed(e, bytes + at, size - at < PIECE ? size - at : PIECE, at + PIECE >= size))
            exit(1);
}

/* A byte that the text does not hold, if there is one. */
static int absent_byte(const uint8_t *bytes, size_t size)
{
    for (int c = 1; c < 256; c++)
        if (!memchr(bytes, c, size))
            return c;
    return 0;
}

static double seconds_of(struct pii_engine *e, const uint8_t *bytes, size_t size, int absent, size_t times)
{
    double before = cpu_s();
    for (size_t i = 0; i < times; i++) {
        if (e)
            run_engine(e, bytes, size);
        else if (memchr(bytes, absent, size))
            exit(1);
    }
    return (cpu_s() - before) / (double)times;
}

static int measure(struct pii_engine *e, const char *path)
{
    size_t size;
    uint8_t *bytes = read_file(path, &size);
    if (!bytes) {
        fprintf(stderr, "cannot read %s\n", path);
        return 1;
    }
    size_t times = BYTES_MIN / size + 1;
    int absent = absent_byte(bytes, size);
    double engine = 1e9, search = 1e9;
    for (int round = 0; round < ROUNDS; round++) {
        double s = seconds_of(NULL, bytes, size, absent, times);
        search = s < search ? s : search;
        findings = 0;
        s = seconds_of(e, bytes, size, absent, times);
        engine = s < engine ? s : engine;
    }
    double gb = (double)size / 1e9, found = (double)findings / (double)times;
    printf("%-40s memchr %5.1f  pii %5.2f GB/s  %5.2f %%  %.0f bytes a finding\n", path, gb / search,
           gb / engine, 100 * search / engine, found > 0 ? (double)size / found : 0.0);
    free(bytes);
    return 0;
}

int main(int argc, char **argv)
{
    static struct pii_rules rules;
    static struct pii_engine engine;
    static const struct pii_sink sink = {.clean = on_bytes, .found = on_found, .more = on_bytes};
    const struct pii_set entities = pii_registry_default();
    int failed = !pii_rules_init(&rules, &entities, PII_SCORE_THRESHOLD);
    pii_engine_init(&engine, &rules, &sink);
    for (int i = 1; i < argc && !failed; i++)
        failed = measure(&engine, argv[i]);
    return failed;
}
