/* SPDX-License-Identifier: MIT */
/*
 * The xml_json transform against xmltodict itself, over generated documents: byte for byte what
 * json.dumps makes of what xmltodict.parse says, and a refusal where that refuses.
 */
#include "xml_json_check.h"

#include <sys/wait.h>

#define CASE_BYTES_MAX (4 * 1024 * 1024)

static char payload[4096], document[CASE_BYTES_MAX], wanted[CASE_BYTES_MAX];

static FILE *corpus(unsigned seed, unsigned count)
{
    char command[900];
    snprintf(command, sizeof(command),
             "python=${OBJLENS_TEST_PYTHON:-/usr/bin/python3}; [ -x $python ] || python=python3; "
             "exec $python '%s/tests/unit/transform_shared/xml_json_corpus.py' %u %u",
             OBJLENS_SOURCE_DIR, seed, count);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    return pipe;
}

/* What xmltodict takes and this refuses, for reasons that README.md gives. */
static bool is_known_difference(const struct xml_expected *e, const struct objlens_call *call)
{
    if (strcmp(call->failed_code, "UnsupportedXML") == 0 ||
        strcmp(call->failed_code, "InvalidTextEncoding") == 0)
        return true;
    return strstr(call->failed_message, "an entity other than the five") &&
           memmem(e->xml, e->size, "<!DOCTYPE", 9);
}

static void check_refused(const struct xml_expected *e)
{
    struct objlens_call call;
    direct_init(&call, e->payload, 1000, 1);
    int rc = direct_run(xml_json, &call, e->xml, e->size, direct_chopped);
    if (rc != OBJLENS_EFAILED) {
        xml_show(e, &call);
        fail_msg("xmltodict refuses it");
    }
    direct_fini(&call);
}

static void check_same(const struct xml_expected *e, unsigned seed)
{
    struct objlens_call call;
    direct_init(&call, e->payload, seed % 2 ? 7 : 100000, seed);
    int rc = direct_run(xml_json, &call, e->xml, e->size, xml_cuts[seed % 3]);
    if (!xml_is_as_expected(e, rc, &call) && !is_known_difference(e, &call)) {
        xml_show(e, &call);
        fail_msg("xmltodict says otherwise");
    }
    direct_fini(&call);
}

static void test_like_xmltodict(void **state)
{
    (void)state;
    unsigned rounds = 2000, seen = 0, refused = 0;
    if (getenv("OBJLENS_TEST_ROUNDS"))
        rounds = (unsigned)atoi(getenv("OBJLENS_TEST_ROUNDS"));
    FILE *pipe = corpus(rounds, rounds);
    size_t payload_size, size;
    long wanted_size;
    for (; fscanf(pipe, "%zu %zu %ld", &payload_size, &size, &wanted_size) == 3; seen++) {
        assert_int_equal(fgetc(pipe), '\n');
        assert_true(payload_size < sizeof(payload) && size < sizeof(document) &&
                    wanted_size < (long)sizeof(wanted));
        payload[fread(payload, 1, payload_size, pipe)] = '\0';
        assert_int_equal(fread(document, 1, size, pipe), size);
        struct xml_expected e = {.payload = payload, .xml = document, .size = size,
                                 .code = "a refusal", .says = ""};
        if (wanted_size < 0) {
            refused++;
            check_refused(&e);
            continue;
        }
        e.json = wanted;
        e.json_size = fread(wanted, 1, (size_t)wanted_size, pipe);
        check_same(&e, seen);
    }
    int status = pclose(pipe);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
        print_message("skipped: Python's xmltodict is not installed\n");
        skip();
    }
    assert_int_equal(status, 0);
    assert_int_equal(seen, rounds);
    assert_true(refused > rounds / 20 && refused < rounds / 2);
}

int main(void)
{
    xml_json = direct_load("xml_json");
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_like_xmltodict)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
