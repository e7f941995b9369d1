/* vga_rig.h - a VGA on its own buses with a clock set by hand, and the
 * standard modes as a VGA BIOS would program them. */
#ifndef UMBRA_TESTS_DEVICES_VGA_RIG_H
#define UMBRA_TESTS_DEVICES_VGA_RIG_H

#include "devices/vga_draw.h"
#include "devices/vga_state.h"
#include "mmu/track.h"

#include <check.h>
#include <stdlib.h>

struct vga_rig {
    struct log log;
    struct sched sched;
    struct addrspace *memory, *io;
    struct track *track;
    struct pci_bus *pci;
    struct vga *vga;
    struct vga_draw *draw;
    uint64_t now;
    uint8_t rom[5000];
};

enum { VGA_RIG_DEVFN = 2 << 3, VGA_RIG_LFB = 0xE0000000 };
enum { VGA_RIG_REGISTERS = 0xE2000000, VGA_RIG_ROM = 0xE3000000 };

static uint64_t vga_rig_clock(void *opaque)
{
    return ((struct vga_rig *)opaque)->now;
}

static inline void vga_rig_open(struct vga_rig *rig)
{
    char error[256] = "";

    memset(rig, 0, sizeof *rig);
    log_init(&rig->log, NULL, NULL);
    sched_init(&rig->sched, vga_rig_clock, NULL, rig);
    rig->memory = addrspace_create("memory", 0xFFFFFFFF, &rig->log);
    rig->io = addrspace_create("io", 0xFFFF, &rig->log);
    rig->track = track_create();
    rig->pci = pci_bus_create(&(struct pci_bus_config){
        .memory = rig->memory, .ports = rig->io, .log = &rig->log});
    for (unsigned i = 0; i < sizeof rig->rom; i++)
        rig->rom[i] = (uint8_t)(i * 7);
    rig->vga = vga_create(&(struct vga_config){.memory = rig->memory,
                                               .io = rig->io,
                                               .sched = &rig->sched,
                                               .log = &rig->log,
                                               .track = rig->track,
                                               .pci = rig->pci,
                                               .pci_devfn = VGA_RIG_DEVFN,
                                               .rom = rig->rom,
                                               .rom_size = sizeof rig->rom},
                          error, sizeof error);
    ck_assert_msg(rig->vga != NULL, "%s", error);
    rig->draw = vga_draw_create(rig->vga);
}

static inline void vga_rig_close(struct vga_rig *rig)
{
    vga_draw_destroy(rig->draw);
    vga_ops.destroy(vga_device(rig->vga));
    pci_bus_device(rig->pci)->ops->destroy(pci_bus_device(rig->pci));
    addrspace_destroy(rig->memory);
    addrspace_destroy(rig->io);
    track_destroy(rig->track);
    sched_free(&rig->sched);
}

static inline void out8(struct vga_rig *rig, unsigned port, unsigned value)
{
    addrspace_write(rig->io, port, value, 1);
}

static inline void out16(struct vga_rig *rig, unsigned port, unsigned value)
{
    addrspace_write(rig->io, port, value, 2);
}

static inline unsigned in8(struct vga_rig *rig, unsigned port)
{
    return (unsigned)addrspace_read(rig->io, port, 1);
}

static inline unsigned in16(struct vga_rig *rig, unsigned port)
{
    return (unsigned)addrspace_read(rig->io, port, 2);
}

/* Registers behind an index, as software writes them: one word. */
static inline void seq(struct vga_rig *rig, unsigned index, unsigned value)
{
    out16(rig, 0x3C4, index | value << 8);
}

static inline void gfx(struct vga_rig *rig, unsigned index, unsigned value)
{
    out16(rig, 0x3CE, index | value << 8);
}

static inline void crtc(struct vga_rig *rig, unsigned index, unsigned value)
{
    out16(rig, 0x3D4, index | value << 8);
}

static inline void attr(struct vga_rig *rig, unsigned index, unsigned value)
{
    in8(rig, 0x3DA);
    out8(rig, 0x3C0, index | 0x20);
    out8(rig, 0x3C0, value);
}

