/* SPDX-License-Identifier: MIT */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "custom/pattern.h"

#include <pcre2.h>
#include <stdio.h>
#include <string.h>

#define STEPS_MAX 20000
#define DEPTH_MAX 1000
#define HEAP_KIB_MAX 1024
#define NEST_MAX 50

struct pii_pattern {
    struct pii_memory memory;
    pcre2_general_context *general;
    pcre2_match_context *limits;
    pcre2_code *code;
    uint8_t first[256 / 8]; /* bytes that a match may begin with */
};

static void *allocate(size_t size, void *pattern)
{
    return pii_allocate(&((struct pii_pattern *)pattern)->memory, size);
}

static void release(void *block, void *pattern)
{
    const struct pii_memory *m = &((struct pii_pattern *)pattern)->memory;
    m->release(m->arg, block);
}

void pii_pattern_destroy(struct pii_pattern *p)
{
    if (!p)
        return;
    pcre2_code_free(p->code);
    pcre2_match_context_free(p->limits);
    pcre2_general_context_free(p->general);
    p->memory.release(p->memory.arg, p);
}

static void add_first(struct pii_pattern *p, unsigned byte)
{
    p->first[byte / 8] = (uint8_t)(p->first[byte / 8] | 1u << byte % 8);
}

static void note_first_bytes(struct pii_pattern *p)
{
    const uint8_t *map = NULL;
    uint32_t kind = 0, byte = 0;
    pcre2_pattern_info(p->code, PCRE2_INFO_FIRSTBITMAP, &map);
    pcre2_pattern_info(p->code, PCRE2_INFO_FIRSTCODETYPE, &kind);
    pcre2_pattern_info(p->code, PCRE2_INFO_FIRSTCODEUNIT, &byte);
    if (map) {
        memcpy(p->first, map, sizeof(p->first));
    } else if (kind == 1 && byte < 256) {
        add_first(p, byte);
        if (pii_letter((int)byte))
            add_first(p, byte ^ 0x20);
    } else {
        memset(p->first, 0xff, sizeof(p->first));
    }
}

static bool compile(struct pii_pattern *p, const char *text, size_t size, bool case_sensitive,
                    char *reason, size_t reason_size)
{
    uint32_t options = PCRE2_MULTILINE | PCRE2_NEVER_UTF | PCRE2_NEVER_BACKSLASH_C |
                       (case_sensitive ? 0 : PCRE2_CASELESS);
    int wrong = 0;
    size_t at = 0;
    pcre2_compile_context *context = pcre2_compile_context_create(p->general);
    if (!context)
        return false;
    pcre2_set_parens_nest_limit(context, NEST_MAX);
    p->code = pcre2_compile((PCRE2_SPTR)text, size, options, &wrong, &at, context);
    pcre2_compile_context_free(context);
    if (!p->code) {
        PCRE2_UCHAR said[100];
        pcre2_get_error_message(wrong, said, sizeof(said));
        snprintf(reason, reason_size, "a pattern of \"custom\" is wrong at character %zu: %s", at + 1,
                 (const char *)said);
        return false;
    }
    note_first_bytes(p);
    return true;
}

struct pii_pattern *pii_pattern_new(struct pii_memory memory, const char *text, size_t size,
                                    bool case_sensitive, char *reason, size_t reason_size)
{
    snprintf(reason, reason_size, "out of memory");
    struct pii_pattern *p = pii_allocate(&memory, sizeof(*p));
    if (!p)
        return NULL;
    p->memory = memory;
    p->general = pcre2_general_context_create(allocate, release, p);
    p->limits = p->general ? pcre2_match_context_create(p->general) : NULL;
    if (!p->limits || !compile(p, text, size, case_sensitive, reason, reason_size)) {
        pii_pattern_destroy(p);
        return NULL;
    }
    pcre2_set_match_limit(p->limits, STEPS_MAX);
    pcre2_set_depth_limit(p->limits, DEPTH_MAX);
    pcre2_set_heap_limit(p->limits, HEAP_KIB_MAX);
    reason[0] = '\0';
    return p;
}

/* Up to the next blank. */
static size_t undecided_end(const struct pii_text *t, size_t at)
{
    size_t end = at + 1;
    while (end < t->len && end < at + PII_PATTERN_BYTES && t->p[end] > ' ')
        end++;
    return end;
}

/* The end of a match that begins at `at`; 0: there is none. */
static size_t match_at(const struct pii_pattern *p, pcre2_match_data *data, const struct pii_text *t,
                       size_t at, bool *undecided)
{
    size_t begin = at < PII_BACK ? 0 : at - PII_BACK, end = at + PII_PATTERN_BYTES;
    uint32_t options = PCRE2_ANCHORED | PCRE2_NOTEMPTY;
    if (end < t->len)
        options |= PCRE2_NOTEOL;
    else
        end = t->len;
    int rc = pcre2_match(p->code, t->p + begin, end - begin, at - begin, options, data, p->limits);
    if (rc == PCRE2_ERROR_NOMATCH)
        return 0;
    const size_t *ends = pcre2_get_ovector_pointer(data);
    *undecided = rc < 0 || ends[0] != at - begin || ends[1] <= ends[0];
    return *undecided ? undecided_end(t, at) : begin + ends[1];
}

bool pii_pattern_seek(const void *pattern, const struct pii_text *t, size_t from, size_t limit,
                      struct pii_match *m)
{
    const struct pii_pattern *p = pattern;
    pcre2_match_data *data = pcre2_match_data_create(1, NULL);
    size_t end = 0;
    limit = limit < t->len ? limit : t->len;
    for (size_t at = from; at < limit; at++) {
        if (!(p->first[t->p[at] / 8] >> t->p[at] % 8 & 1))
            continue;
        m->undecided = !data;
        end = data ? match_at(p, data, t, at, &m->undecided) : undecided_end(t, at);
        if (end > 0) {
            m->start = at;
            m->end = end;
            break;
        }
    }
    pcre2_match_data_free(data);
    return end > 0;
}
