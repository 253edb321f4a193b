/* SPDX-License-Identifier: MIT */
/* Operators as a payload names them: a name, or an object with the name and its options. */
#ifndef PII_OPERATORS_READ_H
#define PII_OPERATORS_READ_H

#include "../kit/payload.h"

#include "operators/operator.h"

void pii_operator_defaults(struct pii_operator *op);
/* `from`: what the options are that are not given; `keys`: used unless the object has its own.
 * "entity" in an object is passed over. False: kit_wrong has said why; no text shows a key. */
bool pii_read_operator(struct kit_config *c, const char *key, const json_t *value,
                       const struct pii_operator *from, const struct pii_keys *keys,
                       struct pii_operator *op);
/* What {"file": "NAME"} stands for; see files.h. A key is read from a key's file only, and nothing
 * else is. False: kit_wrong has said why. */
bool pii_file_of(struct kit_config *c, const char *key, const json_t *value, bool as_key, const char **bytes,
                 size_t *size);
bool pii_read_key(struct kit_config *c, const char *key, const json_t *value, struct pii_keys *keys);
bool pii_read_mask_character(struct kit_config *c, const char *key, const json_t *value,
                             struct pii_operator *op);
bool pii_read_template(struct kit_config *c, const char *key, const json_t *value,
                       struct pii_operator *op);

#endif
