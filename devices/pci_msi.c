/* pci_msi.c - message signalled interrupts of cards: MSI and MSI-X.
 *
 * Manual: PCI 3.0, 6.8. Modelled: MSI with up to 32 vectors, 32- or 64-bit
 * addresses, with or without masks for single vectors; MSI-X with up to
 * PCI_MSIX_VECTORS vectors, its table and pending bits in memory space; what
 * is masked waits in its pending bit and is sent once it is unmasked. A
 * message is a store of a bus master: without that right it is lost. */
#include "devices/pci_msi.h"

enum {
    /* From the capability's start. */
    CONTROL = 2,
    MSI_ADDRESS = 4,
    MSI_ADDRESS_HIGH = 8,
    MSI_ENABLE = 1 << 0,
    MSI_CAPABLE_SHIFT = 1,
    MSI_ENABLED_SHIFT = 4,
    MSI_64BIT = 1 << 7,
    MSI_MASKS = 1 << 8,

    MSIX_TABLE = 4,
    MSIX_PENDING = 8,
    MSIX_SIZE = 12,
    MSIX_MASK_ALL = 1 << 14,
    MSIX_ENABLE = 1 << 15,

    /* Doublewords of an entry of the table. */
    ENTRY_LOW = 0,
    ENTRY_HIGH = 1,
    ENTRY_DATA = 2,
    ENTRY_CONTROL = 3,
    ENTRY_BYTES = 16,
    ENTRY_MASKED = 1 << 0
};

_Static_assert(PCI_MSIX_VECTORS % 32 == 0, "whole words of pending bits");

static void send(struct pci_device *device, uint64_t address, uint32_t data)
{
    if (device->bus &&
        load_le16(device->config + PCI_COMMAND) & PCI_COMMAND_MASTER)
        pci_bus_message(device->bus, address, data);
}

/* ---- MSI */

static uint16_t msi_control(const struct pci_device *device)
{
    return load_le16(device->config + device->msi + CONTROL);
}

/* What the card can do; never from a state that was loaded. */
static uint16_t msi_abilities(const struct pci_device *device)
{
    return load_le16(device->initial + device->msi + CONTROL);
}

/* Data, masks and pending bits come later where addresses are long. */
static unsigned msi_data(const struct pci_device *device)
{
    return device->msi + (msi_abilities(device) & MSI_64BIT ? 12u : 8u);
}

void pci_device_add_msi(struct pci_device *device, unsigned offset,
                        unsigned vectors, unsigned flags)
{
    unsigned log2 = 0, data = offset + (flags & PCI_MSI_64BIT ? 12 : 8);
    uint32_t capable = 0;

    ASSERT(vectors && vectors <= 32 && !(vectors & (vectors - 1)));
    while (1u << log2 < vectors)
        log2++;
    capable = log2 << MSI_CAPABLE_SHIFT;
    if (flags & PCI_MSI_64BIT)
        capable |= MSI_64BIT;
    if (flags & PCI_MSI_MASKS)
        capable |= MSI_MASKS;
    pci_device_add_capability(device, PCI_CAPABILITY_MSI, offset,
                              data + (flags & PCI_MSI_MASKS ? 12 : 2) - offset);
    pci_device_register(device, offset + CONTROL, 2, capable,
                        7u << MSI_ENABLED_SHIFT | MSI_ENABLE);
    pci_device_register(device, offset + MSI_ADDRESS, 4, 0, 0xFFFFFFFC);
    if (flags & PCI_MSI_64BIT)
        pci_device_register(device, offset + MSI_ADDRESS_HIGH, 4, 0,
                            0xFFFFFFFF);
    pci_device_register(device, data, 2, 0, 0xFFFF);
    if (flags & PCI_MSI_MASKS)
        pci_device_register(device, data + 4, 4, 0,
                            (uint32_t)bits(~0ull, 0, vectors));
    device->msi = (uint8_t)offset;
}

bool pci_device_msi_enabled(const struct pci_device *device)
{
    return (device->msi && msi_control(device) & MSI_ENABLE) ||
           (device->msix && pci_msix_enabled(device->msix));
}

