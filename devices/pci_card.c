/* pci_card.c - what cards on the PCI bus have in common beside their header.
 *
 * Manual: PCI 2.2, 6.3 (expansion ROM), 6.7 (capabilities). Modelled: the list
 * of capabilities; bus mastering as far as the command register allows it; a
 * ROM with a file's bytes. Messages are in pci_msi.c.
 * Not modelled: capabilities with behaviour of their own (power management is
 * a card's business). */
#include "devices/pci.h"

#include <stdlib.h>

enum {
    CAPABILITIES = 0x34,
    STATUS_CAPABILITIES = 1 << 4,
    FIRST_CAPABILITY = 0x40,

    ROM_MIN = 2048,
    ROM_MAX = 16 << 20
};

/* Capabilities */

/* The last one added is the first one of the list. */
void pci_device_add_capability(struct pci_device *device, unsigned id,
                               unsigned offset, unsigned size)
{
    uint8_t *c = device->initial;

    ASSERT(offset >= FIRST_CAPABILITY && offset % 4 == 0 && size >= 2 &&
           offset + size <= PCI_CONFIG_SIZE);
    c[offset] = (uint8_t)id;
    c[offset + 1] = c[CAPABILITIES];
    c[CAPABILITIES] = (uint8_t)offset;
    c[PCI_STATUS] |= STATUS_CAPABILITIES;
    memset(device->writable + offset, 0, 2);
}

/* Bus mastering */

static bool may_master(const struct pci_device *device)
{
    return device->bus && (device->config[PCI_COMMAND] & PCI_COMMAND_MASTER);
}

bool pci_device_dma_read(struct pci_device *device, uint64_t address,
                         void *data, size_t size)
{
    if (!may_master(device)) {
        memset(data, 0xFF, size);
        return false;
    }
    addrspace_read_block(pci_bus_memory(device->bus), address, data, size);
    return true;
}

bool pci_device_dma_write(struct pci_device *device, uint64_t address,
                          const void *data, size_t size)
{
    if (!may_master(device))
        return false;
    addrspace_write_block(pci_bus_memory(device->bus), address, data, size);
    return true;
}

/* Expansion ROM */

static uint64_t rom_read(void *opaque, uint64_t offset, unsigned size)
{
    const struct pci_rom *rom = opaque;

    return load_le(rom->data + offset, size);
}

static const struct region_ops rom_ops = {rom_read, NULL, 8};

/* The room behind the image reads as an empty chip's. */
bool pci_rom_load(struct pci_rom *rom, struct pci_device *device,
                  const void *image, size_t size)
{
    size_t room = ROM_MIN;

    if (!size || size > ROM_MAX)
        return false;
    while (room < size)
        room *= 2;
    rom->data = malloc(room);
    if (!rom->data)
        return false;
    memset(rom->data, 0xFF, room);
    memcpy(rom->data, image, size);
    rom->region = (struct region){
        .name = "pci.rom",
        .size = room,
        .kind = REGION_MMIO,
        .ops = &rom_ops,
        .opaque = rom,
    };
    pci_device_set_bar(device, PCI_BAR_ROM, PCI_BAR_MEMORY, &rom->region);
    return true;
}

void pci_rom_free(struct pci_rom *rom)
{
    free(rom->data);
    rom->data = NULL;
}
