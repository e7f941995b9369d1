/* pci_card.c - what cards on the PCI bus have in common beside their header.
 *
 * Manuals: PCI 2.2, 6.3 (expansion ROM), 6.7 (capabilities), 6.8 (message
 * signalled interrupts). Modelled: the list of capabilities; MSI with up to
 * 32 vectors, 32- or 64-bit addresses; bus mastering as far as the command
 * register allows it; a ROM with a file's bytes.
 * Not modelled: MSI-X, masks for single vectors (2.3), capabilities with
 * behaviour of their own (power management is a card's business). */
#include "devices/pci.h"

#include <stdlib.h>

enum {
    CAPABILITIES = 0x34,
    STATUS_CAPABILITIES = 1 << 4,
    FIRST_CAPABILITY = 0x40,

    /* From the capability's start. */
    MSI_CONTROL = 2,
    MSI_ADDRESS = 4,
    MSI_ADDRESS_HIGH = 8,
    MSI_ENABLE = 1 << 0,
    MSI_CAPABLE_SHIFT = 1,
    MSI_ENABLED_SHIFT = 4,
    MSI_64BIT = 1 << 7,
    MSI_SIZE_32 = 10,
    MSI_SIZE_64 = 14,

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

/* Message signalled interrupts */

void pci_device_add_msi(struct pci_device *device, unsigned offset,
                        unsigned vectors, bool wide)
{
    unsigned log2 = 0, data = offset + (wide ? 12 : 8);

    ASSERT(vectors && vectors <= 32 && !(vectors & (vectors - 1)));
    while (1u << log2 < vectors)
        log2++;
    pci_device_add_capability(device, PCI_CAPABILITY_MSI, offset,
                              wide ? MSI_SIZE_64 : MSI_SIZE_32);
    pci_device_register(device, offset + MSI_CONTROL, 2,
                        log2 << MSI_CAPABLE_SHIFT | (wide ? MSI_64BIT : 0),
                        7u << MSI_ENABLED_SHIFT | MSI_ENABLE);
    pci_device_register(device, offset + MSI_ADDRESS, 4, 0, 0xFFFFFFFC);
    if (wide)
        pci_device_register(device, offset + MSI_ADDRESS_HIGH, 4, 0,
                            0xFFFFFFFF);
    pci_device_register(device, data, 2, 0, 0xFFFF);
    device->msi = (uint8_t)offset;
}

bool pci_device_msi_enabled(const struct pci_device *device)
{
    return device->msi &&
           (device->config[device->msi + MSI_CONTROL] & MSI_ENABLE);
}

/* Software may give fewer vectors than the card can use: the card folds its
 * own. A message is a write of a bus master. */
bool pci_device_message(struct pci_device *device, unsigned vector)
{
    const uint8_t *c = device->config + device->msi;
    bool wide = device->msi && (c[MSI_CONTROL] & MSI_64BIT);
    uint64_t address;
    unsigned capable, given, mask;
    uint16_t data;

    if (!pci_device_msi_enabled(device))
        return false;
    if (!(device->config[PCI_COMMAND] & PCI_COMMAND_MASTER))
        return true;
    capable = c[MSI_CONTROL] >> MSI_CAPABLE_SHIFT & 7;
    given = c[MSI_CONTROL] >> MSI_ENABLED_SHIFT & 7;
    mask = (1u << (given < capable ? given : capable)) - 1;
    address = load_le32(c + MSI_ADDRESS);
    if (wide)
        address |= (uint64_t)load_le32(c + MSI_ADDRESS_HIGH) << 32;
    data = load_le16(c + (wide ? 12 : 8));
    data = (uint16_t)((data & ~mask) | (vector & mask));
    pci_bus_message(device->bus, address, data);
    return true;
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
