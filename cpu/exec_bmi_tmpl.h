/* exec_bmi_tmpl.h - bit manipulation of one width (exec_bmi.c). */
#include "cpu/exec_tmpl.h"

/* The register and the memory form: `body` with the ModRM operand in v. */
#define BMI_FORMS(name, body)                                                  \
    HANDLER(FN(name, , , r))                                                   \
    {                                                                          \
        T v = GETR(i->rm);                                                     \
        body;                                                                  \
        NEXT;                                                                  \
    }                                                                          \
    HANDLER(FN(name, , , m))                                                   \
    {                                                                          \
        T v = LD(i->seg, mem_offset(cpu, i));                                  \
        body;                                                                  \
        NEXT;                                                                  \
    }

BMI_FORMS(crc32_Gd_Ev, set_r32(cpu, i->reg, crc32c(R32(i->reg), v, W / 8)))

/* ---- zeros at either end; all of them of a zero */
static ALWAYS_INLINE void W_(set_count)(struct cpu *cpu, const struct insn *i,
                                        unsigned n)
{
    SETR(i->reg, (T)n);
    flags_put(cpu, (n == W ? FL_C : 0) | (n == 0 ? FL_Z : 0));
}

BMI_FORMS(tzcnt, W_(set_count)(cpu, i, v ? (unsigned)__builtin_ctzll(v) : W))
BMI_FORMS(lzcnt, W_(set_count)(cpu, i,
                               v ? (unsigned)__builtin_clzll(v) - (64 - W) : W))

#define RANDOM(name)                                                           \
    HANDLER(CAT3(exec_##name, _, W))                                           \
    {                                                                          \
        SETR(i->rm, (T)next_random(cpu));                                      \
        flags_put(cpu, FL_C);                                                  \
        NEXT;                                                                  \
    }
RANDOM(rdrand)
RANDOM(rdseed)
#undef RANDOM

#if W != 16
/* The VEX.vvvv operand and an 8-bit count or position in it. */
#define VVVV      GETR(insn_vvvv(i))
#define VVVV_BYTE ((unsigned)VVVV & 0xff)

/* Flags of a result, with CF as given and OF = 0. */
static ALWAYS_INLINE void W_(flags_bmi)(struct cpu *cpu, T r, bool c)
{
    flags_set(cpu, W, (ST)r, (uint64_t)c << (W - 1) | (uint64_t)c << (W - 2));
}

static ALWAYS_INLINE void W_(result)(struct cpu *cpu, unsigned n, T r, bool c)
{
    SETR(n, r);
    W_(flags_bmi)(cpu, r, c);
}

static ALWAYS_INLINE T W_(do_bextr)(T v, unsigned start, unsigned length)
{
    v = start < W ? (T)(v >> start) : 0;
    return length < W ? (T)(v & (((T)1 << length) - 1)) : v;
}

static ALWAYS_INLINE T W_(do_bzhi)(T v, unsigned n)
{
    return n < W ? (T)(v & (((T)1 << n) - 1)) : v;
}

BMI_FORMS(andn, W_(result)(cpu, i->reg, ~VVVV &v, false))
BMI_FORMS(blsr, W_(result)(cpu, insn_vvvv(i), v &(v - 1), v == 0))
BMI_FORMS(blsmsk, W_(result)(cpu, insn_vvvv(i), v ^ (v - 1), v == 0))
BMI_FORMS(blsi, W_(result)(cpu, insn_vvvv(i), v &(0 - v), v != 0))
BMI_FORMS(bextr,
          W_(result)(cpu, i->reg,
                     W_(do_bextr)(v, VVVV_BYTE, (unsigned)(VVVV >> 8) & 0xff),
                     false))
BMI_FORMS(bzhi,
          W_(result)(cpu, i->reg, W_(do_bzhi)(v, VVVV_BYTE), VVVV_BYTE >= W))

/* These leave the flags alone. */
BMI_FORMS(pdep, SETR(i->reg, (T)deposit(VVVV, v)))
BMI_FORMS(pext, SETR(i->reg, (T)extract(VVVV, v)))
BMI_FORMS(shlx, SETR(i->reg, v << (VVVV % W)))
BMI_FORMS(shrx, SETR(i->reg, v >> (VVVV % W)))
BMI_FORMS(sarx, SETR(i->reg, (T)((ST)v >> (VVVV % W))))
BMI_FORMS(rorx, unsigned n = (unsigned)i->imm % W;
          SETR(i->reg, n ? (T)(v >> n | v << (W - n)) : v))

/* The upper half is written last: it stays when both go to one register. */
#if W == 32
BMI_FORMS(mulx, uint64_t r = (uint64_t)R32(RDX) * v; SETR(insn_vvvv(i), (T)r);
          SETR(i->reg, (T)(r >> 32)))
#else
BMI_FORMS(mulx, struct u128 r = u64_mul_wide(R64(RDX), v);
          SETR(insn_vvvv(i), r.lo); SETR(i->reg, r.hi))
#endif
#undef VVVV
#undef VVVV_BYTE

/* ---- ADCX, ADOX: a carry chain in one flag, the others stay */
static ALWAYS_INLINE T W_(add_carry)(T a, T b, bool *carry)
{
    T r = a + b, sum = r + *carry;
    *carry = r < a || sum < r;
    return sum;
}

BMI_FORMS(adcx, bool c = flag_c(cpu);
          SETR(i->reg, W_(add_carry)(GETR(i->reg), v, &c));
          flags_set_co(cpu, c, flag_o(cpu)))
BMI_FORMS(adox, bool o = flag_o(cpu);
          SETR(i->reg, W_(add_carry)(GETR(i->reg), v, &o));
          flags_set_co(cpu, flag_c(cpu), o))
#endif

#undef BMI_FORMS
#undef W
