/* drivers.c - see drivers.h. Commands and values are those of the manuals
 * named in docs/DEVICES.md; a byte beyond a list is taken as it is. */
#include "tests/fuzz/drivers.h"

#include "devices/pci.h"

/* Of a list, or any. */
#define PICK(in, list) pick(in, list, ARRAY_LEN(list))

static unsigned pick(struct fuzz_input *in, const uint8_t *list, unsigned count)
{
    unsigned n = fuzz_u8(in);
    return n < 0xe0 ? list[n % count] : fuzz_u8(in);
}

/* 1 ns to a second, most often some microseconds. */
static void wait(struct pc *pc, struct fuzz_input *in)
{
    pc_pass(pc, 1ull << fuzz_u8(in) % 31);
}

/* An address that DMA can be given: RAM, its end, the VGA's, a chip's, the
 * end of the space. */
static uint32_t dma_address(struct fuzz_input *in)
{
    static const uint32_t base[] = {
        PC_TABLES + 0x4000, PC_RAM - 0x200, 0xa0000, 0xfee00000,
        0xffffff00,         0xe0000000,     0,       0xc0000};
    unsigned n = fuzz_u8(in);
    return base[n & 7] + (uint32_t)(n >> 3) * 2 * (fuzz_u8(in) & 63);
}

/* Where messages for local APICs go, and what they say. */
static uint64_t fee_address(struct fuzz_input *in)
{
    return (uint64_t)(0xfee00000 | fuzz_u8(in) << 12 | (fuzz_u8(in) & 0xfc))
               << 32 |
           (fuzz_bytes(in, 2) & 0xcfff);
}

/* ---- ATA */

static unsigned ata_cable(struct pc *pc, struct fuzz_input *in)
{
    unsigned n = fuzz_u8(in), base = n & 1 ? 0x170 : 0x1f0;
    pc_out(pc, base + 0x206, n & 2 ? 2 : 0, 1);
    pc_out(pc, base + 6,
           0xa0 | (n & 4 ? 0x10 : 0) | (n & 8 ? 0x40 : 0) | n >> 4, 1);
    return base;
}

/* Data for as long as the drive asks; a driver in a hurry takes double
 * words. */
static void ata_data(struct pc *pc, struct fuzz_input *in, unsigned base)
{
    unsigned n = fuzz_u8(in), size = n & 1 ? 4 : 2, value = fuzz_u8(in);
    unsigned words = n & 2 ? 32768 : (n >> 2) * 8u;
    for (unsigned k = 0; k < words && (pc_in(pc, base + 0x206, 1) & 8); k++)
        if (n & 0x80)
            pc_out(pc, base, value * 0x01010101u + k, size);
        else
            pc_in(pc, base, size);
    wait(pc, in);
    pc_in(pc, base + 7, 1);
}

static void ata_registers(struct pc *pc, struct fuzz_input *in, unsigned base)
{
    static const uint8_t edge[] = {0,    1,    2, 0xff, 0x80, 0x10,
                                   0x4f, 0xc2, 3, 8,    63,   0x7f};
    for (unsigned round = 1 + (fuzz_u8(in) & 1); round > 0; round--)
        for (unsigned r = 1; r < 6; r++)
            pc_out(pc, base + r, PICK(in, edge), 1);
}

static void drive_ata(struct pc *pc, struct fuzz_input *in)
{
    static const uint8_t command[] = {
        0x20, 0x24, 0x25, 0x29, 0x30, 0x34, 0x35, 0x39, 0x40, 0x42, 0x70, 0x90,
        0x91, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0xb0, 0xc4, 0xc5, 0xc6, 0xc8,
        0xca, 0xe0, 0xe1, 0xe2, 0xe3, 0xe4, 0xe5, 0xe6, 0xe7, 0xe8, 0xea, 0xec,
        0xef, 0xf8, 0x27, 0xf9, 0x37, 0x10, 0xa0, 0xa1, 0x08, 0x00, 0xce, 0x3d};
    unsigned base = ata_cable(pc, in);
    if (fuzz_u8(in) & 1)
        ata_registers(pc, in, base);
    pc_out(pc, base + 7, PICK(in, command), 1);
    for (unsigned n = fuzz_u8(in) & 3; n > 0; n--) {
        wait(pc, in);
        ata_data(pc, in, base);
    }
}

/* ---- ATAPI */

