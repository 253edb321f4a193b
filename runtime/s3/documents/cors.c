/* SPDX-License-Identifier: MIT */
/*
 * A configuration is one arena: rules are checked, copied into it, and what every answer repeats
 * (the joined lists) is made once.
 */
#include "s3/documents/cors.h"

#include "base/alloc.h"
#include "s3/documents/xml_tree.h"
#include "s3/documents/xml_writer.h"

/* What rules of OL_CORS_BYTES_MAX can become: slices for short names, and the joined lists. */
#define ARENA_BYTES_MAX (1024u * 1024)

unsigned ol_cors_method_bit(ol_slice method)
{
    static const struct {
        const char *name;
        unsigned bit;
    } methods[] = {{"GET", OL_CORS_GET},
                   {"PUT", OL_CORS_PUT},
                   {"POST", OL_CORS_POST},
                   {"DELETE", OL_CORS_DELETE},
                   {"HEAD", OL_CORS_HEAD}};
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        if (ol_slice_eq_cstr(method, methods[i].name))
            return methods[i].bit;
    return 0;
}

/* ---- checks ---- */

static bool has_two_stars(ol_slice pattern)
{
    ptrdiff_t first = ol_slice_find(pattern, '*');
    return first >= 0 && ol_slice_find(ol_slice_from(pattern, (size_t)first + 1), '*') >= 0;
}

/* Goes into response headers, so nothing that could end one. */
static bool is_printable(ol_slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] <= ' ' || text.data[i] == 0x7f)
            return false;
    return text.len > 0;
}

static bool is_token(ol_slice text, bool star)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
        if (!letter && !(c >= '0' && c <= '9') && (c == 0 || !strchr("!#$%&'+-.^_`|~", c)) &&
            !(c == '*' && star))
            return false;
    }
    return text.len > 0;
}

static int check_origins(const ol_cors_rule *rule, ol_error *err)
{
    for (size_t i = 0; i < rule->origin_count; i++) {
        ol_slice origin = rule->origins[i];
        if (has_two_stars(origin))
            return ol_error_say(err, OL_EINVALIDREQUEST,
                                "AllowedOrigin \"%.*s\" can not have more than one wildcard.",
                                OL_SLICE_FMT(ol_slice_first(origin, 200)));
        if (!is_printable(origin))
            return ol_error_say(err, OL_EINVALIDREQUEST,
                                "AllowedOrigin contains an empty value or a blank.");
    }
    return OL_OK;
}

static int check_methods(const ol_cors_rule *rule, ol_error *err)
{
    for (size_t i = 0; i < rule->method_count; i++)
        if (ol_cors_method_bit(rule->methods[i]) == 0)
            return ol_error_say(err, OL_EINVALIDREQUEST,
                                "Found unsupported HTTP method in CORS config. Unsupported method "
                                "is %.*s",
                                OL_SLICE_FMT(ol_slice_first(rule->methods[i], 60)));
    return OL_OK;
}

static int check_headers(const ol_cors_rule *rule, ol_error *err)
{
    for (size_t i = 0; i < rule->header_count; i++) {
        ol_slice header = rule->headers[i];
        if (has_two_stars(header))
            return ol_error_say(err, OL_EINVALIDREQUEST,
                                "AllowedHeader \"%.*s\" can not have more than one wildcard.",
                                OL_SLICE_FMT(ol_slice_first(header, 200)));
        if (!is_token(header, true))
            return ol_error_say(err, OL_EINVALIDREQUEST,
                                "AllowedHeader \"%.*s\" is not the name of a header.",
                                OL_SLICE_FMT(ol_slice_first(header, 200)));
    }
    for (size_t i = 0; i < rule->expose_count; i++) {
        ol_slice header = rule->expose[i];
        if (ol_slice_find(header, '*') >= 0)
            return ol_error_say(err, OL_EINVALIDREQUEST,
                                "ExposeHeader \"%.*s\" contains wildcard. We currently do not "
                                "support wildcard for ExposeHeader.",
                                OL_SLICE_FMT(ol_slice_first(header, 160)));
        if (!is_token(header, false))
            return ol_error_say(err, OL_EINVALIDREQUEST,
                                "ExposeHeader \"%.*s\" is not the name of a header.",
                                OL_SLICE_FMT(ol_slice_first(header, 200)));
    }
    return OL_OK;
}

static int check_rule(const ol_cors_rule *rule, ol_error *err)
{
    if (rule->origin_count == 0 || rule->method_count == 0)
        return ol_error_set(err, OL_EMALFORMEDXML, "a rule without origins or methods");
    if (rule->id.len > OL_CORS_ID_CHARS_MAX * 4)
        return ol_error_say(err, OL_EINVALIDREQUEST, "The ID of a rule is too long.");
    int rc = check_origins(rule, err);
    if (rc == OL_OK)
        rc = check_methods(rule, err);
    return rc == OL_OK ? check_headers(rule, err) : rc;
}

