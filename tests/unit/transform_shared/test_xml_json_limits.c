/* SPDX-License-Identifier: MIT */
/*
 * The xml_json transform against documents that mean harm or are just large: every limit from
 * both sides, memory that is counted, memory that is not there.
 */
#include "xml_json_check.h"

#define MIB (1024 * 1024)

/* A host that counts what it gives. */
struct block {
    size_t size;
    _Alignas(16) unsigned char bytes[];
};
static size_t given, given_most;
static struct objlens_host counting_host;

static void *counting_alloc(struct objlens_call *c, size_t size)
{
    (void)c;
    struct block *block = calloc(1, sizeof(*block) + size);
    assert_non_null(block);
    block->size = size;
    given += size;
    given_most = given > given_most ? given : given_most;
    return block->bytes;
}

static void counting_free(struct objlens_call *c, void *bytes)
{
    (void)c;
    if (!bytes)
        return;
    struct block *block = (struct block *)((unsigned char *)bytes - offsetof(struct block, bytes));
    given -= block->size;
    free(block);
}

static int set_up_counting(void **state)
{
    (void)state;
    counting_host = direct_host;
    counting_host.alloc = counting_alloc;
    counting_host.free = counting_free;
    return 0;
}

/* A document fed piece by piece: `head`, then `piece` again and again until it is refused or was
 * given `times` times. */
struct feed {
    const char *payload, *head, *piece;
    size_t times;
    struct objlens_call call;
    size_t fed; /* bytes until it was refused */
};

static int run_feed(struct feed *f)
{
    void *instance;
    size_t n = strlen(f->piece);
    given = given_most = f->fed = 0;
    direct_init(&f->call, f->payload, 100000, 1);
    int rc = direct_open(xml_json, &counting_host, &f->call, &instance);
    assert_int_equal(rc, OBJLENS_OK);
    rc = xml_json->write(instance, f->head, strlen(f->head));
    for (size_t i = 0; i < f->times && rc == OBJLENS_OK; i++, f->fed += n)
        rc = xml_json->write(instance, f->piece, n);
    xml_json->close(instance);
    direct_unconfigure(&f->call);
    f->call.span = NULL;
    free(f->call.out);
    return rc;
}

static void expect_refused(struct feed f, size_t fed_most, const char *code, const char *says)
{
    assert_int_equal(run_feed(&f), OBJLENS_EFAILED);
    assert_string_equal(f.call.failed_code, code);
    if (!strstr(f.call.failed_message, says))
        fail_msg("\"%s\" is not in: %s", says, f.call.failed_message);
    assert_in_range(f.fed, 0, fed_most);
}

static void test_depth(void **state)
{
    (void)state;
    struct xml_text xml = {0}, json = {0};
    xml_add_times(&xml, "<a>", 256);
    xml_add_times(&xml, "</a>", 256);
    xml_add_times(&json, "{\"a\":", 256);
    xml_add(&json, "null");
    xml_add_times(&json, "}", 256);
    xml_becomes(NULL, xml.bytes, json.bytes);
    xml.size = 0;
    xml_add(&xml, "\n");
    xml_add_times(&xml, "<a>", 257);
    xml_add_times(&xml, "</a>", 257);
    xml_fails(NULL, xml.bytes, "EntityTooLarge", "line 2: more than 256 elements inside each other");
    xml_fails("{\"records\":\"/b\"}", xml.bytes, "EntityTooLarge", "more than 256 elements");
    expect_refused((struct feed){.head = "", .piece = "<a k=''>text", .times = MIB}, 100000, "EntityTooLarge",
                   "more than 256 elements");
    free(xml.bytes);
    free(json.bytes);
}

static void add_numbered(struct xml_text *t, const char *format, size_t from, size_t to)
{
    char piece[100];
    for (size_t i = from; i < to; i++) {
        snprintf(piece, sizeof(piece), format, (unsigned)i);
        xml_add(t, piece);
    }
}

