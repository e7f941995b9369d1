/* Option ROMs: those of PCI cards are copied to C0000-DFFFF (the display's
 * first, at C0000), those of ISA cards found there are shadowed in place.
 * Source: PCI 2.1, 6.3 "PCI Expansion ROMs". boot.c runs them. */

#include "post.h"

#define ROM_AREA      0xC0000
#define ROM_AREA_END  0xE0000
#define CLASS_DISPLAY 0x03

static uint32_t rom_size(const uint8_t *rom)
{
    return rom[0] == 0x55 && rom[1] == 0xAA ? rom[2] * 512u : 0;
}

static void note(uint32_t address, uint16_t bdf)
{
    struct shared *s = SHARED;

    if (s->optrom_count >= OPTROM_MAX)
        return;
    s->optrom[s->optrom_count].segment = (uint16_t)(address >> 4);
    s->optrom[s->optrom_count].bdf = bdf;
    s->optrom_count++;
}

/* The image for PCs in the card's ROM: code type 0; NULL if there is none. */
static const uint8_t *pc_image(const uint8_t *rom)
{
    int images;

    for (images = 0; images < 8 && rom_size(rom); images++) {
        const uint8_t *pcir = rom + (rom[0x18] | rom[0x19] << 8);

        if (memcmp(pcir, "PCIR", 4) != 0 || pcir[0x14] == 0)
            return rom;
        if (pcir[0x15] & 0x80)
            return NULL;
        rom += (pcir[0x10] | pcir[0x11] << 8) * 512u;
    }
    return NULL;
}

/* Copies a card's ROM to at; the bytes it takes there. */
static uint32_t card_load(uint16_t bdf, uint32_t at)
{
    uint32_t bar = pci_read32(bdf, PCI_ROM) & 0xFFFFF800, size = 0;
    const uint8_t *image;

    if (bar == 0 || (pci_read8(bdf, PCI_HEADER) & 0x7F) != 0)
        return 0;
    pci_write32(bdf, PCI_ROM, bar | 1);
    image = pc_image((const uint8_t *)bar);
    if (image && at + rom_size(image) <= ROM_AREA_END) {
        size = rom_size(image);
        memcpy((void *)at, image, size);
        note(at, bdf);
    }
    pci_write32(bdf, PCI_ROM, bar);
    return (size + 0x7FF) & ~0x7FFu;
}

static uint32_t cards_load(bool display, uint32_t at)
{
    uint16_t bdf;

    for (bdf = 0; bdf < 0x100; bdf++) {
        if (pci_read16(bdf, PCI_VENDOR_ID) != 0xFFFF &&
            (pci_read8(bdf, PCI_CLASS + 1) == CLASS_DISPLAY) == display)
            at += card_load(bdf, at);
        if (!(bdf & 7) && !pci_multifunction(bdf))
            bdf |= 7;
    }
    return at;
}

/* 82441FX 3.2.19: 2 in a nibble reads the bus and writes RAM. */
static void pam_c_d(uint8_t value)
{
    int i;

    for (i = 0x5A; i <= 0x5D; i++)
        pci_write8(0, (uint8_t)i, value);
}

static void isa_load(uint32_t at)
{
    uint32_t size;

    for (; at < ROM_AREA_END; at += size) {
        pam_c_d(0x22);
        size = (rom_size((const uint8_t *)at) + 0x7FF) & ~0x7FFu;
        if (size != 0 && at + size <= ROM_AREA_END) {
            uint32_t *p = (uint32_t *)at, *end = (uint32_t *)(at + size);

            for (; p < end; p++)
                *(volatile uint32_t *)p = *(volatile uint32_t *)p;
            note(at, 0);
        }
        if (size == 0)
            size = 0x800;
    }
    pam_c_d(0x33);
}

/* A warm start finds the old copies: they go first. */
static void area_clear(void)
{
    uint32_t at;

    for (at = ROM_AREA; at < ROM_AREA_END; at += 0x800)
        *(volatile uint16_t *)at = 0;
}

void optroms_load(void)
{
    uint32_t at;

    SHARED->optrom_count = 0;
    area_clear();
    at = cards_load(true, ROM_AREA);
    if (at == ROM_AREA)
        isa_load(at); /* a display without PCI ROM */
    else
        isa_load(cards_load(false, at));
}
