/* vga_state.h - inside of the VGA; for vga*.c only.
 *
 * Video memory is one block: 16 MiB that the linear frame buffer shows, then
 * 64 KiB of run. The first 1 MiB doubles as the planes of the VGA: byte p of
 * the cell at 4 * n is byte n of plane p (a VGA has 64 Ki cells, 16-colour
 * VBE modes use more).
 *
 * Layouts. In hardware chain-4 puts CPU byte A into plane A & 3 of cell A & ~3,
 * odd/even addressing into plane A & 1 of cell A & ~1. While such addressing
 * is on, just these bytes live in the run, at offset A, so that the run can be
 * mapped as RAM; vga_update_windows moves them when the layout changes.
 * INVARIANT: `layout` says where they are and is a function of the registers,
 * so that loading registers and memory restores it.
 *
 * What shows. `picture` grows with every change of a register that shows;
 * `dirty` has a bit for each 256 bytes of video memory that changed through
 * our hands, and the write tracking of the block's frames tells the pages that
 * changed through a mapping. Drawing takes both. */
#ifndef UMBRA_DEVICES_VGA_STATE_H
#define UMBRA_DEVICES_VGA_STATE_H

#include "devices/core/irq.h"
#include "devices/core/sched.h"
#include "devices/pci.h"
#include "devices/vga.h"
#include "mmu/addrspace.h"
#include "mmu/ram.h"

enum {
    VGA_VRAM_SIZE = 16 << 20,
    VGA_RUN_OFFSET = VGA_VRAM_SIZE,
    VGA_RUN_SIZE = 64 << 10,
    VGA_PAGES = (VGA_VRAM_SIZE + VGA_RUN_SIZE) >> PAGE_SHIFT,
    VGA_GRANULE_SHIFT = 8, /* of `dirty`: 16 of them in a page */
    VGA_CELLS = 64 << 10,  /* of the VGA proper */
    VGA_ALL_CELLS = VGA_VRAM_SIZE / 4,
    VGA_BANK_SIZE = 64 << 10,
};

/* Miscellaneous output register */
enum { MISC_IOAS = 0x01, MISC_ENABLE_RAM = 0x02, MISC_CLOCK_SHIFT = 2 };
enum { INPUT0_SENSE = 0x10, INPUT0_RETRACE = 0x80 };

/* Sequencer */
enum { SEQ_RESET, SEQ_CLOCKING, SEQ_MAP_MASK, SEQ_FONT, SEQ_MEMORY, SEQ_COUNT };
enum {
    CLOCKING_8_DOTS = 0x01,
    CLOCKING_HALF = 0x08,
    CLOCKING_OFF = 0x20,
    MEMORY_EXTENDED = 0x02,
    MEMORY_SEQUENTIAL = 0x04, /* clear: odd/even */
    MEMORY_CHAIN4 = 0x08,
};

/* CRT controller */
enum {
    CRTC_H_TOTAL,
    CRTC_H_DISPLAY_END,
    CRTC_H_BLANK_START,
    CRTC_H_BLANK_END,
    CRTC_H_RETRACE_START,
    CRTC_H_RETRACE_END,
    CRTC_OVERFLOW = 0x07,
    CRTC_PRESET_ROW,
    CRTC_MAX_SCAN_LINE,
    CRTC_CURSOR_START,
    CRTC_CURSOR_END,
    CRTC_START_HIGH,
    CRTC_START_LOW,
    CRTC_CURSOR_HIGH,
    CRTC_CURSOR_LOW,
    CRTC_V_RETRACE_START,
    CRTC_V_RETRACE_END,
    CRTC_V_DISPLAY_END,
    CRTC_OFFSET,
    CRTC_UNDERLINE,
    CRTC_V_BLANK_START,
    CRTC_V_BLANK_END,
    CRTC_MODE_CONTROL,
    CRTC_LINE_COMPARE,
    CRTC_COUNT
};
enum {
    CRTC_V_TOTAL = 0x06,
    RETRACE_NOT_CLEAR = 0x10, /* of the interrupt's flip-flop */
    RETRACE_NO_IRQ = 0x20,
    CRTC_LATCH = 0x22, /* undocumented: latch of the read plane */
    CRTC_FLIP_FLOP = 0x24,
    MAX_SCAN_DOUBLE = 0x80,
    CURSOR_OFF = 0x20,
    RETRACE_PROTECT = 0x80,
    UNDERLINE_DWORD = 0x40,
    UNDERLINE_COUNT4 = 0x20,
    MODE_NOT_RA0 = 0x01, /* clear: address bit 13 is row scan bit 0 */
    MODE_NOT_RA1 = 0x02,
    MODE_V_DOUBLE = 0x04,
    MODE_COUNT2 = 0x08,
    MODE_WRAP = 0x20,
    MODE_BYTE = 0x40,
};

