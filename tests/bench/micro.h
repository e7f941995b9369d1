/* micro.h - what the guest of `make bench-micro` has of its own. */
#ifndef MICRO_H
#define MICRO_H

#include "tests/roms/rom.h"

/* micro_code.S */
/* clang-format off */
extern uint8_t micro_call_c[], micro_jump[], micro_jump_far[],
    micro_jump_indirect[], micro_jump_table[], micro_call_ret[],
    micro_chase[], micro_pages[], micro_load_cr3[], micro_load_cr3_touch[],
    micro_invlpg[], micro_pte[], micro_demand[], micro_fault[],
    micro_undefined[], micro_int[], micro_system_call[], micro_out[],
    micro_in[], micro_load[], micro_rdtsc[], micro_movsb[], micro_stosb[],
    micro_smc[], micro_patched[], micro_on_fault[], micro_on_undefined[],
    micro_on_int[], micro_on_map[], micro_on_call[];
/* clang-format on */

/* micro_user.c: X(name, aim, function of the loop's rounds, units in one). */
/* clang-format off */
#define USER_FIGURES(X)                                                        \
    X("integer code, -O2", "1.6x", user_integer, 1)                            \
    X("calls and returns (fib)", "2x", user_calls, 3193)                       \
    X("indirect calls", "1.5x", user_indirect, 1)                              \
    X("byte loop", "2.5x", user_bytes, 4096)                                   \
    X("SSE2, scalar", "2x", user_sse_scalar, 64)                               \
    X("SSE, packed", "3x", user_sse_packed, 64)                                \
    X("x87", "2.5x", user_x87, 64)
/* clang-format on */
#define DECLARE(name, aim, function, units) void function(word n);
USER_FIGURES(DECLARE)
#undef DECLARE
extern volatile uint32_t user_result;

#endif