static void drive_atapi(struct pc *pc, struct fuzz_input *in)
{
    static const uint8_t command[] = {
        0x00, 0x03, 0x12, 0x1b, 0x1e, 0x23, 0x25, 0x28, 0x2b, 0x42, 0x43,
        0x44, 0x45, 0x46, 0x47, 0x4a, 0x4b, 0x4e, 0x51, 0x52, 0x55, 0x5a,
        0xa8, 0xac, 0xad, 0xb6, 0xb9, 0xba, 0xbb, 0xbd, 0xbe, 0xa4, 0x15};
    static const uint8_t edge[] = {0,    0,    0,  1,  2,    3,    0x3f, 0xff,
                                   0x10, 0xf8, 63, 64, 0x2a, 0x80, 8,    0x20};
    unsigned base = ata_cable(pc, in), how = fuzz_u8(in);
    uint8_t packet[12] = {0};
    pc_out(pc, base + 1, how & 1, 1); /* DMA */
    pc_out(pc, base + 4, PICK(in, edge), 1);
    pc_out(pc, base + 5, PICK(in, edge), 1);
    pc_out(pc, base + 7, 0xa0, 1);
    if (how & 2)
        wait(pc, in);
    packet[0] = (uint8_t)PICK(in, command);
    for (unsigned n = 1; n < 12; n++)
        packet[n] = (uint8_t)(how & 4 ? PICK(in, edge) : fuzz_u8(in));
    for (unsigned n = 0; n < 12; n += 2)
        pc_out(pc, base, load_le16(packet + n), 2);
    for (unsigned n = how >> 6; n > 0; n--) {
        wait(pc, in);
        ata_data(pc, in, base);
    }
}

/* ---- bus master */

static void drive_busmaster(struct pc *pc, struct fuzz_input *in)
{
    unsigned n = fuzz_u8(in), base = 0xc000 + (n & 1) * 8;
    uint32_t table = PC_TABLES + (n >> 4) * 0xffcu;
    for (unsigned k = 0; k <= (n >> 1 & 3); k++) {
        uint8_t entry[8];
        store_le32(entry, dma_address(in));
        store_le16(entry + 4, fuzz_u16(in));
        store_le16(entry + 6, k == (n >> 1 & 3) ? 0x8000 : fuzz_u8(in) & 0x7f);
        addrspace_write_block(pc->m->memory, table + k * 8, entry, 8);
    }
    pc_out(pc, base, 0, 1);
    pc_out(pc, base + 2, 6, 1);
    pc_out(pc, base + 4, n & 8 ? dma_address(in) : table, 4);
    pc_out(pc, base, fuzz_u8(in) & 9, 1);
    wait(pc, in);
    pc_in(pc, base + 2, 1);
}

/* ---- 8237 */

static void drive_isa_dma(struct pc *pc, struct fuzz_input *in)
{
    static const uint8_t page[8] = {7, 3, 1, 2, 15, 11, 9, 10};
    unsigned n = fuzz_u8(in), channel = n & 7, wide = channel >> 2;
    unsigned base = wide ? 0xc0 : 0, step = wide ? 2 : 1, c = channel & 3;
    if (n & 8)
        channel = c = 2, wide = 0, base = 0, step = 1; /* the floppy's */
    pc_out(pc, base + 12 * step, 0, 1);
    pc_out(pc, base + 11 * step, (fuzz_u8(in) & 0xfc) | c, 1);
    pc_out(pc, base + c * 2 * step, fuzz_u8(in), 1);
    pc_out(pc, base + c * 2 * step, fuzz_u8(in), 1);
    pc_out(pc, base + (c * 2 + 1) * step, fuzz_u8(in), 1);
    pc_out(pc, base + (c * 2 + 1) * step, fuzz_u8(in), 1);
    pc_out(pc, 0x80 + page[channel], fuzz_u8(in), 1);
    if (n & 16) /* by software: also demand and block transfers */
        pc_out(pc, base + 9 * step, 4 | c, 1);
    pc_out(pc, base + 10 * step, c, 1);
    if (wide)
        pc_out(pc, 0xd4, 0, 1); /* the cascade */
    wait(pc, in);
}

/* ---- floppy */

