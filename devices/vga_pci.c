/* vga_pci.c - the VGA as PCI function 1234:1111.
 *
 * BAR0: linear frame buffer, 16 MiB of RAM. BAR2: registers, 4 KiB: EDID at
 * 000, VGA ports 3C0-3DF at 400, DISPI registers (words) at 500, at 600 the
 * size of a last block (8) and at 604 the frame buffer's byte order, which
 * counts for modes of 15 bits per pixel and more. Expansion ROM: the BIOS of
 * the card. The legacy window and ports are always decoded.
 *
 * EDID after VESA E-EDID 1.3. */
#include "devices/vga_state.h"

#include <stdio.h>

enum {
    REGISTERS_SIZE = 0x1000,
    REGISTERS_PORTS = 0x400,
    REGISTERS_DISPI = 0x500,
    REGISTERS_ORDER = 0x600,
    ORDER_SIZE = 8,
    REVISION = 2, /* from which on there is something at 600 */
    ROM_MAX = 1 << 20,
};

#define ORDER_LITTLE 0x1E1E1E1Eu
#define ORDER_BIG    0xBEBEBEBEu

/* ---- EDID */

/* One detailed timing (E-EDID 3.10.2), in pixels and lines. */
static void edid_timing(uint8_t *d, unsigned clock_10khz, unsigned width,
                        unsigned h_blank, unsigned h_front, unsigned h_sync,
                        unsigned height, unsigned v_blank, unsigned v_front,
                        unsigned v_sync)
{
    store_le16(d, (uint16_t)clock_10khz);
    d[2] = (uint8_t)width;
    d[3] = (uint8_t)h_blank;
    d[4] = (uint8_t)(width >> 8 << 4 | h_blank >> 8);
    d[5] = (uint8_t)height;
    d[6] = (uint8_t)v_blank;
    d[7] = (uint8_t)(height >> 8 << 4 | v_blank >> 8);
    d[8] = (uint8_t)h_front;
    d[9] = (uint8_t)h_sync;
    d[10] = (uint8_t)((v_front & 15) << 4 | (v_sync & 15));
    d[11] = (uint8_t)(h_front >> 8 << 6 | h_sync >> 8 << 4);
    d[12] = 0x46; /* 326 x 245 mm */
    d[13] = 0xF5;
    d[14] = 0x10;
    d[17] = 0x1E; /* digital separate sync, both positive */
}

static void edid_fill(uint8_t edid[128])
{
    static const uint8_t head[] = {
        0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x55, 0xA2, /* maker
                                                                       "UMB" */
        0x01, 0x00,             /* product */
        0x01, 0x00, 0x00, 0x00, /* serial number */
        0x01, 0x22,             /* week 1 of 2024 */
        0x01, 0x03,             /* E-EDID 1.3 */
        0x80, 33,   25,   0x78, /* digital, cm, gamma 2.2 */
        0x0A,                   /* RGB, preferred timing is the first */
        0xEE, 0x91, 0xA3, 0x54, 0x4C, 0x99, 0x26, 0x0F, 0x50, 0x54, 0x21,
        0x08, 0x00, /* 640x480, 800x600, 1024x768 at 60 Hz */
        0x81, 0x80, /* 1280x1024 */
        0x81, 0x00, /* 1280x800 */
        0x81, 0x40, /* 1280x960 */
        0x95, 0x00, /* 1440x900 */
        0xA9, 0x40, /* 1600x1200 */
        0xD1, 0xC0, /* 1920x1080 */
        0x01, 0x01, 0x01, 0x01};
    static const uint8_t name[18] = {0,   0,   0,   0xFC, 0,    'U',
                                     'm', 'b', 'r', 'a',  '\n', ' ',
                                     ' ', ' ', ' ', ' ',  ' ',  ' '};
    /* 50-75 Hz, 30-80 kHz, 160 MHz */
    static const uint8_t range[18] = {0,   0,   0,   0xFD, 0,   50,
                                      75,  30,  80,  16,   0,   '\n',
                                      ' ', ' ', ' ', ' ',  ' ', ' '};
    uint8_t sum = 0;

    memset(edid, 0, 128);
    memcpy(edid, head, sizeof head);
    edid_timing(edid + 54, 6500, 1024, 320, 24, 136, 768, 38, 3, 6);
    memcpy(edid + 72, name, sizeof name);
    memcpy(edid + 90, range, sizeof range);
    edid[111] = 0x10; /* fourth descriptor: unused */
    for (unsigned i = 0; i < 127; i++)
        sum += edid[i];
    edid[127] = (uint8_t)-sum;
}

/* ---- BAR2 */

static uint8_t read_register_byte(struct vga *vga, unsigned offset)
{
    if (offset < sizeof vga->edid)
        return vga->edid[offset];
    if (offset >= REGISTERS_PORTS && offset < REGISTERS_PORTS + 0x20)
        return vga_port_read(vga, 0x3C0 + offset - REGISTERS_PORTS);
    if (offset < 0x100)
        return 0;
    if (offset >= REGISTERS_ORDER && offset < REGISTERS_ORDER + ORDER_SIZE) {
        uint64_t block = (uint64_t)(vga->big_endian ? ORDER_BIG : ORDER_LITTLE)
                             << 32 |
                         ORDER_SIZE;
        return (uint8_t)(block >> 8 * (offset - REGISTERS_ORDER));
    }
    return 0xFF;
}

