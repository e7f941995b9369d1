/* exec_bmi.c - on general registers: LZCNT, TZCNT, CRC32, BMI1, BMI2, ADX,
 * RDRAND and RDSEED.
 *
 * SDM volume 1, 5.1.16 and volume 2. Flags that are undefined: of TZCNT and
 * LZCNT 0, otherwise those of a logical operation. RDRAND and RDSEED give
 * numbers of a generator that is part of the saved state and begins with the
 * configuration's seed, so that a run can be repeated; it never fails. */
#include "cpu/exec.h"
#include "cpu/flags.h"
#include "cpu/u128.h"

/* CRC-32C, bits reflected (SDM volume 2, CRC32), four bits at a time: entry n
 * is what n leaves after four steps. */
static uint32_t crc32c(uint32_t crc, uint64_t v, unsigned size)
{
    static const uint32_t table[16] = {
        0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3,
        0x61c69362, 0x7198540d, 0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
        0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
    };
    for (unsigned n = 0; n < size; n++) {
        crc ^= (uint8_t)(v >> 8 * n);
        crc = crc >> 4 ^ table[crc & 15];
        crc = crc >> 4 ^ table[crc & 15];
    }
    return crc;
}

EXEC(crc32_Gd_Eb_r)
{
    set_r32(cpu, i->reg, crc32c(R32(i->reg), R8(i->rm), 1));
    NEXT;
}

EXEC(crc32_Gd_Eb_m)
{
    uint8_t v = ld8(cpu, i->seg, mem_offset(cpu, i));
    set_r32(cpu, i->reg, crc32c(R32(i->reg), v, 1));
    NEXT;
}

/* SplitMix64 (Steele, Lea, Flood, 2014): a counter and a mixing function. */
static uint64_t next_random(struct cpu *cpu)
{
    uint64_t v = cpu->random += 0x9e3779b97f4a7c15;
    v = (v ^ v >> 30) * 0xbf58476d1ce4e5b9;
    v = (v ^ v >> 27) * 0x94d049bb133111eb;
    return v ^ v >> 31;
}

/* Bits of `v` to where `mask` has ones, and back. */
static uint64_t deposit(uint64_t v, uint64_t mask)
{
    uint64_t r = 0;
    for (; mask; mask &= mask - 1, v >>= 1)
        if (v & 1)
            r |= mask & -mask;
    return r;
}

static uint64_t extract(uint64_t v, uint64_t mask)
{
    uint64_t r = 0;
    for (unsigned n = 0; mask; mask &= mask - 1, n++)
        if (v & mask & -mask)
            r |= 1ull << n;
    return r;
}

#define W 16
#include "cpu/exec_bmi_tmpl.h"
#define W 32
#include "cpu/exec_bmi_tmpl.h"
#define W 64
#include "cpu/exec_bmi_tmpl.h"