static void drive_floppy(struct pc *pc, struct fuzz_input *in)
{
    static const uint8_t command[] = {0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08,
                                      0x09, 0x0a, 0x0c, 0x0d, 0x0e, 0x0f, 0x10,
                                      0x11, 0x12, 0x13, 0x14, 0x16, 0x18, 0x19,
                                      0x1d, 0x2e, 0x4e, 0x33, 0x8f, 0xcf};
    static const uint8_t edge[] = {0, 1, 2, 4, 9, 18, 0xff, 0x1b, 79, 80};
    unsigned n = fuzz_u8(in);
    if (n & 1)
        pc_out(pc, 0x3f2, fuzz_u8(in), 1);
    if (n & 2)
        drive_isa_dma(pc, in);
    pc_out(pc, 0x3f5, PICK(in, command) | (n & 0xe0), 1);
    for (unsigned k = n >> 2 & 7; k > 0; k--)
        pc_out(pc, 0x3f5, PICK(in, edge), 1);
    wait(pc, in);
    n = fuzz_u8(in);
    for (unsigned k = n & 2 ? 520 : n >> 4; k > 0; k--)
        if (n & 1)
            pc_out(pc, 0x3f5, k, 1);
        else if ((pc_in(pc, 0x3f4, 1) & 0xc0) == 0xc0)
            pc_in(pc, 0x3f5, 1);
    wait(pc, in);
}

/* ---- VGA */

/* Index and data registers of the board. */
static const struct {
    uint16_t index, data;
    uint8_t count, size;
} indexed[] = {
    {0x3c4, 0x3c5, 8, 1},  {0x3ce, 0x3cf, 9, 1},    {0x3d4, 0x3d5, 0x19, 1},
    {0x3b4, 0x3b5, 25, 1}, {0x3c0, 0x3c0, 0x35, 1}, {0x1ce, 0x1cf, 12, 2},
    {0x070, 0x071, 64, 1}, {0x072, 0x073, 128, 1},  {0x510, 0x511, 48, 2},
};

static void drive_indexed(struct pc *pc, struct fuzz_input *in)
{
    static const uint8_t edge[] = {0, 1, 2, 3, 4, 8, 0x0f, 0xff, 0x40, 0x80};
    unsigned pair = fuzz_u8(in) % ARRAY_LEN(indexed), count = fuzz_u8(in);
    unsigned size = indexed[pair].size;
    if (indexed[pair].index == 0x3c0)
        pc_in(pc, 0x3da, 1);
    for (unsigned n = count & 15; n > 0; n--) {
        unsigned index = fuzz_u8(in);
        pc_out(pc, indexed[pair].index, index % indexed[pair].count, size);
        if (count & 0x40)
            pc_in(pc, indexed[pair].data, size);
        else
            pc_out(pc, indexed[pair].data,
                   count & 0x80 ? PICK(in, edge) : fuzz_bytes(in, size), size);
    }
}

/* The registers of a mode that programs set: text, planes, 256 colours. */
static void vga_mode(struct pc *pc, unsigned n)
{
    static const uint8_t mode[][8] = {
        /* misc, map mask, memory mode, gfx mode, gfx misc, byte mode, offset,
         * attribute mode */
        {0x67, 0x03, 0x02, 0x10, 0x0e, 0xa3, 0x28, 0x0c},
        {0xe3, 0x0f, 0x06, 0x00, 0x05, 0xe3, 0x28, 0x01},
        {0x63, 0x0f, 0x0e, 0x40, 0x05, 0xa3, 0x28, 0x41},
        {0x63, 0x0f, 0x06, 0x40, 0x05, 0xe3, 0x28, 0x41},
        {0x63, 0x03, 0x02, 0x30, 0x0f, 0xa2, 0x14, 0x01},
    };
    const uint8_t *v = mode[n % ARRAY_LEN(mode)];
    pc_out(pc, 0x3c2, v[0], 1);
    pc_out(pc, 0x3c4, 2 | v[1] << 8, 2);
    pc_out(pc, 0x3c4, 4 | v[2] << 8, 2);
    pc_out(pc, 0x3ce, 5 | v[3] << 8, 2);
    pc_out(pc, 0x3ce, 6 | v[4] << 8, 2);
    pc_out(pc, 0x3d4, 0x11, 2);
    pc_out(pc, 0x3d4, 0x17 | v[5] << 8, 2);
    pc_out(pc, 0x3d4, 0x13 | v[6] << 8, 2);
    pc_in(pc, 0x3da, 1);
    pc_out(pc, 0x3c0, 0x10, 1);
    pc_out(pc, 0x3c0, v[7], 1);
    pc_out(pc, 0x3c0, 0x20, 1);
}

