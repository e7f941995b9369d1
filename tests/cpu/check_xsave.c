/* check_xsave - rules of AVX and XSAVE by hand: when they exist, faults, what
 * is left alone; masked moves and gathers over missing pages; the XSAVE area
 * (SDM volume 1, chapters 13 and 14).
 * Alone: make tests/cpu/check_xsave && tests/cpu/check_xsave */
#define _POSIX_C_SOURCE 200809L
#include "tests/rig.h"

#include <check.h>

#include "cpu/decode.h"
#include "cpu/xsave.h"

enum { AREA = RIG_DATA + 0x400, PAGE = 0x1000, BARE = RIG_DATA + 2 * PAGE };

static void offer(struct cpu *c, enum cpu_feature f)
{
    c->features[f / 64] |= 1ull << f % 64;
    decode_destroy(c->decode);
    c->decode = decode_create(c->features);
}

/* What an OS sets; every mode of the rig begins with a reset. */
static void allow(struct cpu *c)
{
    c->cr0 = (c->cr0 & ~(uint64_t)(CR0_EM | CR0_TS)) | CR0_NE | CR0_MP;
    c->cr4 |= CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_OSXSAVE;
    c->xcr0 = 7;
    c->mxcsr = 0x1f80;
    c->reg[RBX] = AREA;
}

static void enable(struct rig *r, struct cpu *c)
{
    static const enum cpu_feature f[] = {F_XSAVE, F_XSAVEOPT, F_XSAVEC, F_AVX,
                                         F_AVX2,  F_FMA,      F_F16C};
    for (unsigned n = 0; n < ARRAY_LEN(f); n++)
        offer(c, f[n]);
    rig_long(r);
    allow(c);
}

/* Different in every register and lane. */
static void fill(struct cpu *c)
{
    for (unsigned n = 0; n < 16; n++)
        for (unsigned q = 0; q < 4; q++)
            c->vec[n].q[q] = 0x1111111111111111 * (q + 1) + n;
}

/* ---- when AVX exists */

/* vaddps xmm0, xmm1, xmm2 */
static int run_vaddps(struct rig *r)
{
    return RUN(r, 0xc5, 0xf0, 0x58, 0xc2, 0xf4);
}

CASE(availability)
{
    enable(r, c);
    ck_assert_int_eq(run_vaddps(r), RIG_HALT);
    enable(r, c);
    c->cr4 &= ~(uint64_t)CR4_OSXSAVE;
    ck_assert_int_eq(run_vaddps(r), EX_UD);
    enable(r, c);
    c->xcr0 = 3;
    ck_assert_int_eq(run_vaddps(r), EX_UD);
    enable(r, c);
    c->cr0 |= CR0_TS;
    ck_assert_int_eq(run_vaddps(r), EX_NM);
    enable(r, c);
    c->cr0 |= CR0_TS;
    c->xcr0 = 1;
    ck_assert_int_eq(run_vaddps(r), EX_UD);
    enable(r, c);
    c->cr0 |= CR0_EM; /* concerns the legacy forms only */
    ck_assert_int_eq(run_vaddps(r), RIG_HALT);
}

CASE(prefixes_before_vex)
{
    static const uint8_t prefix[] = {0x66, 0xf2, 0xf3, 0xf0, 0x40, 0x48};
    for (unsigned n = 0; n < ARRAY_LEN(prefix); n++) {
        enable(r, c);
        ck_assert_int_eq(RUN(r, prefix[n], 0xc5, 0xf0, 0x58, 0xc2, 0xf4),
                         EX_UD);
    }
    enable(r, c); /* but segment and address size are */
    ck_assert_int_eq(RUN(r, 0x64, 0x67, 0xc5, 0xf0, 0x58, 0xc2, 0xf4),
                     RIG_HALT);
}

