/* SPDX-License-Identifier: MIT */
/*
 * docs/configuration.md and the schema say the same: every key is documented once, with its
 * type and default, and nothing else is; the defaults are those that the code uses; the
 * examples are right.
 */
#include "lib/check.h"

#include "base/buf.h"
#include "control/config/files.h"
#include "control/config/quantity.h"
#include "control/config/schema.h"
#include "scratch.h"

#define SCHEMAS_MAX 64
#define ROWS_MAX 512

typedef struct row {
    char schema[64], key[64], type[64], fallback[64];
    bool matched;
} row;

static ol_buf page;
static row rows[ROWS_MAX];
static size_t row_count;
static char headings[ROWS_MAX][64];
static size_t heading_count;

/* ---- the page ---- */

static void copy_cell(char out[64], ol_slice cell)
{
    cell = ol_slice_trim(cell);
    bool code = cell.len > 2 && cell.data[0] == '`' && cell.data[cell.len - 1] == '`';
    if (code)
        cell = ol_slice_of(cell.data + 1, cell.len - 2);
    snprintf(out, 64, "%.*s", OL_SLICE_FMT(cell));
}

static ol_slice next_part(ol_slice *rest, uint8_t separator)
{
    ptrdiff_t end = ol_slice_find(*rest, separator);
    ol_slice part = end < 0 ? *rest : ol_slice_first(*rest, (size_t)end);
    *rest = end < 0 ? OL_SLICE_NONE : ol_slice_from(*rest, (size_t)end + 1);
    return part;
}

static void read_row(const char *heading, ol_slice line)
{
    assert_true(row_count < ROWS_MAX);
    row *r = &rows[row_count++];
    next_part(&line, '|');
    snprintf(r->schema, sizeof(r->schema), "%s", heading);
    copy_cell(r->key, next_part(&line, '|'));
    copy_cell(r->type, next_part(&line, '|'));
    copy_cell(r->fallback, next_part(&line, '|'));
}

static int read_page(void **state)
{
    (void)state;
    ol_error err = {0};
    char heading[64] = "";
    ol_buf_init(&page, OL_MIB);
    assert_code_of(ol_file_read(OBJLENS_SOURCE_DIR "/docs/configuration.md", &page, &err), OL_OK, &err);
    ol_slice rest = ol_buf_slice(&page);
    while (rest.len > 0) {
        ol_slice line = next_part(&rest, '\n');
        if (ol_slice_starts(line, OL_SLICE_LIT("## "))) {
            copy_cell(heading, ol_slice_from(line, 3));
            snprintf(headings[heading_count++], 64, "%s", heading);
        } else if (ol_slice_starts(line, OL_SLICE_LIT("| `"))) {
            read_row(heading, line);
        }
    }
    return 0;
}

static int free_page(void **state)
{
    (void)state;
    ol_buf_fini(&page);
    return 0;
}

static row *find_row(const char *schema, const char *key)
{
    for (size_t i = 0; i < row_count; i++)
        if (strcmp(rows[i].schema, schema) == 0 && strcmp(rows[i].key, key) == 0)
            return &rows[i];
    return NULL;
}

static bool has_heading(const char *heading)
{
    for (size_t i = 0; i < heading_count; i++)
        if (strcmp(headings[i], heading) == 0)
            return true;
    return false;
}

/* ---- the schema ---- */

static const ol_schema *seen[SCHEMAS_MAX];
static size_t seen_count;
static size_t wrong;

static bool is_new(const ol_schema *schema)
{
    for (size_t i = 0; i < seen_count; i++)
        if (seen[i] == schema)
            return false;
    seen[seen_count++] = schema;
    return true;
}

static void complain(const char *schema, const char *key, const char *what, const char *want)
{
    print_message("%s: %s: %s%s\n", schema, key, what, want);
    wrong++;
}

static void check_field(const char *name, const ol_field *field)
{
    row *r = find_row(name, field->key);
    const char *fallback = field->required ? "required" : field->fallback;
    if (!fallback)
        fallback = "none";
    if (!r) {
        complain(name, field->key, "is not documented", "");
        return;
    }
    if (r->matched)
        complain(name, field->key, "is documented twice", "");
    r->matched = true;
    if (strcmp(r->type, ol_field_type_name(field->type)) != 0)
        complain(name, field->key, "the type is ", ol_field_type_name(field->type));
    if (strcmp(r->fallback, fallback) != 0)
        complain(name, field->key, "the default is ", fallback);
}

static void check_schema(const char *name, const ol_schema *schema)
{
    if (!is_new(schema))
        return;
    if (!has_heading(name))
        complain(name, "", "has no section", "");
    for (size_t i = 0; i < schema->field_count; i++)
        check_field(name, &schema->fields[i]);
    for (size_t i = 0; i < schema->field_count; i++) {
        char inner[64];
        const ol_schema *table = schema->fields[i].table;
        snprintf(inner, sizeof(inner), "%.30s.%.30s", name, schema->fields[i].key);
        if (table) /* what stands in several blocks has a section of its own name */
            check_schema(table->word ? table->word : inner, table);
    }
}

