/* suite.h - what the main() of a test program ends with. */
#ifndef UMBRA_TESTS_SUITE_H
#define UMBRA_TESTS_SUITE_H

#include <check.h>

/* Runs the suite and frees it. An exit code has eight bits: the number of
 * failures would be 0 in them, at times. */
static inline int suite_run(Suite *suite)
{
    SRunner *runner = srunner_create(suite);
    int failed;

    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}

#endif
