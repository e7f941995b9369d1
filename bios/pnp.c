/* Plug and Play BIOS functions, for real mode and 16-bit protected mode.
 * Called far, with a function word and its arguments on the stack as C does;
 * the answer in AX. Source: Plug and Play BIOS Specification 1.0A, chapter 4;
 * Extended System Configuration Data 1.02A.
 * The caller's selectors are what there is, so nothing here uses DS: the
 * arguments lie behind GS (the caller's SS), our data behind FS (our CS, for
 * reading), the caller's buffers behind ES.
 * Not here: changing nodes (none can be), events, docking, ISA PnP cards; the
 * ESCD is empty and cannot be written. */

#include "pnp.h"

#define PNP_SUCCESS       0x00
#define PNP_UNKNOWN       0x81
#define PNP_UNSUPPORTED   0x82
#define PNP_BAD_HANDLE    0x83
#define PNP_BAD_PARAMETER 0x84
#define PNP_SET_FAILED    0x85
#define PNP_NO_EVENTS     0x86
#define PNP_NOT_DOCKED    0x87

#define ESCD              ((const uint8_t __seg_fs *)(uint32_t)escd_data)

static const struct pnp_table __seg_fs *table(void)
{
    return (const struct pnp_table __seg_fs *)(uint32_t)&pnp_table;
}

static uint16_t argument(uint32_t args, uint32_t at)
{
    return *(const uint16_t __seg_gs *)(args + at);
}

/* The far pointer in the arguments at `at`, plus offset. */
static void store8(uint32_t args, uint32_t at, uint16_t offset, uint8_t value)
{
    uint32_t to = (uint16_t)(argument(args, at) + offset);

    __asm__ volatile("movw %w0, %%es\n\tmovb %2, %%es:(%1)"
                     :
                     : "r"((uint32_t)argument(args, at + 2)), "r"(to),
                       "q"(value)
                     : "memory");
}

static void store16(uint32_t args, uint32_t at, uint16_t value)
{
    store8(args, at, 0, (uint8_t)value);
    store8(args, at, 1, (uint8_t)(value >> 8));
}

static uint8_t load8(uint32_t args, uint32_t at)
{
    uint32_t from = argument(args, at);
    uint8_t value;

    __asm__ volatile("movw %w1, %%es\n\tmovb %%es:(%2), %0"
                     : "=q"(value)
                     : "r"((uint32_t)argument(args, at + 2)), "r"(from));
    return value;
}

/* (far *count, far *largest) */
static uint16_t count_get(uint32_t args)
{
    store8(args, 2, 0, table()->count);
    store16(args, 6, table()->largest);
    return PNP_SUCCESS;
}

/* (far *handle, far *node, control): now or at next boot, which is the same;
 * the next node's handle comes back, FFh after the last. */
static uint16_t node_get(uint32_t args)
{
    uint8_t handle = load8(args, 2), next;
    uint16_t control = argument(args, 10), start, size, i;

    if (control != 1 && control != 2)
        return PNP_BAD_PARAMETER;
    if (handle >= table()->count)
        return PNP_BAD_HANDLE;
    start = table()->starts[handle];
    size = (uint16_t)(table()->bytes[start] | table()->bytes[start + 1] << 8);
    for (i = 0; i < size; i++)
        store8(args, 6, i, table()->bytes[start + i]);
    next = handle + 1;
    store8(args, 2, 0, next < table()->count ? next : 0xFF);
    return PNP_SUCCESS;
}

/* (far *configuration): revision 1, no cards, no read port. */
static uint16_t isa_get(uint32_t args)
{
    uint16_t i;

    for (i = 0; i < 6; i++)
        store8(args, 2, i, i == 0);
    return PNP_SUCCESS;
}

/* (far *least write, far *size, far *storage base) */
static uint16_t escd_describe(uint32_t args)
{
    uint32_t base = BASE_BIOS + (uint32_t)escd_data;
    uint16_t i;

    store16(args, 2, sizeof(escd_data));
    store16(args, 6, sizeof(escd_data));
    for (i = 0; i < 4; i++)
        store8(args, 10, i, (uint8_t)(base >> (i * 8)));
    return PNP_SUCCESS;
}

/* (far *buffer, storage selector) */
static uint16_t escd_read(uint32_t args)
{
    uint16_t i;

    for (i = 0; i < sizeof(escd_data); i++)
        store8(args, 2, i, ESCD[i]);
    return PNP_SUCCESS;
}

uint16_t pnp_function(uint32_t args)
{
    switch (argument(args, 0)) {
    case 0x00:
        return count_get(args);
    case 0x01:
        return node_get(args);
    case 0x02:
        return PNP_SET_FAILED;
    case 0x03:
        return PNP_NO_EVENTS;
    case 0x04: /* send message */
    case 0x09: /* statically allocated resources */
    case 0x0A:
    case 0x0B: /* APM identifiers */
    case 0x43: /* write ESCD */
        return PNP_UNSUPPORTED;
    case 0x05:
        return PNP_NOT_DOCKED;
    case 0x40:
        return isa_get(args);
    case 0x41:
        return escd_describe(args);
    case 0x42:
        return escd_read(args);
    }
    return PNP_UNKNOWN;
}
