/* Video BIOS: what its parts share.
 *
 * The ROM runs on the caller's stack: DS = ES = SS, so locals are ordinary C.
 * Constants are in the ROM and reached through GS = CS: declare them ROM.
 * FS is 0040h. Video memory is reached by the functions below. The linker
 * script refuses ordinary constants and all variables. */
#ifndef VGA_H
#define VGA_H

#include "bda.h"

#define BDA         ((volatile struct bda __seg_fs *)0)
#define ROM         static const __seg_gs __attribute__((section(".romdata")))

#define CRTC_COLOUR 0x3D4
#define SEQ         0x3C4
#define GRC         0x3CE
#define ATTR        0x3C0
#define ATTR_READ   0x3C1
#define MISC_WRITE  0x3C2
#define MISC_READ   0x3CC
#define DAC_MASK    0x3C6
#define DAC_READ    0x3C7
#define DAC_WRITE   0x3C8
#define DAC_DATA    0x3C9

enum vga_kind {
    KIND_TEXT,
    KIND_CGA4,
    KIND_CGA2,
    KIND_PLANAR,
    KIND_LINEAR,
    KIND_PACKED
};
enum dac_kind { DAC_MONO, DAC_CGA, DAC_EGA, DAC_256 };

/* 800 x 600 in 16 colours, by the display interface: the number that many
 * cards have for it, also VBE mode 102h. */
#define MODE_800_600 0x6A

/* What the data area has for a VBE mode of a byte and more a pixel; AH=00h does
 * not know it. */
#define MODE_PACKED 0x6F

/* The first of the text modes with numbers 108h-10Ch of VBE. */
#define MODE_VBE_TEXT 0x58

/* One row of the mode table; its registers are in the row of the video
 * parameters that belongs to the number of lines. */
struct vga_mode {
    uint8_t mode, kind, dac;
    uint8_t segment_high; /* A0, B0, B8 */
    uint8_t pages;
    uint8_t row[3]; /* for 200, 350, 400 lines */
};

/* A row of video parameters, ours or a program's. */
struct parameters {
    uint16_t segment, offset;
};

/* Pictures of characters. */
struct glyphs {
    uint16_t segment, offset, first, count;
    uint8_t block, height;
};

struct rect {
    uint8_t left, top, right, bottom;
};

/* video.c */
uint16_t crtc_port(void);
void crtc_write(uint8_t index, uint8_t value);
uint8_t crtc_read(uint8_t index);
void indexed_write(uint16_t port, uint8_t index, uint8_t value);
uint8_t indexed_read(uint16_t port, uint8_t index);
uint8_t attr_get(uint8_t index);
void attr_set(uint8_t index, uint8_t value);
void attr_reset(void); /* 3C0 expects an index */
void cursor_move(uint8_t page, uint8_t row, uint8_t column);
void cursor_shape(uint8_t start, uint8_t end);

/* vga_modes.c */
const __seg_gs struct vga_mode *mode_find(uint8_t mode);
const __seg_gs struct vga_mode *mode_current(void);
void mode_set(uint8_t mode, bool clear);
void mode_registers(uint8_t mode, bool clear);
uint16_t video_segment(void);
/* A doubleword of the save pointer table. */
uint32_t save_pointer(uint16_t offset);
/* A palette register or the overscan was set. */
void palette_note(uint8_t index, uint8_t value);

/* vga_text.c, vga_pixel.c */
void scroll(struct rect box, uint8_t lines, uint8_t attribute, bool down);
uint16_t cell_read(uint8_t page, uint8_t row, uint8_t column);
void cell_write(uint8_t page, uint8_t row, uint8_t column, uint8_t c,
                uint8_t attribute, bool with_attribute);
void teletype(uint8_t page, uint8_t c, uint8_t attribute, bool with);
void write_string(struct regs *r);

void pixel_glyph(const __seg_gs struct vga_mode *m, uint8_t page, uint8_t row,
                 uint8_t column, uint8_t c, uint8_t colour);
uint8_t pixel_recognise(const __seg_gs struct vga_mode *m, uint8_t page,
                        uint8_t row, uint8_t column);
void pixel_scroll(const __seg_gs struct vga_mode *m, struct rect box,
                  uint8_t lines, uint8_t colour, bool down);
void pixel_write(struct regs *r);
void pixel_read(struct regs *r);
uint8_t glyph_row(uint8_t c, uint8_t y);