CASE(fields_of_vex)
{
    enable(r, c); /* vsqrtps with vvvv, vmovd with L, map 4, map 0 */
    ck_assert_int_eq(RUN(r, 0xc5, 0xf0, 0x51, 0xc2, 0xf4), EX_UD);
    enable(r, c);
    ck_assert_int_eq(RUN(r, 0xc5, 0xfd, 0x6e, 0xc2, 0xf4), EX_UD);
    enable(r, c);
    ck_assert_int_eq(RUN(r, 0xc4, 0xe4, 0x78, 0x58, 0xc2, 0xf4), EX_UD);
    enable(r, c);
    ck_assert_int_eq(RUN(r, 0xc4, 0xe0, 0x78, 0x58, 0xc2, 0xf4), EX_UD);
    enable(r, c); /* vpermilps ymm0, ymm1, ymm2 has W = 0 */
    ck_assert_int_eq(RUN(r, 0xc4, 0xe2, 0x75, 0x0c, 0xc2, 0xf4), RIG_HALT);
    enable(r, c);
    ck_assert_int_eq(RUN(r, 0xc4, 0xe2, 0xf5, 0x0c, 0xc2, 0xf4), EX_UD);
}

CASE(not_in_real_and_v86_mode)
{
    enable(r, c);
    rig_real(r);
    allow(c);
    ck_assert_int_eq(RUN(r, 0xc5, 0xf8, 0x77, 0xf4), EX_UD);
    rig_v86(r, 3);
    allow(c);
    ck_assert_int_eq(RUN(r, 0xc5, 0xf8, 0x77, 0xf4), EX_UD);
}

/* vzeroall in 32-bit code */
CASE(code32_has_eight_registers)
{
    enable(r, c);
    rig_protected(r);
    allow(c);
    fill(c);
    ck_assert_int_eq(RUN(r, 0xc5, 0xfc, 0x77, 0xf4), RIG_HALT);
    ck_assert_uint_eq(c->vec[7].q[0] | c->vec[7].q[3], 0);
    ck_assert_uint_eq(c->vec[8].q[0], 0x1111111111111119);
    ck_assert_uint_eq(c->vec[8].q[3], 0x444444444444444c);
}

/* ---- what is left alone */

CASE(upper_halves)
{
    enable(r, c);
    fill(c); /* pxor xmm1, xmm1; vpxor xmm2, xmm2, xmm2; vzeroupper */
    ck_assert_int_eq(
        RUN(r, 0x66, 0x0f, 0xef, 0xc9, 0xc5, 0xe9, 0xef, 0xd2, 0xf4), RIG_HALT);
    ck_assert_uint_eq(c->vec[1].q[0] | c->vec[1].q[1], 0);
    ck_assert_uint_eq(c->vec[1].q[2], 0x3333333333333334);
    for (unsigned q = 0; q < 4; q++)
        ck_assert_uint_eq(c->vec[2].q[q], 0);
    enable(r, c);
    fill(c);
    ck_assert_int_eq(RUN(r, 0xc5, 0xf8, 0x77, 0xf4), RIG_HALT);
    for (unsigned n = 0; n < 16; n++)
        ck_assert_uint_eq(c->vec[n].q[2] | c->vec[n].q[3], 0);
    ck_assert_uint_eq(c->vec[15].q[1], 0x2222222222222231);
}

/* vmulss xmm0, xmm0, xmm0 overflows */
CASE(simd_exception)
{
    for (unsigned with_xm = 0; with_xm < 2; with_xm++) {
        enable(r, c);
        if (!with_xm)
            c->cr4 &= ~(uint64_t)CR4_OSXMMEXCPT;
        c->mxcsr = 0x1f80 & ~0x400u;
        c->vec[0].q[0] = 0x7f7fffff;
        c->vec[0].q[3] = 5;
        ck_assert_int_eq(RUN(r, 0xc5, 0xfa, 0x59, 0xc0, 0xf4),
                         with_xm ? EX_XM : EX_UD);
        ck_assert_uint_eq(c->vec[0].q[0], 0x7f7fffff);
        ck_assert_uint_eq(c->vec[0].q[3], 5);
        ck_assert_uint_eq(c->mxcsr & 0x08, 0x08);
    }
}