static void test_attributes(void **state)
{
    (void)state;
    struct xml_text xml = {0}, json = {0};
    xml_add(&xml, "<a");
    add_numbered(&xml, " k%u='=\"'", 0, 1000);
    size_t size = xml.size;
    xml_add(&xml, "/>");
    xml_add(&json, "{\"a\":{\"@k0\":\"=\\\"\"");
    add_numbered(&json, ",\"@k%u\":\"=\\\"\"", 1, 1000);
    xml_add(&json, "}}");
    xml_becomes(NULL, xml.bytes, json.bytes);
    xml.size = size;
    xml_add(&xml, " k1000=''/>");
    xml_fails(NULL, xml.bytes, "EntityTooLarge", "more than 1000 attributes");
    /* Refused before they are all there: libxml2 would compare each with all. */
    xml.size = size;
    add_numbered(&xml, " k%u=''", 1000, 100000);
    struct objlens_call call;
    direct_init(&call, NULL, 1000, 1);
    void *instance;
    assert_int_equal(direct_open(xml_json, &direct_host, &call, &instance), OBJLENS_OK);
    assert_int_equal(xml_json->write(instance, xml.bytes, 50000), OBJLENS_EFAILED);
    assert_non_null(strstr(call.failed_message, "more than 1000 attributes"));
    xml_json->close(instance);
    direct_fini(&call);
    free(xml.bytes);
    free(json.bytes);
}

static void check_name(const char *before, size_t size, const char *after, bool fits)
{
    struct xml_text xml = {0};
    struct objlens_call call;
    xml_add(&xml, before);
    xml_add_times(&xml, "n", size);
    xml_add(&xml, after);
    if (!fits)
        xml_fails(NULL, xml.bytes, "EntityTooLarge", "line 1: a name of more than 1024 bytes");
    direct_init(&call, NULL, 1000, 1);
    int rc = direct_run(xml_json, &call, xml.bytes, xml.size, direct_whole);
    assert_int_equal(rc, fits ? OBJLENS_OK : OBJLENS_EFAILED);
    direct_fini(&call);
    free(xml.bytes);
}

static void test_name_length(void **state)
{
    (void)state;
    check_name("<", 1024, "/>", true);
    check_name("<", 1025, "/>", false);
    check_name("<a ", 1024, "=''/>", true);
    check_name("<a ", 1025, "=''/>", false);
    check_name("<", 40000, "/>", false);
}

static void check_token(const char *before, size_t size, const char *after, bool fits)
{
    struct xml_text xml = {0};
    struct objlens_call call;
    xml_add(&xml, before);
    xml_add_times(&xml, "0123456789abcde=", size / 16);
    xml_add(&xml, after);
    if (!fits)
        xml_fails(NULL, xml.bytes, "EntityTooLarge", "of more than 4194304 bytes");
    direct_init(&call, NULL, 100000, 1);
    int rc = direct_run(xml_json, &call, xml.bytes, xml.size, direct_chopped);
    assert_int_equal(rc, fits ? OBJLENS_OK : OBJLENS_EFAILED);
    direct_fini(&call);
    free(xml.bytes);
}

static void test_token_size(void **state)
{
    (void)state;
    static const char *const around[][2] = {
        {"<a k='", "'/>"}, {"<a><!--", "--></a>"}, {"<a><?p ", "?></a>"}, {"<a><![CDATA[", "]]></a>"}};
    for (size_t i = 0; i < sizeof(around) / sizeof(around[0]); i++) {
        check_token(around[i][0], 4 * MIB - 32768, around[i][1], true);
        check_token(around[i][0], 5 * MIB, around[i][1], false);
    }
    check_token("<a>", 12 * MIB, "</a>", true); /* text is not a token */
    /* Nobody waits for an end that does not come. */
    char *piece = calloc(1, MIB + 1);
    memset(piece, '=', MIB);
    for (size_t i = 0; i < sizeof(around) / sizeof(around[0]); i++)
        expect_refused((struct feed){.head = around[i][0], .piece = piece, .times = 100}, 6 * MIB,
                       "EntityTooLarge", "of more than 4194304 bytes");
    free(piece);
}

static void test_memory_limit(void **state)
{
    (void)state;
    const size_t overhead = 128 * 1024; /* instance, parser's block, output held */
    struct feed f = {.head = "<r>", .piece = "<row id='1'><name>some one</name><v>1</v></row>\n", .times = 2000000};
    expect_refused(f, 64 * MIB, "EntityTooLarge", "the document takes more than memory_bytes, 16777216");
    assert_in_range(given_most, 8 * MIB, 16 * MIB + overhead);
    f.payload = "{\"memory_bytes\":131072}";
    expect_refused(f, MIB, "EntityTooLarge", "the document takes more than memory_bytes, 131072");
    assert_in_range(given_most, 0, 131072 + overhead);
    f.piece = "text without end ";
    expect_refused(f, MIB, "EntityTooLarge", "memory_bytes, 131072");
    f.piece = "x<b/>";
    expect_refused(f, MIB, "EntityTooLarge", "memory_bytes, 131072");
    /* White space between elements is not kept: this much would not fit. */
    f.piece = "                                                                                        \n\t";
    f.times = 4000;
    assert_int_equal(run_feed(&f), OBJLENS_OK);
    assert_int_equal(given, 0);
}