static inline void dac(struct vga_rig *rig, unsigned index, unsigned rgb)
{
    out8(rig, 0x3C8, index);
    out8(rig, 0x3C9, rgb >> 16 & 0xFF);
    out8(rig, 0x3C9, rgb >> 8 & 0xFF);
    out8(rig, 0x3C9, rgb & 0xFF);
}

static inline void dispi(struct vga_rig *rig, unsigned index, unsigned value)
{
    out16(rig, 0x1CE, index);
    out16(rig, 0x1CF, value);
}

static inline unsigned dispi_in(struct vga_rig *rig, unsigned index)
{
    out16(rig, 0x1CE, index);
    return in16(rig, 0x1CF);
}

static inline void put8(struct vga_rig *rig, uint32_t address, unsigned value)
{
    addrspace_write(rig->memory, address, value, 1);
}

static inline unsigned get8(struct vga_rig *rig, uint32_t address)
{
    return (unsigned)addrspace_read(rig->memory, address, 1);
}

/* Mode tables of the IBM VGA BIOS (PS/2 and PC BIOS Interface Technical
 * Reference): misc, sequencer 1-4, CRTC 0-18, graphics 0-8, attribute mode
 * and planes. */
struct vga_rig_mode {
    uint8_t misc, seq[4], crtc[25], gfx[9], attr_mode, attr_planes;
};

static const struct vga_rig_mode vga_mode_03 = {
    0x67,
    {0x00, 0x03, 0x00, 0x02},
    {0x5F, 0x4F, 0x50, 0x82, 0x55, 0x81, 0xBF, 0x1F, 0x00,
     0x4F, 0x0D, 0x0E, 0x00, 0x00, 0x00, 0x00, 0x9C, 0x8E,
     0x8F, 0x28, 0x1F, 0x96, 0xB9, 0xA3, 0xFF},
    {0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0x0E, 0x00, 0xFF},
    0x0C,
    0x0F};
static const struct vga_rig_mode vga_mode_04 = {
    0x63,
    {0x09, 0x03, 0x00, 0x02},
    {0x2D, 0x27, 0x28, 0x90, 0x2B, 0x80, 0xBF, 0x1F, 0x00,
     0xC1, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x9C, 0x8E,
     0x8F, 0x14, 0x00, 0x96, 0xB9, 0xA2, 0xFF},
    {0x00, 0x00, 0x00, 0x00, 0x00, 0x30, 0x0F, 0x00, 0xFF},
    0x01,
    0x03};
static const struct vga_rig_mode vga_mode_06 = {
    0x63,
    {0x01, 0x01, 0x00, 0x06},
    {0x5F, 0x4F, 0x50, 0x82, 0x54, 0x80, 0xBF, 0x1F, 0x00,
     0xC1, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x9C, 0x8E,
     0x8F, 0x28, 0x00, 0x96, 0xB9, 0xC2, 0xFF},
    {0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x0D, 0x00, 0xFF},
    0x01,
    0x01};
static const struct vga_rig_mode vga_mode_0d = {
    0x63,
    {0x09, 0x0F, 0x00, 0x06},
    {0x2D, 0x27, 0x28, 0x90, 0x2B, 0x80, 0xBF, 0x1F, 0x00,
     0xC0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x9C, 0x8E,
     0x8F, 0x14, 0x00, 0x96, 0xB9, 0xE3, 0xFF},
    {0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x05, 0x0F, 0xFF},
    0x01,
    0x0F};
static const struct vga_rig_mode vga_mode_10 = {
    0xA3,
    {0x01, 0x0F, 0x00, 0x06},
    {0x5F, 0x4F, 0x50, 0x82, 0x54, 0x80, 0xBF, 0x1F, 0x00,
     0x40, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x83, 0x85,
     0x5D, 0x28, 0x0F, 0x63, 0xBA, 0xE3, 0xFF},
    {0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x05, 0x0F, 0xFF},
    0x01,
    0x0F};
static const struct vga_rig_mode vga_mode_12 = {
    0xE3,
    {0x01, 0x0F, 0x00, 0x06},
    {0x5F, 0x4F, 0x50, 0x82, 0x54, 0x80, 0x0B, 0x3E, 0x00,
     0x40, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xEA, 0x8C,
     0xDF, 0x28, 0x00, 0xE7, 0x04, 0xE3, 0xFF},
    {0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x05, 0x0F, 0xFF},
    0x01,
    0x0F};
