/* The BIOS check program's parts. */
#ifndef CHECK_H
#define CHECK_H

#include "bda.h"

#define SEG_CHECK        0x1000
#define BDA              ((volatile struct bda __seg_fs *)0)

#define CHECK(condition) check_that(condition, #condition, __LINE__)
#define EQUAL(got, want) check_equal(got, want, #got, __LINE__)

void check_that(bool ok, const char *what, int line);
void check_equal(uint32_t got, uint32_t want, const char *what, int line);

struct regs call(uint8_t number, uint16_t ax, uint16_t bx, uint16_t cx,
                 uint16_t dx);
void int_call(uint32_t number, struct regs *r);

static inline bool carry(const struct regs *r)
{
    return (r->flags & FLAG_CF) != 0;
}

static inline uint8_t peek8(uint16_t segment, uint16_t offset)
{
    uint8_t value;

    __asm__ volatile("movw %1, %%gs\n\tmovb %%gs:(%2), %0"
                     : "=q"(value)
                     : "r"(segment), "r"((uint32_t)offset)
                     : "memory");
    return value;
}

static inline void poke8(uint16_t segment, uint16_t offset, uint8_t value)
{
    __asm__ volatile("movw %0, %%gs\n\tmovb %2, %%gs:(%1)"
                     :
                     : "r"(segment), "r"((uint32_t)offset), "q"(value)
                     : "memory");
}

static inline uint16_t peek16(uint16_t segment, uint16_t offset)
{
    return (uint16_t)(peek8(segment, offset) | peek8(segment, offset + 1) << 8);
}

static inline uint32_t peek32(uint16_t segment, uint16_t offset)
{
    return peek16(segment, offset) | (uint32_t)peek16(segment, offset + 2)
                                         << 16;
}

/* An address of ours as the far pointers of services want it. */
#define OFFSET(object) ((uint16_t)(uint32_t)(object))

int protected_trip(void);
extern uint8_t mouse_handler[];
extern volatile uint16_t mouse_status, mouse_x, mouse_y, mouse_calls;

void debug_puts(const char *text);

/* A call from protected mode: offset32 and selector32 of a 32-bit entry, or
 * selector << 16 | offset in offset32 of a 16-bit one. protected.S. */
struct pm_job {
    uint32_t offset32;
    uint16_t selector32, reserved;
    uint8_t wide, garbage; /* in the upper half of ESP */
    uint16_t ss, count;    /* words in args */
    uint8_t carry, reserved15;
    uint32_t eax, ebx, ecx, edx;
    uint16_t args[8];
};

void pm_call(struct pm_job *job);
/* A far real-mode routine with words on the stack; its AX. */
uint16_t real_call(uint32_t entry, const uint16_t *args, uint32_t count);

/* check_system.c: on a 16-byte boundary of segment F000, 0 = not there. */
uint16_t find_table(const char *signature, uint16_t length);
uint8_t sum_far(uint16_t segment, uint16_t offset, uint16_t count);

void check_services(void);
void check_protected(void);
void check_memory(void);
void check_time(void);
void check_keyboard(void);
void check_mouse(void);
void check_system(void);
void check_ports(void);
void check_pci(void);
void check_floppy(void);
void check_disk(void);
void check_text(void);
void check_graphics(void);
void check_palette(void);
void check_vbe(void);

#endif