static int run_within(const char *xml, size_t size, uint64_t memory_bytes, struct objlens_call *call, char payload[64])
{
    snprintf(payload, 64, "{\"memory_bytes\":%llu}", (unsigned long long)memory_bytes);
    direct_init(call, payload, 100000, 1);
    return direct_run(xml_json, call, xml, size, direct_chopped);
}

/* There is one limit above which a document is converted, and below which it is refused by name. */
static void test_at_the_memory_limit(void **state)
{
    (void)state;
    struct xml_text t = {0};
    struct objlens_call call;
    char payload[64], says[128];
    xml_add(&t, "<r>");
    for (unsigned i = 0; i < 20000; i++)
        xml_add(&t, i % 3 ? "<row id='1'>some text</row>" : "<v>1</v>");
    xml_add(&t, "</r>");
    uint64_t refused = 131072, taken = 4 * MIB;
    while (taken - refused > 1) {
        uint64_t tried = refused + (taken - refused) / 2;
        int rc = run_within(t.bytes, t.size, tried, &call, payload);
        if (rc == OBJLENS_OK) {
            taken = tried;
        } else {
            refused = tried;
            assert_string_equal(call.failed_code, "EntityTooLarge");
            snprintf(says, sizeof(says), "the document takes more than memory_bytes, %llu: ", (unsigned long long)tried);
            assert_non_null(strstr(call.failed_message, says));
            assert_int_equal(call.size, 0);
        }
        direct_fini(&call);
    }
    assert_in_range(taken, t.size / 2, t.size + 131072);
    assert_int_equal(run_within(t.bytes, t.size, taken, &call, payload), OBJLENS_OK);
    direct_fini(&call);
    assert_int_equal(run_within(t.bytes, t.size, taken - 1, &call, payload), OBJLENS_EFAILED);
    direct_fini(&call);
    free(t.bytes);
}

/* By records only the largest counts, however many there are. */
static void test_records_in_bounded_memory(void **state)
{
    (void)state;
    struct feed f = {.payload = "{\"records\":\"/r/row\",\"memory_bytes\":131072}", .head = "<r>",
                     .piece = "<row id='1'><name>some one</name><v>1</v><v>2</v></row> text <other>x</other>\n",
                     .times = 200000};
    assert_int_equal(run_feed(&f), OBJLENS_OK);
    assert_in_range(given_most, 0, 131072 + 128 * 1024);
    f.head = "<r><row>";
    expect_refused(f, MIB, "EntityTooLarge", "the record takes more than memory_bytes, 131072");
}

static void test_many_names(void **state)
{
    (void)state;
    struct xml_text xml = {0}, json = {0};
    xml_add(&xml, "<r>");
    add_numbered(&xml, "<n%u/>", 0, 20000);
    add_numbered(&xml, "<n%u/>", 0, 20000);
    xml_add(&xml, "</r>");
    xml_add(&json, "{\"r\":{\"n0\":[null,null]");
    add_numbered(&json, ",\"n%u\":[null,null]", 1, 20000);
    xml_add(&json, "}}");
    xml_becomes(NULL, xml.bytes, json.bytes);
    xml.size = 0;
    xml_add(&xml, "<r>");
    add_numbered(&xml, "<a-rather-long-name-%u/>", 0, 100000);
    xml_fails("{\"records\":\"/r/no\"}", xml.bytes, "EntityTooLarge", "more than 1048576 bytes of different names");
    free(xml.bytes);
    free(json.bytes);
}

