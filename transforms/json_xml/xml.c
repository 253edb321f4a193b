/* SPDX-License-Identifier: MIT */
#include "xml.h"

#include <string.h>

#include "name.h"

#define NAMES_BYTES_MIN 4096

void jx_xml_init(struct jx_xml *x, struct kit_output *out, struct jx_failure *failure)
{
    x->out = out;
    x->failure = failure;
}

void jx_xml_fini(struct jx_xml *x)
{
    if (x->names)
        x->out->host->free(x->out->call, x->names);
    x->names = NULL;
}

/* Put `name` at `at` of the names. */
static bool keep_name(struct jx_xml *x, size_t at, const char *name, size_t size)
{
    size_t wanted = x->names_room ? x->names_room : NAMES_BYTES_MIN;
    while (wanted < at + size)
        wanted *= 2;
    if (wanted > x->names_room) {
        char *grown = x->out->host->alloc(x->out->call, wanted);
        if (!grown)
            return jx_fail(x->failure, JX_NO_MEMORY, "");
        if (at > 0)
            memcpy(grown, x->names, at);
        jx_xml_fini(x);
        x->names = grown;
        x->names_room = wanted;
    }
    memcpy(x->names + at, name, size);
    return true;
}

static bool check_name(struct jx_xml *x, const char *name, size_t size)
{
    if (size > JX_NAME_BYTES_MAX)
        return jx_fail(x->failure, JX_TOO_LARGE, "a name of more than 1024 bytes");
    return jx_is_name(name, size) || jx_fail(x->failure, JX_UNSUPPORTED, "a key that is no name in XML");
}

void jx_xml_settle(struct jx_xml *x)
{
    if (x->in_tag)
        kit_output_byte(x->out, '>');
    x->in_tag = false;
}

bool jx_xml_begin(struct jx_xml *x, const char *name, size_t size)
{
    if (x->depth == 0 && x->has_root)
        return jx_fail(x->failure, JX_UNSUPPORTED, "more than one root element");
    if (x->depth == JX_DEPTH_MAX)
        return jx_fail(x->failure, JX_TOO_LARGE, "more than 256 elements inside each other");
    size_t at = x->ends[x->depth];
    if (!check_name(x, name, size) || !keep_name(x, at, name, size))
        return false;
    jx_xml_settle(x);
    x->ends[++x->depth] = at + size;
    kit_output_byte(x->out, '<');
    kit_output_write(x->out, name, size);
    x->in_tag = x->has_root = true;
    x->attribute_count = 0;
    x->starts[0] = at + size;
    return true;
}

/* FNV-1a. Equal hashes are only a reason to compare: nothing is gained by making them equal. */
static uint64_t hash_of(const char *name, size_t size)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (uint8_t)name[i]) * 0x100000001b3u;
    return hash;
}

static bool has_attribute(const struct jx_xml *x, uint64_t hash, const char *name, size_t size)
{
    for (size_t i = 0; i < x->attribute_count; i++)
        if (x->hashes[i] == hash && x->starts[i + 1] - x->starts[i] == size &&
            memcmp(x->names + x->starts[i], name, size) == 0)
            return true;
    return false;
}

bool jx_xml_attribute_begin(struct jx_xml *x, const char *name, size_t size)
{
    uint64_t hash = hash_of(name, size);
    size_t n = x->attribute_count;
    if (n == JX_ATTRIBUTES_MAX)
        return jx_fail(x->failure, JX_TOO_LARGE, "more than 1000 attributes in one element");
    if (!check_name(x, name, size))
        return false;
    if (has_attribute(x, hash, name, size))
        return jx_fail(x->failure, JX_UNSUPPORTED, "an attribute twice in one element");
    if (!keep_name(x, x->starts[n], name, size))
        return false;
    x->hashes[n] = hash;
    x->starts[n + 1] = x->starts[n] + size;
    x->attribute_count++;
    kit_output_byte(x->out, ' ');
    kit_output_write(x->out, name, size);
    kit_output_write(x->out, "=\"", 2);
    return true;
}

void jx_xml_attribute_end(struct jx_xml *x)
{
    kit_output_byte(x->out, '"');
}

void jx_xml_comment_begin(struct jx_xml *x)
{
    jx_xml_settle(x);
    kit_output_write(x->out, "<!--", 4);
    x->after_dash = false;
}

bool jx_xml_comment(struct jx_xml *x, const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] == '-' && x->after_dash)
            return jx_fail(x->failure, JX_UNSUPPORTED, "a comment with \"--\" inside");
        x->after_dash = bytes[i] == '-';
    }
    kit_output_write(x->out, bytes, size);
    return true;
}

bool jx_xml_comment_end(struct jx_xml *x)
{
    if (x->after_dash)
        return jx_fail(x->failure, JX_UNSUPPORTED, "a comment with a '-' at its end");
    kit_output_write(x->out, "-->", 3);
    return true;
}

void jx_xml_end(struct jx_xml *x)
{
    size_t at = x->depth > 0 ? x->ends[x->depth - 1] : 0;
    if (x->in_tag) {
        kit_output_write(x->out, "/>", 2);
    } else {
        kit_output_write(x->out, "</", 2);
        kit_output_write(x->out, x->names + at, x->ends[x->depth] - at);
        kit_output_byte(x->out, '>');
    }
    x->in_tag = false;
    x->depth--;
}

/* What stands for a character that cannot stand for itself; NULL for the others. In text only '\r'
 * would be lost; in an attribute's value white space would become spaces. */
static const char *const in_text[128] = {
    ['&'] = "&amp;", ['<'] = "&lt;", ['>'] = "&gt;", ['\r'] = "&#13;"};
static const char *const in_value[128] = {
    ['&'] = "&amp;", ['<'] = "&lt;", ['>'] = "&gt;", ['"'] = "&quot;", ['\t'] = "&#9;", ['\n'] = "&#10;",
    ['\r'] = "&#13;"};

static void write_escaped(struct kit_output *out, const char *const table[128], const uint8_t *bytes,
                          size_t size)
{
    size_t begin = 0;
    for (size_t i = 0; i < size && out->result == OBJLENS_OK; i++) {
        const char *instead = bytes[i] < 128 ? table[bytes[i]] : NULL;
        if (!instead)
            continue;
        kit_output_write(out, bytes + begin, i - begin);
        kit_output_write(out, instead, strlen(instead));
        begin = i + 1;
    }
    kit_output_write(out, bytes + begin, size - begin);
}

void jx_xml_text(struct jx_xml *x, const uint8_t *bytes, size_t size)
{
    if (size == 0)
        return;
    jx_xml_settle(x);
    write_escaped(x->out, in_text, bytes, size);
}

void jx_xml_value(struct jx_xml *x, const uint8_t *bytes, size_t size)
{
    write_escaped(x->out, in_value, bytes, size);
}