CASE(alignment)
{
    static const struct {
        uint8_t code[5], offset;
        int expect;
    } t[] = {
        {{0xc5, 0xfc, 0x28, 0x03}, 0, RIG_HALT},  /* vmovaps ymm0, [rbx] */
        {{0xc5, 0xfc, 0x28, 0x03}, 16, EX_GP},    /* ... */
        {{0xc5, 0xf8, 0x28, 0x03}, 16, RIG_HALT}, /* vmovaps xmm0, [rbx] */
        {{0xc5, 0xf8, 0x28, 0x03}, 8, EX_GP},     /* ... */
        {{0xc5, 0xfc, 0x10, 0x03}, 1, RIG_HALT},  /* vmovups ymm0, [rbx] */
        {{0xc5, 0xfd, 0xe7, 0x03}, 16, EX_GP},    /* vmovntdq [rbx], ymm0 */
        {{0xc5, 0xf4, 0x58, 0x03}, 3, RIG_HALT},  /* vaddps ymm0, ymm1, [rbx] */
    };
    for (unsigned n = 0; n < ARRAY_LEN(t); n++) {
        uint8_t code[6] = {[4] = 0xf4};
        memcpy(code, t[n].code, 4);
        enable(r, c);
        c->reg[RBX] = AREA + t[n].offset;
        ck_assert_msg(rig_run_bytes(r, code, 5) == t[n].expect, "row %u", n);
    }
}

/* ---- masked moves: BARE is missing, the page before it is there */

/* vmaskmovps ymm0, ymm2, [rbx], or the store */
static int run_maskmov(struct rig *r, bool store)
{
    return RUN(r, 0xc4, 0xe2, 0x6d, store ? 0x2e : 0x2c, 0x03, 0xf4);
}

CASE(masked_moves_fault_by_element)
{
    for (unsigned store = 0; store < 2; store++) {
        enable(r, c);
        rig_map(r, BARE, 0);
        fill(c);
        rig_poke(r, BARE - 16, 0x0807060504030201, 8);
        rig_poke(r, BARE - 8, 0x100f0e0d0c0b0a09, 8);
        c->reg[RBX] = BARE - 16;
        c->vec[2] = (union vec){.q = {0x8000000000000000, 0x80000000, 0, 0}};
        ck_assert_int_eq(run_maskmov(r, store), RIG_HALT);
        if (store) {
            ck_assert_uint_eq(rig_peek(r, BARE - 16, 8), 0x1111111104030201);
            ck_assert_uint_eq(rig_peek(r, BARE - 8, 8), 0x100f0e0d22222222);
        } else {
            ck_assert_uint_eq(c->vec[0].q[0], 0x0807060500000000);
            ck_assert_uint_eq(c->vec[0].q[1], 0x0c0b0a09);
            ck_assert_uint_eq(c->vec[0].q[2] | c->vec[0].q[3], 0);
        }
        enable(r, c);
        rig_map(r, BARE, 0);
        rig_poke(r, BARE - 16, 0, 8);
        c->reg[RBX] = BARE - 16;
        c->vec[0] = (union vec){.q = {7, 7, 7, 7}};
        c->vec[2].q[2] = 0x80000000; /* the first element over there */
        ck_assert_int_eq(run_maskmov(r, store), EX_PF);
        ck_assert_uint_eq(c->cr2, BARE);
        ck_assert_uint_eq(rig_peek(r, BARE - 16, 8), 0);
        ck_assert_uint_eq(c->vec[0].q[0], 7);
    }
}

/* ---- gathers: vgatherdps ymm0, [rbx + ymm1 * 4], ymm2 */
static int run_gather(struct rig *r)
{
    return RUN(r, 0xc4, 0xe2, 0x6d, 0x92, 0x04, 0x8b, 0xf4);
}

static void gather_setup(struct rig *r, struct cpu *c)
{
    enable(r, c);
    c->reg[RBX] = BARE;
    for (unsigned n = 0; n < 8; n++)
        rig_poke(r, BARE - 32 + 4 * n, 0x100 + n, 4);
    rig_poke(r, BARE + 8, 0xbeef, 4);
    /* Elements 0 and 1 before BARE, 2 hidden, 3 in it, 4 and 5 before. */
    c->vec[1] = (union vec){.q = {0xfffffffefffffff8, 0x00000002deadbeef,
                                  0xffffffff00000000 - 3, 0x0123456789abcdef}};
    c->vec[2] = (union vec){
        .q = {0x8000000080000000, 0x8000000000000001, 0x80000000, 0x7fffffff}};
    c->vec[0] = (union vec){.q = {9, 9, 9, 9}};
}

