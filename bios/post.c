/* Power-on self test, the protected-mode half: chipset, memory map, vectors
 * and BIOS data area, tables. start16 in boot.c goes on in real mode.
 * Sources: IBM PC/AT Technical Reference; 82371AB (PIIX4) data sheet 7.1 for
 * the power management base. There is no RAM test: emulated RAM is good, and
 * a direct boot has put its images there already. */

#include "post.h"

#define CMOS_EQUIPMENT 0x14
#define CMOS_BASE_LOW  0x15
#define CMOS_EXT_LOW   0x30
#define CMOS_RAM16_LOW 0x34 /* 64 KiB units above 16 MiB */
#define CMOS_RAM4G_LOW 0x5B /* 64 KiB units above 4 GiB, three bytes */

#define EBDA_KIB       1
#define TABLE_SPACE    0x20000

static const struct {
    uint8_t number;
    uint16_t offset; /* in segment F000 */
} vectors[] = {
    {0x02, 0xE2C3}, {0x05, 0xFF54}, {0x08, 0xFEA5}, {0x09, 0xE987},
    {0x0E, 0xEF57}, {0x10, 0xF065}, {0x11, 0xF84D}, {0x12, 0xF841},
    {0x13, 0xE3FE}, {0x14, 0xE739}, {0x15, 0xF859}, {0x16, 0xE82E},
    {0x17, 0xEFD2}, {0x19, 0xE6F2}, {0x1A, 0xFE6E}, {0x1D, 0xF0A4},
    {0x1E, 0xEFC7}, {0x40, 0xEC59},
};

#define FIXED_OFFSET(symbol) ((uint16_t)(uint32_t) & (symbol))

static void vector_set(uint8_t number, uint16_t offset)
{
    volatile uint32_t *ivt = (volatile uint32_t *)0;

    __asm__("" : "+r"(ivt)); /* address 0 is meant */
    ivt[number] = (uint32_t)SEG_FIXED << 16 | offset;
}

static void vectors_setup(void)
{
    unsigned int i;

    for (i = 0; i < 0x78; i++)
        vector_set((uint8_t)i, 0xFF53);
    for (i = 0x0A; i < 0x10; i++)
        vector_set((uint8_t)i, FIXED_OFFSET(fixed_irq_low));
    for (i = 0x71; i < 0x78; i++)
        vector_set((uint8_t)i, FIXED_OFFSET(fixed_irq_high));
    for (i = 0; i < ARRAY_LEN(vectors); i++)
        vector_set(vectors[i].number, vectors[i].offset);
    vector_set(0x18, FIXED_OFFSET(fixed_int18));
    vector_set(0x1F, FIXED_OFFSET(font_8x8_upper));
    vector_set(0x70, FIXED_OFFSET(fixed_int70));
    vector_set(0x74, FIXED_OFFSET(fixed_int74));
    vector_set(0x75, FIXED_OFFSET(fixed_int75));
    vector_set(0x76, FIXED_OFFSET(fixed_int76));
    /* 60h-67h are the user's: empty. */
    memset((void *)(0x60 * 4), 0, 8 * 4);
}

/* 8259s at 08h and 70h, all masked but the cascade; 8254 channel 0 at
 * 18.2 Hz, 1 for refresh; 8237 cascade on channel 4. */
void chips_setup(void)
{
    outb(0x20, 0x11);
    outb(0xA0, 0x11);
    outb(0x21, 0x08);
    outb(0xA1, 0x70);
    outb(0x21, 0x04);
    outb(0xA1, 0x02);
    outb(0x21, 0x01);
    outb(0xA1, 0x01);
    outb(0x21, 0xFB);
    outb(0xA1, 0xFF);
    outb(0x43, 0x36);
    outb(0x40, 0);
    outb(0x40, 0);
    outb(0x43, 0x54);
    outb(0x41, 18);
    outb(0x61, inb(0x61) & 0xFC);
    outb(0x0D, 0);
    outb(0xDA, 0);
    outb(0xD6, 0xC0);
    outb(0xD4, 0x00);
    outb(0x92, (inb(0x92) & ~0x01) | 0x02); /* A20 */
}

static void clock_setup(void)
{
    cmos_write(0x0A, 0x26);
    cmos_write(0x0B, 0x02);
    cmos_read(0x0C);
}

/* PM I/O space, SCI on IRQ 9; the SMBus base keeps Linux content. */
void pm_setup(void)
{
    if (pci_read32(PCI_PM_BDF, PCI_VENDOR_ID) != 0x71138086)
        return;
    pci_write32(PCI_PM_BDF, 0x40, PM_BASE | 1);
    pci_write8(PCI_PM_BDF, 0x80, 0x01);
    pci_write32(PCI_PM_BDF, 0x90, SMB_BASE | 1);
    pci_write8(PCI_PM_BDF, 0xD2, 0x09);
    pci_write8(PCI_PM_BDF, PCI_INTERRUPT_LINE, 9);
}

static uint32_t cmos_word(uint8_t index)
{
    return cmos_read(index) | (uint32_t)cmos_read(index + 1) << 8;
}

