/* check_dma - 8237A: registers, transfers, terminal count, auto-init.
 * Alone: make tests/devices/check_dma && tests/devices/check_dma */
#include "tests/devices/fake.h"

#include "devices/dma_i8237.h"
#include "mmu/ram.h"

enum {
    WRITE_MEMORY = 0x44,
    READ_MEMORY = 0x48,
    VERIFY = 0x40,
    AUTO = 0x10,
    DOWN = 0x20,
    RAM_SIZE = 0x100000
};

struct rig {
    struct fake *fake;
    struct addrspace *memory;
    struct ram_block *ram;
    struct region region;
    struct dma *dma;
    unsigned grants;
};

static void on_granted(void *opaque)
{
    ((struct rig *)opaque)->grants++;
}

static void rig_create(struct rig *r)
{
    char error[128];

    memset(r, 0, sizeof *r);
    r->fake = fake_create();
    r->memory = addrspace_create("memory", UINT32_MAX, &r->fake->log);
    r->ram = ram_create("ram", RAM_SIZE, NULL, error, sizeof error);
    r->region = (struct region){
        .name = "ram", .size = RAM_SIZE, .kind = REGION_RAM, .ram = r->ram};
    addrspace_map(r->memory, &r->region);
    r->dma = dma_create(&(struct dma_config){
        .ports = r->fake->ports, .memory = r->memory, .log = &r->fake->log});
    out8(r->fake, 0xD6, 0xC0); /* channel 4 cascades */
    out8(r->fake, 0xD4, 0x00);
}

static void rig_destroy(struct rig *r)
{
    dma_i8237.destroy(dma_device(r->dma));
    addrspace_unmap(r->memory, &r->region);
    addrspace_destroy(r->memory);
    ram_destroy(r->ram);
    fake_destroy(r->fake);
}

/* Channel 2 or 5, address and count in units. */
static void program(struct rig *r, unsigned channel, uint8_t mode, uint8_t page,
                    uint16_t address, uint16_t count)
{
    unsigned step = channel < 4 ? 1 : 2, n = channel & 3;
    uint16_t base = channel < 4 ? 0x00 : 0xC0;

    out8(r->fake, (uint16_t)(base + 12 * step), 0);
    out8(r->fake, (uint16_t)(base + 11 * step), (uint8_t)(mode | n));
    out8(r->fake, (uint16_t)(base + 2 * n * step), (uint8_t)address);
    out8(r->fake, (uint16_t)(base + 2 * n * step), (uint8_t)(address >> 8));
    out8(r->fake, (uint16_t)(base + (2 * n + 1) * step), (uint8_t)count);
    out8(r->fake, (uint16_t)(base + (2 * n + 1) * step), (uint8_t)(count >> 8));
    out8(r->fake, channel == 2 ? 0x81 : 0x8B, page);
    out8(r->fake, (uint16_t)(base + 10 * step), (uint8_t)n);
}

static uint16_t word(struct rig *r, uint16_t port)
{
    uint16_t low;

    out8(r->fake, 0x0C, 0);
    low = in8(r->fake, port);
    return (uint16_t)(in8(r->fake, port) << 8 | low);
}

