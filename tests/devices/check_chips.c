/* check_chips - all classic chips on one board under random accesses: the
 * guest cannot upset them, equal input gives an equal end, and saving and
 * loading in between changes nothing.
 * Alone: make tests/devices/check_chips && tests/devices/check_chips */
#include "tests/devices/fake.h"

#include "devices/debugport.h"
#include "devices/dma_i8237.h"
#include "devices/kbc_i8042.h"
#include "devices/pic_i8259.h"
#include "devices/pit_i8254.h"
#include "devices/ps2_keyboard.h"
#include "devices/ps2_mouse.h"
#include "devices/rtc_mc146818.h"
#include "devices/speaker.h"
#include "devices/uart_16550.h"

enum { STEPS = 60000, PARTS = 10 };

struct board {
    struct fake *fake;
    struct addrspace *memory;
    struct device *part[PARTS];
    struct irq wire[16], intr;
    struct pic *pic;
    struct pit *pit;
    struct ps2_keyboard *keyboard;
    struct ps2_mouse *mouse;
    struct uart *uart;
    struct dma *dma;
    uint32_t random;
    bool a20;
    unsigned events;
};

static void on_isa(void *opaque, unsigned line, bool level)
{
    struct board *b = opaque;

    b->events++;
    pic_set_line(b->pic, line, level);
}

static void on_a20(void *opaque, bool on)
{
    ((struct board *)opaque)->a20 = on;
}

static bool get_a20(void *opaque)
{
    return ((struct board *)opaque)->a20;
}

static void create_input(struct board *b, struct fake *f)
{
    b->keyboard = keyboard_create(
        &(struct keyboard_config){.sched = &f->sched, .log = &f->log});
    b->part[0] = keyboard_device(b->keyboard);
    b->mouse = mouse_create(
        &(struct mouse_config){.sched = &f->sched, .log = &f->log});
    b->part[1] = mouse_device(b->mouse);
    b->part[2] =
        kbc_device(kbc_create(&(struct kbc_config){.ports = f->ports,
                                                   .sched = &f->sched,
                                                   .log = &f->log,
                                                   .keyboard_irq = &b->wire[1],
                                                   .mouse_irq = &b->wire[12],
                                                   .keyboard = b->keyboard,
                                                   .mouse = b->mouse,
                                                   .set_a20 = on_a20,
                                                   .get_a20 = get_a20,
                                                   .opaque = b}));
}

static void create_timers(struct board *b, struct fake *f)
{
    b->pic = pic_create(&(struct pic_config){
        .ports = f->ports, .log = &f->log, .intr = &b->intr});
    b->part[3] = pic_device(b->pic);
    b->pit = pit_create(&(struct pit_config){.ports = f->ports,
                                             .sched = &f->sched,
                                             .log = &f->log,
                                             .irq = &b->wire[0]});
    b->part[4] = pit_device(b->pit);
    b->part[5] = speaker_device(speaker_create(&(struct speaker_config){
        .ports = f->ports, .sched = &f->sched, .log = &f->log, .pit = b->pit}));
    b->part[6] =
        rtc_device(rtc_create(&(struct rtc_config){.ports = f->ports,
                                                   .sched = &f->sched,
                                                   .log = &f->log,
                                                   .irq = &b->wire[8],
                                                   .base_time = 1700000000}));
}

static void board_create(struct board *b, uint32_t seed)
{
    struct fake *f = fake_create();

    memset(b, 0, sizeof *b);
    b->fake = f;
    b->random = seed;
    b->memory = addrspace_create("memory", UINT32_MAX, &f->log);
    for (unsigned i = 0; i < 16; i++)
        irq_connect(&b->wire[i], on_isa, b, i);
    create_timers(b, f);
    create_input(b, f);
    b->uart = uart_create(&(struct uart_config){.id = "serial0",
                                                .ports = f->ports,
                                                .base = 0x3F8,
                                                .sched = &f->sched,
                                                .log = &f->log,
                                                .irq = &b->wire[4],
                                                .character_ns = 1000});
    b->part[7] = uart_device(b->uart);
    b->dma = dma_create(&(struct dma_config){
        .ports = f->ports, .memory = b->memory, .log = &f->log});
    b->part[8] = dma_device(b->dma);
    b->part[9] = debugport_device(debugport_create(
        &(struct debugport_config){.ports = f->ports, .log = &f->log}));
}

static void board_destroy(struct board *b)
{
    /* The speaker leans on the PIT, the 8042 on keyboard and mouse. */
    static const uint8_t order[PARTS] = {5, 2, 0, 1, 3, 4, 6, 7, 8, 9};

    for (unsigned i = 0; i < PARTS; i++)
        b->part[order[i]]->ops->destroy(b->part[order[i]]);
    addrspace_destroy(b->memory);
    fake_destroy(b->fake);
}