/* Software may give fewer vectors than the card can use: the card folds its
 * own. */
static unsigned msi_fold(const struct pci_device *device, unsigned vector)
{
    unsigned capable = msi_abilities(device) >> MSI_CAPABLE_SHIFT & 7;
    unsigned given = msi_control(device) >> MSI_ENABLED_SHIFT & 7;

    return vector & ((1u << (given < capable ? given : capable)) - 1);
}

static void msi_send(struct pci_device *device, unsigned vector)
{
    const uint8_t *c = device->config + device->msi;
    uint64_t address = load_le32(c + MSI_ADDRESS);
    uint16_t data = load_le16(device->config + msi_data(device));

    if (msi_abilities(device) & MSI_64BIT)
        address |= (uint64_t)load_le32(c + MSI_ADDRESS_HIGH) << 32;
    /* The lowest bits of the data are the vector's. */
    data &= (uint16_t)~msi_fold(device, ~0u);
    send(device, address, (uint16_t)(data | vector));
}

/* Vectors that were asked for while masked; no masks: none. */
static void msi_send_pending(struct pci_device *device)
{
    uint8_t *masks;
    uint32_t ready;

    if (!(msi_control(device) & MSI_ENABLE) ||
        !(msi_abilities(device) & MSI_MASKS))
        return;
    masks = device->config + msi_data(device) + 4;
    ready = load_le32(masks + 4) & ~load_le32(masks);
    store_le32(masks + 4, load_le32(masks + 4) & ~ready);
    for (unsigned vector = 0; ready >> vector; vector++)
        if (ready >> vector & 1)
            msi_send(device, vector);
}

static void msi_message(struct pci_device *device, unsigned vector)
{
    uint8_t *masks = device->config + msi_data(device) + 4;

    vector = msi_fold(device, vector);
    if (msi_abilities(device) & MSI_MASKS && load_le32(masks) >> vector & 1)
        store_le32(masks + 4, load_le32(masks + 4) | 1u << vector);
    else
        msi_send(device, vector);
}

/* ---- MSI-X */

static uint16_t msix_control(const struct pci_msix *msix)
{
    return load_le16(msix->device->config + msix->offset + CONTROL);
}

bool pci_msix_enabled(const struct pci_msix *msix)
{
    return msix_control(msix) & MSIX_ENABLE;
}

static bool msix_masked(const struct pci_msix *msix, unsigned vector)
{
    return msix_control(msix) & MSIX_MASK_ALL ||
           msix->table[vector * 4 + ENTRY_CONTROL] & ENTRY_MASKED;
}

static void msix_message(struct pci_msix *msix, unsigned vector)
{
    const uint32_t *entry = msix->table + vector * 4;

    if (vector >= msix->vectors)
        return;
    if (msix_masked(msix, vector))
        msix->pending[vector / 32] |= 1u << vector % 32;
    else
        send(msix->device, (uint64_t)entry[ENTRY_HIGH] << 32 | entry[ENTRY_LOW],
             entry[ENTRY_DATA]);
}

static void msix_send_pending(struct pci_msix *msix)
{
    if (!pci_msix_enabled(msix))
        return;
    for (unsigned vector = 0; vector < msix->vectors; vector++) {
        uint32_t bit = 1u << vector % 32, *word = &msix->pending[vector / 32];

        if (!(*word & bit) || msix_masked(msix, vector))
            continue;
        *word &= ~bit;
        msix_message(msix, vector);
    }
}

/* The table, from 0 on, and right behind it the pending bits. */
uint32_t pci_msix_read(const struct pci_msix *msix, unsigned offset)
{
    unsigned at = offset / 4, entries = msix->vectors * ENTRY_BYTES / 4;

    if (at < entries)
        return msix->table[at];
    at -= entries;
    return at < PCI_MSIX_VECTORS / 32 ? msix->pending[at] : 0;
}

