/* SPDX-License-Identifier: MIT */
/* Running the xml_json transform over a document, cut in every way, and looking at what comes. */
#ifndef TESTS_XML_JSON_CHECK_H
#define TESTS_XML_JSON_CHECK_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdbool.h>

#include "direct_host.h"

static const struct objlens_transform *xml_json;

/* Documents are large, and so many bytes one by one take long under a sanitizer. */
#define BYTEWISE_MAX 100000

static direct_cut_fn *const xml_cuts[] = {direct_whole, direct_chopped, direct_bytes};

struct xml_expected {
    const char *payload;
    const void *xml;
    size_t size;
    const char *json; /* NULL: it fails with */
    size_t json_size;
    const char *code, *says;
};

static inline void xml_show(const struct xml_expected *e, const struct objlens_call *c)
{
    print_error("payload %s, document of %zu bytes: %.*s\n", e->payload ? e->payload : "none", e->size,
                e->size < 3000 ? (int)e->size : 3000, (const char *)e->xml);
    print_error("  got    %s%.*s\n", c->failed_message, c->size < 3000 ? (int)c->size : 3000,
                c->out ? (const char *)c->out : "");
    if (e->json)
        print_error("  wanted %.*s\n", e->json_size < 3000 ? (int)e->json_size : 3000, e->json);
    else
        print_error("  wanted %s … %s …\n", e->code, e->says);
}

static inline bool xml_is_as_expected(const struct xml_expected *e, int rc, const struct objlens_call *c)
{
    if (e->json)
        return rc == OBJLENS_OK && c->size == e->json_size &&
               (c->size == 0 || memcmp(c->out, e->json, c->size) == 0);
    return rc == OBJLENS_EFAILED && strcmp(c->failed_code, e->code) == 0 &&
           strstr(c->failed_message, e->says) && c->size == 0;
}

static inline void xml_check(const struct xml_expected *e)
{
    for (unsigned i = 0; i < sizeof(xml_cuts) / sizeof(xml_cuts[0]); i++) {
        struct objlens_call call;
        if (xml_cuts[i] == direct_bytes && e->size > BYTEWISE_MAX)
            continue;
        direct_init(&call, e->payload, i == 0 ? 100000 : i == 1 ? 5 : 300, i + 1);
        int rc = direct_run(xml_json, &call, e->xml, e->size, xml_cuts[i]);
        if (!xml_is_as_expected(e, rc, &call)) {
            xml_show(e, &call);
            fail();
        }
        if (!e->code || strcmp(e->code, "InvalidTransformPayload") != 0) /* that was open() */
            assert_int_equal(direct_live_blocks(&call), 0);
        direct_fini(&call);
    }
}

static inline void xml_becomes(const char *payload, const char *xml, const char *json)
{
    xml_check(&(struct xml_expected){
        .payload = payload, .xml = xml, .size = strlen(xml), .json = json, .json_size = strlen(json)});
}

static inline void xml_bytes_fail(const char *payload, const void *xml, size_t size, const char *code,
                                  const char *says)
{
    xml_check(&(struct xml_expected){
        .payload = payload, .xml = xml, .size = size, .code = code, .says = says});
}

static inline void xml_fails(const char *payload, const char *xml, const char *code, const char *says)
{
    xml_bytes_fail(payload, xml, strlen(xml), code, says);
}

/* A document under construction; freed with free(). */
struct xml_text {
    char *bytes;
    size_t size, room;
};

static inline void xml_add(struct xml_text *t, const char *piece)
{
    size_t n = strlen(piece);
    while (t->size + n + 1 > t->room) {
        t->room = t->room ? 2 * t->room : 4096;
        t->bytes = realloc(t->bytes, t->room);
        assert_non_null(t->bytes);
    }
    memcpy(t->bytes + t->size, piece, n + 1);
    t->size += n;
}

static inline void xml_add_times(struct xml_text *t, const char *piece, size_t times)
{
    for (size_t i = 0; i < times; i++)
        xml_add(t, piece);
}

#endif
