/* base.c - the report of a broken invariant of our own. */
#include "devices/core/base.h"

#include <stdio.h>
#include <stdlib.h>

void assert_failed(const char *expr, const char *file, int line)
{
    fprintf(stderr, "umbra: internal error at %s:%d: %s\n", file, line, expr);
    fflush(NULL);
    abort();
}