CASE(gather_goes_on_after_a_fault)
{
    uint64_t entry;
    gather_setup(r, c);
    entry = rig_peek(r, rig_pte(r, BARE), 8);
    rig_map(r, BARE, 0);
    ck_assert_int_eq(run_gather(r), EX_PF);
    ck_assert_uint_eq(c->cr2, BARE + 8);
    /* Elements 0 and 1 are there, their masks clear, the others full. */
    ck_assert_uint_eq(c->vec[0].q[0], 0x0000010600000100);
    ck_assert_uint_eq(c->vec[0].q[1], 9);
    ck_assert_uint_eq(c->vec[2].q[0], 0);
    ck_assert_uint_eq(c->vec[2].q[1], 0xffffffff00000000);
    ck_assert_uint_eq(c->vec[2].q[2], 0x00000000ffffffff);
    rig_map(r, BARE, entry);
    rig_go(r, RIG_CODE);
    ck_assert_int_eq(run_gather(r), RIG_HALT);
    ck_assert_uint_eq(c->vec[0].q[0], 0x0000010600000100);
    ck_assert_uint_eq(c->vec[0].q[1], 0x0000beef00000009);
    ck_assert_uint_eq(c->vec[0].q[2], 0x105);
    ck_assert_uint_eq(c->vec[0].q[3], 9);
    for (unsigned q = 0; q < 4; q++)
        ck_assert_uint_eq(c->vec[2].q[q], 0);
}

CASE(gather_needs_three_registers)
{
    enable(r, c); /* mask = index; destination = mask; = index; no SIB */
    ck_assert_int_eq(RUN(r, 0xc4, 0xe2, 0x75, 0x92, 0x04, 0x8b, 0xf4), EX_UD);
    enable(r, c);
    ck_assert_int_eq(RUN(r, 0xc4, 0xe2, 0x7d, 0x92, 0x04, 0x8b, 0xf4), EX_UD);
    enable(r, c);
    ck_assert_int_eq(RUN(r, 0xc4, 0xe2, 0x6d, 0x92, 0x0c, 0x8b, 0xf4), EX_UD);
    enable(r, c);
    ck_assert_int_eq(RUN(r, 0xc4, 0xe2, 0x6d, 0x92, 0x03, 0xf4), EX_UD);
}

/* ---- XCR0 */

static int run_xsetbv(struct rig *r, struct cpu *c, uint32_t ecx, uint64_t v)
{
    enable(r, c);
    c->reg[RCX] = ecx;
    c->reg[RAX] = (uint32_t)v;
    c->reg[RDX] = v >> 32;
    return RUN(r, 0x0f, 0x01, 0xd1, 0xf4);
}

CASE(xsetbv_rules)
{
    static const uint64_t bad[] = {0, 2, 4, 6, 5, 8 | 7, 1ull << 63 | 7};
    for (unsigned n = 0; n < ARRAY_LEN(bad); n++) {
        ck_assert_int_eq(run_xsetbv(r, c, 0, bad[n]), EX_GP);
        ck_assert_uint_eq(c->xcr0, 7);
    }
    ck_assert_int_eq(run_xsetbv(r, c, 1, 7), EX_GP);
    ck_assert_int_eq(run_xsetbv(r, c, 0, 3), RIG_HALT);
    ck_assert_uint_eq(c->xcr0, 3);
    ck_assert_int_eq(run_xsetbv(r, c, 0, 1), RIG_HALT);
    enable(r, c);
    c->cr4 &= ~(uint64_t)CR4_OSXSAVE;
    ck_assert_int_eq(RUN(r, 0x0f, 0x01, 0xd1, 0xf4), EX_UD);
    rig_user(r);
    c->cr4 |= CR4_OSXSAVE;
    c->reg[RCX] = 0;
    c->reg[RAX] = 3;
    ck_assert_int_eq(RUN(r, 0x0f, 0x01, 0xd1, 0xf4), EX_GP);
}

