/* drivers.h - what drivers do to the board's parts, with operands of the
 * input's: sequences that random accesses would not find. */
#ifndef UMBRA_TESTS_FUZZ_DRIVERS_H
#define UMBRA_TESTS_FUZZ_DRIVERS_H

#include "tests/fuzz/pc.h"

struct driver {
    const char *name;
    void (*run)(struct pc *pc, struct fuzz_input *in);
};

extern const struct driver drivers[];
extern const unsigned driver_count;

#endif
