/* SPDX-License-Identifier: MIT */
/*
 * JSON (RFC 8259) as it comes, cut anywhere: each part goes to the builder as soon as it is whole.
 * Keys, numbers and words are gathered; strings are handed on in pieces, of whole characters. Text
 * that is not UTF-8, lone surrogates, and characters that XML has none of are failures.
 */
#ifndef JX_READER_H
#define JX_READER_H

#include "build.h"

enum jx_state {
    JX_VALUE,          /* a value must come */
    JX_FIRST_ELEMENT,  /* or the array ends */
    JX_FIRST_KEY,      /* or the object ends */
    JX_KEY,
    JX_COLON,
    JX_BEHIND,         /* a value ended: ',' or the end of what it is in */
    JX_STRING,
    JX_ESCAPE,         /* behind a '\\' */
    JX_HEX,            /* behind "\\u" */
    JX_LITERAL         /* a number or a word */
};

struct jx_reader {
    struct jx_build *build;
    struct jx_failure *failure;
    enum jx_state state;
    uint64_t at;   /* bytes read */
    bool is_key;   /* the string */
    bool gathers;  /* the string goes into `gathered` */
    size_t nesting;
    uint8_t is_object[(JX_FRAMES_MAX + 8) / 8]; /* a bit a level */
    unsigned hex_count;
    uint32_t hex, high; /* of an escape; its first half */
    uint8_t sequence[4]; /* a character under way */
    unsigned sequence_size, sequence_wanted;
    uint64_t values; /* at the top */
    unsigned mark; /* bytes of a byte order mark seen */
    size_t gathered_size;
    char gathered[JX_NAME_BYTES_MAX + JX_KEY_BYTES_MAX + 2];
};

void jx_reader_init(struct jx_reader *r, struct jx_build *build, struct jx_failure *failure);
/* A failure is in `failure`, one of the host in the builder's output. */
void jx_reader_write(struct jx_reader *r, const uint8_t *bytes, size_t size);
/* The input ends here. */
void jx_reader_finish(struct jx_reader *r);

#endif
