/* fuzz_devices - ports, MMIO, DMA descriptors, PCI configuration, media and
 * time, in any order, on the whole board. The CPU stands in HLT.
 *
 * Input: a sequence of operations, one byte each and its operands; among
 * them whole sequences of drivers (drivers.c), and accesses to ranges that
 * are asked of the maps (pc.c), so that no chip is left out. An input of one
 * byte is a sweep: values that follow from it to every range and to all
 * configuration space. What must hold: no assertion, no sanitizer report, an
 * end within seconds, and (for some inputs) that a second board ends in the
 * same state.
 * Alone: make tests/fuzz/fuzz_devices && tests/fuzz/fuzz_devices FILE... */
#include "tests/fuzz/drivers.h"

#include "devices/pci.h"
#include "devices/vga_draw.h"

enum { MAX_OPERATIONS = 300, SWEEP_RANGE = 256 };

/* ---- where things are */

/* Places that are good to know besides those of the maps: RAM of text and
 * graphics, and what firmware and PCI move about. */
static const uint64_t windows[] = {0xa0000,    0xb8000,    0xfee00000,
                                   0xfec00000, 0xe0000000, 0xfd000000,
                                   0xfffc0000, PC_TABLES};

/* First port of a part and how many there are. */
static const struct {
    uint16_t base, count;
} parts[] = {
    {0x000, 16}, {0x020, 2},   {0x040, 4},   {0x060, 5},  {0x070, 2},
    {0x080, 16}, {0x092, 1},   {0x0a0, 2},   {0x0c0, 32}, {0x0f0, 2},
    {0x170, 8},  {0x1f0, 8},   {0x376, 1},   {0x3b0, 12}, {0x3c0, 32},
    {0x3f0, 8},  {0x3f8, 8},   {0x2f8, 8},   {0x402, 1},  {0x4d0, 2},
    {0x510, 12}, {0xcf8, 8},   {0xc000, 16}, {0x600, 64}, {0xb000, 64},
    {0x1ce, 3},  {0xb100, 16}, {0x0e9, 1},
};

static uint16_t port(struct fuzz_input *in)
{
    unsigned n = fuzz_u8(in), at = fuzz_u8(in);
    if (n >= 0xf8)
        return (uint16_t)(n << 8 | at);
    n %= ARRAY_LEN(parts);
    return (uint16_t)(parts[n].base + at % parts[n].count);
}

static uint64_t address(struct fuzz_input *in)
{
    unsigned n = fuzz_u8(in);
    uint64_t at = fuzz_u16(in);
    return windows[n % ARRAY_LEN(windows)] + (at << (n >> 6 & 3)) % 0x40000;
}

static unsigned width(unsigned operation)
{
    return 1u << (operation >> 5) % 3;
}

/* As registers like them: nothing, everything, one bit, small, any. */
static uint64_t value(struct fuzz_input *in, unsigned size)
{
    unsigned how = fuzz_u8(in);
    switch (how >> 6) {
    case 0:
        return how & 63;
    case 1:
        return 1ull << (how & 63);
    case 2:
        return how & 32 ? ~(1ull << (how & 31)) : UINT64_MAX >> (how & 31);
    default:
        return fuzz_bytes(in, size);
    }
}

/* ---- operations */

static void configure(struct pc *pc, struct fuzz_input *in)
{
    unsigned where = fuzz_u16(in);
    /* bus 0, the slots that are taken */
    pc_out(pc, 0xcf8,
           0x80000000u | (where & 3) << 11 | (where & 0x1c) << 6 |
               (where >> 8 & 0xfc),
           4);
    pc_out(pc, 0xcfc, fuzz_bytes(in, 4), 4);
}

static void change_medium(struct pc *pc, struct fuzz_input *in)
{
    unsigned n = fuzz_u8(in), drive = n % MACHINE_DRIVES;
    char error[MACHINE_ERROR_SIZE];
    struct machine_media media = {.path = pc_medium(n & 0x80     ? n >> 4 & 7
                                                    : n >> 4 & 1 ? 2
                                                                 : 0),
                                  .cdrom = drive >= DRIVE_HDA,
                                  .read_only = n & 0x20,
                                  .snapshot = true};
    if (n & 8)
        machine_eject(pc->m, drive, error);
    else
        machine_insert(pc->m, drive, &media, error);
}

static void put_bytes(struct pc *pc, struct fuzz_input *in)
{
    uint8_t data[64];
    unsigned at = fuzz_u16(in), size = fuzz_u8(in) % sizeof data;
    size = (unsigned)fuzz_copy(in, data, size);
    addrspace_write_block(pc->m->memory, PC_TABLES + at % 0x1000, data, size);
}

static void input(struct pc *pc, struct fuzz_input *in)
{
    unsigned what = fuzz_u8(in), n = fuzz_u8(in);
    uint8_t byte = (uint8_t)n;
    switch (what & 3) {
    case 0:
        machine_key(pc->m, what & 4 ? 0xe000 | n : n, what & 8);
        break;
    case 1:
        machine_pointer(pc->m, (int8_t)n, (int8_t)(what << 2), what >> 6,
                        n & 7);
        break;
    case 2:
        machine_serial_input(pc->m, what >> 2 & 3, &byte, 1);
        break;
    default:
        machine_power_button(pc->m);
        break;
    }
}