/* Graphics controller */
enum {
    GFX_SET_RESET,
    GFX_ENABLE_SET_RESET,
    GFX_COMPARE,
    GFX_ROTATE,
    GFX_READ_MAP,
    GFX_MODE,
    GFX_MISC,
    GFX_DONT_CARE,
    GFX_BIT_MASK,
    GFX_COUNT
};
enum {
    GMODE_WRITE = 0x03,
    GMODE_READ = 0x08,
    GMODE_ODD_EVEN = 0x10,
    GMODE_SHIFT_INTERLEAVE = 0x20,
    GMODE_SHIFT_256 = 0x40,
    GMISC_GRAPHICS = 0x01,
    GMISC_CHAIN_ODD_EVEN = 0x02,
    GMISC_MAP_SHIFT = 2,
};

/* Attribute controller */
enum {
    ATTR_MODE = 0x10,
    ATTR_OVERSCAN,
    ATTR_PLANES,
    ATTR_PANNING,
    ATTR_COLOR_SELECT,
    ATTR_COUNT
};
enum {
    ATTR_PAS = 0x20, /* in the index: the palette feeds the screen */
    AMODE_GRAPHICS = 0x01,
    AMODE_MONO = 0x02,
    AMODE_LINE_GRAPHICS = 0x04,
    AMODE_BLINK = 0x08,
    AMODE_PAN_SPLIT = 0x20, /* no panning below the split */
    AMODE_PEL_8BIT = 0x40,
    AMODE_P54 = 0x80,
};

/* Bochs display interface */
enum {
    DISPI_ID,
    DISPI_XRES,
    DISPI_YRES,
    DISPI_BPP,
    DISPI_ENABLE,
    DISPI_BANK,
    DISPI_VIRT_WIDTH,
    DISPI_VIRT_HEIGHT,
    DISPI_X_OFFSET,
    DISPI_Y_OFFSET,
    DISPI_MEMORY_64K,
    DISPI_COUNT
};
enum {
    DISPI_ID0 = 0xB0C0,
    DISPI_ID5 = 0xB0C5,
    DISPI_ENABLED = 0x01,
    DISPI_GETCAPS = 0x02,
    DISPI_BANK_32K = 0x10,
    DISPI_8BIT_DAC = 0x20,
    DISPI_LFB = 0x40,
    DISPI_NOCLEARMEM = 0x80,
    DISPI_MAX_XRES = 2560,
    DISPI_MAX_YRES = 1600,
    DISPI_MAX_BPP = 32,
};

enum vga_layout { LAYOUT_PLANES, LAYOUT_CHAIN4, LAYOUT_ODD_EVEN };

/* Lengths of one line and one frame of the monitor in nanoseconds and how
 * many of their parts are displayed. */
struct vga_timing {
    uint64_t line_ns, line_shown_ns, frame_ns;
    uint32_t lines, lines_shown;
    uint32_t retrace_start, retrace_end; /* lines */
};

/* The start address that is displayed: writes show from the next vertical
 * retrace on. Retraces are numbered; from number `at[n]` back to `at[n + 1]`
 * the screen began at `was[n]`, after `at[0]` it begins where the registers
 * say. */
struct vga_start {
    uint64_t at[2];
    uint16_t was[2];
};

struct vga_raster; /* vga_raster.h */