/* ---- copies ---- */

static bool copy_list(ol_arena *arena, const ol_slice **list, size_t count)
{
    if (count == 0)
        return true;
    ol_slice *copy = ol_arena_alloc(arena, count * sizeof *copy);
    for (size_t i = 0; copy && i < count; i++) {
        copy[i] = ol_arena_copy(arena, (*list)[i]);
        if (!copy[i].data)
            return false;
    }
    *list = copy;
    return copy != NULL;
}

static bool join(ol_arena *arena, const ol_slice *list, size_t count, ol_slice *out)
{
    size_t len = 0, at = 0;
    *out = OL_SLICE_NONE;
    for (size_t i = 0; i < count; i++)
        len += list[i].len + 2;
    if (len == 0)
        return true;
    uint8_t *text = ol_arena_alloc(arena, len);
    if (!text)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (list[i].len > 0)
            memcpy(text + at, list[i].data, list[i].len);
        at += list[i].len;
        if (i + 1 < count) {
            memcpy(text + at, ", ", 2);
            at += 2;
        }
    }
    *out = ol_slice_of(text, at);
    return true;
}

static bool copy_rule(ol_arena *arena, const ol_cors_rule *from, ol_cors_rule *to)
{
    *to = *from;
    to->method_bits = 0;
    for (size_t i = 0; i < from->method_count; i++)
        to->method_bits |= ol_cors_method_bit(from->methods[i]);
    if (from->id.len > 0)
        to->id = ol_arena_copy(arena, from->id);
    return (from->id.len == 0 || to->id.data) &&
           copy_list(arena, &to->origins, to->origin_count) &&
           copy_list(arena, &to->methods, to->method_count) &&
           copy_list(arena, &to->headers, to->header_count) &&
           copy_list(arena, &to->expose, to->expose_count) &&
           join(arena, to->methods, to->method_count, &to->methods_text) &&
           join(arena, to->expose, to->expose_count, &to->expose_text);
}

static ol_cors *copy_rules(const ol_cors_rule *rules, size_t count)
{
    ol_arena *arena = ol_arena_new(ARENA_BYTES_MAX);
    ol_cors *cors = arena ? ol_arena_calloc(arena, sizeof *cors) : NULL;
    ol_cors_rule *copies = cors ? ol_arena_calloc(arena, count * sizeof *copies) : NULL;
    bool done = copies != NULL;
    for (size_t i = 0; done && i < count; i++)
        done = copy_rule(arena, &rules[i], &copies[i]);
    if (!done) {
        ol_arena_destroy(arena);
        return NULL;
    }
    *cors = (ol_cors){.references_ = 1, .arena = arena, .rules = copies, .rule_count = count};
    return cors;
}

int ol_cors_new(const ol_cors_rule *rules, size_t count, ol_cors **out, ol_error *err)
{
    *out = NULL;
    if (count == 0 || count > OL_CORS_RULES_MAX)
        return ol_error_set(err, OL_EMALFORMEDXML, "%zu CORS rules", count);
    for (size_t i = 0; i < count; i++) {
        int rc = check_rule(&rules[i], err);
        if (rc != OL_OK)
            return rc;
    }
    *out = copy_rules(rules, count);
    return *out ? OL_OK : ol_error_set(err, OL_ENOMEM, "CORS rules");
}

ol_cors *ol_cors_acquire(ol_cors *cors)
{
    __atomic_add_fetch(&cors->references_, 1, __ATOMIC_RELAXED);
    return cors;
}

void ol_cors_release(ol_cors *cors)
{
    if (cors && __atomic_sub_fetch(&cors->references_, 1, __ATOMIC_ACQ_REL) == 0)
        ol_arena_destroy(cors->arena);
}

/* ---- the document ---- */

static int gather(const ol_xml_node *rule, const char *name, ol_arena *arena,
                  const ol_slice **list, size_t *count, ol_error *err)
{
    *count = 0;
    *list = NULL;
    size_t room = ol_xml_count(rule, name);
    if (room == 0)
        return OL_OK;
    ol_slice *texts = ol_arena_alloc(arena, room * sizeof *texts);
    if (!texts)
        return ol_error_set(err, OL_ENOMEM, "CORS rules");
    for (const ol_xml_node *n = ol_xml_child(rule, name); n; n = ol_xml_next(n)) {
        if (n->first)
            return ol_error_set(err, OL_EMALFORMEDXML, "elements in %s", name);
        texts[(*count)++] = ol_xml_trimmed(n);
    }
    *list = texts;
    return OL_OK;
}