CASE(xgetbv_values)
{
    enable(r, c);
    c->reg[RCX] = 0;
    c->reg[RDX] = 5;
    ck_assert_int_eq(RUN(r, 0x0f, 0x01, 0xd0, 0xf4), RIG_HALT);
    ck_assert_uint_eq(c->reg[RAX], 7);
    ck_assert_uint_eq(c->reg[RDX], 0);
    enable(r, c);
    c->vec[9].q[2] = 1;
    c->reg[RCX] = 1; /* which are not in their initial state */
    ck_assert_int_eq(RUN(r, 0xdb, 0xe3, 0x0f, 0x01, 0xd0, 0xf4), RIG_HALT);
    ck_assert_uint_eq(c->reg[RAX] & ~1ull, 4);
    enable(r, c);
    c->reg[RCX] = 2;
    ck_assert_int_eq(RUN(r, 0x0f, 0x01, 0xd0, 0xf4), EX_GP);
}

/* ---- saving */

enum { XSAVE, XSAVEOPT, XSAVEC, XRSTOR };

static int run_xsave(struct rig *r, struct cpu *c, unsigned what, uint32_t mask)
{
    static const uint8_t code[][2] = {
        {0xae, 0x23}, {0xae, 0x33}, {0xc7, 0x23}, {0xae, 0x2b}};
    rig_go(r, RIG_CODE);
    c->reg[RAX] = mask;
    c->reg[RDX] = 0;
    return RUN(r, 0x48, 0x0f, code[what][0], code[what][1], 0xf4);
}

/* 55h everywhere, a header of zeros. */
static void clear_area(struct rig *r)
{
    for (unsigned n = 0; n < 0x400; n += 8)
        rig_poke(r, AREA + n, n >= 512 && n < 576 ? 0 : 0x5555555555555555, 8);
}

static uint64_t area(struct rig *r, unsigned offset)
{
    return rig_peek(r, AREA + offset, 8);
}

CASE(xsave_layout)
{
    enable(r, c);
    clear_area(r);
    fill(c);
    ck_assert_int_eq(RUN(r, 0xdb, 0xe3, 0xd9, 0xe8, 0xf4), RIG_HALT); /* 1.0 */
    ck_assert_int_eq(run_xsave(r, c, XSAVE, 7), RIG_HALT);
    ck_assert_uint_eq(rig_peek(r, AREA, 2), 0x037f);
    ck_assert_uint_eq(rig_peek(r, AREA + 2, 2), 0x3800);
    ck_assert_uint_eq(rig_peek(r, AREA + 4, 1), 0x80);
    ck_assert_uint_eq(area(r, 24), 0x0000ffff00001f80);
    ck_assert_uint_eq(area(r, 32), 0x8000000000000000);
    ck_assert_uint_eq(area(r, 160), 0x1111111111111111);
    ck_assert_uint_eq(area(r, 160 + 15 * 16 + 8), 0x2222222222222231);
    ck_assert_uint_eq(area(r, 416), 0x5555555555555555);
    ck_assert_uint_eq(area(r, 512), 7);
    ck_assert_uint_eq(area(r, 520), 0);
    ck_assert_uint_eq(area(r, 576), 0x3333333333333333);
    ck_assert_uint_eq(area(r, 576 + 15 * 16 + 8), 0x4444444444444453);
    ck_assert_uint_eq(area(r, 832), 0x5555555555555555);
}

CASE(xsave_writes_only_what_is_asked_for)
{
    enable(r, c);
    clear_area(r);
    fill(c);
    rig_poke(r, AREA + 512, 0xf3, 8);
    ck_assert_int_eq(run_xsave(r, c, XSAVE, 4), RIG_HALT);
    ck_assert_uint_eq(area(r, 0), 0x5555555555555555);
    ck_assert_uint_eq(area(r, 24), 0x0000ffff00001f80); /* goes with AVX */
    ck_assert_uint_eq(area(r, 32), 0x5555555555555555);
    ck_assert_uint_eq(area(r, 160), 0x5555555555555555);
    ck_assert_uint_eq(area(r, 576), 0x3333333333333333);
    ck_assert_uint_eq(area(r, 512), 0xf7);
    c->xcr0 = 3; /* what is not enabled is not there */
    clear_area(r);
    ck_assert_int_eq(run_xsave(r, c, XSAVE, 0xfffffffe), RIG_HALT);
    ck_assert_uint_eq(area(r, 0), 0x5555555555555555);
    ck_assert_uint_eq(area(r, 160), 0x1111111111111111);
    ck_assert_uint_eq(area(r, 576), 0x5555555555555555);
}

