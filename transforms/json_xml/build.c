/* SPDX-License-Identifier: MIT */
/*
 * An object that is an element has its start tag open until something comes that is no attribute;
 * a text that comes before is held as long as there is room. So the order of an object's members does
 * not matter but for one thing: attributes do not come behind children.
 */
#include "build.h"

#include <string.h>

#define KEYS_BYTES_MIN 2048
#define DECLARATION "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"

static const struct jx_convention *convention_of(const struct jx_build *b)
{
    return &b->config->convention;
}

static bool unsupported(struct jx_build *b, const char *text)
{
    return jx_fail(b->failure, JX_UNSUPPORTED, text);
}

bool jx_build_init(struct jx_build *b, const struct jx_config *config, struct kit_output *out,
                   struct jx_failure *failure)
{
    b->config = config;
    b->failure = failure;
    jx_xml_init(&b->xml, out, failure);
    b->held = out->host->alloc(out->call, JX_TEXT_HELD_BYTES);
    return b->held != NULL;
}

void jx_build_fini(struct jx_build *b)
{
    const struct kit_output *out = b->xml.out;
    if (!out)
        return;
    jx_xml_fini(&b->xml);
    out->host->free(out->call, b->keys);
    out->host->free(out->call, b->held);
}

/* ---- frames ---- */

static enum jx_frame innermost(const struct jx_build *b)
{
    return b->frames[b->depth].frame;
}

/* The reader sees to it that there is room. */
static bool push(struct jx_build *b, enum jx_frame frame, bool opened)
{
    b->depth++;
    b->frames[b->depth].frame = frame;
    b->frames[b->depth].opened = opened;
    b->frames[b->depth].has_text = false;
    return true;
}

/* What a value is that comes next inside the innermost frame, if no key says so. */
static void expect(struct jx_build *b)
{
    switch (innermost(b)) {
    case JX_LIST: b->role = JX_ROLE_CHILD; break;
    case JX_TEXTS: b->role = JX_ROLE_TEXT; break;
    case JX_COMMENTS: b->role = JX_ROLE_COMMENT; break;
    case JX_ARRAY_NAME:
    case JX_ARRAY_FIRST:
    case JX_ARRAY: b->role = JX_ROLE_CONTENT; break;
    default: b->role = JX_ROLE_ROOT; break;
    }
}

/* ---- text, attributes ---- */

static void release_held(struct jx_build *b)
{
    size_t size = b->held_size;
    b->held_size = 0;
    jx_xml_text(&b->xml, b->held, size);
}

static void write_text(struct jx_build *b, const uint8_t *bytes, size_t size)
{
    if (b->xml.in_tag && size <= JX_TEXT_HELD_BYTES - b->held_size) {
        memcpy(b->held + b->held_size, bytes, size);
        b->held_size += size;
        return;
    }
    release_held(b);
    jx_xml_text(&b->xml, bytes, size);
}

static bool begin_attribute(struct jx_build *b, const char *name, size_t size)
{
    if (!b->xml.in_tag)
        return unsupported(b, "an attribute behind its element's children, or its long text");
    return jx_xml_attribute_begin(&b->xml, name, size);
}

static bool begin_element(struct jx_build *b, const char *name, size_t size)
{
    release_held(b);
    return jx_xml_begin(&b->xml, name, size);
}

static bool end_element(struct jx_build *b)
{
    release_held(b);
    jx_xml_end(&b->xml);
    return true;
}

/* ---- the top ---- */

static void write_line_end(struct jx_build *b)
{
    kit_output_byte(b->xml.out, '\n');
}

static size_t wrapper_count(const struct jx_config *config)
{
    return config->path_count > 0 ? config->path_count - 1 : 0;
}

/* What stands around the records. */
static bool begin_document(struct jx_build *b)
{
    if (b->config->declares)
        kit_output_write(b->xml.out, DECLARATION, strlen(DECLARATION));
    for (; b->wrappers < wrapper_count(b->config); b->wrappers++)
        if (!begin_element(b, b->config->path[b->wrappers], strlen(b->config->path[b->wrappers])))
            return false;
    if (b->wrappers > 0) {
        jx_xml_settle(&b->xml);
        write_line_end(b);
    }
    return true;
}