START_TEST(bytes_to_memory_with_terminal_count)
{
    struct rig r;
    uint8_t data[16];
    bool tc;

    rig_create(&r);
    for (unsigned i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(0xA0 + i);
    program(&r, 2, WRITE_MEMORY, 0x03, 0x4567, 9);
    ck_assert_uint_eq(dma_transfer(r.dma, 2, data, 4, DMA_TO_MEMORY, &tc), 4);
    ck_assert(!tc);
    ck_assert_uint_eq(word(&r, 4), 0x456B);
    ck_assert_uint_eq(word(&r, 5), 5);
    ck_assert_uint_eq(in8(r.fake, 0x08) & 0x0F, 0);
    ck_assert_uint_eq(dma_transfer(r.dma, 2, data + 4, 12, DMA_TO_MEMORY, &tc),
                      6);
    ck_assert(tc);
    ck_assert_mem_eq(r.ram->host + 0x34567, data, 10);
    ck_assert_uint_eq(r.ram->host[0x34571], 0);
    ck_assert_uint_eq(word(&r, 5), 0xFFFF);
    ck_assert_uint_eq(in8(r.fake, 0x08), 0x04);
    ck_assert_uint_eq(in8(r.fake, 0x08), 0x00); /* reading clears TC */
    /* Terminal count masked the channel. */
    ck_assert(!dma_is_ready(r.dma, 2));
    ck_assert_uint_eq(dma_transfer(r.dma, 2, data, 1, DMA_TO_MEMORY, &tc), 0);
    ck_assert_uint_eq(in8(r.fake, 0x0F), 0xFF);
    rig_destroy(&r);
}
END_TEST

START_TEST(auto_init_starts_over)
{
    struct rig r;
    uint8_t data[8];
    bool tc;

    rig_create(&r);
    for (unsigned i = 0; i < 4; i++)
        r.ram->host[0x10000 + i] = (uint8_t)(i + 1);
    program(&r, 2, READ_MEMORY | AUTO, 0x01, 0, 3);
    for (unsigned round = 0; round < 3; round++) {
        memset(data, 0, sizeof data);
        ck_assert_uint_eq(dma_transfer(r.dma, 2, data, 8, DMA_FROM_MEMORY, &tc),
                          4);
        ck_assert(tc);
        ck_assert_mem_eq(data, "\1\2\3\4\0\0\0\0", 8);
        ck_assert_uint_eq(word(&r, 4), 0);
        ck_assert_uint_eq(word(&r, 5), 3);
        ck_assert(dma_is_ready(r.dma, 2));
    }
    rig_destroy(&r);
}
END_TEST

START_TEST(address_wraps_in_its_page_and_runs_down)
{
    struct rig r;
    uint8_t data[4] = {1, 2, 3, 4};
    bool tc;

    rig_create(&r);
    program(&r, 2, WRITE_MEMORY, 0x02, 0xFFFE, 3);
    dma_transfer(r.dma, 2, data, 4, DMA_TO_MEMORY, &tc);
    ck_assert_mem_eq(r.ram->host + 0x2FFFE, "\1\2", 2);
    ck_assert_mem_eq(r.ram->host + 0x20000, "\3\4", 2);
    ck_assert_uint_eq(r.ram->host[0x30000], 0);
    program(&r, 2, WRITE_MEMORY | DOWN, 0x04, 1, 3);
    dma_transfer(r.dma, 2, data, 4, DMA_TO_MEMORY, &tc);
    ck_assert_mem_eq(r.ram->host + 0x40000, "\2\1", 2);
    ck_assert_mem_eq(r.ram->host + 0x4FFFE, "\4\3", 2);
    rig_destroy(&r);
}
END_TEST

START_TEST(words_and_their_page)
{
    struct rig r;
    uint8_t data[9] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    bool tc;

    rig_create(&r);
    program(&r, 5, WRITE_MEMORY, 0x05, 0x9000, 3); /* page bit 0 is void */
    ck_assert_uint_eq(dma_transfer(r.dma, 5, data, 5, DMA_TO_MEMORY, &tc), 4);
    ck_assert(!tc);
    ck_assert_uint_eq(dma_transfer(r.dma, 5, data + 4, 5, DMA_TO_MEMORY, &tc),
                      4);
    ck_assert(tc);
    ck_assert_mem_eq(r.ram->host + 0x40000 + 0x12000, data, 8);
    rig_destroy(&r);
}
END_TEST

START_TEST(verify_and_wrong_direction_leave_memory_alone)
{
    struct rig r;
    uint8_t data[4] = {1, 2, 3, 4};
    bool tc;

    rig_create(&r);
    program(&r, 2, VERIFY, 0x01, 0, 3);
    ck_assert_uint_eq(dma_transfer(r.dma, 2, data, 4, DMA_TO_MEMORY, &tc), 4);
    ck_assert(tc);
    ck_assert_uint_eq(r.ram->host[0x10000], 0);
    program(&r, 2, WRITE_MEMORY, 0x01, 0, 3);
    dma_transfer(r.dma, 2, data, 4, DMA_FROM_MEMORY, &tc);
    ck_assert_mem_eq(data, "\xFF\xFF\xFF\xFF", 4);
    ck_assert_uint_eq(r.ram->host[0x10000], 0);
    rig_destroy(&r);
}
END_TEST

START_TEST(mask_disable_and_cascade)
{
    struct rig r;

    rig_create(&r);
    program(&r, 2, WRITE_MEMORY, 0, 0, 3);
    ck_assert(dma_is_ready(r.dma, 2));
    out8(r.fake, 0x0A, 0x06);
    ck_assert(!dma_is_ready(r.dma, 2));
    out8(r.fake, 0x0E, 0);
    ck_assert(dma_is_ready(r.dma, 2));
    out8(r.fake, 0x08, 0x04);
    ck_assert(!dma_is_ready(r.dma, 2));
    out8(r.fake, 0x08, 0x00);
    out8(r.fake, 0xD4, 0x04); /* no way through channel 4 */
    ck_assert(!dma_is_ready(r.dma, 2));
    out8(r.fake, 0xDC, 0);
    ck_assert(dma_is_ready(r.dma, 2));
    ck_assert(!dma_is_ready(r.dma, 4));
    out8(r.fake, 0x0F, 0x04);
    ck_assert(!dma_is_ready(r.dma, 2));
    ck_assert_uint_eq(in8(r.fake, 0x0F), 0xF4);
    out8(r.fake, 0x0D, 0); /* master clear */
    ck_assert_uint_eq(in8(r.fake, 0x0F), 0xFF);
    rig_destroy(&r);
}
END_TEST

/* Data sheet, "Request Register": not maskable, reset by terminal count. */
START_TEST(software_requests)
{
    struct rig r;

    rig_create(&r);
    memset(r.ram->host, 0x11, RAM_SIZE);
    /* Verify: nothing but count, status and mask. */
    program(&r, 2, VERIFY, 1, 0x1000, 0x0FFF);
    out8(r.fake, 0x09, 0x06);
    ck_assert_uint_eq(in8(r.fake, 0x08), 0x04);
    ck_assert_uint_eq(in8(r.fake, 0x08), 0x00);
    ck_assert_uint_eq(in8(r.fake, 0x0F) & 0x04, 0x04);
    ck_assert_uint_eq(word(&r, 0x04), 0x2000);
    ck_assert_uint_eq(word(&r, 0x05), 0xFFFF);
    ck_assert_uint_eq(r.ram->host[0x11000], 0x11);
    /* Write, masked, auto-init: the bus floats. */
    program(&r, 2, WRITE_MEMORY | AUTO, 1, 0xFFF0, 0x001F);
    out8(r.fake, 0x0A, 0x06);
    out8(r.fake, 0x09, 0x06);
    ck_assert_uint_eq(in8(r.fake, 0x08), 0x04);
    ck_assert_uint_eq(word(&r, 0x04), 0xFFF0);
    ck_assert_uint_eq(r.ram->host[0x1FFEF], 0x11);
    ck_assert_uint_eq(r.ram->host[0x1FFF0], 0xFF);
    ck_assert_uint_eq(r.ram->host[0x10000], 0xFF);
    ck_assert_uint_eq(r.ram->host[0x1000F], 0xFF);
    ck_assert_uint_eq(r.ram->host[0x10010], 0x11);
    /* A controller that is disabled keeps the request. */
    out8(r.fake, 0x08, 0x04);
    program(&r, 2, VERIFY, 1, 0x1000, 0x000F);
    out8(r.fake, 0x09, 0x06);
    ck_assert_uint_eq(in8(r.fake, 0x08), 0x40);
    out8(r.fake, 0x08, 0x00);
    ck_assert_uint_eq(in8(r.fake, 0x08), 0x04);
    rig_destroy(&r);
}
END_TEST

START_TEST(a_waiting_part_is_called)
{
    struct rig r;

    rig_create(&r);
    dma_connect(r.dma, 2, on_granted, &r);
    out8(r.fake, 0x0B, WRITE_MEMORY | 2);
    dma_set_request(r.dma, 2, true);
    ck_assert_uint_eq(in8(r.fake, 0x08), 0x40);
    ck_assert_uint_eq(r.grants, 0);
    out8(r.fake, 0x0A, 0x02);
    ck_assert_uint_eq(r.grants, 1);
    dma_set_request(r.dma, 2, false);
    out8(r.fake, 0x0A, 0x02);
    ck_assert_uint_eq(r.grants, 1);
    rig_destroy(&r);
}
END_TEST

START_TEST(pages_and_flip_flop)
{
    struct rig r;

    rig_create(&r);
    for (uint8_t i = 0; i < 16; i++)
        out8(r.fake, (uint16_t)(0x80 + i), (uint8_t)(0x50 + i));
    for (uint8_t i = 0; i < 16; i++)
        ck_assert_uint_eq(in8(r.fake, (uint16_t)(0x80 + i)), 0x50 + i);
    out8(r.fake, 0x0C, 0);
    out8(r.fake, 0x00, 0x34);
    out8(r.fake, 0x00, 0x12);
    out8(r.fake, 0x00, 0x78);
    ck_assert_uint_eq(word(&r, 0), 0x1278);
    /* The second controller has a flip-flop of its own. */
    out8(r.fake, 0xD8, 0);
    out8(r.fake, 0xC4, 0xCD);
    out8(r.fake, 0x0C, 0);
    out8(r.fake, 0xC4, 0xAB);
    ck_assert_uint_eq(in8(r.fake, 0xC4), 0xCD);
    ck_assert_uint_eq(in8(r.fake, 0xC4), 0xAB);
    rig_destroy(&r);
}
END_TEST

START_TEST(saved_and_loaded)
{
    struct rig r;
    uint8_t data[4] = {9, 8, 7, 6};
    bool tc;

    rig_create(&r);
    program(&r, 2, WRITE_MEMORY, 0x01, 0, 3);
    program(&r, 5, READ_MEMORY | AUTO, 0x02, 7, 100);
    dma_transfer(r.dma, 2, data, 2, DMA_TO_MEMORY, &tc);
    fake_round_trip(r.fake, dma_device(r.dma));
    dma_transfer(r.dma, 2, data + 2, 2, DMA_TO_MEMORY, &tc);
    ck_assert(tc);
    ck_assert_mem_eq(r.ram->host + 0x10000, data, 4);
    rig_destroy(&r);
}
END_TEST

FAKE_MAIN("dma", bytes_to_memory_with_terminal_count, auto_init_starts_over,
          address_wraps_in_its_page_and_runs_down, words_and_their_page,
          verify_and_wrong_direction_leave_memory_alone,
          mask_disable_and_cascade, software_requests, a_waiting_part_is_called,
          pages_and_flip_flop, saved_and_loaded)
