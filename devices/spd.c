/* spd.c - memory modules and the EEPROMs that describe them.
 *
 * Manuals: JEDEC 21-C, 4.1.2.5 (SDRAM) and 4.1.2.10 (DDR2 SDRAM), "Serial
 * Presence Detect"; Atmel 0180 "AT24C02". Modelled: 256 bytes in each of up
 * to eight modules, SDRAM of 4 MiB to 1 GiB in PCs of up to 2 GiB, DDR2 of
 * 128 MiB to 32 GiB in others; reading at an address and on from there.
 * Not modelled: writing (the modules' write protection is on). */
#include "devices/spd.h"

#include "devices/smbus.h"

#include <stdio.h>
#include <stdlib.h>

#define MIB 0x100000ull

enum {
    TYPE_SDRAM = 4,
    TYPE_DDR2 = 8,
    USED_BYTES = 128,
    CHECKSUM = 63,
    PART_NUMBER = 73,
    SERIAL = 95
};

/* Sizes of one row of chips, smallest first; its bit in byte 31. */
struct kind {
    uint8_t type;
    uint64_t smallest, largest_row;
};

static const struct kind sdram = {TYPE_SDRAM, 4 * MIB, 512 * MIB};
static const struct kind ddr2 = {TYPE_DDR2, 128 * MIB, 16384 * MIB};

struct eeprom {
    uint8_t pointer;
    /* TRANSIENT */
    bool addressed; /* the next byte written is the pointer */
    uint8_t data[SPD_SIZE];
};

struct spd {
    struct device device;
    struct eeprom slot[SPD_SLOTS];
};

static const struct state_field spd_fields[] = {
    FIELD_OF(struct spd, U8, slot, pointer),
    FIELD_END,
};

static const struct kind *kind_of(uint64_t ram_bytes)
{
    return ram_bytes <= 2048 * MIB ? &sdram : &ddr2;
}

void spd_modules(uint64_t ram_bytes, uint64_t module[SPD_SLOTS])
{
    const struct kind *kind = kind_of(ram_bytes);
    uint64_t size = 2 * kind->largest_row;

    for (unsigned i = 0; i < SPD_SLOTS; i++) {
        while (size > ram_bytes && size >= kind->smallest)
            size /= 2;
        module[i] = size >= kind->smallest ? size : 0;
        ram_bytes -= module[i];
    }
}

static unsigned log2_of(uint64_t size)
{
    unsigned n = 0;

    while (size >>= 1)
        n++;
    return n;
}

/* Byte 31: SDRAM counts from 4 MiB up to 512 MiB; DDR2 keeps these bits from
 * 128 MiB on and gives the lower ones to 1 GiB and more. */
static uint8_t density_bit(uint64_t row)
{
    unsigned n = log2_of(row / (4 * MIB));

    return (uint8_t)(1u << (n & 7));
}

/* Addresses: 2^(rows + columns) cells in each bank, of 8 bytes. */
static void fill_geometry(uint8_t *d, uint64_t row, unsigned banks)
{
    unsigned bits = log2_of(row) - 3 - log2_of(banks);
    unsigned rows = bits >= 28 ? 16 : bits >= 24 ? 14 : bits >= 21 ? 12 : 11;

    d[3] = (uint8_t)rows;
    d[4] = (uint8_t)(bits - rows);
    d[17] = (uint8_t)banks;
    d[31] = density_bit(row);
}

/* Offset and value, PC100 CL3. */
static const uint8_t sdram_bytes[][2] = {
    {8, 0x01},  {9, 0xA0},  {10, 0x60}, {12, 0x80},  {13, 8},    {15, 1},
    {16, 0x8F}, {18, 0x04}, {19, 1},    {20, 1},     {22, 0x0E}, {27, 20},
    {28, 20},   {29, 20},   {30, 50},   {32, 0x20},  {33, 0x10}, {34, 0x20},
    {35, 0x10}, {62, 0x12}, {126, 100}, {127, 0x8F},
};

