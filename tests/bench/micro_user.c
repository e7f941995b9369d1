/* micro_user.c - what micro.c times as a user's program: code of the kinds of
 * which engine designs speak, as a compiler makes it at -O2. Each function does
 * `n` units of its work. */
#include "micro.h"

#define OWN __attribute__((noipa))

static uint32_t counts[256];
static uint8_t text[4096], copy[4096];
static double reals[64];
static float singles[256] __attribute__((aligned(16)));
volatile uint32_t user_result;
static volatile double real_result;

void user_integer(word n)
{
    uint32_t x = 0x2545F491, sum = 0;
    for (; n; n--) {
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        counts[x & 255] += x;
        sum += counts[x >> 8 & 255] * 3;
    }
    user_result = sum;
}

static OWN unsigned fib(unsigned n)
{
    return n < 2 ? 1 : fib(n - 1) + fib(n - 2);
}

/* fib(16) is 3193 calls. */
void user_calls(word n)
{
    for (; n; n--)
        user_result = fib(16);
}

static OWN uint32_t add(uint32_t x)
{
    return x + 5;
}
static OWN uint32_t rotate(uint32_t x)
{
    return x << 3 | x >> 29;
}
static OWN uint32_t mix(uint32_t x)
{
    return x ^ 0x55AA;
}
static OWN uint32_t negate(uint32_t x)
{
    return ~x;
}

void user_indirect(word n)
{
    static uint32_t (*const to[])(uint32_t) = {add, rotate, mix, negate};
    uint32_t x = 1;
    for (; n; n--)
        x = to[(n ^ n >> 2) & 3](x);
    user_result = x;
}

/* 4096 bytes each. */
void user_bytes(word n)
{
    for (unsigned i = 0; i < sizeof text; i++)
        text[i] = (uint8_t)('A' + i % 60);
    for (; n; n--) {
        unsigned letters = 0;
        for (unsigned i = 0; i < sizeof text; i++) {
            uint8_t c = text[i];
            if (c >= 'a' && c <= 'z')
                letters++, c = (uint8_t)(c - 32);
            copy[i] = c;
        }
        user_result = letters;
    }
}

/* 64 steps of a polynomial each. */
void user_sse_scalar(word n)
{
    for (unsigned i = 0; i < 64; i++)
        reals[i] = 1.0 / (i + 1);
    for (; n; n--) {
        double sum = 0, x = 0.75;
        for (unsigned i = 0; i < 64; i++)
            sum = sum * x + reals[i];
        real_result = sum;
    }
}

typedef float four __attribute__((vector_size(16)));

/* 64 vectors each. */
void user_sse_packed(word n)
{
    four scale = {0.5f, 0.25f, 0.125f, 1.0f};
    four *v = (four *)singles;
    for (; n; n--)
        for (unsigned i = 0; i < 64; i++)
            v[i] = v[i] * scale + scale;
}

void user_x87(word n)
{
    for (unsigned i = 0; i < 64; i++)
        reals[i] = 1.0 / (i + 1);
    for (; n; n--) {
        long double sum = 0, x = 0.75;
        for (unsigned i = 0; i < 64; i++)
            sum = sum * x + reals[i];
        real_result = (double)sum;
    }
}