bool jx_build_top(struct jx_build *b, uint64_t before)
{
    bool lines = b->config->path_count > 0 && !b->config->as_array;
    b->role = JX_ROLE_ROOT;
    if (before > 0 && !lines)
        return jx_fail(b->failure, JX_MALFORMED, "something stands behind the document");
    return before > 0 || begin_document(b);
}

/* The name of what stands at the top, or NULL: it bears its own. */
static const char *top_name(const struct jx_build *b)
{
    const struct jx_config *config = b->config;
    return config->path_count > 0 ? config->path[config->path_count - 1] : convention_of(b)->root;
}

/* Does the value that comes, of JX_ROLE_ROOT, stand for a document or record? Else for all of these. */
static bool is_all_records(const struct jx_build *b)
{
    return b->config->as_array && b->depth == 0;
}

static bool begin_named(struct jx_build *b)
{
    const char *name = b->key;
    size_t size = b->key_size;
    if (b->role == JX_ROLE_ROOT) {
        name = top_name(b);
        size = name ? strlen(name) : 0;
    } else if (innermost(b) == JX_LIST) {
        name = b->keys + b->frames[b->depth].name_at;
        size = b->frames[b->depth].name_size;
    }
    return name ? begin_element(b, name, size) : unsupported(b, "a document that is no object");
}

static bool end_named(struct jx_build *b)
{
    end_element(b);
    if (b->xml.depth == b->wrappers && b->config->path_count > 0)
        write_line_end(b);
    return true;
}

static bool finish_without_records(struct jx_build *b)
{
    if (b->config->path_count == 0)
        return jx_fail(b->failure, JX_MALFORMED, "the document is empty");
    return begin_document(b);
}

bool jx_build_finish(struct jx_build *b, uint64_t values)
{
    if (values == 0 && !finish_without_records(b))
        return false;
    for (; b->wrappers > 0; b->wrappers--) {
        end_element(b);
        write_line_end(b);
    }
    if (!b->xml.has_root)
        return unsupported(b, "there is no root element");
    return true;
}

/* ---- objects and arrays ---- */

static bool takes_scalars_only(struct jx_build *b)
{
    switch (b->role) {
    case JX_ROLE_TEXT: return unsupported(b, "text that is an object, or an array inside an array");
    case JX_ROLE_COMMENT: return unsupported(b, "a comment that is an object, or an array inside an array");
    case JX_ROLE_ATTRIBUTE: return unsupported(b, "an attribute that is an object or an array");
    default: return false;
    }
}

static bool is_xmlns(const struct jx_build *b)
{
    return b->key_size == 5 && memcmp(b->key, "xmlns", 5) == 0;
}

static bool begin_jsonml_object(struct jx_build *b)
{
    if (innermost(b) == JX_ARRAY_FIRST) {
        b->frames[b->depth].frame = JX_ARRAY;
        return push(b, JX_ATTRIBUTES, false);
    }
    return unsupported(b, "an object where JsonML has none");
}

bool jx_build_object(struct jx_build *b)
{
    if (convention_of(b)->is_array)
        return begin_jsonml_object(b);
    if (b->role == JX_ROLE_ATTRIBUTE && is_xmlns(b) && innermost(b) == JX_ELEMENT)
        return push(b, JX_NAMESPACES, false);
    if (b->role == JX_ROLE_TEXT || b->role == JX_ROLE_COMMENT || b->role == JX_ROLE_ATTRIBUTE)
        return takes_scalars_only(b);
    if (is_all_records(b))
        return unsupported(b, "the records are no array");
    if (b->role == JX_ROLE_ROOT && !top_name(b))
        return push(b, JX_DOCUMENT, false);
    return begin_named(b) && push(b, JX_ELEMENT, true);
}

bool jx_build_object_end(struct jx_build *b)
{
    bool opened = b->frames[b->depth].opened;
    b->depth--;
    if (opened)
        end_named(b);
    expect(b);
    return true;
}

/* The name of a list's elements is kept until it ends. */
static bool push_list(struct jx_build *b)
{
    size_t wanted = b->keys_room ? b->keys_room : KEYS_BYTES_MIN;
    struct kit_output *out = b->xml.out;
    while (wanted < b->keys_used + b->key_size)
        wanted *= 2;
    if (wanted > b->keys_room) {
        char *grown = out->host->alloc(out->call, wanted);
        if (!grown)
            return jx_fail(b->failure, JX_NO_MEMORY, "");
        if (b->keys_used > 0)
            memcpy(grown, b->keys, b->keys_used);
        out->host->free(out->call, b->keys);
        b->keys = grown;
        b->keys_room = wanted;
    }
    push(b, JX_LIST, false);
    memcpy(b->keys + b->keys_used, b->key, b->key_size);
    b->frames[b->depth].name_at = b->keys_used;
    b->frames[b->depth].name_size = b->key_size;
    b->keys_used += b->key_size;
    return true;
}

