/* mem.c - memory accesses off the fast path: segment checks, canonical
 * addresses, alignment, page faults.
 *
 * SDM volume 3: 5.3 (limits), 5.4 (types), 6.15 (#GP, #SS, #AC), volume 1
 * 3.3.7.1 (canonical addresses). */
#include "cpu/event.h"
#include "cpu/exec.h"
#include "mmu/strict.h"

/* Expand-down segments: valid from limit + 1 to the top. */
static bool inside_limit(const struct seg *s, uint64_t off, unsigned size)
{
    uint64_t last = off + size - 1;
    if ((s->attr & (DESC_S | DESC_CODE | DESC_EC)) == (DESC_S | DESC_EC)) {
        uint64_t top = s->attr & DESC_DB ? 0xffffffff : 0xffff;
        return off > s->limit && last <= top;
    }
    return last <= s->limit;
}

/* Protected mode: may this segment be accessed so at all? */
static bool type_allows(const struct seg *s, enum mmu_access access)
{
    if (!(s->attr & DESC_P))
        return false; /* null selector */
    if (access == MMU_WRITE)
        return (s->attr & (DESC_CODE | DESC_RW)) == DESC_RW;
    return !(s->attr & DESC_CODE) || (s->attr & DESC_RW);
}

NORETURN static void raise_alignment(struct cpu *cpu)
{
    if (cpu->mmu.strict)
        strict_note(cpu->mmu.strict, STRICT_alignment);
    cpu_raise_error(cpu, EX_AC, 0);
}

/* SDM volume 3, table 6-7; 80-bit operands count as 8 bytes, vectors as
 * 16 at most, also those that may lie anywhere otherwise. Sizes that are no
 * power of two are images, whose makers go by fields. */
static void check_alignment(struct cpu *cpu, gva_t gva, unsigned size)
{
    unsigned align = size == 10 ? 8 : size == 32 ? 16 : size;
    if ((cpu->cr0 & CR0_AM) && (cpu->eflags & EFL_AC) && cpu->cpl == 3 &&
        !(align & (align - 1)) && (gva & (align - 1)))
        raise_alignment(cpu);
}

gva_t mem_linear(struct cpu *cpu, unsigned seg, uint64_t off, unsigned size,
                 enum mmu_access access)
{
    gva_t gva;
    if (cpu_code64(cpu)) {
        gva = cpu->view[seg].base + off;
        if (!cpu_canonical(cpu, gva) || !cpu_canonical(cpu, gva + size - 1))
            cpu_raise_seg(cpu, seg);
        return gva;
    }
    if (cpu_descriptors(cpu) && !type_allows(&cpu->seg[seg], access))
        cpu_raise_seg(cpu, seg);
    if (!inside_limit(&cpu->seg[seg], off, size))
        cpu_raise_seg(cpu, seg);
    return (uint32_t)(cpu->seg[seg].base + off);
}

static void watch(struct cpu *cpu, gva_t gva, unsigned size,
                  enum watch_kind kind)
{
    if (unlikely(cpu->dr[7] & 0xff))
        event_watch(cpu, gva, size, kind);
}

/* Linear addresses wrap at 4 GiB outside 64-bit code; such an access is two
 * accesses for the MMU. Returns the size of the first. */
static unsigned first_part(struct cpu *cpu, gva_t gva, unsigned size)
{
    if (!cpu_code64(cpu) && gva + size > 1ull << 32)
        return (unsigned)((1ull << 32) - gva);
    return size;
}

static void read_linear(struct cpu *cpu, gva_t gva, void *data, unsigned size)
{
    struct mmu_fault fault;
    unsigned n = first_part(cpu, gva, size);
    if (!mmu_read(&cpu->mmu, cpu->mmu.kind, gva, data, n, &fault))
        cpu_raise_fault(cpu, &fault);
    if (n < size && !mmu_read(&cpu->mmu, cpu->mmu.kind, 0, (uint8_t *)data + n,
                              size - n, &fault))
        cpu_raise_fault(cpu, &fault);
}

static void probe_write_linear(struct cpu *cpu, gva_t gva, unsigned size)
{
    struct mmu_fault fault;
    unsigned n = first_part(cpu, gva, size);
    if (!mmu_probe(&cpu->mmu, cpu->mmu.kind, MMU_WRITE, gva, n, &fault))
        cpu_raise_fault(cpu, &fault);
    if (n < size &&
        !mmu_probe(&cpu->mmu, cpu->mmu.kind, MMU_WRITE, 0, size - n, &fault))
        cpu_raise_fault(cpu, &fault);
}

