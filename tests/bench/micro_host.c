/* micro_host.c - the user's programs of micro.c on the host itself, in the
 * same way: the least of ROUNDS rounds, by the host's clock. */
#define _POSIX_C_SOURCE 199309L
#include <stdio.h>
#include <time.h>

#include "micro.h"

enum { ROUNDS = 60, ROUND_NS = 1500000 };

static uint64_t time_of(void (*function)(word), word n)
{
    struct timespec begun, ended;
    clock_gettime(CLOCK_MONOTONIC, &begun);
    function(n);
    clock_gettime(CLOCK_MONOTONIC, &ended);
    return (uint64_t)(ended.tv_sec - begun.tv_sec) * 1000000000 +
           (uint64_t)ended.tv_nsec - (uint64_t)begun.tv_nsec;
}

static void figure(const char *name, const char *aim, void (*function)(word),
                   unsigned units)
{
    uint64_t least = UINT64_MAX;
    word n = 1;
    while (time_of(function, n) < ROUND_NS)
        n *= 2;
    for (unsigned round = 0; round < ROUNDS; round++) {
        uint64_t ns = time_of(function, n);
        least = ns < least ? ns : least;
    }
    printf("fig %s [%s]: %.0f\n", name, aim,
           (double)least * 1000 / ((double)n * units));
}

int main(void)
{
#define FIGURE(name, aim, function, units) figure(name, aim, function, units);
    USER_FIGURES(FIGURE)
    puts("rom host done");
    return 0;
}