static bool begin_jsonml_array(struct jx_build *b)
{
    enum jx_frame frame = innermost(b);
    if (is_all_records(b)) {
        push(b, JX_RECORDS, false);
        expect(b);
        return true;
    }
    if (frame == JX_ATTRIBUTES)
        return takes_scalars_only(b);
    if (frame == JX_ARRAY_NAME)
        return unsupported(b, "an element of JsonML without a name");
    if (frame == JX_ARRAY_FIRST)
        b->frames[b->depth].frame = JX_ARRAY;
    push(b, JX_ARRAY_NAME, false);
    expect(b);
    return true;
}

bool jx_build_array(struct jx_build *b)
{
    bool ok;
    if (convention_of(b)->is_array)
        return begin_jsonml_array(b);
    if (is_all_records(b))
        ok = push(b, JX_RECORDS, false);
    else if (b->role == JX_ROLE_TEXT && innermost(b) == JX_ELEMENT)
        ok = push(b, JX_TEXTS, false);
    else if (b->role == JX_ROLE_COMMENT && innermost(b) != JX_COMMENTS)
        ok = push(b, JX_COMMENTS, false);
    else if (b->role == JX_ROLE_CHILD && innermost(b) != JX_LIST)
        ok = push_list(b);
    else if (b->role == JX_ROLE_ROOT)
        ok = unsupported(b, "a document, or a record, that is an array");
    else
        ok = takes_scalars_only(b) || unsupported(b, "an array inside an array");
    expect(b);
    return ok;
}

bool jx_build_array_end(struct jx_build *b)
{
    enum jx_frame frame = innermost(b);
    bool opened = b->frames[b->depth].opened;
    if (frame == JX_ARRAY_NAME)
        return unsupported(b, "an element of JsonML without a name");
    if (frame == JX_LIST)
        b->keys_used = b->frames[b->depth].name_at;
    b->depth--;
    if (opened)
        end_named(b);
    expect(b);
    return true;
}

/* ---- keys ---- */

static void keep_key(struct jx_build *b, const char *key, size_t size)
{
    memcpy(b->key, key, size);
    b->key_size = size;
}

static bool begins_with(const char *key, size_t size, const char *prefix)
{
    size_t n = strlen(prefix);
    return size >= n && memcmp(key, prefix, n) == 0;
}

static bool is_comment_key(const struct jx_build *b, const char *key, size_t size)
{
    const char *wanted = convention_of(b)->comment_key;
    return wanted && size == strlen(wanted) && memcmp(key, wanted, size) == 0;
}

/* A member of an element. */
static bool take_member(struct jx_build *b, const char *key, size_t size)
{
    const struct jx_convention *c = convention_of(b);
    const char *prefix = c->attribute_prefix;
    b->role = JX_ROLE_CHILD;
    if (c->text_key && size == strlen(c->text_key) && memcmp(key, c->text_key, size) == 0) {
        b->role = JX_ROLE_TEXT;
        if (b->frames[b->depth].has_text)
            return unsupported(b, "text twice in one element");
        b->frames[b->depth].has_text = true;
    } else if (prefix && *prefix && begins_with(key, size, prefix)) {
        b->role = JX_ROLE_ATTRIBUTE;
        key += strlen(prefix);
        size -= strlen(prefix);
    } else if (is_comment_key(b, key, size)) {
        b->role = JX_ROLE_COMMENT;
    }
    keep_key(b, key, size);
    return true;
}

/* {"": "u", "n": "v"}, or BadgerFish's {"$": "u", "n": "v"}. */
static void take_declaration(struct jx_build *b, const char *key, size_t size)
{
    static const char xmlns[] = "xmlns:";
    bool is_default = size == 0 || (size == 1 && *key == '$');
    memcpy(b->key, xmlns, 6);
    if (!is_default)
        memcpy(b->key + 6, key, size);
    b->key_size = is_default ? 5 : 6 + size;
    b->role = JX_ROLE_ATTRIBUTE;
}