static void write_linear(struct cpu *cpu, gva_t gva, const void *data,
                         unsigned size)
{
    struct mmu_fault fault;
    unsigned n = first_part(cpu, gva, size);
    if (n < size)
        probe_write_linear(cpu, gva, size);
    if (!mmu_write(&cpu->mmu, cpu->mmu.kind, gva, data, n, &fault))
        cpu_raise_fault(cpu, &fault);
    if (n < size && !mmu_write(&cpu->mmu, cpu->mmu.kind, 0,
                               (const uint8_t *)data + n, size - n, &fault))
        cpu_raise_fault(cpu, &fault);
}

void mem_read_slow(struct cpu *cpu, unsigned seg, uint64_t off, void *data,
                   unsigned size)
{
    gva_t gva = mem_linear(cpu, seg, off, size, MMU_READ);
    check_alignment(cpu, gva, size);
    read_linear(cpu, gva, data, size);
    watch(cpu, gva, size, WATCH_READ);
}

void mem_write_slow(struct cpu *cpu, unsigned seg, uint64_t off,
                    const void *data, unsigned size)
{
    gva_t gva = mem_linear(cpu, seg, off, size, MMU_WRITE);
    check_alignment(cpu, gva, size);
    write_linear(cpu, gva, data, size);
    watch(cpu, gva, size, WATCH_WRITE);
}

#define SLOW(w, t)                                                             \
    t mem_ld##w##_slow(struct cpu *cpu, unsigned seg, uint64_t off)            \
    {                                                                          \
        uint8_t buf[w / 8];                                                    \
        mem_read_slow(cpu, seg, off, buf, w / 8);                              \
        return load_le##w(buf);                                                \
    }                                                                          \
    void mem_st##w##_slow(struct cpu *cpu, unsigned seg, uint64_t off,         \
                          t value)                                             \
    {                                                                          \
        uint8_t buf[w / 8];                                                    \
        store_le##w(buf, value);                                               \
        mem_write_slow(cpu, seg, off, buf, w / 8);                             \
    }
SLOW(8, uint8_t)
SLOW(16, uint16_t)
SLOW(32, uint32_t)
SLOW(64, uint64_t)
#undef SLOW

void mem_probe_write(struct cpu *cpu, unsigned seg, uint64_t off, unsigned size)
{
    gva_t gva = mem_linear(cpu, seg, off, size, MMU_WRITE);
    check_alignment(cpu, gva, size);
    probe_write_linear(cpu, gva, size);
}

uint8_t *mem_rmw_slow(struct cpu *cpu, unsigned seg, uint64_t off,
                      unsigned size)
{
    gva_t gva = mem_linear(cpu, seg, off, size, MMU_WRITE);
    if (cpu_descriptors(cpu) && !cpu_code64(cpu) &&
        !type_allows(&cpu->seg[seg], MMU_READ))
        cpu_raise_seg(cpu, seg);
    check_alignment(cpu, gva, size);
    probe_write_linear(cpu, gva, size);
    read_linear(cpu, gva, cpu->rmw_buf, size);
    cpu->rmw_gva = gva;
    return cpu->rmw_buf;
}

void mem_rmw_end_slow(struct cpu *cpu, unsigned seg, uint64_t off,
                      unsigned size)
{
    (void)seg;
    (void)off;
    write_linear(cpu, cpu->rmw_gva, cpu->rmw_buf, size);
    watch(cpu, cpu->rmw_gva, size, WATCH_WRITE);
}

uint64_t mem_sys_read(struct cpu *cpu, gva_t gva, unsigned size)
{
    struct mmu_fault fault;
    uint8_t buf[8];
    const void *p;
    if (!cpu_long(cpu))
        gva = (uint32_t)gva;
    p = tlb_lookup(&cpu->mmu.bank[BANK_SUPER]->of[MMU_READ], gva, size);
    if (p)
        return load_le(p, size);
    if (!mmu_read(&cpu->mmu, BANK_SUPER, gva, buf, size, &fault))
        cpu_raise_fault(cpu, &fault);
    return load_le(buf, size);
}

void mem_sys_write(struct cpu *cpu, gva_t gva, uint64_t value, unsigned size)
{
    struct mmu_fault fault;
    uint8_t buf[8];
    void *p;
    if (!cpu_long(cpu))
        gva = (uint32_t)gva;
    p = tlb_lookup(&cpu->mmu.bank[BANK_SUPER]->of[MMU_WRITE], gva, size);
    if (p) {
        store_le(p, value, size);
        return;
    }
    store_le(buf, value, size);
    if (!mmu_write(&cpu->mmu, BANK_SUPER, gva, buf, size, &fault))
        cpu_raise_fault(cpu, &fault);
}