static void drive_vga(struct pc *pc, struct fuzz_input *in)
{
    unsigned n = fuzz_u8(in);
    uint64_t at = 0xa0000 + fuzz_u16(in) * 2ull;
    vga_mode(pc, n);
    if (n & 0x80)
        drive_indexed(pc, in);
    for (unsigned k = n >> 4 & 7; k > 0; k--, at += 0x1001)
        if (n & 8)
            addrspace_read(pc->m->memory, at, 1u << (k & 3));
        else
            addrspace_write(pc->m->memory, at, fuzz_bytes(in, 4),
                            1u << (k & 3));
    machine_frame(pc->m);
}

static void drive_dispi(struct pc *pc, struct fuzz_input *in)
{
    static const uint16_t width[] = {0, 1, 8, 640, 1024, 1920, 2560, 0xffff};
    static const uint16_t height[] = {0, 1, 200, 480, 1080, 1600, 0x7fff, 2};
    static const uint8_t bpp[] = {0, 4, 8, 15, 16, 24, 32, 1};
    unsigned n = fuzz_u8(in), k = fuzz_u8(in);
    const uint16_t value[] = {
        [1] = width[n & 7],   [2] = height[n >> 3 & 7],
        [3] = bpp[k & 7],     [4] = (uint16_t)(k & 0x10 ? 0x41 : k >> 1 & 0xe1),
        [5] = fuzz_u8(in),    [6] = width[n >> 5],
        [7] = height[k >> 5], [8] = fuzz_u16(in),
        [9] = fuzz_u16(in)};
    for (unsigned order = 0; order < 2; order++)
        for (unsigned r = 1; r < ARRAY_LEN(value); r++)
            if ((r == 4) == order) {
                pc_out(pc, 0x1ce, r, 2);
                pc_out(pc, 0x1cf, value[r], 2);
            }
    addrspace_write(pc->m->memory, 0xa0000 + fuzz_u16(in), n, 4);
    addrspace_write(pc->m->memory, 0xe0000000u + fuzz_bytes(in, 3), k, 4);
    machine_frame(pc->m);
}

/* ---- fw_cfg */

static void drive_fw_cfg(struct pc *pc, struct fuzz_input *in)
{
    uint32_t control =
        (uint32_t)(fuzz_u8(in) & 0x3f) << 16 | (fuzz_u8(in) & 0x1f);
    uint32_t size = fuzz_bytes(in, fuzz_u8(in) % 5), to = dma_address(in);
    uint32_t at = fuzz_u8(in) & 1 ? dma_address(in) : PC_TABLES;
    uint8_t request[16] = {0};
    for (unsigned n = 0; n < 4; n++) {
        request[n] = (uint8_t)(control >> (24 - 8 * n));
        request[4 + n] = (uint8_t)(size >> (24 - 8 * n));
        request[12 + n] = (uint8_t)(to >> (24 - 8 * n));
    }
    addrspace_write_block(pc->m->memory, at, request, sizeof request);
    pc_out(pc, 0x518,
           at >> 24 | (at >> 8 & 0xff00) | (at & 0xff00) << 8 | at << 24, 4);
}

/* ---- keyboard controller */

static void drive_kbc(struct pc *pc, struct fuzz_input *in)
{
    static const uint8_t controller[] = {0x20, 0x60, 0xa7, 0xa8, 0xa9, 0xaa,
                                         0xab, 0xad, 0xae, 0xc0, 0xd0, 0xd1,
                                         0xd2, 0xd3, 0xd4, 0xd4, 0xfe, 0xdd};
    static const uint8_t device[] = {0xed, 0xee, 0xf0, 0xf2, 0xf3, 0xf4,
                                     0xf5, 0xf6, 0xff, 0xe6, 0xe7, 0xe8,
                                     0xe9, 0xea, 0xeb, 0xec, 0xee, 0xf0};
    unsigned n = fuzz_u8(in);
    if (n & 1)
        pc_out(pc, 0x64, PICK(in, controller), 1);
    if (n & 2)
        pc_out(pc, 0x60, PICK(in, device), 1);
    if (n & 4) {
        wait(pc, in);
        pc_out(pc, 0x60, fuzz_u8(in), 1);
    }
    for (unsigned k = n >> 4; k > 0; k--) {
        pc_pass(pc, 1000000);
        pc_in(pc, 0x60, 1);
    }
}

