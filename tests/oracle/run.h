/* run.h - a run over rows: generate, judge, compare, count. */
#ifndef UMBRA_TESTS_ORACLE_RUN_H
#define UMBRA_TESTS_ORACLE_RUN_H

#include "tests/oracle/oracle.h"

struct oracle_options {
    unsigned cases, first; /* per row */
    const char *row;       /* rows whose id begins so; NULL: all */
    unsigned engine;       /* enum oracle_engine */
    unsigned shown;        /* failures printed per row */
    const char *write;     /* file of vectors to make; or NULL */
    bool table;            /* print counts per row */
};

/* Number of failures; rows without any case count as failures. -1: this host
 * cannot judge. */
int oracle_run(const struct oracle_options *o);

#endif