static void test_every_key_is_documented(void **state)
{
    (void)state;
    check_schema("Settings", &ol_schema_settings);
    for (size_t i = 0; i < ol_schema_block_count; i++)
        check_schema(ol_schema_blocks[i]->word, ol_schema_blocks[i]);
    for (size_t i = 0; i < row_count; i++)
        if (!rows[i].matched)
            complain(rows[i].schema, rows[i].key, "is documented and does not exist", "");
    assert_int_equal(wrong, 0);
    assert_true(row_count > 50);
}

/* ---- defaults ---- */

static void check_defaults(const ol_schema *schema, const void *values)
{
    for (size_t i = 0; i < schema->field_count; i++) {
        const ol_field *field = &schema->fields[i];
        const uint8_t *at = (const uint8_t *)values + field->offset;
        uint64_t documented, used;
        if (field->type == OL_FIELD_TABLE) {
            check_defaults(field->table, at);
            continue;
        }
        assert_true(ol_size_parse(ol_slice_cstr(field->fallback), &documented));
        bool wide = field->type == OL_FIELD_NUMBER64 || field->type == OL_FIELD_SIZE64;
        used = wide ? *(const uint64_t *)(const void *)at : *(const uint32_t *)(const void *)at;
        if (used != documented)
            fail_msg("%s: %llu is used", field->key, (unsigned long long)used);
        assert_true(used >= field->min && used <= field->max);
    }
}

static const ol_schema *find_block(const char *word)
{
    for (size_t i = 0; i < ol_schema_block_count; i++)
        if (strcmp(ol_schema_blocks[i]->word, word) == 0)
            return ol_schema_blocks[i];
    fail();
    return NULL;
}

static void test_documented_defaults_are_those_in_use(void **state)
{
    (void)state;
    ol_draft_limits limits = {0};
    find_block("limits")->prepare(NULL, &limits);
    check_defaults(find_block("limits"), &limits);

    ol_draft_origin origin = {0};
    find_block("origin")->prepare(NULL, &origin);
    const ol_field *field = ol_schema_field(find_block("origin"), OL_SLICE_LIT("limits"));
    check_defaults(field->table, &origin.options);
    assert_int_equal(origin.options.credentials.refresh_ms, 5000);
}

/* ---- examples ---- */

static void prepare_world(const scratch *s)
{
    scratch_write(s, "pii.so", OL_SLICE_LIT("x"), 0600);
    scratch_write(s, "xml_json.so", OL_SLICE_LIT("x"), 0600);
    setenv("OBJLENS_TRANSFORMS", s->folder, 1);
    setenv("OBJLENS_ACCESS_KEY", "rootkey", 1);
    setenv("OBJLENS_SECRET_KEY", "rootsecret", 1);
    setenv("ANALYST_SECRET_KEY", "analystsecret", 1);
    setenv("OBJLENS_SESSION_KEY", "0123456789abcdef0123456789abcdef", 1);
}

static void test_the_example_on_the_page_is_right(void **state)
{
    (void)state;
    scratch s;
    ol_config *config;
    ol_config_report report;
    ol_test_scratch_open(&s);
    prepare_world(&s);
    const char *start = strstr(ol_buf_cstr(&page), "```lua\n") + 7;
    const char *end = strstr(start, "```");
    int rc = scratch_load(&s, ol_slice_of(start, (size_t)(end - start)), &config, &report);
    print_report(&report);
    assert_code(rc, OL_OK);
    ol_config_release(config);
    ol_config_report_fini(&report);
    ol_test_scratch_close(&s);
}

/* It uses every block of the language, so that a reader finds each there. */
static void test_the_example_file_is_right_and_complete(void **state)
{
    (void)state;
    scratch s;
    ol_config *config;
    ol_config_report report;
    ol_buf text;
    ol_error err = {0};
    const char *path = OBJLENS_SOURCE_DIR "/examples/objlens.lua";
    ol_test_scratch_open(&s);
    prepare_world(&s);
    int rc = ol_config_load(&config, path, &report);
    print_report(&report);
    assert_code(rc, OL_OK);
    ol_config_release(config);
    ol_config_report_fini(&report);

    ol_buf_init(&text, OL_MIB);
    assert_code(ol_file_read(path, &text, &err), OL_OK);
    for (size_t i = 0; i < ol_schema_block_count; i++) {
        char word[64];
        snprintf(word, sizeof(word), "\n%s", ol_schema_blocks[i]->word);
        if (!strstr(ol_buf_cstr(&text), word))
            fail_msg("the example does not show %s", ol_schema_blocks[i]->word);
    }
    ol_buf_fini(&text);
    ol_test_scratch_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_key_is_documented),
        cmocka_unit_test(test_documented_defaults_are_those_in_use),
        cmocka_unit_test(test_the_example_on_the_page_is_right),
        cmocka_unit_test(test_the_example_file_is_right_and_complete),
    };
    return cmocka_run_group_tests(tests, read_page, free_page);
}
