/* vga_mem.c - how the CPU sees the memory of the VGA.
 *
 * Manual: IBM PS/2 Hardware Interface Technical Reference, "Video Subsystem",
 * memory maps, read modes 0-1, write modes 0-3, chain-4, odd/even.
 * Windows at A0000 (128 or 64 KiB), B0000 and B8000 (32 KiB each). In packed
 * VBE modes the window at A0000 is a 64 KiB bank of linear memory.
 *
 * Where a store is a store and a load a load, in chain-4, odd/even (text,
 * CGA) and packed VBE modes, the window is mapped as RAM.
 *
 * Not modelled: the odd/even page bit of the miscellaneous output register
 * and a VGA of less than 256 KiB. Reads of a window that is mapped as RAM do
 * not load the latches (they are loaded again by any read that could use
 * them, since write modes with latches are never plain). */
#include "devices/vga_state.h"

#include "mmu/track.h"

/* Above the guest's RAM, below nothing: system RAM has a hole or shadow
 * only from C0000 on. */
enum { WINDOW_PRIORITY = 1 };

/* ---- one byte through the graphics controller */

/* 0x000000FF for plane 0 ... all ones for mask 0xF. ORDER: plane masks. */
static const uint32_t plane_bits[16] = {
    0x00000000, 0x000000FF, 0x0000FF00, 0x0000FFFF, 0x00FF0000, 0x00FF00FF,
    0x00FFFF00, 0x00FFFFFF, 0xFF000000, 0xFF0000FF, 0xFF00FF00, 0xFF00FFFF,
    0xFFFF0000, 0xFFFF00FF, 0xFFFFFF00, 0xFFFFFFFF};

/* The same byte in all planes. */
static uint32_t spread(uint8_t byte)
{
    return byte * 0x01010101u;
}

/* Where a byte of the window lies: which cell, which plane a read sees,
 * which planes a write may reach. */
struct target {
    uint32_t cell;
    uint8_t read_plane, write_planes;
};

static struct target find_target(const struct vga *vga, uint32_t address)
{
    struct target target = {address & (VGA_CELLS - 1), vga->gfx[GFX_READ_MAP],
                            vga->seq[SEQ_MAP_MASK]};
    unsigned map = vga->gfx[GFX_MISC] >> GMISC_MAP_SHIFT & 3;

    if (vga->seq[SEQ_MEMORY] & MEMORY_CHAIN4) {
        target.cell &= ~3u;
        target.read_plane = address & 3;
        target.write_planes &= 1 << (address & 3);
        return target;
    }
    if (vga->gfx[GFX_MISC] &
        GMISC_CHAIN_ODD_EVEN) /* chain odd/even: A0 selects no cell */
        target.cell = (target.cell & ~1u) | (map == 0 ? address >> 16 : 0);
    if (vga->gfx[GFX_MODE] & GMODE_ODD_EVEN)
        target.read_plane = (target.read_plane & 2) | (address & 1);
    if (!(vga->seq[SEQ_MEMORY] & MEMORY_SEQUENTIAL))
        target.write_planes &= address & 1 ? 0xA : 0x5;
    if (vga_dispi_on(vga))
        target.cell += vga_dispi_bank_offset(vga);
    return target;
}

/* ---- stores */

/* Bytes of video memory, within one granule, changed behind the back of the
 * write tracking: whoever tracks them is told, drawing by its own map. */
static void note_store(struct vga *vga, uint32_t offset, unsigned size)
{
    struct ram_frame *frame = ram_frame_at(vga->vram, offset);

    vga->dirty[offset >> PAGE_SHIFT] |=
        (uint16_t)(1u << (offset >> VGA_GRANULE_SHIFT & 15));
    if (frame->tracked & ~TRACK_DIRTY)
        track_stored(vga->track, vga->vram, offset, size);
}

static void store_bytes(struct vga *vga, uint32_t offset, uint32_t value,
                        unsigned size)
{
    uint8_t *at = vga->vram->host + offset;

    if (size == 2)
        store_le16(at, (uint16_t)value);
    else
        store_le32(at, value);
    note_store(vga, offset, size);
}

static void store_cell(struct vga *vga, uint32_t cell, uint32_t value)
{
    uint32_t changed = vga_load_cell(vga, cell) ^ value;
    uint32_t offset = (cell & (VGA_ALL_CELLS - 1)) * 4;

    if (!changed)
        return;
    if (vga->layout == LAYOUT_CHAIN4 && (cell & 3) == 0) {
        store_bytes(vga, VGA_RUN_OFFSET + (cell & 0xFFFC), value, 4);
    } else if (vga->layout == LAYOUT_ODD_EVEN && (cell & 1) == 0) {
        if (changed & 0x0000FFFF)
            store_bytes(vga, VGA_RUN_OFFSET + (cell & 0xFFFE), value, 2);
        if (changed & 0xFFFF0000)
            store_bytes(vga, offset + 2, value >> 16, 2);
    } else {
        store_bytes(vga, offset, value, 4);
    }
}

