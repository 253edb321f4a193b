/* SPDX-License-Identifier: MIT */
#include "jsonml.h"

static void end_text(struct xj_jsonml *j)
{
    if (j->in_text)
        xj_out_byte(j->out, '"');
    j->in_text = false;
}

/* Names of XML hold nothing that JSON escapes. */
static void write_name(struct xj_out *out, const char *name)
{
    xj_out_byte(out, '"');
    xj_out_raw(out, name, strlen(name));
    xj_out_byte(out, '"');
}

static void write_attributes(struct xj_out *out, const char *const *attributes)
{
    for (size_t i = 0; attributes[i] && out->result == OBJLENS_OK; i += 2) {
        xj_out_raw(out, i == 0 ? ",{" : ",", i == 0 ? 2 : 1);
        write_name(out, attributes[i]);
        xj_out_raw(out, ":\"", 2);
        xj_out_text(out, (const uint8_t *)attributes[i + 1], strlen(attributes[i + 1]));
        xj_out_byte(out, '"');
    }
    xj_out_byte(out, '}');
}

void xj_jsonml_begin(struct xj_jsonml *j, bool outermost, const char *name,
                     const char *const *attributes)
{
    end_text(j);
    if (!outermost)
        xj_out_byte(j->out, ',');
    xj_out_byte(j->out, '[');
    write_name(j->out, name);
    if (attributes && attributes[0])
        write_attributes(j->out, attributes);
}

void xj_jsonml_text(struct xj_jsonml *j, const uint8_t *bytes, size_t size)
{
    if (!j->in_text)
        xj_out_raw(j->out, ",\"", 2);
    j->in_text = true;
    xj_out_text(j->out, bytes, size);
}

void xj_jsonml_end(struct xj_jsonml *j)
{
    end_text(j);
    xj_out_byte(j->out, ']');
}
