/* Real-mode services: access to far memory, waits, and the list of parts. */
#ifndef CODE16_H
#define CODE16_H

#include "bda.h"

/* FS holds 0040h whenever C runs, see entry.S. */
#define BDA ((volatile struct bda __seg_fs *)0)

static inline void far_select(uint16_t segment)
{
    __asm__ volatile("movw %0, %%gs" : : "r"(segment) : "memory");
}

#define FAR_PTR(type, offset) ((volatile type __seg_gs *)(uint32_t)(offset))

static inline uint8_t far_read8(uint16_t segment, uint16_t offset)
{
    far_select(segment);
    return *FAR_PTR(uint8_t, offset);
}

static inline uint16_t far_read16(uint16_t segment, uint16_t offset)
{
    far_select(segment);
    return *FAR_PTR(uint16_t, offset);
}

static inline uint32_t far_read32(uint16_t segment, uint16_t offset)
{
    far_select(segment);
    return *FAR_PTR(uint32_t, offset);
}

static inline void far_write8(uint16_t segment, uint16_t offset, uint8_t v)
{
    far_select(segment);
    *FAR_PTR(uint8_t, offset) = v;
}

static inline void far_write16(uint16_t segment, uint16_t offset, uint16_t v)
{
    far_select(segment);
    *FAR_PTR(uint16_t, offset) = v;
}

static inline void far_write32(uint16_t segment, uint16_t offset, uint32_t v)
{
    far_select(segment);
    *FAR_PTR(uint32_t, offset) = v;
}

/* Copies between a C object and far memory. */
void far_store(uint16_t segment, uint16_t offset, const void *from,
               uint16_t count);
void far_fetch(void *to, uint16_t segment, uint16_t offset, uint16_t count);

static inline bool carry_set(struct regs *r, bool on)
{
    r->flags = (uint16_t)((r->flags & ~FLAG_CF) | (on ? FLAG_CF : 0));
    return on;
}

/* entry.S */
void irq_window(void); /* lets pending interrupts in */
void irq_sleep(void);  /* the same, halted until one */
void int_call(uint32_t number, struct regs *r);
/* A far routine; registers as with int_call. */
void far_call(uint32_t address, struct regs *r);
void boot_jump(uint16_t segment, uint16_t offset, uint32_t drive)
    __attribute__((noreturn));
void big_real(void);
void pm_copy(uint32_t to, uint32_t from, uint32_t bytes);

/* reset.S */
void boot_direct(const void *record) __attribute__((noreturn));

/* rom32.S: the 32-bit APM entry in segment F000, the 16-bit one in EC00 */
extern const uint16_t apm_entry32, apm_entry16;

/* time.c: the PM timer, 3.579545 MHz, 24 bits. */
#define PM_TICKS_PER_MS 3580
uint32_t timer_now(void);
bool timer_expired(uint32_t start, uint32_t ms);
void delay_us(uint32_t us);

/* screen.c */
void screen_start(void);
void screen_putc(char c);
void screen_puts(const char *text);
void screen_decimal(uint32_t value);

/* services, one per interrupt; called by entry.S */
void int09_service(struct regs *r);
void int11_service(struct regs *r);
void int12_service(struct regs *r);
void int13_service(struct regs *r);
void int14_service(struct regs *r);
void int15_service(struct regs *r);
void int16_service(struct regs *r);
void int17_service(struct regs *r);
void int1a_service(struct regs *r);
void int40_service(struct regs *r);
void int70_service(struct regs *r);
void int74_service(struct regs *r);

void joystick_service(struct regs *r);
void polls_restart(void);
void pcibios_service(struct regs *r);
void pointer_service(struct regs *r);
void wait_service(struct regs *r);
void int05_service(struct regs *r);
void pmm_service(struct regs *r);
void start16(void);
void boot_first(void) __attribute__((noreturn));
void boot_next(void) __attribute__((noreturn));

/* parts that POST starts */
void clock_set_ticks(void);
/* NULL, or what is wrong and what helps. */
const char *keyboard_start(void);
void floppy_start(void);
void disk_start(void);
void pic_unmask(uint8_t irq);

#endif