struct vga {
    struct device device;
    uint8_t misc, feature, enable;
    uint8_t seq_index, crtc_index, gfx_index, attr_index;
    bool attr_flip_flop; /* next write to 3C0 is data */
    uint8_t seq[SEQ_COUNT], crtc[CRTC_COUNT], gfx[GFX_COUNT];
    uint8_t attr[ATTR_COUNT];
    uint8_t dac_mask, dac_index, dac_component;
    bool dac_reading;
    uint8_t dac_pending[3];   /* colour on its way in or out */
    uint8_t dac[768];         /* as the guest wrote them: 6 or 8 bits */
    uint32_t latch;           /* plane p in bits 8p .. 8p+7 */
    uint64_t retrace_cleared; /* number of the retrace, interrupt */
    uint16_t dispi_index;
    uint16_t dispi[DISPI_COUNT];
    uint16_t dispi_byte; /* of accesses in halves, see vga_dispi.c */
    /* Of a Hercules card, see vga_hercules.c: 3B8, 3BF, MC6845. */
    uint8_t hercules_mode, hercules_config, hercules_crtc[16];
    uint8_t cga_mode, cga_color; /* 3D8, 3D9: vga_cga.c */
    uint32_t big_endian;         /* order of the frame buffer, BAR2 604 */
    struct pci_device pci;

    /* TRANSIENT: wiring and what follows from the fields above */
    struct addrspace *memory, *io;
    struct sched *sched;
    struct track *track;
    struct ram_block *vram;
    struct irq retrace_irq;
    struct event retrace_event;
    enum vga_layout layout;
    bool window_plain; /* the window is mapped as RAM */
    struct vga_timing timing;
    struct vga_start start;
    uint64_t picture; /* registers */
    uint16_t *dirty;  /* VGA_PAGES, see above */
    bool all_dirty;
    struct vga_raster *raster;
    struct region window_mmio, window_ram;
    struct region ports_mono, ports_hercules, ports_vga, ports_color;
    struct region ports_dispi;
    bool on_pci;
    struct ram_block *rom; /* NULL without a ROM */
    struct region bar_frame_buffer, bar_registers, bar_rom;
    uint8_t edid[128];
};

/* ---- vga.c */
uint8_t vga_port_read(struct vga *vga, unsigned port);
void vga_port_write(struct vga *vga, unsigned port, uint8_t value);
/* Where the retrace interrupt leads; PCs leave it open. */
void vga_connect_retrace(struct vga *vga, irq_handler *handler, void *opaque,
                         unsigned line);

/* ---- vga_timing.c */
/* To be called when the CRTC, the clock or the VBE mode changed. */
void vga_update_timing(struct vga *vga);
uint8_t vga_input_status1(const struct vga *vga);
/* Vertical retraces that began until `now`. */
uint64_t vga_retraces(const struct vga *vga, uint64_t now);
bool vga_retrace_pending(const struct vga *vga);
/* CRTC 11 was written. */
void vga_retrace_control(struct vga *vga, uint8_t before);
/* The interrupt's event and wire as the registers have it. */
void vga_retrace_arm(struct vga *vga);
void vga_retrace_fire(void *opaque);
/* Called before CRTC 0C or 0D changes; the start address that is on the
 * screen after retrace number `retrace`. */
void vga_start_changes(struct vga *vga);
uint16_t vga_start_at(const struct vga *vga, uint64_t retrace);
/* The one that the frame `now` falls into began with. */
uint16_t vga_start_shown(const struct vga *vga, uint64_t now);

static inline uint16_t vga_start_register(const struct vga *vga)
{
    return (uint16_t)(vga->crtc[CRTC_START_HIGH] << 8 |
                      vga->crtc[CRTC_START_LOW]);
}

static inline unsigned vga_lines_shown(const struct vga *vga)
{
    return (vga->crtc[CRTC_V_DISPLAY_END] |
            (vga->crtc[CRTC_OVERFLOW] & 0x02) << 7 |
            (vga->crtc[CRTC_OVERFLOW] & 0x40) << 3) +
           1;
}

