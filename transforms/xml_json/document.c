/* SPDX-License-Identifier: MIT */
#include "document.h"

#include <string.h>

#include "value.h"

void xj_document_init(struct xj_document *d, const struct xj_config *config,
                      struct xj_failure *failure, struct kit_output *out)
{
    d->config = config;
    d->failure = failure;
    d->out = out;
    d->memory = (struct xj_memory){.host = out->host, .call = out->call, .max = config->memory_bytes};
    xj_names_init(&d->names, &d->memory, config);
    xj_tree_init(&d->tree, &d->memory, &d->names);
    d->jsonml.out = out;
    d->jsonml.has_odd_names = config->naming == XJ_EXPANDED;
}

void xj_document_fini(struct xj_document *d)
{
    xj_tree_fini(&d->tree);
    xj_names_fini(&d->names);
}

static void refuse_tree(struct xj_document *d)
{
    if (d->tree.collides)
        xj_failure_set(d->failure, XJ_UNSUPPORTED,
                       "two of an element's attributes, children and text would have one key");
    else if (!d->memory.over)
        xj_failure_set(d->failure, XJ_NO_MEMORY, "out of memory");
    else
        xj_failure_set(d->failure, XJ_TOO_LARGE, "the %s takes more than memory_bytes, %zu",
                       d->config->path_count > 0 ? "record" : "document", d->config->memory_bytes);
}

static bool refuse_name(struct xj_document *d, const char *name)
{
    const char **known = &d->short_names[((uintptr_t)name >> 2 ^ (uintptr_t)name >> 8) % XJ_SHORT_NAMES];
    if (*known == name)
        return false;
    if (strnlen(name, XJ_NAME_BYTES_MAX + 1) <= XJ_NAME_BYTES_MAX) {
        *known = name;
        return false;
    }
    xj_failure_set(d->failure, XJ_TOO_LARGE, "a name of more than %u bytes", XJ_NAME_BYTES_MAX);
    return true;
}

static bool refuse_element(struct xj_document *d, const char *name, const char *const *attributes)
{
    size_t count = 0;
    if (d->depth == XJ_DEPTH_MAX) {
        xj_failure_set(d->failure, XJ_TOO_LARGE, "more than %u elements inside each other",
                       XJ_DEPTH_MAX);
        return true;
    }
    if (refuse_name(d, name))
        return true;
    for (; attributes && attributes[2 * count]; count++)
        if (refuse_name(d, attributes[2 * count]))
            return true;
    if (count > XJ_ATTRIBUTES_MAX)
        xj_failure_set(d->failure, XJ_TOO_LARGE, "more than %u attributes in one element",
                       XJ_ATTRIBUTES_MAX);
    return count > XJ_ATTRIBUTES_MAX;
}

/* Is the element that is open a record, or inside one? Without a path the root is. */
static bool is_in_record(const struct xj_document *d)
{
    return d->depth > 0 && (d->config->path_count == 0 || d->on_path == d->config->path_count);
}

/* Where a record, or the root, stands. */
static size_t outermost_depth(const struct xj_document *d)
{
    return d->config->path_count > 0 ? d->config->path_count : 1;
}

static void begin_record(struct xj_document *d)
{
    if (d->config->as_array)
        kit_output_byte(d->out, d->any_record ? ',' : '[');
    d->any_record = true;
}

void xj_document_begin(struct xj_document *d, const char *name, const char *const *attributes)
{
    const struct xj_config *config = d->config;
    if (refuse_element(d, name, attributes))
        return;
    d->began = true;
    if (d->on_path == d->depth && d->on_path < config->path_count &&
        strcmp(config->path[d->on_path], name) == 0)
        d->on_path++;
    d->depth++;
    if (!is_in_record(d))
        return;
    bool outermost = d->depth == outermost_depth(d);
    if (outermost)
        begin_record(d);
    if (config->convention.is_array)
        xj_jsonml_begin(&d->jsonml, outermost, name, attributes);
    else if (!xj_tree_begin(&d->tree, name, attributes))
        refuse_tree(d);
}

void xj_document_text(struct xj_document *d, const uint8_t *bytes, size_t size)
{
    if (!is_in_record(d))
        return;
    if (d->config->convention.is_array)
        xj_jsonml_text(&d->jsonml, bytes, size);
    else if (!xj_tree_text(&d->tree, bytes, size))
        refuse_tree(d);
}

/* Without a path, the end of the document writes its tree. */
static void end_record(struct xj_document *d)
{
    const struct xj_config *config = d->config;
    if (config->path_count == 0)
        return;
    if (!config->convention.is_array)
        xj_value_write(d->out, &d->tree, xj_tree_root(&d->tree));
    if (!config->as_array)
        kit_output_byte(d->out, '\n');
    xj_tree_clear(&d->tree);
}

void xj_document_end(struct xj_document *d)
{
    bool in_record = is_in_record(d);
    if (in_record && d->config->convention.is_array) {
        xj_jsonml_end(&d->jsonml);
    } else if (in_record && !xj_tree_end(&d->tree)) {
        refuse_tree(d);
        return;
    }
    if (in_record && d->depth == outermost_depth(d))
        end_record(d);
    if (d->on_path == d->depth)
        d->on_path--;
    d->depth--;
}

void xj_document_finish(struct xj_document *d)
{
    const struct xj_config *config = d->config;
    if (config->path_count == 0 && !config->convention.is_array)
        xj_value_write_document(d->out, &d->tree);
    if (config->as_array)
        kit_output_write(d->out, d->any_record ? "]" : "[]", d->any_record ? 1 : 2);
    kit_output_finish(d->out);
}