/* ---- timers */

static void drive_timers(struct pc *pc, struct fuzz_input *in)
{
    unsigned n = fuzz_u8(in), counter = n & 3;
    pc_out(pc, 0x43, counter << 6 | (fuzz_u8(in) & 0x3f), 1);
    pc_out(pc, 0x40 + counter % 3, fuzz_u8(in), 1);
    pc_out(pc, 0x40 + counter % 3, fuzz_u8(in), 1);
    if (n & 4)
        pc_out(pc, 0x61, fuzz_u8(in), 1);
    if (n & 8) { /* alarm, periodic */
        pc_out(pc, 0x70, 0x0a, 1);
        pc_out(pc, 0x71, 0x20 | n >> 4, 1);
        pc_out(pc, 0x70, 0x0b, 1);
        pc_out(pc, 0x71, fuzz_u8(in), 1);
    }
    wait(pc, in);
}

/* The local APIC's timer and interrupts between processors. */
static void drive_apic(struct pc *pc, struct fuzz_input *in)
{
    static const uint16_t reg[] = {0x080, 0x0b0, 0x0d0, 0x0e0, 0x0f0, 0x280,
                                   0x300, 0x310, 0x320, 0x350, 0x360, 0x370,
                                   0x380, 0x3e0, 0x330, 0x340};
    unsigned n = fuzz_u8(in);
    for (unsigned k = n & 7; k > 0; k--) {
        unsigned r = fuzz_u8(in);
        addrspace_write(pc->m->memory, 0xfee00000 + reg[r & 15],
                        fuzz_bytes(in, r & 0x80 ? 4 : 2), 4);
    }
    for (unsigned k = n >> 3 & 3; k > 0; k--) {
        addrspace_write(pc->m->memory, 0xfec00000, fuzz_u8(in) & 63, 4);
        addrspace_write(pc->m->memory, 0xfec00010, fuzz_bytes(in, 4), 4);
    }
    wait(pc, in);
}

/* A comparator: its mode, its route, its time; then the counter runs. */
static void drive_hpet(struct pc *pc, struct fuzz_input *in)
{
    static const uint8_t reg[] = {0x00, 0x10, 0x20, 0xf0, 0xf4, 0x08};
    unsigned n = fuzz_u8(in);
    uint64_t timer = 0xfed00100 + (n & 7) * 0x20;
    struct addrspace *memory = pc->m->memory;
    addrspace_write(memory, timer, fuzz_bytes(in, 2), n & 8 ? 8 : 4);
    addrspace_write(memory, timer + 0x10, fee_address(in), 8); /* FSB */
    for (unsigned k = n >> 4 & 3; k > 0; k--) /* also the period */
        addrspace_write(memory, timer + 8, fuzz_bytes(in, 4), k & 1 ? 4 : 8);
    addrspace_write(memory, 0xfed00010, n >> 6, 4);
    wait(pc, in);
    n = fuzz_u8(in);
    addrspace_write(memory, 0xfed00000 + reg[n % sizeof reg],
                    fuzz_bytes(in, n >> 6), 8);
    addrspace_read(memory, 0xfed000f0, n & 0x20 ? 8 : 4);
    wait(pc, in);
}

/* ---- PCI */

uint32_t pc_config_address(unsigned devfn, unsigned offset)
{
    return 0x80000000u | (devfn & 0xff) << 8 | (offset & 0xfc);
}

/* A function that is there, any register, or one of a capability. */
static void drive_pci(struct pc *pc, struct fuzz_input *in)
{
    unsigned skip = fuzz_u8(in) % 16, how = fuzz_u8(in), at = fuzz_u8(in);
    unsigned devfn = 0, size = 1u << (how & 3) % 3;
    for (unsigned n = 0; n < PCI_FUNCTIONS * 16; n++) {
        devfn = n & 0xff;
        pc_out(pc, 0xcf8, pc_config_address(devfn, 0), 4);
        if (pc_in(pc, 0xcfc, 4) != 0xffffffff && !skip--)
            break;
    }
    if (how & 4) { /* behind the first capability */
        pc_out(pc, 0xcf8, pc_config_address(devfn, 0x34), 4);
        at = (unsigned)pc_in(pc, 0xcfc, 1) + (at & 15);
    } else if (how & 8) { /* base registers, command */
        at = 4 + at % 0x30;
    }
    at &= 0x100 - size;
    pc_out(pc, 0xcf8, pc_config_address(devfn, at), 4);
    if (how & 0x10)
        pc_in(pc, 0xcfc + (at & 3), size);
    else
        pc_out(pc, 0xcfc + (at & 3), fuzz_bytes(in, size), size);
}

