/* Advanced Power Management 1.2, as much as a machine with one power state
 * needs: connect, idle, off. Source: APM BIOS Interface Specification 1.2,
 * chapter 4. The 16-bit protected-mode interface is not here. Compiled for
 * code16 and, without data of its own and so position independent, as the
 * 32-bit interface. */

#include "bios.h"

#define APM_BAD_DEVICE  0x09
#define APM_BAD_VALUE   0x0A
#define APM_NO_EVENT    0x80
#define APM_NO_16BIT    0x06
#define APM_UNSUPPORTED 0x0C

#define PM1_CONTROL     (PM_BASE + 4)
#define SLP_EN          0x2000

/* PIIX4: sleep type 0 is soft off; the board takes it at once. */
static void power_off(void)
{
    outw(PM1_CONTROL, SLP_EN);
    for (;;)
        __asm__ volatile("cli; hlt");
}

static int set_state(struct regs *r)
{
    if (r->bx != 0x0001)
        return APM_BAD_DEVICE;
    if (r->cx == 3)
        power_off();
    return r->cx > 3 ? APM_BAD_VALUE : -1;
}

static int function(struct regs *r)
{
    switch (r->al) {
    case 0x00: /* installation check */
        r->ah = 1;
        r->al = 2;
        r->bx = 0x504D; /* "PM" */
        r->cx = 0x0002; /* 32-bit interface */
        return -1;
    case 0x01: /* real mode connect */
    case 0x04: /* disconnect */
    case 0x06: /* CPU busy */
    case 0x08:
    case 0x0D:
    case 0x0F:
        return -1;
    case 0x02:
        return APM_NO_16BIT;
    case 0x05: /* CPU idle */
        __asm__ volatile("sti; hlt");
        return -1;
    case 0x07:
        return set_state(r);
    case 0x0A: /* on line, no battery */
        r->bx = 0x01FF;
        r->cx = 0x80FF;
        r->dx = 0xFFFF;
        r->si = 0;
        return -1;
    case 0x0B:
        return APM_NO_EVENT;
    case 0x0C:
        r->cx = 0;
        return -1;
    case 0x0E: /* driver version: 1.2 */
        r->ax = r->cx < 0x0102 ? r->cx : 0x0102;
        return -1;
    }
    return APM_UNSUPPORTED;
}

static void finish(struct regs *r, int error)
{
    if (error >= 0) {
        r->ah = (uint8_t)error;
        r->flags |= FLAG_CF;
    } else {
        r->flags &= ~FLAG_CF;
    }
}

#ifdef CODE32

void apm_service32(struct regs *r)
{
    finish(r, function(r));
}

#else

#include "code16.h"

void apm_service(struct regs *r)
{
    if (r->al == 0x03) { /* 32-bit connect */
        r->ax = r->cx = r->dx = SEG_FIXED;
        r->ebx = apm_entry32;
        r->esi = 0xFFF0FFF0;
        r->di = 0xFFF0;
        carry_set(r, false);
    } else if (r->al == 0x05) {
        irq_sleep();
        carry_set(r, false);
    } else {
        finish(r, function(r));
    }
}

#endif
