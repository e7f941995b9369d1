/* exec_avx.c - AVX: state, moves, single lanes.
 *
 * SDM volume 1, chapter 14. Non-temporal hints mean nothing here: there are
 * no caches. */
#include "cpu/avx.h"

#include "cpu/sse_int_lanes.h"

void avx_unavailable(struct cpu *cpu)
{
    const uint64_t state = XCR0_SSE | XCR0_AVX;

    if (!(cpu->cr4 & CR4_OSXSAVE) || (cpu->xcr0 & state) != state)
        cpu_raise(cpu, EX_UD);
    cpu_raise(cpu, EX_NM);
}

/* Outside 64-bit code registers 8 to 15 are left alone. */
static unsigned register_count(const struct cpu *cpu)
{
    return cpu_code64(cpu) ? 16 : 8;
}

EXEC(vzeroupper)
{
    need_avx(cpu);
    for (unsigned n = 0; n < register_count(cpu); n++)
        cpu->vec[n].x[1] = (union xmm){.q = {0, 0}};
    NEXT;
}

EXEC(vzeroall)
{
    need_avx(cpu);
    for (unsigned n = 0; n < register_count(cpu); n++)
        cpu->vec[n] = (union vec){.q = {0, 0, 0, 0}};
    NEXT;
}

/* MXCSR: #UD and #NM as AVX, then as the legacy forms. */
EXEC(vldmxcsr)
{
    uint32_t m;

    need_avx(cpu);
    m = simd_load32(cpu, i);
    if (m & ~(uint32_t)MXCSR_VALID)
        cpu_raise_error(cpu, EX_GP, 0);
    cpu->mxcsr = m;
    NEXT;
}

EXEC(vstmxcsr)
{
    need_avx(cpu);
    st32(cpu, i->seg, mem_offset(cpu, i), cpu->mxcsr);
    NEXT;
}

/* ---- moves of whole registers */

EXEC(avx_mov_r)
{
    need_avx(cpu);
    avx_set(cpu, i, i->reg, cpu->vec[i->rm]);
    NEXT;
}

EXEC(avx_mov_store_r)
{
    need_avx(cpu);
    avx_set(cpu, i, i->rm, cpu->vec[i->reg]);
    NEXT;
}

/* VMOVUPS, VMOVUPD, VMOVDQU, VLDDQU */
EXEC(avx_movu_m)
{
    need_avx(cpu);
    avx_set(cpu, i, i->reg, avx_load(cpu, i));
    NEXT;
}

EXEC(avx_movu_store_m)
{
    need_avx(cpu);
    avx_store(cpu, i, cpu->vec[i->reg]);
    NEXT;
}

/* VMOVAPS, VMOVAPD, VMOVDQA, VMOVNTDQA */
EXEC(avx_mova_m)
{
    need_avx(cpu);
    avx_need_aligned(cpu, i);
    avx_set(cpu, i, i->reg, avx_load(cpu, i));
    NEXT;
}

/* ... and VMOVNTPS, VMOVNTPD, VMOVNTDQ */
EXEC(avx_mova_store_m)
{
    need_avx(cpu);
    avx_need_aligned(cpu, i);
    avx_store(cpu, i, cpu->vec[i->reg]);
    NEXT;
}

/* ---- moves of 4 and 8 bytes: between registers the rest of the lane comes
 * from VEX.vvvv, from memory it becomes zero */
