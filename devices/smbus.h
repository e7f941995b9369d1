/* smbus.h - a System Management Bus and the PIIX4's host controller. */
#ifndef UMBRA_SMBUS_H
#define UMBRA_SMBUS_H

#include "devices/core/base.h"

enum { SMBUS_REGISTERS = 16, SMBUS_BLOCK = 32, SMBUS_TARGETS = 16 };

/* A part on the bus, byte by byte between a start and a stop. */
struct smbus_target {
    uint8_t address; /* 7 bits */
    void (*start)(void *opaque, bool read);
    void (*write)(void *opaque, uint8_t value);
    uint8_t (*read)(void *opaque);
    void *opaque;
};

/* The controller's registers as its function's fields save them; the bus
 * itself has no state between transactions. */
struct smbus {
    uint8_t registers[SMBUS_REGISTERS];
    uint8_t block[SMBUS_BLOCK];
    uint8_t index; /* next byte of `block` that the block register shows */
    /* TRANSIENT */
    struct smbus_target target[SMBUS_TARGETS];
    unsigned targets;
};

/* Rows for the field table of part `s` with a struct smbus `m`. */
#define SMBUS_FIELDS(s, m)                                                     \
    FIELD_ARRAY(s, U8, m.registers), FIELD_ARRAY(s, U8, m.block),              \
        FIELD(s, U8, m.index)

void smbus_reset(struct smbus *bus);
void smbus_attach(struct smbus *bus, const struct smbus_target *target);
uint8_t smbus_read(struct smbus *bus, unsigned offset);
void smbus_write(struct smbus *bus, unsigned offset, uint8_t value);
/* It asks for its interrupt. */
bool smbus_interrupts(const struct smbus *bus);

#endif