/* ---- vga_mem.c */
/* Zeroes; pages that are zero are not touched, so that the host need not
 * provide them. */
void vga_clear_memory(struct vga *vga);
extern const struct region_ops vga_window_ops;
void vga_init_windows(struct vga *vga);
/* The layout that the registers ask for. */
enum vga_layout vga_wanted_layout(const struct vga *vga);
/* Map the window that the registers ask for, move cells to their layout. */
void vga_update_windows(struct vga *vga);
/* Add what the write tracking knows of bytes [first, last] to `dirty`; true
 * if there was anything. */
bool vga_take_dirty(struct vga *vga, uint32_t first, uint32_t last);
bool vga_is_dirty(const struct vga *vga, uint32_t first, uint32_t last);

/* The four bytes of a cell, plane 0 in the lowest. */
static inline uint32_t vga_load_cell(const struct vga *vga, uint32_t cell)
{
    const uint8_t *run = vga->vram->host + VGA_RUN_OFFSET;
    const uint8_t *at =
        vga->vram->host + (size_t)(cell & (VGA_ALL_CELLS - 1)) * 4;

    if (vga->layout == LAYOUT_CHAIN4 && (cell & 3) == 0)
        return load_le32(run + (cell & 0xFFFC));
    if (vga->layout == LAYOUT_ODD_EVEN && (cell & 1) == 0)
        return (load_le32(at) & 0xFFFF0000) | load_le16(run + (cell & 0xFFFE));
    return load_le32(at);
}

/* ---- vga_cga.c */
void vga_cga_reset(struct vga *vga);
void vga_cga_write(struct vga *vga, unsigned port, uint8_t value);
/* The bits that 3D8 and 3B8 have in common: video on, blinking. */
void vga_mode_control(struct vga *vga, uint8_t value);

/* ---- vga_hercules.c */
bool vga_hercules_on(const struct vga *vga);   /* its graphics show */
bool vga_hercules_wide(const struct vga *vga); /* 64 KiB at B0000 */
void vga_hercules_write(struct vga *vga, unsigned port, uint8_t value);
/* A write to the CRTC; true if the VGA does not get it. */
bool vga_hercules_takes(struct vga *vga, unsigned index, uint8_t value);
/* Input status 1 with what the card adds. */
uint8_t vga_hercules_status(const struct vga *vga, uint8_t status);
void vga_hercules_size(const struct vga *vga, unsigned *width,
                       unsigned *height);
bool vga_hercules_blank(const struct vga *vga);
/* Where line y begins in the run; it stays within its 8 KiB. */
uint32_t vga_hercules_line(const struct vga *vga, unsigned y);

/* ---- vga_dispi.c */
extern const struct region_ops vga_dispi_ops;
uint16_t vga_dispi_read(const struct vga *vga, unsigned index);
void vga_dispi_write(struct vga *vga, unsigned index, uint16_t value);
void vga_dispi_reset(struct vga *vga);
/* After a load: a mode and a bank within the memory. */
bool vga_dispi_sane(const struct vga *vga);

static inline bool vga_dispi_on(const struct vga *vga)
{
    return vga->dispi[DISPI_ENABLE] & DISPI_ENABLED;
}

/* A packed-pixel mode: the window is linear whatever the VGA says. */
static inline bool vga_dispi_linear(const struct vga *vga)
{
    return vga_dispi_on(vga) && vga->dispi[DISPI_BPP] >= 8;
}

/* What the bank adds to an offset in the window: bytes in packed modes, cells
 * in planar ones. */
static inline uint32_t vga_dispi_bank_offset(const struct vga *vga)
{
    return (uint32_t)vga->dispi[DISPI_BANK] *
           (vga->dispi[DISPI_ENABLE] & DISPI_BANK_32K ? VGA_BANK_SIZE / 2
                                                      : VGA_BANK_SIZE);
}

/* ---- vga_pci.c */
/* Registers the PCI function; false with a message in error[]. */
bool vga_pci_create(struct vga *vga, const struct vga_config *config,
                    char *error, size_t error_size);
void vga_pci_destroy(struct vga *vga);

#endif