static void memory_size(struct shared *s)
{
    uint32_t units = cmos_word(CMOS_RAM16_LOW);

    s->ram_low = units ? (units << 16) + 0x1000000
                       : (cmos_word(CMOS_EXT_LOW) << 10) + 0x100000;
    s->ram_high = (uint64_t)(cmos_word(CMOS_RAM4G_LOW) |
                             (uint32_t)cmos_read(CMOS_RAM4G_LOW + 2) << 16)
                  << 16;
    /* A PC with 1 MiB has no room for ACPI tables above it. */
    s->acpi_base =
        s->ram_low >= 0x200000 ? s->ram_low - TABLE_SPACE : s->ram_low;
}

static void e820_add(struct shared *s, uint64_t base, uint64_t end,
                     uint32_t type)
{
    struct e820_entry *e = &s->e820[s->e820_count];

    if (base >= end || s->e820_count >= E820_MAX)
        return;
    e->base = base;
    e->length = end - base;
    e->type = type;
    s->e820_count++;
}

/* The FACS is the first page of the table space, type 4. */
static void e820_build(struct shared *s)
{
    s->e820_count = 0;
    e820_add(s, 0, SEG_EBDA * 16, E820_RAM);
    e820_add(s, SEG_EBDA * 16, 0xA0000, E820_RESERVED);
    e820_add(s, 0xE0000, 0x100000, E820_RESERVED);
    e820_add(s, 0x100000, s->acpi_base, E820_RAM);
    if (s->acpi_base < s->ram_low) {
        e820_add(s, s->acpi_base, s->acpi_base + 0x1000, E820_NVS);
        e820_add(s, s->acpi_base + 0x1000, s->ram_low, E820_ACPI);
    }
    e820_add(s, 0xFEC00000, 0xFEC01000, E820_RESERVED);
    e820_add(s, 0xFEE00000, 0xFEE01000, E820_RESERVED);
    e820_add(s, 0xFFFC0000, 0x100000000ull, E820_RESERVED);
    if (s->ram_high)
        e820_add(s, 0x100000000ull, 0x100000000ull + s->ram_high, E820_RAM);
}

static bool uart_present(uint16_t base)
{
    outb(base + 1, 0x02);
    if ((inb(base + 1) & 0x0F) != 0x02)
        return false;
    outb(base + 1, 0x00);
    return (inb(base + 1) & 0x0F) == 0;
}

static void serial_setup(void)
{
    static const uint16_t bases[] = {0x3F8, 0x2F8, 0x3E8, 0x2E8};
    unsigned int i, n = 0;

    for (i = 0; i < 4; i++)
        if (uart_present(bases[i])) {
            BDA->com_port[n] = bases[i];
            BDA->com_timeout[n++] = 10;
        }
    BDA->equipment |= (uint16_t)(n << 9);
}

/* A data register keeps what is written to it. */
static bool parallel_present(uint16_t base)
{
    outb(base + 2, 0x0C);
    outb(base, 0xAA);
    if (inb(base) != 0xAA)
        return false;
    outb(base, 0x55);
    return inb(base) == 0x55;
}

/* LPT1 is the first of IBM's three places where there is one. */
static void parallel_setup(void)
{
    static const uint16_t bases[] = {0x3BC, 0x378, 0x278};
    unsigned int i, n = 0;

    for (i = 0; i < 3; i++)
        if (parallel_present(bases[i])) {
            BDA->lpt_port[n] = bases[i];
            BDA->lpt_timeout[n++] = 20;
        }
    BDA->equipment |= (uint16_t)(n << 14);
}

/* Equipment: FPU, mouse, 80x25 colour, the diskettes, the ports. */
static void data_area_setup(void)
{
    uint8_t floppy = cmos_read(CMOS_FLOPPY);
    unsigned int drives = ((floppy & 0xF0) != 0) + ((floppy & 0x0F) != 0);
    uint16_t reset_flag = BDA->reset_flag;

    memset((void *)(SEG_BDA * 16), 0, 0x100);
    memset((void *)(SEG_EBDA * 16), 0, EBDA_KIB * 1024);
    *(volatile uint8_t *)(SEG_EBDA * 16) = EBDA_KIB;
    BDA->reset_flag = reset_flag;
    BDA->ebda_segment = SEG_EBDA;
    BDA->memory_kib = 640 - EBDA_KIB;
    BDA->equipment = 0x0026;
    if (drives)
        BDA->equipment |= (uint16_t)(0x0001 | (drives - 1) << 6);
    serial_setup();
    parallel_setup();
}

static void direct_boot_fetch(struct shared *s)
{
    if (!fwcfg_present() ||
        !fwcfg_read_file("opt/umbra/boot", &s->boot, sizeof(s->boot)))
        s->boot.magic = 0;
}

void post_main(void)
{
    struct shared *s = SHARED;

    debug_puts("Umbra BIOS\n");
    chips_setup();
    clock_setup();
    pm_setup();
    memory_size(s);
    cpu_setup();
    vectors_setup();
    data_area_setup();
    pci_setup();
    e820_build(s);
    tables_build();
    optroms_find();
    direct_boot_fetch(s);
}
