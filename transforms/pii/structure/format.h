/* SPDX-License-Identifier: MIT */
/* Which format an object is of: the payload's, else its Content-Type's, else its name's. */
#ifndef PII_FORMAT_H
#define PII_FORMAT_H

#include "structure/structure.h"

/* *delimiter becomes that of the format, where it has one. */
const struct pii_tokeniser *pii_format_choose(const struct pii_config *config,
                                              const struct objlens_host *host,
                                              struct objlens_call *call, uint8_t *delimiter);

#endif
