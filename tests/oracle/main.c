/* main.c - `make oracle`: cases from every row on this host's processor and
 * on ours; a table of rows and a list of what differs.
 *
 *   tests/oracle/oracle [-n CASES] [-r ROW] [-s FIRST] [-e ENGINE] [-v]
 *                       [-w FILE] [-m]
 *
 * -n cases per row, -r rows whose id begins with ROW, -s number of the first
 * case, -e step|blocks|jit, -v every failure (else three per row), -w write
 * vectors, -q no table, -m print what is masked and why. Exit 1 when anything
 * failed. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/oracle/run.h"

static int usage(void)
{
    fprintf(stderr, "usage: oracle [-n CASES] [-r ROW] [-s FIRST] "
                    "[-e step|blocks|jit] [-w FILE] [-vmq]\n");
    return 2;
}

int main(int argc, char **argv)
{
    static const char *const engines[] = {"step", "blocks", "jit"};
    struct oracle_options o = {.cases = 200, .shown = 3, .table = true};
    int opt;
    while ((opt = getopt(argc, argv, "n:r:s:e:w:vmq")) != -1) {
        switch (opt) {
        case 'n':
            o.cases = (unsigned)strtoul(optarg, NULL, 0);
            break;
        case 'r':
            o.row = optarg;
            break;
        case 's':
            o.first = (unsigned)strtoul(optarg, NULL, 0);
            break;
        case 'e':
            while (o.engine < 3 && strcmp(optarg, engines[o.engine]))
                o.engine++;
            if (o.engine == 3)
                return usage();
            break;
        case 'w':
            o.write = optarg;
            break;
        case 'v':
            o.shown = 1000000;
            break;
        case 'q':
            o.table = false;
            break;
        case 'm':
            oracle_print_masks();
            return 0;
        default:
            return usage();
        }
    }
    return oracle_run(&o) ? 1 : 0;
}