/* What is plugged in at the back, and whether it is ready. */
static void other_end(struct pc *pc, struct fuzz_input *in)
{
    unsigned what = fuzz_u8(in), n = fuzz_u8(in);
    switch (what & 7) {
    case 0:
    case 1:
        machine_serial_hold(pc->m, what >> 4 & 3, n & 1);
        break;
    case 2:
        machine_serial_modem(pc->m, what >> 4 & 3, n);
        break;
    case 3:
        machine_serial_break(pc->m, what >> 4 & 3);
        break;
    case 4:
        machine_parallel_hold(pc->m, (what >> 4 & 3) % 3, n & 1);
        break;
    default:
        machine_joystick(pc->m, what >> 4 & 1, what & 8, (int8_t)n * 300,
                         (int8_t)(what ^ n) * 300, n >> 4);
        break;
    }
}

static void look(struct pc *pc)
{
    char text[256];
    machine_frame(pc->m);
    machine_text(pc->m, text, sizeof text);
}

static void access_place(struct pc *pc, struct fuzz_input *in, unsigned size,
                         bool write)
{
    struct pc_place place;
    uint64_t at;
    if (!pc_choose(pc, fuzz_u8(in), &place))
        return;
    at = place.base + fuzz_bytes(in, place.size > 0x10000 ? 3 : 2) % place.size;
    if (write)
        addrspace_write(place.space, at, value(in, size), size);
    else
        addrspace_read(place.space, at, size);
}

/* From here on accesses go to one part only, as a driver's do. */
static void choose_focus(struct pc *pc, struct fuzz_input *in)
{
    struct pc_place place;
    unsigned n = fuzz_u8(in);
    pc->focus = NULL;
    if (n && pc_choose(pc, n, &place))
        pc->focus = place.region->name;
}

/* What this reaches at first is what most inputs are made of. */
static void operate(struct pc *pc, struct fuzz_input *in)
{
    unsigned operation = fuzz_u8(in), size = width(operation), n;
    uint64_t at;
    switch (operation & 31) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4:
    case 5:
        at = port(in);
        pc_out(pc, (unsigned)at, fuzz_bytes(in, size), size);
        break;
    case 6:
    case 7:
    case 8:
        pc_in(pc, port(in), size);
        break;
    case 9:
    case 10:
    case 11:
        at = address(in);
        addrspace_write(pc->m->memory, at, fuzz_bytes(in, size), size);
        break;
    case 12:
        addrspace_read(pc->m->memory, address(in), size);
        break;
    case 13:
    case 14:
        configure(pc, in);
        break;
    case 15:
        change_medium(pc, in);
        break;
    case 16:
    case 17:
        put_bytes(pc, in);
        break;
    case 18:
        input(pc, in);
        break;
    case 19:
        look(pc);
        break;
    case 20:
        other_end(pc, in);
        break;
    case 21:
    case 22:
        access_place(pc, in, size, true);
        break;
    case 23:
        access_place(pc, in, size, false);
        break;
    case 24:
    case 25:
        n = fuzz_u8(in);
        drivers[n % driver_count].run(pc, in);
        break;
    case 26:
        choose_focus(pc, in);
        break;
    case 27: /* long: up to half a minute */
        pc_pass(pc, 1000000000ull * (fuzz_u8(in) & 31));
        break;
    default:
        n = fuzz_u8(in);
        pc_pass(pc,
                min_u64((uint64_t)(1 + (n & 7)) << (n >> 3) % 28, 1000000000));
        break;
    }
}

/* ---- a sweep */

static void sweep_place(const struct pc_place *place, unsigned seed)
{
    for (uint64_t at = 0; at < place->size && at < SWEEP_RANGE; at++) {
        unsigned size = 1u << (at + seed) % 3;
        uint64_t v = (at + 1) * 0x9e3779b97f4a7c15u >> (seed % 56);
        addrspace_write(place->space, place->base + at, v, size);
        addrspace_read(place->space, place->base + at, size);
    }
}

/* Accesses move what is on the map, so it is asked anew for each. */
static void sweep(struct pc *pc, unsigned seed)
{
    struct pc_place place[PC_MAX_PLACES];
    for (unsigned n = 0; n < PC_MAX_PLACES; n++) {
        if (n >= pc_places(pc, place))
            break;
        sweep_place(&place[n], seed);
        pc_pass(pc, 1000000);
    }
    for (unsigned devfn = 0; devfn < PCI_FUNCTIONS; devfn++)
        for (unsigned at = 4; at < PCI_CONFIG_SIZE; at += 4) {
            pc_out(pc, 0xcf8, pc_config_address(devfn, at), 4);
            pc_out(pc, 0xcfc, (at + seed) * 0x9e3779b1u, 4);
            pc_in(pc, 0xcfc, 4);
        }
    pc_pass(pc, 1000000000);
}

/* The board at the end; the caller destroys it. */
static struct pc *play(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    struct pc *pc = pc_create();
    if (size == 1)
        sweep(pc, data[0]);
    else
        for (unsigned n = 0; n < MAX_OPERATIONS && in.left; n++)
            operate(pc, &in);
    look(pc);
    return pc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pc *pc = play(data, size);
    if (size && data[size - 1] % 16 == 0) { /* hashing takes most time */
        struct pc *again = play(data, size);
        if (machine_hash(again->m) != machine_hash(pc->m) ||
            again->told != pc->told)
            FUZZ_FAIL("the same input gave another state");
        pc_destroy(again);
    }
    pc_destroy(pc);
    return 0;
}