void pci_msix_write(struct pci_msix *msix, unsigned offset, uint32_t value)
{
    static const uint32_t writable[4] = {0xFFFFFFFC, 0xFFFFFFFF, 0xFFFFFFFF,
                                         ENTRY_MASKED};
    unsigned at = offset / 4;

    if (at >= msix->vectors * ENTRY_BYTES / 4)
        return;
    msix->table[at] = value & writable[at % 4];
    msix_send_pending(msix);
}

static uint64_t region_read(void *opaque, uint64_t offset, unsigned size)
{
    uint32_t value = pci_msix_read(opaque, (unsigned)offset);

    (void)size;
    return value >> 8 * (offset & 3);
}

/* Software uses doublewords and quadwords; a narrower store changes its
 * bytes. */
static void region_write(void *opaque, uint64_t offset, uint64_t value,
                         unsigned size)
{
    unsigned shift = 8 * (offset & 3);
    uint32_t mask = (uint32_t)bits(~0ull, 0, 8 * size) << shift;
    uint32_t old = pci_msix_read(opaque, (unsigned)offset);

    pci_msix_write(opaque, (unsigned)offset,
                   (old & ~mask) | ((uint32_t)value << shift & mask));
}

static const struct region_ops msix_ops = {region_read, region_write, 4};

static unsigned msix_bytes(const struct pci_msix *msix)
{
    return msix->vectors * ENTRY_BYTES + PCI_MSIX_VECTORS / 8;
}

void pci_device_add_msix(struct pci_device *device, struct pci_msix *msix,
                         unsigned offset, const struct pci_msix_place *place)
{
    ASSERT(place->vectors && place->vectors <= PCI_MSIX_VECTORS &&
           place->bar < PCI_BAR_ROM && place->base % 8 == 0);
    *msix = (struct pci_msix){
        .device = device, .offset = (uint8_t)offset, .vectors = place->vectors};
    device->msix = msix;
    pci_device_add_capability(device, PCI_CAPABILITY_MSIX, offset, MSIX_SIZE);
    pci_device_register(device, offset + CONTROL, 2, place->vectors - 1,
                        MSIX_ENABLE | MSIX_MASK_ALL);
    pci_device_register(device, offset + MSIX_TABLE, 4,
                        place->base | place->bar, 0);
    pci_device_register(
        device, offset + MSIX_PENDING, 4,
        (place->base + place->vectors * ENTRY_BYTES) | place->bar, 0);
    if (!place->own_bar)
        return;
    msix->region = (struct region){.name = "pci.msix",
                                   .size = PAGE_SIZE,
                                   .kind = REGION_MMIO,
                                   .ops = &msix_ops,
                                   .opaque = msix};
    ASSERT(msix_bytes(msix) <= PAGE_SIZE && place->base == 0);
    pci_device_set_bar(device, place->bar, PCI_BAR_MEMORY, &msix->region);
}

void pci_msix_reset(struct pci_msix *msix)
{
    memset(msix->table, 0, sizeof msix->table);
    memset(msix->pending, 0, sizeof msix->pending);
    for (unsigned vector = 0; vector < msix->vectors; vector++)
        msix->table[vector * 4 + ENTRY_CONTROL] = ENTRY_MASKED;
}

/* ---- both */

bool pci_device_message(struct pci_device *device, unsigned vector)
{
    if (device->msix && pci_msix_enabled(device->msix))
        msix_message(device->msix, vector);
    else if (device->msi && msi_control(device) & MSI_ENABLE)
        msi_message(device, vector);
    else
        return false;
    return true;
}

static bool touches(unsigned offset, unsigned size, unsigned first,
                    unsigned bytes)
{
    return offset < first + bytes && offset + size > first;
}

bool pci_messages_written(struct pci_device *device, unsigned offset,
                          unsigned size)
{
    bool msi = device->msi && touches(offset, size, device->msi, 24);
    bool msix =
        device->msix && touches(offset, size, device->msix->offset, MSIX_SIZE);

    if (msi)
        msi_send_pending(device);
    if (msix)
        msix_send_pending(device->msix);
    return msi || msix;
}
