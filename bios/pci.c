/* PCI bus 0: BARs, interrupt routing, decode enables. Source: PCI Local Bus
 * Specification 2.1, chapter 6; 82371SB (PIIX3) data sheet for PIRQRC and
 * ELCR. Bridges are not walked: the board has one bus. */

#include "post.h"

#define WINDOW_END 0xFEC00000
#define IO_BASE    0xC000
#define IO_END     0x10000
#define BAR_COUNT  7 /* six and the ROM */

/* PIRQ A-D. */
static const uint8_t pirq_irq[4] = {10, 10, 11, 11};

struct bar {
    uint16_t bdf;
    uint8_t reg;
    bool io, wide;
    uint32_t size;
};

#define BARS_MAX 64
static struct bar bars[BARS_MAX];
static unsigned int bar_count;

uint32_t pci_window_base(void)
{
    return SHARED->ram_low > 0xC0000000 ? 0xE0000000 : 0xC0000000;
}

static uint8_t bar_register(int index)
{
    return (uint8_t)(index == 6 ? PCI_ROM : PCI_BAR0 + index * 4);
}

/* Size one BAR by writing ones: 6.2.5.1. */
static void bar_probe(uint16_t bdf, uint8_t reg)
{
    struct bar *b = &bars[bar_count];
    uint32_t old = pci_read32(bdf, reg), mask;

    pci_write32(bdf, reg, reg == PCI_ROM ? 0xFFFFF800 : 0xFFFFFFFF);
    mask = pci_read32(bdf, reg);
    pci_write32(bdf, reg, old);
    if (mask == 0 || mask == 0xFFFFFFFF || bar_count >= BARS_MAX)
        return;
    b->bdf = bdf;
    b->reg = reg;
    b->io = reg != PCI_ROM && (mask & 1);
    b->wide = !b->io && reg != PCI_ROM && (mask & 6) == 4;
    mask &= b->io ? 0xFFFFFFFC : reg == PCI_ROM ? 0xFFFFF800 : 0xFFFFFFF0;
    if (b->io)
        mask |= 0xFFFF0000;
    b->size = ~mask + 1;
    bar_count++;
}

/* Legacy IDE (compatibility mode) decodes fixed ports; only BAR 4 counts. */
static void function_probe(uint16_t bdf)
{
    bool ide = pci_read16(bdf, PCI_CLASS) == 0x0101;
    int i;

    if ((pci_read8(bdf, PCI_HEADER) & 0x7F) != 0)
        return;
    for (i = 0; i < BAR_COUNT; i++) {
        unsigned int before = bar_count;

        if (ide && i < 4)
            continue;
        bar_probe(bdf, bar_register(i));
        if (bar_count > before && bars[before].wide)
            i++;
    }
}

static void bar_place(const struct bar *b, uint32_t address)
{
    pci_write32(b->bdf, b->reg, address);
    if (b->wide)
        pci_write32(b->bdf, b->reg + 4, 0);
}

/* Largest first, so each lands on a multiple of its size without gaps. The
 * video frame buffer, the largest, lands at E0000000 where old programs
 * look for it. */
static void bars_assign(bool io, uint32_t base, uint32_t end)
{
    uint32_t size;
    unsigned int i;

    for (size = 0x80000000; size >= 4; size >>= 1)
        for (i = 0; i < bar_count; i++) {
            if (bars[i].io != io || bars[i].size != size)
                continue;
            base = (base + size - 1) & ~(size - 1);
            if (size > end - base) {
                debug_puts("PCI: no room for a BAR\n");
                continue;
            }
            bar_place(&bars[i], base);
            base += size;
        }
}

bool pci_slot_used(uint8_t slot)
{
    return pci_read16((uint16_t)(slot << 3), PCI_VENDOR_ID) != 0xFFFF;
}

uint8_t pci_irq_of(uint8_t slot, uint8_t pin)
{
    return pirq_irq[(slot - 1 + pin) & 3];
}

static void function_enable(uint16_t bdf)
{
    uint8_t pin = pci_read8(bdf, PCI_INTERRUPT_PIN);

    if (bdf != PCI_PM_BDF && pin >= 1 && pin <= 4)
        pci_write8(bdf, PCI_INTERRUPT_LINE,
                   pci_irq_of((uint8_t)(bdf >> 3), pin - 1));
    if (pci_read16(bdf, PCI_CLASS) == 0x0101) {
        pci_write16(bdf, 0x40, 0x8000); /* both channels decode */
        pci_write16(bdf, 0x42, 0x8000);
    }
    pci_write16(bdf, PCI_COMMAND, pci_read16(bdf, PCI_COMMAND) | 0x0107);
}

static void each_function(void (*visit)(uint16_t bdf))
{
    uint16_t bdf;

    for (bdf = 0; bdf < 0x100; bdf++) {
        if (pci_read16(bdf, PCI_VENDOR_ID) != 0xFFFF)
            visit(bdf);
        if (!(bdf & 7) && !pci_multifunction(bdf))
            bdf |= 7;
    }
}

/* IRQs of PCI are level triggered: ELCR. */
static void routing_setup(void)
{
    int i;

    for (i = 0; i < 4; i++)
        pci_write8(PCI_ISA_BDF, (uint8_t)(0x60 + i), pirq_irq[i]);
    outb(0x4D0, 0x00);
    outb(0x4D1, 0x0E); /* 9 (SCI), 10, 11 */
}

void pci_setup(void)
{
    uint32_t base = 0xE0000000;
    uint32_t needed = 0;
    unsigned int i;

    bar_count = 0;
    each_function(function_probe);
    for (i = 0; i < bar_count; i++)
        if (!bars[i].io)
            needed += bars[i].size;
    if (needed > (WINDOW_END - base) / 2)
        base = pci_window_base();
    bars_assign(true, IO_BASE, IO_END);
    bars_assign(false, base, WINDOW_END);
    routing_setup();
    each_function(function_enable);
    SHARED->ide_bus_master =
        (uint16_t)(pci_read32(PCI_IDE_BDF, PCI_BAR0 + 16) & 0xFFF0);
}