static void test_declarations_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "<!DOCTYPE a [<!ENTITY a0 'ha'><!ENTITY a1 '&a0;&a0;&a0;&a0;&a0;&a0;&a0;&a0;&a0;&a0;'>"
        "<!ENTITY a2 '&a1;&a1;&a1;&a1;&a1;&a1;&a1;&a1;&a1;&a1;'>]><a>&a2;</a>",
        "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>&x;</a>",
        "<!DOCTYPE a [<!ENTITY x SYSTEM \"http://127.0.0.1:1/\">]><a k='&x;'/>",
        "<!DOCTYPE a [<!ENTITY % p \"<!ENTITY x 'y'>\"> %p;]><a/>",
        "<!DOCTYPE a [<!ENTITY % p SYSTEM \"http://127.0.0.1:1/\"> %p;]><a/>",
        "<!DOCTYPE a [%p;]><a/>",
        "<!DOCTYPE a [<!ELEMENT a ANY>]><a/>",
        "<!DOCTYPE a [<!ATTLIST a k CDATA \"v\">]><a/>",
        "<!DOCTYPE a [<!NOTATION n SYSTEM \"x\">]><a/>",
        "<!DOCTYPE a SYSTEM 'file:///dev/null' [<!ENTITY lt '&#38;#60;'>]><a/>",
        "<!DOCTYPE a []><a/>",
        "<!DOCTYPE a [>",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        xml_fails(NULL, bad[i], "UnsupportedXML", "line 1: a DOCTYPE with declarations of its own");
    xml_fails("{\"records\":\"/a\"}", bad[0], "UnsupportedXML", "line 1: ");
    xml_becomes(NULL, "<a xmlns:xi='http://www.w3.org/2001/XInclude'><xi:include href='file:///etc/passwd'/></a>",
                "{\"a\":{\"@xmlns:xi\":\"http://www.w3.org/2001/XInclude\",\"xi:include\":{\"@href\":\"file:///etc/passwd\"}}}");
    xml_becomes(NULL, "<?xml-stylesheet href='file:///etc/passwd'?><!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>",
                "{\"a\":null}");
}

static void test_declaration_size(void **state)
{
    (void)state;
    struct xml_text xml = {0};
    xml_add(&xml, "<?xml version='1.0'");
    xml_add_times(&xml, " ", 1024);
    xml_add(&xml, "?><a/>");
    xml_fails(NULL, xml.bytes, "EntityTooLarge", "line 1: the XML declaration is longer than 1024 bytes");
    free(xml.bytes);
}

static const char mixed[] =
    "<r k='v'><a>1</a><b>2<c/>3<c/>4</b><a j='&lt;'>5</a>&#65;<d><![CDATA[x]]></d></r>";
static const char mixed_json[] =
    "{\"r\":{\"@k\":\"v\",\"a\":[\"1\",{\"@j\":\"<\",\"#text\":\"5\"}],\"b\":{\"c\":[null,null],\"#text\":\"234\"},"
    "\"d\":\"x\",\"#text\":\"A\"}}";

static void test_host_has_no_memory(void **state)
{
    (void)state;
    int rc = 0;
    for (unsigned n = 1; n == 1 || rc != OBJLENS_OK; n++) {
        struct objlens_call call;
        assert_in_range(n, 1, 100);
        direct_init(&call, "{\"force_list\":[\"z\"]}", 1000, 1);
        call.allocs_left = n;
        rc = direct_run(xml_json, &call, mixed, sizeof(mixed) - 1, direct_whole);
        assert_true(rc == OBJLENS_OK || (rc == OBJLENS_ENOMEM && call.size == 0));
        if (rc == OBJLENS_OK)
            assert_memory_equal(call.out, mixed_json, sizeof(mixed_json) - 1);
        direct_fini(&call);
    }
}

/* The n-th allocation of libxml2 from now fails; 0 = none does. */
static unsigned long xml_allocs_left;

static bool xml_alloc_fails(void)
{
    return xml_allocs_left > 0 && --xml_allocs_left == 0;
}

static void *failing_malloc(size_t size)
{
    return xml_alloc_fails() ? NULL : malloc(size);
}

static void *failing_realloc(void *block, size_t size)
{
    return xml_alloc_fails() ? NULL : realloc(block, size);
}

static char *failing_strdup(const char *text)
{
    return xml_alloc_fails() ? NULL : strdup(text);
}

typedef int setup_fn(void (*)(void *), void *(*)(size_t), void *(*)(void *, size_t), char *(*)(const char *));

/* libxml2's own memory, through the copy of it that the transform was loaded with: its hooks are
 * set before the transform is prepared again. */
static void set_xml_memory(setup_fn *set_up, bool failing)
{
    char reason[200];
    xml_allocs_left = 0;
    if (failing)
        assert_int_equal(set_up(free, failing_malloc, failing_realloc, failing_strdup), 0);
    else
        assert_int_equal(set_up(free, malloc, realloc, strdup), 0);
    assert_int_equal(xml_json->load(&direct_host, reason, sizeof(reason)), OBJLENS_OK);
}