static uint32_t next_random(struct board *b)
{
    b->random ^= b->random << 13;
    b->random ^= b->random >> 17;
    b->random ^= b->random << 5;
    return b->random;
}

static uint16_t random_port(struct board *b)
{
    static const struct {
        uint16_t base, count;
    } ports[] = {{0x00, 16},  {0x20, 2},  {0x40, 4},  {0x60, 5}, {0x70, 4},
                 {0x80, 16},  {0xA0, 2},  {0xC0, 32}, {0xE9, 1}, {0x3F8, 8},
                 {0x402, 1},  {0x4D0, 2}, {0xF4, 4},  {0x40, 4}, {0x60, 5},
                 {0x8900, 1}, {0x3F8, 8}};
    uint32_t r = next_random(b);
    unsigned i = r % ARRAY_LEN(ports);

    return (uint16_t)(ports[i].base + (r >> 8) % ports[i].count);
}

static void poke_from_outside(struct board *b, uint32_t r)
{
    uint8_t buffer[64] = {0};
    bool tc;

    switch (r >> 4 & 7) {
    case 0:
        keyboard_key(b->keyboard, r >> 8 & 0xE07F, r >> 31);
        break;
    case 1:
        mouse_move(b->mouse, (int8_t)(r >> 8), (int8_t)(r >> 16),
                   (int8_t)(r >> 24) / 16, r >> 7);
        break;
    case 2:
        uart_receive(b->uart, &r, 4);
        break;
    case 3:
        dma_transfer(b->dma, r >> 8 & 7, buffer, r >> 16 & 63,
                     r >> 31 ? DMA_TO_MEMORY : DMA_FROM_MEMORY, &tc);
        break;
    case 4:
        pit_set_gate(b->pit, 2, r >> 31);
        break;
    case 5:
        uart_set_modem(b->uart, (uint8_t)(r >> 8));
        break;
    default:
        if (b->intr.level)
            pic_ack(b->pic);
        break;
    }
}

static void step(struct board *b)
{
    uint32_t r = next_random(b);
    uint16_t port = random_port(b);

    switch (r & 3) {
    case 0:
        addrspace_write(b->fake->ports, port, r >> 8, 1u << (r >> 3 & 1));
        break;
    case 1:
        addrspace_read(b->fake->ports, port, 1u << (r >> 3 & 1));
        break;
    case 2:
        fake_run(b->fake, (r >> 8) % 200000);
        break;
    default:
        poke_from_outside(b, r);
        break;
    }
}

static uint64_t board_hash(const struct board *b)
{
    uint64_t hash = STATE_HASH_INIT;

    for (unsigned i = 0; i < PARTS; i++)
        hash = state_hash(b->part[i]->ops->fields, b->part[i], hash);
    return hash;
}

/* What a snapshot does: save all, load all, then tell all. */
static void save_and_load(struct board *b)
{
    uint8_t *saved[PARTS];

    for (unsigned i = 0; i < PARTS; i++) {
        const struct device_ops *ops = b->part[i]->ops;
        saved[i] = malloc(state_size(ops->fields));
        state_save(ops->fields, b->part[i], saved[i]);
    }
    for (unsigned i = 0; i < PARTS; i++)
        b->part[i]->ops->reset(b->part[i]);
    for (unsigned i = 0; i < PARTS; i++) {
        state_load(b->part[i]->ops->fields, b->part[i], saved[i]);
        free(saved[i]);
    }
    for (unsigned i = 0; i < PARTS; i++) {
        const struct device_ops *ops = b->part[i]->ops;
        if (ops->post_load)
            ck_assert_int_eq(ops->post_load(b->part[i], ops->version), 0);
    }
}

static uint64_t run(uint32_t seed, unsigned save_every)
{
    struct board b;
    uint64_t hash;

    board_create(&b, seed);
    for (unsigned i = 1; i <= STEPS; i++) {
        step(&b);
        if (save_every && i % save_every == 0) {
            bool a20 = b.a20;
            uint64_t before = board_hash(&b);
            save_and_load(&b);
            b.a20 = a20; /* the board's own state */
            ck_assert_uint_eq(board_hash(&b), before);
        }
    }
    ck_assert_uint_gt(b.events, 100);
    hash = board_hash(&b);
    board_destroy(&b);
    return hash;
}

START_TEST(equal_input_equal_end)
{
    uint64_t hash = run(1, 0);

    ck_assert_uint_eq(run(1, 0), hash);
    ck_assert_uint_ne(run(2, 0), hash);
}
END_TEST

START_TEST(saving_changes_nothing)
{
    for (uint32_t seed = 3; seed < 7; seed++)
        ck_assert_uint_eq(run(seed, 101), run(seed, 0));
}
END_TEST

FAKE_MAIN("chips", equal_input_equal_end, saving_changes_nothing)
