/* SPDX-License-Identifier: MIT */
/*
 * Nothing survives from one job to the next, and every state answers alike: two in a row, and a
 * thousand of them over twenty processes, each with addresses of its own.
 */
#include "fake_job.c"

#include <unistd.h>

#define GET "return function(event, object, response) "
#define PROCESSES 20
#define STATES 50

/* ---- one after the other ---- */

/* Changes whatever a script can get hold of, and tells what it finds first. */
static const char *const vandal =
    "local secret, kept = nil, {} "
    "local gen = coroutine.wrap(function() local n = 0 while true do n = n + 1 coroutine.yield(n) end end) "
    GET "response:write(tostring(leak), tostring(secret), #kept, gen(), math.random(1000), tostring(string.leak), "
        "tostring(next(kept)), ('x'):upper(), pairs ~= nil and 'p' or '', tostring(log.leak), response.status, "
        "tostring(response.headers.x), tostring(object:read(3))) "
        "leak, secret, string.leak, log.leak = object:read('a'), 'secret', 'leak', 1 kept[#kept + 1] = leak:rep(5000) kept.y = 1 "
        "next(kept, 1) string.upper = function() return 'bad' end table.concat, pairs, math.random = nil, nil, nil "
        "getmetatable(setmetatable({}, {__index = string})).__index.find = nil "
        "gen() collectgarbage = nil _G.response = response %s end";

static void run_vandal(fake_engine *e, fake_result *result)
{
    static const fake_options options = {.original = {(const uint8_t *)"the caller's own bytes", 22}};
    ol_job *job = fake_job_new(e, &options, result);
    ol_run *run = NULL;
    uint8_t *region;

    assert_code(ol_engine_lua.open(e->engine, job, &run, &result->err), OL_OK);
    while ((result->rc = ol_engine_lua.step(run, 2, &result->err)) == OL_OK)
        ;
    ol_engine_lua.close(run);
    region = run->arena.region;
    assert_memory_equal(region, run->arena.image, run->arena.image_bytes);
    /* Nothing of the job is left anywhere in the arena. */
    assert_null(memmem(region, run->arena.region_bytes, "caller's own", 12));
    assert_int_equal(region[run->arena.image_bytes], 0);
    assert_null(run->now.job);
    fake_job_free(job);
}

static void test_nothing_survives(void **state)
{
    /* How the job ends: well, by an error, by memory, in the middle of a coroutine. */
    static const char *const ends[] = {
        "", "error('e')", "string.rep('x', 1 << 40)", "coroutine.wrap(function() error(object) end)()",
        "response:error(400, 'X')", "(function() local t = {} while true do t[#t + 1] = object:read_at(0, 9) end end)()"};

    (void)state;
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        char source[4096];
        fake_result first, second;
        fake_engine e;

        snprintf(source, sizeof(source), vandal, ends[i]);
        fake_engine_init(&e);
        e.limits.memory_bytes = 2 << 20;
        assert_code_of(fake_engine_load(&e, source), OL_OK, &e.err);
        run_vandal(&e, &first);
        run_vandal(&e, &second);
        assert_int_equal(first.rc, second.rc);
        assert_true(first.out.len > 20);
        assert_slices(ol_buf_slice(&first.out), ol_buf_slice(&second.out));
        fake_result_fini(&first);
        fake_result_fini(&second);
        fake_engine_close(&e);
    }
}

/* ---- a thousand states ---- */

/* Everything that could differ: order of keys, borders of tables with holes (which depend on when
 * a table grew, and so on the hash of its keys), texts of values, random numbers, errors. */
