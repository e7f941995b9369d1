/* Umbra BIOS: what every part of the ROM shares.
 *
 * Three kinds of code are built from this folder:
 *   code16  the interrupt services; real mode, CS = DS = SS = SEG_BIOS, so
 *           constants, variables and the private stack are plain C objects;
 *           FS is 0040h (BDA), GS is scratch for far accesses.
 *   code32  power-on self test; flat protected mode, run once per reset.
 *   vga     the video BIOS; real mode on the caller's stack, see vga.h.
 *
 * Memory (128 KiB image, copied into shadow RAM at the same addresses):
 *   E0000 code32 | EC000 variables and stack | F0000 code16 | FC000 fixed
 */
#ifndef BIOS_H
#define BIOS_H

#define SEG_BIOS    0xEC00
#define SEG_FIXED   0xF000
#define SEG_BDA     0x0040
#define SEG_EBDA    0x9FC0
#define BASE_BIOS   0xEC000
#define STACK_TOP   0x3FF0

#define CMOS_FLOPPY 0x10
#define PM_BASE     0xB000
#define SMB_BASE    0xB100

#ifndef __ASSEMBLER__

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FLAG_CF      0x0001
#define FLAG_ZF      0x0040
#define FLAG_IF      0x0200

#define PACKED       __attribute__((packed))
#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* A register that can be named in 32, 16 or twice 8 bits. */
#define REG_ABCD(r)                                                            \
    union {                                                                    \
        uint32_t e##r##x;                                                      \
        uint16_t r##x;                                                         \
        struct {                                                               \
            uint8_t r##l, r##h;                                                \
        };                                                                     \
    }
#define REG_INDEX(r)                                                           \
    union {                                                                    \
        uint32_t e##r;                                                         \
        uint16_t r;                                                            \
    }

/* The caller's registers, as entry.S and vga_rom.S push them.
 * ORDER: entry.S, vga_rom.S. */
struct regs {
    uint16_t gs, fs, es, ds;
    REG_INDEX(di);
    REG_INDEX(si);
    REG_INDEX(bp);
    uint32_t esp_unused;
    REG_ABCD(b);
    REG_ABCD(d);
    REG_ABCD(c);
    REG_ABCD(a);
    uint32_t caller_esp;
    uint16_t caller_ss;
    uint16_t flags;
};

_Static_assert(sizeof(struct regs) == 48, "entry.S knows this lay-out");

static inline void outb(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline void outw(uint16_t port, uint16_t value)
{
    __asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port));
}

static inline void outl(uint16_t port, uint32_t value)
{
    __asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint8_t inb(uint16_t port)
{
    uint8_t value;

    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static inline uint16_t inw(uint16_t port)
{
    uint16_t value;

    __asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static inline uint32_t inl(uint16_t port)
{
    uint32_t value;

    __asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static inline uint8_t cmos_read(uint8_t index)
{
    outb(0x70, index | 0x80);
    return inb(0x71);
}

static inline void cmos_write(uint8_t index, uint8_t value)
{
    outb(0x70, index | 0x80);
    outb(0x71, value);
}

void *memcpy(void *to, const void *from, size_t count);
void *memset(void *to, int value, size_t count);
int memcmp(const void *left, const void *right, size_t count);

/* Both debug consoles of the board: Bochs' port E9 and QEMU's port 402. */
void debug_putc(char c);
void debug_puts(const char *text);
void debug_hex(uint32_t value, int digits);

#endif
#endif
