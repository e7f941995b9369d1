/* Option ROMs: copies what optrom.c has found to C0000-DFFFF, starts each
 * and keeps what it gives for booting. Sources: PCI 2.1, 6.3.3 "INIT
 * Function Extensions"; Plug and Play BIOS 1.0A, 3 "Option ROM Support";
 * BIOS Boot Specification 1.01, 5 (BCV, BEV) and appendix C.
 * Not here: device drivers' vectors (DV), static resource tables. */

#include "boot.h"
#include "fwcfg.h"
#include "pci.h"
#include "shared.h"

#define ROM_AREA     0xC0000
#define ROM_AREA_END 0xE0000
#define ROM_UNIT     0x800
#define PNP_HEADERS  8
#define ROM_STACK    0x7000

/* Offsets in a PnP expansion header; PnP BIOS 3.2. */
#define PNP_NEXT    0x06
#define PNP_PRODUCT 0x10
#define PNP_BCV     0x16
#define PNP_BEV     0x1A

struct rom_boot rom_boots[ROM_BOOTS];
uint8_t rom_boot_count;

static struct rom_boot connections[ROM_BOOTS];
static uint8_t connection_count;
static uint32_t rom_end; /* first free byte, a multiple of 2 KiB */

static uint32_t round_up(uint32_t at)
{
    return (at + ROM_UNIT - 1) & ~(uint32_t)(ROM_UNIT - 1);
}

static uint32_t size_at(uint16_t segment)
{
    return far_read16(segment, 0) == 0xAA55 ? far_read8(segment, 2) * 512u : 0;
}

/* All bytes of a ROM add up to zero. */
static bool sum_good(uint16_t segment, uint32_t size)
{
    uint8_t sum = 0;
    uint32_t i;

    for (; size > 0; segment += 0x20, size -= 512)
        for (i = 0; i < 512; i++)
            sum += far_read8(segment, (uint16_t)i);
    return sum == 0;
}

/* --- places ----------------------------------------------------------------
 */

/* Room for size bytes that no ROM of an ISA card lies in; 0 = none. */
static uint32_t space_for(uint32_t size)
{
    uint32_t at = rom_end, i;

    for (i = 0; i < shared.optrom_count; i++) {
        const struct optrom *isa = &shared.optrom[i];

        if (isa->kind == ROM_ISA && isa->source < at + size &&
            isa->source + isa->size > at) {
            at = round_up(isa->source + isa->size);
            i = (uint32_t)-1; /* from the first again */
        }
    }
    return at + size <= ROM_AREA_END ? at : 0;
}

static void file_copy(const struct optrom *rom, uint32_t at)
{
    uint32_t left = rom->size;
    uint16_t segment = (uint16_t)(at >> 4);

    fwcfg_select((uint16_t)rom->source);
    fwcfg_bytes(NULL, rom->offset);
    for (; left > 0; left -= 512, segment += 0x20) {
        uint32_t count = 512, to = 0;

        __asm__ volatile("pushw %%es\n\tmovw %w3, %%es\n\t"
                         "addr32 rep insb\n\tpopw %%es"
                         : "+D"(to), "+c"(count)
                         : "d"(FWCFG_DATA), "a"(segment)
                         : "memory");
    }
}

/* Where the ROM is to run, 0 if there is no room. */
static uint32_t rom_place(const struct optrom *rom)
{
    uint32_t at = rom->kind == ROM_ISA ? rom->source : space_for(rom->size);

    if (rom->kind == ROM_PCI || rom->kind == ROM_DISPLAY) {
        if (at != 0)
            pm_copy(at, rom->source, rom->size);
        pci_write32(rom->bdf, PCI_ROM, pci_read32(rom->bdf, PCI_ROM) & ~1u);
    } else if (rom->kind == ROM_FILE && at != 0) {
        file_copy(rom, at);
    }
    return at;
}

/* --- start -----------------------------------------------------------------
 */

/* What every entry into a ROM gets: AX the card, no ISA PnP card, ES:DI the
 * PnP installation check, segments that reach everything; a stack in segment
 * 0, as SeaBIOS' video BIOS reaches all memory by SS. A kernel from the command
 * line may be there already: then it is ours. */
