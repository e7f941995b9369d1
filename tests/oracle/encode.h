/* encode.h - bytes of one instruction of a row, by dice. */
#ifndef UMBRA_TESTS_ORACLE_ENCODE_H
#define UMBRA_TESTS_ORACLE_ENCODE_H

#include "tests/oracle/oracle.h"

/* `bytes` goes on with bytes for immediates behind `len`. */
struct encoding {
    uint8_t bytes[32];
    unsigned len;                /* without immediates */
    unsigned disp_at, disp_size; /* displacement; 0: none */
    unsigned moffs_at, moffs_size;
    bool expect_ud; /* a prefix that the row does not allow was given */
};

/* False: the row does not exist in the code size that was drawn. */
bool encode_row(uint64_t *rng, unsigned row, struct encoding *e,
                uint8_t *code_size);

#endif