CASE(xsaveopt_leaves_out_initial_state)
{
    enable(r, c);
    clear_area(r);
    fill(c);
    for (unsigned n = 0; n < 16; n++)
        c->vec[n].q[2] = c->vec[n].q[3] = 0;
    rig_poke(r, AREA + 512, 7, 8);
    ck_assert_int_eq(run_xsave(r, c, XSAVEOPT, 6), RIG_HALT);
    ck_assert_uint_eq(area(r, 160), 0x1111111111111111);
    ck_assert_uint_eq(area(r, 576), 0x5555555555555555);
    ck_assert_uint_eq(area(r, 512), 3);
}

CASE(xsavec_compacts)
{
    enable(r, c);
    clear_area(r);
    fill(c);
    for (unsigned n = 0; n < 16; n++)
        c->vec[n].q[0] = c->vec[n].q[1] = 0;
    ck_assert_int_eq(run_xsave(r, c, XSAVEC, 6), RIG_HALT);
    ck_assert_uint_eq(area(r, 512), 4);
    ck_assert_uint_eq(area(r, 520), 1ull << 63 | 6);
    ck_assert_uint_eq(area(r, 24), 0x5555555555555555);
    ck_assert_uint_eq(area(r, 160), 0x5555555555555555);
    ck_assert_uint_eq(area(r, 576), 0x3333333333333333);
    c->mxcsr = 0x1fa0; /* belongs to SSE here */
    ck_assert_int_eq(run_xsave(r, c, XSAVEC, 6), RIG_HALT);
    ck_assert_uint_eq(area(r, 512), 6);
    ck_assert_uint_eq(area(r, 24), 0x0000ffff00001fa0);
    ck_assert_uint_eq(area(r, 160), 0);
}

/* ---- restoring */

CASE(xrstor_brings_back)
{
    union vec kept[16];
    for (unsigned what = XSAVE; what <= XSAVEC; what++) {
        enable(r, c);
        clear_area(r);
        fill(c);
        c->mxcsr = 0x1fbf;
        memcpy(kept, c->vec, sizeof kept);
        ck_assert_int_eq(run_xsave(r, c, what, 7), RIG_HALT);
        memset(c->vec, 0xee, sizeof c->vec);
        c->mxcsr = 0x1f80;
        ck_assert_int_eq(run_xsave(r, c, XRSTOR, 7), RIG_HALT);
        ck_assert_int_eq(memcmp(kept, c->vec, sizeof kept), 0);
        ck_assert_uint_eq(c->mxcsr, 0x1fbf);
    }
}

/* A component whose bit in XSTATE_BV is clear gets its initial state; one that
 * is not asked for is left alone. */
CASE(xrstor_initialises)
{
    enable(r, c);
    clear_area(r);
    fill(c);
    rig_poke(r, AREA + 24, 0x1f80, 4);
    ck_assert_int_eq(RUN(r, 0xdb, 0xe3, 0xd9, 0xe8, 0xf4), RIG_HALT);
    ck_assert_int_eq(run_xsave(r, c, XRSTOR, 4), RIG_HALT);
    ck_assert_uint_eq(c->ftag, 0x80);
    ck_assert_uint_eq(c->vec[3].q[0], 0x1111111111111114);
    ck_assert_uint_eq(c->vec[3].q[2] | c->vec[3].q[3], 0);
    ck_assert_int_eq(run_xsave(r, c, XRSTOR, 3), RIG_HALT);
    ck_assert_uint_eq(c->ftag, 0);
    ck_assert_uint_eq(c->fcw, 0x037f);
    ck_assert_uint_eq(c->vec[3].q[0] | c->vec[3].q[1], 0);
}

