/* INT 11h, 12h, 15h. Sources: IBM PS/2 and PC BIOS Interface
 * Technical Reference; RBIL; ACPI 1.0 section 14 for E820.
 * Not here: INT 15h tape (00-03), EISA (D8), SCSI. */

#include "apm.h"
#include "code16.h"
#include "pnp.h"
#include "shared.h"

#define STATUS_UNSUPPORTED 0x86

struct shared shared;
struct apm_state apm_state;
struct pnp_table pnp_table;
const uint8_t escd_data[12] = {12, 0, 'A', 'C', 'F', 'G', 0, 2, 0, 0, 0, 0};

void int11_service(struct regs *r)
{
    r->ax = BDA->equipment;
}

void int12_service(struct regs *r)
{
    r->ax = BDA->memory_kib;
}

/* --- INT 15h: AH=89h is entry_15's, in entry.S ---------------------------- */

/* AH=24h, A20 by port 92h; RBIL INT 15/AX=2400h. */
static void a20_service(struct regs *r)
{
    uint8_t port92 = inb(0x92);

    r->ah = 0;
    switch (r->al) {
    case 0x00:
        outb(0x92, port92 & ~0x03);
        break;
    case 0x01:
        outb(0x92, (port92 & ~0x01) | 0x02);
        break;
    case 0x02:
        r->al = (port92 >> 1) & 1;
        r->cx = 0;
        break;
    case 0x03:
        r->bx = 0x0003;
        break;
    default:
        r->ah = STATUS_UNSUPPORTED;
    }
    carry_set(r, r->ah != 0);
}

/* AH=87h: ES:SI points at six descriptors, 2 is source, 3 destination. */
static void move_service(struct regs *r)
{
    uint16_t table = r->si;
    uint32_t from, to, count = r->cx;
    uint8_t port92 = inb(0x92);

    if (count > 0x8000) {
        r->ah = 0x02;
        carry_set(r, true);
        return;
    }
    from = (far_read32(r->es, table + 0x12) & 0xFFFFFF) |
           (uint32_t)far_read8(r->es, table + 0x17) << 24;
    to = (far_read32(r->es, table + 0x1A) & 0xFFFFFF) |
         (uint32_t)far_read8(r->es, table + 0x1F) << 24;
    outb(0x92, (port92 & ~0x01) | 0x02);
    pm_copy(to, from, count * 2);
    outb(0x92, port92 & ~0x01);
    r->ah = 0;
    carry_set(r, false);
}

/* KiB between 1 MiB and 16 MiB, and 64 KiB units above. */
static uint32_t extended_kib(void)
{
    return (shared.acpi_base >> 10) - 1024;
}

static void e801_service(struct regs *r)
{
    uint32_t kib = extended_kib();

    r->ax = (uint16_t)(kib > 15 * 1024 ? 15 * 1024 : kib);
    r->bx = (uint16_t)(kib > 15 * 1024 ? (kib - 15 * 1024) / 64 : 0);
    r->cx = r->ax;
    r->dx = r->bx;
    carry_set(r, false);
}

static void e820_service(struct regs *r)
{
    uint32_t i = r->ebx;

    if (r->edx != 0x534D4150 || i >= shared.e820_count || r->ecx < 20) {
        r->ah = STATUS_UNSUPPORTED;
        carry_set(r, true);
        return;
    }
    far_store(r->es, r->di, &shared.e820[i], sizeof(struct e820_entry));
    r->ebx = i + 1 < shared.e820_count ? i + 1 : 0;
    r->ecx = sizeof(struct e820_entry);
    r->eax = 0x534D4150;
    carry_set(r, false);
}

/* RBIL INT 15/AX=E881h is E801h with 32-bit registers. */
static void e8_service(struct regs *r)
{
    switch (r->al) {
    case 0x01:
        e801_service(r);
        break;
    case 0x20:
        e820_service(r);
        break;
    case 0x81:
        e801_service(r);
        r->eax = r->ecx = r->ax;
        r->ebx = r->edx = r->bx;
        break;
    default:
        r->ah = STATUS_UNSUPPORTED;
        carry_set(r, true);
    }
}

/* AH=88h: KiB above 1 MiB, at most what a word holds below 64 MiB. */
static void extended_service(struct regs *r)
{
    uint32_t kib = extended_kib();

    r->ax = (uint16_t)(kib > 0xFC00 ? 0xFC00 : kib);
    carry_set(r, false);
}

/* AH=8Ah, of Phoenix' BIOSes: the same in DX:AX, all below 4 GiB. */
static void extended_wide_service(struct regs *r)
{
    uint32_t kib = extended_kib();

    r->ax = (uint16_t)kib;
    r->dx = (uint16_t)(kib >> 16);
    carry_set(r, false);
}

/* --- APM, real mode; apm.c wants GS = SS and FS = EC00. */
static void apm_call(struct regs *r)
{
    __asm__ volatile("movw %%ss, %%cx\n\tmovw %%cx, %%fs\n\t"
                     "movw %%cx, %%gs\n\tcalll apm_function\n\t"
                     "movw %1, %%cx\n\tmovw %%cx, %%fs"
                     : "+a"(r)
                     : "i"(SEG_BDA)
                     : "ecx", "edx", "memory", "cc");
}

static void apm_service(struct regs *r)
{
    uint8_t function = r->al;

    if (function == 0x05) { /* idle, where interrupts can nest */
        irq_sleep();
        carry_set(r, false);
        return;
    }
    apm_call(r);
    if (r->flags & FLAG_CF)
        return;
    if (function == 0x02) {
        r->ax = r->cx = SEG_BIOS;
        r->bx = apm_entry16;
        r->si = r->di = 0xFFF0;
    } else if (function == 0x03) {
        r->ax = SEG_FIXED;
        r->cx = r->dx = SEG_BIOS;
        r->ebx = apm_entry32;
        r->esi = 0xFFF0FFF0;
        r->di = 0xFFF0;
    }
}

void int15_service(struct regs *r)
{
    switch (r->ah) {
    case 0x24:
        a20_service(r);
        break;
    case 0x4F: /* keyboard intercept: keep it */
        carry_set(r, true);
        break;
    case 0x53:
        apm_service(r);
        break;
    case 0x52: /* medium may be ejected */
    case 0x80: /* device open, close, end */
    case 0x81:
    case 0x82:
    case 0x85: /* SysRq */
    case 0x90: /* device busy, ready */
    case 0x91:
        r->ah = 0;
        carry_set(r, false);
        break;
    case 0x83:
    case 0x86:
        wait_service(r);
        break;
    case 0x84:
        joystick_service(r);
        break;
    case 0x87:
        move_service(r);
        break;
    case 0x88:
        extended_service(r);
        break;
    case 0x8A:
        extended_wide_service(r);
        break;
    case 0xC0:
        r->es = SEG_FIXED;
        r->bx = 0xE6F5;
        r->ah = 0;
        carry_set(r, false);
        break;
    case 0xC1:
        r->es = BDA->ebda_segment;
        carry_set(r, false);
        break;
    case 0xC2:
        pointer_service(r);
        break;
    case 0xE8:
        e8_service(r);
        break;
    case 0xEC: /* 00: the mode an AMD64 system will run in, to know */
        r->ah = r->al == 0 ? 0 : STATUS_UNSUPPORTED;
        carry_set(r, r->ah != 0);
        break;
    default:
        r->ah = STATUS_UNSUPPORTED;
        carry_set(r, true);
    }
}