static const struct vga_rig_mode vga_mode_13 = {
    0x63,
    {0x01, 0x0F, 0x00, 0x0E},
    {0x5F, 0x4F, 0x50, 0x82, 0x54, 0x80, 0xBF, 0x1F, 0x00,
     0x41, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x9C, 0x8E,
     0x8F, 0x28, 0x40, 0x96, 0xB9, 0xA3, 0xFF},
    {0x00, 0x00, 0x00, 0x00, 0x00, 0x40, 0x05, 0x0F, 0xFF},
    0x41,
    0x0F};

/* Sets a mode; palette entry n leads to DAC entry n, which is the colour
 * RGB = (n, 63 - n, n / 2) for n < 64, (n, n, n) / 4 above. */
static inline void vga_rig_set_mode(struct vga_rig *rig,
                                    const struct vga_rig_mode *mode)
{
    out8(rig, 0x3C2, mode->misc);
    for (unsigned i = 0; i < 4; i++)
        seq(rig, i + 1, mode->seq[i]);
    crtc(rig, 0x11, 0);
    for (unsigned i = 0; i < 25; i++)
        crtc(rig, i, mode->crtc[i]);
    for (unsigned i = 0; i < 9; i++)
        gfx(rig, i, mode->gfx[i]);
    for (unsigned i = 0; i < 16; i++)
        attr(rig, i, i);
    attr(rig, 0x10, mode->attr_mode);
    attr(rig, 0x12, mode->attr_planes);
    attr(rig, 0x13, mode->attr_mode & 4 ? 8 : 0);
    attr(rig, 0x14, 0);
    for (unsigned n = 0; n < 256; n++)
        dac(rig, n,
            n < 64 ? n << 16 | (63 - n) << 8 | n / 2 : n / 4 * 0x010101);
}

static inline unsigned vga_rig_widen(unsigned level)
{
    return level << 2 | level >> 4;
}

/* What vga_rig_set_mode's DAC entry n looks like. */
static inline uint32_t vga_rig_color(unsigned n)
{
    if (n >= 64)
        return vga_rig_widen(n / 4) * 0x010101;
    return vga_rig_widen(n) << 16 | vga_rig_widen(63 - n) << 8 |
           vga_rig_widen(n / 2);
}

/* BARs where a BIOS could have put them. */
static inline void vga_rig_map_bars(struct vga_rig *rig)
{
    struct pci_bus *pci = rig->pci;

    pci_config_write(pci, VGA_RIG_DEVFN, PCI_BAR0, VGA_RIG_LFB, 4);
    pci_config_write(pci, VGA_RIG_DEVFN, PCI_BAR0 + 8, VGA_RIG_REGISTERS, 4);
    pci_config_write(pci, VGA_RIG_DEVFN, PCI_ROM_ADDRESS, VGA_RIG_ROM | 1, 4);
    pci_config_write(pci, VGA_RIG_DEVFN, PCI_COMMAND, PCI_COMMAND_MEMORY, 2);
}

static inline void vga_rig_set_vbe(struct vga_rig *rig, unsigned width,
                                   unsigned height, unsigned bpp,
                                   unsigned flags)
{
    dispi(rig, DISPI_ENABLE, 0);
    dispi(rig, DISPI_XRES, width);
    dispi(rig, DISPI_YRES, height);
    dispi(rig, DISPI_BPP, bpp);
    dispi(rig, DISPI_ENABLE, flags | DISPI_ENABLED);
}

/* As a driver does it: from a VGA mode, with the linear frame buffer. */
static inline void vga_rig_set_lfb(struct vga_rig *rig, unsigned width,
                                   unsigned height, unsigned bpp)
{
    vga_rig_set_mode(rig, bpp == 4 ? &vga_mode_12 : &vga_mode_13);
    vga_rig_map_bars(rig);
    vga_rig_set_vbe(rig, width, height, bpp, DISPI_LFB);
}

static inline uint32_t pixel_at(const struct vga_frame *frame, unsigned x,
                                unsigned y)
{
    ck_assert_uint_lt(x, frame->width);
    ck_assert_uint_lt(y, frame->height);
    return frame->pixels[(size_t)y * frame->stride + x];
}

#endif
