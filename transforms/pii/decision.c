/* SPDX-License-Identifier: MIT */
#include "decision.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void pii_decision_init(struct pii_decision *d, const struct pii_config *config,
                       struct pii_output *out)
{
    memset(d, 0, sizeof(*d));
    d->config = config;
    d->out = out;
}

static uint64_t count(struct pii_decision *d, const struct pii_found *found)
{
    d->total++;
    return ++d->counts[found->entity];
}

/* Types are names of the payload, checked there: nothing in them needs an escape. */
static void report(struct pii_decision *d, const struct pii_found *found)
{
    char line[256];
    if (d->found) {
        d->found(d->arg, found);
        return;
    }
    int size = snprintf(line, sizeof(line),
                        "{\"type\":\"%s\",\"start\":%" PRIu64 ",\"end\":%" PRIu64
                        ",\"score\":%u.%02u}\n",
                        found->type, found->start, found->end, found->score / 100,
                        found->score % 100);
    pii_output_report(d->out, line, (size_t)size);
}

const struct pii_replacement *pii_decide(struct pii_decision *d, const struct pii_found *found)
{
    struct pii_circumstances c = {.type = found->type,
                                  .number = count(d, found),
                                  .object = d->object,
                                  .object_size = d->object_size};
    d->last = found->op;
    if (d->config->mode == PII_MODE_REPORT)
        report(d, found);
    if (d->config->mode != PII_MODE_REDACT)
        return NULL;
    pii_operator_apply(found->op, &c, found->text, found->size, &d->replacement);
    return &d->replacement;
}

const struct pii_replacement *pii_decide_more(struct pii_decision *d, const uint8_t *text,
                                              size_t size)
{
    if (d->more)
        d->more(d->arg, d->out->source);
    if (d->config->mode != PII_MODE_REDACT || !d->last)
        return NULL;
    pii_operator_more(d->last, text, size, &d->replacement);
    return &d->replacement;
}