bool vga_take_dirty(struct vga *vga, uint32_t first, uint32_t last)
{
    bool any = false;

    for (uint32_t page = first >> PAGE_SHIFT; page <= last >> PAGE_SHIFT;
         page++) {
        if (track_dirty_take(vga->track, vga->vram,
                             (uint64_t)page << PAGE_SHIFT))
            vga->dirty[page] = 0xFFFF;
        any |= vga->dirty[page] != 0;
    }
    return any;
}

bool vga_is_dirty(const struct vga *vga, uint32_t first, uint32_t last)
{
    for (uint32_t at = first >> VGA_GRANULE_SHIFT;
         at <= last >> VGA_GRANULE_SHIFT; at++)
        if (vga->dirty[at >> 4] >> (at & 15) & 1)
            return true;
    return false;
}

/* Read mode 1: a bit is set where all planes that count have the colour. */
static uint8_t compare_color(const struct vga *vga)
{
    uint32_t differ = vga->latch ^ plane_bits[vga->gfx[GFX_COMPARE]];
    differ &= plane_bits[vga->gfx[GFX_DONT_CARE]];
    differ |= differ >> 16;
    return (uint8_t) ~(differ | differ >> 8);
}

static uint8_t read_byte(struct vga *vga, uint32_t address)
{
    struct target target = find_target(vga, address);

    vga->latch = vga_load_cell(vga, target.cell);
    if (vga->gfx[GFX_MODE] & GMODE_READ)
        return compare_color(vga);
    return (uint8_t)(vga->latch >> 8 * target.read_plane);
}

static uint8_t rotate(const struct vga *vga, uint8_t value)
{
    unsigned count = vga->gfx[GFX_ROTATE] & 7;
    return (uint8_t)(value >> count | value << (8 - count));
}

/* Function select, then the bit mask picks between result and latches. */
static uint32_t combine(const struct vga *vga, uint32_t data, uint8_t mask)
{
    uint32_t bits = spread(mask);

    switch (vga->gfx[GFX_ROTATE] >> 3 & 3) {
    case 1:
        data &= vga->latch;
        break;
    case 2:
        data |= vga->latch;
        break;
    case 3:
        data ^= vga->latch;
        break;
    default:
        break;
    }
    return (data & bits) | (vga->latch & ~bits);
}

static uint32_t write_data(const struct vga *vga, uint8_t value)
{
    const uint8_t *gfx = vga->gfx;
    uint32_t enabled, fixed;

    switch (gfx[GFX_MODE] & GMODE_WRITE) {
    case 0:
        enabled = plane_bits[gfx[GFX_ENABLE_SET_RESET]];
        fixed = plane_bits[gfx[GFX_SET_RESET]];
        return combine(
            vga, (spread(rotate(vga, value)) & ~enabled) | (fixed & enabled),
            gfx[GFX_BIT_MASK]);
    case 1:
        return vga->latch;
    case 2:
        return combine(vga, plane_bits[value & 0xF], gfx[GFX_BIT_MASK]);
    default:
        return combine(vga, plane_bits[gfx[GFX_SET_RESET]],
                       rotate(vga, value) & gfx[GFX_BIT_MASK]);
    }
}

static void write_byte(struct vga *vga, uint32_t address, uint8_t value)
{
    struct target target = find_target(vga, address);
    uint32_t planes = plane_bits[target.write_planes];

    store_cell(vga, target.cell,
               (vga_load_cell(vga, target.cell) & ~planes) |
                   (write_data(vga, value) & planes));
}

static uint64_t read_window(void *opaque, uint64_t offset, unsigned size)
{
    struct vga *vga = opaque;
    uint64_t value = 0;

    for (unsigned i = 0; i < size; i++)
        value |= (uint64_t)read_byte(vga, (uint32_t)offset + i) << 8 * i;
    return value;
}

static void write_window(void *opaque, uint64_t offset, uint64_t value,
                         unsigned size)
{
    struct vga *vga = opaque;

    for (unsigned i = 0; i < size; i++)
        write_byte(vga, (uint32_t)offset + i, (uint8_t)(value >> 8 * i));
}

const struct region_ops vga_window_ops = {read_window, write_window, 0};

/* A whole page was changed by us. */
static void note_page(struct vga *vga, uint32_t page)
{
    uint64_t offset = (uint64_t)page << PAGE_SHIFT;

    if (ram_frame_at(vga->vram, offset)->tracked & ~TRACK_DIRTY)
        track_stored(vga->track, vga->vram, offset, PAGE_SIZE);
}

void vga_clear_memory(struct vga *vga)
{
    static const uint8_t zeroes[PAGE_SIZE];

    for (uint32_t page = 0; page < VGA_PAGES; page++) {
        uint8_t *at = vga->vram->host + ((size_t)page << PAGE_SHIFT);
        if (memcmp(at, zeroes, PAGE_SIZE) == 0)
            continue;
        memset(at, 0, PAGE_SIZE);
        note_page(vga, page);
    }
    vga->all_dirty = true;
}

/* ---- layouts */

