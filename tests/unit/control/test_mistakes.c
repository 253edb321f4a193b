/* SPDX-License-Identifier: MIT */
/*
 * Every mistake is found, told once, and at the right line. One row a mistake; the last rows
 * hold several at once.
 */
#include "lib/check.h"

#include "scratch.h"

#define ROOT "root { access_key = 'rootkey', secret_key = 'rootsecret' }\n"

typedef struct expected {
    int line;
    const char *text;
} expected;

typedef struct row {
    const char *what;
    const char *config;
    expected mistakes[8];
} row;

static const row rows[] = {
    /* Lua's own */
    {"a syntax error", ROOT "bucket = = 3\n", {{2, "unexpected symbol near '='"}}},
    {"an unfinished block", ROOT "root {\n\n", {{4, "unexpected symbol near <eof>"}}},
    {"a runtime error", ROOT "local x = {} + 1\n", {{2, "attempt to perform arithmetic on a table value"}}},
    {"an endless loop", ROOT "\nwhile true do end\n",
     {{3, "the configuration runs too long; is there a loop without end?"}}},
    {"too much memory", ROOT "local s = 'x'\nfor i = 1, 40 do s = s .. s end\n",
     {{0, "the configuration needs more than 16 MiB of memory"}}},

    /* names and settings */
    {"an unknown word", ROOT "\nlistn '127.0.0.1:1'\n", {{3, "unknown name \"listn\"; did you mean \"listen\"?"}}},
    {"an unknown setting", ROOT "regoin = 'x'\n", {{2, "unknown setting \"regoin\"; did you mean \"region\"?"}}},
    {"a value of one's own", ROOT "foo = 'x'\n",
     {{2, "unknown setting \"foo\" (a value of your own is written local NAME = …)"}}},
    {"forgotten quotes", ROOT "region = Abc9/Def+x\n",
     {{2, "unknown name \"x\""}, {2, "unknown name (or a text without its quotes)"}}},
    {"a block as setting", ROOT "bucket = 'orders'\n", {{2, "bucket is written bucket \"NAME\" or bucket \"NAME\" { … }"}}},
    {"a setting given twice", ROOT "loops = 1\nloops = 2\n", {{3, "loops: is set on line 2 already"}}},
    {"a setting of a wrong type", ROOT "region = 5\n", {{2, "region: must be a text"}}},
    {"a setting without value", ROOT "region = nil\n", {{2, "region: has no value (nil)"}}},
    {"a bad region", ROOT "region = 'US East'\n",
     {{2, "region: \"US East\" is not a valid region: 1 to 31 lower-case letters, digits and '-'"}}},
    {"a bad account", ROOT "account = '12'\n",
     {{2, "account: \"12\" is not a valid account: 12 digits, written as a string"}}},
    {"too many loops", ROOT "loops = 2000\n", {{2, "loops: must be between 0 and 1024"}}},
    {"half a loop", ROOT "loops = 1.5\n", {{2, "loops: must be a whole number"}}},

    /* listeners */
    {"no port", ROOT "listen '127.0.0.1'\n",
     {{2, "listen: \"127.0.0.1\" is not an address and port such as \"127.0.0.1:9000\" or \"[::1]:9000\""}}},
    {"a name for an address", ROOT "listen 'example.com:9000'\n",
     {{2, "listen: \"example.com:9000\" is not an address and port such as \"127.0.0.1:9000\" or \"[::1]:9000\""}}},
    {"an address twice", ROOT "listen '127.0.0.1:9000'\nlisten {\n  address = '127.0.0.1:9000' }\n",
     {{4, "listen: the address is used on line 2 already"}}},
    {"admin on a listener's address", ROOT "listen '127.0.0.1:9000'\nadmin '127.0.0.1:9000'\n",
     {{3, "admin: the address is used on line 2 already"}}},
    {"a certificate alone", ROOT "listen { address = '127.0.0.1:1',\n  certificate = 'objlens.lua' }\n",
     {{2, "listen: \"certificate\" and \"key\" belong together"}}},
    {"a certificate that is not there",
     ROOT "listen { address = '127.0.0.1:1',\n  certificate = 'no.pem',\n  key = 'objlens.lua' }\n",
     {{3, "listen: certificate: \"no.pem\" does not exist"}}},
    {"admin(true)", ROOT "admin(true)\n",
     {{2, "admin is written admin \"ADDRESS:PORT\" or admin(false)"}}},
    {"admin twice", ROOT "admin(false)\nadmin '127.0.0.1:1'\n", {{3, "admin: stands on line 2 already"}}},

    /* keys */
    {"a KMS without credentials", ROOT "kms 'k' { endpoint = 'https://x' }\n",
     {{2, "kms \"k\": \"access_key\" and \"secret_key\" are missing (or \"credentials\": \"environment\")"}}},
    {"keys of another kind", ROOT "kms 'k' { kind = 'vault', endpoint = 'https://x', token = 't',\n  access_key = 'a' }\n",
     {{2, "kms \"k\": \"access_key\" does not go with this kind"}}},
    {"two tokens", ROOT "kms 'k' { kind = 'vault', endpoint = 'https://x', token = 't', token_file = 'objlens.lua' }\n",
     {{2, "kms \"k\": \"token\" or \"token_file\", not both"}}},
    {"KES without anybody", ROOT "kms 'k' { kind = 'kes', endpoint = 'https://x' }\n",
     {{2, "kms \"k\": \"certificate\" and \"key\", or \"api_key\", or \"api_key_file\""}}},
    {"two keepers of the rest", ROOT "kms 'a' { kind = 'vault', endpoint = 'https://x', token = 't' }\n"
     "kms 'b' { kind = 'vault', endpoint = 'https://x', token = 't' }\n",
     {{3, "kms: another one has no \"keys\" already and answers for the rest"}}},
    {"two default keys", ROOT "kms 'a' { kind = 'vault', endpoint = 'https://x', token = 't', keys = 'a', default_key = 'a' }\n"
     "kms 'b' { kind = 'vault', endpoint = 'https://x', token = 't', keys = 'b', default_key = 'b' }\n",
     {{3, "kms: another one has a default_key already"}}},
    {"a client's key without a file", ROOT "client_key 'k' { type = 'aes' }\n",
     {{2, "client_key \"k\": \"file\" is missing"}}},
    {"a client's key of a KMS with a file", ROOT "client_key 'k' { type = 'kms', file = 'objlens.lua' }\n",
     {{2, "client_key \"k\": a KMS's key has no \"file\""}}},
    {"an audit with a prefix and no bucket", ROOT "key_audit { prefix = 'x' }\n",
     {{2, "key_audit: \"origin\" and \"prefix\" go with a \"bucket\""}}},
    {"data keys that are remembered too long", ROOT "data_keys { denial_ms = 5000 }\n",
     {{2, "data_keys: denial_ms: must be between 0 and 1000"}}},

    /* identities */
    {"nobody", "bucket 'orders'\n", {{0, "there is neither root nor a user: nobody could sign a request"}}},
    {"a missing key", "root {\n  access_key = 'rootkey' }\n", {{1, "root: \"secret_key\" is missing"}}},
    {"an unknown key", "root { access_key = 'rootkey', secret_key = 'rootsecret',\n\n acess_key = 1 }\n",
     {{3, "root: unknown key \"acess_key\"; did you mean \"access_key\"?"}}},
    {"a short secret", "root { access_key = 'rootkey',\n  secret_key = 'short' }\n",
     {{2, "root: secret_key: must be 8 to 128 printable ASCII characters without blanks"}}},
    {"a bad access key", "root { access_key = 'a/b',\n  secret_key = 'rootsecret' }\n",
     {{1, "root: access_key: must be 3 to 128 letters, digits, '.', '_' and '-'"}}},
    {"a user with root's key", ROOT "user 'ann' {\n  access_key = 'rootkey',\n  secret_key = 'annsecret' }\n",
     {{3, "user \"ann\": access_key is that of the root on line 1 already"}}},
    {"a user twice",
     ROOT "user 'ann' { access_key = 'key1', secret_key = 'annsecret' }\n"
          "user 'ann' { access_key = 'key2', secret_key = 'annsecret' }\n",
     {{3, "user \"ann\": stands on line 2 already"}}},
    {"a user without table", ROOT "user 'ann'\n",
     {{2, "user \"ann\": its table is missing: user \"NAME\" { access_key = …, secret_key = …, policy = { … } }"}}},
    {"a user without name", ROOT "user { access_key = 'key1', secret_key = 'annsecret' }\n",
     {{2, "user is written user \"NAME\" { access_key = …, secret_key = …, policy = { … } }"}}},
    {"a bad effect",
     ROOT "user 'ann' { access_key = 'key1', secret_key = 'annsecret',\n policy = { {\n effect = 'allow',\n"
          " actions = 's3:*', resources = '*' } } }\n",
     {{4, "user \"ann\": policy[1]: effect: must be \"Allow\" or \"Deny\""}}},
    {"a bad action in the second statement",
     ROOT "user 'ann' { access_key = 'key1', secret_key = 'annsecret',\n policy = {\n"
          "  { effect = 'Allow', actions = 's3:*', resources = '*' },\n"
          "  { effect = 'Deny', actions = { 's3:GetObject',\n"
          "    'GetObject' }, resources = '*' } } }\n",
     {{6, "user \"ann\": policy[2]: actions[2]: \"GetObject\" is not an action such as \"s3:GetObject\" or "
          "\"s3-object-lambda:*\""}}},
    {"an action of no service",
     ROOT "user 'ann' { access_key = 'key1', secret_key = 'annsecret', policy = {\n"
          "  { effect = 'Deny', actions = { '*', '*:Get*', 's3-object-lamda:GetObject' }, resources = '*' } } }\n",
     {{3, "user \"ann\": policy[1]: actions[3]: \"s3-object-lamda:GetObject\" names a service that objlens does not "
          "have (it has s3, s3-object-lambda, sts and kms)"}}},
    {"a resource that is none",
     ROOT "user 'ann' { access_key = 'key1', secret_key = 'annsecret', policy = {\n"
          "  { effect = 'Allow', actions = 's3:*',\n resources = 'orders' } } }\n",
     {{4, "user \"ann\": policy[1]: resources: \"orders\" is not an ARN such as \"arn:aws:s3:::orders/*\", nor "
          "\"*\""}}},
    {"an empty list",
     ROOT "user 'ann' { access_key = 'key1', secret_key = 'annsecret', policy = {\n"
          "  { effect = 'Allow', actions = {}, resources = '*' } } }\n",
     {{3, "user \"ann\": policy[1]: actions: must be a list with at least one item"}}},

    /* buckets and access points */
    {"a reserved bucket name", ROOT "bucket 'orders--ol-s3'\n",
     {{2, "bucket \"orders--ol-s3\": must not end in --ol-s3, which is kept for aliases of Object Lambda "
          "access points"}}},
    {"another reserved bucket name", ROOT "bucket 'orders-s3alias'\n",
     {{2, "bucket \"orders-s3alias\": must not end in -s3alias, which is kept for aliases of access points"}}},
    {"a bucket name in capitals", ROOT "bucket 'Orders'\n",
     {{2, "bucket \"Orders\": is not a valid bucket name: 3 to 63 lower-case letters, digits, '-' and '.', a "
          "letter or digit first and last"}}},
    {"a bucket twice", ROOT "bucket 'orders'\nbucket 'orders'\n", {{3, "bucket \"orders\": stands on line 2 already"}}},
    {"a bucket with a key", ROOT "bucket 'orders' {\n versions = true }\n", {{3, "bucket \"orders\": unknown key \"versions\""}}},
    {"an unknown bucket", ROOT "bucket 'orders'\naccess_point 'orders-ap' {\n\n bucket = 'ordres' }\n",
     {{5, "access_point \"orders-ap\": unknown bucket \"ordres\"; did you mean \"orders\"?"}}},
    {"a short access point", ROOT "bucket 'orders'\naccess_point 'ap' { bucket = 'orders' }\n",
     {{3, "access_point \"ap\": is not a valid access point name: 3 to 45 lower-case letters, digits and '-', a "
          "letter or digit first and last"}}},
    {"an access point twice",
     ROOT "bucket 'orders'\naccess_point 'one' { bucket = 'orders' }\naccess_point 'one' { bucket = 'orders' }\n",
     {{4, "access_point \"one\": stands on line 3 already"}}},

    /* Object Lambda access points and transforms */
    {"an unknown access point", ROOT "object_lambda 'view' {\n transforms = 'pii',\n access_point = 'one' }\n",
     {{4, "object_lambda \"view\": unknown access point \"one\""}}},
    {"an unknown transform",
     ROOT "bucket 'orders'\naccess_point 'one' { bucket = 'orders' }\n"
          "object_lambda 'view' { access_point = 'one', transforms = { 'pii',\n 'pji' } }\n",
     {{5, "object_lambda \"view\": unknown transform \"pji\"; did you mean \"pii\"?"}}},
    {"a stray key in a list",
     ROOT "bucket 'orders'\naccess_point 'one' { bucket = 'orders' }\n"
          "object_lambda 'view' { access_point = 'one',\n transforms = { 'pii', payload = '{}' } }\n",
     {{5, "object_lambda \"view\": transforms: must be a list: values without keys, and none of them nil"}}},
    {"a payload of a wrong type",
     ROOT "bucket 'orders'\naccess_point 'one' { bucket = 'orders' }\n"
          "object_lambda 'view' { access_point = 'one',\n transforms = { { 'pii',\n payload = {} } } }\n",
     {{6, "object_lambda \"view\": transforms[1]: payload: must be a text"}}},
    {"no transform",
     ROOT "bucket 'orders'\naccess_point 'one' { bucket = 'orders' }\n"
          "object_lambda 'view' { access_point = 'one' }\n",
     {{4, "object_lambda \"view\": \"transforms\" is missing"}}},
    {"a long chain",
     ROOT "bucket 'orders'\naccess_point 'one' { bucket = 'orders' }\nlocal chain = {}\n"
          "for i = 1, 9 do chain[i] = 'pii' end\n"
          "object_lambda 'view' { access_point = 'one', transforms = chain }\n",
     {{6, "object_lambda \"view\": more than 8 transforms in a row"}}},
    {"a transform file that is not there", ROOT "transform 'mine' {\n file = 'mine.lua' }\n",
     {{3, "transform \"mine\": file: \"mine.lua\" does not exist"}}},
    {"a transform file of another kind", ROOT "transform 'mine' {\n file = 'mine.py' }\n",
     {{3, "transform \"mine\": file: \"mine.py\" must end in .lua"}}},
    {"a shared object by its path", ROOT "transform 'mine' {\n file = 'mine.so' }\n",
     {{3, "transform \"mine\": file: \"mine.so\" is a shared object, which is loaded by name: plugin = "
          "\"…\", from a folder of the block plugins"}}},
    {"a plugin without folders", ROOT "transform 'mine' {\n plugin = 'orders' }\n",
     {{3, "transform \"mine\": plugin orders: there is no block plugins to say where from"}}},
    {"a plugin that is nowhere",
     ROOT "plugins { folders = '.' }\ntransform 'mine' {\n plugin = 'orders' }\n",
     {{4, "transform \"mine\": no folder of the block plugins has orders.so"}}},
    {"a plugin by a path", ROOT "transform 'mine' {\n plugin = '../orders' }\n",
     {{3, "transform \"mine\": plugin: \"../orders\" is not a valid transform name: 1 to 64 "
          "lower-case letters, digits, '_' and '-', a letter or digit first"}}},
    {"a digest cut short", ROOT "transform 'pii' {\n sha256 = 'abc' }\n",
     {{3, "transform \"pii\": sha256: \"abc\" is not 64 hexadecimal digits"}}},
    {"a folder for a file", ROOT "transform 'mine' {\n file = 'folder.lua' }\n",
     {{3, "transform \"mine\": file: \"folder.lua\" is not a regular file"}}},
    {"a transform without file", ROOT "transform 'mine' {}\n",
     {{2, "transform \"mine\": \"file\" or \"plugin\" is missing, and no transform of that name ships with objlens"}}},
    {"a bad share", ROOT "transform 'pii' {\n share = 'everybody' }\n",
     {{3, "transform \"pii\": share: must be \"identity\" or \"request\" or \"all\""}}},
    {"a limit out of range", ROOT "transform 'pii' { limits = {\n cpu_ms = 0 } }\n",
     {{3, "transform \"pii\": limits: cpu_ms: must be between 1 and 86400000"}}},

    /* limits */
    {"a size in decimal units", ROOT "limits {\n put_bytes_max = '5 GB' }\n",
     {{3, "limits: put_bytes_max: must be a number of bytes, or a size such as \"64 KiB\", \"16 MiB\", \"1 GiB\""}}},
    {"a negative size", ROOT "limits {\n put_bytes_max = -1 }\n",
     {{3, "limits: put_bytes_max: must be a number of bytes, or a size such as \"64 KiB\", \"16 MiB\", \"1 GiB\""}}},
    {"a text for milliseconds", ROOT "limits {\n drain_ms = '5' }\n", {{3, "limits: drain_ms: must be a whole number"}}},
    {"a nested unknown key", ROOT "limits { http = {\n\n idle_timeout = 5 } }\n",
     {{4, "limits: http: unknown key \"idle_timeout\"; did you mean \"idle_timeout_ms\"?"}}},
    {"a nested value of a wrong type", ROOT "limits {\n http = 5 }\n", {{3, "limits: http: must be a table"}}},
    {"a nested limit out of range", ROOT "limits { transform = {\n memory_bytes = '1 KiB' } }\n",
     {{3, "limits: transform: memory_bytes: must be between 1 MiB and 1 TiB"}}},
    {"limits that contradict", ROOT "limits { http = { url_bytes_max = '1 MiB' } }\n",
     {{2, "limits: http.url_bytes_max is above http.head_bytes_max"}}},
    {"slots that are no whole pages", ROOT "limits { slot_bytes = 5000 }\n",
     {{2, "limits: slot_bytes must be a multiple of 4 KiB"}}},
    {"a key given twice", ROOT "limits {\n drain_ms = 5,\n drain_ms = 6 }\n", {{4, "limits: \"drain_ms\" is given twice"}}},
    {"a value without key", ROOT "limits {\n 5 }\n", {{3, "limits: a value without a key (or with a key that is no word)"}}},
    {"a log of a wrong type", ROOT "logs {\n access = true }\n", {{3, "logs: access: must be a text"}}},

    /* env and file */
    {"a variable that is not set", "root {\n access_key = 'rootkey',\n secret_key = env 'OBJLENS_NO_SUCH' }\n",
     {{3, "the environment has no variable \"OBJLENS_NO_SUCH\""}}},
    {"a file that is not there", "root {\n access_key = 'rootkey',\n secret_key = file 'no.txt' }\n",
     {{3, "FOLDER/no.txt: does not exist"}}},
    {"env of a table", ROOT "region = env {}\n", {{2, "env is written env \"NAME\""}}},

    /* where lines come from */
    {"comments and strings that look like keys",
     ROOT "limits { -- no, drain_ms = 1,\n [=[, drain_ms = 1, ]=] and nil,\n --[[\n, drain_ms = 2, ]] \n http = { --[==[ } ]==]\n },\n drain_ms = 'x' }\n",
     {{8, "limits: drain_ms: must be a whole number"}}},
    {"keys in brackets", ROOT "limits {\n ['drain_ms'] =\n 'x' }\n", {{3, "limits: drain_ms: must be a whole number"}}},
    {"functions between keys",
     ROOT "limits { http = (function() local t = {} for i = 1, 2 do t[i] = nil end return t end)(),\n drain_ms = 'x' }\n",
     {{3, "limits: drain_ms: must be a whole number"}}},
    {"a table made elsewhere", ROOT "local t = {\n drain_ms = 'x' }\nlimits(t)\n", {{4, "limits: drain_ms: must be a whole number"}}},
    {"a loop", ROOT "for _, name in ipairs { 'one', 'Two', 'three' } do\n bucket(name)\nend\n",
     {{3, "bucket \"Two\": is not a valid bucket name: 3 to 63 lower-case letters, digits, '-' and '.', a letter or "
          "digit first and last"}}},
    {"two blocks on one line",
     ROOT "bucket 'orders' access_point 'one' { bucket = 'orders' } access_point 'two' {\n bucket = 'x' }\n",
     {{3, "access_point \"two\": unknown bucket \"x\""}}},
    {"a line ended by CRLF", "root {\r\n access_key = 'rootkey',\r\n secret_key = 5 }\r\n", {{3, "root: secret_key: must be a text"}}},
    {"a first line for the shell", "#!/usr/bin/env objlens\n\nregion = 5\n" ROOT, {{3, "region: must be a text"}}},

    /* all of them, in order */
    {"many at once",
     "regoin = 'x'\nlisten 'nowhere'\nbucket 'Orders'\naccess_point 'orders-ap' { bucket = 'ordres' }\n"
     "limits { drain_ms = 'x' }\n",
     {{0, "there is neither root nor a user: nobody could sign a request"},
      {1, "unknown setting \"regoin\"; did you mean \"region\"?"},
      {2, "listen: \"nowhere\" is not an address and port such as \"127.0.0.1:9000\" or \"[::1]:9000\""},
      {3, "bucket \"Orders\": is not a valid bucket name: 3 to 63 lower-case letters, digits, '-' and '.', a letter or digit first and last"},
      {4, "access_point \"orders-ap\": unknown bucket \"ordres\"; did you mean \"Orders\"?"},
      {5, "limits: drain_ms: must be a whole number"}}},
};