static const char *const telltale =
    GET "local out = {} local function say(...) for i = 1, select('#', ...) do out[#out + 1] = tostring((select(i, ...))) end end "
        "local t = {} for i = 1, 200 do t['key' .. i * 7919 % 1009] = i end for k, v in pairs(t) do say(k, v) end say(next(t)) "
        "for round = 1, 300 do local h = {} local x = round for i = 1, 60 do x = (x * 1103515245 + 12345) % 2147483648 "
        "local k = x // 65536 % 24 local op = x // 1024 % 4 "
        "if op == 0 then h['s' .. k] = i elseif op == 1 then h['s' .. k] = nil elseif op == 2 then h[k] = i else h[k + 0.5] = i h[k // 2] = nil end end "
        "say(#h) end "
        "say({}, print, coroutine.create(print), io, string.format('%s %s', {}, print), math.random(1e9), math.random()) "
        "say(pcall(function() return {} .. 1 end)) say(pcall(function() return nil + {} end)) say(pcall(next, {[{}] = 1})) "
        "say(select(2, pcall(error, 'x', 2))) say(pcall(string.format, '%p', {})) say(event, object, response, event.userIdentity) "
        "local s = {} for i = 1, 100 do s[i] = {key = i % 7, i = i} end table.sort(s, function(a, b) return a.key < b.key end) "
        "for i = 1, 100 do say(s[i].i) end "
        "response:write(table.concat(out, ' ')) end";

static uint64_t digest_of(ol_slice bytes)
{
    uint64_t hash = 1469598103934665603ull;

    for (size_t i = 0; i < bytes.len; i++)
        hash = (hash ^ bytes.data[i]) * 1099511628211ull;
    return hash;
}

/* In a process of its own: run the script in STATES states at a time, print one line for each. */
static int print_digests(void)
{
    static const fake_options options = {0};
    fake_result results[STATES];
    ol_job *jobs[STATES];
    ol_run *runs[STATES];
    fake_engine e;

    fake_engine_init(&e);
    if (fake_engine_load(&e, telltale) != OL_OK)
        return 1;
    for (unsigned i = 0; i < STATES; i++) {
        jobs[i] = fake_job_new(&e, &options, &results[i]);
        if (ol_engine_lua.open(e.engine, jobs[i], &runs[i], &results[i].err) != OL_OK)
            return 1;
    }
    for (unsigned i = 0; i < STATES; i++) {
        int rc;

        while ((rc = ol_engine_lua.step(runs[i], 2, &results[i].err)) == OL_OK)
            ;
        printf("%s %zu %016llx\n", rc == OL_DONE ? "done" : results[i].err.detail, results[i].out.len,
               (unsigned long long)digest_of(ol_buf_slice(&results[i].out)));
        ol_engine_lua.close(runs[i]);
        fake_job_free(jobs[i]);
        fake_result_fini(&results[i]);
    }
    fake_engine_close(&e);
    return 0;
}

static void test_a_thousand_states(void **state)
{
    char self[512], command[600], line[256], first[256] = "";
    ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
    unsigned states = 0;

    (void)state;
    assert_true(len > 0);
    self[len] = '\0';
    snprintf(command, sizeof(command), "'%s' digests", self);
    for (unsigned i = 0; i < PROCESSES; i++) {
        FILE *pipe = popen(command, "r");

        assert_non_null(pipe);
        while (fgets(line, sizeof(line), pipe)) {
            if (!first[0])
                strcpy(first, line);
            assert_string_equal(line, first);
            states++;
        }
        assert_int_equal(pclose(pipe), 0);
    }
    assert_int_equal(strncmp(first, "done ", 5), 0);
    assert_int_equal(states, PROCESSES * STATES);
}

/* The seed of string hashes is ours: without it the test above would see borders differ. */
static void test_seed_is_found(void **state)
{
    static const fake_options options = {0};
    fake_result result;
    fake_engine e;
    ol_job *job;
    ol_run *run;

    (void)state;
    fake_engine_init(&e);
    assert_code_of(fake_engine_load(&e, GET "end"), OL_OK, &e.err);
    job = fake_job_new(&e, &options, &result);
    assert_code(ol_engine_lua.open(e.engine, job, &run, &result.err), OL_OK);
    assert_true(ol_lua_script_of(run)->seed_offset >= 0);
    ol_engine_lua.close(run);
    fake_job_free(job);
    fake_result_fini(&result);
    fake_engine_close(&e);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_nothing_survives),
                                       cmocka_unit_test(test_seed_is_found),
                                       cmocka_unit_test(test_a_thousand_states)};

    if (argc > 1 && strcmp(argv[1], "digests") == 0)
        return print_digests();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