static int read_rule(const ol_xml_node *node, ol_arena *arena, ol_cors_rule *rule, ol_error *err)
{
    static const ol_xml_rule in_rule[] = {{"ID", 0, 1},
                                          {"AllowedOrigin", 1, OL_XML_NODES_MAX},
                                          {"AllowedMethod", 1, OL_XML_NODES_MAX},
                                          {"AllowedHeader", 0, OL_XML_NODES_MAX},
                                          {"ExposeHeader", 0, OL_XML_NODES_MAX},
                                          {"MaxAgeSeconds", 0, 1},
                                          {NULL, 0, 0}};
    *rule = (ol_cors_rule){.max_age_s = -1};
    int rc = ol_xml_children(node, in_rule, err);
    if (rc == OL_OK)
        rc = gather(node, "AllowedOrigin", arena, &rule->origins, &rule->origin_count, err);
    if (rc == OL_OK)
        rc = gather(node, "AllowedMethod", arena, &rule->methods, &rule->method_count, err);
    if (rc == OL_OK)
        rc = gather(node, "AllowedHeader", arena, &rule->headers, &rule->header_count, err);
    if (rc == OL_OK)
        rc = gather(node, "ExposeHeader", arena, &rule->expose, &rule->expose_count, err);
    if (rc != OL_OK)
        return rc;
    rule->id = ol_xml_trimmed(ol_xml_child(node, "ID"));
    const ol_xml_node *age = ol_xml_child(node, "MaxAgeSeconds");
    uint64_t seconds;
    if (age && (!ol_slice_u64(ol_xml_trimmed(age), &seconds) || seconds > INT32_MAX))
        return ol_error_set(err, OL_EMALFORMEDXML, "MaxAgeSeconds");
    if (age)
        rule->max_age_s = (int64_t)seconds;
    return OL_OK;
}

static int read_document(ol_slice xml, ol_arena *arena, ol_cors **out, ol_error *err)
{
    static const ol_xml_bounds bounds = {.document_bytes_max = OL_CORS_BYTES_MAX};
    static const ol_xml_rule in_root[] = {{"CORSRule", 1, OL_CORS_RULES_MAX}, {NULL, 0, 0}};
    const ol_xml_node *root;
    int rc = ol_xml_parse(xml, &bounds, "CORSConfiguration", arena, &root, err);
    if (rc == OL_OK)
        rc = ol_xml_children(root, in_root, err);
    if (rc != OL_OK)
        return rc;
    size_t count = 0;
    ol_cors_rule *rules = ol_arena_alloc(arena, OL_CORS_RULES_MAX * sizeof *rules);
    if (!rules)
        return ol_error_set(err, OL_ENOMEM, "CORS rules");
    for (const ol_xml_node *n = root->first; rc == OL_OK && n; n = n->next)
        rc = read_rule(n, arena, &rules[count++], err);
    return rc == OL_OK ? ol_cors_new(rules, count, out, err) : rc;
}

int ol_cors_parse(ol_slice xml, ol_cors **out, ol_error *err)
{
    *out = NULL;
    ol_arena *arena = ol_arena_new(ARENA_BYTES_MAX);
    if (!arena)
        return ol_error_set(err, OL_ENOMEM, "CORS rules");
    int rc = read_document(xml, arena, out, err);
    ol_arena_destroy(arena);
    return rc;
}

static void put_list(ol_xml_writer *w, const char *element, const ol_slice *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        ol_xml_text(w, element, list[i]);
}

int ol_cors_write(ol_buf *out, const ol_cors *cors)
{
    ol_xml_writer w;
    ol_xml_begin(&w, out, "CORSConfiguration", true);
    for (size_t i = 0; i < cors->rule_count; i++) {
        const ol_cors_rule *rule = &cors->rules[i];
        ol_xml_open(&w, "CORSRule");
        if (rule->id.len > 0)
            ol_xml_text(&w, "ID", rule->id);
        put_list(&w, "AllowedOrigin", rule->origins, rule->origin_count);
        put_list(&w, "AllowedMethod", rule->methods, rule->method_count);
        put_list(&w, "AllowedHeader", rule->headers, rule->header_count);
        put_list(&w, "ExposeHeader", rule->expose, rule->expose_count);
        if (rule->max_age_s >= 0)
            ol_xml_u64(&w, "MaxAgeSeconds", (uint64_t)rule->max_age_s);
        ol_xml_close(&w, "CORSRule");
    }
    ol_xml_close(&w, "CORSConfiguration");
    return w.rc;
}
