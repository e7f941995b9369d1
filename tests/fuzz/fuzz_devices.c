/* fuzz_devices - ports, MMIO, DMA descriptors, PCI configuration, media and
 * time, in any order, on the whole board. The CPU stands in HLT.
 *
 * Input: a sequence of operations, one byte each and its operands. What must
 * hold: no assertion, no sanitizer report, and (for some inputs) that a
 * second board ends in the same state.
 * Alone: make tests/fuzz/fuzz_devices && tests/fuzz/fuzz_devices FILE... */
#define _POSIX_C_SOURCE 200809L
#include <unistd.h>

#include "devices/machine_state.h"
#include "devices/vga_draw.h"
#include "tests/fuzz/fuzz.h"

enum {
    MAX_OPERATIONS = 300,
    ROM_SIZE = 0x10000,
    RAM_SIZE = 2 << 20,
    DISK_SIZE = 1 << 20,
    TABLES = 0x10000, /* RAM that DMA descriptors are put into */
};

/* ---- images and firmware, made once */

static char images[3][32];
static uint8_t rom[ROM_SIZE];

static void make_image(char *path, unsigned n, size_t size)
{
    static uint8_t sector[512];
    int file;
    strcpy(path, "/tmp/umbra-fuzz-XXXXXX");
    file = mkstemp(path);
    if (file < 0)
        FUZZ_FAIL("no temporary file");
    for (size_t at = 0; at < size; at += sizeof sector) {
        memset(sector, (int)(at >> 9), sizeof sector);
        sector[0] = (uint8_t)n;
        if (write(file, sector, sizeof sector) != sizeof sector)
            FUZZ_FAIL("no room for an image");
    }
    close(file);
}

static void remove_images(void)
{
    for (unsigned n = 0; n < ARRAY_LEN(images); n++)
        unlink(images[n]);
}

static void make_host_files(void)
{
    static const uint8_t halt[] = {0xfa, 0xf4, 0xeb, 0xfd}; /* cli; hlt; jmp */
    static const uint8_t vector[] = {0xea, 0, 0, 0, 0xf0};
    make_image(images[0], 0, 720 * 512);
    make_image(images[1], 1, DISK_SIZE);
    make_image(images[2], 2, 64 * 2048);
    atexit(remove_images);
    memcpy(rom, halt, sizeof halt);
    memcpy(rom + ROM_SIZE - 16, vector, sizeof vector);
}

static struct machine *make_board(void)
{
    char error[MACHINE_ERROR_SIZE];
    struct machine_config config = {.ram_bytes = RAM_SIZE,
                                    .bios = rom,
                                    .bios_size = sizeof rom,
                                    .icount_shift = 2,
                                    .rtc_base = 1000000000};
    struct machine *m;
    for (unsigned n = 0; n < MACHINE_DRIVES; n++)
        config.media[n].snapshot = true;
    config.media[DRIVE_FDA].path = images[0];
    config.media[DRIVE_HDA].path = images[1];
    config.media[DRIVE_HDC].path = images[2];
    config.media[DRIVE_HDC].cdrom = true;
    m = machine_create(&config, error);
    if (!m)
        FUZZ_FAIL("%s", error);
    machine_run(m, 10000);
    return m;
}

/* ---- where things are */

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

static const uint64_t windows[] = {0xa0000,    0xb8000,    0xfee00000,
                                   0xfec00000, 0xe0000000, 0xfd000000,
                                   0xfffc0000, TABLES};

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

/* ---- operations */

static void configure(struct machine *m, struct fuzz_input *in)
{
    unsigned where = fuzz_u16(in);
    /* bus 0, the slots that are taken */
    addrspace_write(m->ports, 0xcf8,
                    0x80000000u | (where & 3) << 11 | (where & 0x1c) << 6 |
                        (where >> 8 & 0xfc),
                    4);
    addrspace_write(m->ports, 0xcfc, fuzz_bytes(in, 4), 4);
}

static void change_medium(struct machine *m, struct fuzz_input *in)
{
    unsigned n = fuzz_u8(in), drive = n % MACHINE_DRIVES;
    char error[MACHINE_ERROR_SIZE];
    struct machine_media media = {.path = images[n >> 4 & 1 ? 2 : 0],
                                  .cdrom = drive >= DRIVE_HDA,
                                  .read_only = n & 0x20,
                                  .snapshot = true};
    if (n & 8)
        machine_eject(m, drive, error);
    else
        machine_insert(m, drive, &media, error);
}

static void put_bytes(struct machine *m, struct fuzz_input *in)
{
    uint8_t data[64];
    unsigned at = fuzz_u16(in), size = fuzz_u8(in) % sizeof data;
    size = (unsigned)fuzz_copy(in, data, size);
    addrspace_write_block(m->memory, TABLES + at % 0x1000, data, size);
}

static void input(struct machine *m, struct fuzz_input *in)
{
    unsigned what = fuzz_u8(in), value = fuzz_u8(in);
    uint8_t byte = (uint8_t)value;
    switch (what & 3) {
    case 0:
        machine_key(m, what & 4 ? 0xe000 | value : value, what & 8);
        break;
    case 1:
        machine_pointer(m, (int8_t)value, (int8_t)(what << 2), what >> 6,
                        value & 7);
        break;
    case 2:
        machine_serial_input(m, what >> 2 & 1, &byte, 1);
        break;
    default:
        machine_power_button(m);
        break;
    }
}

static void look(struct machine *m)
{
    char text[256];
    machine_frame(m);
    machine_text(m, text, sizeof text);
}

/* A second of the PC's time at most. */
static void pass_time(struct machine *m, struct fuzz_input *in)
{
    unsigned n = fuzz_u8(in);
    uint64_t ns = (uint64_t)(1 + (n & 7)) << (n >> 3) % 28;
    switch (machine_run(m, ns < 1000000000 ? ns : 1000000000)) {
    case MACHINE_BUDGET:
    case MACHINE_IDLE:
    case MACHINE_STOPPED:
        break;
    default:
        machine_reset(m);
        break;
    }
}

static void operate(struct machine *m, struct fuzz_input *in)
{
    unsigned operation = fuzz_u8(in), size = width(operation);
    uint64_t at;
    switch (operation & 31) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4:
    case 5:
        at = port(in);
        addrspace_write(m->ports, at, fuzz_bytes(in, size), size);
        break;
    case 6:
    case 7:
    case 8:
        addrspace_read(m->ports, port(in), size);
        break;
    case 9:
    case 10:
    case 11:
        at = address(in);
        addrspace_write(m->memory, at, fuzz_bytes(in, size), size);
        break;
    case 12:
        addrspace_read(m->memory, address(in), size);
        break;
    case 13:
    case 14:
        configure(m, in);
        break;
    case 15:
        change_medium(m, in);
        break;
    case 16:
    case 17:
        put_bytes(m, in);
        break;
    case 18:
        input(m, in);
        break;
    case 19:
        look(m);
        break;
    default:
        pass_time(m, in);
        break;
    }
}

static uint64_t play(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    struct machine *m = make_board();
    char error[MACHINE_ERROR_SIZE];
    uint64_t hash;
    for (unsigned n = 0; n < MAX_OPERATIONS && in.left; n++)
        operate(m, &in);
    look(m);
    hash = machine_hash(m);
    machine_destroy(m, error);
    return hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t hash;
    if (!images[0][0])
        make_host_files();
    hash = play(data, size);
    if (size && data[size - 1] % 8 == 0 && play(data, size) != hash)
        FUZZ_FAIL("the same input gave another state");
    return 0;
}