static bool same_text(const scratch *s, const char *got, const char *want)
{
    char expected_text[512];
    if (strncmp(want, "FOLDER", 6) != 0)
        return strcmp(got, want) == 0;
    snprintf(expected_text, sizeof(expected_text), "%s%s", s->folder, want + 6);
    return strcmp(got, expected_text) == 0;
}

static size_t count_expected(const row *r)
{
    size_t count = 0;
    while (count < 8 && r->mistakes[count].text)
        count++;
    return count;
}

static bool check_row(const scratch *s, const row *r)
{
    ol_config *config;
    ol_config_report report;
    int rc = scratch_load(s, ol_slice_cstr(r->config), &config, &report);
    bool same = rc == OL_ECONFIG && report.count == count_expected(r);
    for (size_t i = 0; same && i < report.count; i++)
        same = report.mistakes[i].line == r->mistakes[i].line &&
               same_text(s, report.mistakes[i].text, r->mistakes[i].text);
    if (!same) {
        print_message("%s: code %d, %zu mistakes\n", r->what, rc, report.count);
        print_report(&report);
    }
    if (rc == OL_OK)
        ol_config_release(config);
    ol_config_report_fini(&report);
    return same;
}

static void test_each_mistake_is_told_at_its_line(void **state)
{
    (void)state;
    scratch s;
    size_t wrong = 0;
    ol_test_scratch_open(&s);
    char path[256];
    scratch_path(&s, "folder.lua", path);
    assert_int_equal(mkdir(path, 0700), 0);
    scratch_write(&s, "mine.py", OL_SLICE_LIT("x"), 0600);
    scratch_write(&s, "pii.so", OL_SLICE_LIT("x"), 0600);
    setenv("OBJLENS_TRANSFORMS", s.folder, 1);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        wrong += !check_row(&s, &rows[i]);
    ol_test_scratch_close(&s);
    assert_int_equal(wrong, 0);
}