bool jx_build_key(struct jx_build *b, const char *key, size_t size)
{
    if (size > JX_NAME_BYTES_MAX + JX_KEY_BYTES_MAX - 6)
        return jx_fail(b->failure, JX_TOO_LARGE, "a name of more than 1024 bytes");
    switch (innermost(b)) {
    case JX_ELEMENT: return take_member(b, key, size);
    case JX_NAMESPACES: take_declaration(b, key, size); return true;
    case JX_ATTRIBUTES: b->role = JX_ROLE_ATTRIBUTE; break;
    case JX_DOCUMENT: b->role = is_comment_key(b, key, size) ? JX_ROLE_COMMENT : JX_ROLE_CHILD; break;
    default: b->role = JX_ROLE_CHILD; break;
    }
    keep_key(b, key, size);
    return true;
}

bool jx_build_wants_name(const struct jx_build *b)
{
    return innermost(b) == JX_ARRAY_NAME;
}

bool jx_build_name(struct jx_build *b, const char *name, size_t size)
{
    b->frames[b->depth].frame = JX_ARRAY_FIRST;
    b->frames[b->depth].opened = true;
    b->role = JX_ROLE_CONTENT;
    return begin_element(b, name, size);
}

/* ---- scalars ---- */

/* GData: what is no object and no array is an attribute. */
static void settle_role(struct jx_build *b)
{
    const char *prefix = convention_of(b)->attribute_prefix;
    if (b->role == JX_ROLE_CHILD && innermost(b) == JX_ELEMENT && prefix && !*prefix)
        b->role = JX_ROLE_ATTRIBUTE;
}

static bool begin_scalar(struct jx_build *b)
{
    settle_role(b);
    b->in_comment = b->role == JX_ROLE_COMMENT;
    b->in_value = b->closes = false;
    if (b->in_comment) {
        release_held(b);
        jx_xml_comment_begin(&b->xml);
        return true;
    }
    b->in_value = b->role == JX_ROLE_ATTRIBUTE;
    b->closes = b->role == JX_ROLE_CHILD || b->role == JX_ROLE_ROOT;
    if (b->in_value)
        return begin_attribute(b, b->key, b->key_size);
    if (is_all_records(b))
        return unsupported(b, "the records are no array");
    if (convention_of(b)->is_array && b->role == JX_ROLE_ROOT)
        return unsupported(b, "a document that is no array");
    if (convention_of(b)->is_array && innermost(b) == JX_ARRAY_NAME)
        return unsupported(b, "an element of JsonML without a name");
    if (innermost(b) == JX_ARRAY_FIRST)
        b->frames[b->depth].frame = JX_ARRAY;
    return !b->closes || begin_named(b);
}

static bool end_scalar(struct jx_build *b)
{
    if (b->in_comment && !jx_xml_comment_end(&b->xml))
        return false;
    if (b->in_value)
        jx_xml_attribute_end(&b->xml);
    else if (b->closes)
        end_named(b);
    expect(b);
    return true;
}

bool jx_build_string(struct jx_build *b)
{
    return begin_scalar(b);
}

bool jx_build_string_part(struct jx_build *b, const uint8_t *bytes, size_t size)
{
    if (b->in_comment)
        return jx_xml_comment(&b->xml, bytes, size);
    if (b->in_value)
        jx_xml_value(&b->xml, bytes, size);
    else if (b->closes)
        jx_xml_text(&b->xml, bytes, size); /* such an element has no attributes to wait for */
    else
        write_text(b, bytes, size);
    return true;
}

bool jx_build_string_end(struct jx_build *b)
{
    return end_scalar(b);
}

bool jx_build_scalar(struct jx_build *b, const char *text, size_t size)
{
    return begin_scalar(b) && jx_build_string_part(b, (const uint8_t *)text, size) && end_scalar(b);
}

bool jx_build_null(struct jx_build *b)
{
    if (b->role == JX_ROLE_CONTENT || b->role == JX_ROLE_ATTRIBUTE)
        return unsupported(b, "null, where there must be a text");
    if (b->role == JX_ROLE_TEXT || b->role == JX_ROLE_COMMENT) {
        expect(b);
        return true;
    }
    b->in_comment = false;
    b->in_value = false;
    b->closes = true;
    if (is_all_records(b) || convention_of(b)->is_array)
        return unsupported(b, "null is no document by this convention");
    return begin_named(b) && end_scalar(b);
}