/* The same for DDR2-400, CL3. */
static const uint8_t ddr2_bytes[][2] = {
    {8, 0x05},  {9, 0x50},  {10, 0x60}, {12, 0x82}, {13, 8},    {16, 0x0C},
    {18, 0x08}, {20, 0x02}, {22, 0x01}, {27, 0x3C}, {28, 0x1E}, {29, 0x3C},
    {30, 40},   {32, 0x35}, {33, 0x47}, {34, 0x15}, {35, 0x27}, {36, 0x3C},
    {37, 0x28}, {38, 0x1E}, {41, 55},   {42, 105},  {43, 0x80}, {62, 0x12},
};

static void fill_times(uint8_t *d, const uint8_t (*table)[2], size_t count)
{
    for (size_t i = 0; i < count; i++)
        d[table[i][0]] = table[i][1];
}

static void fill_module(uint8_t *d, const struct kind *kind, uint64_t size,
                        unsigned slot)
{
    unsigned sides = size > kind->largest_row ? 2 : 1;
    bool is_ddr2 = kind->type == TYPE_DDR2;
    uint64_t row = size / sides;
    char name[32];
    uint8_t sum = 0;

    memset(d, 0, SPD_SIZE);
    d[0] = USED_BYTES;
    d[1] = 8; /* 2^8 bytes */
    d[2] = kind->type;
    d[5] = (uint8_t)(is_ddr2 ? sides - 1 : sides);
    d[6] = 64;
    if (is_ddr2)
        fill_times(d, ddr2_bytes, ARRAY_LEN(ddr2_bytes));
    else
        fill_times(d, sdram_bytes, ARRAY_LEN(sdram_bytes));
    fill_geometry(d, row,
                  is_ddr2 && row >= 1024 * MIB ? 8
                  : row < 16 * MIB             ? 2
                                               : 4);
    for (unsigned i = 0; i < CHECKSUM; i++)
        sum += d[i];
    d[CHECKSUM] = sum;
    snprintf(name, sizeof name, "UMBRA-%-12u", (unsigned)(size / MIB));
    memcpy(d + PART_NUMBER, name, 18);
    d[SERIAL + 3] = (uint8_t)(slot + 1);
}

/* On the bus */

static void eeprom_start(void *opaque, bool read)
{
    ((struct eeprom *)opaque)->addressed = !read;
}

static void eeprom_write(void *opaque, uint8_t value)
{
    struct eeprom *e = opaque;

    if (e->addressed)
        e->pointer = value;
    e->addressed = false;
}

static uint8_t eeprom_read(void *opaque)
{
    struct eeprom *e = opaque;

    return e->data[e->pointer++];
}

static void spd_reset(struct device *device)
{
    struct spd *spd = CONTAINER_OF(device, struct spd, device);

    for (unsigned i = 0; i < SPD_SLOTS; i++)
        spd->slot[i].pointer = 0;
}

static void spd_destroy(struct device *device)
{
    free(CONTAINER_OF(device, struct spd, device));
}

static const struct device_ops spd_ops = {
    .name = "spd",
    .description = "memory modules' EEPROMs",
    .version = 1,
    .fields = spd_fields,
    .reset = spd_reset,
    .destroy = spd_destroy,
};

struct device *spd_device(struct spd *spd)
{
    return &spd->device;
}

struct spd *spd_create(uint64_t ram_bytes, struct smbus *bus, struct log *log)
{
    struct spd *spd = calloc(1, sizeof *spd);
    uint64_t module[SPD_SLOTS];

    if (!spd)
        return NULL;
    device_init(&spd->device, &spd_ops, "spd", log);
    spd_modules(ram_bytes, module);
    for (unsigned i = 0; i < SPD_SLOTS; i++) {
        if (!module[i])
            continue;
        fill_module(spd->slot[i].data, kind_of(ram_bytes), module[i], i);
        smbus_attach(bus, &(struct smbus_target){
                              .address = (uint8_t)(SPD_ADDRESS + i),
                              .start = eeprom_start,
                              .write = eeprom_write,
                              .read = eeprom_read,
                              .opaque = &spd->slot[i],
                          });
    }
    return spd;
}
