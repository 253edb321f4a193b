/* SPDX-License-Identifier: MIT */
/* Random XML documents, well-formed, with everything in them that a converter can get wrong. */
#ifndef TESTS_XML_TEXTS_H
#define TESTS_XML_TEXTS_H

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct xml_maker {
    uint64_t state;
    char *out;
    size_t size, max;
};

static inline uint32_t xml_next(struct xml_maker *m, uint32_t below)
{
    m->state = m->state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((m->state >> 33) % below);
}

static inline void xml_put(struct xml_maker *m, const char *text)
{
    size_t n = strlen(text);
    if (m->size + n < m->max) {
        memcpy(m->out + m->size, text, n);
        m->size += n;
    }
}

#define XML_PICK(m, list) (list)[xml_next((m), sizeof(list) / sizeof((list)[0]))]

/* Latin-1 characters only, so that every document can be written in every encoding. */
static const char *const xml_words[] = {
    "word", "two words", "x", "\"quoted\"", "back\\slash", "caf\xc3\xa9", "&lt;tag&gt;", "&amp;", "&#65;",
    "&#xe9;", "&#10;", "&#x9;", "'", "/", "007", "true", "null", "]] ", ">", "\xc2\xa0", "\xc2\xa0y\xc2\xa0",
    "a\tb", "\xc3\xbf\xc3\x80", "long long long long long long long text", "{}", "[1]", "&quot;&apos;",
    "\xc3\x9f",
};
static const char *const xml_wide_words[] = {"\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xe3\x80\x80", "\xe2\x80\x89z",
                                             "&#x1F600;", "\xd0\x96", "&#x3000;", "\xe2\x80\xa8"};
static const char *const xml_spaces[] = {" ", "\n", "\r\n", "\t", "  ", "\n    ", ""};
static const char *const xml_names[] = {"a", "b", "c", "item", "n:x", "n:y", "_", "x-1.2", "\xc3\xa9l\xc3\xa9ment",
                                        "a:b", "row", "A"};

static inline void xml_text(struct xml_maker *m, int wide)
{
    for (uint32_t n = xml_next(m, 4); n > 0; n--) {
        xml_put(m, XML_PICK(m, xml_spaces));
        if (wide && xml_next(m, 4) == 0)
            xml_put(m, XML_PICK(m, xml_wide_words));
        else
            xml_put(m, XML_PICK(m, xml_words));
    }
    xml_put(m, XML_PICK(m, xml_spaces));
}

static inline void xml_attributes(struct xml_maker *m)
{
    static const char *const names[] = {"k", "id", "xmlns:n", "xmlns", "n:k", "xml:lang", "\xc3\xa9"};
    static const char *const values[] = {"v", "", "1 &amp; 2", "&quot;", "a\nb", "  spaced  ", "caf\xc3\xa9", "&#10;",
                                         ">", "\\"};
    uint32_t used = 0;
    for (uint32_t n = xml_next(m, 4); n > 0; n--) {
        uint32_t which = xml_next(m, 7);
        if (used >> which & 1)
            continue;
        used |= 1u << which;
        xml_put(m, " ");
        xml_put(m, names[which]);
        xml_put(m, xml_next(m, 5) ? "=\"" : " = \"");
        xml_put(m, XML_PICK(m, values));
        xml_put(m, "\"");
    }
}

static inline void xml_element(struct xml_maker *m, unsigned depth, int wide)
{
    const char *name = XML_PICK(m, xml_names);
    xml_put(m, "<");
    xml_put(m, name);
    xml_attributes(m);
    if (xml_next(m, 6) == 0) {
        xml_put(m, xml_next(m, 2) ? "/>" : " />");
        return;
    }
    xml_put(m, ">");
    for (uint32_t n = depth > 6 || m->size + 4096 > m->max ? 0 : xml_next(m, 7); n > 0; n--) {
        switch (xml_next(m, 10)) {
        case 0: xml_put(m, "<!-- c <&> -->"); break;
        case 1: xml_put(m, "<?pi some ?>"); break;
        case 2: xml_put(m, "<![CDATA[<raw>&amp; ]] ]>]]>"); break;
        case 3:
        case 4: xml_text(m, wide); break;
        default: xml_element(m, depth + 1, wide);
        }
    }
    if (xml_next(m, 2))
        xml_text(m, wide);
    xml_put(m, "</");
    xml_put(m, name);
    xml_put(m, xml_next(m, 8) ? ">" : " >");
}

/* In UTF-8, without a declaration. */
static inline size_t xml_make(uint64_t seed, char *out, size_t max, int wide, size_t at_least)
{
    struct xml_maker m = {seed * 2654435761u + 1, out, 0, max - 64};
    if (xml_next(&m, 4) == 0)
        xml_put(&m, "\n<!-- before --><?p?>\n");
    if (xml_next(&m, 6) == 0)
        xml_put(&m, "<!DOCTYPE r SYSTEM \"nowhere.dtd\">\n");
    xml_put(&m, "<r xmlns:n=\"urn:n\" xmlns:a=\"urn:a\">");
    do
        xml_element(&m, 0, wide);
    while (m.size < at_least);
    m.max += 64;
    xml_put(&m, "</r>\n<!-- behind -->\n");
    return m.size;
}

#endif
