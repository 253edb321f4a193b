/* SPDX-License-Identifier: MIT */
#include "jsonml.h"

#include "config.h"

static void end_text(struct xj_jsonml *j)
{
    if (j->in_text)
        kit_output_byte(j->out, '"');
    j->in_text = false;
}

static void write_name(const struct xj_jsonml *j, const char *name)
{
    struct kit_output *out = j->out;
    kit_output_byte(out, '"');
    if (j->has_odd_names)
        xj_out_text(out, (const uint8_t *)name, strlen(name));
    else
        kit_output_write(out, name, strlen(name));
    kit_output_byte(out, '"');
}

static void write_attributes(const struct xj_jsonml *j, const char *const *attributes)
{
    struct kit_output *out = j->out;
    for (size_t i = 0; attributes[i] && out->result == OBJLENS_OK; i += 2) {
        kit_output_write(out, i == 0 ? ",{" : ",", i == 0 ? 2 : 1);
        write_name(j, attributes[i]);
        if (attributes[i] == xj_declarations) {
            kit_output_byte(out, ':');
            kit_output_write(out, attributes[i + 1], strlen(attributes[i + 1]));
            continue;
        }
        kit_output_write(out, ":\"", 2);
        xj_out_text(out, (const uint8_t *)attributes[i + 1], strlen(attributes[i + 1]));
        kit_output_byte(out, '"');
    }
    kit_output_byte(out, '}');
}

void xj_jsonml_begin(struct xj_jsonml *j, bool outermost, const char *name,
                     const char *const *attributes)
{
    end_text(j);
    if (!outermost)
        kit_output_byte(j->out, ',');
    kit_output_byte(j->out, '[');
    write_name(j, name);
    if (attributes && attributes[0])
        write_attributes(j, attributes);
}

void xj_jsonml_text(struct xj_jsonml *j, const uint8_t *bytes, size_t size)
{
    if (!j->in_text)
        kit_output_write(j->out, ",\"", 2);
    j->in_text = true;
    xj_out_text(j->out, bytes, size);
}

void xj_jsonml_end(struct xj_jsonml *j)
{
    end_text(j);
    kit_output_byte(j->out, ']');
}
