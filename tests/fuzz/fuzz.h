/* fuzz.h - what the fuzz targets share: where their bytes come from.
 *
 * A target is one function that libFuzzer calls with an input; it aborts
 * when something is wrong. replay.c calls it with files instead, in builds
 * without libFuzzer. Equal inputs must give equal runs: targets keep nothing
 * that matters from one call to the next. */
#ifndef UMBRA_TESTS_FUZZ_H
#define UMBRA_TESTS_FUZZ_H

#include <stdio.h>
#include <stdlib.h>

#include "devices/core/base.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An input is read from its start; behind its end there are zeros. */
struct fuzz_input {
    const uint8_t *data;
    size_t left;
};

static inline uint8_t fuzz_u8(struct fuzz_input *in)
{
    if (!in->left)
        return 0;
    in->left--;
    return *in->data++;
}

static inline uint64_t fuzz_bytes(struct fuzz_input *in, unsigned size)
{
    uint64_t value = 0;
    for (unsigned n = 0; n < size; n++)
        value |= (uint64_t)fuzz_u8(in) << n * 8;
    return value;
}

static inline uint16_t fuzz_u16(struct fuzz_input *in)
{
    return (uint16_t)fuzz_bytes(in, 2);
}

static inline uint64_t fuzz_u64(struct fuzz_input *in)
{
    return fuzz_bytes(in, 8);
}

/* As many bytes as there are, at most `size`. */
static inline size_t fuzz_copy(struct fuzz_input *in, void *to, size_t size)
{
    size_t n = size < in->left ? size : in->left;
    if (n)
        memcpy(to, in->data, n);
    in->data += n;
    in->left -= n;
    return n;
}

#define FUZZ_FAIL(...)                                                         \
    do {                                                                       \
        fprintf(stderr, __VA_ARGS__);                                          \
        fputc('\n', stderr);                                                   \
        abort();                                                               \
    } while (0)

#endif