/* A doubleword covers two. */
static uint64_t read_dispi_registers(struct vga *vga, unsigned index,
                                     unsigned odd)
{
    uint32_t value = vga_dispi_read(vga, index);

    if (index + 1 < DISPI_COUNT)
        value |= (uint32_t)vga_dispi_read(vga, index + 1) << 16;
    return value >> 8 * odd;
}

static uint64_t read_registers(void *opaque, uint64_t offset, unsigned size)
{
    struct vga *vga = opaque;
    unsigned dispi = (unsigned)(offset - REGISTERS_DISPI) / 2;
    uint64_t value = 0;

    if (offset >= REGISTERS_DISPI && dispi < DISPI_COUNT)
        return read_dispi_registers(vga, dispi, offset & 1);
    for (unsigned i = 0; i < size; i++)
        value |= (uint64_t)read_register_byte(vga, (unsigned)offset + i)
                 << 8 * i;
    return value;
}

static void write_order(struct vga *vga, uint32_t value)
{
    if (value != ORDER_LITTLE && value != ORDER_BIG)
        return;
    vga->big_endian = value == ORDER_BIG;
    vga->picture++;
}

static void write_registers(void *opaque, uint64_t offset, uint64_t value,
                            unsigned size)
{
    struct vga *vga = opaque;
    unsigned dispi = (unsigned)(offset - REGISTERS_DISPI) / 2;

    if (offset >= REGISTERS_DISPI && dispi < DISPI_COUNT) {
        vga_dispi_write(vga, dispi, (uint16_t)value);
        if (size == 4)
            vga_dispi_write(vga, dispi + 1, (uint16_t)(value >> 16));
        return;
    }
    if (offset == REGISTERS_ORDER + 4 && size == 4) {
        write_order(vga, (uint32_t)value);
        return;
    }
    for (unsigned i = 0; i < size; i++) {
        unsigned port = (unsigned)offset + i - REGISTERS_PORTS;
        if (offset >= REGISTERS_PORTS && port < 0x20)
            vga_port_write(vga, 0x3C0 + port, (uint8_t)(value >> 8 * i));
    }
}

static const struct region_ops register_ops = {read_registers, write_registers,
                                               4};

/* ---- creation */

static bool create_rom(struct vga *vga, const struct vga_config *config,
                       char *error, size_t error_size)
{
    uint64_t size = PAGE_SIZE;

    if (!config->rom || config->rom_size == 0)
        return true;
    if (config->rom_size > ROM_MAX) {
        snprintf(error, error_size,
                 "VGA BIOS of %zu bytes: at most 1 MiB can be mapped",
                 config->rom_size);
        return false;
    }
    while (size < config->rom_size)
        size *= 2;
    vga->rom = ram_create("vga.rom", size, config->track, error, error_size);
    if (!vga->rom)
        return false;
    memset(vga->rom->host, 0xFF, size);
    memcpy(vga->rom->host, config->rom, config->rom_size);
    vga->bar_rom = (struct region){.name = "vga.rom",
                                   .size = size,
                                   .priority = 1,
                                   .kind = REGION_ROM,
                                   .ram = vga->rom};
    pci_device_set_bar(&vga->pci, PCI_BAR_ROM, PCI_BAR_MEMORY, &vga->bar_rom);
    /* Bochs' BIOS copies the ROM before it turns memory space on. */
    vga->pci.rom_alone = true;
    return true;
}

bool vga_pci_create(struct vga *vga, const struct vga_config *config,
                    char *error, size_t error_size)
{
    static const struct pci_identity identity = {.vendor = 0x1234,
                                                 .device = 0x1111,
                                                 .base_class = 0x03,
                                                 .revision = REVISION};

    edid_fill(vga->edid);
    pci_device_init(&vga->pci, &identity);
    vga->bar_frame_buffer = (struct region){.name = "vga.lfb",
                                            .size = VGA_VRAM_SIZE,
                                            .priority = 1,
                                            .kind = REGION_RAM,
                                            .ram = vga->vram};
    vga->bar_registers = (struct region){.name = "vga.registers",
                                         .size = REGISTERS_SIZE,
                                         .priority = 1,
                                         .kind = REGION_MMIO,
                                         .ops = &register_ops,
                                         .opaque = vga};
    pci_device_set_bar(&vga->pci, 0, PCI_BAR_PREFETCHABLE,
                       &vga->bar_frame_buffer);
    pci_device_set_bar(&vga->pci, 2, PCI_BAR_MEMORY, &vga->bar_registers);
    if (!create_rom(vga, config, error, error_size))
        return false;
    if (!pci_bus_attach(config->pci, &vga->pci, (uint8_t)config->pci_devfn)) {
        snprintf(error, error_size, "PCI place of the VGA is taken");
        return false;
    }
    vga->on_pci = true;
    return true;
}

void vga_pci_destroy(struct vga *vga)
{
    if (vga->on_pci)
        pci_device_detach(&vga->pci);
    if (vga->rom)
        ram_destroy(vga->rom);
}