enum vga_layout vga_wanted_layout(const struct vga *vga)
{
    if (vga_dispi_on(vga))
        return LAYOUT_PLANES;
    if (vga->seq[SEQ_MEMORY] & MEMORY_CHAIN4)
        return LAYOUT_CHAIN4;
    if (!(vga->seq[SEQ_MEMORY] & MEMORY_SEQUENTIAL) &&
        vga->gfx[GFX_MODE] & GMODE_ODD_EVEN &&
        vga->gfx[GFX_MISC] & GMISC_CHAIN_ODD_EVEN)
        return LAYOUT_ODD_EVEN;
    return LAYOUT_PLANES;
}

static void copy_bytes(uint8_t *run, uint8_t *planes, unsigned size, bool out)
{
    if (out)
        memcpy(run, planes, size);
    else
        memcpy(planes, run, size);
}

/* Between the cells and the run; `out`: to the run. */
static void move_cells(struct vga *vga, bool out)
{
    uint8_t *run = vga->vram->host + VGA_RUN_OFFSET;
    unsigned step = vga->layout == LAYOUT_CHAIN4 ? 4 : 2;

    for (uint32_t cell = 0; cell < VGA_CELLS; cell += step)
        copy_bytes(run + cell, vga->vram->host + (size_t)cell * 4, step, out);
    for (uint32_t at = 0; at < VGA_CELLS * 4; at += PAGE_SIZE)
        note_page(vga, at >> PAGE_SHIFT);
    for (uint32_t at = 0; at < VGA_RUN_SIZE; at += PAGE_SIZE)
        note_page(vga, (VGA_RUN_OFFSET + at) >> PAGE_SHIFT);
    vga->all_dirty = true;
}

static void set_layout(struct vga *vga, enum vga_layout layout)
{
    if (layout == vga->layout)
        return;
    if (vga->layout != LAYOUT_PLANES)
        move_cells(vga, false);
    vga->layout = layout;
    if (vga->layout != LAYOUT_PLANES)
        move_cells(vga, true);
}

/* ---- which window is mapped, and as what */

/* A layout in which a write is a store and a read a load. */
static bool run_is_plain(const struct vga *vga)
{
    const uint8_t *gfx = vga->gfx;
    bool text = vga->layout == LAYOUT_ODD_EVEN;

    return vga->layout != LAYOUT_PLANES &&
           vga->seq[SEQ_MAP_MASK] == (text ? 0x03 : 0x0F) &&
           !(text && gfx[GFX_READ_MAP] & 2) &&
           !(gfx[GFX_MODE] & (GMODE_WRITE | GMODE_READ)) &&
           gfx[GFX_ENABLE_SET_RESET] == 0 && gfx[GFX_ROTATE] == 0 &&
           gfx[GFX_BIT_MASK] == 0xFF;
}

static void move_window(struct vga *vga, struct region *region, bool mapped,
                        uint64_t base, uint64_t size, uint64_t ram_offset)
{
    if (region->mapped && mapped && region->base == base &&
        region->size == size && region->ram_offset == ram_offset)
        return;
    if (!mapped)
        addrspace_unmap(vga->memory, region);
    region->base = base;
    region->size = size;
    region->ram_offset = ram_offset;
    if (mapped)
        addrspace_map(vga->memory, region);
}

void vga_update_windows(struct vga *vga)
{
    static const struct {
        uint32_t base, size;
    } maps[4] = {{0xA0000, 0x20000},
                 {0xA0000, 0x10000},
                 {0xB0000, 0x8000},
                 {0xB8000, 0x8000}};
    unsigned map = vga->gfx[GFX_MISC] >> GMISC_MAP_SHIFT & 3;
    bool enabled = vga->misc & MISC_ENABLE_RAM && vga->enable & 1;
    uint64_t ram_offset = VGA_RUN_OFFSET, size = maps[map].size;
    bool plain;

    set_layout(vga, vga_wanted_layout(vga));
    if (vga_dispi_linear(vga)) {
        plain = map <= 1;
        ram_offset = vga_dispi_bank_offset(vga);
        size = min_u64(VGA_BANK_SIZE, VGA_VRAM_SIZE - ram_offset);
    } else {
        plain = map != 0 && run_is_plain(vga);
    }
    if (vga_hercules_wide(vga))
        size = VGA_RUN_SIZE;
    plain = plain && enabled;
    move_window(vga, &vga->window_ram, plain, maps[map].base, size, ram_offset);
    move_window(vga, &vga->window_mmio, enabled && !plain, maps[map].base,
                maps[map].size, 0);
    vga->window_plain = plain;
}

void vga_init_windows(struct vga *vga)
{
    vga->window_mmio = (struct region){.name = "vga.window",
                                       .base = 0xA0000,
                                       .size = VGA_BANK_SIZE,
                                       .priority = WINDOW_PRIORITY,
                                       .kind = REGION_MMIO,
                                       .ops = &vga_window_ops,
                                       .opaque = vga};
    vga->window_ram = (struct region){.name = "vga.bank",
                                      .base = 0xA0000,
                                      .size = VGA_BANK_SIZE,
                                      .priority = WINDOW_PRIORITY,
                                      .kind = REGION_RAM,
                                      .ram = vga->vram};
}