/* ---- SMBus */

static void drive_smbus(struct pc *pc, struct fuzz_input *in)
{
    unsigned n = fuzz_u8(in);
    pc_out(pc, 0xb100, 0x1e, 1);
    pc_out(pc, 0xb104, n & 1 ? 0xa0 | (n >> 1 & 15) : fuzz_u8(in), 1);
    pc_out(pc, 0xb103, fuzz_u8(in), 1);
    pc_out(pc, 0xb105, fuzz_u8(in), 1);
    pc_out(pc, 0xb106, fuzz_u8(in), 1);
    pc_out(pc, 0xb102, 0x40 | (n >> 3 & 0x1f), 1);
    wait(pc, in);
    for (unsigned k = 0; k < 8; k++)
        pc_in(pc, 0xb100 + k, 1);
    if (n & 2)
        for (unsigned k = 0; k < 34; k++)
            pc_in(pc, 0xb107, 1);
}

/* ---- flash: commands of CFI to every range of ROM that takes writes */

static void drive_flash(struct pc *pc, struct fuzz_input *in)
{
    static const uint8_t command[] = {0x10, 0x40, 0x20, 0xd0, 0xe8, 0x50,
                                      0x60, 0x01, 0x70, 0x90, 0x98, 0xff,
                                      0xb0, 0xc0, 0x00, 0xf0, 0xaa, 0x55};
    struct pc_place all[PC_MAX_PLACES], place;
    unsigned count = pc_places(pc, all), roms = 0, n = fuzz_u8(in);
    for (unsigned k = 0; k < count; k++)
        if (all[k].region->kind == REGION_ROM || all[k].size >= 0x8000)
            all[roms++] = all[k];
    if (!roms)
        return;
    place = all[n % roms];
    for (unsigned k = fuzz_u8(in) & 31; k > 0; k--) {
        uint64_t at = place.base + fuzz_bytes(in, 3) % place.size;
        unsigned what = fuzz_u8(in);
        if (what & 0x80)
            addrspace_read(place.space, at, 1u << (what & 3));
        else
            addrspace_write(place.space, at, command[what % sizeof command],
                            what & 0x40 ? 1 : 4);
    }
}

/* ---- serial and parallel ports */

static void drive_serial(struct pc *pc, struct fuzz_input *in)
{
    static const uint16_t base[] = {0x3f8, 0x2f8, 0x3e8, 0x2e8,
                                    0x378, 0x278, 0x3bc, 0x200};
    unsigned n = fuzz_u8(in), at = base[n % ARRAY_LEN(base)];
    uint8_t data[16];
    for (unsigned k = n >> 3; k > 0; k--) {
        unsigned what = fuzz_u8(in);
        if (what & 0x80)
            pc_in(pc, at + (what & 7), 1);
        else
            pc_out(pc, at + (what & 7), fuzz_u8(in), 1);
    }
    if (n & 1)
        machine_serial_input(pc->m, n >> 1 & 3, data,
                             fuzz_copy(in, data, sizeof data));
    wait(pc, in);
}

const struct driver drivers[] = {
    {"ata", drive_ata},
    {"atapi", drive_atapi},
    {"busmaster", drive_busmaster},
    {"isa-dma", drive_isa_dma},
    {"floppy", drive_floppy},
    {"indexed", drive_indexed},
    {"vga", drive_vga},
    {"dispi", drive_dispi},
    {"fw_cfg", drive_fw_cfg},
    {"kbc", drive_kbc},
    {"timers", drive_timers},
    {"apic", drive_apic},
    {"pci", drive_pci},
    {"smbus", drive_smbus},
    {"flash", drive_flash},
    {"hpet", drive_hpet},
    {"serial", drive_serial},
};
const unsigned driver_count = ARRAY_LEN(drivers);
