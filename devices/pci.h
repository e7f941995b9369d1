/* pci.h - PCI bus 0 behind configuration mechanism #1.
 *
 * A PCI function embeds a struct pci_device (not as its first member: that
 * is struct device), fills in identity, masks and BARs with the functions
 * below and then attaches it. The bus keeps the mapping of the BARs in step
 * with the base registers and the command register. */
#ifndef UMBRA_PCI_H
#define UMBRA_PCI_H

#include "devices/core/device.h"
#include "devices/core/irq.h"
#include "mmu/addrspace.h"

enum {
    PCI_VENDOR_ID = 0x00,
    PCI_DEVICE_ID = 0x02,
    PCI_COMMAND = 0x04,
    PCI_STATUS = 0x06,
    PCI_REVISION = 0x08,
    PCI_CLASS_PROG = 0x09,
    PCI_CLASS_SUB = 0x0A,
    PCI_CLASS_BASE = 0x0B,
    PCI_HEADER_TYPE = 0x0E,
    PCI_BAR0 = 0x10,
    PCI_SUBSYSTEM_VENDOR = 0x2C,
    PCI_SUBSYSTEM_ID = 0x2E,
    PCI_ROM_ADDRESS = 0x30,
    PCI_INTERRUPT_LINE = 0x3C,
    PCI_INTERRUPT_PIN = 0x3D,

    PCI_COMMAND_IO = 1 << 0,
    PCI_COMMAND_MEMORY = 1 << 1,
    PCI_COMMAND_MASTER = 1 << 2,
    PCI_COMMAND_INTX_DISABLE = 1 << 10,

    PCI_CONFIG_SIZE = 256,
    PCI_BARS = 7, /* six base registers and, last, the expansion ROM */
    PCI_BAR_ROM = 6,
    PCI_SLOTS = 32,
    PCI_FUNCTIONS = 256,
    PCI_PIRQS = 4
};

#define PCI_DEVFN(slot, function) ((uint8_t)((slot) << 3 | (function)))

enum pci_bar_kind {
    PCI_BAR_NONE,
    PCI_BAR_MEMORY,
    PCI_BAR_PREFETCHABLE,
    PCI_BAR_MEMORY64, /* takes the next register, too */
    PCI_BAR_PREFETCHABLE64,
    PCI_BAR_IO
};

struct pci_bar {
    enum pci_bar_kind kind;
    struct region *region; /* its `size` is the BAR's, a power of two */
};

struct pci_bus;
struct pci_msix;

struct pci_device {
    /* Saved: list PCI_DEVICE_FIELDS in the part's table. */
    uint8_t config[PCI_CONFIG_SIZE];
    bool intx; /* the level it drives on its pin */

    /* TRANSIENT: fixed after creation. */
    struct pci_bus *bus;
    uint8_t devfn;
    uint8_t initial[PCI_CONFIG_SIZE];  /* config after a reset */
    uint8_t writable[PCI_CONFIG_SIZE]; /* bits that a write changes */
    uint8_t clearing[PCI_CONFIG_SIZE]; /* bits cleared by writing 1 */
    struct pci_bar bar[PCI_BARS];
    uint8_t msi;           /* offset of that capability; 0: none */
    struct pci_msix *msix; /* NULL: none */
    bool rom_alone;        /* the ROM answers though memory space is off */
    /* Told after a configuration write of 1-4 bytes; may be NULL. */
    void (*written)(void *opaque, unsigned offset, unsigned size);
    void *opaque;
};

/* Rows for the field table of part `s` with a struct pci_device `m`. */
#define PCI_DEVICE_FIELDS(s, m)                                                \
    FIELD_ARRAY(s, U8, m.config), FIELD(s, BOOL, m.intx)

struct pci_bus_config {
    struct addrspace *memory;
    struct addrspace *ports;
    struct log *log;
    /* Message signalled interrupts; NULL: stores to memory. */
    void (*message)(void *opaque, uint64_t address, uint32_t data);
    void *opaque;
};

/* Port CF9 lies inside the address register's doubleword but is a byte
 * register of the south bridge. */
struct pci_cf9_ops {
    uint8_t (*read)(void *opaque);
    void (*write)(void *opaque, uint8_t value);
};

struct pci_bus *pci_bus_create(const struct pci_bus_config *config);
struct device *pci_bus_device(struct pci_bus *bus);
struct addrspace *pci_bus_memory(struct pci_bus *bus);
struct addrspace *pci_bus_ports(struct pci_bus *bus);
void pci_bus_message(struct pci_bus *bus, uint64_t address, uint32_t data);
/* Where PIRQ 0-3 (PIRQA-D) go: the sink of four wires. The pin of slot n
 * is swizzled: PIRQ = (n - 1 + pin - INTA) mod 4. */
void pci_bus_connect_pirq(struct pci_bus *bus, irq_handler *handler,
                          void *opaque);
void pci_bus_connect_cf9(struct pci_bus *bus, const struct pci_cf9_ops *ops,
                         void *opaque);

struct pci_identity {
    uint16_t vendor, device;
    uint16_t subsystem_vendor, subsystem;
    uint8_t base_class, sub_class, prog_if, revision;
    uint8_t interrupt_pin; /* 0 none, 1 INTA ... */
    bool multifunction;
};

/* Fill in `initial` and the standard masks. */
void pci_device_init(struct pci_device *device,
                     const struct pci_identity *identity);
/* One register's power-on value and writable bits, 1, 2 or 4 bytes. */
void pci_device_register(struct pci_device *device, unsigned offset,
                         unsigned size, uint32_t initial, uint32_t writable);
/* The bus maps and moves `region`; it belongs to the caller. */
void pci_device_set_bar(struct pci_device *device, unsigned bar,
                        enum pci_bar_kind kind, struct region *region);
/* false: the place is taken. */
bool pci_bus_attach(struct pci_bus *bus, struct pci_device *device,
                    uint8_t devfn);
/* For the part's reset and post_load. */
void pci_device_reset(struct pci_device *device);
void pci_device_post_load(struct pci_device *device);
/* For the part's destroy: its regions leave the map. */
void pci_device_detach(struct pci_device *device);

void pci_device_set_intx(struct pci_device *device, bool level);

/* ---- pci_card.c: called before the card is attached ... */

enum {
    PCI_CAPABILITY_PM = 0x01,
    PCI_CAPABILITY_MSI = 0x05,
    PCI_CAPABILITY_MSIX = 0x11
};

/* The caller fills in what follows the first two bytes. */
void pci_device_add_capability(struct pci_device *device, unsigned id,
                               unsigned offset, unsigned size);
/* A copy of an image of up to 16 MiB behind the ROM's base register. */
struct pci_rom {
    struct region region;
    uint8_t *data;
};

bool pci_rom_load(struct pci_rom *rom, struct pci_device *device,
                  const void *image, size_t size);
/* After pci_device_detach. */
void pci_rom_free(struct pci_rom *rom);

/* ... and while it works. */
/* False: the card is not allowed to be a master. Reads give ones then. */
bool pci_device_dma_read(struct pci_device *device, uint64_t address,
                         void *data, size_t size);
bool pci_device_dma_write(struct pci_device *device, uint64_t address,
                          const void *data, size_t size);

/* Also used by tests; size 1, 2 or 4, not crossing a doubleword. */
uint32_t pci_config_read(struct pci_bus *bus, uint8_t devfn, unsigned offset,
                         unsigned size);
void pci_config_write(struct pci_bus *bus, uint8_t devfn, unsigned offset,
                      uint32_t value, unsigned size);

#endif