#define MOVE_SCALAR(name, lane)                                                \
    EXEC(name##_r)                                                             \
    {                                                                          \
        union xmm a;                                                           \
        need_avx(cpu);                                                         \
        a = XMM(insn_vvvv(i));                                                 \
        a.lane = XMM(i->rm).lane;                                              \
        avx_set128(cpu, i->reg, a);                                            \
        NEXT;                                                                  \
    }                                                                          \
    EXEC(name##_store_r)                                                       \
    {                                                                          \
        union xmm a;                                                           \
        need_avx(cpu);                                                         \
        a = XMM(insn_vvvv(i));                                                 \
        a.lane = XMM(i->reg).lane;                                             \
        avx_set128(cpu, i->rm, a);                                             \
        NEXT;                                                                  \
    }
MOVE_SCALAR(vmovss, d[LANE32(0)])
MOVE_SCALAR(vmovsd, q[0])

/* Also VMOVD xmm, m32. */
EXEC(vmovss_m)
{
    need_avx(cpu);
    avx_set128(cpu, i->reg, (union xmm){.q = {simd_load32(cpu, i), 0}});
    NEXT;
}

EXEC(vmovss_store_m)
{
    need_avx(cpu);
    st32(cpu, i->seg, mem_offset(cpu, i), (uint32_t)XMM(i->reg).q[0]);
    NEXT;
}

/* Also VMOVQ xmm, m64. */
EXEC(vmovsd_m)
{
    need_avx(cpu);
    avx_set128(cpu, i->reg, (union xmm){.q = {simd_load64(cpu, i), 0}});
    NEXT;
}

/* Also VMOVLPS, VMOVLPD, VMOVQ to memory. */
EXEC(vmovsd_store_m)
{
    need_avx(cpu);
    st64(cpu, i->seg, mem_offset(cpu, i), XMM(i->reg).q[0]);
    NEXT;
}

EXEC(vmovd_r)
{
    need_avx(cpu);
    avx_set128(cpu, i->reg, (union xmm){.q = {R32(i->rm), 0}});
    NEXT;
}

EXEC(vmovd_store_r)
{
    need_avx(cpu);
    set_r32(cpu, i->rm, (uint32_t)XMM(i->reg).q[0]);
    NEXT;
}

EXEC(vmovq_Eq_r)
{
    need_avx(cpu);
    avx_set128(cpu, i->reg, (union xmm){.q = {R64(i->rm), 0}});
    NEXT;
}

EXEC(vmovq_Eq_store_r)
{
    need_avx(cpu);
    set_r64(cpu, i->rm, XMM(i->reg).q[0]);
    NEXT;
}

EXEC(vmovq_r)
{
    need_avx(cpu);
    avx_set128(cpu, i->reg, (union xmm){.q = {XMM(i->rm).q[0], 0}});
    NEXT;
}

EXEC(vmovq_store_r)
{
    need_avx(cpu);
    avx_set128(cpu, i->rm, (union xmm){.q = {XMM(i->reg).q[0], 0}});
    NEXT;
}

/* ---- halves: one from VEX.vvvv, the other from memory or a register */
#define MOVE_HALF(id, low, high)                                               \
    EXEC(id)                                                                   \
    {                                                                          \
        const union xmm *a = &XMM(insn_vvvv(i));                               \
        need_avx(cpu);                                                         \
        avx_set128(cpu, i->reg, (union xmm){.q = {low, high}});                \
        NEXT;                                                                  \
    }
MOVE_HALF(vmovlps_m, simd_load64(cpu, i), a->q[1])
MOVE_HALF(vmovhps_m, a->q[0], simd_load64(cpu, i))
MOVE_HALF(vmovhlps_r, XMM(i->rm).q[1], a->q[1])
MOVE_HALF(vmovlhps_r, a->q[0], XMM(i->rm).q[0])

EXEC(vmovhps_store_m)
{
    need_avx(cpu);
    st64(cpu, i->seg, mem_offset(cpu, i), XMM(i->reg).q[1]);
    NEXT;
}

/* Doubles the lower half of each lane; of memory VEX.128 reads 8 bytes. */
AVX_DO(avx_movddup, union vec)
{
    b.q[1] = b.q[0];
    b.q[3] = b.q[2];
    avx_set(cpu, i, i->reg, b);
}

static ALWAYS_INLINE union vec load_movddup(struct cpu *cpu,
                                            const struct insn *i)
{
    if (avx_wide(i))
        return avx_load256(cpu, i);
    return (union vec){.q = {simd_load64(cpu, i), 0, 0, 0}};
}

AVX_FORMS_OF(avx_movddup, cpu->vec[i->rm], load_movddup(cpu, i))

EXEC(vmaskmovdqu)
{
    need_avx(cpu);
    simd_store_masked(cpu, i, i->reg, i->rm);
    NEXT;
}

/* ---- signs to a general register */

EXEC(avx_pmovmskb)
{
    const union vec *b = &cpu->vec[i->rm];
    uint32_t r;

    need_avx(cpu);
    r = pk_mask(&b->x[0]);
    if (avx_wide(i))
        r |= pk_mask(&b->x[1]) << 16;
    set_r32(cpu, i->reg, r);
    NEXT;
}

EXEC(vmovmskps)
{
    const uint64_t *q = cpu->vec[i->rm].q;
    uint32_t r = 0;

    need_avx(cpu);
    for (unsigned n = 0; n < 2 * avx_lanes(i); n++)
        r |= (uint32_t)((q[n] >> 31 & 1) | (q[n] >> 63) << 1) << 2 * n;
    set_r32(cpu, i->reg, r);
    NEXT;
}

EXEC(vmovmskpd)
{
    const uint64_t *q = cpu->vec[i->rm].q;
    uint32_t r = 0;

    need_avx(cpu);
    for (unsigned n = 0; n < 2 * avx_lanes(i); n++)
        r |= (uint32_t)(q[n] >> 63) << n;
    set_r32(cpu, i->reg, r);
    NEXT;
}

/* ---- single lanes: `lanes` of the union, `lane` its index macro */
#define LANE64(n) (n)
#define VPINSR(name, lanes, lane, mask, bits, type)                            \
    EXEC(name##_r)                                                             \
    {                                                                          \
        union xmm a;                                                           \
        need_avx(cpu);                                                         \
        a = XMM(insn_vvvv(i));                                                 \
        a.lanes[lane(i->imm & (mask))] = (type)R64(i->rm);                     \
        avx_set128(cpu, i->reg, a);                                            \
        NEXT;                                                                  \
    }                                                                          \
    EXEC(name##_m)                                                             \
    {                                                                          \
        union xmm a;                                                           \
        need_avx(cpu);                                                         \
        a = XMM(insn_vvvv(i));                                                 \
        a.lanes[lane(i->imm & (mask))] =                                       \
            ld##bits(cpu, i->seg, mem_offset(cpu, i));                         \
        avx_set128(cpu, i->reg, a);                                            \
        NEXT;                                                                  \
    }
VPINSR(vpinsrb, b, LANE8, 15, 8, uint8_t)
VPINSR(vpinsrw, w, LANE16, 7, 16, uint16_t)
VPINSR(vpinsrd, d, LANE32, 3, 32, uint32_t)
VPINSR(vpinsrq, q, LANE64, 1, 64, uint64_t)

#define VPEXTR(name, lanes, lane, mask, bits)                                  \
    EXEC(name##_r)                                                             \
    {                                                                          \
        need_avx(cpu);                                                         \
        set_r64(cpu, i->rm, XMM(i->reg).lanes[lane(i->imm & (mask))]);         \
        NEXT;                                                                  \
    }                                                                          \
    EXEC(name##_m)                                                             \
    {                                                                          \
        need_avx(cpu);                                                         \
        st##bits(cpu, i->seg, mem_offset(cpu, i),                              \
                 XMM(i->reg).lanes[lane(i->imm & (mask))]);                    \
        NEXT;                                                                  \
    }
VPEXTR(vpextrb, b, LANE8, 15, 8)
VPEXTR(vpextrw_Ed, w, LANE16, 7, 16)
VPEXTR(vpextrd, d, LANE32, 3, 32) /* also VEXTRACTPS */
VPEXTR(vpextrq, q, LANE64, 1, 64)

EXEC(vpextrw)
{
    need_avx(cpu);
    set_r32(cpu, i->reg, XMM(i->rm).w[LANE16(i->imm & 7)]);
    NEXT;
}

/* ---- 128-bit lanes */

AVX_DO(vinsert128, union xmm)
{
    union vec a = avx_source(cpu, i);

    a.x[i->imm & 1] = b;
    cpu->vec[i->reg] = a;
}

AVX_FORMS128(vinsert128)

EXEC(vextract128_r)
{
    need_avx(cpu);
    avx_set128(cpu, i->rm, cpu->vec[i->reg].x[i->imm & 1]);
    NEXT;
}

EXEC(vextract128_m)
{
    need_avx(cpu);
    simd_store_any(cpu, i, cpu->vec[i->reg].x[i->imm & 1]);
    NEXT;
}