static uint16_t rom_call(uint16_t segment, uint16_t offset, uint16_t bdf)
{
    struct regs r;

    memset(&r, 0, sizeof(r));
    r.ax = bdf;
    r.bx = r.dx = 0xFFFF;
    r.es = SEG_FIXED;
    r.di = shared.pnp;
    if (shared.boot.magic != BOOT_MAGIC)
        r.caller_esp = ROM_STACK;
    big_real();
    far_call((uint32_t)segment << 16 | offset, &r);
    return r.ax;
}

static void keep(struct rom_boot *table, uint8_t *count, uint16_t segment,
                 uint16_t header, uint16_t vector, uint16_t bdf)
{
    struct rom_boot *b = &table[*count];

    if (vector == 0 || *count >= ROM_BOOTS)
        return;
    b->segment = segment;
    b->vector = vector;
    b->name = far_read16(segment, header + PNP_PRODUCT);
    b->bdf = bdf;
    (*count)++;
}

/* A ROM has a chain of PnP headers, one for each device it boots. */
static void headers_read(uint16_t segment, uint16_t bdf)
{
    uint16_t header = far_read16(segment, 0x1A);
    int i;

    for (i = 0; i < PNP_HEADERS && header != 0; i++) {
        if (far_read32(segment, header) != 0x506E5024) /* $PnP */
            return;
        keep(connections, &connection_count, segment, header,
             far_read16(segment, header + PNP_BCV), bdf);
        keep(rom_boots, &rom_boot_count, segment, header,
             far_read16(segment, header + PNP_BEV), bdf);
        header = far_read16(segment, header + PNP_NEXT);
    }
}

static void rom_tell(const char *what, uint32_t at)
{
    debug_puts("option ROM ");
    debug_hex(at, 5);
    debug_puts(what);
}

/* A ROM may make itself smaller while it starts: byte 2 tells. */
static void rom_run(const struct optrom *rom)
{
    uint32_t at = rom_place(rom);
    uint16_t segment = (uint16_t)(at >> 4);
    uint32_t size;

    if (at == 0) {
        rom_tell(": no room for it below E0000; start with fewer ROMs\n", 0);
        return;
    }
    if (!sum_good(segment, size_at(segment))) {
        rom_tell(": its checksum is wrong, it is left alone\n", at);
        far_write16(segment, 0, 0);
        return;
    }
    rom_tell(": start\n", at);
    rom_call(segment, 3, rom->bdf);
    size = size_at(segment);
    if (size != 0)
        headers_read(segment, rom->bdf);
    if (rom->kind != ROM_ISA && at + size > rom_end)
        rom_end = round_up(at + size);
}

void rom_start_display(void)
{
    uint32_t i;

    rom_end = ROM_AREA;
    rom_boot_count = 0;
    connection_count = 0;
    for (i = 0; i < shared.optrom_count; i++) {
        const struct optrom *rom = &shared.optrom[i];

        if (rom->kind == ROM_DISPLAY ||
            (rom->kind == ROM_ISA && rom->source == ROM_AREA))
            rom_run(rom);
    }
}

void rom_start_others(void)
{
    uint32_t i;

    for (i = 0; i < shared.optrom_count; i++) {
        const struct optrom *rom = &shared.optrom[i];

        if (rom->kind != ROM_DISPLAY &&
            !(rom->kind == ROM_ISA && rom->source == ROM_AREA))
            rom_run(rom);
    }
}

void rom_connect(void)
{
    uint8_t i;

    for (i = 0; i < connection_count; i++)
        rom_call(connections[i].segment, connections[i].vector,
                 connections[i].bdf);
}

/* --- boot ------------------------------------------------------------------
 */

void rom_boot(uint8_t index)
{
    const struct rom_boot *b = &rom_boots[index];

    rom_call(b->segment, b->vector, b->bdf);
}

void rom_boot_name(uint8_t index)
{
    const struct rom_boot *b = &rom_boots[index];
    uint16_t at = b->name;
    char c;
    int i;

    if (at == 0)
        screen_puts("option ROM");
    for (i = 0; at != 0 && i < 48; i++, at++) {
        c = (char)far_read8(b->segment, at);
        if (c < ' ' || c > '~')
            break;
        screen_putc(c);
    }
}
