/* The device nodes of the Plug and Play BIOS: what sits on the board and what
 * it takes. Sources: Plug and Play BIOS Specification 1.0A, 4.5 and appendix
 * C (types); Plug and Play ISA Specification 1.0a, 6.2 (resource tags). */

#include "pnp.h"
#include "post.h"

#define TAG_IRQ      0x22
#define TAG_DMA      0x2A
#define TAG_IO       0x47
#define TAG_MEMORY32 0x86
#define TAG_END      0x79

#define FIXED        0x0003 /* cannot be disabled, cannot be changed */

#define TABLE        ((struct pnp_table *)((uint8_t *)&pnp_table + BASE_BIOS))

static uint8_t *place;
static uint8_t *node_start;

static void put(uint32_t value, int bytes)
{
    for (; bytes > 0; bytes--, value >>= 8)
        *place++ = (uint8_t)value;
}

/* product: the digits of PNPxxxx. */
static void node_begin(uint16_t product, uint32_t type)
{
    struct pnp_table *t = TABLE;

    node_start = place;
    t->starts[t->count] = (uint16_t)(place - t->bytes);
    put(0, 2);
    put(t->count, 1);
    put(0xD041, 2); /* "PNP" */
    put(product >> 8, 1);
    put(product, 1);
    put(type >> 16, 1);
    put(type >> 8, 1);
    put(type, 1);
    put(FIXED, 2);
}

static void io(uint16_t base, uint8_t count)
{
    put(TAG_IO, 1);
    put(1, 1); /* decodes 16 bits */
    put(base, 2);
    put(base, 2);
    put(1, 1);
    put(count, 1);
}

static void irq(uint8_t number)
{
    put(TAG_IRQ, 1);
    put(1u << number, 2);
}

static void dma(uint8_t channel)
{
    put(TAG_DMA, 1);
    put(1u << channel, 1);
    put(0, 1);
}

static void memory(uint32_t base, uint32_t end)
{
    put(TAG_MEMORY32, 1);
    put(9, 2);
    put(1, 1); /* writable */
    put(base, 4);
    put(end - base, 4);
}

/* Three lists end here: allocated, possible, compatible devices. */
static void node_end(void)
{
    struct pnp_table *t = TABLE;
    uint16_t size;
    int i;

    for (i = 0; i < 3; i++) {
        put(TAG_END, 1);
        put(0, 1);
    }
    size = (uint16_t)(place - node_start);
    node_start[0] = (uint8_t)size;
    node_start[1] = (uint8_t)(size >> 8);
    if (size > t->largest)
        t->largest = size;
    t->count++;
}

/* One range of ports and an interrupt, as most have; 0 = none. */
static void simple(uint16_t product, uint32_t type, uint16_t base,
                   uint8_t count, uint8_t line)
{
    node_begin(product, type);
    if (count != 0)
        io(base, count);
    if (line != 0)
        irq(line);
    node_end();
}

static void chips(void)
{
    node_begin(0x0000, 0x080001); /* 8259 */
    io(0x20, 2);
    io(0xA0, 2);
    irq(2);
    node_end();
    node_begin(0x0100, 0x080201); /* 8254 */
    io(0x40, 4);
    irq(0);
    node_end();
    node_begin(0x0200, 0x080101); /* 8237 */
    io(0x00, 16);
    io(0x81, 15);
    io(0xC0, 32);
    dma(4);
    node_end();
    node_begin(0x0303, 0x090000); /* keyboard */
    io(0x60, 1);
    io(0x64, 1);
    irq(1);
    node_end();
    simple(0x0F13, 0x090200, 0, 0, 12); /* PS/2 mouse */
    simple(0x0B00, 0x080301, 0x70, 2, 8);
    simple(0x0800, 0x040100, 0x61, 1, 0); /* speaker */
    simple(0x0C04, 0x0B8000, 0xF0, 16, 13);
    simple(0x0A03, 0x060400, 0xCF8, 8, 0);
}

static void ports(void)
{
    static const uint8_t lpt_irq[3] = {7, 5, 0};
    int i;

    if (cmos_read(CMOS_FLOPPY) != 0) {
        node_begin(0x0700, 0x010200);
        io(0x3F0, 6);
        io(0x3F7, 1);
        irq(6);
        dma(2);
        node_end();
    }
    for (i = 0; i < 4 && BDA->com_port[i] != 0; i++)
        simple(0x0501, 0x070002, BDA->com_port[i], 8,
               BDA->com_port[i] & 0x0100 ? 4 : 3);
    for (i = 0; i < 3 && BDA->lpt_port[i] != 0; i++)
        simple(0x0400, 0x070100, BDA->lpt_port[i], 3, lpt_irq[i]);
}

static void board(void)
{
    node_begin(0x0C01, 0x050000);
    memory(0, 0xA0000);
    memory(0xE0000, 0x100000);
    memory(0x100000, SHARED->ram_low);
    node_end();
    node_begin(0x0C02, 0x088000);
    io(0x92, 1);
    io(0xB2, 2);
    io(0x4D0, 2);
    io(PM_BASE, 64);
    io(SMB_BASE, 16);
    node_end();
}

void pnp_nodes_build(void)
{
    struct pnp_table *t = TABLE;

    memset(t, 0, sizeof(*t));
    place = t->bytes;
    chips();
    ports();
    board();
    if (place > t->bytes + sizeof(t->bytes) || t->count > PNP_NODES)
        debug_puts("PnP nodes: too many\n");
}
