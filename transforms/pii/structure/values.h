/* SPDX-License-Identifier: MIT */
/*
 * Values: where the structure of an object and the engine meet. A tokeniser hands over what it
 * reads, in order and without a gap, as one of three things: punctuation, which leaves as it is;
 * bytes of a value as they stand; and escapes, of which the engine sees what they mean. What is
 * not found leaves as it came, escapes included; what is found becomes its replacement, written
 * so that the structure around it stays what it was.
 *
 * Everything here is called from the transform's callbacks. The first failure is kept in the
 * output (pii_output.result); what comes after it is dropped.
 */
#ifndef PII_VALUES_H
#define PII_VALUES_H

#include "decision.h"
#include "engine/engine.h"
#include "structure/fields.h"
#include "structure/restore.h"

#define PII_ESCAPE_MAX 14  /* bytes of an escape as it is written */
#define PII_MEANING_MAX 4  /* and of what it means */
#define PII_PIECE_BYTES 1024
#define PII_HELD_VALUE_BYTES 8192

/* How a replacement is written, by where it stands. */
enum pii_place {
    PII_PLACE_TEXT,     /* as it is */
    PII_PLACE_JSON,     /* in a JSON string */
    PII_PLACE_NUMBER,   /* a JSON number or word: becomes a string */
    PII_PLACE_XML,      /* character data and attribute values */
    PII_PLACE_RAW_XML,  /* CDATA, comments: without "<" and ">" */
    PII_PLACE_QUOTED,   /* in a quoted CSV field */
    PII_PLACE_UNQUOTED, /* a CSV field that may need quotes */
    PII_PLACE_FORM,     /* percent-encoded */
};

struct pii_escape {
    uint32_t at; /* offset in the value's meaning, its low bits */
    uint8_t meaning, size;
    uint8_t bytes[PII_ESCAPE_MAX];
};

struct pii_value {
    enum pii_place place;
    const struct pii_field_rule *rule; /* NULL: look into it */
    const char *field;           /* valid until the value ends */
    size_t field_size;
};

struct pii_values {
    struct pii_decision *decision;
    struct pii_output *out;
    struct pii_engine engine;
    struct pii_sink sink;
    struct pii_restore restore; /* in the engine's place, in that mode */
    bool restoring;
    struct pii_value value;
    uint8_t quote, delimiter; /* of CSV; delimiter 0: not known yet */

    uint64_t fed;     /* bytes of meaning that were handed to the engine */
    uint64_t settled; /* and that came back from it */
    bool began;       /* the engine knows of the value */
    struct pii_escape *escapes; /* a ring, made with the first one */
    uint32_t escapes_first, escapes_count;
    uint8_t piece[PII_PIECE_BYTES]; /* meaning on its way to the engine */
    size_t piece_size;

    /* Values that are known whole before they leave: numbers, fields that may need quotes. */
    bool holding, changed, over_long;
    uint8_t held[PII_HELD_VALUE_BYTES];
    size_t held_size;

    uint64_t whole_start; /* of a value that a rule replaces */
    uint8_t whole[PII_FINDING_MAX];
    size_t whole_size;
};

/* `v` is zeroed. */
void pii_values_init(struct pii_values *v, struct pii_decision *decision, struct pii_output *out);
void pii_values_fini(struct pii_values *v);
/* Between values. */
void pii_values_literal(struct pii_values *v, const uint8_t *bytes, size_t size);
void pii_values_begin(struct pii_values *v, const struct pii_value *value);
/* In a value; `last`: it ends behind these bytes. */
void pii_values_plain(struct pii_values *v, const uint8_t *bytes, size_t size, bool last);
void pii_values_escape(struct pii_values *v, const uint8_t *bytes, size_t size,
                       const uint8_t *meaning, size_t meaning_size);
/* Only when no last plain bytes said so. */
void pii_values_end(struct pii_values *v);

#endif
