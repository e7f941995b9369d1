/* PCI BIOS 2.1, INT 1Ah AH=B1h and the 32-bit entry. Source: PCI BIOS
 * Specification 2.1. Compiled for code16 and, without data of its own and so
 * position independent, for the 32-bit entry of rom32.S. One host bridge,
 * configuration mechanism 1. */

#include "bios.h"
#include "pci.h"

#define PCI_OK           0x00
#define PCI_UNSUPPORTED  0x81
#define PCI_BAD_VENDOR   0x83
#define PCI_NOT_FOUND    0x86
#define PCI_BAD_REGISTER 0x87
#define PCI_BUFFER_SMALL 0x89

/* The n-th function whose dword at reg, under mask, is value; -1 if none. */
static int find_nth(uint8_t reg, uint32_t mask, uint32_t value, uint16_t n)
{
    uint32_t bdf;

    for (bdf = 0; bdf < 0x100u * (PCI_LAST_BUS + 1); bdf++) {
        if ((bdf & 7) && !pci_multifunction((uint16_t)(bdf & ~7u))) {
            bdf |= 7;
            continue;
        }
        if (pci_read16((uint16_t)bdf, PCI_VENDOR_ID) == 0xFFFF)
            continue;
        if ((pci_read32((uint16_t)bdf, reg) & mask) == value && n-- == 0)
            return (int)bdf;
    }
    return -1;
}

static uint8_t find_device(struct regs *r)
{
    int bdf;

    if (r->dx == 0xFFFF)
        return PCI_BAD_VENDOR;
    bdf = find_nth(PCI_VENDOR_ID, 0xFFFFFFFF, (uint32_t)r->cx << 16 | r->dx,
                   r->si);
    if (bdf < 0)
        return PCI_NOT_FOUND;
    r->bx = (uint16_t)bdf;
    return PCI_OK;
}

static uint8_t find_class(struct regs *r)
{
    int bdf = find_nth(PCI_REVISION, 0xFFFFFF00, r->ecx << 8, r->si);

    if (bdf < 0)
        return PCI_NOT_FOUND;
    r->bx = (uint16_t)bdf;
    return PCI_OK;
}

static uint8_t access(struct regs *r)
{
    uint8_t function = r->al;
    uint8_t size = (uint8_t)((function - 8) % 3); /* 0, 1, 2: log of bytes */

    if (r->di > 0xFF || (r->di & ((1 << size) - 1)))
        return PCI_BAD_REGISTER;
    switch (function) {
    case 0x08:
        r->cl = pci_read8(r->bx, (uint8_t)r->di);
        break;
    case 0x09:
        r->cx = pci_read16(r->bx, (uint8_t)r->di);
        break;
    case 0x0A:
        r->ecx = pci_read32(r->bx, (uint8_t)r->di);
        break;
    case 0x0B:
        pci_write8(r->bx, (uint8_t)r->di, r->cl);
        break;
    case 0x0C:
        pci_write16(r->bx, (uint8_t)r->di, r->cx);
        break;
    case 0x0D:
        pci_write32(r->bx, (uint8_t)r->di, r->ecx);
        break;
    }
    return PCI_OK;
}

static uint8_t dispatch(struct regs *r)
{
    switch (r->al) {
    case 0x01:
        r->edx = 0x20494350; /* "PCI " */
        r->al = 0x01;        /* mechanism 1, no special cycle */
        r->bx = 0x0210;
        r->cl = PCI_LAST_BUS;
        return PCI_OK;
    case 0x02:
        return find_device(r);
    case 0x03:
        return find_class(r);
    case 0x08:
    case 0x09:
    case 0x0A:
    case 0x0B:
    case 0x0C:
    case 0x0D:
        return access(r);
    }
    return PCI_UNSUPPORTED;
}

static void finish(struct regs *r, uint8_t status)
{
    r->ah = status;
    if (status != PCI_OK)
        r->flags |= FLAG_CF;
    else
        r->flags &= ~FLAG_CF;
}

#ifdef CODE32

void pcibios_service32(struct regs *r)
{
    finish(r, dispatch(r));
}

#else

#include "code16.h"

/* AL=0Eh: the slots of $PIR, which POST built; tables.c. */
static uint8_t get_routing(struct regs *r)
{
    uint16_t pir = far_read16(SEG_FIXED, FIXED_PIR_POINTER);
    uint16_t size = far_read16(SEG_FIXED, pir + 6) - 32;
    uint16_t room = far_read16(r->es, r->di);
    uint16_t offset = far_read16(r->es, r->di + 2);
    uint16_t segment = far_read16(r->es, r->di + 4), i;

    far_write16(r->es, r->di, size);
    if (room < size)
        return PCI_BUFFER_SMALL;
    for (i = 0; i < size; i++)
        far_write8(segment, offset + i, far_read8(SEG_FIXED, pir + 32 + i));
    r->bx = PCI_PIR_EXCLUSIVE;
    return PCI_OK;
}

/* AL=0Fh: CL pin 0Ah-0Dh of device BX to interrupt CH. */
static uint8_t set_interrupt(struct regs *r)
{
    uint8_t link;

    if (r->cl < 0x0A || r->cl > 0x0D || r->ch > 15 || !(0xDEF8 >> r->ch & 1))
        return PCI_UNSUPPORTED;
    link = (uint8_t)(((r->bl >> 3) - 1 + r->cl - 0x0A) & 3);
    pci_write8(PCI_ISA_BDF, (uint8_t)(0x60 + link), r->ch);
    if (r->ch >= 8)
        outb(0x4D1, (uint8_t)(inb(0x4D1) | 1 << (r->ch - 8)));
    else
        outb(0x4D0, (uint8_t)(inb(0x4D0) | 1 << r->ch));
    return PCI_OK;
}

void pcibios_service(struct regs *r)
{
    if (r->al == 0x0E)
        finish(r, get_routing(r));
    else if (r->al == 0x0F)
        finish(r, set_interrupt(r));
    else
        finish(r, dispatch(r));
}

#endif
