/* smbus.c - the SMBus host controller of the Intel 82371AB (PIIX4).
 *
 * Manuals: Intel 290562, 7.3 and 11.5; System Management Bus Specification
 * 1.1. Modelled: quick, byte, byte data, word data and block transactions in
 * both directions, addresses nobody answers, killing, the interrupt.
 * Not modelled: the time a transaction takes (it is over when the guest
 * looks), the slave side (registers 8 to 15 are storage), alert. */
#include "devices/smbus.h"

enum {
    HSTSTS = 0,
    SLVSTS = 1,
    HSTCNT = 2,
    HSTCMD = 3,
    HSTADD = 4,
    HSTDAT0 = 5,
    HSTDAT1 = 6,
    BLKDAT = 7,

    STS_INTR = 1 << 1, /* the transaction is done */
    STS_DEV_ERR = 1 << 2,
    STS_FAILED = 1 << 4,
    STS_CLEARING = 0x1E,

    CNT_INTEREN = 1 << 0,
    CNT_KILL = 1 << 1,
    CNT_PROTOCOL = 7 << 2,
    CNT_START = 1 << 6
};

enum protocol {
    PROTOCOL_QUICK = 0 << 2,
    PROTOCOL_BYTE = 1 << 2,
    PROTOCOL_BYTE_DATA = 2 << 2,
    PROTOCOL_WORD_DATA = 3 << 2,
    PROTOCOL_BLOCK = 5 << 2
};

static struct smbus_target *smbus_find(struct smbus *bus, uint8_t address)
{
    for (unsigned i = 0; i < bus->targets; i++)
        if (bus->target[i].address == address)
            return &bus->target[i];
    return NULL;
}

/* Commands are written first; reading needs a second start then. */
static void send_command(struct smbus *bus, struct smbus_target *t, bool read)
{
    t->start(t->opaque, false);
    t->write(t->opaque, bus->registers[HSTCMD]);
    if (read)
        t->start(t->opaque, true);
}

/* False: the part or the guest names an impossible length. */
static bool transfer_block(struct smbus *bus, struct smbus_target *t, bool read)
{
    uint8_t *count = &bus->registers[HSTDAT0];

    send_command(bus, t, read);
    if (read)
        *count = t->read(t->opaque);
    else
        t->write(t->opaque, *count);
    if (*count < 1 || *count > SMBUS_BLOCK)
        return false;
    for (unsigned i = 0; i < *count; i++)
        if (read)
            bus->block[i] = t->read(t->opaque);
        else
            t->write(t->opaque, bus->block[i]);
    bus->index = 0;
    return true;
}

static void transfer_data(struct smbus *bus, struct smbus_target *t, bool read,
                          unsigned bytes)
{
    send_command(bus, t, read);
    for (unsigned i = 0; i < bytes; i++)
        if (read)
            bus->registers[HSTDAT0 + i] = t->read(t->opaque);
        else
            t->write(t->opaque, bus->registers[HSTDAT0 + i]);
}

static bool smbus_transfer(struct smbus *bus, unsigned protocol)
{
    uint8_t address = bus->registers[HSTADD];
    struct smbus_target *t = smbus_find(bus, address >> 1);
    bool read = address & 1;

    if (!t)
        return false;
    switch (protocol) {
    case PROTOCOL_QUICK:
        t->start(t->opaque, read);
        return true;
    case PROTOCOL_BYTE:
        t->start(t->opaque, read);
        if (read)
            bus->registers[HSTDAT0] = t->read(t->opaque);
        else
            t->write(t->opaque, bus->registers[HSTCMD]);
        return true;
    case PROTOCOL_BYTE_DATA:
        transfer_data(bus, t, read, 1);
        return true;
    case PROTOCOL_WORD_DATA:
        transfer_data(bus, t, read, 2);
        return true;
    case PROTOCOL_BLOCK:
        return transfer_block(bus, t, read);
    default:
        return false;
    }
}

static void write_control(struct smbus *bus, uint8_t value)
{
    bus->registers[HSTCNT] = value & (uint8_t) ~(CNT_START | CNT_KILL);
    if (value & CNT_KILL)
        bus->registers[HSTSTS] |= STS_FAILED;
    else if (value & CNT_START)
        bus->registers[HSTSTS] |=
            smbus_transfer(bus, value & CNT_PROTOCOL) ? STS_INTR : STS_DEV_ERR;
}

/* Reading the control register brings the block register back to the first
 * byte (11.5.7). */
uint8_t smbus_read(struct smbus *bus, unsigned offset)
{
    if (offset == HSTCNT)
        bus->index = 0;
    if (offset == BLKDAT)
        return bus->block[bus->index++ % SMBUS_BLOCK];
    return bus->registers[offset % SMBUS_REGISTERS];
}

void smbus_write(struct smbus *bus, unsigned offset, uint8_t value)
{
    switch (offset) {
    case HSTSTS:
        bus->registers[HSTSTS] &= (uint8_t) ~(value & STS_CLEARING);
        break;
    case SLVSTS: /* no slave events to clear */
        break;
    case HSTCNT:
        write_control(bus, value);
        break;
    case BLKDAT:
        bus->block[bus->index++ % SMBUS_BLOCK] = value;
        break;
    default:
        bus->registers[offset % SMBUS_REGISTERS] = value;
    }
}

bool smbus_interrupts(const struct smbus *bus)
{
    return (bus->registers[HSTCNT] & CNT_INTEREN) &&
           (bus->registers[HSTSTS] & STS_CLEARING);
}

void smbus_reset(struct smbus *bus)
{
    memset(bus->registers, 0, sizeof bus->registers);
    memset(bus->block, 0, sizeof bus->block);
    bus->index = 0;
}

void smbus_attach(struct smbus *bus, const struct smbus_target *target)
{
    ASSERT(bus->targets < SMBUS_TARGETS);
    bus->target[bus->targets++] = *target;
}
