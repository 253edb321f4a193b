/* SPDX-License-Identifier: MIT */
/*
 * What a script sees and does: loading, event, object, response, log.
 */
#include "fake_job.c"

#define HELLO OL_SLICE_LIT("hello")

static void test_hello(void **state)
{
    (void)state;
    expect_output("return function(event, object, response)\n"
                  "  for s in object:chunks() do response:write(s:upper()) end\n"
                  "end\n", HELLO, "HELLO");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_hello)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
