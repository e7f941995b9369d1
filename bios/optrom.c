/* Looks for option ROMs: those of PCI cards, those of ISA cards found in
 * C0000-DFFFF, and files genroms/.. of fw_cfg. rom.c places and starts them.
 * Sources: PCI 2.1, 6.3 "PCI Expansion ROMs"; IBM PC/AT Technical Reference
 * for the scan in steps of 2 KiB. E0000-FFFFF is this ROM's own. */

#include "post.h"

#define ROM_AREA      0xC0000
#define ROM_AREA_END  0xE0000
#define CLASS_DISPLAY 0x03
#define IMAGES_MAX    8
#define LAST_IMAGE    0x80

/* What of a PCI data structure is looked at: PCI 2.1, 6.3.1.2. */
struct pcir {
    char signature[4];
    uint16_t vendor, device;
    uint8_t reserved08[8];
    uint16_t length; /* of the image, / 512 */
    uint16_t revision;
    uint8_t code_type, indicator;
} PACKED;

static uint32_t rom_size(const uint8_t *rom)
{
    return rom[0] == 0x55 && rom[1] == 0xAA ? rom[2] * 512u : 0;
}

static void note(enum rom_kind kind, uint32_t source, uint32_t size,
                 uint16_t bdf, uint32_t offset)
{
    struct shared *s = SHARED;
    struct optrom *rom = &s->optrom[s->optrom_count];

    if (s->optrom_count >= OPTROM_MAX) {
        debug_puts("option ROM: there are more than 16; it is left out\n");
        return;
    }
    rom->kind = (uint8_t)kind;
    rom->source = source;
    rom->size = size;
    rom->bdf = bdf;
    rom->offset = offset;
    s->optrom_count++;
}

/* --- PCI cards -------------------------------------------------------------
 */

/* The image for PCs in a card's ROM: code type 0, for this very card; NULL if
 * there is none. A ROM without PCI data structure is taken as it is. */
static const uint8_t *pc_image(uint16_t bdf, const uint8_t *rom)
{
    int images;

    for (images = 0; images < IMAGES_MAX && rom_size(rom); images++) {
        const struct pcir *p =
            (const struct pcir *)(rom + (rom[0x18] | rom[0x19] << 8));

        if (memcmp(p->signature, "PCIR", 4) != 0)
            return rom;
        if (p->code_type == 0 && p->vendor == pci_read16(bdf, PCI_VENDOR_ID) &&
            p->device == pci_read16(bdf, PCI_DEVICE_ID))
            return rom;
        if ((p->indicator & LAST_IMAGE) || p->length == 0)
            return NULL;
        rom += p->length * 512u;
    }
    return NULL;
}

/* The ROM stays enabled until rom.c has copied it. */
static void card_note(uint16_t bdf, enum rom_kind kind)
{
    uint32_t bar = pci_read32(bdf, PCI_ROM) & 0xFFFFF800;
    const uint8_t *image;

    if (bar == 0 || (pci_read8(bdf, PCI_HEADER) & 0x7F) != 0)
        return;
    pci_write32(bdf, PCI_ROM, bar | 1);
    image = pc_image(bdf, (const uint8_t *)bar);
    if (image)
        note(kind, (uint32_t)image, rom_size(image), bdf, 0);
    else
        pci_write32(bdf, PCI_ROM, bar);
}

static void cards_note(enum rom_kind kind)
{
    uint16_t bdf;

    for (bdf = 0; bdf < 0x100; bdf++) {
        if (pci_read16(bdf, PCI_VENDOR_ID) != 0xFFFF &&
            (pci_read8(bdf, PCI_CLASS + 1) == CLASS_DISPLAY) ==
                (kind == ROM_DISPLAY))
            card_note(bdf, kind);
        if (!(bdf & 7) && !pci_multifunction(bdf))
            bdf |= 7;
    }
}

/* --- ISA cards -------------------------------------------------------------
 */

/* 82441FX 3.2.19: 2 in a nibble reads the bus and writes RAM. */
static void pam_c_d(uint8_t value)
{
    int i;

    for (i = 0x5A; i <= 0x5D; i++)
        pci_write8(0, (uint8_t)i, value);
}

/* A display's ROM on the PCI bus has C0000 to itself. */
static void isa_note(uint32_t at)
{
    uint32_t size;

    for (; at < ROM_AREA_END; at += size) {
        pam_c_d(0x22);
        size = (rom_size((const uint8_t *)at) + 0x7FF) & ~0x7FFu;
        if (size != 0 && at + size <= ROM_AREA_END) {
            uint32_t *p = (uint32_t *)at, *end = (uint32_t *)(at + size);

            for (; p < end; p++)
                *(volatile uint32_t *)p = *(volatile uint32_t *)p;
            note(ROM_ISA, at, size, 0, 0);
        }
        if (size == 0)
            size = 0x800;
    }
    pam_c_d(0x33);
}

/* --- files -----------------------------------------------------------------
 */

/* The card that a file's image names, if it is there. */
static uint16_t card_of(const struct pcir *p)
{
    uint16_t bdf;

    for (bdf = 0; bdf < 0x100; bdf++) {
        if (pci_read16(bdf, PCI_VENDOR_ID) == p->vendor &&
            pci_read16(bdf, PCI_DEVICE_ID) == p->device)
            return bdf;
        if (!(bdf & 7) && !pci_multifunction(bdf))
            bdf |= 7;
    }
    return 0;
}

/* A file may hold several images, one after the other, as a card's ROM. */
static void file_note(const struct fwcfg_file *file)
{
    uint32_t offset = 0;
    int images;

    for (images = 0; images < IMAGES_MAX; images++) {
        uint8_t head[0x1A];
        struct pcir p;
        uint32_t at;

        fwcfg_select(file->key);
        fwcfg_bytes(NULL, offset);
        fwcfg_bytes(head, sizeof(head));
        at = head[0x18] | (uint32_t)head[0x19] << 8;
        if (rom_size(head) == 0 || offset + rom_size(head) > file->size)
            break;
        memset(&p, 0, sizeof(p));
        if (at >= sizeof(head)) {
            fwcfg_bytes(NULL, at - sizeof(head));
            fwcfg_bytes(&p, sizeof(p));
        }
        if (memcmp(p.signature, "PCIR", 4) != 0 || p.code_type == 0) {
            note(ROM_FILE, file->key, rom_size(head), card_of(&p), offset);
            return;
        }
        if ((p.indicator & LAST_IMAGE) || p.length == 0)
            break;
        offset += p.length * 512u;
    }
    debug_puts("option ROM: the file holds no image for a PC's BIOS "
               "(55 AA, code type 0); give another one\n");
}

static void files_note(void)
{
    struct fwcfg_file file;
    uint32_t n;

    if (!fwcfg_present())
        return;
    for (n = 0; fwcfg_find("genroms/", n, &file, NULL); n++)
        file_note(&file);
}

/* A warm start finds the old copies: they go first. */
static void area_clear(void)
{
    uint32_t at;

    for (at = ROM_AREA; at < ROM_AREA_END; at += 0x800)
        *(volatile uint16_t *)at = 0;
}

void optroms_find(void)
{
    struct shared *s = SHARED;

    s->optrom_count = 0;
    area_clear();
    cards_note(ROM_DISPLAY);
    isa_note(ROM_AREA +
             (s->optrom_count ? (s->optrom[0].size + 0x7FF) & ~0x7FFu : 0));
    cards_note(ROM_PCI);
    files_note();
}
