/* SPDX-License-Identifier: MIT */
#include "document.h"

#include <string.h>

#include "value.h"

void xj_document_init(struct xj_document *d, const struct xj_config *config,
                      struct xj_failure *failure, struct kit_output *out)
{
    d->config = config;
    d->outermost = xj_config_outermost_depth(config);
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

static void refuse_long_name(struct xj_document *d)
{
    xj_failure_set(d->failure, XJ_TOO_LARGE, "a name of more than %u bytes", XJ_NAME_BYTES_MAX);
}

static void refuse_tree(struct xj_document *d)
{
    if (d->tree.collides)
        xj_failure_set(d->failure, XJ_UNSUPPORTED,
                       "two of an element's attributes, children and text would have one key");
    else if (d->names.too_long)
        refuse_long_name(d);
    else if (!d->memory.over)
        xj_failure_set(d->failure, XJ_NO_MEMORY, "out of memory");
    else
        xj_failure_set(d->failure, XJ_TOO_LARGE, "the %s takes more than memory_bytes, %zu%s",
                       xj_config_has_records(d->config) ? "record" : "document", d->memory.max,
                       xj_config_has_records(d->config) ? "" : ": records and jsonml have no such limit");
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
    refuse_long_name(d);
    return true;
}

/* Of an element that does not come into the tree, which knows the names of those that do. */
static bool refuse_names(struct xj_document *d, const char *name, const char *const *attributes)
{
    if (refuse_name(d, name))
        return true;
    for (; attributes && attributes[0]; attributes += 2)
        if (refuse_name(d, attributes[0]))
            return true;
    return false;
}

static bool refuse_element(struct xj_document *d, const char *const *attributes)
{
    size_t count = 0;
    while (attributes && count <= XJ_ATTRIBUTES_MAX && attributes[2 * count])
        count++;
    if (d->depth == XJ_DEPTH_MAX)
        xj_failure_set(d->failure, XJ_TOO_LARGE, "more than %u elements inside each other", XJ_DEPTH_MAX);
    else if (count > XJ_ATTRIBUTES_MAX)
        xj_failure_set(d->failure, XJ_TOO_LARGE, "more than %u attributes in one element", XJ_ATTRIBUTES_MAX);
    else
        return false;
    return true;
}

/* Is the element that is open a record, or inside one? Without a path the root is. */
static inline bool is_in_record(const struct xj_document *d)
{
    return d->depth >= d->outermost && d->on_path == d->config->path_count;
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
    if (refuse_element(d, attributes))
        return;
    d->began = true;
    if (d->on_path == d->depth && d->on_path < config->path_count &&
        strcmp(config->path[d->on_path], name) == 0)
        d->on_path++;
    d->depth++;
    bool in_record = is_in_record(d);
    if ((!in_record || config->convention.is_array) && refuse_names(d, name, attributes))
        return;
    if (!in_record)
        return;
    bool outermost = d->depth == d->outermost;
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

/* Beside the root as well, where the whole document is converted. */
void xj_document_comment(struct xj_document *d, const char *name, const uint8_t *bytes, size_t size)
{
    if (xj_config_has_records(d->config) && !is_in_record(d))
        return;
    if (!xj_tree_comment(&d->tree, name, bytes, size))
        refuse_tree(d);
}

/* Without a path, the end of the document writes its tree. */
static void end_record(struct xj_document *d)
{
    const struct xj_config *config = d->config;
    if (!xj_config_has_records(config))
        return;
    if (!config->convention.is_array)
        xj_value_write(d->out, &d->tree);
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
    if (in_record && d->depth == d->outermost)
        end_record(d);
    if (d->on_path == d->depth)
        d->on_path--;
    d->depth--;
}

void xj_document_finish(struct xj_document *d)
{
    const struct xj_config *config = d->config;
    if (!xj_config_has_records(config) && !config->convention.is_array)
        xj_value_write_document(d->out, &d->tree);
    if (config->as_array)
        kit_output_write(d->out, d->any_record ? "]" : "[]", d->any_record ? 1 : 2);
    kit_output_finish(d->out);
}