static setup_fn *find_xml_memory(void **library)
{
    char path[600];
    setup_fn *set_up = NULL;
    snprintf(path, sizeof(path), "%s/transforms/xml_json.so", OBJLENS_BINARY_DIR);
    *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    assert_non_null(*library);
    *(void **)&set_up = dlsym(*library, "xmlMemSetup");
    assert_non_null(set_up);
    return set_up;
}

static void test_parser_has_no_memory(void **state)
{
    (void)state;
    void *library;
    setup_fn *set_up = find_xml_memory(&library);
    set_xml_memory(set_up, true);
    int rc = 0;
    for (unsigned n = 1; n == 1 || rc != OBJLENS_OK || xml_allocs_left == 0; n++) {
        struct objlens_call call;
        assert_in_range(n, 1, 1000);
        direct_init(&call, NULL, 1000, 1);
        xml_allocs_left = n;
        rc = direct_run(xml_json, &call, mixed, sizeof(mixed) - 1, direct_whole);
        if (rc == OBJLENS_OK)
            assert_memory_equal(call.out, mixed_json, sizeof(mixed_json) - 1);
        else if (rc != OBJLENS_ENOMEM || call.size > 0)
            fail_msg("allocation %u: %d, %s", n, rc, call.failed_message);
        direct_fini(&call);
    }
    set_xml_memory(set_up, false);
    dlclose(library);
}

static unsigned nested_fail;

/* While one request waits for its client, another comes and goes; then memory is short. */
static int nesting_emit(struct objlens_call *c, const void *bytes, size_t size)
{
    struct objlens_call other;
    direct_init(&other, NULL, 1000, 1);
    assert_int_equal(direct_run(xml_json, &other, mixed, sizeof(mixed) - 1, direct_whole), OBJLENS_OK);
    direct_fini(&other);
    xml_allocs_left = nested_fail;
    return direct_emit(c, bytes, size);
}

static void test_no_memory_after_waiting(void **state)
{
    (void)state;
    void *library;
    setup_fn *set_up = find_xml_memory(&library);
    set_xml_memory(set_up, true);
    struct objlens_host host = direct_host;
    host.emit = nesting_emit;
    struct xml_text xml = {0};
    xml_add(&xml, "<r>");
    xml_add_times(&xml, "<a k='some value'>some text</a>", 4000);
    xml_add(&xml, "</r>");
    for (nested_fail = 1; nested_fail < 40; nested_fail++) {
        struct objlens_call call;
        void *instance;
        direct_init(&call, "{\"records\":\"/r/a\"}", 100000, 1);
        assert_int_equal(direct_open(xml_json, &host, &call, &instance), OBJLENS_OK);
        assert_int_equal(xml_json->write(instance, xml.bytes, xml.size), OBJLENS_ENOMEM);
        xml_json->close(instance);
        direct_fini(&call);
    }
    free(xml.bytes);
    set_xml_memory(set_up, false);
    dlclose(library);
}

/* The host refuses output at every point. */
static void test_output_fails(void **state)
{
    (void)state;
    for (unsigned n = 0; n < 2; n++) {
        struct objlens_call call;
        void *instance;
        direct_init(&call, n ? "{\"records\":\"/r\"}" : NULL, 3, 1);
        assert_int_equal(direct_open(xml_json, &direct_host, &call, &instance), OBJLENS_OK);
        assert_int_equal(xml_json->write(instance, mixed, sizeof(mixed) - 1), OBJLENS_OK);
        call.failed_status = 500;
        assert_int_equal(xml_json->finish(instance), OBJLENS_EFAILED);
        xml_json->close(instance);
        assert_int_equal(call.size, 0);
        direct_fini(&call);
    }
}

int main(void)
{
    xml_json = direct_load("xml_json");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_attributes),
        cmocka_unit_test(test_name_length),
        cmocka_unit_test(test_token_size),
        cmocka_unit_test(test_memory_limit),
        cmocka_unit_test(test_at_the_memory_limit),
        cmocka_unit_test(test_records_in_bounded_memory),
        cmocka_unit_test(test_many_names),
        cmocka_unit_test(test_declarations_are_refused),
        cmocka_unit_test(test_declaration_size),
        cmocka_unit_test(test_host_has_no_memory),
        cmocka_unit_test(test_parser_has_no_memory),
        cmocka_unit_test(test_no_memory_after_waiting),
        cmocka_unit_test(test_output_fails),
    };
    return cmocka_run_group_tests(tests, set_up_counting, NULL);
}
