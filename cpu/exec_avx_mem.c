/* exec_avx_mem.c - AVX, AVX2: masked loads and stores, gathers.
 *
 * SDM volume 2, VMASKMOV, VPMASKMOV, VGATHERxPx, VPGATHERxx. What a mask hides
 * is not accessed and cannot fault. None of these checks alignment. A gather
 * that faults has written the elements below the faulting one and cleared
 * their masks, so that it goes on from there; data breakpoints are reported
 * when all is done. */
#include "cpu/avx.h"

/* An element of 4 or 8 bytes without alignment checks. */
static uint64_t element_load(struct cpu *cpu, unsigned seg, uint64_t off,
                             unsigned size)
{
    uint8_t b[8];

    if (((cpu->view[seg].base + off) & (size - 1)) == 0) {
        return size == 4 ? ld32(cpu, seg, off) : ld64(cpu, seg, off);
    }
    for (unsigned n = 0; n < size; n++)
        b[n] = ld8(cpu, seg, off + n);
    return load_le(b, size);
}

static void element_store(struct cpu *cpu, unsigned seg, uint64_t off,
                          uint64_t value, unsigned size)
{
    if (((cpu->view[seg].base + off) & (size - 1)) == 0) {
        if (size == 4)
            st32(cpu, seg, off, (uint32_t)value);
        else
            st64(cpu, seg, off, value);
        return;
    }
    for (unsigned n = 0; n < size; n++)
        st8(cpu, seg, off + n, (uint8_t)(value >> 8 * n));
}

/* Element n of `size` bytes. */
static ALWAYS_INLINE uint64_t element_get(const union vec *v, unsigned n,
                                          unsigned size)
{
    return size == 4 ? v->x[n / 4].d[LANE32(n % 4)] : v->q[n];
}

static ALWAYS_INLINE void element_set(union vec *v, unsigned n, unsigned size,
                                      uint64_t value)
{
    if (size == 4)
        v->x[n / 4].d[LANE32(n % 4)] = (uint32_t)value;
    else
        v->q[n] = value;
}

static ALWAYS_INLINE bool element_chosen(const union vec *mask, unsigned n,
                                         unsigned size)
{
    return element_get(mask, n, size) >> (8 * size - 1);
}

static uint64_t element_offset(const struct cpu *cpu, const struct insn *i,
                               unsigned n, unsigned size)
{
    return mem_wrap(i, mem_offset(cpu, i) + (uint64_t)n * size);
}

/* ---- VMASKMOVPS, VPMASKMOVD and with 8 bytes VMASKMOVPD, VPMASKMOVQ */

static void maskmov_load(struct cpu *cpu, const struct insn *i, unsigned size)
{
    const union vec *mask = &cpu->vec[insn_vvvv(i)];
    union vec r = {.q = {0, 0, 0, 0}};

    need_avx(cpu);
    for (unsigned n = 0; n < 16 / size * avx_lanes(i); n++)
        if (element_chosen(mask, n, size))
            element_set(&r, n, size,
                        element_load(cpu, i->seg,
                                     element_offset(cpu, i, n, size), size));
    cpu->vec[i->reg] = r;
}

/* All elements are checked before the first is written. */
static void maskmov_store(struct cpu *cpu, const struct insn *i, unsigned size)
{
    const union vec *mask = &cpu->vec[insn_vvvv(i)], *a = &cpu->vec[i->reg];
    unsigned count = 16 / size * avx_lanes(i);

    need_avx(cpu);
    for (unsigned n = 0; n < count; n++)
        if (element_chosen(mask, n, size))
            mem_probe_write(cpu, i->seg, element_offset(cpu, i, n, size), size);
    for (unsigned n = 0; n < count; n++)
        if (element_chosen(mask, n, size))
            element_store(cpu, i->seg, element_offset(cpu, i, n, size),
                          element_get(a, n, size), size);
}

EXEC(vmaskmovps_m)
{
    maskmov_load(cpu, i, 4);
    NEXT;
}

EXEC(vmaskmovpd_m)
{
    maskmov_load(cpu, i, 8);
    NEXT;
}

EXEC(vmaskmovps_store_m)
{
    maskmov_store(cpu, i, 4);
    NEXT;
}

EXEC(vmaskmovpd_store_m)
{
    maskmov_store(cpu, i, 8);
    NEXT;
}

/* ---- gathers: VEX.vvvv is the mask, the SIB byte's index a vector */

/* The three registers must differ. Bits of the mask but the signs of its
 * elements mean nothing and do not survive a fault. */
static void gather_begin(struct cpu *cpu, const struct insn *i, unsigned size,
                         unsigned count)
{
    union vec *mask = &cpu->vec[insn_vvvv(i)], m = {.q = {0, 0, 0, 0}};

    need_avx(cpu);
    if (i->reg == insn_vvvv(i) || i->reg == i->index ||
        i->index == insn_vvvv(i))
        cpu_raise(cpu, EX_UD);
    for (unsigned n = 0; n < count; n++)
        if (element_chosen(mask, n, size))
            element_set(&m, n, size, ~(uint64_t)0);
    *mask = m;
}

static void gather(struct cpu *cpu, const struct insn *i, unsigned size,
                   unsigned index_size)
{
    unsigned wider = size > index_size ? size : index_size;
    unsigned count = 16 / wider * avx_lanes(i);
    union vec *mask = &cpu->vec[insn_vvvv(i)], *r = &cpu->vec[i->reg];
    const union vec *index = &cpu->vec[i->index];
    uint64_t base;

    gather_begin(cpu, i, size, count);
    base = cpu->reg[i->base] + (uint64_t)(int64_t)i->disp;
    for (unsigned n = 0; n < count; n++) {
        uint64_t k = element_get(index, n, index_size);

        if (index_size == 4)
            k = (uint64_t)(int64_t)(int32_t)k;
        if (element_chosen(mask, n, size))
            element_set(r, n, size,
                        element_load(cpu, i->seg,
                                     mem_wrap(i, base + (k << i->scale)),
                                     size));
        element_set(mask, n, size, 0);
    }
    /* Elements that have no index, and what lies above, become zero. */
    for (unsigned q = count * size / 8; q < 4; q++)
        r->q[q] = 0;
}

#define GATHER(name, size, index_size)                                         \
    EXEC(name)                                                                 \
    {                                                                          \
        gather(cpu, i, size, index_size);                                      \
        NEXT;                                                                  \
    }
GATHER(vpgatherdd, 4, 4)
GATHER(vpgatherdq, 8, 4)
GATHER(vpgatherqd, 4, 8)
GATHER(vpgatherqq, 8, 8)
