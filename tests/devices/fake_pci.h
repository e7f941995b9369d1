/* fake_pci.h - RAM, ports and a PCI bus without a CPU, for tests of chips. */
#ifndef UMBRA_TESTS_FAKE_PCI_H
#define UMBRA_TESTS_FAKE_PCI_H

#include "tests/devices/fake_storage.h"

#include "devices/pci.h"
#include "mmu/addrspace.h"
#include "mmu/ram.h"

enum { FAKE_RAM_SIZE = 2 << 20 };

struct fake_pci {
    struct fake_time time;
    struct log log;
    struct addrspace *memory, *ports;
    struct ram_block *ram;
    struct region low, high; /* RAM beside A0000-FFFFF */
    struct pci_bus *bus;
    struct fake_line irq[16];
    struct irq wire[16]; /* for chips that want 16 wires in a row */
};

static inline void fake_pci_wire(void *opaque, unsigned line, bool level)
{
    struct fake_pci *fake = opaque;

    fake_line_changed(&fake->irq[line], line, level);
}

static inline void fake_pci_create(struct fake_pci *fake)
{
    char error[128];
    struct pci_bus_config config = {.log = &fake->log};

    memset(fake, 0, sizeof *fake);
    log_init(&fake->log, NULL, NULL);
    fake_time_init(&fake->time);
    fake->memory = addrspace_create("memory", UINT64_MAX, &fake->log);
    fake->ports = addrspace_create("ports", 0xFFFF, &fake->log);
    fake->ram = ram_create("ram", FAKE_RAM_SIZE, NULL, error, sizeof error);
    fake->low = (struct region){
        .name = "low", .size = 0xA0000, .kind = REGION_RAM, .ram = fake->ram};
    fake->high = (struct region){.name = "high",
                                 .base = 0x100000,
                                 .size = FAKE_RAM_SIZE - 0x100000,
                                 .kind = REGION_RAM,
                                 .ram = fake->ram,
                                 .ram_offset = 0x100000};
    addrspace_map(fake->memory, &fake->low);
    addrspace_map(fake->memory, &fake->high);
    for (unsigned i = 0; i < 16; i++) {
        fake_line_init(&fake->irq[i]);
        irq_connect(&fake->wire[i], fake_pci_wire, fake, i);
    }
    config.memory = fake->memory;
    config.ports = fake->ports;
    fake->bus = pci_bus_create(&config);
    ck_assert_ptr_nonnull(fake->bus);
    pci_bus_device(fake->bus)->ops->reset(pci_bus_device(fake->bus));
}

static inline void fake_device_reset(struct device *device)
{
    device->ops->reset(device);
}

static inline void fake_device_destroy(struct device *device)
{
    device->ops->destroy(device);
}

static inline void fake_pci_destroy(struct fake_pci *fake)
{
    fake_device_destroy(pci_bus_device(fake->bus));
    addrspace_unmap(fake->memory, &fake->low);
    addrspace_unmap(fake->memory, &fake->high);
    addrspace_destroy(fake->memory);
    addrspace_destroy(fake->ports);
    ram_destroy(fake->ram);
    sched_free(&fake->time.sched);
}

/* Port accesses as the CPU makes them. */
static inline uint32_t fake_in(struct fake_pci *fake, unsigned port,
                               unsigned size)
{
    return (uint32_t)addrspace_read(fake->ports, port, size);
}

static inline void fake_out(struct fake_pci *fake, unsigned port,
                            uint32_t value, unsigned size)
{
    addrspace_write(fake->ports, port, value, size);
}

/* A configuration access through CF8/CFC. */
static inline uint32_t fake_config_in(struct fake_pci *fake, uint8_t devfn,
                                      unsigned reg, unsigned size)
{
    fake_out(fake, 0xCF8, 0x80000000u | (uint32_t)devfn << 8 | (reg & 0xFC), 4);
    return fake_in(fake, 0xCFC + (reg & 3), size);
}

static inline void fake_config_out(struct fake_pci *fake, uint8_t devfn,
                                   unsigned reg, uint32_t value, unsigned size)
{
    fake_out(fake, 0xCF8, 0x80000000u | (uint32_t)devfn << 8 | (reg & 0xFC), 4);
    fake_out(fake, 0xCFC + (reg & 3), value, size);
}

/* Saves a part, resets it and loads it back, through its own table. */
static inline void fake_device_reload(struct device *device)
{
    const struct device_ops *ops = device->ops;
    uint8_t *data = malloc(state_size(ops->fields));
    uint64_t hash = state_hash(ops->fields, device, STATE_HASH_INIT);

    state_save(ops->fields, device, data);
    ops->reset(device);
    state_load(ops->fields, device, data);
    if (ops->post_load)
        ck_assert_int_eq(ops->post_load(device, ops->version), 0);
    ck_assert_uint_eq(state_hash(ops->fields, device, STATE_HASH_INIT), hash);
    free(data);
}

#endif