CASE(xrstor_checks_the_header)
{
    static const struct {
        uint16_t offset;
        uint64_t value;
    } bad[] = {
        {512, 8},              /* not in XCR0 */
        {520, 4},              /* not compacted, but something there */
        {528, 1},              /* reserved */
        {520, 1ull << 63 | 8}, /* compacted, not in XCR0 */
        {24, 0x10000},         /* MXCSR */
    };
    for (unsigned n = 0; n < ARRAY_LEN(bad); n++) {
        enable(r, c);
        clear_area(r);
        rig_poke(r, AREA + 24, 0x1f80, 4);
        fill(c);
        rig_poke(r, AREA + bad[n].offset, bad[n].value, 8);
        ck_assert_msg(run_xsave(r, c, XRSTOR, 7) == EX_GP, "row %u", n);
        ck_assert_uint_eq(c->vec[0].q[0], 0x1111111111111111);
    }
    enable(r, c); /* in XSTATE_BV, but without room */
    clear_area(r);
    rig_poke(r, AREA + 512, 4, 8);
    rig_poke(r, AREA + 520, 1ull << 63 | 2, 8);
    ck_assert_int_eq(run_xsave(r, c, XRSTOR, 7), EX_GP);
}

CASE(area_must_be_aligned_and_there)
{
    for (unsigned what = XSAVE; what <= XRSTOR; what++) {
        enable(r, c);
        c->reg[RBX] = AREA + 32;
        ck_assert_int_eq(run_xsave(r, c, what, 7), EX_GP);
        enable(r, c);
        c->cr0 |= CR0_TS;
        ck_assert_int_eq(run_xsave(r, c, what, 7), EX_NM);
        enable(r, c);
        c->cr4 &= ~(uint64_t)CR4_OSXSAVE;
        ck_assert_int_eq(run_xsave(r, c, what, 7), EX_UD);
        enable(r, c); /* the header lies on the missing page */
        fill(c);
        rig_map(r, BARE, 0);
        rig_poke(r, BARE - 512, 0x77, 8);
        c->reg[RBX] = BARE - 512;
        ck_assert_int_eq(run_xsave(r, c, what, 7), EX_PF);
        ck_assert_uint_eq(rig_peek(r, BARE - 512, 8), 0x77);
        ck_assert_uint_eq(c->vec[0].q[0], 0x1111111111111111);
    }
}

CASE(leaf_13)
{
    uint32_t out[4] = {0};
    enable(r, c);
    xsave_cpuid(c, 0, out);
    ck_assert_uint_eq(out[0] & 7, 7);
    ck_assert_uint_eq(out[1], 832);
    c->xcr0 = 1;
    memset(out, 0, sizeof out);
    xsave_cpuid(c, 0, out);
    ck_assert_uint_eq(out[1], 576);
    memset(out, 0, sizeof out);
    xsave_cpuid(c, 1, out);
    ck_assert_uint_eq(out[0], 7);
    memset(out, 0, sizeof out);
    xsave_cpuid(c, 2, out);
    ck_assert_uint_eq(out[0], 256);
    ck_assert_uint_eq(out[1], 576);
}

static const struct rig_case cases[] = {
    CASE_ROW(availability),
    CASE_ROW(prefixes_before_vex),
    CASE_ROW(fields_of_vex),
    CASE_ROW(not_in_real_and_v86_mode),
    CASE_ROW(code32_has_eight_registers),
    CASE_ROW(upper_halves),
    CASE_ROW(simd_exception),
    CASE_ROW(alignment),
    CASE_ROW(masked_moves_fault_by_element),
    CASE_ROW(gather_goes_on_after_a_fault),
    CASE_ROW(gather_needs_three_registers),
    CASE_ROW(xsetbv_rules),
    CASE_ROW(xgetbv_values),
    CASE_ROW(xsave_layout),
    CASE_ROW(xsave_writes_only_what_is_asked_for),
    CASE_ROW(xsaveopt_leaves_out_initial_state),
    CASE_ROW(xsavec_compacts),
    CASE_ROW(xrstor_brings_back),
    CASE_ROW(xrstor_initialises),
    CASE_ROW(xrstor_checks_the_header),
    CASE_ROW(area_must_be_aligned_and_there),
    CASE_ROW(leaf_13),
};

int main(void)
{
    return rig_main("cpu/xsave", cases, ARRAY_LEN(cases));
}