static void test_a_file_that_cannot_be_read(void **state)
{
    (void)state;
    scratch s;
    ol_config *config;
    ol_config_report report;
    ol_test_scratch_open(&s);
    char path[256];
    scratch_path(&s, "objlens.lua", path);
    assert_code(ol_config_load(&config, path, &report), OL_ECONFIG);
    assert_null(config);
    assert_int_equal(report.count, 1);
    assert_string_equal(report.mistakes[0].text, "does not exist");
    ol_config_report_fini(&report);
    assert_code(ol_config_load(&config, s.folder, &report), OL_ECONFIG);
    assert_string_equal(report.mistakes[0].text, "is not a regular file");
    ol_config_report_fini(&report);
    ol_test_scratch_close(&s);
}

static void test_a_flood_of_mistakes_is_cut(void **state)
{
    (void)state;
    scratch s;
    ol_config *config;
    ol_config_report report;
    ol_test_scratch_open(&s);
    assert_code(scratch_load(&s, OL_SLICE_LIT("for i = 1, 5000 do bucket('B' .. i) end"), &config,
                             &report),
                OL_ECONFIG);
    assert_int_equal(report.count, 201);
    assert_string_equal(report.mistakes[0].text, "there are more mistakes than are shown here");
    ol_config_report_fini(&report);
    ol_test_scratch_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_mistake_is_told_at_its_line),
        cmocka_unit_test(test_a_file_that_cannot_be_read),
        cmocka_unit_test(test_a_flood_of_mistakes_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