/* vga_packed.c: rows and columns of characters, eight pixels of one of them. */
void packed_glyph(uint8_t row, uint8_t column, uint8_t c, uint8_t colour);
uint8_t packed_bits(uint8_t row, uint8_t column, uint8_t y);
void packed_scroll(struct rect box, uint8_t lines, uint8_t colour, bool down);
void packed_pixel_write(uint16_t x, uint16_t y, uint8_t colour);
uint8_t packed_pixel_read(uint16_t x, uint16_t y);

/* vga_dac.c */
void dac_load(uint8_t kind);
void palette_service(struct regs *r);
void cga_palette(struct regs *r);
void dac_to_grey(uint16_t first, uint16_t count);

/* vga_font.c */
void font_load(uint8_t block, uint8_t height);
void font_service(struct regs *r);
void font_vectors(uint8_t kind, uint8_t height);
/* Load glyphs and set the text mode up for their height. */
void font_adopt(struct glyphs glyphs);
/* INT 43h and the data area for graphics modes. */
void font_graphics(uint32_t font, uint8_t height, uint8_t rows);

/* vga_state.c: what is a set of 1 registers, 2 data area, 4 DAC. */
void state_service(struct regs *r);
uint16_t state_blocks(uint16_t what);
void state_pass(bool restore, uint16_t what, uint16_t segment, uint16_t offset);

/* vbe.c */
void vbe_service(struct regs *r);
void vbe_off(void);
/* AH=00h for MODE_800_600; false if the card cannot. */
bool vbe_set_800_600(bool clear);

/* vga_rom.S: offsets in this segment. */
extern const __seg_gs uint8_t rom_font8[], rom_font14[], rom_font16[];
extern const __seg_gs uint8_t rom_vbe_window[], rom_vbe_pm[], rom_vbe_pm_end[],
    rom_oem[], rom_vendor[], rom_product[], rom_revision[], rom_static_info[],
    rom_save_table[], rom_no_glyphs[];
extern const __seg_gs uint8_t int10_entry[];
uint16_t rom_segment(void);

#define ROM_OFFSET(symbol) ((uint16_t)(uint32_t)(symbol))

/* --- far memory ---------------------------------------------------------- */

static inline uint8_t far_read8(uint16_t segment, uint16_t offset)
{
    uint8_t value;

    __asm__ volatile("movw %1, %%es\n\tmovb %%es:(%2), %0"
                     : "=q"(value)
                     : "r"(segment), "r"((uint32_t)offset)
                     : "memory");
    return value;
}

static inline uint16_t far_read16(uint16_t segment, uint16_t offset)
{
    uint16_t value;

    __asm__ volatile("movw %1, %%es\n\tmovw %%es:(%2), %0"
                     : "=r"(value)
                     : "r"(segment), "r"((uint32_t)offset)
                     : "memory");
    return value;
}

static inline void far_write8(uint16_t segment, uint16_t offset, uint8_t v)
{
    __asm__ volatile("movw %0, %%es\n\tmovb %2, %%es:(%1)"
                     :
                     : "r"(segment), "r"((uint32_t)offset), "q"(v)
                     : "memory");
}

static inline void far_write16(uint16_t segment, uint16_t offset, uint16_t v)
{
    __asm__ volatile("movw %0, %%es\n\tmovw %2, %%es:(%1)"
                     :
                     : "r"(segment), "r"((uint32_t)offset), "r"(v)
                     : "memory");
}

static inline void far_write32(uint16_t segment, uint16_t offset, uint32_t v)
{
    far_write16(segment, offset, (uint16_t)v);
    far_write16(segment, offset + 2, (uint16_t)(v >> 16));
}

static inline uint32_t far_read32(uint16_t segment, uint16_t offset)
{
    return far_read16(segment, offset) |
           (uint32_t)far_read16(segment, offset + 2) << 16;
}

static inline void far_fill8(uint16_t segment, uint16_t to, uint8_t value,
                             uint16_t count)
{
    __asm__ volatile("movw %2, %%es\n\trep stosb"
                     : "+D"(to), "+c"(count)
                     : "r"(segment), "a"(value)
                     : "memory");
}

static inline void far_fill16(uint16_t segment, uint16_t to, uint16_t value,
                              uint16_t count)
{
    __asm__ volatile("movw %2, %%es\n\trep stosw"
                     : "+D"(to), "+c"(count)
                     : "r"(segment), "a"(value)
                     : "memory");
}

/* Bytes, upwards, within one segment. */
static inline void far_move(uint16_t segment, uint16_t to, uint16_t from,
                            uint16_t count)
{
    __asm__ volatile("pushw %%ds\n\tmovw %3, %%es\n\tmovw %3, %%ds\n\t"
                     "rep movsb\n\tpopw %%ds"
                     : "+D"(to), "+S"(from), "+c"(count)
                     : "r"(segment)
                     : "memory");
}

#endif
